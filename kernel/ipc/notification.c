/*
 * Signalling and waiting.
 */
#include "ipc/notification.h"

#include "ipc/endpoint.h"
#include "ipc/receiver.h"
#include "thread/scheduler.h"

static void wake_with(struct tcb *thread, word_t badge)
{
    thread->context.regs[ABI_REG_A0] = badge;
    thread->state = THREAD_RUNNING;
    sched_wake(thread);
}

/* Signals a notification that is not active and has no waiting threads. */
static void signal_idle(struct notification *notification, word_t badge)
{
    struct tcb *bound = notification->bound;

    if (bound && bound->state == THREAD_BLOCKED_ON_RECEIVE) {
        ipc_cancel(bound);
        wake_with(bound, badge | receiver_take_rest(notification, bound));
        return;
    }
    if (bound && unlikely(bound->uintr.slot)) {
        receiver_post(bound, badge);
        return;
    }
    notification->word = badge;
    wait_set_state(&notification->queue, NOTIFICATION_ACTIVE);
    if (bound && unlikely(bound->uintr.receiver)) {
        uintr_kick(bound);
    }
}

void notification_signal(struct notification *notification, word_t badge)
{
    switch (wait_state(&notification->queue)) {
    case NOTIFICATION_WAITING: {
        struct tcb *thread = wait_head(&notification->queue);
        wait_remove(&notification->queue, thread);
        wake_with(thread, badge | receiver_take_rest(notification, thread));
        return;
    }
    case NOTIFICATION_ACTIVE:
        notification->word |= badge;
        return;
    default:
        signal_idle(notification, badge);
    }
}

bool notification_take(struct notification *notification, word_t *word)
{
    if (wait_state(&notification->queue) != NOTIFICATION_ACTIVE) {
        /* The bits of a receiver with a slot are in the slot. */
        struct tcb *bound = notification->bound;
        return bound && unlikely(bound->uintr.slot) && receiver_take(bound, word);
    }
    *word = notification->word;
    wait_set_state(&notification->queue, NOTIFICATION_IDLE);
    return true;
}

bool notification_receive(struct tcb *thread, struct notification *notification, enum receive_mode mode)
{
    if (notification_take(notification, &thread->context.regs[ABI_REG_A0])) {
        return true;
    }
    if (mode == RECEIVE_OR_FAIL) {
        thread->context.regs[ABI_REG_A0] = 0;
        return true;
    }
    if (mode == RECEIVE_OR_LEAVE) {
        return false;
    }
    thread->state = THREAD_BLOCKED_ON_NOTIFICATION;
    thread->blocked_on = notification;
    wait_append(&notification->queue, thread);
    wait_set_state(&notification->queue, NOTIFICATION_WAITING);
    return true;
}

void notification_bind(struct notification *notification, struct tcb *thread)
{
    notification->bound = thread;
    thread->bound = notification;
}

void notification_unbind(struct tcb *thread)
{
    if (thread->bound) {
        thread->bound->bound = NULL;
        thread->bound = NULL;
    }
}
