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

/* Sender entries that are deleted between two preemption points. */
#define ENTRIES_PER_BATCH 16

/* Thread that owns each slot of the controller, and the set of used slots. Slot 0 is always used and has no
 * owner. Written by receiver.c only. */
extern struct tcb *uintc_owners[UINTC_SLOTS];
extern word_t uintc_used[UINTC_SLOTS / WORD_BITS];

/* Number of receivers with a slot, by hart. The wake line of the controller is enabled where it is not 0; see
 * receiver.c. */
extern unsigned receivers_on[MAX_HARTS];

/* True if a receiver can be registered: the kernel can deliver, or a slot is free. */
bool receiver_has_room(void);

/* Registers a thread as the receiver of its bound notification. The handler is entered with uscratch =
 * stack. */
void receiver_register(struct tcb *thread, word_t handler, word_t stack);

/* Ends the registration of a thread, if it has one, and deletes all entries that name it. AGAIN if entries
 * are left; no new ones can be made then. */
enum progress receiver_release(struct tcb *thread);

/* Called before a thread, which is current on no other hart, changes its hart to one that may be the same. */
void receiver_move(const struct tcb *thread, const struct hart *to);

/* Returns the receiver of a notification; NULL if it has none. */
static inline struct tcb *receiver_of(const struct notification *notification)
{
    struct tcb *bound = notification->bound;

    return bound && bound->uintr.receiver ? bound : NULL;
}

/* Steps of notifications whose bits are in a slot of the controller: */

/* Signals a receiver with a slot that does not wait. */
void receiver_post(struct tcb *thread, word_t badge);

/* Takes the signals of a receiver with a slot. False if there are none: the receiver may block, and a send
 * from now on wakes it. */
bool receiver_take(struct tcb *thread, word_t *word);

/* Prepares a receiver with a slot, which runs on this hart, to block. False if it has signals, which stay;
 * otherwise a send from now on wakes it. */
bool receiver_arm(struct tcb *thread);

/* Takes the bits in the slot of a thread that is woken by a signal. */
static inline word_t receiver_take_rest(const struct notification *notification, const struct tcb *thread)
{
    return unlikely(thread->uintr.slot) && thread->bound == notification ? uintc_take(thread->uintr.slot) : 0;
}

/* Handles the controller's interrupt: wakes the blocked receivers that have bits. */
void receiver_wake_interrupt(void);

/* Checks all blocked receivers (receivers_polled). */
void receiver_poll(void);

/* Sets the sender table of a thread, or removes it (NULL). */
void uintr_set_table(struct tcb *thread, struct sender_table *table);

/* The USIP bit of a thread whose user interrupts are emulated: a user interrupt is pending. Software may
 * write it. */
bool uintr_is_pending(const struct tcb *thread);
void uintr_set_pending(struct tcb *thread, bool pending);

/* Has the thread checked for a user interrupt before it returns to user mode, if it runs. */
void uintr_kick(struct tcb *thread);

/* The thread, a user of user interrupts, is about to return to user mode on this hart.
 * False: it goes to its handler and has let go of the console, so that somebody may have become ready. */
bool uintr_prepare_return(struct hart *hart, struct tcb *thread);
