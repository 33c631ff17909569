/*
 * Calling idle harts to serve a queue, and remembering how late they came. A call is an invitation: it moves
 * nothing, and whoever chooses the worker first serves it.
 */
#include "lib/bits.h"
#include "lib/mutant.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

/* After a hart came late, the queue does without for so many times the time that was lost, and at most for so
 * many ticks: one second. Being late again doubles the factor, being in time halves it. */
#define LATE_FACTOR    30
#define LATENESS_MAX   6
#define LATE_TICKS_MAX TICKS_PER_SECOND

word_t placement_expected(const struct async_queue *queue)
{
    word_t time = (word_t)ring_requests(queue) * queue->placement.pace / 16;
    word_t least = counts_per_tick / 200, most = counts_per_tick / 2; /* 10 microseconds, 1 millisecond */

    return time < least ? least : min_word(time, most);
}

bool placement_was_late_lately(const struct async_queue *queue)
{
    return !time_has_come(queue->placement.not_before);
}

/* An idle hart that may be called for a queue; NULL if there is none, or one was called less than a tick ago
 * and may still come. */
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

COLD bool placement_call(struct async_queue *queue)
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
    /* The last watch ended too early. */
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

void placement_take_back(struct async_queue *queue)
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

/* The home runs something that is at least as important as the worker, or has it ready. */
static bool home_is_busy(const struct tcb *owner)
{
    const struct hart *home = owner->hart;
    const struct tcb *current = home->current;
    int priority = owner->priority;

    if (queue_highest(&home->ready[domain_index(owner)]) >= priority) {
        return true;
    }
    if (home != this_hart()) {
        return current != &idle_thread && current->priority >= priority;
    }
    return sched_running_priority(home) >= priority ||
           (home->candidate && home->candidate->priority >= priority);
}

bool placement_is_worth_calling(const struct async_queue *queue)
{
    /* If the idle hart is late, time is lost only where the home could have served the queue. */
    if (home_is_busy(queue->thread)) {
        return queue->at_tick || ring_requests(queue) >= REQUESTS_WORTH_CALLING;
    }
    return queue->at_tick && !placement_was_late_lately(queue);
}
