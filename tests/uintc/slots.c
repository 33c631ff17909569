/*
 * The controller's receiver slots, by their addresses and by the instructions.
 */
#include "bare.h"

static struct user_traps *const taken = &user_traps[0];

static uint64_t table[512] __attribute__((aligned(4096)));

static void use_table(uint64_t pages)
{
    write_csr(SUIST, table_register(table, pages));
}

static bool line(void)
{
    return read_csr(MIP) & U_SOFTWARE;
}

static void low(void)
{
    static const uint64_t slots[] = { 0, 1, 7, 300, 511 };

    for (unsigned i = 0; i < 5; i++) {
        slot_write(slots[i], LOW, ~0ul);
        CHECK_EQ(slot_read(slots[i], LOW), 0xffff0007);
        slot_write(slots[i], LOW, slot_low(0x1234, MODE_64BIT));
        CHECK_EQ(slot_read(slots[i], LOW), 0x12340002);
        slot_write(slots[i], LOW, 0);
        CHECK_EQ(slot_read(slots[i], LOW), 0);
    }
}

static void high(void)
{
    reset_user_interrupts();
    slot_write(1, HIGH, 0x8000000000000001);
    slot_write(1, HIGH, 0x10);
    CHECK_EQ(slot_read(2, HIGH), 0);
    CHECK_EQ(slot_read(1, HIGH), 0x8000000000000011);
    CHECK_EQ(slot_read(1, HIGH), 0);
}

static void active(void)
{
    reset_user_interrupts();
    slot_write(1, ACTIVE, 1);
    CHECK_EQ(slot_read(1, ACTIVE), 1);
    CHECK_EQ(slot_read(1, LOW), MODE_ON);
    slot_write(1, ACTIVE, 1ul << 32);
    CHECK_EQ(slot_read(1, ACTIVE), 0);
    slot_write(1, ACTIVE, 0x80000000);
    CHECK_EQ(slot_read(1, ACTIVE), 1);
    slot_write(1, ACTIVE, 0);
    CHECK_EQ(slot_read(1, LOW), MODE_64BIT);
    CHECK_EQ(slot_read(1, SEND), 0);
}

static void vectors(void)
{
    reset_user_interrupts();
    use_table(1);
    for (uint64_t vector = 0; vector < 64; vector++) {
        slot_write(1, SEND, vector);
        CHECK_EQ(slot_read(1, HIGH), 1ul << vector);
        table[0] = sender_entry(1, vector);
        uipi_send(0);
        CHECK_EQ(slot_read(1, HIGH), 1ul << vector);
    }
}

static void vectors_beyond(void)
{
    static const uint64_t vectors[] = { 64, 65, 95, 96, 127, 128, 255, 256, 0xffff };

    reset_user_interrupts();
    use_table(1);
    for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        slot_write(1, SEND, vectors[i]);
        table[0] = sender_entry(1, vectors[i]);
        uipi_send(0);
    }
    slot_write(1, SEND, 1ul << 32);
    slot_write(1, SEND, 1ul << 63);
    slot_write(1, SEND, ~0ul);
    CHECK_EQ(slot_read(1, HIGH), 0);
}

static void narrow(void)
{
    reset_user_interrupts();
    slot_write(1, HIGH, 0x300000000);
    slot_write(1, LOW, slot_low(0, MODE_ACTIVE));
    CHECK(!line());
    CHECK_EQ(slot_read(1, HIGH), 0);
    slot_write(1, SEND, 31);
    slot_write(1, SEND, 32);
    CHECK(line());
    slot_write(1, HIGH, 0xf00000001);
    CHECK_EQ(slot_read(1, HIGH), 0x80000001);
    CHECK(!line());
    slot_write(1, LOW, MODE_64BIT);
    CHECK_EQ(slot_read(1, HIGH), 0x300000000);
}

static void level(void)
{
    reset_user_interrupts();
    slot_write(1, LOW, slot_low(0, MODE_64BIT));
    slot_write(1, SEND, 5);
    CHECK(!line());
    slot_write(1, LOW, slot_low(0, MODE_ON));
    CHECK(line());
    slot_write(1, ACTIVE, 0);
    CHECK(!line());
    slot_write(1, ACTIVE, 1);
    CHECK(line());
    slot_write(1, LOW, slot_low(0, MODE_ACTIVE)); /* the other pending word, which is empty */
    CHECK(!line());
    slot_write(1, LOW, slot_low(0, MODE_ON));
    CHECK(line());
    CHECK_EQ(slot_read(1, HIGH), 1 << 5);
    CHECK(!line());
    slot_write(1, HIGH, 0);
    CHECK(!line());
    slot_write(1, HIGH, 2);
    CHECK(line());
    slot_read(1, HIGH);
}

static void nonexistent_hart(void)
{
    static const uint64_t nowhere[] = { 8, 200, 511, 512, 0xffff };

    reset_user_interrupts();
    for (unsigned i = 0; i < 5; i++) {
        slot_write(1, LOW, slot_low(0, MODE_ON));
        slot_write(1, SEND, 3);
        CHECK(line());
        slot_write(1, LOW, slot_low(nowhere[i], MODE_ON));
        CHECK(!line());
        slot_write(1, SEND, 4);
        slot_write(1, LOW, slot_low(0, MODE_ON));
        CHECK(line());
        CHECK_EQ(slot_read(1, HIGH), 1 << 3 | 1 << 4);
    }
}

static void two_slots(void)
{
    reset_user_interrupts();
    slot_write(1, LOW, slot_low(0, MODE_ON));
    slot_write(2, LOW, slot_low(0, MODE_ON));
    slot_write(1, SEND, 0);
    slot_write(2, SEND, 0);
    slot_read(1, HIGH);
    CHECK(line());
    slot_read(2, HIGH);
    CHECK(!line());
}

static void software_bit(void)
{
    reset_user_interrupts();
    slot_write(1, LOW, slot_low(0, MODE_ON));
    slot_write(1, SEND, 0);
    clear_csr(MIP, U_SOFTWARE); /* cannot lower the level */
    CHECK(line());
    set_csr(MIP, U_SOFTWARE);
    slot_read(1, HIGH); /* cannot clear the software bit */
    CHECK(line());
    clear_csr(MIP, U_SOFTWARE);
    CHECK(!line());
}

#define ACCESSOR(bits, load, store)                                             \
    static long load_##bits(long address)                                       \
    {                                                                           \
        asm volatile(#load " %0, 0(%0)" : "+r"(address) : : "memory");          \
        return address;                                                         \
    }                                                                           \
    static long store_##bits(long address)                                      \
    {                                                                           \
        asm volatile(#store " %1, 0(%0)" : : "r"(address), "r"(-1) : "memory"); \
        return 0;                                                               \
    }
ACCESSOR(8, lb, sb)
ACCESSOR(16, lh, sh)
ACCESSOR(32, lw, sw)
ACCESSOR(64, ld, sd)

static void refused(uint64_t address, long (*load)(long), long (*store)(long))
{
    CHECK_EQ(in_mode(MACHINE, load, (long)address).cause, CAUSE_LOAD_FAULT);
    CHECK_EQ(in_mode(MACHINE, store, (long)address).cause, CAUSE_STORE_FAULT);
}

static void access_sizes(void)
{
    reset_user_interrupts();
    for (uint64_t offset = 0; offset < 32; offset += 4) {
        refused(UINTC + offset, load_8, store_8);
        refused(UINTC + offset, load_16, store_16);
        refused(UINTC + offset, load_32, store_32);
    }
    for (uint64_t word = 0; word < 8; word++) {
        refused(WAKE_WORDS + word * 8, load_32, store_32);
    }
    for (uint64_t slot = 0; slot < 8; slot++) {
        CHECK_EQ(slot_read(slot, LOW), MODE_64BIT);
        CHECK_EQ(slot_read(slot, HIGH), 0);
    }
}

static void outside(void)
{
    refused(WAKE_WORDS + 0x40, load_64, store_64);
    refused(WAKE_WORDS + 0x48, load_64, store_64);
    refused(UINTC - 8, load_64, store_64);
    CHECK(ended(in_mode(MACHINE, load_64, WAKE_WORDS + 0x38)));
}

static void own_slot(void)
{
    reset_user_interrupts();
    write_csr(SUIRS, 3);
    uipi_write(1);
    uipi_activate();
    CHECK_EQ(slot_read(3, LOW), MODE_64BIT);
    slot_write(3, HIGH, 4);
    CHECK_EQ(uipi_read(), 0);
    write_csr(SUIRS, SLOT_ENABLE | 0x7fffffffffff0003); /* bits without a meaning */
    CHECK_EQ(uipi_read(), 4);
    uipi_activate();
    CHECK_EQ(slot_read(3, LOW), MODE_ON);
    CHECK(!line());
    uipi_write(0x8000000000000000);
    uipi_write(1);
    CHECK(line());
    uipi_deactivate();
    CHECK_EQ(slot_read(3, LOW), MODE_64BIT);
    CHECK(!line());
    CHECK_EQ(uipi_read(), 0x8000000000000001);
    CHECK_EQ(uipi_read(), 0);
}

static long use_all(long unused)
{
    uipi_send(0);
    uipi_write(2);
    uipi_activate();
    uipi_deactivate();
    return (long)uipi_read() | unused;
}

static void all_modes(void)
{
    reset_user_interrupts();
    use_table(1);
    table[0] = sender_entry(3, 0);
    write_csr(SUIRS, SLOT_ENABLE | 3);
    CHECK_EQ(in_mode(USER, use_all, 0).result, 3);
    CHECK_EQ(in_mode(SUPERVISOR, use_all, 0).result, 3);
    CHECK_EQ(in_mode(MACHINE, use_all, 0).result, 3);
    CHECK_EQ(in_mode(VIRTUAL_USER, use_all, 0).cause, CAUSE_VIRTUAL);
    CHECK_EQ(in_mode(VIRTUAL_SUPERVISOR, use_all, 0).cause, CAUSE_VIRTUAL);
}

static long encodings(long unused)
{
    asm volatile(".insn r 0x7b, 6, 0, x31, x0, x0");  /* send, with rd */
    asm volatile(".insn r 0x7b, 6, 3, x31, x31, x0"); /* activate, with both */
    asm volatile(".insn r 0x7b, 6, 4, x31, x31, x0");
    asm volatile(".insn r 0x7b, 6, 1, x0, x31, x0"); /* read, without a result */
    return unused;
}

#define WRONG(name, funct3, funct7, rs2)                                       \
    static long wrong_##name(long value)                                       \
    {                                                                          \
        asm volatile(".insn r 0x7b, " #funct3 ", " #funct7 ", x0, x0, " #rs2); \
        return value;                                                          \
    }
WRONG(funct7, 6, 5, x0)
WRONG(rs2_send, 6, 0, x1)
WRONG(rs2_read, 6, 1, x1)
WRONG(rs2_write, 6, 2, x31)
WRONG(funct3, 5, 0, x0)

static void decoding(void)
{
    reset_user_interrupts();
    use_table(1);
    table[0] = sender_entry(3, 0);
    write_csr(SUIRS, SLOT_ENABLE | 3);
    CHECK(ended(in_mode(USER, encodings, 0)));
    CHECK_EQ(slot_read(3, HIGH), 0);
    CHECK_EQ(slot_read(3, LOW), MODE_64BIT);
    CHECK_EQ(in_mode(USER, wrong_funct7, 0).cause, CAUSE_ILLEGAL);
    CHECK_EQ(in_mode(USER, wrong_rs2_send, 0).cause, CAUSE_ILLEGAL);
    CHECK_EQ(in_mode(USER, wrong_rs2_read, 0).cause, CAUSE_ILLEGAL);
    CHECK_EQ(in_mode(USER, wrong_rs2_write, 0).cause, CAUSE_ILLEGAL);
    CHECK_EQ(in_mode(USER, wrong_funct3, 0).cause, CAUSE_ILLEGAL);
}

/* A user program of 32 bits, which mstatus.UXL allows, sees the low halves. */
static void narrow_user_mode(void)
{
    struct trap trap;

    reset_user_interrupts();
    use_table(1);
    table[0] = sender_entry(3, 31);
    write_csr(SUIRS, SLOT_ENABLE | 3);
    write_csr(MSTATUS, (read_csr(MSTATUS) & ~(3ul << 32)) | 1ul << 32);
    CHECK(ended(run_instruction(USER, 0x0000607b))); /* uipi_send x0 */
    slot_write(3, HIGH, 0x700000001);
    trap = run_instruction(USER, 0x0200657b); /* uipi_read a0 */
    CHECK(ended(trap));
    CHECK_EQ(trap.result, 0xffffffff80000001);
    write_csr(MSTATUS, (read_csr(MSTATUS) & ~(3ul << 32)) | 2ul << 32);
}

static uint64_t handler_bits;

static void read_bits(void)
{
    handler_bits = uipi_read();
}

/* Returns the address of the instruction behind the sender's; what follows must not run before the handler.
 */
static long send_to_self(long unused)
{
    long behind;

    asm volatile("la %0, 1f\n"
                 ".insn r 0x7b, 6, 0, x0, %1, x0\n"
                 "1: nop; nop; nop; nop"
                 : "=&r"(behind)
                 : "r"(unused));
    return behind;
}

static void self_send(void)
{
    struct trap trap;

    for (unsigned i = 0; i < 100; i++) {
        reset_user_interrupts();
        use_table(1);
        table[0] = sender_entry(1, 40);
        become_receiver(1);
        set_csr(USTATUS, STATUS_UIE);
        taken->hook = read_bits;
        handler_bits = 0;
        trap = in_mode(USER, send_to_self, 0);
        CHECK_EQ(taken->count, 1);
        CHECK_EQ(taken->cause, CAUSE_INTERRUPT | 0);
        CHECK_EQ(taken->pc, trap.result);
        CHECK_EQ(handler_bits, 1ul << 40);
    }
    reset_user_interrupts();
}

/* The order that the reference hardware asks for. */
static void clear_and_read(void)
{
    clear_csr(UIP, U_SOFTWARE);
    handler_bits |= uipi_read();
}

static void reference_protocol(void)
{
    reset_user_interrupts();
    use_table(1);
    table[0] = sender_entry(1, 1);
    become_receiver(1);
    set_csr(USTATUS, STATUS_UIE);
    taken->hook = clear_and_read;
    handler_bits = 0;
    in_mode(USER, send_to_self, 0);
    CHECK_EQ(taken->count, 1);
    CHECK_EQ(handler_bits, 2);

    /* Switch out, a send meanwhile, switch in. */
    uipi_deactivate();
    clear_csr(SIP, U_SOFTWARE);
    uipi_send(0);
    CHECK(!line());
    slot_write(1, LOW, slot_low(0, MODE_ON));
    CHECK(line());
    reset_user_interrupts();
}

int main(void)
{
    test("LOW holds mode bits 2:0 and hart bits 31:16", low);
    test("HIGH is ORed by a write and cleared by a read", high);
    test("ACTIVE looks at the low 32 bits; SEND reads 0", active);
    test("vectors 0 to 63 set their bit and no other", vectors);
    test("vectors from 64 on have no effect", vectors_beyond);
    test("a 32-bit slot has a pending word of its own, and interrupts", narrow);
    test("USIP is a level: active and pending", level);
    test("a pending slot may name a hart that does not exist", nonexistent_hart);
    test("the line of a hart is the OR over its slots", two_slots);
    test("the software-writable bit and the level do not touch each other", software_bit);
    test("only naturally aligned accesses of 8 bytes are accepted", access_sizes);
    test("addresses past the window fault", outside);
    test("uipi_read, write, activate, deactivate work on the slot in suirs", own_slot);
    test("the instructions are legal in U-mode, S-mode and M-mode, and not for a guest", all_modes);
    test("unused fields do not matter, others are illegal instructions", decoding);
    test("they work in a user mode of 32 bits", narrow_user_mode);
    test("a send to oneself is taken right behind the instruction", self_send);
    test("a handler that clears before it reads loses nothing", reference_protocol);
    finish();
}
