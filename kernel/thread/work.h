/*
 * Threads whose queues of asynchronous calls wait for the worker (docs/async.md), and on which hart.
 *
 * A queue with work competes on a hart as if a thread of its owner's priority were ready there. So each hart
 * has a ready queue of such owners beside that of threads, and another of those that wait for a tick.
 *
 * All functions need the kernel lock in exclusive mode.
 */
#pragma once

#include "thread/domain.h"
#include "thread/hart.h"
#include "thread/tcb.h"
#include <rel4/ring.h>

/* A thread's queue waits for the worker: on a hart that idles, which is woken, or else on the thread's own.
 * True if a hart was woken. Nothing happens if it waits already. */
bool work_queue(struct tcb *thread);

/* The same on this hart, where the thread has just blocked; also if it waits elsewhere, or for a tick, but
 * not if an idle hart keeps it. */
void work_queue_here(struct tcb *thread);

/* It goes on waiting where it was served, by an idle hart that had to stop. Until that has the lock again, no
 * other hart takes it, or is woken for it: that would have to stop when this one comes back, and each would
 * stop the other after every request. */
void work_keep(struct tcb *thread);

/* The hart has something else to do now: idle harts, if there are any, get what waits here, and it comes back
 * for nothing; what it has kept goes to its thread's hart. May wake threads on this hart. */
void work_hand_over(struct hart *hart);

/* It waits no longer. False if it did not. */
bool work_dequeue(struct tcb *thread);

/* Whether a queue that begins to wait would be the next thing that this hart does, if no idle hart did it:
 * its own thread makes a call, and nothing else waits here. Not while another queue is served. */
static inline bool work_comes_next(const struct tcb *thread)
{
    const struct hart *hart = this_hart();

    return thread == hart->current && !hart->candidate && !hart->pending && !thread->work_at_tick &&
           !thread->work_retry && !hart->tlb_batch.open;
}

/* The best one that waits on any hart, for one that idles; but not what waits on a hart that comes back. May
 * wake threads on this hart, also if nothing waits. */
struct tcb *work_take_any(void);

/* Something waits for this hart, and not for a tick. */
static inline bool work_waits(const struct hart *hart)
{
    return hart->work[current_domain].lists[WORK_ANY_TIME].summary;
}

/* The general case of work_take(). */
struct tcb *work_take_waiting(struct hart *hart, int priority);

/* The best thread with work that the hart should serve before it runs a thread of this priority, -1 for none;
 * NULL if there is none. It waits no longer. */
static inline struct tcb *work_take(struct hart *hart, int priority)
{
    return work_waits(hart) || hart->pending & PENDING_TICK ? work_take_waiting(hart, priority) : NULL;
}

/* Something waits for a tick of this hart. */
static inline bool work_waits_for_tick(const struct hart *hart)
{
    const struct work *work = &hart->work[current_domain];

    return work->lists[WORK_AT_TICK].summary || work->lists[WORK_RETRY].summary;
}

/* A tick has come to this hart. */
static inline void work_tick(struct hart *hart)
{
    if (unlikely(work_waits(hart) || work_waits_for_tick(hart))) {
        hart->pending |= PENDING_TICK;
    }
}

/* What object/worker.c does: */

/* Serves a thread's queue until something more important comes up, or as many requests as its ring has room
 * for. */
void worker_run(struct tcb *thread, enum rel4_place place);

/* The same in the system call that the thread makes, where its queue comes next: without the way through the
 * lists. What is left then waits, and has had its turn. */
void worker_run_in_call(struct tcb *thread);

/* This hart, which idles, watches a queue that it served: serves it again if there is more, or counts a look
 * in vain, and sleeps after some. */
void worker_look(struct hart *hart);

/* It has something better to do. */
void worker_end_watch(struct hart *hart);

/* A thread with a queue blocked on this hart: if there are requests, they wait for the worker. */
void worker_blocked(struct tcb *thread);

/* A thread with a queue, who sleeps perhaps, is told of the answers that were left for later. */
void worker_tell(const struct tcb *thread);

/* A thread with a queue may run again after it was stopped. */
void worker_resumed(struct tcb *thread);
