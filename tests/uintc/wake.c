/*
 * Waking the kernel: a send to an inactive slot in wake mode sets a bit and raises the controller's own
 * interrupt.
 */
#include "bare.h"

#define PLIC          0xc000000ul
#define SOURCE        12ul
#define PRIORITY      (PLIC + 4ul * SOURCE)
#define PENDING       (PLIC + 0x1000)
#define CONTEXT(hart) (2ul * (hart) + 1) /* S-mode */
#define ENABLE(hart)  (PLIC + 0x2000 + 0x80ul * CONTEXT(hart))
#define CLAIM(hart)   (PLIC + 0x200004 + 0x1000ul * CONTEXT(hart))

#define MODE_WAITING (MODE_64BIT | MODE_WAKE)

static uint64_t table[512] __attribute__((aligned(4096)));

static uint64_t wake_word(uint64_t word)
{
    return load64(WAKE_WORDS + 8 * word);
}

/* What PLIC, hart 0 and wake bits still hold is taken away; SOURCE is enabled on hart 0. */
static void setup(void)
{
    reset_user_interrupts();
    for (uint64_t word = 0; word < 8; word++) {
        wake_word(word);
    }
    store32(PRIORITY, 1);
    store32(ENABLE(0), 1u << SOURCE);
    store32(CLAIM(0), load32(CLAIM(0)));
}

static bool pending(void)
{
    return load32(PENDING) & 1u << SOURCE;
}

static void wakes(void)
{
    setup();
    slot_write(1, LOW, slot_low(0, MODE_WAITING));
    CHECK_EQ(slot_read(1, LOW), MODE_WAITING);
    CHECK(!pending());
    slot_write(1, SEND, 5);
    CHECK(pending());
    CHECK(read_csr(MIP) & S_EXTERNAL);
    CHECK(!(read_csr(MIP) & U_SOFTWARE));
    CHECK_EQ(load32(CLAIM(0)), SOURCE);
    CHECK_EQ(wake_word(0), 1 << 1);
    CHECK_EQ(wake_word(0), 0);
    store32(CLAIM(0), SOURCE);
    CHECK(!pending());
    CHECK(!(read_csr(MIP) & S_EXTERNAL));
    CHECK_EQ(slot_read(1, LOW), MODE_WAITING); /* only a write changes the mode */
    CHECK_EQ(slot_read(1, HIGH), 1 << 5);
}

static void by_instruction(void)
{
    setup();
    table[0] = sender_entry(2, 63);
    write_csr(SUIST, table_register(table, 1));
    slot_write(2, LOW, slot_low(0, MODE_WAITING));
    uipi_send(0);
    CHECK_EQ(wake_word(0), 1 << 2);
    CHECK(pending());
    CHECK_EQ(slot_read(2, HIGH), 1ul << 63);
}

static void not_asked(void)
{
    setup();
    slot_write(1, LOW, slot_low(0, MODE_64BIT));
    slot_write(1, SEND, 0);
    slot_write(2, LOW, slot_low(0, MODE_ON | MODE_WAKE)); /* active */
    slot_write(2, SEND, 0);
    slot_write(3, LOW, slot_low(0, MODE_WAITING));
    slot_write(3, SEND, 64); /* no such vector */
    slot_write(3, HIGH, 1);  /* not a send */
    write_csr(SUIRS, SLOT_ENABLE | 3);
    uipi_write(2);
    CHECK_EQ(wake_word(0), 0);
    CHECK(!pending());
    CHECK(read_csr(MIP) & U_SOFTWARE);
    CHECK_EQ(slot_read(3, HIGH), 3);
}

static void switched_in(void)
{
    setup();
    slot_write(1, LOW, slot_low(0, MODE_WAITING));
    slot_write(1, LOW, slot_low(0, MODE_ON));
    slot_write(1, SEND, 0);
    CHECK_EQ(wake_word(0), 0);
    slot_write(1, LOW, slot_low(0, MODE_WAITING));
    slot_write(1, ACTIVE, 1);
    slot_write(1, SEND, 1);
    CHECK_EQ(wake_word(0), 0);
    slot_write(1, ACTIVE, 0); /* the wake bit is still there */
    slot_write(1, SEND, 2);
    CHECK_EQ(wake_word(0), 1 << 1);
    CHECK_EQ(slot_read(1, HIGH), 7);
}

static void narrow(void)
{
    setup();
    slot_write(1, LOW, slot_low(0, MODE_WAKE));
    slot_write(1, SEND, 31);
    CHECK_EQ(wake_word(0), 1 << 1);
}

static void all_slots(void)
{
    setup();
    for (uint64_t slot = 0; slot < SLOTS; slot++) {
        slot_write(slot, LOW, slot_low(slot % 4, MODE_WAITING));
    }
    for (uint64_t slot = 0; slot < SLOTS; slot++) {
        slot_write(slot, SEND, slot % 64);
        for (uint64_t word = 0; word < 8; word++) {
            CHECK_EQ(wake_word(word), word == slot / 64 ? 1ul << slot % 64 : 0);
        }
        slot_write(slot, LOW, 0);
    }
}

static void writes_ignored(void)
{
    setup();
    slot_write(1, LOW, slot_low(0, MODE_WAITING));
    slot_write(1, SEND, 0);
    for (uint64_t word = 0; word < 8; word++) {
        store64(WAKE_WORDS + 8 * word, word ? ~0ul : 0);
    }
    CHECK_EQ(wake_word(0), 1 << 1);
    for (uint64_t word = 1; word < 8; word++) {
        CHECK_EQ(wake_word(word), 0);
    }
}

/* The PLIC latches edges: a wake bit that is set after the claim must be an edge, too. */
static void raised_anew(void)
{
    setup();
    slot_write(1, LOW, slot_low(0, MODE_WAITING));
    slot_write(1, SEND, 0);
    CHECK_EQ(load32(CLAIM(0)), SOURCE);
    CHECK(!pending());
    slot_write(1, SEND, 0); /* same slot, same vector, wake bit still set */
    CHECK(pending());
    store32(CLAIM(0), SOURCE);
    CHECK_EQ(load32(CLAIM(0)), SOURCE);
    CHECK_EQ(wake_word(0), 1 << 1);
    store32(CLAIM(0), SOURCE);
    CHECK(!pending());
}

static void every_hart(void)
{
    uint64_t harts = hart_count();

    for (uint64_t hart = 0; hart < harts; hart++) {
        setup();
        store32(ENABLE(0), 0);
        store32(ENABLE(hart), 1u << SOURCE);
        slot_write(1, LOW, slot_low(0, MODE_WAITING));
        slot_write(1, SEND, 0);
        CHECK_EQ(load32(CLAIM(hart)), SOURCE);
        wake_word(0);
        store32(CLAIM(hart), SOURCE);
        store32(ENABLE(hart), 0);
    }
}

int main(void)
{
    test("a send to an inactive slot in wake mode sets its bit and raises interrupt 12", wakes);
    test("so does uipi_send", by_instruction);
    test("an active slot, one without the bit, no vector, and a write of HIGH do not", not_asked);
    test("LOW and ACTIVE turn it off and on", switched_in);
    test("a 32-bit slot wakes, too", narrow);
    test("each of the 512 slots has its bit", all_slots);
    test("a write to wake bits has no effect", writes_ignored);
    test("a send while the interrupt is claimed raises it anew", raised_anew);
    test("every hart can take the interrupt", every_hart);
    finish();
}
