/*
 * Two sockets: slots 512 to 1023 are the second one's, and there are no wake bits.
 */
#include "bare.h"

static uint64_t table[512] __attribute__((aligned(4096)));

static void second_socket(void)
{
    static const uint64_t slots[] = { 512, 513, 1023 };

    reset_user_interrupts();
    write_csr(SUIST, table_register(table, 1));
    for (unsigned i = 0; i < 3; i++) {
        slot_write(slots[i], LOW, slot_low(0, MODE_ON));
        table[0] = sender_entry(slots[i], 33);
        uipi_send(0);
        CHECK(read_csr(MIP) & U_SOFTWARE);
        write_csr(SUIRS, SLOT_ENABLE | slots[i]);
        CHECK_EQ(uipi_read(), 1ul << 33);
        CHECK(!(read_csr(MIP) & U_SOFTWARE));
    }
}

static void between_sockets(void)
{
    slot_write(0, LOW, slot_low(1, MODE_ON));
    slot_write(0, SEND, 1);
    CHECK(!(read_csr(MIP) & U_SOFTWARE));
    slot_write(0, LOW, slot_low(0, MODE_ON));
    CHECK(read_csr(MIP) & U_SOFTWARE);
    slot_read(0, HIGH);
}

static void no_wake(void)
{
    slot_write(1, LOW, slot_low(0, MODE_64BIT | MODE_WAKE));
    CHECK_EQ(slot_read(1, LOW), MODE_64BIT);
    slot_write(1, SEND, 1);
    CHECK_EQ(slot_read(1, HIGH), 2);
    slot_write(512, LOW, slot_low(1, MODE_64BIT));
    CHECK_EQ(slot_read(512, LOW), slot_low(1, MODE_64BIT)); /* no wake word lies there */
}

static long load(long address)
{
    return *(volatile long *)address;
}

static void past_the_window(void)
{
    CHECK_EQ(in_mode(MACHINE, load, UINTC + 1024ul * 32).cause, CAUSE_LOAD_FAULT);
    write_csr(SUIRS, SLOT_ENABLE | 1024);
    uipi_write(1);
    CHECK_EQ(uipi_read(), 0);
}

int main(void)
{
    CHECK_EQ(hart_count(), 2);
    test("slots from 512 on belong to the second socket", second_socket);
    test("a slot of one socket can name a hart of the other", between_sockets);
    test("there is no wake mode, and no wake bit", no_wake);
    test("past the last slot there is nothing", past_the_window);
    finish();
}
