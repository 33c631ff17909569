/*
 * Endpoints: synchronous messages between threads, and the replies to them.
 */
#pragma once

#include "ipc/wait_queue.h"
#include "lib/preempt.h"

enum endpoint_state {
    ENDPOINT_IDLE,
    ENDPOINT_SENDING,
    ENDPOINT_RECEIVING,
    ENDPOINT_CANCELLING = WAIT_PASS /* sending, and a pass of CancelBadgedSends is under way */
};

struct endpoint {
    struct wait_queue queue;
};

_Static_assert(sizeof(struct endpoint) == 1 << ABI_ENDPOINT_BITS, "binary interface");
_Static_assert(offsetof(struct endpoint, queue) == 0, "a thread is blocked on the queue of whatever it is");

/* Threads wait to send. */
static inline bool endpoint_has_senders(const struct endpoint *endpoint)
{
    return wait_state(&endpoint->queue) & ENDPOINT_SENDING;
}

#define SEND_BLOCKING 1u
#define SEND_CALL     2u

/* Sends the thread's message, or its fault, through an endpoint capability with the right to. Without a
 * receiver the thread waits, or, if not SEND_BLOCKING, the message is dropped. */
void endpoint_send(struct tcb *thread, struct cap cap, unsigned flags);

/* Receives into the thread from an endpoint capability with the right to; the signal of a bound notification
 * comes first. False: it would block, by RECEIVE_OR_LEAVE. */
bool endpoint_receive(struct tcb *thread, struct cap cap, enum receive_mode mode);

/* Steps of the above, shared with the fast path. A sender that called waits for the reply of the receiver,
 * whose caller slot gets the capability for it. */
static inline void endpoint_wait_for_reply(struct tcb *sender, struct tcb *receiver, bool reply_can_grant)
{
    struct slot *slot = &receiver->slots[TCB_CALLER];

    assert(slot_is_empty(slot) && !sender->reply_slot);
    slot->cap = cap_make_ipc(CAP_REPLY, sender, reply_can_grant ? ABI_RIGHT_GRANT : 0, 0);
    sender->reply_slot = slot;
    sender->state = THREAD_BLOCKED_ON_REPLY;
}

static inline void endpoint_wait_to_receive(struct tcb *thread, struct cap cap)
{
    struct endpoint *endpoint = cap_object(cap);

    thread->state = THREAD_BLOCKED_ON_RECEIVE;
    thread->blocked_on = endpoint;
    thread->receive_can_grant = cap_allows(cap, ABI_RIGHT_GRANT);
    wait_append(&endpoint->queue, thread);
    wait_set_state(&endpoint->queue, ENDPOINT_RECEIVING);
}

/* Lets a thread that waits on an endpoint or notification repeat its system call, or the instruction whose
 * fault it waits to report. */
void ipc_restart(struct wait_queue *queue, struct tcb *thread);

/* The same for some of those that wait. True if more are left. */
bool ipc_cancel_some(struct wait_queue *queue);

/* Lets all senders with one badge repeat their system calls. pass: of the thread or queue that the call comes
 * from. number: 0 in a new call; if the answer is AGAIN, what the repeated call comes with. */
enum progress endpoint_cancel_badged(struct badged_pass *pass, struct endpoint *endpoint, word_t badge,
                                     uint32_t *number);

/* The general case of badged_pass_forget(). */
void badged_pass_end(struct badged_pass *pass);

/* The call will not be repeated. */
static inline void badged_pass_forget(struct badged_pass *pass)
{
    if (unlikely(pass->number)) {
        badged_pass_end(pass);
    }
}

/* Answers the caller whose reply capability is in slot with sender's message; the capability is used up. */
void reply_send(struct tcb *sender, struct slot *slot);

/* Answers whoever called the thread last, if anybody waits for it. */
void reply_to_caller(struct tcb *thread);

/* Ends whatever the thread waits for, without waking it. */
void ipc_cancel(struct tcb *thread);
