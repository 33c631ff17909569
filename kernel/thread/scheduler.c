/*
 * The scheduler: ready queues with a two-level bitmap, so that finding the best thread takes constant time.
 */
#include "thread/scheduler.h"

#include "thread/domain.h"
#include "thread/work.h"

struct tcb idle_thread = { .state = THREAD_IDLE };

void sched_dequeue(struct tcb *thread)
{
    if (thread->ready_queued) {
        ready_remove(thread);
    } else if (thread->hart->candidate == thread) {
        thread->hart->candidate = NULL;
        thread->hart->pending |= PENDING_RESCHEDULE;
    }
}

void sched_interrupt_hart_of(const struct tcb *thread)
{
    const struct tcb *running = thread->hart->current;

    if (running == &idle_thread || thread->priority > running->priority) {
        this_hart()->pending |= bit(thread->hart->id);
    }
}

void sched_wake_slow(struct tcb *thread)
{
    struct hart *hart = this_hart();

    if (thread->hart != hart) {
        sched_enqueue_head(thread);
        sched_interrupt_hart_of(thread);
        return;
    }
    if (domain_is_current(thread)) {
        /* More than one woke up in this entry: all are queued, the last one first, and the best is chosen. */
        if (hart->candidate) {
            sched_enqueue_head(hart->candidate);
            hart->candidate = NULL;
        }
        hart->pending |= PENDING_RESCHEDULE;
    }
    sched_enqueue_head(thread);
}

void sched_tick(struct hart *hart)
{
    struct tcb *current = hart->current;

    if (thread_is_runnable(current) && --current->slice == 0) {
        current->slice = TIME_SLICE_TICKS;
        if (!current->ready_queued) {
            sched_enqueue_tail(current);
        }
        hart->pending |= PENDING_RESCHEDULE;
    }
    if (domain_tick()) {
        hart->pending |= PENDING_RESCHEDULE;
    }
}

void sched_set_priority(struct tcb *thread, unsigned priority)
{
    struct hart *hart = thread->hart;
    bool was_waiting = thread->ready_queued || hart->candidate == thread;

    bool has_work = work_dequeue(thread);
    sched_dequeue(thread);
    thread->priority = (uint16_t)priority;
    if (has_work) {
        work_queue(thread);
    }
    if (hart->current == thread) {
        hart->pending |= PENDING_RESCHEDULE;
    } else if (was_waiting) {
        sched_wake(thread);
    }
}
