/*
 * Who serves a queue, where, and when.
 *
 * A queue's worker waits in the ready queue of its home, which is its thread's hart, like a thread of that
 * priority. It is not there while its thread is inactive. The home serves it when its turn comes, a system
 * call of its thread serves it when it asks for that, and any hart that has nothing of its own to run may
 * take it. Calling such a hart moves nothing. docs/async.md says more.
 *
 * The states, and what leads from one to the next:
 *
 * - IDLE, WATCHED: Wake, or its thread blocks with requests: WAITING, or RUNNING in that call itself.
 * - WATCHED: the watching hart finds requests: RUNNING. Its time is over: IDLE.
 * - WAITING: a hart chooses it, or a system call of its thread takes it: RUNNING.
 * - RUNNING: all is served: IDLE or WATCHED. No room for answers: FULL. Nonsense: FAULTED. Something else
 *   comes first: WAITING. The console is taken: BLOCKED. A hart without work lets others in: KEPT.
 * - KEPT: that hart is back: RUNNING. It is late, or the thread changes: WAITING.
 * - FULL: as IDLE, when there is room.
 * - BLOCKED: the console is given to it, or its thread is suspended: WAITING.
 * - All: the queue is stopped: STOPPED. It is reset: IDLE.
 *
 * All functions need the kernel lock.
 */
#pragma once

#include "lib/preempt.h"
#include "thread/hart.h"
#include "thread/tcb.h"
#include "worker/ring.h"

/* The user of a queue, which is started and not faulted, says that there is something to do. If that is the
 * running thread by system call, its ring is served, and AGAIN: the call is to be repeated. */
enum progress placement_wake(struct async_queue *queue);

/* What a thread that is about to block does. */
enum before_blocking {
    BLOCK_NOW,
    DECODE_AGAIN, /* requests of its ring were served: what it waits for may have come */
    CALL_ENDS     /* the same, and it repeats the call, or does not run on; it may be gone */
};

/* The general case of placement_before_blocking(). */
enum before_blocking placement_before_blocking_slow(struct tcb *thread);

/* The running thread is about to block in Wait or Recv, which has had no effect yet: if there are requests in
 * its ring, they are served first. */
static inline enum before_blocking placement_before_blocking(struct tcb *thread)
{
    return likely(!thread->async_queue) ? BLOCK_NOW : placement_before_blocking_slow(thread);
}

/* A thread with a queue has blocked on this hart. */
void placement_blocked(struct tcb *thread);

/* A thread with a queue has become inactive, or is so no longer. */
void placement_owner_stopped(struct tcb *thread);
void placement_owner_started(struct tcb *thread);

/* What a worker waited for is there. */
void placement_unblocked(struct tcb *owner);

/* Priority, domain or hart of a thread change: its worker waits nowhere in between. */
void placement_begin_change(struct tcb *thread);
void placement_end_change(struct tcb *thread);

/* Hands over what was answered in the run of a queue that is under way or was stopped. */
void placement_hand_over(struct async_queue *queue);

/* No hart serves, watches or keeps a queue any more, and it waits nowhere. */
void placement_withdraw(struct async_queue *queue);

/* A queue is started. */
void placement_start(struct async_queue *queue);

/* Runs the worker that the hart has chosen, hart->serving, until something else comes first. Nobody is
 * current. */
void placement_serve(struct hart *hart);

/* The hart has nothing to run: finds a worker to serve, or waits until there may be something to do, without
 * the lock meanwhile. */
void placement_idle(struct hart *hart);

/* The hart has something to run. */
void placement_end_watch(struct hart *hart);

/* A tick has come to this hart. */
void placement_tick(struct hart *hart);

/*
 * ---- Between placement.c and idle.c ----
 */

/* How often an idle hart looks for more behind a batch, at most: a look that finds something doubles it, up
 * to this, and a sleep halves it, or makes it four times as often if a call follows soon. */
#define POLLS_MAX 128

/* Ends a run: the queue goes into a state; it sleeps, or waits at the head or tail of its priority, if that
 * is what it says. */
void placement_settle(struct async_queue *queue, enum queue_state state, bool at_head);

/* A hart without work has served a queue, or was to serve it, and so much time was lost as it came late. Only
 * that queue does without such harts then: what looks so may be a request that takes long, and must not keep
 * harts from the queues of others. */
void placement_was_late(struct async_queue *queue, word_t lost);

/* That was so long ago too little that the queue does without. */
bool placement_was_late_lately(const struct async_queue *queue);

/* How long an idle hart is likely to need for the requests that wait now, in counts of the time counter. */
word_t placement_expected(const struct async_queue *queue);

/* Workers of this hart that others keep too long wait here again. */
void placement_take_kept(const struct hart *hart);

/* Serves a worker of another hart. */
void idle_serve(struct hart *hart, struct tcb *owner);
