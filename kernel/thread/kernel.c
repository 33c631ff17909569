/*
 * The kernel lock, preemption points, and stalling other harts.
 */
#include "thread/kernel.h"

#include "arch/asid.h"
#include "arch/fpu.h"
#include "arch/tlb.h"
#include "arch/uintc.h"
#include "arch/vm.h"
#include "lib/bits.h"
#include "lib/preempt.h"

#define WORK_UNITS_PER_CHECK 8

/* How often a hart reads its place in the queue for the lock before it sleeps: about as long as waking it
 * takes. */
#define SPINS_BEFORE_SLEEP 500

/* In lock_node.waiting; 0: this hart has the lock. */
enum {
    LOCK_SPINNING = 1,
    LOCK_SLEEPING = 2
};

HOT_DATA struct hart harts_table[MAX_HARTS];
HOT_DATA word_t idle_harts;
unsigned harts_online = 1;

/* The last hart in the queue for the kernel lock; NULL if it is free. */
static HOT_DATA struct lock_node *lock_tail;

/* Another hart takes down the address space that this one is in. */
static void answer_address_space(struct hart *hart)
{
    if (__atomic_load_n(&hart->leave_address_space, __ATOMIC_ACQUIRE)) { /* pairs with asid_expel_hart() */
        vm_activate_kernel();
        __atomic_store_n(&hart->leave_address_space, 0, __ATOMIC_RELEASE);
    }
}

/*
 * Sleeps until the lock is handed over. Where several harts share a processor of the host, a hart that spins
 * would take the time from the very hart that it waits for. Only interrupts from other harts end the sleep.
 * Nothing tells whether one was meant for something else, so one is put back, to be taken after the return to
 * user mode.
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
    unsigned spins = 0;
    while (__atomic_load_n(&hart->lock_node.waiting, __ATOMIC_ACQUIRE)) { /* pairs with kernel_unlock() */
        answer_address_space(hart);
        if (++spins == SPINS_BEFORE_SLEEP) {
            sleep_for_lock(hart);
            break;
        }
        pause_hint();
    }
    hart->parked = 0;
    if (was_live) {
        hart->pending.uintr = true; /* only now, as others write these fields with the lock */
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
        /* Another hart is in the queue, and about to store the link. */
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

    if (++hart->work_units < WORK_UNITS_PER_CHECK) {
        return false;
    }
    hart->work_units = 0;
    return interrupt_pending() || kernel_lock_contended(hart);
}

void preemption_soon(void)
{
    this_hart()->work_units = WORK_UNITS_PER_CHECK;
}

void kernel_send_ipis(word_t targets)
{
    while (targets) {
        unsigned id = lowest_bit(targets);
        targets &= targets - 1;
        hart_send_ipi(&harts_table[id]);
    }
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
