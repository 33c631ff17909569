/*
 * CancelBadgedSends, in pieces.
 *
 * A pass over the senders of an endpoint goes on where it stopped, whatever happened to the queue meanwhile,
 * and ends with the sender that was the last one when it began: threads that send again are not met again.
 * While it is under way the queue's state is ENDPOINT_CANCELLING, which otherwise means the same as
 * ENDPOINT_SENDING; the head of the queue names the pass, and the pass knows how far it is. Every thread that
 * leaves the queue keeps both true.
 *
 * A pass belongs to one call: its number is noted in the call's message, so that only the repetition of that
 * very call finds it. Any other call, also of the same thread with the same arguments, begins anew and does
 * all of its work.
 *
 * An endpoint has one pass at a time. Whoever wants another finishes the first before, so two that interrupt
 * one another both come to an end: a call finds its pass finished when it is repeated.
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

/* Looks at one sender. */
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
