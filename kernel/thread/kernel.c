/*
 * Lock, exit, idling, and stalling other harts.
 */
#include "thread/kernel.h"

#include "arch/asid.h"
#include "arch/fpu.h"
#include "arch/tlb.h"
#include "arch/vm.h"
#include "lib/bits.h"
#include "lib/mutant.h"
#include "lib/preempt.h"
#include "object/console_turn.h"
#include "thread/scheduler.h"
#include "thread/switch.h"
#include "worker/placement.h"

#define WORK_UNITS_PER_LOOK 8

/* How often a hart looks for the lock before it sleeps: about as long as waking it takes. */
#define LOOKS_BEFORE_SLEEP 500

/* In lock_node.waiting; 0 is the lock's owner. */
enum {
    LOCK_SPINNING = 1,
    LOCK_SLEEPING = 2
};

HOT_DATA struct hart harts_table[MAX_HARTS];
HOT_DATA word_t idle_harts;
unsigned harts_online = 1;

/* The last hart in the queue for the kernel lock; NULL if it is free. */
static HOT_DATA struct lock_node *lock_tail;

_Noreturn void return_to_user(struct tcb *thread);

/* Another hart takes down the address space that this one is in. */
static void answer_address_space(struct hart *hart)
{
    if (__atomic_load_n(&hart->leave_address_space, __ATOMIC_ACQUIRE)) { /* pairs with asid_expel_hart() */
        vm_activate_kernel();
        __atomic_store_n(&hart->leave_address_space, 0, __ATOMIC_RELEASE);
    }
}

/*
 * Sleeps until the lock is handed over, so that a waiting hart costs nobody anything; where several harts
 * share a processor of the host, it would take the time from the very hart that it waits for. Only
 * interrupts of other harts end the sleep. Whether one was meant for something else cannot be told, so one is
 * put back, to be taken after the return to user mode.
 */
static void sleep_for_lock(struct hart *hart)
{
    unsigned expected = LOCK_SPINNING;

    interrupts_select(INTERRUPT_IPI);
    ipi_clear();
    __atomic_compare_exchange_n(&hart->lock_node.waiting, &expected, LOCK_SLEEPING, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
    while (__atomic_load_n(&hart->lock_node.waiting, __ATOMIC_ACQUIRE)) { /* pairs with kernel_unlock() */
        answer_address_space(hart);
        wait_for_interrupt();
        ipi_clear();
    }
    ipi_put_back();
    interrupts_select(INTERRUPTS_ALL);
}

static void wait_for_lock(struct hart *hart, struct lock_node *before)
{
    bool was_live = unlikely(hart->uintr_live != NULL);

    fpu_park(hart);
    if (was_live) {
        uintr_leave(hart);
    }
    __atomic_store_n(&hart->parked, 1, __ATOMIC_RELEASE);                /* pairs with stall_hart() */
    __atomic_store_n(&before->next, &hart->lock_node, __ATOMIC_RELEASE); /* pairs with kernel_unlock() */
    unsigned looks = 0;
    while (__atomic_load_n(&hart->lock_node.waiting, __ATOMIC_ACQUIRE)) { /* pairs with kernel_unlock() */
        answer_address_space(hart);
        if (++looks == LOOKS_BEFORE_SLEEP) {
            sleep_for_lock(hart);
            break;
        }
        pause_hint();
    }
    hart->parked = 0;
    if (was_live) {
        hart->pending |= PENDING_UINTR; /* with the lock, under which others write it, too */
    }
}

HOT bool kernel_lock_among_harts(struct hart *hart)
{
    struct lock_node *node = &hart->lock_node;

    node->next = NULL;
    node->waiting = LOCK_SPINNING;
    /* Acquire pairs with the release in kernel_unlock(); release publishes the node itself. */
    struct lock_node *before = __atomic_exchange_n(&lock_tail, node, __ATOMIC_ACQ_REL);
    if (unlikely(before != NULL)) {
        wait_for_lock(hart, before);
        return hart->entry_void;
    }
    return false;
}

bool kernel_try_lock(struct hart *hart)
{
    struct lock_node *node = &hart->lock_node, *expected = NULL;

    node->next = NULL;
    /* As in kernel_lock_among_harts(). */
    return !hart->locks || __atomic_compare_exchange_n(&lock_tail, &expected, node, false, __ATOMIC_ACQ_REL,
                                                       __ATOMIC_RELAXED);
}

static struct hart *hart_of_node(struct lock_node *node)
{
    return (struct hart *)((char *)node - offsetof(struct hart, lock_node));
}

HOT void kernel_unlock_among_harts(struct hart *hart)
{
    struct lock_node *node = &hart->lock_node;
    struct lock_node *next = __atomic_load_n(&node->next, __ATOMIC_ACQUIRE);

    if (likely(!next)) {
        struct lock_node *expected = node;
        if (likely(__atomic_compare_exchange_n(&lock_tail, &expected, NULL, false, __ATOMIC_RELEASE,
                                               __ATOMIC_RELAXED))) {
            return;
        }
        /* Somebody has queued up and is about to say so. */
        while (!(next = __atomic_load_n(&node->next, __ATOMIC_ACQUIRE))) {
            pause_hint();
        }
    }
    /* Pairs with wait_for_lock() and sleep_for_lock(). From here on the next hart may do anything. */
    if (__atomic_exchange_n(&next->waiting, 0, __ATOMIC_ACQ_REL) == LOCK_SLEEPING) {
        hart_send_ipi(hart_of_node(next));
    }
}

HOT bool kernel_lock_is_waited_for(const struct hart *hart)
{
    return __atomic_load_n(&lock_tail, __ATOMIC_RELAXED) != &hart->lock_node;
}

bool preemption_point(void)
{
    struct hart *hart = this_hart();

    if (++hart->work_units < WORK_UNITS_PER_LOOK) {
        return false;
    }
    hart->work_units = 0;
    return interrupt_pending() || kernel_lock_contended(hart);
}

void preemption_soon(void)
{
    this_hart()->work_units = WORK_UNITS_PER_LOOK;
}

static __attribute__((noinline)) void send_ipis(word_t targets)
{
    while (targets) {
        unsigned id = lowest_bit(targets);
        targets &= targets - 1;
        hart_send_ipi(&harts_table[id]);
    }
}

static inline __attribute__((always_inline)) void leave(struct hart *hart)
{
    word_t targets = hart->pending & mask(MAX_HARTS);

    assert(!hart->tlb_batch.open && !hart->candidate);
    hart->pending = 0;
    kernel_unlock(hart);
    if (unlikely(targets)) {
        send_ipis(targets);
    }
}

void kernel_leave(struct hart *hart)
{
    leave(hart);
}

/* The thread to run, which is current then; idle_thread if none is to run. */
static inline struct tcb *switch_to_best(struct hart *hart)
{
    struct tcb *next = sched_choose(hart);

    if (next != hart->current && !(MUTANT(STAY_CURRENT) && next == &idle_thread)) {
        if (unlikely(next == &idle_thread)) {
            thread_leave(hart);
        } else {
            thread_switch(hart, next);
        }
    }
    return next;
}

/* Lets other harts have the lock that wait for it, or are to be interrupted. Nobody is current here. If there
 * is a candidate, they have it when that runs. */
static void let_others_in(struct hart *hart)
{
    bool others_wait = (hart->pending & mask(MAX_HARTS)) || kernel_lock_contended(hart);

    if (unlikely(others_wait) && !hart->candidate) {
        leave(hart);
        kernel_lock_exclusive(hart);
        hart->entry_void = false;
    }
}

/* No thread is to run: the hart runs a worker, or waits for something to do. Returns the thread that runs
 * next. */
static __attribute__((noinline)) struct tcb *run_without_thread(struct hart *hart)
{
    struct tcb *next;

    do {
        if (!hart->serving) {
            placement_idle(hart);
        }
        if (hart->serving) {
            placement_serve(hart);
        }
        let_others_in(hart);
        next = switch_to_best(hart);
        if (unlikely(hart->idle.watched != NULL) && (next != &idle_thread || hart->serving)) {
            placement_end_watch(hart);
            if (!hart->serving) {
                next = switch_to_best(hart);
            }
        }
    } while (next == &idle_thread);
    return next;
}

/* The thread that runs in user mode next. */
static inline __attribute__((always_inline)) struct tcb *choose_user(struct hart *hart)
{
    struct tcb *next = switch_to_best(hart);

    if (unlikely(next == &idle_thread)) {
        next = run_without_thread(hart);
    }
    if (next->state == THREAD_RESTART) {
        next->context.next_pc = next->context.regs[ABI_REG_PC];
        next->state = THREAD_RUNNING;
        if (unlikely(next->ready.has_console)) {
            console_watch_call(hart);
        }
    }
    return next;
}

/* A thread on its way to its handler has let go of the console, and somebody may be more important now. */
static COLD struct tcb *choose_again(struct hart *hart)
{
    struct tcb *next;

    do {
        next = choose_user(hart);
    } while (next->uintr.user && !uintr_prepare_return(hart, next));
    return next;
}

HOT struct tcb *kernel_exit_slow(struct hart *hart)
{
    struct tcb *current = hart->current;

    if (unlikely(current->async_queue != NULL) && !thread_is_runnable(current)) {
        placement_blocked(current);
    }
    struct tcb *next = choose_user(hart);
    if (unlikely(next->uintr.user) && unlikely(!uintr_prepare_return(hart, next))) {
        next = choose_again(hart);
    }
    leave(hart);
    return next;
}

_Noreturn void thread_switch_exit_slow(struct hart *hart, struct tcb *next)
{
    assert(!next->ready.has_console); /* it waited for the message */
    thread_switch(hart, next);
    if (next->uintr.user) {
        uintr_prepare_return(hart, next);
    }
    kernel_unlock(hart);
    return_to_user(next);
}

struct tcb *kernel_exit_void(struct hart *hart)
{
    hart->entry_void = false;
    hart->pending |= PENDING_RESCHEDULE;
    /* The thread may have new registers and a new address space, or be gone. */
    thread_switch(hart, hart->current);
    return kernel_exit(hart);
}

_Noreturn void kernel_enter(void)
{
    struct hart *hart = this_hart();

    hart->locks = harts_online > 1;
    hart_update_slow(hart);
    kernel_lock_exclusive(hart);
    hart->pending |= PENDING_RESCHEDULE;
    return_to_user(kernel_exit(hart));
}

void hart_interrupt(const struct hart *hart)
{
    tlb_batch_pay();
    hart_send_ipi(hart);
}

static void stall_hart(struct hart *hart)
{
    if (!__atomic_load_n(&hart->parked, __ATOMIC_ACQUIRE)) { /* pairs with wait_for_lock() */
        hart_interrupt(hart);
        while (!__atomic_load_n(&hart->parked, __ATOMIC_ACQUIRE)) {
            pause_hint();
        }
    }
}

static bool runs_elsewhere(const struct tcb *thread)
{
    return thread->hart != this_hart() && thread->hart->current == thread;
}

void thread_stall(struct tcb *thread)
{
    if (unlikely(runs_elsewhere(thread))) {
        stall_hart(thread->hart);
    }
}

void thread_interrupt(struct tcb *thread)
{
    if (unlikely(runs_elsewhere(thread))) {
        stall_hart(thread->hart);
        thread->hart->entry_void = true;
        thread->state = THREAD_RESTART;
    } else if (thread == this_hart()->serving && thread == this_hart()->current) {
        this_hart()->call_void = true;
    }
}

void thread_expel(struct tcb *thread)
{
    if (unlikely(runs_elsewhere(thread))) {
        thread_interrupt(thread);
        thread->hart->current = &idle_thread;
    }
}
