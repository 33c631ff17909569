/*
 * Notifications: a word of signal bits. Threads wait for it, or receive it with their messages if it is bound
 * to them.
 */
#pragma once

#include "ipc/wait_queue.h"

enum notification_state {
    NOTIFICATION_IDLE,
    NOTIFICATION_WAITING,
    NOTIFICATION_ACTIVE
};

struct notification {
    struct wait_queue queue;
    word_t word;       /* while active */
    struct tcb *bound; /* the thread that receives signals with its messages */
};

_Static_assert(sizeof(struct notification) == 1 << ABI_NOTIFICATION_BITS, "binary interface");
_Static_assert(offsetof(struct notification, queue) == 0,
               "a thread is blocked on the queue of whatever it is");

void notification_signal(struct notification *notification, word_t badge);

/* Waits for or polls a signal, whose word goes to register a0. False if the thread would block, by
 * RECEIVE_OR_LEAVE. */
bool notification_receive(struct tcb *thread, struct notification *notification, enum receive_mode mode);

/* Takes the word of an active notification. False if it is not active. */
bool notification_take(struct notification *notification, word_t *word);

void notification_bind(struct notification *notification, struct tcb *thread);
void notification_unbind(struct tcb *thread);
