/*
 * Without the N extension (-cpu rv64,n=off) none of it is there, and the controller, which is, does no harm.
 */
#include "bare.h"

static const uint32_t instructions[] = {
    CSRR_A0(USTATUS), CSRR_A0(UIE),   CSRR_A0(UTVEC),  CSRR_A0(USCRATCH), CSRR_A0(UEPC),
    CSRR_A0(UCAUSE),  CSRR_A0(UTVAL), CSRR_A0(UIP),    CSRR_A0(SEDELEG),  CSRR_A0(SIDELEG),
    CSRR_A0(SUIST),   CSRR_A0(SUIRS), CSRR_A0(SUICFG), 0x0000607b, /* uipi_send x0 */
    0x0200657b,                                                    /* uipi_read a0 */
    0x0400607b,                                                    /* uipi_write x0 */
    0x0600607b,                                                    /* uipi_activate */
    0x0800607b,                                                    /* uipi_deactivate */
    0x00200073,                                                    /* uret */
};

static void misa(void)
{
    CHECK(!(read_csr(MISA) & 1 << ('N' - 'A')));
}

static void illegal(void)
{
    static const enum mode modes[] = { USER, SUPERVISOR, MACHINE };

    for (unsigned mode = 0; mode < 3; mode++) {
        for (unsigned i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
            CHECK_EQ(run_instruction(modes[mode], instructions[i]).cause, CAUSE_ILLEGAL);
        }
    }
}

static void bits(void)
{
    write_csr(MIDELEG, ~0ul);
    CHECK_EQ(read_csr(MIDELEG) & U_ALL, 0);
    write_csr(MIE, ~0ul);
    CHECK_EQ(read_csr(MIE) & U_ALL, 0);
    write_csr(MIE, 0);
    set_csr(MIP, U_ALL);
    CHECK_EQ(read_csr(MIP) & U_ALL, 0);
    set_csr(MSTATUS, STATUS_UIE | STATUS_UPIE);
    CHECK_EQ(read_csr(MSTATUS) & (STATUS_UIE | STATUS_UPIE), 0);
}

static void controller(void)
{
    slot_write(1, LOW, slot_low(0, MODE_ON));
    slot_write(1, SEND, 7);
    CHECK_EQ(read_csr(MIP) & U_ALL, 0);
    CHECK_EQ(slot_read(1, HIGH), 1 << 7);
}

int main(void)
{
    test("misa has no N", misa);
    test("all registers and instructions are illegal in all modes", illegal);
    test("mideleg, mie, mip and mstatus do not have the user-level bits", bits);
    test("the controller works and interrupts nobody", controller);
    finish();
}
