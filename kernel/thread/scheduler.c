/*
 * The scheduler; see scheduler.h.
 */
#include "thread/scheduler.h"

#include "lib/mutant.h"
#include "object/console_turn.h"
#include "thread/domain.h"
#include "thread/switch.h"
#include "worker/placement.h"

struct tcb idle_thread = { .state = THREAD_IDLE };

void sched_dequeue(struct tcb *thread)
{
    if (thread->ready.queued) {
        ready_remove(thread);
    } else if (thread->hart->candidate == thread) {
        thread->hart->candidate = NULL;
        thread->hart->pending.candidate = false;
        thread->hart->pending.reschedule = true;
    }
}

void sched_interrupt_hart_of(const struct tcb *thread)
{
    const struct tcb *running = thread->hart->current;

    if (running == &idle_thread || thread->priority > running->priority) {
        this_hart()->pending.interrupts |= bit(thread->hart->id);
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
        /* A second thread woke in this entry: both are queued, the last one first, and the best is chosen. */
        if (hart->candidate) {
            sched_enqueue_head(hart->candidate);
            hart->candidate = NULL;
            hart->pending.candidate = false;
        }
        hart->pending.reschedule = true;
    }
    sched_enqueue_head(thread);
}

void sched_wake_at_head(struct tcb *thread)
{
    struct hart *hart = this_hart();

    sched_enqueue_head(thread);
    if (thread->hart != hart) {
        sched_interrupt_hart_of(thread);
    } else if (domain_is_current(thread) && (int)thread->priority > sched_running_priority(hart)) {
        hart->pending.reschedule = true;
    }
}

/*
 * ---- Workers ----
 */

/* Whether this hart is to stop what it does for a worker that is about to wait. A hart that serves a worker
 * of another hart prefers any worker of its own, and otherwise the more important one, also if it is delayed.
 */
static bool worker_displaces(const struct hart *here, const struct tcb *owner, enum worker_place place)
{
    const struct tcb *serving = here->serving;

    if (unlikely(serving && serving->hart != here)) {
        return owner->hart == here || owner->priority > serving->priority;
    }
    return place != WORKER_DELAYED && owner->hart == here &&
           (int)owner->priority > sched_running_priority(here);
}

HOT void worker_enqueue(struct tcb *owner, enum worker_place place)
{
    struct hart *hart = owner->hart, *here = this_hart();
    unsigned domain = domain_index(owner);

    assert(!owner->worker.queued && owner->worker.is_worker);
    owner->worker.queued = true;
    queue_insert(&hart->waiting[domain], &owner->waiting, owner->priority, false);
    if (place == WORKER_DELAYED) {
        queue_insert(&hart->delayed[domain], &owner->worker, owner->priority, false);
    } else {
        queue_insert(&hart->ready[domain], &owner->worker, owner->priority, place == WORKER_AT_HEAD);
    }
    if (!domain_is_current(owner)) {
        return;
    }
    /* An idle hart may have turned its tick off, so it is told also of a worker that waits for a tick. */
    if (hart != here && !MUTANT(NO_INTERRUPT) && (place != WORKER_DELAYED || hart->current == &idle_thread)) {
        sched_interrupt_hart_of(owner);
    }
    if (worker_displaces(here, owner, place)) {
        here->pending.reschedule = true;
    }
}

HOT void worker_dequeue(struct tcb *owner)
{
    struct hart *hart = owner->hart;
    unsigned domain = domain_index(owner);
    struct ready_queue *delayed = &hart->delayed[domain];

    if (!owner->worker.queued) {
        return;
    }
    owner->worker.queued = false;
    queue_remove(&hart->waiting[domain], &owner->waiting, owner->priority);
    /* Only for the head of a list does it matter which of the two queues it is in. */
    queue_remove(delayed->head[owner->priority] == &owner->worker ? delayed : &hart->ready[domain],
                 &owner->worker, owner->priority);
}

/* A tick has come: workers that waited for one are ready, behind what is ready already. */
static void end_delay(struct hart *hart)
{
    struct ready_queue *delayed = &hart->delayed[current_domain];
    int priority;

    while ((priority = queue_highest(delayed)) >= 0) {
        queue_append_list(&hart->ready[current_domain], delayed, (unsigned)priority);
        hart->pending.reschedule = true;
    }
}

static void to_tail(struct tcb *thread)
{
    if (thread->ready.queued) {
        ready_remove(thread);
    }
    sched_enqueue_tail(thread);
}

static void worker_to_tail(struct tcb *owner)
{
    if (owner->worker.queued) {
        worker_dequeue(owner);
        worker_enqueue(owner, MUTANT(WORKER_FIRST) ? WORKER_AT_HEAD : WORKER_AT_TAIL);
    }
}

/* Thread and worker both go behind their equals, the one that has just run behind the other. */
static void end_slice(struct hart *hart, struct tcb *thread)
{
    bool serves = hart->serving == thread;

    thread->slice = TIME_SLICE_TICKS;
    hart->pending.reschedule = true;
    if (serves && thread->ready.queued) {
        to_tail(thread);
    }
    worker_to_tail(thread);
    if (!serves) {
        to_tail(thread);
    }
}

/* Thread and worker take turns within their slice, so that neither waits for the other until it ends. */
static void take_turns(struct hart *hart, struct tcb *thread)
{
    if (hart->serving == thread) {
        if (thread->ready.queued) {
            ready_remove(thread);
            sched_enqueue_head(thread);
            hart->pending.reschedule = true;
        }
    } else if (thread->worker.queued) {
        worker_dequeue(thread);
        if (!thread->ready.queued) {
            sched_enqueue_head(thread);
        }
        worker_enqueue(thread, WORKER_AT_HEAD);
        hart->pending.reschedule = true;
    }
}

void sched_tick(struct hart *hart)
{
    struct tcb *running = hart->serving ? hart->serving : hart->current;

    if (unlikely(hart->delayed[current_domain].summary) && !MUTANT(STAY_DELAYED)) {
        end_delay(hart);
    }
    if (sched_running_priority(hart) >= 0 && !(MUTANT(CHARGE_NOBODY) && hart->serving)) {
        if (--running->slice == 0) {
            end_slice(hart, running);
        } else if (!MUTANT(NO_TURNS)) {
            take_turns(hart, running);
        }
    }
    if (domain_tick()) {
        hart->pending.reschedule = true;
    }
}

/*
 * ---- Changes ----
 */

/* Takes thread and worker out of all queues until the change is made. Returns true if the thread was ready.
 */
static bool begin_change(struct tcb *thread)
{
    if (unlikely(thread->async_queue || console_holder)) {
        placement_begin_change(thread);
    }
    /* Asked only now, as a signal that tells of answers may just have woken the thread. */
    bool was_waiting = thread->ready.queued || thread->hart->candidate == thread;
    sched_dequeue(thread);
    return was_waiting;
}

static void end_change(struct tcb *thread, bool was_waiting)
{
    struct hart *hart = thread->hart;

    if (unlikely(thread->async_queue || console_holder)) {
        placement_end_change(thread);
    }
    if (hart->current == thread) {
        hart->pending.reschedule = true;
    } else if (was_waiting) {
        sched_wake(thread);
    }
}

void sched_set_priority(struct tcb *thread, unsigned priority)
{
    bool was_waiting = begin_change(thread);

    thread->priority = (uint16_t)priority;
    end_change(thread, was_waiting);
}

void sched_set_domain(struct tcb *thread, unsigned domain)
{
    bool was_waiting = begin_change(thread);

    thread->domain = (uint8_t)domain;
    end_change(thread, was_waiting);
}

void sched_set_hart(struct tcb *thread, struct hart *hart)
{
    struct hart *here = this_hart();

    begin_change(thread);
    if (here->current == thread) {
        thread_leave(here);
    }
    thread->hart = hart;
    bool is_runnable = thread_is_runnable(thread); /* a blocked thread may be woken below, which queues it */
    placement_end_change(thread);
    console_moved(thread);
    if (!is_runnable) {
        return;
    }
    sched_enqueue_tail(thread);
    if (hart != here) {
        sched_interrupt_hart_of(thread);
    }
    /* If it was current here, something else runs now; otherwise it may be the best one here. */
    here->pending.reschedule = true;
}
