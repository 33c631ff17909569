/*
 * Queues by priority, and the ready queues of a hart: insertion, removal and finding the best take constant
 * time. Inline, because every switch of threads goes through here.
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

static inline void queue_mark(struct ready_queue *queue, unsigned priority)
{
    queue->bitmap[bitmap_word(priority)] |= bitmap_bit(priority);
    queue->summary |= bit(bitmap_word(priority));
}

static inline void queue_unmark(struct ready_queue *queue, unsigned priority)
{
    queue->bitmap[bitmap_word(priority)] &= ~bitmap_bit(priority);
    if (!queue->bitmap[bitmap_word(priority)]) {
        queue->summary &= ~bit(bitmap_word(priority));
    }
}

/* Adds a schedulable to the list of its priority, at the head or tail. */
static inline void queue_insert(struct ready_queue *queue, struct schedulable *s, unsigned priority,
                                bool at_head)
{
    struct schedulable *head = queue->head[priority];

    if (!head) {
        s->next = s->prev = s;
        queue->head[priority] = s;
        queue_mark(queue, priority);
        return;
    }
    struct schedulable *tail = head->prev;
    s->next = head;
    s->prev = tail;
    tail->next = s;
    head->prev = s;
    if (at_head) {
        queue->head[priority] = s;
    }
}

static inline void queue_remove(struct ready_queue *queue, struct schedulable *s, unsigned priority)
{
    struct schedulable *next = s->next, *prev = s->prev;

    if (next == s) {
        queue->head[priority] = NULL;
        queue_unmark(queue, priority);
        return;
    }
    prev->next = next;
    next->prev = prev;
    if (queue->head[priority] == s) {
        queue->head[priority] = next;
    }
}

/* Moves the list of a priority, which is not empty, to another queue, behind those that are there. */
static inline void queue_append_list(struct ready_queue *to, struct ready_queue *from, unsigned priority)
{
    struct schedulable *first = from->head[priority], *last = first->prev, *head = to->head[priority];

    from->head[priority] = NULL;
    queue_unmark(from, priority);
    if (!head) {
        to->head[priority] = first;
        queue_mark(to, priority);
        return;
    }
    last->next = head;
    first->prev = head->prev;
    head->prev->next = first;
    head->prev = last;
}

/* Returns the highest priority in a queue; -1 if the queue is empty. */
static inline int queue_highest(const struct ready_queue *queue)
{
    if (!queue->summary) {
        return -1;
    }
    unsigned word = lowest_bit(queue->summary);
    return (int)(NUM_PRIORITIES - 1 - (word * WORD_BITS + lowest_bit(queue->bitmap[word])));
}

static inline struct ready_queue *ready_queue_of(const struct tcb *thread)
{
    return &thread->hart->ready[domain_index(thread)];
}

static inline void ready_insert(struct tcb *thread, bool at_head)
{
    assert(!thread->ready.queued && thread != &idle_thread);
    queue_insert(ready_queue_of(thread), &thread->ready, thread->priority, at_head);
    thread->ready.queued = true;
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
    queue_remove(ready_queue_of(thread), &thread->ready, thread->priority);
    thread->ready.queued = false;
}

/* Returns the highest priority that is ready on the hart in the current domain; -1 if nothing is. */
static inline int sched_highest(const struct hart *hart)
{
    return queue_highest(&hart->ready[current_domain]);
}

/* Something of a higher priority is ready on the hart in the current domain. */
static inline bool sched_has_above(const struct hart *hart, unsigned priority)
{
    const struct ready_queue *queue = &hart->ready[current_domain];
    unsigned word = bitmap_word(priority);

    return queue->summary &&
           ((queue->summary & mask(word)) || (queue->bitmap[word] & (bitmap_bit(priority) - 1)));
}

/* The thread that a schedulable belongs to, by the member that it is: ready, worker or waiting. */
static inline struct tcb *schedulable_thread(struct schedulable *s)
{
    return (struct tcb *)((char *)s - offsetof(struct tcb, ready));
}

static inline struct tcb *schedulable_owner(struct schedulable *worker)
{
    return (struct tcb *)((char *)worker - offsetof(struct tcb, worker));
}

static inline struct tcb *schedulable_of_waiting(struct schedulable *waiting)
{
    return (struct tcb *)((char *)waiting - offsetof(struct tcb, waiting));
}
