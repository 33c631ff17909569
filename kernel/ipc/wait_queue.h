/*
 * First-in-first-out queue of threads that wait on an endpoint or notification. The queue's state shares the
 * word of its head, whose low bits a TCB's alignment leaves free.
 */
#pragma once

#include "thread/tcb.h"

/* What a receiver does when there is nothing to receive. */
enum receive_mode {
    RECEIVE_OR_FAIL,  /* goes on */
    RECEIVE_OR_BLOCK, /* waits */
    RECEIVE_OR_LEAVE  /* is about to wait: nothing has happened yet */
};

#define WAIT_STATE_MASK 3ul

/* The one state in which somebody has to know who leaves the queue: see ipc/badged_sends.c. */
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

/* Takes the longest-waiting thread out of a queue that is not empty and not in state WAIT_PASS. */
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

/* A thread is about to leave a queue in state WAIT_PASS. */
void badged_pass_leave(struct wait_queue *queue, struct tcb *thread);

/* An empty queue becomes idle, which is state 0 for both kinds of object. */
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
