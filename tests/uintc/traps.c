/*
 * User-level traps: which mode takes an interrupt or an exception, what is written, and what uret does.
 */
#include "bare.h"

/* All but the ECALL by which an S-mode trap is reported to M-mode. */
#define DELEGABLE ~(1ul << 9)

static struct user_traps *const taken = &user_traps[0];

static void (*hook)(void);

/* A handler that clears the software bits, so that it is not entered again. */
static void clear_pending(void)
{
    write_csr(UIP, 0);
    if (hook) {
        hook();
    }
}

static void setup(void)
{
    reset_user_interrupts();
    write_csr(MIDELEG, S_SOFTWARE);
    write_csr(SIDELEG, U_ALL);
    write_csr(UIE, U_ALL);
    taken->hook = clear_pending;
    hook = 0;
}

static long nothing(long value)
{
    return value;
}

static long raise_in_user_mode(long bits)
{
    long count;

    set_csr(UIP, bits);
    count = (long)*(volatile uint64_t *)&taken->count;
    return count;
}

static void delivery(void)
{
    setup();
    set_csr(USTATUS, STATUS_UIE);
    CHECK_EQ(in_mode(USER, raise_in_user_mode, U_SOFTWARE).result, 1);
    CHECK_EQ(taken->count, 1);
    CHECK_EQ(taken->cause, CAUSE_INTERRUPT | 0);
    CHECK_EQ(taken->value, 0);
    CHECK_EQ(taken->status, STATUS_UPIE);
    CHECK_EQ(read_csr(USTATUS), STATUS_UIE | STATUS_UPIE);
}

static long sret_to_user(long value)
{
    write_csr(SEPC, nothing);
    clear_csr(SSTATUS, STATUS_SPP);
    asm volatile("sret");
    return value;
}

static void disable(void)
{
    write_csr(UIE, 0);
}

static long breakpoint(long value)
{
    asm volatile(".option push; .option norvc; ebreak; .option pop");
    return value;
}

static void skip_instruction(void)
{
    write_csr(UEPC, taken->pc + 4);
}

static void first_instruction(void)
{
    static const enum mode from[] = { MACHINE, SUPERVISOR };

    for (unsigned i = 0; i < 2; i++) {
        setup();
        set_csr(MIP, U_SOFTWARE);
        set_csr(USTATUS, STATUS_UIE);
        if (from[i] == MACHINE) {
            in_mode(USER, nothing, 0);
        } else {
            in_mode(SUPERVISOR, sret_to_user, 0);
        }
        CHECK_EQ(taken->count, 1);
        CHECK_EQ(taken->cause, CAUSE_INTERRUPT | 0);
        CHECK_EQ(taken->pc, (uint64_t)nothing);
    }
}

static void not_enabled(void)
{
    setup();
    set_csr(MIP, U_SOFTWARE);
    CHECK(ended(in_mode(USER, nothing, 0)));
    CHECK_EQ(taken->count, 0);

    setup();
    write_csr(UIE, U_TIMER | U_EXTERNAL);
    set_csr(MIP, U_SOFTWARE);
    set_csr(USTATUS, STATUS_UIE);
    CHECK(ended(in_mode(USER, nothing, 0)));
    CHECK_EQ(taken->count, 0);
}

static void vectored(void)
{
    static const uint64_t causes[] = { 0, 4, 8 };

    for (unsigned i = 0; i < 3; i++) {
        setup();
        write_csr(UTVEC, (uint64_t)user_vectors | 1);
        write_csr(UIE, 1ul << causes[i]);
        set_csr(MIP, 1ul << causes[i]);
        set_csr(USTATUS, STATUS_UIE);
        /* UTIP cannot be cleared in U-mode, so the handler turns it off. */
        taken->hook = disable;
        CHECK(ended(in_mode(USER, nothing, 0)));
        CHECK_EQ(taken->count, 1);
        CHECK_EQ(taken->vector, causes[i]);
        CHECK_EQ(taken->cause, CAUSE_INTERRUPT | causes[i]);
    }
}

static uint64_t order[3];

static void note_order(void)
{
    order[taken->count - 1] = taken->cause & 0xff;
    clear_csr(UIE, 1ul << (taken->cause & 0xff));
}

static void lowest_first(void)
{
    setup();
    set_csr(MIP, U_ALL);
    set_csr(USTATUS, STATUS_UIE);
    taken->hook = note_order;
    CHECK(ended(in_mode(USER, nothing, 0)));
    CHECK_EQ(taken->count, 3);
    CHECK_EQ(order[0], 0);
    CHECK_EQ(order[1], 4);
    CHECK_EQ(order[2], 8);
}

static void exceptions_not_vectored(void)
{
    setup();
    write_csr(MEDELEG, 1 << CAUSE_BREAKPOINT);
    write_csr(SEDELEG, 1 << CAUSE_BREAKPOINT);
    write_csr(UTVEC, (uint64_t)user_vectors | 1);
    taken->hook = skip_instruction;
    CHECK(ended(in_mode(USER, breakpoint, 0)));
    CHECK_EQ(taken->count, 1);
    CHECK_EQ(taken->vector, 0);
    CHECK_EQ(taken->cause, CAUSE_BREAKPOINT);
}

static void supervisor_interrupt(void)
{
    struct trap trap;

    setup();
    write_csr(SIDELEG, 0);
    write_csr(MIE, U_SOFTWARE);
    set_csr(MIP, U_SOFTWARE);
    set_csr(USTATUS, STATUS_UIE);
    trap = in_mode(USER, nothing, 0);
    CHECK_EQ(trap.cause, CAUSE_INTERRUPT | 0);
    CHECK_EQ(trap.mode, SUPERVISOR);
    CHECK_EQ(trap.value, 0);
    CHECK_EQ(taken->count, 0);
    write_csr(MIE, 0);
}

/* wfi must end here although nothing is taken. */
static long wait_with_interrupts(long value)
{
    set_csr(SSTATUS, STATUS_SIE);
    asm volatile("wfi");
    clear_csr(SSTATUS, STATUS_SIE);
    return value;
}

static void held(void)
{
    setup();
    set_csr(MIP, U_SOFTWARE);
    set_csr(USTATUS, STATUS_UIE);
    CHECK_EQ(in_mode(SUPERVISOR, wait_with_interrupts, 0).cause, 9);
    set_csr(MSTATUS, 8);
    asm volatile("wfi");
    clear_csr(MSTATUS, 8);
    CHECK_EQ(taken->count, 0);
    CHECK_EQ(read_csr(MIP) & U_SOFTWARE, U_SOFTWARE);
}

static void higher_modes_first(void)
{
    setup();
    set_csr(MIE, S_SOFTWARE);
    set_csr(MIP, U_SOFTWARE | S_SOFTWARE);
    set_csr(USTATUS, STATUS_UIE);
    CHECK_EQ(in_mode(USER, nothing, 0).cause, CAUSE_INTERRUPT | 1);
    CHECK_EQ(taken->count, 0);
    clear_csr(MIP, S_SOFTWARE);
    clear_csr(MIE, S_SOFTWARE);

    set_csr(MIE, M_SOFTWARE);
    store32(0x2000000, 1);
    CHECK_EQ(in_mode(USER, nothing, 0).cause, CAUSE_INTERRUPT | 3);
    CHECK_EQ(taken->count, 0);
    store32(0x2000000, 0);
    clear_csr(MIE, M_SOFTWARE);
}

static long do_uret(long value)
{
    asm volatile(".word 0x00200073");
    return value;
}

static void uret_privilege(void)
{
    static const enum mode modes[] = { SUPERVISOR, MACHINE };

    for (unsigned i = 0; i < 2; i++) {
        struct trap trap;

        setup();
        set_csr(USTATUS, STATUS_UPIE);
        in_mode(USER, breakpoint, 0); /* leaves another value in mtval */
        trap = in_mode(modes[i], do_uret, 0);
        CHECK_EQ(trap.cause, CAUSE_ILLEGAL);
        CHECK_EQ(trap.value, 0);
        CHECK_EQ(read_csr(USTATUS), STATUS_UPIE);
    }
    CHECK_EQ(in_mode(VIRTUAL_USER, do_uret, 0).cause, CAUSE_VIRTUAL);
}

static long return_five(long unused)
{
    asm volatile("li a0, 5; ret");
    return unused;
}

static void uret_status(void)
{
    for (uint64_t odd = 0; odd < 2; odd++) {
        setup();
        write_csr(USTATUS, STATUS_UPIE);
        write_csr(UEPC, (uint64_t)return_five + odd);
        CHECK_EQ(in_mode(USER, do_uret, 0).result, 5);
        CHECK_EQ(read_csr(USTATUS), STATUS_UIE | STATUS_UPIE);
        CHECK_EQ(read_csr(UEPC), (uint64_t)return_five + odd);

        write_csr(USTATUS, STATUS_UIE);
        CHECK_EQ(in_mode(USER, do_uret, 0).result, 5);
        CHECK_EQ(read_csr(USTATUS), STATUS_UPIE);
    }
}

/* At the first entry, the next interrupt is already pending. */
static void raise_once_more(void)
{
    if (taken->count == 1) {
        set_csr(UIP, U_SOFTWARE);
    }
    write_csr(UCAUSE, 77);
}

static void again_after_uret(void)
{
    setup();
    hook = raise_once_more;
    set_csr(MIP, U_SOFTWARE);
    set_csr(USTATUS, STATUS_UIE);
    CHECK(ended(in_mode(USER, nothing, 0)));
    CHECK_EQ(taken->count, 2);
    CHECK_EQ(taken->cause, CAUSE_INTERRUPT | 0);
    CHECK_EQ(taken->pc, (uint64_t)nothing);
}

static long illegal(long value)
{
    asm volatile(".word 0xfff0007f");
    return value;
}

static long bad_load(long address)
{
    return *(volatile char *)address;
}

static void exceptions(void)
{
    setup();
    taken->hook = skip_instruction;
    write_csr(MEDELEG, DELEGABLE);
    write_csr(SEDELEG, 1 << CAUSE_ILLEGAL | 1 << CAUSE_BREAKPOINT);
    CHECK(in_mode(USER, illegal, 0).mode == SUPERVISOR); /* the ECALL, when the function has ended */
    CHECK_EQ(taken->count, 1);
    CHECK_EQ(taken->cause, CAUSE_ILLEGAL);
    CHECK_EQ(taken->value, 0xfff0007f);
    CHECK_EQ(taken->pc, (uint64_t)illegal);
    CHECK_EQ(taken->status, 0);

    /* Others, and the same in S-mode, go where they always went. */
    CHECK_EQ(in_mode(USER, bad_load, 0x40).cause, CAUSE_LOAD_FAULT);
    CHECK_EQ(in_mode(SUPERVISOR, illegal, 0).cause, CAUSE_ILLEGAL);
    CHECK_EQ(in_mode(VIRTUAL_USER, illegal, 0).cause, CAUSE_ILLEGAL);
    CHECK_EQ(taken->count, 1);

    /* M-mode keeps what it does not delegate. */
    write_csr(MEDELEG, 0);
    write_csr(SEDELEG, ~0ul);
    CHECK_EQ(in_mode(USER, illegal, 0).mode, MACHINE);
    CHECK_EQ(taken->count, 1);
}

static void address_of_fault(void)
{
    setup();
    taken->hook = skip_instruction;
    write_csr(MEDELEG, DELEGABLE);
    write_csr(SEDELEG, 1 << CAUSE_LOAD_FAULT);
    in_mode(USER, bad_load, 0x48);
    CHECK_EQ(taken->cause, CAUSE_LOAD_FAULT);
    CHECK_EQ(taken->value, 0x48);
}

static void guest_holds(void)
{
    setup();
    set_csr(MIP, U_SOFTWARE);
    set_csr(USTATUS, STATUS_UIE);
    CHECK(ended(in_mode(VIRTUAL_USER, nothing, 0)));
    CHECK_EQ(taken->count, 0);
}

int main(void)
{
    test("an interrupt is taken in U-mode: ucause, utval, UIE, UPIE, and uret goes back", delivery);
    test("mret and sret to U-mode with one pending: ucause is right, uepc is the first instruction",
         first_instruction);
    test("without UIE, or without its bit in uie, it waits", not_enabled);
    test("vectored mode enters at 4 * cause, and the mode bits are not part of pc", vectored);
    test("of several, the lowest number is taken first", lowest_first);
    test("exceptions enter at the base in vectored mode", exceptions_not_vectored);
    test("without sideleg it is an interrupt of S-mode with cause 0", supervisor_interrupt);
    test("S-mode and M-mode hold it, and wfi ends", held);
    test("interrupts of S-mode and M-mode win", higher_modes_first);
    test("uret is illegal in S-mode and M-mode with value 0, and not for a guest", uret_privilege);
    test("uret moves UPIE to UIE, sets UPIE, and goes to an even address", uret_status);
    test("after uret the next pending one is taken, with its own ucause", again_after_uret);
    test("exceptions in sedeleg are taken in U-mode, as far as M-mode delegates them", exceptions);
    test("utval of a load fault is the address", address_of_fault);
    test("a guest's U-mode takes none", guest_holds);
    finish();
}
