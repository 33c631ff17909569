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
    ENDPOINT_CANCELLING = WAIT_PASS /* sending, during a pass of CancelBadgedSends */
};

struct endpoint {
    struct wait_queue queue;
};

_Static_assert(sizeof(struct endpoint) == 1 << ABI_ENDPOINT_BITS, "binary interface");
_Static_assert(offsetof(struct endpoint, queue) == 0, "a thread is blocked on the queue of whatever it is");

/* True if threads wait to send. */
static inline bool endpoint_has_senders(const struct endpoint *endpoint)
{
    return wait_state(&endpoint->queue) & ENDPOINT_SENDING;
}

#define SEND_BLOCKING 1u
#define SEND_CALL     2u

/* Sends the thread's message, or its fault, by an endpoint capability with the right to send. Without a
 * receiver the thread blocks if SEND_BLOCKING; otherwise the message is dropped. */
void endpoint_send(struct tcb *thread, struct cap cap, unsigned flags);

/* Receives a message by an endpoint capability with the right to receive, or a signal of the bound
 * notification, which comes first. False if the thread would block, by RECEIVE_OR_LEAVE. */
bool endpoint_receive(struct tcb *thread, struct cap cap, enum receive_mode mode);

/* Steps shared with the fast path. Makes a sender wait for the reply, and puts the reply capability into the
 * receiver's caller slot. */
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

/* Restarts a thread that waits on an endpoint or notification: it repeats its system call or faulting
 * instruction. */
void ipc_restart(struct wait_queue *queue, struct tcb *thread);

/* Restarts some of the waiting threads. True if more are left. */
bool ipc_cancel_some(struct wait_queue *queue);

/* Restarts all senders with a badge. pass: of the thread or queue that makes the call. number: 0 for a new
 * call; after AGAIN, the number that the repeated call must bring. */
enum progress endpoint_cancel_badged(struct badged_pass *pass, struct endpoint *endpoint, word_t badge,
                                     uint32_t *number);

/* The general case of badged_pass_forget(). */
void badged_pass_end(struct badged_pass *pass);

/* Drops the pass of a call that will not be repeated. */
static inline void badged_pass_forget(struct badged_pass *pass)
{
    if (unlikely(pass->number)) {
        badged_pass_end(pass);
    }
}

/* Answers the caller whose reply capability is in slot with sender's message, and deletes the capability. */
void reply_send(struct tcb *sender, struct slot *slot);

/* Answers the caller in the thread's caller slot, if there is one. */
void reply_to_caller(struct tcb *thread);

/* Ends any wait of a thread, without waking it. */
void ipc_cancel(struct tcb *thread);
