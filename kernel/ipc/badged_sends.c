/*
 * CancelBadgedSends, in pieces.
 *
 * A pass over the senders of an endpoint goes on where it stopped, whatever happened to the queue meanwhile,
 * and ends with the sender that was the last one when it began: threads that send again are not met again.
 * While it is under way the queue's state is ENDPOINT_CANCELLING, which otherwise means the same as
 * ENDPOINT_SENDING; the head of the queue names the owner of the pass, the thread that asked for it, and the
 * owner knows how far it is. Every thread that leaves the queue keeps both true.
 *
 * An endpoint has one pass at a time. Whoever wants another finishes the first before, so two that interrupt
 * one another both come to an end: the owner finds its pass finished when it repeats its call.
 */
#include "ipc/endpoint.h"
#include "lib/preempt.h"
#include "thread/scheduler.h"

static struct badged_pass *pass_of(const struct wait_queue *queue)
{
    return &wait_head(queue)->pass_owner->pass;
}

static void begin(struct tcb *owner, struct wait_queue *queue, word_t badge)
{
    badged_pass_forget(owner);
    owner->pass = (struct badged_pass){ queue, badge, wait_head(queue), queue->tail };
    wait_head(queue)->pass_owner = owner;
    wait_set_state(queue, ENDPOINT_CANCELLING);
}

static void finish(struct badged_pass *pass)
{
    pass->next = NULL;
    wait_set_state(pass->queue, ENDPOINT_SENDING);
}

void badged_pass_leave(struct wait_queue *queue, struct tcb *thread)
{
    struct tcb *owner = wait_head(queue)->pass_owner;
    struct badged_pass *pass = &owner->pass;

    if (thread == pass->next && thread == pass->last) {
        finish(pass);
        return;
    }
    if (thread == pass->next) {
        pass->next = thread->queue_next;
    } else if (thread == pass->last) {
        pass->last = thread->queue_prev;
    }
    if (thread == wait_head(queue)) {
        thread->queue_next->pass_owner = owner;
    }
}

/* Looks at one sender. */
static void step(struct wait_queue *queue)
{
    struct badged_pass *pass = pass_of(queue);
    struct tcb *thread = pass->next;

    if (thread->send_badge == pass->badge) {
        wait_remove(queue, thread);
        thread->state = THREAD_RESTART;
        sched_wake(thread);
    } else if (thread == pass->last) {
        finish(pass);
    } else {
        pass->next = thread->queue_next;
    }
}

void badged_pass_forget(struct tcb *owner)
{
    if (owner->pass.next) {
        finish(&owner->pass);
    }
    owner->pass.queue = NULL;
}

enum progress endpoint_cancel_badged(struct tcb *owner, struct endpoint *endpoint, word_t badge)
{
    struct wait_queue *queue = &endpoint->queue;

    if (owner->pass.queue != queue || owner->pass.badge != badge) {
        while (wait_state(queue) == ENDPOINT_CANCELLING) {
            step(queue);
            if (wait_state(queue) == ENDPOINT_CANCELLING && preemption_point()) {
                return AGAIN;
            }
        }
        if (wait_state(queue) != ENDPOINT_SENDING) {
            return DONE;
        }
        begin(owner, queue, badge);
    }
    while (owner->pass.next) {
        step(queue);
        if (preemption_point()) {
            return AGAIN;
        }
    }
    owner->pass.queue = NULL;
    return DONE;
}
