/*
 * What a hart does that has nothing of its own to run: it serves the workers of other harts, the most
 * important first, and gives way to whatever comes up.
 *
 * Having such harts must never be a loss, also where the host runs them late. So such a hart takes the kernel
 * lock for somebody else's worker only when it is free, never by queueing for it, and polls the ring that it
 * watches without the lock. A batch that it has begun it keeps while it lets others have the lock, so that
 * two harts do not take the batch from each other request by request; but not for longer than serving would
 * take. It owns nothing that the home of a worker has to wait for.
 *
 * What is read without the lock is a hint, and read again with it. The memory of a ring that is watched may
 * have become something else meanwhile: then the word that is polled is somebody else's, and at worst the
 * hart takes the lock for nothing.
 */
#include "arch/processor.h"
#include "arch/vm.h"
#include "lib/bits.h"
#include "lib/mutant.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"
#include "worker/placement.h"
#include "worker/serve.h"

/* The pause between two polls: less than a microsecond. */
#define PAUSES_BETWEEN_POLLS 30

/* How often a hart that was called polls the lock before it sleeps until the next tick. */
#define POLLS_FOR_LOCK 1000

/* Requests after which answers are handed over, so that a thread that polls has something to go on with. */
#define IDLE_BUDGET 64

/* A batch of fewer requests is no reason to watch the ring: the next ones will be served in a wake call. */
#define REQUESTS_WORTH_WATCHING 16

/* A run is slow if it takes so many times as long as others, and half a tick, a millisecond: the host ran
 * something else meanwhile. A hart that has just woken may need a tenth of that for its first request. */
#define SLOW_FACTOR 8

static void pause(void)
{
    for (unsigned i = 0; i < PAUSES_BETWEEN_POLLS && !interrupt_pending(); i++) {
        pause_hint();
    }
}

/* Something of its own waits for the hart. Also read without the lock. */
static bool has_own(const struct hart *hart)
{
    return __atomic_load_n(&hart->ready[current_domain].summary, __ATOMIC_RELAXED) ||
           __atomic_load_n(&hart->waiting[current_domain].summary, __ATOMIC_RELAXED);
}

/* The most important worker that waits on any hart; NULL if none does. Equals of several harts take turns:
 * the hart whose worker was served last comes last. */
static struct tcb *best_waiting(const struct hart *hart)
{
    const struct ready_queue *best = NULL;
    int priority = -1;

    for (unsigned i = 1; i <= harts_online; i++) {
        unsigned id = (hart->idle.last_home + i) % harts_online;
        const struct ready_queue *waiting =
            &harts_table[id].waiting[MUTANT(OTHER_DOMAIN) ? 0 : current_domain];
        if (queue_highest(waiting) > priority) {
            priority = queue_highest(waiting);
            best = waiting;
        }
    }
    return best ? schedulable_of_waiting(best->head[priority]) : NULL;
}

/*
 * ---- Watching ----
 */

/* Lets an idle hart poll the ring for more requests. False: the owner's queue may not be watched now. */
static bool begin_watch(struct hart *hart, struct tcb *owner)
{
    struct async_queue *queue = owner->async_queue;

    if (!domain_is_current(owner) || placement_was_late_lately(queue)) {
        return false;
    }
    hart->idle.watched = owner;
    queue->state = QUEUE_WATCHED;
    ring_expect_news(queue, QUEUE_WATCHED);
    return true;
}

void placement_end_watch(struct hart *hart)
{
    struct async_queue *queue = hart->idle.watched->async_queue;

    hart->idle.watched = NULL;
    placement_settle(queue, QUEUE_IDLE, true);
    queue->placement.slept = (uint32_t)time_now();
}

/*
 * ---- Serving ----
 */

/* Learns from a run how long this hart needs for 16 requests, and whether it was slow. */
static void learn_pace(struct async_queue *queue, word_t time, word_t served)
{
    struct placement *placement = &queue->placement;
    word_t expected = served * placement->pace / 16, most = SLOW_FACTOR * (expected + 1);

    if (!served) {
        return;
    }
    if (time > most && time > counts_per_tick / 2) {
        placement_was_late(queue, time - expected);
    }
    placement->pace = (uint32_t)((3ul * placement->pace + 16 * min_word(time, most) / served) / 4 + 1);
}

/* Lets others have the lock, and goes on with the batch when it is free. False: another hart has taken the
 * batch, or there is something else to do. Sets *is_tick if a tick came meanwhile. */
static bool keep_and_let_in(struct hart *hart, struct tcb *owner, bool *is_tick)
{
    struct async_queue *queue = owner->async_queue;
    word_t until = time_now() + placement_expected(queue);

    queue->state = QUEUE_KEPT;
    hart->serving = NULL;
    hart->idle.kept = owner;
    __atomic_store_n(&hart->idle.kept_until, until, __ATOMIC_RELEASE); /* pairs with find_elsewhere() */
    kernel_leave(hart);
    for (;;) {
        if (has_own(hart) || interrupt_pending()) {
            kernel_lock(hart);
            break;
        }
        pause_hint();
        if (kernel_try_lock(hart)) {
            break;
        }
        /* From here on another hart may take the batch, so there is no hurry. */
        if (time_has_come(until)) {
            wait_for_interrupt();
        }
    }
    if (interrupt_pending()) {
        *is_tick |= interrupts_pending() & INTERRUPT_TIMER;
        handle_interrupts(hart);
    }
    if (hart->idle.kept != owner) {
        return false;
    }
    hart->idle.kept = NULL;
    queue->state = QUEUE_RUNNING;
    hart->serving = owner;
    if (*is_tick && queue->told != ring_progress(queue)) {
        ring_tell(queue);
    }
    return true;
}

/* Nothing else is to be done before the next request of another hart's queue. is_tick: equals take turns. */
static bool may_go_on(const struct hart *hart, const struct tcb *owner, bool is_tick)
{
    const struct tcb *best = best_waiting(hart);

    return !hart->candidate && !hart->pending.reschedule && (!has_own(hart) || MUTANT(OWN_LAST)) &&
           owner->state != THREAD_INACTIVE && domain_is_current(owner) &&
           !(best && (is_tick ? best->priority >= owner->priority : best->priority > owner->priority));
}

/* One run, whose answers are published. served: requests. Returns what becomes of the queue. */
static enum queue_state run(struct hart *hart, struct async_queue *queue, struct tcb *owner, word_t *served)
{
    word_t start = time_now();

    *served = 0;
    enum queue_state state = worker_run(queue, owner, REL4_PLACE_IDLE, IDLE_BUDGET, served);
    if (state == QUEUE_STOPPED) {
        return state;
    }
    bool untold = ring_publish(queue);
    word_t time = time_now() - start;
    learn_pace(queue, time, *served);
    queue_count(queue, &queue->statistics.busy[hart->id], time);
    queue->placement.batch += (uint32_t)*served;
    /* The user is not left waiting for the end of a long operation, which has served nothing when it stops
     * for the second time, nor for the end of a batch that goes on and on. */
    if (untold && (!*served || interrupts_pending() & INTERRUPT_TIMER)) {
        ring_tell(queue);
    }
    return state;
}

/* A run has stopped, and there is more. True if this hart goes on with it. *lost: it has let others in, and
 * another hart has the queue now. */
static bool goes_on(struct hart *hart, struct tcb *owner, bool *lost)
{
    bool is_tick = interrupts_pending() & INTERRUPT_TIMER;

    if (interrupt_pending()) {
        handle_interrupts(hart);
    }
    bool others_wait = hart->pending.interrupts || kernel_lock_contended(hart);
    if (!may_go_on(hart, owner, is_tick)) {
        return false;
    }
    if (others_wait) {
        *lost = !keep_and_let_in(hart, owner, &is_tick);
        return !*lost && may_go_on(hart, owner, is_tick);
    }
    return true;
}

HOT void idle_serve(struct hart *hart, struct tcb *owner)
{
    struct async_queue *queue = owner->async_queue;
    struct placement *placement = &queue->placement;
    enum queue_state state;
    bool lost = false;
    word_t served;

    if (placement->called == hart->id + 1 && placement->lateness) {
        placement->lateness--;
    }
    placement->called = 0;
    hart->idle.last_home = owner->hart->id;
    hart->idle.serves_home = owner->hart->id + 1;
    do {
        state = run(hart, queue, owner, &served);
    } while (state == QUEUE_WAITING && goes_on(hart, owner, &lost));
    hart->idle.serves_home = 0;
    hart->serving = NULL;
    if (state == QUEUE_STOPPED || lost) {
        return;
    }
    ring_hand_over(queue);
    if (state == QUEUE_IDLE) {
        bool is_worth_it = placement->batch >= REQUESTS_WORTH_WATCHING || queue->at_tick;
        placement->batch = 0;
        if (is_worth_it && begin_watch(hart, owner)) {
            return;
        }
    }
    /* Behind its equals at home: it was not one of them that stopped it. */
    placement_settle(queue, state, state == QUEUE_IDLE);
}

/*
 * ---- Waiting ----
 */

/* A hart that was called has come. If others have served the requests meanwhile, it watches for the next. */
static void answer_call(struct hart *hart, struct tcb *owner)
{
    if (owner->async_queue->state == QUEUE_IDLE && owner->hart != hart && owner->state != THREAD_INACTIVE &&
        begin_watch(hart, owner)) {
        ring_stay_awake(owner->async_queue);
    }
}

/* With the lock again: serves what the watch has found, or ends the watch if its time is over. */
static void act_on_watch(struct hart *hart, bool is_over)
{
    struct tcb *owner = hart->idle.watched;
    struct placement *placement = &owner->async_queue->placement;

    if (ring_has_news(owner->async_queue) && may_go_on(hart, owner, false)) {
        placement->patience = (uint8_t)min_word(2ul * placement->patience, POLLS_MAX);
        hart->idle.watched = NULL;
        hart->serving = owner;
    } else if (is_over || !domain_is_current(owner) || owner->state == THREAD_INACTIVE) {
        placement->patience = placement->patience > 1 ? placement->patience / 2 : 1;
        placement_end_watch(hart);
    }
}

/* Whether another hart serves a worker of this one; and keeps it; and keeps it for too long. */
struct elsewhere {
    bool served, kept, late;
};

/* Without the lock. */
static struct elsewhere find_elsewhere(const struct hart *home)
{
    struct elsewhere found = { 0 };

    for_each_hart(hart) {
        const struct idle_work *idle = &hart->idle;
        if (__atomic_load_n(&idle->serves_home, __ATOMIC_RELAXED) != home->id + 1) {
            continue;
        }
        /* Pairs with keep_and_let_in(). */
        word_t until = __atomic_load_n(&idle->kept_until, __ATOMIC_ACQUIRE);
        bool kept = __atomic_load_n(&idle->kept, __ATOMIC_RELAXED);
        found.served = true;
        found.kept |= kept;
        found.late |= kept && time_has_come(until);
    }
    return found;
}

/* Workers of other harts wait. Without the lock. */
static bool others_have_work(void)
{
    for_each_hart(hart) {
        if (__atomic_load_n(&hart->waiting[current_domain].summary, __ATOMIC_RELAXED)) {
            return true;
        }
    }
    return false;
}

/* What a hart that idles polls without the lock. */
struct watch {
    struct ring_news news;
    unsigned polls_left;
};

/* Waits without the lock, and comes back with it. True if the time of the watch is over. */
static bool wait_unlocked(struct hart *hart, struct watch watch)
{
    unsigned polls = POLLS_FOR_LOCK;
    bool ticking = true, is_over = false;

    for (;;) {
        word_t pending = interrupts_pending();
        bool watches = user_words_exist(watch.news.indices) && !is_over &&
                       __atomic_load_n(&hart->idle.watched, __ATOMIC_RELAXED);
        if (pending & INTERRUPT_IPI) {
            /* Cleared before the queues are read, so a call that comes now interrupts again. */
            ipi_clear();
            polls = POLLS_FOR_LOCK;
        }
        bool work = (watches && ring_news_exist(watch.news)) || is_over || others_have_work() ||
                    __atomic_load_n(&hart->idle.called, __ATOMIC_RELAXED);
        struct elsewhere own = find_elsewhere(hart);
        if (has_own(hart) || pending & INTERRUPT_DEVICE || own.late || (work && MUTANT(QUEUE_FOR_LOCK)) ||
            (pending & INTERRUPT_TIMER && (REL4_NUM_DOMAINS > 1 || receivers_polled))) {
            kernel_lock(hart);
            break;
        }
        if (work && kernel_try_lock(hart)) {
            break;
        }
        if (pending & INTERRUPT_TIMER) {
            /* With one domain, a hart that has no thread to charge does nothing at a tick. It keeps its tick
             * only while there is something that it may have to check again. */
            if (work || watches || own.served) {
                timer_acknowledge(hart);
                polls = POLLS_FOR_LOCK;
            } else {
                timer_stop();
                ticking = false;
            }
            continue;
        }
        if (watches && !work) {
            is_over = --watch.polls_left == 0;
            pause();
        } else if (work && polls) {
            polls--;
            pause();
        } else if (own.kept) {
            pause();
        } else {
            __atomic_store_n(&hart->idle.called, NULL, __ATOMIC_RELEASE);
            if ((work || own.served) && !ticking) {
                timer_start(hart);
                ticking = true;
            }
            wait_for_interrupt();
        }
    }
    if (!ticking) {
        timer_start(hart);
    }
    return is_over;
}

/* The worker that the hart serves next: one of its own, which may only be delayed, or the best one of others.
 */
static struct tcb *find_work(const struct hart *hart)
{
    const struct ready_queue *own = &hart->waiting[current_domain];

    return own->summary ? schedulable_of_waiting(own->head[queue_highest(own)]) : best_waiting(hart);
}

void placement_idle(struct hart *hart)
{
    struct tcb *owner = find_work(hart);
    struct watch watch = { .news.indices = user_words_none() };

    /* Idle harts use the kernel's own root: asid_release() does not wait for them. */
    if (hart->arch.vspace) {
        vm_activate_kernel();
    }
    if (owner && hart->idle.watched) {
        /* The queue that it watched may have got requests, and be more important. */
        placement_end_watch(hart);
        owner = find_work(hart);
    }
    if (owner) {
        worker_dequeue(owner);
        hart->serving = owner;
        return;
    }
    if (hart->candidate || hart->pending.reschedule) {
        return;
    }
    if (hart->idle.watched) {
        const struct async_queue *queue = hart->idle.watched->async_queue;
        watch = (struct watch){ queue->news, queue->placement.patience };
    }
    idle_harts |= bit(hart->id);
    kernel_leave(hart);
    bool is_over = wait_unlocked(hart, watch);
    idle_harts &= ~bit(hart->id);
    handle_interrupts(hart);
    placement_take_kept(hart);
    struct tcb *called = hart->idle.called;
    hart->idle.called = NULL;
    if (called && !hart->idle.watched) {
        answer_call(hart, called);
    }
    if (hart->idle.watched) {
        act_on_watch(hart, is_over);
    }
}
