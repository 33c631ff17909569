/*
 * The gate: with suicfg bit 0 set, U-mode does without the N extension, and other modes notice nothing.
 */
#include "bare.h"

static struct user_traps *const taken = &user_traps[0];

static uint64_t table[512] __attribute__((aligned(4096)));

/* One forbidden instruction each; the words are what the trap must report. */
static const uint32_t instructions[] = {
    CSRR_A0(USTATUS), CSRR_A0(UIE),   CSRR_A0(UTVEC), CSRR_A0(USCRATCH), CSRR_A0(UEPC),
    CSRR_A0(UCAUSE),  CSRR_A0(UTVAL), CSRR_A0(UIP),   0x04049073, /* csrw uscratch, s1 */
    0x0000607b,                                                   /* uipi_send x0 */
    0x0200657b,                                                   /* uipi_read a0 */
    0x0400607b,                                                   /* uipi_write x0 */
    0x0600607b,                                                   /* uipi_activate */
    0x0800607b,                                                   /* uipi_deactivate */
    0x00200073,                                                   /* uret */
};
#define INSTRUCTIONS (sizeof(instructions) / sizeof(instructions[0]))
#define URET         (INSTRUCTIONS - 1)

static void setup(void)
{
    reset_user_interrupts();
    table[0] = sender_entry(1, 0);
    write_csr(SUIST, table_register(table, 1));
    write_csr(SUIRS, SLOT_ENABLE | 1);
}

static long nothing(long value)
{
    return value;
}

static struct trap run(enum mode mode, unsigned i)
{
    return run_instruction(mode, instructions[i]);
}

static void open_after_reset(void)
{
    CHECK_EQ(read_csr(SUICFG), 0);
}

static void closed(void)
{
    setup();
    write_csr(SUICFG, GATE_CLOSED);
    for (unsigned i = 0; i < INSTRUCTIONS; i++) {
        struct trap trap = run(USER, i);

        CHECK_EQ(trap.cause, CAUSE_ILLEGAL);
        CHECK_EQ(trap.pc, (uint64_t)instruction);
        CHECK_EQ(trap.value, instructions[i]);
    }
    CHECK_EQ(slot_read(1, LOW), MODE_64BIT);
    CHECK_EQ(slot_read(1, HIGH), 0);
}

static void to_supervisor(void)
{
    setup();
    write_csr(SUICFG, GATE_CLOSED);
    write_csr(MEDELEG, 1 << CAUSE_ILLEGAL);
    for (unsigned i = 0; i < INSTRUCTIONS; i++) {
        struct trap trap = run(USER, i);

        CHECK_EQ(trap.mode, SUPERVISOR);
        CHECK_EQ(trap.value, instructions[i]);
    }
}

static void other_modes(void)
{
    setup();
    write_csr(SUICFG, GATE_CLOSED);
    for (unsigned i = 0; i < URET; i++) {
        CHECK(ended(run(SUPERVISOR, i)));
        CHECK(ended(run(MACHINE, i)));
    }
}

static void other_bits(void)
{
    setup();
    write_csr(SUICFG, ~GATE_CLOSED);
    for (unsigned i = 0; i < URET; i++) {
        CHECK(ended(run(USER, i)));
    }
}

static void opened_again(void)
{
    setup();
    write_csr(SUICFG, GATE_CLOSED);
    run(USER, 0);
    write_csr(SUICFG, 0);
    for (unsigned i = 0; i < URET; i++) {
        CHECK(ended(run(USER, i)));
    }
}

static void disable(void)
{
    write_csr(UIE, 0);
}

static void interrupts_wait(void)
{
    setup();
    become_receiver(1);
    taken->hook = disable;
    set_csr(USTATUS, STATUS_UIE);
    slot_write(1, SEND, 0);
    write_csr(SUICFG, GATE_CLOSED);
    CHECK(ended(in_mode(USER, nothing, 0)));
    CHECK_EQ(taken->count, 0);
    write_csr(SUICFG, 0);
    CHECK(ended(in_mode(USER, nothing, 0)));
    CHECK_EQ(taken->count, 1);
}

static long breakpoint(long value)
{
    asm volatile("ebreak");
    return value;
}

static void exceptions_pass_by(void)
{
    setup();
    write_csr(MEDELEG, 1 << CAUSE_BREAKPOINT);
    write_csr(SEDELEG, 1 << CAUSE_BREAKPOINT);
    write_csr(SUICFG, GATE_CLOSED);
    CHECK_EQ(in_mode(USER, breakpoint, 0).mode, SUPERVISOR);
    CHECK_EQ(taken->count, 0);
}

int main(void)
{
    test("the gate is open after reset", open_after_reset);
    test("closed, every instruction and register is illegal in U-mode, with its word as value", closed);
    test("the exception goes to S-mode if M-mode delegates it", to_supervisor);
    test("S-mode and M-mode do not notice", other_modes);
    test("no other bit of suicfg has a meaning", other_bits);
    test("opened again, all work", opened_again);
    test("closed, an interrupt waits until it is open", interrupts_wait);
    test("closed, exceptions in sedeleg go to S-mode", exceptions_pass_by);
    write_csr(SUICFG, 0);
    finish();
}
