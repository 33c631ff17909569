/*
 * Receivers of user interrupts: threads whose bound notification calls a handler in user mode
 * (docs/user-interrupts.md).
 *
 * All functions need the kernel lock in exclusive mode.
 */
#pragma once

#include "ipc/notification.h"
#include "lib/preempt.h"
#include "thread/tcb.h"

/* Entries of sender tables that are cleared in one go. */
#define ENTRIES_PER_BATCH 32

/* The thread with a bound notification becomes its receiver: handler is entered with uscratch = stack. */
void receiver_register(struct tcb *thread, word_t handler, word_t stack);

/* Ends the registration of a thread, if it has one; clears all entries that name it. AGAIN: some are left. */
enum progress receiver_release(struct tcb *thread);

/* The receiver of a notification; NULL if it has none. */
static inline struct tcb *receiver_of(const struct notification *notification)
{
    struct tcb *bound = notification->bound;

    return bound && bound->uintr.receiver ? bound : NULL;
}

/* Gives a thread its sender table, or takes it away (NULL). */
void uintr_set_table(struct tcb *thread, struct sender_table *table);

/* USIP: whether a user interrupt is pending, and software's right to say so. */
bool uintr_is_pending(const struct tcb *thread);
void uintr_set_pending(struct tcb *thread, bool pending);

/* The thread can be interrupted now, perhaps: it, or the hart that it runs on, looks before it goes on. */
void uintr_kick(struct tcb *thread);
