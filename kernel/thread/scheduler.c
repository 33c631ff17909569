/*
 * The scheduler: ready queues with a two-level bitmap, so that finding the best thread takes constant time.
 */
#include "thread/scheduler.h"

#include "lib/bits.h"
#include "thread/domain.h"

struct tcb idle_thread = { .state = THREAD_IDLE };

/* The bitmap is in falling order of priority, so the best is the lowest bit. */
static unsigned bitmap_word(unsigned priority)
{
    return (NUM_PRIORITIES - 1 - priority) / WORD_BITS;
}

static word_t bitmap_bit(unsigned priority)
{
    return bit((NUM_PRIORITIES - 1 - priority) % WORD_BITS);
}

static void enqueue(struct tcb *thread, bool at_head)
{
    struct ready_queue *queue = &thread->hart->ready[thread->domain];
    unsigned priority = thread->priority;
    struct tcb *head = queue->head[priority];

    assert(!thread->ready_queued && thread != &idle_thread);
    thread->ready_queued = true;
    if (!head) {
        thread->ready_next = thread;
        thread->ready_prev = thread;
        queue->head[priority] = thread;
        queue->bitmap[bitmap_word(priority)] |= bitmap_bit(priority);
        queue->summary |= bit(bitmap_word(priority));
        return;
    }
    thread->ready_next = head;
    thread->ready_prev = head->ready_prev;
    head->ready_prev->ready_next = thread;
    head->ready_prev = thread;
    if (at_head) {
        queue->head[priority] = thread;
    }
}

void sched_enqueue_head(struct tcb *thread)
{
    enqueue(thread, true);
}

void sched_enqueue_tail(struct tcb *thread)
{
    enqueue(thread, false);
}

static void unlink_ready(struct tcb *thread)
{
    struct ready_queue *queue = &thread->hart->ready[thread->domain];
    unsigned priority = thread->priority;

    thread->ready_queued = false;
    if (thread->ready_next == thread) {
        queue->head[priority] = NULL;
        queue->bitmap[bitmap_word(priority)] &= ~bitmap_bit(priority);
        if (!queue->bitmap[bitmap_word(priority)]) {
            queue->summary &= ~bit(bitmap_word(priority));
        }
        return;
    }
    thread->ready_next->ready_prev = thread->ready_prev;
    thread->ready_prev->ready_next = thread->ready_next;
    if (queue->head[priority] == thread) {
        queue->head[priority] = thread->ready_next;
    }
}

void sched_dequeue(struct tcb *thread)
{
    if (thread->ready_queued) {
        unlink_ready(thread);
    } else if (thread->hart->candidate == thread) {
        thread->hart->candidate = NULL;
        thread->hart->reschedule = true;
    }
}

static void wake_on_other_hart(struct tcb *thread)
{
    const struct tcb *running = thread->hart->current;

    sched_enqueue_head(thread);
    if (running == &idle_thread || thread->priority > running->priority) {
        this_hart()->ipi_targets |= bit(thread->hart->id);
    }
}

void sched_wake(struct tcb *thread)
{
    struct hart *hart = this_hart();

    if (unlikely(thread->hart != hart)) {
        wake_on_other_hart(thread);
    } else if (REL4_NUM_DOMAINS > 1 && thread->domain != current_domain) {
        sched_enqueue_head(thread);
    } else if (likely(!hart->candidate && !hart->reschedule)) {
        hart->candidate = thread;
    } else {
        if (hart->candidate) {
            sched_enqueue_head(hart->candidate);
            hart->candidate = NULL;
        }
        hart->reschedule = true;
        sched_enqueue_head(thread);
    }
}

void sched_yield(void)
{
    struct hart *hart = this_hart();

    sched_enqueue_tail(hart->current);
    hart->reschedule = true;
}

void sched_tick(struct hart *hart)
{
    struct tcb *current = hart->current;

    if (thread_is_runnable(current) && --current->slice == 0) {
        current->slice = TIME_SLICE_TICKS;
        if (!current->ready_queued) {
            sched_enqueue_tail(current);
        }
        hart->reschedule = true;
    }
    if (domain_tick()) {
        hart->reschedule = true;
    }
}

int sched_highest(const struct hart *hart)
{
    const struct ready_queue *queue = &hart->ready[current_domain];

    if (!queue->summary) {
        return -1;
    }
    unsigned word = lowest_bit(queue->summary);
    return (int)(NUM_PRIORITIES - 1 - (word * WORD_BITS + lowest_bit(queue->bitmap[word])));
}

static struct tcb *take_highest(struct hart *hart)
{
    int priority = sched_highest(hart);

    if (priority < 0) {
        return &idle_thread;
    }
    struct tcb *thread = hart->ready[current_domain].head[priority];
    unlink_ready(thread);
    return thread;
}

struct tcb *sched_choose(struct hart *hart)
{
    struct tcb *current = hart->current;
    struct tcb *candidate = hart->candidate;
    bool current_runnable = thread_is_runnable(current);
    bool reschedule = hart->reschedule;

    hart->candidate = NULL;
    hart->reschedule = false;
    if (current_runnable && !current->ready_queued) {
        sched_enqueue_head(current);
    }
    if (domain_time_is_up()) {
        domain_advance();
        reschedule = true;
    }
    if (candidate) {
        if (reschedule || candidate->priority < sched_highest(hart)) {
            sched_enqueue_head(candidate);
        } else if (current_runnable && candidate->priority == current->priority) {
            sched_enqueue_tail(candidate);
        } else {
            return candidate;
        }
    }
    return take_highest(hart);
}

void sched_set_priority(struct tcb *thread, unsigned priority)
{
    struct hart *hart = thread->hart;
    bool was_waiting = thread->ready_queued || hart->candidate == thread;

    sched_dequeue(thread);
    thread->priority = (uint16_t)priority;
    if (hart->current == thread) {
        hart->reschedule = true;
    } else if (was_waiting) {
        sched_wake(thread);
    }
}
