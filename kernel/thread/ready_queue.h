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

/* By which of its links a thread is in a queue: a function that is known where it is passed, so that it costs
 * nothing. */
typedef struct ready_links *links_of(struct tcb *thread);

static inline struct ready_links *links_of_ready(struct tcb *thread)
{
    return &thread->ready;
}

static inline void queue_insert(struct ready_queue *queue, struct tcb *thread, links_of *links, bool at_head)
{
    unsigned priority = thread->priority;
    struct tcb *head = queue->head[priority];

    if (!head) {
        *links(thread) = (struct ready_links){ thread, thread };
        queue->head[priority] = thread;
        queue->bitmap[bitmap_word(priority)] |= bitmap_bit(priority);
        queue->summary |= bit(bitmap_word(priority));
        return;
    }
    *links(thread) = (struct ready_links){ .next = head, .prev = links(head)->prev };
    links(links(head)->prev)->next = thread;
    links(head)->prev = thread;
    if (at_head) {
        queue->head[priority] = thread;
    }
}

static inline void queue_remove(struct ready_queue *queue, struct tcb *thread, links_of *links)
{
    unsigned priority = thread->priority;
    struct tcb *next = links(thread)->next;

    if (next == thread) {
        queue->head[priority] = NULL;
        queue->bitmap[bitmap_word(priority)] &= ~bitmap_bit(priority);
        if (!queue->bitmap[bitmap_word(priority)]) {
            queue->summary &= ~bit(bitmap_word(priority));
        }
        return;
    }
    links(links(thread)->prev)->next = next;
    links(next)->prev = links(thread)->prev;
    if (queue->head[priority] == thread) {
        queue->head[priority] = next;
    }
}

/* Priority of the best thread in a queue; -1 if there is none. */
static inline int queue_highest(const struct ready_queue *queue)
{
    if (!queue->summary) {
        return -1;
    }
    unsigned word = lowest_bit(queue->summary);
    return (int)(NUM_PRIORITIES - 1 - (word * WORD_BITS + lowest_bit(queue->bitmap[word])));
}

static inline void ready_insert(struct tcb *thread, bool at_head)
{
    assert(!thread->ready_queued && thread != &idle_thread);
    thread->ready_queued = true;
    queue_insert(&thread->hart->ready[domain_index(thread)], thread, links_of_ready, at_head);
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
    thread->ready_queued = false;
    queue_remove(&thread->hart->ready[domain_index(thread)], thread, links_of_ready);
}

/* Priority of the best ready thread of the hart in the current domain; -1 if there is none. */
static inline int sched_highest(const struct hart *hart)
{
    return queue_highest(&hart->ready[current_domain]);
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
