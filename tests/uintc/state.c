/*
 * Fills and checks all state of user interrupts; state.h explains.
 */
#include "state.h"

#define VALUE(n) (0x1122334455667700ul + (n))

void fill_state(void)
{
    write_csr(SEDELEG, 1 << CAUSE_BREAKPOINT);
    write_csr(SIDELEG, U_ALL);
    write_csr(UIE, U_SOFTWARE | U_EXTERNAL);
    write_csr(USTATUS, STATUS_UIE | STATUS_UPIE);
    write_csr(UTVEC, VALUE(1));
    write_csr(USCRATCH, VALUE(2));
    write_csr(UEPC, VALUE(3));
    write_csr(UCAUSE, VALUE(4));
    write_csr(UTVAL, VALUE(5));
    write_csr(SUIST, VALUE(6));
    write_csr(SUIRS, VALUE(7));
    write_csr(SUICFG, VALUE(9));
    set_csr(SIP, U_EXTERNAL);

    slot_write(0, LOW, slot_low(0, MODE_ON));
    slot_write(0, SEND, 63);
    slot_write(1, LOW, slot_low(0x4321, MODE_ACTIVE));
    slot_write(1, SEND, 30);
    slot_write(511, LOW, slot_low(1, MODE_64BIT | MODE_WAKE));
    slot_write(511, SEND, 2);
}

void check_filled(void)
{
    CHECK_EQ(read_csr(SEDELEG), 1 << CAUSE_BREAKPOINT);
    CHECK_EQ(read_csr(SIDELEG), U_ALL);
    CHECK_EQ(read_csr(UIE), U_SOFTWARE | U_EXTERNAL);
    CHECK_EQ(read_csr(USTATUS), STATUS_UIE | STATUS_UPIE);
    CHECK_EQ(read_csr(UTVEC), VALUE(1));
    CHECK_EQ(read_csr(USCRATCH), VALUE(2));
    CHECK_EQ(read_csr(UEPC), VALUE(3));
    CHECK_EQ(read_csr(UCAUSE), VALUE(4));
    CHECK_EQ(read_csr(UTVAL), VALUE(5));
    CHECK_EQ(read_csr(SUIST), VALUE(6));
    CHECK_EQ(read_csr(SUIRS), VALUE(7));
    CHECK_EQ(read_csr(SUICFG), VALUE(9));
    CHECK_EQ(read_csr(SIP) & U_ALL, U_SOFTWARE | U_EXTERNAL);

    /* USIP is still the level of slot 0, and nothing but that level. */
    clear_csr(SIP, U_ALL);
    CHECK_EQ(read_csr(SIP) & U_ALL, U_SOFTWARE);
    CHECK_EQ(slot_read(0, HIGH), 1ul << 63);
    CHECK_EQ(read_csr(SIP) & U_ALL, 0);
    CHECK_EQ(slot_read(0, LOW), slot_low(0, MODE_ON));
    CHECK_EQ(slot_read(1, LOW), slot_low(0x4321, MODE_ACTIVE));
    CHECK_EQ(slot_read(1, HIGH), 1 << 30);
    CHECK_EQ(slot_read(511, LOW), slot_low(1, MODE_64BIT | MODE_WAKE));
    CHECK_EQ(slot_read(511, HIGH), 1 << 2);
    CHECK_EQ(load64(WAKE_WORDS + 56), 1ul << 63);
}

void check_cleared(void)
{
    CHECK_EQ(read_csr(SEDELEG), 0);
    CHECK_EQ(read_csr(SIDELEG), 0);
    CHECK_EQ(read_csr(SIE) & U_ALL, 0);
    CHECK_EQ(read_csr(SIP) & U_ALL, 0);
    CHECK_EQ(read_csr(USTATUS), 0);
    CHECK_EQ(read_csr(UTVEC), 0);
    CHECK_EQ(read_csr(USCRATCH), 0);
    CHECK_EQ(read_csr(UEPC), 0);
    CHECK_EQ(read_csr(UCAUSE), 0);
    CHECK_EQ(read_csr(UTVAL), 0);
    CHECK_EQ(read_csr(SUIST), 0);
    CHECK_EQ(read_csr(SUIRS), 0);
    CHECK_EQ(read_csr(SUICFG), 0);
    for (uint64_t word = 0; word < 8; word++) {
        CHECK_EQ(load64(WAKE_WORDS + 8 * word), 0);
    }
    for (uint64_t slot = 0; slot < SLOTS; slot++) {
        CHECK_EQ(slot_read(slot, LOW), 0);
        CHECK_EQ(slot_read(slot, HIGH), 0); /* the 32-bit word */
        slot_write(slot, LOW, slot_low(0, MODE_ON));
        CHECK_EQ(slot_read(slot, HIGH), 0);
        CHECK_EQ(read_csr(SIP) & U_SOFTWARE, 0);
    }
}
