/*
 * Receivers of user interrupts: threads whose bound notification calls a handler in user mode
 * (docs/user-interrupts.md).
 *
 * All functions need the kernel lock in exclusive mode.
 */
#pragma once

#include "arch/uintc.h"
#include "ipc/notification.h"
#include "lib/preempt.h"
#include "thread/hart.h"
#include "thread/tcb.h"

/* Entries of sender tables that are cleared in one go. */
#define ENTRIES_PER_BATCH 16

/* Whom each slot of the controller serves, and which are used; slot 0, which is nobody's, always is. Only
 * receiver.c writes them. */
extern struct tcb *uintc_owners[UINTC_SLOTS];
extern word_t uintc_used[UINTC_SLOTS / WORD_BITS];

/* Receivers with a slot, by the hart that they run on. Where there is one, the controller's wake line
 * interrupts; see receiver.c. */
extern unsigned receivers_on[MAX_HARTS];

/* A receiver can be registered: where the kernel cannot deliver, a slot is free. */
bool receiver_has_room(void);

/* The thread with a bound notification becomes its receiver: handler is entered with uscratch = stack. */
void receiver_register(struct tcb *thread, word_t handler, word_t stack);

/* Ends the registration of a thread, if it has one; clears all entries that name it. AGAIN: some are left,
 * and none can be made. */
enum progress receiver_release(struct tcb *thread);

/* A thread, which is current nowhere else, is about to run on another hart, or on the one it is on. */
void receiver_move(const struct tcb *thread, const struct hart *to);

/* The receiver of a notification; NULL if it has none. */
static inline struct tcb *receiver_of(const struct notification *notification)
{
    struct tcb *bound = notification->bound;

    return bound && bound->uintr.receiver ? bound : NULL;
}

/* Steps of notifications whose bits are in a slot: */

/* A signal to a receiver with a slot, which does not wait for it. */
void receiver_post(struct tcb *thread, word_t badge);

/* Takes what has come for a receiver with a slot. False if there is nothing: then it may block, and a send
 * from now on wakes it. */
bool receiver_take(struct tcb *thread, word_t *word);

/* A receiver with a slot, which runs on this hart, is about to block. False if there is something to receive,
 * which stays; else a send from now on wakes it. */
bool receiver_arm(struct tcb *thread);

/* Takes the bits in the slot of a thread that a signal wakes up. */
static inline word_t receiver_take_rest(const struct notification *notification, const struct tcb *thread)
{
    return unlikely(thread->uintr.slot) && thread->bound == notification ? uintc_take(thread->uintr.slot) : 0;
}

/* The controller's interrupt: wakes the blocked receivers that were sent to. */
void receiver_wake_interrupt(void);

/* Looks after receivers_polled. */
void receiver_poll(void);

/* Gives a thread its sender table, or takes it away (NULL). */
void uintr_set_table(struct tcb *thread, struct sender_table *table);

/* USIP of a thread that is emulated: whether a user interrupt is pending, and software's right to say so. */
bool uintr_is_pending(const struct tcb *thread);
void uintr_set_pending(struct tcb *thread, bool pending);

/* The thread can be interrupted now, perhaps: it, or the hart that it runs on, looks before it goes on. */
void uintr_kick(struct tcb *thread);
