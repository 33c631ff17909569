/*
 * What runs: 256 priorities per hart and domain, round robin within a priority, in the order that the
 * binary interface lays down (docs/interface.md, scheduling order). Threads compete, and so do the workers
 * that serve their queues.
 *
 * All functions need the kernel lock. A thread is queued if and only if it is runnable, not
 * current on its hart and not its hart's candidate. Which workers are queued is up to worker/placement.h.
 */
#pragma once

#include "thread/hart.h"
#include "thread/ready_queue.h"
#include "thread/tcb.h"

#define TIME_SLICE_TICKS 5

/* Takes a thread out of its ready queue, or from being the candidate, if it is there. */
void sched_dequeue(struct tcb *thread);

/* The general case of sched_wake(). */
void sched_wake_slow(struct tcb *thread);

/* A thread became runnable. It may run at once, on this hart or, by an inter-processor interrupt, on its own.
 */
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

/* A thread that was stopped, or whose wait was ended by somebody else, becomes runnable: it goes to the head
 * of its priority, and runs at once only if it is more important than what runs. */
void sched_wake_at_head(struct tcb *thread);

/* Chooses the next thread of a hart, which is no longer queued; idle_thread if a worker is to run, which
 * hart->serving names then, or nothing. */
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

/* The running thread gives way to its equals. */
static inline void sched_yield(struct hart *hart)
{
    struct tcb *current = hart->current;

    if (hart->ready[current_domain].head[current->priority]) {
        sched_enqueue_tail(current);
        hart->pending.reschedule = true;
    }
}

/* Something was queued on another hart, a thread or its worker: interrupts that hart when this one leaves the
 * kernel, if it is to run now. Otherwise nobody could be kept from disturbing what is more important there.
 */
void sched_interrupt_hart_of(const struct tcb *thread);

/* The priority of what runs on this hart: a thread, or a worker of its own; -1 if any ready thread displaces
 * it. */
static inline int sched_running_priority(const struct hart *hart)
{
    const struct tcb *serving = hart->serving;

    if (unlikely(serving != NULL)) {
        return serving->hart == hart ? serving->priority : -1;
    }
    return thread_is_runnable(hart->current) ? hart->current->priority : -1;
}

/* The tick of this hart: charges what runs, and the domain. */
void sched_tick(struct hart *hart);

/* Where a worker that waits is put. */
enum worker_place {
    WORKER_AT_HEAD,
    WORKER_AT_TAIL,
    WORKER_DELAYED /* until the next tick of its hart */
};

/* The worker of a thread's queue waits to run, in the ready queue of its owner's hart; it does not yet. */
void worker_enqueue(struct tcb *owner, enum worker_place place);

/* Each moves the thread and its worker, wherever they wait. */
void sched_set_priority(struct tcb *thread, unsigned priority);
void sched_set_domain(struct tcb *thread, unsigned domain);

/* The thread is not current on another hart. */
void sched_set_hart(struct tcb *thread, struct hart *hart);
