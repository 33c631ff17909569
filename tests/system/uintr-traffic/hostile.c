/*
 * Threads that have nothing to do with user interrupts, right after one that has: every instruction and every
 * access to a CSR is illegal for them, and neither shows nor changes anything. On hardware without a gate
 * they work, but on registers of zeroes. The thread that runs the tests is the user; it leaves something in
 * each of its registers.
 */
#include "uintr.h"

#define SNIPPET_BYTES 8
#define INSTRUCTIONS  6 /* the first snippets; then eight for each CSR */
#define URET_SNIPPET  5
#define CSRS          8

enum {
    ILLEGAL_INSTRUCTION = 2,
    BREAKPOINT = 3,
};

struct csrs {
    seL4_Word ustatus, uie, utvec, uscratch, uepc, ucause, utval, uip;
};

static struct csrs read_csrs(void)
{
    return (struct csrs){
        REL4_CSR_READ(0x000), REL4_CSR_READ(0x004), REL4_CSR_READ(0x005), REL4_CSR_READ(0x040),
        REL4_CSR_READ(0x041), REL4_CSR_READ(0x042), REL4_CSR_READ(0x043), REL4_CSR_READ(0x044),
    };
}

static void check_csrs(const struct csrs *expected)
{
    struct csrs now = read_csrs();

    CHECK_EQUAL(now.ustatus, expected->ustatus);
    CHECK_EQUAL(now.uie, expected->uie);
    CHECK_EQUAL(now.utvec, expected->utvec);
    CHECK_EQUAL(now.uscratch, expected->uscratch);
    CHECK_EQUAL(now.uepc, expected->uepc);
    CHECK_EQUAL(now.ucause, expected->ucause);
    CHECK_EQUAL(now.utval, expected->utval);
    CHECK_EQUAL(now.uip, expected->uip);
}

/* This thread receives and sends, and has something in every register. */
static struct csrs become_user(void)
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 4);
    rel4_uintr_register_sender(test_mint(uintr_receive_here(NULL, NULL), seL4_AllRights, 1));
    rel4_uintr_disable();
    REL4_CSR_WRITE(0x041, 0x123456);
    REL4_CSR_WRITE(0x042, 0x8000000000000000);
    REL4_CSR_WRITE(0x043, 0x6543210);
    struct csrs mine = read_csrs();
    CHECK_EQUAL(mine.uie, 1);
    CHECK_EQUAL(mine.uepc, 0x123456);
    CHECK_EQUAL(mine.utval, 0x6543210);
    return mine;
}

static unsigned snippets(void)
{
    return (unsigned)((seL4_Word)uintr_hostile_end - (seL4_Word)uintr_hostile) / SNIPPET_BYTES;
}

static void run_snippet(struct actor *actor, unsigned i, seL4_Word a0)
{
    actor_fill(actor);
    actor->set.a0 = a0;
    actor_run(actor, uintr_hostile + (seL4_Word)i * SNIPPET_BYTES);
    CHECK_FAULTED(actor);
    CHECK_EQUAL(actor->label, seL4_Fault_UserException);
}

/* A thread without user interrupts has tried a snippet. */
static void check_shut(const struct actor *actor)
{
    if (uintr_is_complete()) {
        CHECK_EQUAL(actor->words[0], actor->set.pc);
        CHECK_EQUAL(actor->words[2], ILLEGAL_INSTRUCTION);
        CHECK_EQUAL(actor->got.a1, actor->set.a1);
    } else {
        CHECK_EQUAL(actor->words[0], actor->set.pc + 4);
        CHECK_EQUAL(actor->words[2], BREAKPOINT);
        CHECK(actor->got.a1 == 0 || actor->got.a1 == actor->set.a1);
    }
}

/* Where it is not illegal, uret goes to wherever uepc, which is 0, says. */
static bool is_tried(unsigned i)
{
    return uintr_is_complete() || i != URET_SNIPPET;
}

TEST("uintr hostile: each instruction and CSR access is illegal for a thread without, and changes nothing")
{
    static const seL4_Word values[] = { 0, 1, -1ul };
    struct csrs mine = become_user();
    struct actor actor = actor_new();

    CHECK_EQUAL(snippets(), INSTRUCTIONS + 8 * CSRS);
    for (unsigned i = 0; i < snippets(); i++) {
        for (unsigned v = 0; v < 3 && is_tried(i); v++) {
            run_snippet(&actor, i, values[v]);
            check_shut(&actor);
            check_csrs(&mine);
        }
    }
}

TEST("uintr hostile: the same on another hart, while the user runs on this one")
{
    struct csrs mine = become_user();
    struct actor actor = actor_new();

    test_thread_set_node(actor.thread, test_nodes() - 1);
    for (unsigned i = 0; i < snippets(); i++) {
        if (!is_tried(i)) {
            continue;
        }
        actor_fill(&actor);
        actor.set.a0 = 0;
        actor_run(&actor, uintr_hostile + (seL4_Word)i * SNIPPET_BYTES);
        CHECK_EQUAL(actor_wait(&actor), ACTOR_FAULTED);
        check_shut(&actor);
        check_csrs(&mine);
    }
}

static struct actor actor_with_table(void)
{
    struct actor actor = actor_new();
    seL4_CPtr table = test_object(REL4_TYPE_SENDER_TABLE, 0);

    CHECK_OK(rel4_SenderTable_Bind(table, actor.tcb));
    return actor;
}

TEST("uintr hostile: a thread that only sends sees its own registers, all zero")
{
    struct csrs mine = become_user();

    for (unsigned i = 0; i < snippets(); i++) {
        struct actor actor = actor_with_table();
        if (i == URET_SNIPPET) {
            continue; /* to its own uepc, 0 */
        }
        for (unsigned again = 0; again < 2; again++) {
            run_snippet(&actor, i, 0);
            CHECK_EQUAL(actor.words[2], BREAKPOINT);
            CHECK(actor.got.a1 == 0 || actor.got.a1 == actor.set.a1 || again);
            check_csrs(&mine);
        }
        run_snippet(&actor, i, -1ul);
        CHECK_EQUAL(actor.words[2], BREAKPOINT);
        check_csrs(&mine);
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, actor.tcb, seL4_WordBits));
        if (i % 8 == 7) {
            test_reset();
            mine = become_user();
        }
    }
}

TEST("uintr hostile: a thread whose table has been deleted is without again")
{
    struct csrs mine = become_user();
    struct actor actor = actor_new();
    seL4_CPtr table = test_object(REL4_TYPE_SENDER_TABLE, 0);

    CHECK_OK(rel4_SenderTable_Bind(table, actor.tcb));
    run_snippet(&actor, INSTRUCTIONS, 0);
    CHECK_EQUAL(actor.words[2], BREAKPOINT);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, table, seL4_WordBits));
    run_snippet(&actor, INSTRUCTIONS, 0);
    check_shut(&actor);
    check_csrs(&mine);
}

static volatile seL4_Word holds, release, released_bits;

static void count_released(seL4_Word bits, void *arg)
{
    released_bits += bits;
}

/* Keeps what is signalled to it pending, until it may go on. */
static void hold(void *arg)
{
    uintr_register(arg, count_released, NULL);
    rel4_uintr_disable();
    holds = 1;
    while (!release) {
        seL4_Yield();
    }
    rel4_uintr_restore(true);
}

TEST("uintr hostile: nobody reads, changes or delivers the pending bits of another thread")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, UINTR_PRIORITY));
    holds = release = released_bits = 0;
    struct uintr_thread *holder = uintr_thread_new(0, hold, UINTR_PRIORITY);
    struct actor without = actor_new(), with = actor_with_table();

    test_thread_start(holder->thread);
    WAIT_FOR(holds);
    seL4_Signal(test_mint(holder->notification, seL4_AllRights, 1ul << 5));
    for (unsigned i = 0; i < INSTRUCTIONS; i++) {
        seL4_Yield();
        if (is_tried(i)) {
            run_snippet(&without, i, 0);
            check_shut(&without);
        }
        if (i != URET_SNIPPET) {
            seL4_Yield();
            run_snippet(&with, i, 0);
            CHECK_EQUAL(with.words[2], BREAKPOINT);
            CHECK(with.got.a1 == 0 || with.got.a1 == with.set.a1);
        }
    }
    CHECK_EQUAL(released_bits, 0);
    release = 1;
    WAIT_FOR(released_bits == 1ul << 5);
}
