/*
 * What stands in for kernel/thread/kernel.c, and for the interrupts of kernel/syscall/entry.c, where one hart
 * runs and others do at most what the test says: the lock is free, nobody has to be stopped, and preemption
 * points do what the test says, too. tests/host/simulation/ has several harts and none of this.
 */
#include "arch/timer.h"
#include "arch/tlb.h"
#include "host.h"
#include "object/console_turn.h"
#include "object/irq.h"
#include "random.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

struct hart harts_table[MAX_HARTS];
unsigned harts_online = 1;
word_t idle_harts;

unsigned long host_preemption_points;

static struct {
    unsigned every;
    bool is_random;
    uint64_t seed;
    unsigned calls;
} preemption;

void host_reset_harts(void)
{
    host_preemption_points = 0;
    host_lock_wanted = NULL;
    host_lock_taken = NULL;
    host_lock_queued = 0;
    host_meanwhile = NULL;
    host_preempt_never();
}

void host_panic(const char *message)
{
}

void host_preempt_never(void)
{
    preemption.every = 0;
    preemption.is_random = false;
}

void host_preempt_every(unsigned n)
{
    preemption.every = n;
    preemption.is_random = false;
    preemption.calls = 0;
}

void host_preempt_randomly(uint32_t seed, unsigned n)
{
    preemption.every = n;
    preemption.is_random = true;
    preemption.seed = seed + 1ul;
}

bool preemption_point(void)
{
    host_preemption_points++;
    if (preemption.every == 0) {
        return false;
    }
    if (preemption.is_random) {
        return random_below(&preemption.seed, preemption.every) == 0;
    }
    return ++preemption.calls % preemption.every == 0;
}

void preemption_soon(void)
{
}

/* Of kernel/thread/kernel.c. Other harts are never in the kernel, unless a test is one of them meanwhile. */

static bool runs_elsewhere(const struct tcb *thread)
{
    return thread->hart != host_hart && thread->hart->current == thread;
}

void thread_stall(struct tcb *thread)
{
}

void thread_interrupt(struct tcb *thread)
{
    if (runs_elsewhere(thread)) {
        thread->hart->entry_void = true;
        thread->state = THREAD_RESTART;
    } else if (thread == host_hart->serving) {
        host_hart->call_void = true;
    }
}

void thread_expel(struct tcb *thread)
{
    if (runs_elsewhere(thread)) {
        thread_interrupt(thread);
        thread->hart->current = &idle_thread;
    }
}

void hart_interrupt(const struct hart *hart)
{
    tlb_batch_pay();
    host_machine.interrupted |= bit(hart->id);
}

bool (*host_lock_wanted)(void);

bool kernel_lock_is_waited_for(const struct hart *hart)
{
    return host_lock_wanted && host_lock_wanted();
}

bool kernel_lock_among_harts(struct hart *hart)
{
    host_lock_queued++;
    return false;
}

bool (*host_lock_taken)(void);
unsigned host_lock_queued;

bool kernel_try_lock(struct hart *hart)
{
    return !host_lock_taken || !host_lock_taken();
}

void (*host_meanwhile)(void);

static void be_the_others(void)
{
    struct hart *self = host_hart;

    if (host_meanwhile) {
        host_meanwhile();
    }
    host_hart = self;
}

void kernel_unlock_among_harts(struct hart *hart)
{
    check(hart == host_hart && !hart->tlb_batch.open);
    be_the_others();
}

void kernel_send_ipis(word_t targets)
{
    host_machine.interrupted |= targets;
}

/* Of kernel/syscall/entry.c. */
void handle_interrupts(struct hart *hart)
{
    word_t pending = hart->arch.sip;

    hart->arch.sip = 0;
    if (pending & INTERRUPT_IPI) {
        hart->pending.reschedule = true;
    }
    if (pending & INTERRUPT_TIMER) {
        sched_tick(hart);
        placement_tick(hart);
        console_tick(hart);
    }
    if (pending & INTERRUPT_DEVICE) {
        irq_deliver(hart);
    }
}

word_t *host_sip(void)
{
    return &host_hart->arch.sip;
}

word_t *host_sie(void)
{
    return &host_hart->arch.sie;
}

void wait_for_interrupt(void)
{
    be_the_others();
    if (!host_hart->arch.sip) {
        panic("nothing ends the sleep");
    }
}

void pause_hint(void)
{
}

void timer_acknowledge(struct hart *hart)
{
    hart->arch.sip &= ~INTERRUPT_TIMER;
}

void timer_start(struct hart *hart)
{
}

void timer_stop(void)
{
    host_hart->arch.sip &= ~INTERRUPT_TIMER;
}

void hart_send_ipi(const struct hart *hart)
{
    host_machine.interrupted |= bit(hart->id);
}
