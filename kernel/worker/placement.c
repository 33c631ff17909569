/*
 * Serving in system calls and in turn, and what moves a worker; see placement.h. What harts do that have
 * nothing of their own to run is in idle.c.
 */
#include "worker/placement.h"

#include "arch/processor.h"
#include "arch/timer.h"
#include "arch/tlb.h"
#include "lib/bits.h"
#include "lib/mutant.h"
#include "object/console_turn.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"
#include "worker/serve.h"

/* For so many requests an idle hart is called. Fewer are served in less time than it needs to come. */
#define REQUESTS_WORTH_CALLING 16

/* Of the time that was lost because a hart came late: so long it is not called again for that queue. Being
 * late again doubles that, being in time halves it. At most so many ticks: one second. */
#define LATE_FACTOR    30
#define LATENESS_MAX   6
#define LATE_TICKS_MAX TICKS_PER_SECOND

_Static_assert(REL4_MAX_HARTS == MAX_HARTS, "each hart has its place in the statistics");

static bool is_active(const struct tcb *owner)
{
    return owner->state != THREAD_INACTIVE;
}

/* The shortest and the longest time that an idle hart may need: 10 microseconds and 1 millisecond. */
word_t placement_expected(const struct async_queue *queue)
{
    word_t time = (word_t)ring_requests(queue) * queue->placement.pace / 16;
    word_t least = counts_per_tick / 200, most = counts_per_tick / 2;

    return time < least ? least : min_word(time, most);
}

/*
 * ---- Calling idle harts ----
 */

bool placement_was_late_lately(const struct async_queue *queue)
{
    return (long)(time_now() - queue->placement.not_before) < 0;
}

/* An idle hart that may be called for a queue; NULL if there is none, or one is on its way, for less than a
 * tick. */
static struct hart *find_idle_hart(const struct async_queue *queue, word_t now)
{
    bool may_come = now - queue->placement.called_at < counts_per_tick;
    struct hart *found = NULL;

    for (word_t idle = idle_harts; idle; idle &= idle - 1) {
        struct hart *hart = &harts_table[lowest_bit(idle)];
        if (hart->idle.called == queue->thread && may_come) {
            return NULL;
        }
        if (!found && hart != queue->thread->hart && !hart->idle.called) {
            found = hart;
        }
    }
    return found;
}

/* Calls an idle hart to serve a queue, if there is one. It need not come. */
static COLD bool call_idle_hart(struct async_queue *queue)
{
    struct placement *placement = &queue->placement;
    word_t now = time_now();
    struct hart *hart = domain_is_current(queue->thread) ? find_idle_hart(queue, now) : NULL;

    if (!hart) {
        return false;
    }
    hart->idle.called = queue->thread;
    this_hart()->pending.interrupts |= bit(hart->id);
    placement->called = (hart->id + 1) & 15;
    placement->called_at = now;
    queue_count(queue, &queue->statistics.ipis, 1);
    if (MUTANT(CALL_MOVES)) {
        worker_dequeue(queue->thread);
    }
    /* It slept too early the last time. */
    if ((uint32_t)now - placement->slept < counts_per_tick / 16) {
        placement->patience = (uint8_t)min_word(4ul * placement->patience, POLLS_MAX);
    }
    return true;
}

void placement_was_late(struct async_queue *queue, word_t lost)
{
    struct placement *placement = &queue->placement;
    word_t most = LATE_TICKS_MAX * counts_per_tick;
    word_t factor = (word_t)LATE_FACTOR << placement->lateness;

    queue_count(queue, &queue->statistics.late, 1);
    if (MUTANT(NEVER_LATE)) {
        return;
    }
    placement->not_before = time_now() + min_word(min_word(lost, most) * factor, most);
    placement->lateness = min_word(placement->lateness + 1ul, LATENESS_MAX) & 15;
}

/* A queue is served by its home. If a hart was called for that and has not come, it may be late. */
static inline void take_back(struct async_queue *queue)
{
    struct placement *placement = &queue->placement;

    if (likely(!placement->called)) {
        return;
    }
    const struct hart *hart = &harts_table[placement->called - 1];
    placement->called = 0;
    if (hart->idle.called == queue->thread) {
        word_t lost = time_now() - placement->called_at;
        queue_count(queue, &queue->statistics.taken_back, 1);
        if (lost >= placement_expected(queue)) {
            placement_was_late(queue, lost);
        }
    }
}

/* What the home does meanwhile is at least as important as a worker of this priority. */
static bool home_is_busy(const struct tcb *owner)
{
    const struct hart *home = owner->hart, *here = this_hart();
    int running;

    if (home == here) {
        running = sched_running_priority(home);
        if (home->candidate && home->candidate->priority > running) {
            running = home->candidate->priority;
        }
    } else {
        running = home->current == &idle_thread ? -1 : home->current->priority;
    }
    int ready = queue_highest(&home->ready[domain_index(owner)]);
    return (ready > running ? ready : running) >= (int)owner->priority;
}

/*
 * ---- Waiting ----
 */

/* If an idle hart is late, the home loses time only if it could have served the queue. */
static bool is_worth_calling(const struct async_queue *queue)
{
    if (home_is_busy(queue->thread)) {
        return queue->at_tick || ring_requests(queue) >= REQUESTS_WORTH_CALLING;
    }
    return queue->at_tick && !placement_was_late_lately(queue);
}

/* A queue that waits: its worker is ready, unless its thread is inactive. Idle harts are called if the home
 * has something else to do, and it is worth it. */
static void wait(struct async_queue *queue, enum worker_place place)
{
    struct tcb *owner = queue->thread;

    queue->state = QUEUE_WAITING;
    ring_no_news(queue);
    if (!is_active(owner)) {
        return;
    }
    bool calls = unlikely(idle_harts) && is_worth_calling(queue);
    worker_enqueue(owner, place);
    if (calls) {
        call_idle_hart(queue);
    }
}

/* The same where the policy may delay it. */
static void wait_by_policy(struct async_queue *queue)
{
    wait(queue, queue->at_tick ? WORKER_DELAYED : WORKER_AT_TAIL);
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
    return (long)(time_now() - keeper_of(queue)->idle.kept_until) >= 0 && !MUTANT(KEEP_FOR_EVER);
}

/* A queue is taken from a hart that keeps or watches it. It waits nowhere then. */
static void end_foreign(struct async_queue *queue)
{
    for (unsigned id = 0; id < harts_online; id++) {
        struct idle_work *idle = &harts_table[id].idle;
        if (idle->kept == queue->thread) {
            idle->kept = NULL;
        }
        if (idle->watched == queue->thread) {
            idle->watched = NULL;
        }
    }
}

/* A queue is taken from a hart that has not come back in time. */
static void end_keeping(struct async_queue *queue)
{
    word_t lost = time_now() - keeper_of(queue)->idle.kept_until + placement_expected(queue);

    queue_count(queue, &queue->statistics.taken_back, 1);
    placement_was_late(queue, lost);
    end_foreign(queue);
}

/* Answers are published that the user has not been told of. */
static void tell_the_rest(struct async_queue *queue)
{
    if (queue->told != ring_response_producer(queue) && !MUTANT(TELL_NOBODY)) {
        ring_tell(queue);
    }
}

/* A kept queue waits at its home: behind its equals there, as it was not one of them that stopped it. */
static void give_back(struct async_queue *queue)
{
    end_keeping(queue);
    tell_the_rest(queue);
    wait(queue, WORKER_AT_TAIL);
}

/* The queue of a thread that changes is kept no longer. */
static void stop_keeping(struct async_queue *queue)
{
    if (queue->state == QUEUE_KEPT) {
        end_foreign(queue);
        tell_the_rest(queue);
        queue->state = QUEUE_WAITING;
    }
}

void placement_blocked(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;

    if (!is_active(thread)) {
        return;
    }
    if (ring_has_news(queue) && !queue->at_tick && !MUTANT(BLOCK_UNHEARD)) {
        end_foreign(queue);
        wait(queue, WORKER_AT_TAIL);
    } else if (queue->state == QUEUE_KEPT && keeper_is_late(queue)) {
        /* The thread is still current: whoever serves the queue tells it of the answers so far. */
        end_keeping(queue);
        wait(queue, WORKER_AT_TAIL);
    }
}

void placement_owner_stopped(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;

    worker_dequeue(thread);
    console_leave(&thread->worker);
    stop_keeping(queue);
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
    wait(owner->async_queue, WORKER_AT_HEAD);
}

void placement_begin_change(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;

    console_begin_change(thread);
    if (!queue || MUTANT(STAY_IN_PLACE)) {
        return;
    }
    worker_dequeue(thread);
    stop_keeping(queue);
}

void placement_end_change(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;

    if (queue && queue->state == QUEUE_WAITING && is_active(thread) && !MUTANT(STAY_IN_PLACE)) {
        wait_by_policy(queue);
    }
    if (queue && this_hart()->serving == thread && !MUTANT(SERVE_CHANGED)) {
        this_hart()->pending.reschedule = true;
    }
    /* Last, as it may wake the worker, or the thread. */
    console_end_change(thread);
}

void placement_hand_over(struct async_queue *queue)
{
    if (queue->state == QUEUE_RUNNING || queue->state == QUEUE_WAITING || queue->state == QUEUE_KEPT ||
        queue->state == QUEUE_BLOCKED) {
        if (ring_publish(queue)) {
            ring_tell(queue);
        }
    }
}

void placement_withdraw(struct async_queue *queue)
{
    struct tcb *thread = queue->thread;

    if (!thread) {
        return;
    }
    end_foreign(queue);
    for (unsigned id = 0; id < harts_online; id++) {
        if (harts_table[id].idle.called == thread) {
            harts_table[id].idle.called = NULL;
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
        .pace = (uint32_t)(counts_per_tick / 125), /* 1 microsecond for each */
    };
}

/*
 * ---- Serving ----
 */

/* by_policy: the queue may be one that blocking does not wake. */
static inline __attribute__((always_inline)) void settle(struct async_queue *queue, enum queue_state state,
                                                         bool at_head, bool by_policy)
{
    if (likely(state == QUEUE_IDLE) || state == QUEUE_FULL) {
        if (state == QUEUE_FULL) {
            queue_count(queue, &queue->statistics.full, 1);
        }
        state = ring_fall_asleep(queue, state);
        if (by_policy && queue->at_tick) {
            ring_no_news(queue);
        }
    } else if (state == QUEUE_FAULTED) {
        ring_signal(queue);
    }
    queue->state = state;
    if (MUTANT(REFILL_TWICE)) {
        queue->thread->slice = TIME_SLICE_TICKS;
    }
    if (unlikely(state == QUEUE_WAITING) && (by_policy || !MUTANT(FORGET_REST))) {
        wait(queue, at_head ? WORKER_AT_HEAD : WORKER_AT_TAIL);
    }
}

HOT void placement_settle(struct async_queue *queue, enum queue_state state, bool at_head)
{
    settle(queue, state, at_head, true);
}

/* The call has no answer: it is to be repeated, or the thread has got something else to do. */
static COLD enum progress end_unanswered(struct hart *hart)
{
    hart->call_void = false;
    return AGAIN;
}

/* The same, and a wake call is counted when it is repeated. */
static COLD enum progress end_call_early(struct hart *hart, struct async_queue *queue, enum rel4_place place)
{
    if (place == REL4_PLACE_CALL) {
        queue_count(queue, &queue->statistics.wakes, -1ul);
    }
    return end_unanswered(hart);
}

/* Serves the ring of the running thread in its system call, which has no effect yet. AGAIN: the call stops.
 * The thread repeats it, or does not: the worker does not depend on that. */
static inline __attribute__((always_inline)) enum progress
serve_in_call(struct hart *hart, struct async_queue *queue, struct tcb *owner, enum rel4_place place)
{
    uint32_t budget = (uint32_t)bit(queue->request_bits);
    word_t served = 0;

    hart->serving = owner;
    enum queue_state state = worker_run(queue, owner, place, budget, &served);
    hart->serving = NULL;
    /* What the thread has reserved may be a word that was written here. */
    reservation_clear(&hart->arch);
    if (unlikely(state == QUEUE_STOPPED)) {
        return hart->call_void ? end_unanswered(hart) : DONE;
    }
    bool stops = state == QUEUE_WAITING && served < budget;
    if (ring_publish(queue)) {
        ring_tell(queue);
    }
    settle(queue, state, stops, false);
    return unlikely(stops || hart->call_void) ? end_call_early(hart, queue, place) : DONE;
}

/* A queue that is not being served is taken from where it waits, or from whoever looks after it. False: it is
 * served elsewhere, or cannot be served now. */
static bool take(struct async_queue *queue)
{
    switch (queue->state) {
    case QUEUE_IDLE:
    case QUEUE_FULL:
        return true;
    case QUEUE_WAITING:
        take_back(queue);
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
    bool fresh = queue->state == QUEUE_IDLE || queue->state == QUEUE_FULL;

    if (unlikely(idle_harts) && fresh && ring_requests(queue) >= REQUESTS_WORTH_CALLING &&
        !placement_was_late_lately(queue) && call_idle_hart(queue)) {
        queue->state = QUEUE_WAITING;
        ring_no_news(queue);
        worker_enqueue(owner, WORKER_AT_TAIL);
        return DONE;
    }
    return fresh || take(queue) ? serve_in_call(hart, queue, owner, REL4_PLACE_CALL) : DONE;
}

HOT enum progress placement_wake(struct async_queue *queue)
{
    struct hart *hart = this_hart();
    struct tcb *owner = queue->thread;

    /* If it is a request of its own queue, that is RUNNING. */
    if (likely(owner == hart->current && !queue->at_tick)) {
        return wake_own(hart, queue, owner);
    }
    switch (queue->state) {
    case QUEUE_WATCHED:
        end_foreign(queue);
        wait_by_policy(queue);
        break;
    case QUEUE_IDLE:
    case QUEUE_FULL:
        wait_by_policy(queue);
        break;
    case QUEUE_KEPT:
        if (keeper_is_late(queue)) {
            give_back(queue);
        }
        break;
    default:
        break;
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

    take_back(queue);
    enum queue_state state = worker_run(queue, owner, queue->at_tick ? REL4_PLACE_TICK : REL4_PLACE_BLOCK,
                                        (uint32_t)bit(queue->request_bits), &served);
    if (state != QUEUE_STOPPED) {
        if (ring_publish(queue)) {
            ring_tell(queue);
        }
        placement_settle(queue, state, true);
    }
    /* While it is still known whose time it was. */
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
    for (unsigned id = 0; id < harts_online; id++) {
        struct tcb *kept = harts_table[id].idle.kept;
        if (unlikely(kept != NULL) && kept->hart == hart && keeper_is_late(kept->async_queue)) {
            give_back(kept->async_queue);
        }
    }
}

void placement_tick(struct hart *hart)
{
    const struct ready_queue *waiting = &hart->waiting[current_domain];

    placement_take_kept(hart);
    /* One may be called again by now. */
    if (unlikely(waiting->summary) && idle_harts && !MUTANT(CALLED_ONCE)) {
        struct schedulable *best = waiting->head[queue_highest(waiting)];
        call_idle_hart(schedulable_of_waiting(best)->async_queue);
    }
}
