/*
 * First-in-first-out queue of threads that wait on an endpoint or notification. The state of the queue is in
 * the low bits of the word of its head, which the alignment of TCBs leaves free.
 */
#pragma once

#include "thread/tcb.h"

/* What receiving does when there is nothing to receive. */
enum receive_mode {
    RECEIVE_OR_FAIL,  /* returns without a message */
    RECEIVE_OR_BLOCK, /* blocks */
    RECEIVE_OR_LEAVE  /* returns false and changes nothing */
};

#define WAIT_STATE_MASK 3ul

/* The state in which badged_pass_leave() must know of each thread that leaves the queue; see
 * ipc/badged_sends.c. */
#define WAIT_PASS 3

struct wait_queue {
    word_t head_and_state;
    struct tcb *tail;
};

static inline unsigned wait_state(const struct wait_queue *queue)
{
    return queue->head_and_state & WAIT_STATE_MASK;
}

static inline void wait_set_state(struct wait_queue *queue, unsigned state)
{
    queue->head_and_state = (queue->head_and_state & ~WAIT_STATE_MASK) | state;
}

static inline struct tcb *wait_head(const struct wait_queue *queue)
{
    /* Made from a pointer by wait_set_head(). NOLINTNEXTLINE(performance-no-int-to-ptr) */
    return (struct tcb *)(queue->head_and_state & ~WAIT_STATE_MASK);
}

static inline void wait_set_head(struct wait_queue *queue, struct tcb *head)
{
    queue->head_and_state = (word_t)head | wait_state(queue);
}

static inline void wait_append(struct wait_queue *queue, struct tcb *thread)
{
    struct tcb *tail = queue->tail;

    thread->queue_prev = tail;
    thread->queue_next = NULL;
    if (tail) {
        tail->queue_next = thread;
    } else {
        wait_set_head(queue, thread);
    }
    queue->tail = thread;
}

/* Removes the longest-waiting thread from a queue that is not empty and not in state WAIT_PASS. */
static inline void wait_take_head(struct wait_queue *queue)
{
    struct tcb *next = wait_head(queue)->queue_next;

    if (next) {
        wait_set_head(queue, next);
        next->queue_prev = NULL;
    } else {
        *queue = (struct wait_queue){ 0 };
    }
}

/* Called before a thread leaves a queue in state WAIT_PASS. */
void badged_pass_leave(struct wait_queue *queue, struct tcb *thread);

/* Removes a thread from a queue. An empty queue becomes idle: state 0 for endpoints and notifications. */
static inline void wait_remove(struct wait_queue *queue, struct tcb *thread)
{
    if (unlikely(wait_state(queue) == WAIT_PASS)) {
        badged_pass_leave(queue, thread);
    }
    struct tcb *prev = thread->queue_prev, *next = thread->queue_next;
    if (prev) {
        prev->queue_next = next;
    } else {
        wait_set_head(queue, next);
    }
    if (next) {
        next->queue_prev = prev;
    } else {
        queue->tail = prev;
        if (!prev) {
            queue->head_and_state = 0;
        }
    }
}
