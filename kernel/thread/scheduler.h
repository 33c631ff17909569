/*
 * Which thread runs: 256 priorities per hart and domain, round robin within a priority, in the order that the
 * binary interface lays down (docs/interface.md, scheduling order).
 *
 * All functions need the kernel lock in exclusive mode. A thread is queued if and only if it is runnable, not
 * current on its hart and not its hart's candidate.
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

    assert(thread != thread->hart->current && !thread->ready_queued);
    if (likely(thread->hart == hart && domain_is_current(thread) && !hart->candidate &&
               !(hart->pending & PENDING_RESCHEDULE))) {
        hart->candidate = thread;
    } else {
        sched_wake_slow(thread);
    }
}

/* Chooses the next thread of a hart; idle_thread if none is ready. It is no longer queued. */
static inline struct tcb *sched_choose(struct hart *hart)
{
    struct tcb *current = hart->current;
    struct tcb *candidate = hart->candidate;
    bool current_runnable = thread_is_runnable(current);
    bool reschedule = hart->pending & PENDING_RESCHEDULE;

    hart->candidate = NULL;
    hart->pending &= ~PENDING_RESCHEDULE;
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
    if (current_runnable && !current->ready_queued) {
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
        hart->pending |= PENDING_RESCHEDULE;
    }
}

/* A thread was queued on another hart: interrupts that hart when this one leaves the kernel, if the thread is
 * to run now. Otherwise nobody could be kept from disturbing what is more important there. */
void sched_interrupt_hart_of(const struct tcb *thread);

/* The tick of this hart: charges the running thread and the domain. */
void sched_tick(struct hart *hart);

void sched_set_priority(struct tcb *thread, unsigned priority);
