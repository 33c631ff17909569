/*
 * Sending, receiving, replying, and cancelling them.
 */
#include "ipc/endpoint.h"

#include "cap/delete.h"
#include "ipc/fault.h"
#include "ipc/message.h"
#include "ipc/notification.h"
#include "object/console_turn.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"

/* Threads that are restarted between two preemption points when their endpoint or notification is deleted. */
#define CANCEL_BATCH 2

static void wake(struct tcb *thread)
{
    thread->state = THREAD_RUNNING;
    sched_wake(thread);
}

/* Ends the send phase of a Call: the sender waits for the reply, or stops for ever if it may not get one. */
static void end_call(struct tcb *sender, bool may_be_answered, struct tcb *receiver, bool reply_can_grant)
{
    if (may_be_answered) {
        endpoint_wait_for_reply(sender, receiver, reply_can_grant);
    } else {
        thread_deactivate(sender);
    }
}

void endpoint_send(struct tcb *thread, struct cap cap, unsigned flags)
{
    struct endpoint *endpoint = cap_object(cap);
    bool can_grant = cap_allows(cap, ABI_RIGHT_GRANT);
    bool can_grant_reply = cap_allows(cap, ABI_RIGHT_GRANT_REPLY);

    if (wait_state(&endpoint->queue) == ENDPOINT_RECEIVING) {
        struct tcb *receiver = wait_head(&endpoint->queue);
        wait_take_head(&endpoint->queue);
        message_transfer(thread, endpoint, cap_badge(cap), can_grant, receiver);
        bool reply_can_grant = receiver->receive_can_grant;
        wake(receiver);
        if (flags & SEND_CALL) {
            end_call(thread, can_grant || can_grant_reply, receiver, reply_can_grant);
        }
        return;
    }
    if (flags & SEND_BLOCKING) {
        thread->state = THREAD_BLOCKED_ON_SEND;
        thread->blocked_on = endpoint;
        thread->send_badge = cap_badge(cap);
        thread->send_can_grant = can_grant;
        thread->send_can_grant_reply = can_grant_reply;
        thread->send_is_call = flags & SEND_CALL;
        wait_append(&endpoint->queue, thread);
        wait_set_state(&endpoint->queue, wait_state(&endpoint->queue) | ENDPOINT_SENDING);
    }
}

static void receive_from(struct tcb *sender, struct endpoint *endpoint, struct tcb *receiver, bool can_grant)
{
    wait_remove(&endpoint->queue, sender);
    message_transfer(sender, endpoint, sender->send_badge, sender->send_can_grant, receiver);
    if (sender->send_is_call) {
        end_call(sender, sender->send_can_grant || sender->send_can_grant_reply, receiver, can_grant);
    } else {
        wake(sender);
    }
}

bool endpoint_receive(struct tcb *thread, struct cap cap, enum receive_mode mode)
{
    struct endpoint *endpoint = cap_object(cap);
    bool is_signal = thread->bound && notification_take(thread->bound, &thread->context.regs[ABI_REG_A0]);

    if (unlikely(mode == RECEIVE_OR_LEAVE) && !is_signal && !endpoint_has_senders(endpoint)) {
        return false;
    }
    slot_delete_simple(&thread->slots[TCB_CALLER]);
    if (is_signal) {
        return true;
    }
    if (endpoint_has_senders(endpoint)) {
        receive_from(wait_head(&endpoint->queue), endpoint, thread, cap_allows(cap, ABI_RIGHT_GRANT));
    } else if (mode == RECEIVE_OR_FAIL) {
        thread->context.regs[ABI_REG_A0] = 0;
    } else {
        endpoint_wait_to_receive(thread, cap);
    }
    return true;
}

void ipc_restart(struct wait_queue *queue, struct tcb *thread)
{
    wait_remove(queue, thread);
    thread->fault.type = FAULT_NONE;
    thread->state = THREAD_RESTART;
    sched_wake_at_head(thread);
}

bool ipc_cancel_some(struct wait_queue *queue)
{
    struct tcb *thread;

    for (unsigned i = 0; i < CANCEL_BATCH && (thread = wait_head(queue)); i++) {
        ipc_restart(queue, thread);
    }
    return wait_head(queue) != NULL;
}

void reply_send(struct tcb *sender, struct slot *slot)
{
    struct tcb *receiver = cap_object(slot->cap);
    bool can_grant = cap_allows(slot->cap, ABI_RIGHT_GRANT);

    assert(receiver->state == THREAD_BLOCKED_ON_REPLY && receiver->reply_slot == slot);
    slot_delete_simple(slot);
    if (receiver->fault.type == FAULT_NONE) {
        message_transfer(sender, NULL, 0, can_grant, receiver);
        wake(receiver);
        return;
    }
    bool restart = fault_take_reply(receiver, sender);
    receiver->fault.type = FAULT_NONE;
    if (restart) {
        receiver->state = THREAD_RESTART;
        sched_wake(receiver);
    } else {
        thread_deactivate(receiver);
    }
}

void reply_to_caller(struct tcb *thread)
{
    struct slot *slot = &thread->slots[TCB_CALLER];

    if (!slot_is_empty(slot)) {
        reply_send(thread, slot);
    }
}

void ipc_cancel(struct tcb *thread)
{
    switch (thread->state) {
    case THREAD_BLOCKED_ON_SEND:
    case THREAD_BLOCKED_ON_RECEIVE:
    case THREAD_BLOCKED_ON_NOTIFICATION:
        /* An endpoint or a notification, which both begin with the queue. */
        wait_remove(thread->blocked_on, thread);
        break;
    case THREAD_BLOCKED_ON_REPLY:
        if (thread->reply_slot) {
            slot_delete_simple(thread->reply_slot);
        }
        break;
    case THREAD_BLOCKED_ON_CONSOLE:
        console_leave(&thread->ready);
        break;
    default:
        return;
    }
    thread->fault.type = FAULT_NONE;
    thread->state = THREAD_INACTIVE;
}
