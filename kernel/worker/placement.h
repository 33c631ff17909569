/*
 * Who serves a queue, where, and when.
 *
 * A queue's worker waits in the ready queue of its home, the hart of the queue's owner, like a thread of that
 * priority. While the owner is inactive it waits nowhere. The home serves it in its turn, a system call of
 * the owner serves it when it asks for that, and any hart that has nothing of its own to run may take it.
 * Calling such a hart moves nothing. docs/async.md says more.
 *
 * The states of a queue, and the events that lead from one to the next:
 *
 * - IDLE, WATCHED: Wake, or the owner blocks with requests in the ring: WAITING, or RUNNING in that call.
 * - WATCHED: the watching hart finds requests: RUNNING. Its time is over: IDLE.
 * - WAITING: a hart chooses the worker, or a system call of the owner takes it: RUNNING.
 * - RUNNING: all is served: IDLE or WATCHED. No room for answers: FULL. The ring makes no sense: FAULTED.
 *   Something else comes first: WAITING. The console is taken: BLOCKED. A hart without work lets others have
 *   the lock: KEPT.
 * - KEPT: that hart is back: RUNNING. It is late, or the owner changes: WAITING.
 * - FULL: as IDLE, when there is room.
 * - BLOCKED: the worker gets the console, or the owner is suspended: WAITING.
 * - All: the queue is stopped: STOPPED. It is reset: IDLE.
 *
 * All functions need the kernel lock.
 */
#pragma once

#include "arch/timer.h"
#include "lib/preempt.h"
#include "thread/hart.h"
#include "thread/tcb.h"
#include "worker/ring.h"

/* The Wake invocation, of a queue that is started and not faulted. If the running thread invokes its own
 * queue by system call, its ring is served in the call. AGAIN: the thread has to repeat the call. */
enum progress placement_wake(struct async_queue *queue);

/* What a system call that is about to block its thread does next. */
enum before_blocking {
    BLOCK_NOW,
    DECODE_AGAIN, /* requests of its ring were served: the message it waits for may have come */
    CALL_ENDS     /* the same, and the thread repeats the call, or does not run on, or is gone */
};

/* The general case of placement_before_blocking(). */
enum before_blocking placement_before_blocking_slow(struct tcb *thread);

/* The running thread is about to block in Wait or Recv, which has had no effect yet: serves the requests in
 * its ring first, if there are any. */
static inline enum before_blocking placement_before_blocking(struct tcb *thread)
{
    return likely(!thread->async_queue) ? BLOCK_NOW : placement_before_blocking_slow(thread);
}

/* A thread with a queue has blocked on this hart. */
void placement_blocked(struct tcb *thread);

/* A thread with a queue has become inactive, or is so no longer. */
void placement_owner_stopped(struct tcb *thread);
void placement_owner_started(struct tcb *thread);

/* A worker has got what it was blocked on. */
void placement_unblocked(struct tcb *owner);

/* Before and after a change of a thread's priority, domain or hart: its worker waits nowhere in between. */
void placement_begin_change(struct tcb *thread);
void placement_end_change(struct tcb *thread);

/* Takes a queue that is started from every hart that serves, watches or keeps it, and its worker from where
 * it waits. */
void placement_withdraw(struct async_queue *queue);

/* A queue is started. */
void placement_start(struct async_queue *queue);

/* Runs the worker that the hart has chosen, hart->serving, until something else comes first. No thread is
 * current. */
void placement_serve(struct hart *hart);

/* The hart has nothing to run: finds a worker to serve, or waits until there may be something to do, without
 * the lock meanwhile. */
void placement_idle(struct hart *hart);

/* Ends the watch of a hart that watches a queue, because it has something to run, or the time is over. */
void placement_end_watch(struct hart *hart);

/* A tick has come to this hart. */
void placement_tick(struct hart *hart);

/*
 * ---- Between the files of this folder ----
 */

static inline bool time_has_come(word_t time)
{
    return (long)(time_now() - time) >= 0;
}

/* How often an idle hart that watches a queue polls its ring, at most. A watch that finds something doubles
 * the number, up to this; a watch in vain halves it; and a call soon after that makes it four times as high.
 */
#define POLLS_MAX 128

/* Fewer requests than this are served in less time than an idle hart needs to come. */
#define REQUESTS_WORTH_CALLING 16

/* Ends a run: the queue goes into a state. If that is IDLE or FULL the worker falls asleep, if it is WAITING
 * it waits, at the head or tail of its priority. */
void placement_settle(struct async_queue *queue, enum queue_state state, bool at_head);

/* Calls an idle hart to serve a queue. False: there is none, or one is on its way. */
bool placement_call(struct async_queue *queue);

/* Whether to call an idle hart for a queue that is about to wait. */
bool placement_is_worth_calling(const struct async_queue *queue);

/* The home serves a queue itself. If a hart was called for that and has not come, it may be late. */
void placement_take_back(struct async_queue *queue);

/* An idle hart came late to a queue, so that much time was lost: no hart is called for the queue for a while.
 * Other queues are not affected: a request that takes long looks the same, and must not keep harts from them.
 */
void placement_was_late(struct async_queue *queue, word_t lost);

/* That while is not over. */
bool placement_was_late_lately(const struct async_queue *queue);

/* How long an idle hart is likely to need for the requests that wait now, in counts of the time counter. */
word_t placement_expected(const struct async_queue *queue);

/* Takes the workers of this hart back that others keep too long. */
void placement_take_kept(const struct hart *hart);

/* Serves a worker of another hart. */
void idle_serve(struct hart *hart, struct tcb *owner);
