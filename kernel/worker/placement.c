/*
 * The states of a queue, serving it in system calls and in its turn, and moving its worker; see placement.h.
 * What a hart does that has nothing of its own to run is in idle.c, when such a hart is called in calling.c.
 */
#include "worker/placement.h"

#include "arch/processor.h"
#include "lib/mutant.h"
#include "object/console_turn.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"
#include "worker/serve.h"

_Static_assert(REL4_MAX_HARTS == MAX_HARTS, "each hart has its place in the statistics");

/*
 * ---- Waiting ----
 */

/* A queue waits: its worker is ready, unless its owner is inactive. */
static void wait(struct async_queue *queue, enum worker_place place)
{
    struct tcb *owner = queue->thread;

    queue->state = QUEUE_WAITING;
    ring_no_news(queue);
    if (owner->state != THREAD_INACTIVE) {
        worker_enqueue(owner, place);
    }
}

/* The same, and an idle hart is called where that is worth it. */
static void wait_and_call(struct async_queue *queue, enum worker_place place)
{
    /* Asked before, as the worker itself does not keep the home busy. */
    bool calls =
        unlikely(idle_harts) && queue->thread->state != THREAD_INACTIVE && placement_is_worth_calling(queue);

    wait(queue, place);
    if (calls) {
        placement_call(queue);
    }
}

/* The same where the policy may delay the worker. */
static void wait_by_policy(struct async_queue *queue)
{
    wait_and_call(queue, queue->at_tick ? WORKER_DELAYED : WORKER_AT_TAIL);
}

/* The hart that keeps a queue. */
static const struct hart *keeper_of(const struct async_queue *queue)
{
    const struct hart *hart = harts_table;

    while (hart->idle.kept != queue->thread) {
        hart++;
        assert(hart < harts_table + harts_online);
    }
    return hart;
}

/* The hart that keeps a queue is not back in time. */
static bool keeper_is_late(const struct async_queue *queue)
{
    return time_has_come(keeper_of(queue)->idle.kept_until) && !MUTANT(KEEP_FOR_EVER);
}

/* Takes a queue from a hart that keeps or watches it. Afterwards it waits nowhere. */
static void end_foreign(struct async_queue *queue)
{
    for_each_hart(hart) {
        if (hart->idle.kept == queue->thread) {
            hart->idle.kept = NULL;
        }
        if (hart->idle.watched == queue->thread) {
            hart->idle.watched = NULL;
        }
    }
}

/* Takes a queue from a hart that keeps it and is late. */
static void end_keeping(struct async_queue *queue)
{
    word_t lost = time_now() - keeper_of(queue)->idle.kept_until + placement_expected(queue);

    queue_count(queue, &queue->statistics.taken_back, 1);
    placement_was_late(queue, lost);
    end_foreign(queue);
}

/* Tells the user of answers that are published already. */
static void tell_the_rest(struct async_queue *queue)
{
    if (queue->told != ring_progress(queue) && !MUTANT(TELL_NOBODY)) {
        ring_tell(queue);
    }
}

/* If the hart that keeps a queue is late, the worker waits at its home again: behind its equals there, as it
 * was not one of them that stopped it. */
static void give_back_if_late(struct async_queue *queue)
{
    if (keeper_is_late(queue)) {
        end_keeping(queue);
        tell_the_rest(queue);
        wait_and_call(queue, WORKER_AT_TAIL);
    }
}

/* The worker of a thread that changes is taken from where it waits, or from the hart that keeps it. */
static void take_out(struct tcb *owner)
{
    struct async_queue *queue = owner->async_queue;

    worker_dequeue(owner);
    if (queue->state == QUEUE_KEPT) {
        end_foreign(queue);
        tell_the_rest(queue);
        queue->state = QUEUE_WAITING;
    }
}

void placement_blocked(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;

    if (thread->state == THREAD_INACTIVE) {
        return;
    }
    if (ring_has_news(queue) && !queue->at_tick && !MUTANT(BLOCK_UNHEARD)) {
        end_foreign(queue);
        wait_and_call(queue, WORKER_AT_TAIL);
    } else if (queue->state == QUEUE_KEPT && keeper_is_late(queue)) {
        /* The thread is still current: whoever serves the queue next tells it of the answers so far. */
        end_keeping(queue);
        wait_and_call(queue, WORKER_AT_TAIL);
    }
}

void placement_owner_stopped(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;

    console_leave(&thread->worker);
    take_out(thread);
    if (queue->state == QUEUE_BLOCKED) {
        queue->state = QUEUE_WAITING;
    }
}

void placement_owner_started(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;

    if (queue->state == QUEUE_WAITING && !thread->worker.queued) {
        wait_by_policy(queue);
    }
}

void placement_unblocked(struct tcb *owner)
{
    wait_and_call(owner->async_queue, WORKER_AT_HEAD);
}

void placement_begin_change(struct tcb *thread)
{
    console_begin_change(thread);
    if (thread->async_queue && !MUTANT(STAY_IN_PLACE)) {
        take_out(thread);
    }
}

void placement_end_change(struct tcb *thread)
{
    if (thread->async_queue) {
        placement_owner_started(thread);
        if (this_hart()->serving == thread && !MUTANT(SERVE_CHANGED)) {
            this_hart()->pending.reschedule = true;
        }
    }
    /* Last, as it may wake the worker, or the thread. */
    console_end_change(thread);
}

void placement_withdraw(struct async_queue *queue)
{
    struct tcb *thread = queue->thread;

    end_foreign(queue);
    for_each_hart(hart) {
        if (hart->idle.called == thread) {
            hart->idle.called = NULL;
        }
    }
    if (this_hart()->serving == thread) {
        this_hart()->serving = NULL;
    }
    worker_dequeue(thread);
    console_leave(&thread->worker);
    ring_no_news(queue);
    queue->placement.called = 0;
}

void placement_start(struct async_queue *queue)
{
    queue->placement = (struct placement){
        .patience = 1,
        .slept = (uint32_t)(time_now() - counts_per_tick),
        .pace = (uint32_t)(counts_per_tick / 125), /* 1 microsecond for each request */
    };
}

/*
 * ---- Serving ----
 */

static ALWAYS_INLINE void settle(struct async_queue *queue, enum queue_state state, bool at_head)
{
    if (likely(state == QUEUE_IDLE) || state == QUEUE_FULL) {
        if (state == QUEUE_FULL) {
            queue_count(queue, &queue->statistics.full, 1);
        }
        state = ring_fall_asleep(queue, state);
        if (queue->at_tick) {
            ring_no_news(queue); /* blocking does not wake such a worker */
        }
    } else if (state == QUEUE_FAULTED) {
        ring_signal(queue);
    }
    queue->state = state;
    if (MUTANT(REFILL_TWICE)) {
        queue->thread->slice = TIME_SLICE_TICKS;
    }
    if (unlikely(state == QUEUE_WAITING)) {
        wait_and_call(queue, at_head ? WORKER_AT_HEAD : WORKER_AT_TAIL);
    }
}

HOT void placement_settle(struct async_queue *queue, enum queue_state state, bool at_head)
{
    settle(queue, state, at_head);
}

/* Serves the ring of the running thread in its system call, which has no effect yet. AGAIN: the call has no
 * answer, because the thread is to repeat it, or has got something else to do. The worker does not depend on
 * the repetition. */
static ALWAYS_INLINE enum progress serve_in_call(struct hart *hart, struct async_queue *queue,
                                                 struct tcb *owner, enum rel4_place place)
{
    uint32_t budget = (uint32_t)bit(queue->request_bits);
    word_t served = 0;

    hart->serving = owner;
    enum queue_state state = worker_run(queue, owner, place, budget, &served);
    hart->serving = NULL;
    bool is_void = unlikely(hart->call_void);
    if (is_void) {
        hart->call_void = false;
    }
    /* What the thread has reserved may be a word that was written here. */
    reservation_clear(&hart->arch);
    if (unlikely(state == QUEUE_STOPPED)) {
        return is_void ? AGAIN : DONE;
    }
    bool stops = state == QUEUE_WAITING && served < budget;
    ring_hand_over(queue);
    settle(queue, state, stops);
    if (MUTANT(FORGET_REST)) {
        worker_dequeue(owner);
    }
    if (likely(!stops && !is_void)) {
        return DONE;
    }
    if (place == REL4_PLACE_CALL) {
        queue_count(queue, &queue->statistics.wakes, -1ul); /* the repetition counts */
    }
    return AGAIN;
}

static bool is_asleep(const struct async_queue *queue)
{
    return queue->state == QUEUE_IDLE || queue->state == QUEUE_FULL;
}

/* Takes a queue from where it waits, or from the hart that watches or keeps it. False: it is served
 * elsewhere, or cannot be served now. */
static bool take(struct async_queue *queue)
{
    switch (queue->state) {
    case QUEUE_IDLE:
    case QUEUE_FULL:
        return true;
    case QUEUE_WAITING:
        placement_take_back(queue);
        if (!MUTANT(SERVE_TWICE)) {
            worker_dequeue(queue->thread);
        }
        return true;
    case QUEUE_KEPT:
        if (!keeper_is_late(queue)) {
            return false;
        }
        end_keeping(queue);
        return true;
    case QUEUE_WATCHED:
        end_foreign(queue);
        return true;
    default:
        return false;
    }
}

static enum progress wake_own(struct hart *hart, struct async_queue *queue, struct tcb *owner)
{
    bool sleeps = is_asleep(queue);

    if (unlikely(idle_harts) && sleeps && ring_requests(queue) >= REQUESTS_WORTH_CALLING &&
        !placement_was_late_lately(queue) && placement_call(queue)) {
        wait(queue, WORKER_AT_TAIL);
        return DONE;
    }
    return sleeps || take(queue) ? serve_in_call(hart, queue, owner, REL4_PLACE_CALL) : DONE;
}

HOT enum progress placement_wake(struct async_queue *queue)
{
    struct hart *hart = this_hart();
    struct tcb *owner = queue->thread;

    /* If it is a request of its own queue, that is RUNNING. */
    if (likely(owner == hart->current && !queue->at_tick)) {
        return wake_own(hart, queue, owner);
    }
    if (queue->state == QUEUE_KEPT) {
        give_back_if_late(queue);
    } else if (queue->state != QUEUE_WAITING && take(queue)) {
        wait_by_policy(queue);
    }
    return DONE;
}

enum before_blocking placement_before_blocking_slow(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;
    struct hart *hart = this_hart();

    if (queue->at_tick ||
        !(queue->state == QUEUE_WAITING || queue->state == QUEUE_KEPT || ring_has_news(queue)) ||
        !take(queue)) {
        return BLOCK_NOW;
    }
    thread->state = THREAD_RESTART;
    if (serve_in_call(hart, queue, thread, REL4_PLACE_BLOCK) == AGAIN || hart->current != thread ||
        thread->state != THREAD_RESTART) {
        return CALL_ENDS;
    }
    thread->state = THREAD_RUNNING;
    return DECODE_AGAIN;
}

/* Serves a worker of this hart, in its turn. */
static void serve_at_home(struct hart *hart, struct tcb *owner)
{
    struct async_queue *queue = owner->async_queue;
    word_t served = 0;

    placement_take_back(queue);
    enum queue_state state = worker_run(queue, owner, queue->at_tick ? REL4_PLACE_TICK : REL4_PLACE_BLOCK,
                                        (uint32_t)bit(queue->request_bits), &served);
    if (state != QUEUE_STOPPED) {
        ring_hand_over(queue);
        placement_settle(queue, state, true);
    }
    /* While hart->serving still tells who is charged. */
    if (interrupt_pending()) {
        handle_interrupts(hart);
    }
    hart->serving = NULL;
}

HOT void placement_serve(struct hart *hart)
{
    struct tcb *owner = hart->serving;

    if (owner->hart == hart) {
        /* It may have work of its own for ever. */
        if (unlikely(hart->idle.watched != NULL)) {
            placement_end_watch(hart);
        }
        serve_at_home(hart, owner);
    } else {
        idle_serve(hart, owner);
    }
}

void placement_take_kept(const struct hart *hart)
{
    for_each_hart(keeper) {
        const struct tcb *kept = keeper->idle.kept;
        if (unlikely(kept != NULL) && kept->hart == hart) {
            give_back_if_late(kept->async_queue);
        }
    }
}

void placement_tick(struct hart *hart)
{
    const struct ready_queue *waiting = &hart->waiting[current_domain];

    placement_take_kept(hart);
    /* An idle hart may be called again by now. */
    if (unlikely(waiting->summary) && idle_harts && !MUTANT(CALLED_ONCE)) {
        struct schedulable *best = waiting->head[queue_highest(waiting)];
        placement_call(schedulable_of_waiting(best)->async_queue);
    }
}
