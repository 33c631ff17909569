/*
 * The registers of the N extension and of user interrupts: which bits exist, who may access them, and how
 * they change the registers that were there before.
 */
#include "bare.h"

#define ONES (~0ul)

static void misa(void)
{
    CHECK(read_csr(MISA) & 1 << ('N' - 'A'));
}

static void ustatus(void)
{
    uint64_t others = read_csr(MSTATUS) & ~(STATUS_UIE | STATUS_UPIE);

    write_csr(USTATUS, ONES);
    CHECK_EQ(read_csr(USTATUS), STATUS_UIE | STATUS_UPIE);
    CHECK_EQ(read_csr(MSTATUS), others | STATUS_UIE | STATUS_UPIE);
    CHECK_EQ(read_csr(SSTATUS) & (STATUS_UIE | STATUS_UPIE), STATUS_UIE | STATUS_UPIE);
    write_csr(USTATUS, 0);
    CHECK_EQ(read_csr(MSTATUS), others);
    set_csr(SSTATUS, STATUS_UPIE);
    CHECK_EQ(read_csr(USTATUS), STATUS_UPIE);
    clear_csr(MSTATUS, STATUS_UPIE);
    set_csr(MSTATUS, STATUS_UIE);
    CHECK_EQ(read_csr(USTATUS), STATUS_UIE);
    write_csr(USTATUS, 0);
}

static void uie(void)
{
    write_csr(SIDELEG, 0);
    write_csr(MIE, 0);
    write_csr(UIE, ONES);
    CHECK_EQ(read_csr(UIE), 0);
    CHECK_EQ(read_csr(MIE) & U_ALL, 0);

    write_csr(SIDELEG, U_SOFTWARE);
    write_csr(UIE, ONES);
    CHECK_EQ(read_csr(MIE) & U_ALL, U_SOFTWARE);

    write_csr(SIDELEG, U_ALL);
    write_csr(UIE, ONES);
    CHECK_EQ(read_csr(UIE), U_ALL);
    CHECK_EQ(read_csr(MIE), U_ALL);
    write_csr(SIDELEG, U_EXTERNAL);
    CHECK_EQ(read_csr(UIE), U_EXTERNAL);
    write_csr(MIE, 0);
}

static void utvec(void)
{
    write_csr(UTVEC, 0xfedcba9876543210);
    CHECK_EQ(read_csr(UTVEC), 0xfedcba9876543210);
    write_csr(UTVEC, 0x1001);
    CHECK_EQ(read_csr(UTVEC), 0x1001);
    write_csr(UTVEC, 0x2002);
    write_csr(UTVEC, 0x3003);
    CHECK_EQ(read_csr(UTVEC), 0x1001);
}

#define CHECK_STORAGE(number)                           \
    do {                                                \
        write_csr(number, ONES);                        \
        CHECK_EQ(read_csr(number), ONES);               \
        write_csr(number, 0x123456789abcdef1);          \
        CHECK_EQ(read_csr(number), 0x123456789abcdef1); \
        write_csr(number, 0);                           \
        CHECK_EQ(read_csr(number), 0);                  \
    } while (0)

static void storage(void)
{
    CHECK_STORAGE(USCRATCH);
    CHECK_STORAGE(UEPC);
    CHECK_STORAGE(UCAUSE);
    CHECK_STORAGE(UTVAL);
    CHECK_STORAGE(SUIST);
    CHECK_STORAGE(SUIRS);
    CHECK_STORAGE(SUICFG);
}

static void uip(void)
{
    write_csr(SIDELEG, 0);
    write_csr(UIP, ONES);
    CHECK_EQ(read_csr(UIP), 0);
    CHECK_EQ(read_csr(MIP) & U_ALL, 0);

    write_csr(SIDELEG, U_ALL);
    write_csr(UIP, ONES);
    CHECK_EQ(read_csr(UIP), U_SOFTWARE | U_EXTERNAL);
    CHECK_EQ(read_csr(MIP) & U_ALL, U_SOFTWARE | U_EXTERNAL);
    set_csr(MIP, U_TIMER);
    CHECK_EQ(read_csr(UIP), U_ALL);
    write_csr(UIP, 0);
    CHECK_EQ(read_csr(UIP), U_TIMER);
    clear_csr(MIP, U_TIMER);

    write_csr(SIDELEG, U_EXTERNAL);
    write_csr(UIP, ONES);
    CHECK_EQ(read_csr(MIP) & U_ALL, U_EXTERNAL);
    clear_csr(MIP, U_ALL);
}

static long write_uip_from_user_mode(long bits)
{
    asm volatile("csrw 0x044, %0" : : "r"(bits)); /* rd is x0 */
    return (long)read_csr(UIP);
}

static void uip_without_result(void)
{
    write_csr(SIDELEG, U_SOFTWARE);
    CHECK_EQ(in_mode(USER, write_uip_from_user_mode, 1).result, U_SOFTWARE);
    CHECK_EQ(in_mode(USER, write_uip_from_user_mode, 0).result, 0);
}

static void sedeleg(void)
{
    write_csr(MEDELEG, ONES);
    write_csr(SEDELEG, ONES);
    CHECK_EQ(read_csr(SEDELEG), 0xf0bfff);
    write_csr(MEDELEG, 1 << CAUSE_BREAKPOINT);
    CHECK_EQ(read_csr(SEDELEG), 1 << CAUSE_BREAKPOINT);
    write_csr(SEDELEG, 1 << CAUSE_ILLEGAL);
    CHECK_EQ(read_csr(SEDELEG), 0);
    write_csr(MEDELEG, 0);
}

static void sideleg(void)
{
    write_csr(SIDELEG, ONES);
    CHECK_EQ(read_csr(SIDELEG), U_ALL);
    write_csr(SIDELEG, 0);
    CHECK_EQ(read_csr(SIDELEG), 0);
}

static void mideleg(void)
{
    CHECK_EQ(read_csr(MIDELEG) & U_ALL, U_ALL);
    write_csr(MIDELEG, 0);
    CHECK_EQ(read_csr(MIDELEG) & U_ALL, U_ALL);
    write_csr(MIDELEG, ONES);
    CHECK_EQ(read_csr(MIDELEG) & 0x1777, 0x1777);
    write_csr(MIDELEG, 0x222);
    CHECK_EQ(read_csr(MIDELEG) & 0x333, 0x333);
    write_csr(MIDELEG, 0);
}

static void machine_interrupts(void)
{
    write_csr(MIE, ONES);
    CHECK_EQ(read_csr(MIE) & U_ALL, U_ALL);
    write_csr(MIE, 0);
    set_csr(MIP, U_ALL);
    CHECK_EQ(read_csr(MIP) & U_ALL, U_ALL);
    clear_csr(MIP, U_ALL);
    CHECK_EQ(read_csr(MIP) & U_ALL, 0);
}

static void supervisor_interrupts(void)
{
    write_csr(SIE, ONES);
    CHECK_EQ(read_csr(SIE) & U_ALL, U_ALL);
    CHECK_EQ(read_csr(MIE) & U_ALL, U_ALL);
    write_csr(SIE, 0);
    set_csr(MIP, U_TIMER);
    write_csr(SIP, ONES);
    CHECK_EQ(read_csr(SIP) & U_ALL, U_ALL);
    write_csr(SIP, 0);
    CHECK_EQ(read_csr(SIP) & U_ALL, U_TIMER);
    clear_csr(MIP, U_TIMER);
    set_csr(SIP, U_TIMER);
    CHECK_EQ(read_csr(MIP) & U_ALL, 0);
}

static void other_bits_stay(void)
{
    write_csr(SIDELEG, U_ALL);
    set_csr(UIP, U_SOFTWARE);
    set_csr(UIP, U_EXTERNAL);
    CHECK_EQ(read_csr(UIP), U_SOFTWARE | U_EXTERNAL);
    clear_csr(UIP, U_SOFTWARE);
    CHECK_EQ(read_csr(UIP), U_EXTERNAL);
    set_csr(MIP, S_SOFTWARE);
    clear_csr(UIP, ONES);
    CHECK(read_csr(MIP) & S_SOFTWARE);
    clear_csr(MIP, S_SOFTWARE);
}

static const uint32_t user_registers[] = { USTATUS, UIE, UTVEC, USCRATCH, UEPC, UCAUSE, UTVAL, UIP };
static const uint32_t supervisor_registers[] = { SEDELEG, SIDELEG, SUIST, SUIRS, SUICFG };

static void privilege(void)
{
    for (unsigned i = 0; i < sizeof(user_registers) / sizeof(user_registers[0]); i++) {
        CHECK(ended(run_instruction(USER, CSRR_A0(user_registers[i]))));
        CHECK(ended(run_instruction(SUPERVISOR, CSRR_A0(user_registers[i]))));
        CHECK_EQ(run_instruction(VIRTUAL_USER, CSRR_A0(user_registers[i])).cause, CAUSE_VIRTUAL);
        CHECK_EQ(run_instruction(VIRTUAL_SUPERVISOR, CSRR_A0(user_registers[i])).cause, CAUSE_VIRTUAL);
    }
    for (unsigned i = 0; i < sizeof(supervisor_registers) / sizeof(supervisor_registers[0]); i++) {
        CHECK_EQ(run_instruction(USER, CSRR_A0(supervisor_registers[i])).cause, CAUSE_ILLEGAL);
        CHECK(ended(run_instruction(SUPERVISOR, CSRR_A0(supervisor_registers[i]))));
        CHECK_EQ(run_instruction(VIRTUAL_SUPERVISOR, CSRR_A0(supervisor_registers[i])).cause, CAUSE_VIRTUAL);
    }
}

static long guest_status(long unused)
{
    set_csr(SSTATUS, STATUS_UIE | STATUS_UPIE);
    return (long)read_csr(SSTATUS) | unused;
}

static void guest(void)
{
    write_csr(USTATUS, 0);
    CHECK_EQ(in_mode(VIRTUAL_SUPERVISOR, guest_status, 0).result & (STATUS_UIE | STATUS_UPIE), 0);
    CHECK_EQ(read_csr(USTATUS), 0);
    write_csr(USTATUS, STATUS_UIE);
    CHECK_EQ(in_mode(VIRTUAL_SUPERVISOR, guest_status, 0).result & (STATUS_UIE | STATUS_UPIE), 0);
    CHECK_EQ(read_csr(USTATUS), STATUS_UIE);
    write_csr(USTATUS, 0);
}

static void initial_values(void)
{
    for (unsigned i = 0; i < sizeof(user_registers) / sizeof(user_registers[0]); i++) {
        CHECK_EQ(run_instruction(MACHINE, CSRR_A0(user_registers[i])).result, 0);
    }
    for (unsigned i = 0; i < sizeof(supervisor_registers) / sizeof(supervisor_registers[0]); i++) {
        CHECK_EQ(run_instruction(MACHINE, CSRR_A0(supervisor_registers[i])).result, 0);
    }
    CHECK_EQ(read_csr(MIDELEG) & U_ALL, U_ALL);
}

int main(void)
{
    test("all registers are 0 at power-on, and mideleg has the user-level bits", initial_values);
    test("misa has the N", misa);
    test("ustatus is bits 0 and 4 of mstatus and sstatus", ustatus);
    test("uie is mie masked by sideleg", uie);
    test("utvec drops a write of mode 2 or 3", utvec);
    test("uscratch, uepc, ucause, utval, suist, suirs and suicfg store 64 bits", storage);
    test("uip is mip masked by sideleg, and UTIP is read-only", uip);
    test("csrw to uip with rd = x0 works from U-mode", uip_without_result);
    test("sedeleg has the delegable exceptions and stays a subset of medeleg", sedeleg);
    test("sideleg has bits 0, 4 and 8", sideleg);
    test("mideleg bits 0, 4 and 8 are hard-wired to one", mideleg);
    test("mie and mip have bits 0, 4 and 8 for M-mode", machine_interrupts);
    test("sie and sip have them for S-mode, UTIP of sip read-only", supervisor_interrupts);
    test("setting and clearing bits of uip leaves all others", other_bits_stay);
    test("each mode reaches its registers, and a guest none", privilege);
    test("a guest neither sees nor changes UIE and UPIE", guest);
    finish();
}
