/*
 * The fast path skips what the general case needs in between: the request, the IPC buffers, and the ready
 * queues. The partner is switched to directly, because the scheduler would choose it: it is at least as
 * important as every ready thread.
 */
#include "ipc/fastpath.h"

#include "ipc/endpoint.h"
#include "ipc/message.h"
#include "ipc/notification.h"
#include "thread/domain.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"

/* Length and extra capabilities together: at most four words and nothing else. */
static bool fits_registers(word_t info)
{
    return (info & mask(9)) <= ABI_MSG_REGISTERS;
}

static struct slot *find_endpoint(const struct tcb *thread, word_t pointer, word_t right)
{
    struct lookup_failure failure;
    struct slot *slot = cap_lookup(thread->slots[TCB_CSPACE].cap, pointer, &failure);

    return slot && cap_is(slot->cap, CAP_ENDPOINT) && cap_allows(slot->cap, right) ? slot : NULL;
}

static bool runs_next(const struct hart *hart, const struct tcb *from, const struct tcb *to)
{
    return to->hart == hart && to->domain == current_domain && !hart->reschedule &&
           (to->priority >= from->priority || to->priority >= sched_highest(hart));
}

static void deliver(const struct tcb *from, word_t info, word_t badge, struct tcb *to)
{
    const word_t *sent = &from->context.regs[ABI_REG_A0];
    word_t *received = &to->context.regs[ABI_REG_A0];

    received[0] = badge;
    received[1] = info & ~(mask(3) << 9);
    switch (info & mask(9)) {
    case 4:
        received[5] = sent[5]; /* fallthrough */
    case 3:
        received[4] = sent[4]; /* fallthrough */
    case 2:
        received[3] = sent[3]; /* fallthrough */
    case 1:
        received[2] = sent[2]; /* fallthrough */
    default:
        break;
    }
    to->state = THREAD_RUNNING;
}

bool fastpath_call(struct hart *hart, struct tcb *thread, word_t pointer, word_t info)
{
    struct slot *slot = find_endpoint(thread, pointer, ABI_RIGHT_WRITE);

    if (!slot || !fits_registers(info) || thread->fault.type != FAULT_NONE ||
        !cap_allows(slot->cap, ABI_RIGHT_GRANT | ABI_RIGHT_GRANT_REPLY)) {
        return false;
    }
    struct endpoint *endpoint = cap_object(slot->cap);
    struct tcb *receiver = wait_head(&endpoint->queue);
    if (wait_state(&endpoint->queue) != ENDPOINT_RECEIVING || !runs_next(hart, thread, receiver)) {
        return false;
    }
    wait_remove(&endpoint->queue, receiver);
    deliver(thread, info, cap_badge(slot->cap), receiver);
    endpoint_wait_for_reply(thread, receiver, receiver->receive_can_grant);
    thread_switch(hart, receiver);
    return true;
}

bool fastpath_reply_recv(struct hart *hart, struct tcb *thread, word_t pointer, word_t info)
{
    struct slot *reply = &thread->slots[TCB_CALLER];
    struct slot *slot = find_endpoint(thread, pointer, ABI_RIGHT_READ);

    if (!slot || !fits_registers(info) || slot_is_empty(reply) ||
        (thread->bound && wait_state(&thread->bound->queue) == NOTIFICATION_ACTIVE)) {
        return false;
    }
    struct tcb *caller = cap_object(reply->cap);
    struct endpoint *endpoint = cap_object(slot->cap);
    if (caller->fault.type != FAULT_NONE || wait_state(&endpoint->queue) == ENDPOINT_SENDING ||
        !runs_next(hart, thread, caller)) {
        return false;
    }
    reply->cap = cap_null();
    caller->reply_slot = NULL;
    deliver(thread, info, 0, caller);
    endpoint_wait_to_receive(thread, slot->cap);
    thread_switch(hart, caller);
    return true;
}
