/*
 * Harts as coroutines, by ucontext, with the address sanitizer told of it; and the machine's clock and
 * interrupts between them.
 */
#include "simulation/harts.h"

#include "arch/riscv64/trap.h"
#include "arch/timer.h"
#include "host.h"
#include "lib/bits.h"
#include "syscall/entry.h"
#include "syscall/exit.h"

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <setjmp.h>
#include <string.h>
#include <ucontext.h>

#define STACK_BYTES 0x40000

/* How long a late hart is away, in steps. */
#define LATE_STEPS 3000

uint64_t harts_seed;
struct harts_chances harts_chances;

/* A hart, or what chooses among them. */
static struct side {
    ucontext_t registers;
    const void *stack;
    size_t stack_bytes;
    struct hart *hart;
    jmp_buf leave; /* to user mode */
    bool is_user;  /* it runs in user mode */
    bool sleeps;
    unsigned sending; /* interrupts that it is about to send */
    unsigned long away_until;
} sides[HARTS_MAX + 1];

static struct side *const chooser = &sides[HARTS_MAX];
static struct side *running;
static char stacks[HARTS_MAX][STACK_BYTES];

/* What a hart has stopped for, to be reported where the test can. */
static char failure[512];

/*
 * ---- Switching ----
 */

static void switch_to(struct side *to)
{
    struct side *from = running;
    void *fake_stack;

    running = to;
    __sanitizer_start_switch_fiber(&fake_stack, to->stack, to->stack_bytes);
    swapcontext(&from->registers, &to->registers);
    __sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
}

/* Another hart may go on. */
static void yield(void)
{
    if (running != chooser) {
        switch_to(chooser);
    }
}

static void maybe_yield(uint32_t one_in)
{
    hart_looks(host_hart);
    if (any(one_in) == 0) {
        yield();
    }
}

void host_panic(const char *message)
{
    if (running && running != chooser) {
        strncpy(failure, message, sizeof(failure) - 1);
        yield();
    }
}

/*
 * ---- Between user mode and the kernel ----
 */

_Noreturn void return_to_user(struct tcb *thread)
{
    check(host_hart == running->hart && host_hart->current == thread && thread->hart == host_hart);
    longjmp(running->leave, 1);
}

static void trap(struct tcb *thread)
{
    running->is_user = false;
    thread->context.regs[ABI_REG_PC] = thread->context.next_pc;
    handle_trap(thread, CAUSE_INTERRUPT);
}

static void ecall(struct tcb *thread)
{
    const word_t *a = &thread->context.regs[ABI_REG_A0];
    word_t number = ~thread->context.regs[ABI_REG_A7];

    running->is_user = false;
    thread->context.regs[ABI_REG_PC] = thread->context.next_pc;
    thread->context.next_pc += 4;
    if (number < SYSCALLS) {
        syscall_table[number](a[0], a[1], a[2], a[3], a[4], a[5], thread);
    } else {
        handle_other_syscall(a[0], a[1], a[2], a[3], a[4], a[5], thread, ~number);
    }
}

static void be_in_user_mode(struct hart *hart)
{
    struct tcb *thread = hart->current;

    yield();
    if (hart->arch.sip & hart->arch.sie) {
        trap(thread);
    }
    if (user_runs(thread)) {
        ecall(thread);
    }
}

/* Each way into the kernel comes back here. */
static void run_hart(void)
{
    __sanitizer_finish_switch_fiber(NULL, &chooser->stack, &chooser->stack_bytes);
    if (!setjmp(running->leave)) {
        kernel_enter();
    }
    for (;;) {
        if (setjmp(running->leave)) {
            running->is_user = true;
            hart_has_left(running->hart);
        } else {
            be_in_user_mode(running->hart);
        }
    }
}

/*
 * ---- The machine ----
 */

word_t *host_sip(void)
{
    struct hart *hart = host_hart;

    maybe_yield(3);
    return &hart->arch.sip;
}

word_t *host_sie(void)
{
    return &host_hart->arch.sie;
}

void wait_for_interrupt(void)
{
    running->sleeps = true;
    maybe_yield(1);
    running->sleeps = false;
}

void pause_hint(void)
{
    maybe_yield(8);
}

void hart_send_ipi(const struct hart *hart)
{
    running->sending++;
    maybe_yield(2);
    running->sending--;
    harts_table[hart->id].arch.sip |= INTERRUPT_IPI;
}

void timer_start(struct hart *hart)
{
    hart->arch.deadline = host_time + counts_per_tick;
}

void timer_stop(void)
{
    host_hart->arch.deadline = ~0ul;
    host_hart->arch.sip &= ~INTERRUPT_TIMER;
}

void timer_acknowledge(struct hart *hart)
{
    hart_ticks(hart);
    hart->arch.sip &= ~INTERRUPT_TIMER;
    timer_start(hart);
}

/* Nothing is counted. */
unsigned long host_preemption_points;

void host_preempt_never(void)
{
}

void host_reset_harts(void)
{
    memset(sides, 0, sizeof(sides));
    running = NULL;
    failure[0] = 0;
}

/*
 * ---- Choosing ----
 */

static bool may_run(const struct side *side)
{
    return side->away_until <= host_step && (!side->sleeps || side->hart->arch.sip & side->hart->arch.sie);
}

static void pass_time(void)
{
    host_time += any(30) ? any(20) : any((uint32_t)counts_per_tick);
    for (unsigned id = 0; id < harts_online; id++) {
        struct hart_arch *arch = &harts_table[id].arch;
        if (host_time >= arch->deadline) {
            arch->sip |= INTERRUPT_TIMER;
        }
    }
    if (harts_chances.interrupts && any(100) == 0) {
        host_machine.irq_waiting = 1;
        harts_table[0].arch.sip |= INTERRUPT_DEVICE;
    }
}

/* Where the host runs something else instead of a hart that idles, or comes back for a queue. */
static void be_late(struct side *side)
{
    bool idles = side->sleeps && side->hart->arch.sie == INTERRUPTS_ALL;

    if (harts_chances.late && (idles || side->hart->idle.kept) && any(100) == 0) {
        side->away_until = host_step + any(LATE_STEPS);
    }
}

/* One that sleeps may wake up for nothing. */
static struct side *choose(void)
{
    unsigned first = any(harts_online);

    be_late(&sides[first]);
    for (unsigned i = 0; i < harts_online; i++) {
        struct side *side = &sides[(first + i) % harts_online];
        if (may_run(side)) {
            return side;
        }
    }
    return sides[first].away_until <= host_step && any(20) == 0 ? &sides[first] : NULL;
}

void harts_run(unsigned long steps)
{
    while (steps) {
        struct side *side = choose();
        pass_time();
        host_step++;
        if (!side) {
            continue;
        }
        steps--;
        host_hart = side->hart;
        switch_to(side);
        if (failure[0]) {
            running = NULL;
            panic("%s", failure);
        }
    }
}

static bool lock_is_free(void)
{
    for (unsigned id = 0; id < harts_online; id++) {
        if (!kernel_lock_is_waited_for(&harts_table[id])) {
            return false;
        }
    }
    return true;
}

/* The kernel remembers who has the lock. */
void harts_stop(void)
{
    harts_hurry();
    while (harts_online > 1 && !lock_is_free()) {
        harts_run(1);
    }
}

static void start(struct side *side, char *stack)
{
    side->hart->arch.sie = INTERRUPTS_ALL;
    side->stack = stack;
    side->stack_bytes = STACK_BYTES;
    timer_start(side->hart);
    ASAN_UNPOISON_MEMORY_REGION(stack, STACK_BYTES); /* it may have been left in the middle */
    getcontext(&side->registers);
    side->registers.uc_stack.ss_sp = stack;
    side->registers.uc_stack.ss_size = STACK_BYTES;
    makecontext(&side->registers, run_hart, 0);
}

void harts_start(unsigned count)
{
    harts_online = count;
    running = chooser;
    for (unsigned id = 0; id < count; id++) {
        sides[id].hart = &harts_table[id];
        start(&sides[id], stacks[id]);
    }
}

void harts_hurry(void)
{
    harts_chances.late = false;
    for (unsigned id = 0; id < harts_online; id++) {
        sides[id].away_until = 0;
    }
}

bool harts_sleeps(const struct hart *hart)
{
    return sides[hart->id].sleeps;
}

bool harts_lock_is_idle(void)
{
    if (harts_online == 1) {
        return sides[0].is_user;
    }
    for (unsigned id = 0; id < harts_online; id++) {
        if (harts_table[id].parked && !harts_table[id].lock_node.waiting) {
            return true;
        }
    }
    return lock_is_free();
}

bool harts_is_on_its_way(const struct hart *hart)
{
    return hart->arch.sip & hart->arch.sie || hart->parked;
}

bool harts_are_sending(void)
{
    for (unsigned id = 0; id < harts_online; id++) {
        if (sides[id].sending) {
            return true;
        }
    }
    return false;
}
