/*
 * Each instruction and register, one at a time, as an actor sees it; and that all other encodings, and all
 * other threads, find illegal instructions.
 */
#include <rel4/rel4.h>

#include "uintr.h"

#define EBREAK     0x00100073
#define ILLEGAL    2
#define BREAKPOINT 3
#define CODE_LIMIT 8
#define KEEPS      0x5e70000000000000

#define UIPI(funct7, rd, rs1)      ((seL4_Word)(funct7) << 25 | (rs1) << 15 | 6 << 12 | (rd) << 7 | 0x7b)
#define CSR(funct3, rd, csr, rs1)  ((seL4_Word)(csr) << 20 | (rs1) << 15 | (funct3) << 12 | (rd) << 7 | 0x73)
#define CSRRW(rd, csr, rs1)        CSR(1, rd, csr, rs1)
#define CSRRS(rd, csr, rs1)        CSR(2, rd, csr, rs1)
#define CSRRC(rd, csr, rs1)        CSR(3, rd, csr, rs1)
#define CSRRWI(rd, csr, immediate) CSR(5, rd, csr, immediate)
#define CSRRSI(rd, csr, immediate) CSR(6, rd, csr, immediate)
#define CSRRCI(rd, csr, immediate) CSR(7, rd, csr, immediate)

enum {
    X0,
    A0 = 10,
    A1,
    A2
};

static uint32_t code[CODE_LIMIT + 1];

/* Runs instructions, with a break behind them. True if it got there, false if the last one is illegal. */
static bool run(struct actor *actor, const seL4_Word *instructions, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        code[i] = (uint32_t)instructions[i];
    }
    code[count] = EBREAK;
    __asm__ volatile("fence.i" ::: "memory");
    actor_run(actor, (const char *)code);
    CHECK_FAULTED(actor);
    bool completed = actor->words[2] == BREAKPOINT;
    CHECK_EQUAL(actor->label, seL4_Fault_UserException);
    CHECK_EQUAL(actor->words[0], (seL4_Word)&code[completed ? count : count - 1]);
    CHECK(completed || actor->words[2] == ILLEGAL);
    return completed;
}

#define RUN(actor, ...)                            \
    run(actor, (const seL4_Word[]){ __VA_ARGS__ }, \
        sizeof((const seL4_Word[]){ __VA_ARGS__ }) / sizeof(seL4_Word))

/* A register as a value. */
static seL4_Word get(struct actor *actor, seL4_Word csr)
{
    CHECK(RUN(actor, CSRRS(A0, csr, X0)));
    return actor->got.a0;
}

static void put(struct actor *actor, seL4_Word csr, seL4_Word value)
{
    actor->set.a0 = value;
    CHECK(RUN(actor, CSRRW(X0, csr, A0)));
}

/* A receiver that is not interrupted before it opens its mask. */
static struct receiver masked_receiver(void)
{
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);

    put(&receiver.actor, REL4_CSR_USTATUS, 0);
    return receiver;
}

static const seL4_Word registers[] = { REL4_CSR_USTATUS, REL4_CSR_UIE,    REL4_CSR_UTVEC, REL4_CSR_USCRATCH,
                                       REL4_CSR_UEPC,    REL4_CSR_UCAUSE, REL4_CSR_UTVAL, REL4_CSR_UIP };

TEST("threads that are neither receiver nor have a table find illegal instructions")
{
    if (!uintr_has_gate()) {
        return;
    }
    struct actor actor = actor_new();
    seL4_CPtr notification = uintr_notification();

    CHECK_OK(seL4_TCB_BindNotification(actor.tcb, notification));
    for (unsigned i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
        CHECK(!RUN(&actor, CSRRS(A0, registers[i], X0)));
        CHECK(!RUN(&actor, CSRRW(X0, registers[i], X0)));
    }
    for (unsigned funct7 = 0; funct7 < 5; funct7++) {
        CHECK(!RUN(&actor, UIPI(funct7, X0, X0)));
    }
    CHECK(!RUN(&actor, REL4_URET));
}

TEST("receivers, and threads with a table, have all of it until they lose that")
{
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);
    struct actor sender = actor_new();
    seL4_CPtr table = uintr_table(sender.tcb);

    for (unsigned i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
        CHECK(RUN(&receiver.actor, CSRRS(A0, registers[i], X0)));
        CHECK(RUN(&sender, CSRRS(A0, registers[i], X0)));
        CHECK_EQUAL(sender.got.a0, 0);
    }
    for (unsigned funct7 = 0; funct7 < 5; funct7++) {
        CHECK(RUN(&sender, UIPI(funct7, X0, X0)));
    }
    put(&sender, REL4_CSR_USCRATCH, 5);
    CHECK_OK(rel4_TCB_UnregisterReceiver(receiver.actor.tcb));
    CHECK_EQUAL(RUN(&receiver.actor, CSRRS(A0, REL4_CSR_USCRATCH, X0)), !uintr_has_gate());
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, table, seL4_WordBits));
    CHECK_EQUAL(RUN(&sender, CSRRS(A0, REL4_CSR_USCRATCH, X0)), !uintr_has_gate());
    uintr_table(sender.tcb);
    CHECK_EQUAL(get(&sender, REL4_CSR_USCRATCH), 0);
}

TEST("registers of the S- and M-level, and read-only copies, stay illegal")
{
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);
    const seL4_Word others[] = { 0x006, 0x03f, 0x045, 0x102, 0x103, 0x144, 0x1b0, 0x1b1,
                                 0x1b2, 0x104, 0x303, 0x344, 0x405, 0x840, 0xc40 };

    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        CHECK(!RUN(&receiver.actor, CSRRS(A0, others[i], X0)));
        CHECK(!RUN(&receiver.actor, CSRRW(X0, others[i], X0)));
    }
}

TEST("other encodings next to uipi, uret and the register instructions stay illegal")
{
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);
    struct actor *actor = &receiver.actor;

    CHECK(!RUN(actor, UIPI(5, A0, A1)));
    CHECK(!RUN(actor, UIPI(127, A0, A1)));
    for (unsigned bit = 20; bit < 25; bit++) {
        CHECK(!RUN(actor, UIPI(REL4_UIPI_READ, A0, X0) | 1ul << bit)); /* rs2 */
    }
    for (unsigned funct3 = 0; funct3 < 6; funct3++) {
        CHECK(!RUN(actor, (UIPI(REL4_UIPI_READ, A0, X0) & ~(7ul << 12)) | funct3 << 12));
    }
    CHECK(!RUN(actor, REL4_URET | A0 << 7));
    CHECK(!RUN(actor, REL4_URET | A0 << 15));
    CHECK(!RUN(actor, CSR(4, A0, REL4_CSR_USCRATCH, X0)));
}

TEST("the plain registers hold any word")
{
    struct receiver receiver = masked_receiver();
    const seL4_Word words[] = { -1ul, 0, 0x123456789abcdef1 };
    const seL4_Word plain[] = { REL4_CSR_USCRATCH, REL4_CSR_UEPC, REL4_CSR_UCAUSE, REL4_CSR_UTVAL };

    for (unsigned i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        for (unsigned w = 0; w < 3; w++) {
            put(&receiver.actor, plain[i], words[w] + i);
            CHECK_EQUAL(get(&receiver.actor, plain[i]), words[w] + i);
        }
    }
    for (unsigned i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        CHECK_EQUAL(get(&receiver.actor, plain[i]), words[2] + i);
    }
}

TEST("registration sets utvec, uscratch, uie and UIE")
{
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);

    CHECK_EQUAL(get(&receiver.actor, REL4_CSR_UTVEC), (seL4_Word)uintr_handler);
    CHECK_EQUAL(get(&receiver.actor, REL4_CSR_USCRATCH), (seL4_Word)receiver.record);
    CHECK_EQUAL(get(&receiver.actor, REL4_CSR_UIE), 1);
    CHECK_EQUAL(get(&receiver.actor, REL4_CSR_USTATUS), REL4_USTATUS_UIE);
    CHECK_EQUAL(get(&receiver.actor, REL4_CSR_UIP), 0);
}

TEST("ustatus has two bits, uie one, and utvec drops modes 2 and 3")
{
    struct receiver receiver = masked_receiver();
    struct actor *actor = &receiver.actor;

    put(actor, REL4_CSR_USTATUS, -1ul);
    CHECK_EQUAL(get(actor, REL4_CSR_USTATUS), 0x11);
    put(actor, REL4_CSR_USTATUS, REL4_USTATUS_UPIE);
    CHECK_EQUAL(get(actor, REL4_CSR_USTATUS), 0x10);
    put(actor, REL4_CSR_UIE, ~1ul);
    CHECK_EQUAL(get(actor, REL4_CSR_UIE), 0);
    put(actor, REL4_CSR_UIE, -1ul);
    CHECK_EQUAL(get(actor, REL4_CSR_UIE), 1);
    put(actor, REL4_CSR_UTVEC, 0x1001);
    CHECK_EQUAL(get(actor, REL4_CSR_UTVEC), 0x1001);
    put(actor, REL4_CSR_UTVEC, 0x2002);
    put(actor, REL4_CSR_UTVEC, 0x3003);
    CHECK_EQUAL(get(actor, REL4_CSR_UTVEC), 0x1001);
}

TEST("the six register instructions do what they do to any register")
{
    struct receiver receiver = masked_receiver();
    struct actor *actor = &receiver.actor;
    const seL4_Word csr = REL4_CSR_USCRATCH;

    actor->set.a1 = 0xff00;
    CHECK(RUN(actor, CSRRW(A0, csr, A1)));
    actor->set.a1 = 0x000f;
    CHECK(RUN(actor, CSRRS(A0, csr, A1)));
    CHECK_EQUAL(actor->got.a0, 0xff00);
    actor->set.a1 = 0x0f0f;
    CHECK(RUN(actor, CSRRC(A0, csr, A1)));
    CHECK_EQUAL(actor->got.a0, 0xff0f);
    CHECK_EQUAL(get(actor, csr), 0xf000);
    CHECK(RUN(actor, CSRRSI(A0, csr, 31)));
    CHECK_EQUAL(actor->got.a0, 0xf000);
    CHECK(RUN(actor, CSRRCI(A0, csr, 17)));
    CHECK_EQUAL(actor->got.a0, 0xf01f);
    CHECK(RUN(actor, CSRRWI(A0, csr, 5)));
    CHECK_EQUAL(actor->got.a0, 0xf00e);
    actor->set.a0 = 0x77;
    CHECK(RUN(actor, CSRRW(A0, csr, A0)));
    CHECK_EQUAL(actor->got.a0, 5);
    CHECK(RUN(actor, CSRRS(X0, csr, X0), CSRRC(X0, csr, X0), CSRRSI(X0, csr, 0), CSRRCI(X0, csr, 0)));
    CHECK_EQUAL(get(actor, csr), 0x77);
    CHECK(RUN(actor, CSRRW(X0, csr, X0)));
    CHECK_EQUAL(get(actor, csr), 0);
}

TEST("every integer register can be source and destination, and x0 stays zero")
{
    struct receiver receiver = masked_receiver();
    struct actor *actor = &receiver.actor;
    /* The place of each register in the register block. */
    static const uint8_t place[32] = { 0,  1,  2, 3, 31, 24, 25, 26, 4,  5,  16, 17, 18, 19, 20, 21,
                                       22, 23, 6, 7, 8,  9,  10, 11, 12, 13, 14, 15, 27, 28, 29, 30 };

    for (seL4_Word x = 1; x < 32; x++) {
        actor_fill(actor);
        CHECK(RUN(actor, CSRRW(X0, REL4_CSR_USCRATCH, x)));
        CHECK_EQUAL(get(actor, REL4_CSR_USCRATCH), ((seL4_Word *)&actor->set)[place[x]]);
        put(actor, REL4_CSR_USCRATCH, KEEPS + x);
        actor->set.a0 = 0;
        CHECK(RUN(actor, CSRRS(x, REL4_CSR_USCRATCH, X0)));
        CHECK_EQUAL(((seL4_Word *)&actor->got)[place[x]], KEEPS + x);
        CHECK_EQUAL(actor_changed(actor) & ~1ul, 1ul << place[x]);
    }
    put(actor, REL4_CSR_USCRATCH, -1ul);
    CHECK(RUN(actor, CSRRS(X0, REL4_CSR_USCRATCH, X0), CSRRW(A0, REL4_CSR_USCRATCH, X0),
              CSRRS(A1, REL4_CSR_USCRATCH, X0)));
    CHECK_EQUAL(actor->got.a1, 0);
}

TEST("uipi_write sets own bits, which uip shows, and uipi_read takes them, once")
{
    struct receiver receiver = masked_receiver();
    struct actor *actor = &receiver.actor;

    actor->set.a0 = 0x5;
    actor->set.a1 = 1ul << 63;
    CHECK(RUN(actor, UIPI(REL4_UIPI_WRITE, A2, A0), UIPI(REL4_UIPI_WRITE, X0, A1)));
    CHECK_EQUAL(get(actor, REL4_CSR_UIP), 1);
    CHECK(RUN(actor, UIPI(REL4_UIPI_READ, A0, A1), UIPI(REL4_UIPI_READ, A1, X0)));
    CHECK_EQUAL(actor->got.a0, 1ul << 63 | 5);
    CHECK_EQUAL(actor->got.a1, 0);
    CHECK_EQUAL(get(actor, REL4_CSR_UIP), 0);
    CHECK_EQUAL(receiver.record->count, 0);
    CHECK(RUN(actor, UIPI(REL4_UIPI_WRITE, X0, X0)));
    CHECK_EQUAL(get(actor, REL4_CSR_UIP), 0);
}

TEST("uip can be set and cleared, but bits that are pending stay")
{
    struct receiver receiver = masked_receiver();
    struct actor *actor = &receiver.actor;

    CHECK(RUN(actor, CSRRSI(X0, REL4_CSR_UIP, 1), CSRRS(A0, REL4_CSR_UIP, X0)));
    CHECK_EQUAL(actor->got.a0, 1);
    CHECK(RUN(actor, CSRRCI(X0, REL4_CSR_UIP, 1), CSRRS(A0, REL4_CSR_UIP, X0)));
    CHECK_EQUAL(actor->got.a0, 0);
    put(actor, REL4_CSR_UIP, ~1ul);
    CHECK_EQUAL(get(actor, REL4_CSR_UIP), 0);
    actor->set.a0 = 4;
    CHECK(
        RUN(actor, UIPI(REL4_UIPI_WRITE, X0, A0), CSRRCI(X0, REL4_CSR_UIP, 1), CSRRS(A1, REL4_CSR_UIP, X0)));
    CHECK_EQUAL(actor->got.a1, 1);
    CHECK(RUN(actor, UIPI(REL4_UIPI_READ, A0, X0)));
    CHECK_EQUAL(actor->got.a0, 4);
}

TEST("uipi_deactivate holds bits back, and uipi_activate lets them go")
{
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);
    struct actor *actor = &receiver.actor;

    actor->set.a0 = 8;
    CHECK(RUN(actor, UIPI(REL4_UIPI_DEACTIVATE, A1, A2), UIPI(REL4_UIPI_WRITE, X0, A0),
              CSRRS(A1, REL4_CSR_UIP, X0)));
    CHECK_EQUAL(actor->got.a1, 0);
    CHECK_EQUAL(receiver.record->count, 0);
    CHECK(RUN(actor, UIPI(REL4_UIPI_ACTIVATE, A1, A2)));
    CHECK_EQUAL(receiver.record->count, 1);
    CHECK_EQUAL(receiver.record->last, 8);
}

TEST("an interrupt masks itself: UIE goes to UPIE, and uret brings it back")
{
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);
    struct actor *actor = &receiver.actor;

    put(actor, REL4_CSR_UTVEC, (seL4_Word)uintr_trap_handler);
    put(actor, REL4_CSR_UTVAL, 77);
    actor->set.a0 = 2;
    code[0] = (uint32_t)UIPI(REL4_UIPI_WRITE, X0, A0);
    __asm__ volatile("fence.i" ::: "memory");
    actor_run(actor, (const char *)code);
    CHECK_FAULTED(actor);
    CHECK_EQUAL(receiver.record->count, 1);
    CHECK_EQUAL(receiver.record->epc, (seL4_Word)&code[1]);
    CHECK_EQUAL(get(actor, REL4_CSR_USTATUS), REL4_USTATUS_UPIE);
    CHECK_EQUAL(get(actor, REL4_CSR_UTVAL), 0);
    put(actor, REL4_CSR_UEPC, (seL4_Word)&code[3] | 1);
    /* uret goes over an instruction. */
    CHECK(RUN(actor, REL4_URET, UIPI(5, X0, X0), UIPI(5, X0, X0)));
    CHECK_EQUAL(get(actor, REL4_CSR_USTATUS), 0x11);
}

TEST("the emulated backend has another uret, the hardware has not")
{
    struct receiver receiver = masked_receiver();
    struct actor *actor = &receiver.actor;
    bool emulated = rel4_backend_of(test_bootinfo) == REL4_BACKEND_EMULATED;

    put(actor, REL4_CSR_USTATUS, REL4_USTATUS_UPIE);
    put(actor, REL4_CSR_UEPC, (seL4_Word)&code[1] | 1);
    CHECK_EQUAL(RUN(actor, REL4_URET_EMULATED), emulated);
    CHECK_EQUAL(get(actor, REL4_CSR_USTATUS), emulated ? 0x11 : REL4_USTATUS_UPIE);
    for (unsigned reg = 7; reg <= 20; reg += reg == 7 ? 8 : 5) {
        CHECK(!RUN(actor, REL4_URET_EMULATED | 1ul << reg)); /* rd, rs1, rs2 */
    }
}

TEST("uret without UPIE leaves interrupts off")
{
    struct receiver receiver = masked_receiver();
    struct actor *actor = &receiver.actor;

    put(actor, REL4_CSR_UEPC, (seL4_Word)&code[1]);
    CHECK(RUN(actor, REL4_URET));
    CHECK_EQUAL(get(actor, REL4_CSR_USTATUS), REL4_USTATUS_UPIE);
}

TEST("opening UIE, or uie, lets a pending interrupt in before the next instruction")
{
    struct receiver receiver = masked_receiver();
    struct actor *actor = &receiver.actor;

    actor->set.a0 = 16;
    CHECK(RUN(actor, UIPI(REL4_UIPI_WRITE, X0, A0)));
    CHECK(RUN(actor, CSRRSI(X0, REL4_CSR_USTATUS, 1)));
    CHECK_EQUAL(receiver.record->count, 1);
    CHECK_EQUAL(receiver.record->epc, (seL4_Word)&code[1]);
    CHECK(RUN(actor, CSRRCI(X0, REL4_CSR_UIE, 1), UIPI(REL4_UIPI_WRITE, X0, A0)));
    CHECK_EQUAL(receiver.record->count, 1);
    CHECK(RUN(actor, CSRRSI(X0, REL4_CSR_UIE, 1)));
    CHECK_EQUAL(receiver.record->count, 2);
    CHECK_EQUAL(receiver.record->all, 16);
}

TEST("uipi_send reaches entries and nothing else, whatever the index")
{
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);
    struct actor sender = actor_new();
    seL4_CPtr table = uintr_table(sender.tcb);
    seL4_Word index = uintr_add(table, uintr_sender(receiver.notification, 0));
    seL4_Word last = uintr_add(table, uintr_sender(receiver.notification, 63));
    const seL4_Word others[] = { last + 1, 511, 512, 1ul << 61, (1ul << 61) + last, -1ul };

    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        sender.set.a0 = others[i];
        CHECK(RUN(&sender, UIPI(REL4_UIPI_SEND, X0, A0)));
    }
    CHECK_EQUAL(get(&receiver.actor, REL4_CSR_UIP), 0);
    sender.set.a0 = index;
    sender.set.a1 = last;
    CHECK(RUN(&sender, UIPI(REL4_UIPI_SEND, X0, A0), UIPI(REL4_UIPI_SEND, A2, A1)));
    CHECK(RUN(&receiver.actor, UIPI(REL4_UIPI_READ, A0, X0)));
    CHECK_EQUAL(receiver.record->last, 1ul << 63 | 1);
}
