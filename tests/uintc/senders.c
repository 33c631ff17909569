/*
 * The sender table of uipi_send, with everything that a hostile user program and a careless kernel can do to
 * it.
 */
#include "bare.h"

static uint64_t table[1024] __attribute__((aligned(4096)));

static void use_table(uint64_t pages)
{
    write_csr(SUIST, table_register(table, pages));
}

/* What arrived in slots 1 and 2 after uipi_send(index). */
static uint64_t sent(uint64_t index)
{
    uipi_send(index);
    return slot_read(1, HIGH) | slot_read(2, HIGH);
}

static void table_enable(void)
{
    reset_user_interrupts();
    table[0] = sender_entry(1, 6);
    CHECK_EQ(sent(0), 0);
    write_csr(SUIST, table_register(table, 1) & ~TABLE_ENABLE);
    CHECK_EQ(sent(0), 0);
    write_csr(SUIST, table_register(table, 0));
    CHECK_EQ(sent(0), 0);
    write_csr(SUIST, table_register(table, 1) | 0x7ful << 56); /* bits without a meaning */
    CHECK_EQ(sent(0), 1 << 6);
}

static void table_entry(void)
{
    reset_user_interrupts();
    use_table(1);
    table[3] = sender_entry(2, 7) & ~1ul;
    CHECK_EQ(sent(3), 0);
    table[3] = sender_entry(2, 7) | 0xffff0000fffe;
    table[3] = (table[3] & ~0xffff0000ul) | 7 << 16;
    CHECK_EQ(sent(3), 1 << 7);
}

static void table_bounds(void)
{
    static const uint64_t beyond[] = { 512,       513,       1023,      1ul << 32, 1ul << 52,
                                       1ul << 60, 1ul << 61, 1ul << 63, ~0ul };

    reset_user_interrupts();
    for (unsigned i = 0; i < 1024; i++) {
        table[i] = sender_entry(1, i / 512);
    }
    use_table(1);
    CHECK_EQ(sent(0), 1);
    CHECK_EQ(sent(511), 1);
    for (unsigned i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        CHECK_EQ(sent(beyond[i]), 0);
    }
    use_table(2);
    CHECK_EQ(sent(512), 2);
    CHECK_EQ(sent(1023), 2);
    CHECK_EQ(sent(1024), 0);
}

/* An index that wraps around reaches memory below the table, and there is a forged entry. */
static void table_forged(void)
{
    reset_user_interrupts();
    for (unsigned i = 0; i < 512; i++) {
        table[i] = sender_entry(1, 9);
    }
    write_csr(SUIST, table_register(table + 512, 1));
    for (uint64_t k = 1; k <= 512; k++) {
        CHECK_EQ(sent(0 - k), 0);
        CHECK_EQ(sent((1ul << 61) - k), 0);
        CHECK_EQ(sent((1ul << 62) - k), 0);
    }
}

/* Only 8 bytes are read: the last entry of memory is an entry like others. */
static void table_at_the_end(void)
{
    uint64_t end = MEMORY_END;
    uint64_t *last = (uint64_t *)(end - 4096);

    reset_user_interrupts();
    last[511] = sender_entry(1, 11);
    write_csr(SUIST, table_register(last, 1));
    CHECK_EQ(sent(511), 1 << 11);
    write_csr(SUIST, table_register(last, 2));
    CHECK_EQ(sent(512), 0);
}

static void table_nowhere(void)
{
    /* Three holes, then devices: this controller, the PLIC, the UART. */
    static const uint64_t places[] = {
        0x20000, 0x50000000000, 0xfffffffffff000, UINTC, 0xc000000, 0x10000000
    };

    reset_user_interrupts();
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        write_csr(SUIST, table_register((uint64_t *)places[i], 0xfff));
        for (uint64_t index = 0; index < 64; index++) {
            CHECK_EQ(sent(index), 0);
        }
    }
}

static long send_index(long index)
{
    uipi_send((uint64_t)index);
    return 0;
}

/* Entry 0 of pmp hides the table from all but M-mode. */
static void table_protected(void)
{
    reset_user_interrupts();
    use_table(1);
    table[0] = sender_entry(1, 12);
    write_csr(PMPADDR1, ~0ul);
    write_csr(PMPADDR0, (uint64_t)table >> 2 | 0x1ff);
    write_csr(PMPCFG0, 0x1f18);
    CHECK(ended(in_mode(USER, send_index, 0)));
    CHECK(ended(in_mode(SUPERVISOR, send_index, 0)));
    CHECK_EQ(slot_read(1, HIGH), 0);
    uipi_send(0);
    CHECK_EQ(slot_read(1, HIGH), 1 << 12);
    write_csr(PMPADDR0, ~0ul);
    write_csr(PMPCFG0, 0x1f);
    CHECK(ended(in_mode(USER, send_index, 0)));
    CHECK_EQ(slot_read(1, HIGH), 1 << 12);
}

static void slot_numbers(void)
{
    static const uint64_t slots[] = { 512, 513, 1024, 0x7800, 0x8000, 0xffff };

    reset_user_interrupts();
    use_table(1);
    for (unsigned i = 0; i < 6; i++) {
        write_csr(SUIRS, SLOT_ENABLE | slots[i]);
        uipi_write(1);
        uipi_activate();
        uipi_deactivate();
        CHECK_EQ(uipi_read(), 0);
        table[0] = sender_entry(slots[i], 1);
        CHECK_EQ(sent(0), 0);
    }
    for (uint64_t slot = 0; slot < 8; slot++) {
        CHECK_EQ(slot_read(slot, HIGH), 0);
    }
    table[0] = sender_entry(511, 1);
    slot_write(511, LOW, MODE_64BIT);
    uipi_send(0);
    CHECK_EQ(slot_read(511, HIGH), 2);
}

int main(void)
{
    test("suist: enable, size 0, bits without a meaning", table_enable);
    test("an entry must be valid; its other bits do not matter", table_entry);
    test("an index from the number of entries on has no effect", table_bounds);
    test("an index that wraps does not reach a forged entry below the table", table_forged);
    test("an entry is 8 bytes, also the last one of memory", table_at_the_end);
    test("a table where no memory is has no valid entry, and does no harm", table_nowhere);
    test("a table that S-mode may not read has no valid entry, but for M-mode", table_protected);
    test("slot numbers from 512 on name no slot", slot_numbers);
    finish();
}
