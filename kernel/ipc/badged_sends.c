/*
 * CancelBadgedSends, with preemption points.
 *
 * A pass over the senders of an endpoint continues where it stopped, however the queue has changed, and ends
 * with the sender that was last when it began: threads that send again are not visited again. During a pass
 * the state of the queue is ENDPOINT_CANCELLING, which otherwise means the same as ENDPOINT_SENDING. The head
 * of the queue points to the pass, and the pass to the next sender. Every thread that leaves the queue keeps
 * both up to date.
 *
 * A pass belongs to one call: its number is kept in the call's message, so that only the repetition of that
 * call finds it. Any other call, even by the same thread with the same arguments, begins a new pass.
 *
 * An endpoint has one pass at a time. A call that needs another one finishes the first, so that two calls
 * that preempt each other both end: a call finds its pass finished when it is repeated.
 */
#include "ipc/endpoint.h"
#include "lib/mutant.h"
#include "lib/preempt.h"
#include "thread/scheduler.h"

static struct badged_pass *pass_of(const struct wait_queue *queue)
{
    return wait_head(queue)->queue_pass;
}

static void begin(struct badged_pass *pass, struct wait_queue *queue, word_t badge)
{
    static uint32_t last_number;

    badged_pass_forget(pass);
    last_number = last_number == UINT32_MAX ? 1 : last_number + 1;
    *pass = (struct badged_pass){ queue, badge, wait_head(queue), queue->tail, last_number };
    wait_head(queue)->queue_pass = pass;
    wait_set_state(queue, ENDPOINT_CANCELLING);
}

static void finish(struct badged_pass *pass)
{
    pass->next = NULL;
    wait_set_state(pass->queue, ENDPOINT_SENDING);
}

void badged_pass_leave(struct wait_queue *queue, struct tcb *thread)
{
    struct badged_pass *pass = pass_of(queue);

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
        thread->queue_next->queue_pass = pass;
    }
}

/* Visits one sender. */
static void step(struct wait_queue *queue)
{
    struct badged_pass *pass = pass_of(queue);
    struct tcb *thread = pass->next;

    if (thread->send_badge == pass->badge) {
        ipc_restart(queue, thread);
    } else if (thread == pass->last) {
        finish(pass);
    } else {
        pass->next = thread->queue_next;
    }
}

void badged_pass_end(struct badged_pass *pass)
{
    if (pass->next) {
        finish(pass);
    }
    pass->number = 0;
}

enum progress endpoint_cancel_badged(struct badged_pass *pass, struct endpoint *endpoint, word_t badge,
                                     uint32_t *number)
{
    struct wait_queue *queue = &endpoint->queue;

    if (((*number == 0 || *number != pass->number) && !(MUTANT(SHARE_PASS) && pass->number)) ||
        pass->queue != queue || pass->badge != badge) {
        *number = 0;
        while (wait_state(queue) == ENDPOINT_CANCELLING) {
            step(queue);
            if (wait_state(queue) == ENDPOINT_CANCELLING && preemption_point()) {
                return AGAIN;
            }
        }
        if (wait_state(queue) != ENDPOINT_SENDING) {
            return DONE;
        }
        begin(pass, queue, badge);
        *number = pass->number;
    }
    while (pass->next) {
        step(queue);
        if (preemption_point()) {
            return AGAIN;
        }
    }
    pass->number = 0;
    return DONE;
}
