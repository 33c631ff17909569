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

void notification_signal(struct notification *notification, word_t badge)
{
    switch (wait_state(&notification->queue)) {
    case NOTIFICATION_WAITING: {
        struct tcb *thread = wait_head(&notification->queue);
        wait_remove(&notification->queue, thread);
        wake_with(thread, badge);
        return;
    }
    case NOTIFICATION_ACTIVE:
        notification->word |= badge;
        return;
    default:
        if (notification->bound && notification->bound->state == THREAD_BLOCKED_ON_RECEIVE) {
            ipc_cancel(notification->bound);
            wake_with(notification->bound, badge);
            return;
        }
        notification->word = badge;
        wait_set_state(&notification->queue, NOTIFICATION_ACTIVE);
        if (unlikely(receiver_of(notification) != NULL)) {
            uintr_kick(notification->bound);
        }
    }
}

bool notification_take(struct notification *notification, word_t *word)
{
    if (wait_state(&notification->queue) != NOTIFICATION_ACTIVE) {
        return false;
    }
    *word = notification->word;
    wait_set_state(&notification->queue, NOTIFICATION_IDLE);
    return true;
}

void notification_receive(struct tcb *thread, struct notification *notification, bool blocking)
{
    if (notification_take(notification, &thread->context.regs[ABI_REG_A0])) {
        return;
    }
    if (!blocking) {
        thread->context.regs[ABI_REG_A0] = 0;
        return;
    }
    thread->state = THREAD_BLOCKED_ON_NOTIFICATION;
    thread->blocked_on = notification;
    wait_append(&notification->queue, thread);
    wait_set_state(&notification->queue, NOTIFICATION_WAITING);
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
