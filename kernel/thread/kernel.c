/*
 * Lock, exit, idling, and stalling other harts.
 */
#include "thread/kernel.h"

#include "arch/riscv64/asid.h"
#include "arch/riscv64/fpu.h"
#include "arch/riscv64/sbi.h"
#include "arch/riscv64/timer.h"
#include "arch/riscv64/vm.h"
#include "lib/bits.h"
#include "lib/preempt.h"
#include "thread/scheduler.h"
#include "thread/switch.h"
#include "thread/work.h"

#define WORK_UNITS_PER_LOOK 8

/* How often a hart looks for the lock before it sleeps: about as long as waking it takes. */
#define LOOKS_BEFORE_SLEEP 500

/* The pause between two looks of an idle hart for more requests, in which it does not hold the lock: less
 * than a microsecond. */
#define PAUSES_BETWEEN_LOOKS 30

/* In lock_node.waiting; 0 is the lock's owner. */
enum {
    LOCK_SPINNING = 1,
    LOCK_SLEEPING = 2
};

struct hart harts_table[MAX_HARTS];
unsigned harts_online = 1;

/* The last hart in the queue for the kernel lock; NULL if it is free. */
static struct lock_node *lock_tail;

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
 * share a processor of the host, it would take the time from the very hart that it waits for. Only software
 * interrupts end the sleep. Whether one was meant for something else cannot be told, so one is put back, to
 * be taken after the return to user mode.
 */
static void sleep_for_lock(struct hart *hart)
{
    unsigned expected = LOCK_SPINNING;

    csr_write(sie, SIP_SOFTWARE);
    csr_clear(sip, SIP_SOFTWARE);
    __atomic_compare_exchange_n(&hart->lock_node.waiting, &expected, LOCK_SLEEPING, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
    while (__atomic_load_n(&hart->lock_node.waiting, __ATOMIC_ACQUIRE)) { /* pairs with kernel_unlock() */
        answer_address_space(hart);
        wait_for_interrupt();
        csr_clear(sip, SIP_SOFTWARE);
    }
    csr_set(sip, SIP_SOFTWARE);
    csr_write(sie, SIP_ALL);
}

static void wait_for_lock(struct hart *hart, struct lock_node *before)
{
    fpu_park(hart);
    if (unlikely(hart->uintr_live != NULL)) {
        uintr_leave(hart);
        hart->pending |= PENDING_UINTR;
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
}

bool kernel_lock_among_harts(struct hart *hart)
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

static struct hart *hart_of_node(struct lock_node *node)
{
    return (struct hart *)((char *)node - offsetof(struct hart, lock_node));
}

void kernel_unlock_among_harts(struct hart *hart)
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
        sbi_send_ipi(hart_of_node(next)->arch.hart_id);
    }
}

bool kernel_lock_is_waited_for(const struct hart *hart)
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
        sbi_send_ipi(harts_table[id].arch.hart_id);
    }
}

/* Lets go of the lock, and only then tells other harts what there is for them. */
static inline __attribute__((always_inline)) void leave(struct hart *hart)
{
    word_t targets = hart->pending & mask(MAX_HARTS);

    hart->pending = unlikely(work_waits(hart)) ? PENDING_WORK : 0;
    kernel_unlock(hart);
    if (unlikely(targets)) {
        send_ipis(targets);
    }
}

/* Sleeps until there is something to do. With one domain a tick is nothing to do for a hart that has no
 * thread to charge, so the first one turns the timer off; otherwise all idle harts would queue for the lock
 * with each tick. */
static void sleep_until_interrupt(struct hart *hart)
{
    bool ticking = true;

    for (;;) {
        word_t pending = interrupts_pending();
        if (REL4_NUM_DOMAINS == 1 && ticking && pending == SIP_TIMER && !receivers_polled &&
            !work_waits_for_tick(this_hart())) {
            timer_stop();
            ticking = false;
        } else if (pending) {
            break;
        } else {
            wait_for_interrupt();
        }
    }
    if (!ticking) {
        timer_start(hart);
    }
}

/* The thread to run, which is current then. */
static inline struct tcb *switch_to_best(struct hart *hart)
{
    struct tcb *next = sched_choose(hart);

    if (next != hart->current) {
        thread_switch(hart, next);
    }
    return next;
}

/* Somebody else has something to do: other harts that wait for the lock, or are to be interrupted. */
static bool others_wait(const struct hart *hart)
{
    return (hart->pending & mask(MAX_HARTS)) || kernel_lock_contended(hart);
}

/* Lets others have the lock, and comes back. What the current thread came for is done, whatever happens to it
 * meanwhile. */
static COLD void let_others_in(struct hart *hart)
{
    struct tcb *current = hart->current;

    if (current->state == THREAD_RUNNING) {
        current->context.regs[ABI_REG_PC] = current->context.next_pc;
    }
    leave(hart);
    kernel_lock_exclusive(hart);
    hart->entry_void = false;
    hart->pending |= PENDING_RESCHEDULE;
    thread_switch(hart, hart->current);
}

/* For an idle hart: lets go of the lock until there may be something to do. */
static void idle_unlocked(struct hart *hart)
{
    idle_harts |= bit(hart->id);
    leave(hart);
    if (hart->watched) {
        for (unsigned i = 0; i < PAUSES_BETWEEN_LOOKS && !interrupt_pending(); i++) {
            pause_hint();
        }
    } else {
        sleep_until_interrupt(hart);
    }
    kernel_lock_exclusive(hart);
    idle_harts &= ~bit(hart->id);
}

/* Nothing is ready. Out of the way, as a hart that idles is in no hurry to begin with it. */
static COLD struct tcb *idle(struct hart *hart)
{
    struct tcb *next;

    do {
        struct tcb *owner = work_take_any();
        if (owner) {
            if (hart->watched) {
                worker_end_watch(hart);
            }
            worker_run(owner, REL4_PLACE_IDLE);
            if (others_wait(hart)) {
                let_others_in(hart);
            }
        } else if (!hart->candidate) {
            idle_unlocked(hart);
            if (hart->watched) {
                worker_look(hart);
            }
        }
        handle_interrupts(hart);
        next = switch_to_best(hart);
    } while (next == &idle_thread);
    if (hart->watched) {
        worker_end_watch(hart);
    }
    work_hand_over(hart);
    return switch_to_best(hart);
}

/* A tick came while the owner of a queue was served, and will be charged to the thread that it interrupts. */
static COLD void charge_owner(struct tcb *owner, struct tcb *current)
{
    if (!(interrupts_pending() & SIP_TIMER) || owner == current || current == &idle_thread) {
        return;
    }
    current->slice++;
    if (--owner->slice == 0) {
        owner->slice = TIME_SLICE_TICKS;
        if (owner->ready_queued) {
            ready_remove(owner);
            sched_enqueue_tail(owner);
        }
    }
}

/*
 * Serves the queues that come before next, which is current. A queue that has had its turn waits for its
 * owner's equals; what is less important waits for all of them. served: the owner of one that has had its
 * turn just now, or NULL. Returns the thread to run then.
 */
static __attribute__((noinline)) struct tcb *serve_work(struct hart *hart, struct tcb *next,
                                                        enum rel4_place place, struct tcb *served)
{
    int turn = 0;

    for (;;) {
        struct tcb *owner = served;
        if (!owner) {
            int priority = next == &idle_thread ? -1 : next->priority + turn;
            owner = work_take(hart, priority);
            if (!owner) {
                return next;
            }
            worker_run(owner, place);
        }
        served = NULL;
        turn |= owner->work_in != NULL;
        if (unlikely(interrupt_pending())) {
            charge_owner(owner, next);
            hart->pending |= PENDING_RESCHEDULE;
            return switch_to_best(hart);
        }
        /* Before the lock goes: next may have been moved to another hart, or have ended. */
        next = switch_to_best(hart);
        if (unlikely(others_wait(hart))) {
            let_others_in(hart);
            next = switch_to_best(hart);
        }
    }
}

struct tcb *kernel_exit_slow(struct hart *hart)
{
    enum rel4_place place = hart->pending & PENDING_TICK ? REL4_PLACE_TICK : REL4_PLACE_CALL;
    struct tcb *served = hart->pending & PENDING_SERVED ? hart->current : NULL;

    if (unlikely(hart->current->async_queue != NULL) && !thread_is_runnable(hart->current)) {
        worker_blocked(hart->current);
        place = REL4_PLACE_BLOCK;
    }
    struct tcb *next = switch_to_best(hart);
    if (unlikely(hart->pending & (PENDING_WORK | PENDING_TICK))) {
        next = serve_work(hart, next, place, served);
    }
    while (unlikely(next == &idle_thread)) {
        next = idle(hart);
        if (work_waits(hart)) {
            next = serve_work(hart, next, REL4_PLACE_CALL, NULL);
        }
    }
    if (next->state == THREAD_RESTART) {
        next->context.next_pc = next->context.regs[ABI_REG_PC];
        next->state = THREAD_RUNNING;
    }
    if (unlikely(next->uintr.user)) {
        uintr_prepare_return(hart, next);
    }
    leave(hart);
    return next;
}

_Noreturn void thread_switch_exit_slow(struct hart *hart, struct tcb *next)
{
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
    hart->switch_slowly = hart->locks || hart->uintr_live;
    kernel_lock_exclusive(hart);
    hart->pending |= PENDING_RESCHEDULE;
    return_to_user(kernel_exit(hart));
}

static void stall_hart(struct hart *hart)
{
    if (!__atomic_load_n(&hart->parked, __ATOMIC_ACQUIRE)) { /* pairs with wait_for_lock() */
        sbi_send_ipi(hart->arch.hart_id);
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
    }
}

void thread_expel(struct tcb *thread)
{
    if (unlikely(runs_elsewhere(thread))) {
        thread_interrupt(thread);
        thread->hart->current = &idle_thread;
    }
}
