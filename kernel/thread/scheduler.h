/*
 * The scheduler: 256 priorities per hart and domain, round robin within a priority, in the order that the
 * binary interface lays down (docs/interface-1-ipc.md, scheduling order). Threads compete, and so do the
 * workers that serve their queues.
 *
 * All functions need the kernel lock. A thread is queued if and only if it is runnable, not
 * current on its hart and not its hart's candidate. Which workers are queued is up to worker/placement.h.
 */
#pragma once

#include "thread/hart.h"
#include "thread/ready_queue.h"
#include "thread/tcb.h"

#define TIME_SLICE_TICKS 5

/* Takes a thread's worker out of where it waits to run. Does nothing if it does not wait. */
void worker_dequeue(struct tcb *owner);

/* Takes a thread out of its ready queue, or from being its hart's candidate. Does nothing if it is neither.
 */
void sched_dequeue(struct tcb *thread);

/* The general case of sched_wake(). */
void sched_wake_slow(struct tcb *thread);

/* A thread became runnable: makes it the candidate of this hart, or puts it into its ready queue and
 * interrupts its hart if it is to run there at once. */
static inline void sched_wake(struct tcb *thread)
{
    struct hart *hart = this_hart();

    assert(thread != thread->hart->current && !thread->ready.queued);
    if (likely(thread->hart == hart && domain_is_current(thread) && !hart->candidate &&
               !hart->pending.reschedule)) {
        hart->candidate = thread;
        hart->pending.candidate = true;
    } else {
        sched_wake_slow(thread);
    }
}

/* A thread that was stopped, or whose wait another thread ended, becomes runnable: it goes to the head of its
 * priority, and runs at once only if its priority is higher than that of what runs. */
void sched_wake_at_head(struct tcb *thread);

/* Takes the best that is ready out of its queue, and returns it if it is a thread. If it is a worker,
 * hart->serving names its owner from now on; then, or if nothing is ready, returns idle_thread. */
static inline struct tcb *ready_take_highest(struct hart *hart)
{
    int priority = sched_highest(hart);

    if (priority < 0) {
        return &idle_thread;
    }
    struct schedulable *best = hart->ready[current_domain].head[priority];
    if (unlikely(best->is_worker)) {
        hart->serving = schedulable_owner(best);
        worker_dequeue(hart->serving);
        return &idle_thread;
    }
    struct tcb *thread = schedulable_thread(best);
    ready_remove(thread);
    return thread;
}

/* Chooses what runs next on a hart, and takes it out of its queue. Returns as ready_take_highest() does. */
static inline struct tcb *sched_choose(struct hart *hart)
{
    struct tcb *current = hart->current;
    struct tcb *candidate = hart->candidate;
    bool current_runnable = thread_is_runnable(current);
    bool reschedule = hart->pending.reschedule;

    hart->candidate = NULL;
    hart->pending.reschedule = hart->pending.candidate = false;
    if (domain_time_is_up()) {
        domain_advance();
        reschedule = true;
    }
    if (current_runnable && !candidate && !reschedule) {
        return current;
    }
    if (candidate && !reschedule) {
        if (current_runnable && candidate->priority <= current->priority) {
            ready_insert(candidate, candidate->priority < current->priority);
            return current;
        }
        if (!sched_has_above(hart, candidate->priority)) {
            if (current_runnable) {
                sched_enqueue_head(current);
            }
            return candidate;
        }
    }
    if (current_runnable && !current->ready.queued) {
        sched_enqueue_head(current);
    }
    if (candidate) {
        sched_enqueue_head(candidate);
    }
    return ready_take_highest(hart);
}

/* The running thread goes behind the ready threads and workers of its priority. */
static inline void sched_yield(struct hart *hart)
{
    struct tcb *current = hart->current;

    if (hart->ready[current_domain].head[current->priority]) {
        sched_enqueue_tail(current);
        hart->pending.reschedule = true;
    }
}

/* A thread or its worker was queued on another hart: interrupts that hart when this one leaves the kernel, if
 * it is to run there at once. If not, whatever is more important there is not disturbed. */
void sched_interrupt_hart_of(const struct tcb *thread);

/* Returns the priority of what runs on this hart, a thread or a worker of its own; -1 if any ready thread
 * displaces it. */
static inline int sched_running_priority(const struct hart *hart)
{
    const struct tcb *serving = hart->serving;

    if (unlikely(serving != NULL)) {
        return serving->hart == hart ? serving->priority : -1;
    }
    return thread_is_runnable(hart->current) ? hart->current->priority : -1;
}

/* A tick of this hart: charges it to what runs, and to the domain. */
void sched_tick(struct hart *hart);

/* Where a worker that is to wait goes. */
enum worker_place {
    WORKER_AT_HEAD,
    WORKER_AT_TAIL,
    WORKER_DELAYED /* until the next tick of its hart */
};

/* Puts the worker of a thread's queue, which does not wait, into the ready queue of the thread's hart. */
void worker_enqueue(struct tcb *owner, enum worker_place place);

/* Change a thread, and move it and its worker, wherever they wait. */
void sched_set_priority(struct tcb *thread, unsigned priority);
void sched_set_domain(struct tcb *thread, unsigned domain);

/* The thread is not current on another hart. */
void sched_set_hart(struct tcb *thread, struct hart *hart);
