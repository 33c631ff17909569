/*
 * The ready queues of a hart: insertion, removal, and the best thread, each in constant time. Inline, because
 * every switch of threads goes through here.
 */
#pragma once

#include "lib/bits.h"
#include "thread/domain.h"
#include "thread/hart.h"
#include "thread/tcb.h"

/* The bitmap is in falling order of priority, so the best is the lowest bit. */
static inline unsigned bitmap_word(unsigned priority)
{
    return (NUM_PRIORITIES - 1 - priority) / WORD_BITS;
}

static inline word_t bitmap_bit(unsigned priority)
{
    return bit((NUM_PRIORITIES - 1 - priority) % WORD_BITS);
}

static inline void ready_insert(struct tcb *thread, bool at_head)
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

static inline void sched_enqueue_head(struct tcb *thread)
{
    ready_insert(thread, true);
}

static inline void sched_enqueue_tail(struct tcb *thread)
{
    ready_insert(thread, false);
}

static inline void ready_remove(struct tcb *thread)
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

/* Priority of the best ready thread of the hart in the current domain; -1 if there is none. */
static inline int sched_highest(const struct hart *hart)
{
    const struct ready_queue *queue = &hart->ready[current_domain];

    if (!queue->summary) {
        return -1;
    }
    unsigned word = lowest_bit(queue->summary);
    return (int)(NUM_PRIORITIES - 1 - (word * WORD_BITS + lowest_bit(queue->bitmap[word])));
}

/* Some ready thread of the hart in the current domain is more important than this. */
static inline bool sched_has_above(const struct hart *hart, unsigned priority)
{
    const struct ready_queue *queue = &hart->ready[current_domain];
    unsigned word = bitmap_word(priority);

    return queue->summary &&
           ((queue->summary & mask(word)) || (queue->bitmap[word] & (bitmap_bit(priority) - 1)));
}

/* Takes the best ready thread out of its queue; idle_thread if there is none. */
static inline struct tcb *ready_take_highest(struct hart *hart)
{
    int priority = sched_highest(hart);

    if (priority < 0) {
        return &idle_thread;
    }
    struct tcb *thread = hart->ready[current_domain].head[priority];
    ready_remove(thread);
    return thread;
}
