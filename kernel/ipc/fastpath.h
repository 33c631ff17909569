/*
 * The fast path of Call and ReplyRecv: a short message to a waiting partner that runs next. It either does
 * what the slow path does, and returns the thread to run with the kernel unlocked; or it changes nothing and
 * returns NULL.
 *
 * It needs no request, no IPC buffers and no ready queues. It switches to the partner directly, as the
 * scheduler would choose it: nothing that is ready is more important. The functions are inline, so that the
 * arguments stay in their registers. Needs the kernel lock in exclusive mode.
 */
#pragma once

#include "ipc/endpoint.h"
#include "ipc/message.h"
#include "ipc/receiver.h"
#include "thread/scheduler.h"
#include "thread/switch.h"
#include "worker/ring.h"

/* The arguments of a system call, in registers a0 to a5, and the calling thread. */
#define SYSCALL_ARGUMENTS \
    word_t pointer, word_t info, word_t mr0, word_t mr1, word_t mr2, word_t mr3, struct tcb *thread

/* True for at most four words and no capabilities: compares both fields at once. */
static inline bool fits_registers(word_t info)
{
    return (info & mask(ABI_INFO_UNWRAPPED_SHIFT)) <= ABI_MSG_REGISTERS;
}

static inline bool find_endpoint(const struct tcb *thread, word_t pointer, word_t right, struct cap *cap)
{
    struct cap root = thread->slots[TCB_CSPACE].cap;

    if (!cap_is_full_cnode(root) || pointer >> cnode_radix(root) != cnode_guard(root)) {
        return false;
    }
    *cap = cap_lookup_full(root, pointer)->cap;
    return cap_is(*cap, CAP_ENDPOINT) && cap_allows(*cap, right);
}

/* True if the thread has published requests, which its worker must see when it blocks. */
static inline bool thread_has_news(const struct tcb *thread)
{
    const struct async_queue *queue = thread->async_queue;

    return unlikely(queue != NULL) && ring_has_news(queue);
}

static inline bool runs_next(const struct hart *hart, const struct tcb *from, const struct tcb *to)
{
    return to->hart == hart && domain_is_current(to) && !hart->pending.any &&
           (to->priority >= from->priority || !sched_has_above(hart, to->priority));
}

static inline void deliver(struct tcb *to, word_t badge, word_t info, word_t mr0, word_t mr1, word_t mr2,
                           word_t mr3)
{
    word_t *received = &to->context.regs[ABI_REG_A0];
    unsigned length = info & mask(ABI_INFO_UNWRAPPED_SHIFT);

    received[0] = badge;
    received[1] = info & ~(mask(3) << ABI_INFO_UNWRAPPED_SHIFT);
    if (length) {
        /* Words beyond the length keep what the receiver had. */
        received[2] = mr0;
        if (length > 1) {
            received[3] = mr1;
        }
        if (length > 2) {
            received[4] = mr2;
        }
        if (length > 3) {
            received[5] = mr3;
        }
    }
    to->state = THREAD_RUNNING;
}

/* A Call to a thread that waits to receive. */
static inline __attribute__((always_inline)) struct tcb *fastpath_call(struct hart *hart, bool slow,
                                                                       SYSCALL_ARGUMENTS)
{
    struct cap cap;

    if (!find_endpoint(thread, pointer, ABI_RIGHT_WRITE, &cap) || !fits_registers(info) ||
        !cap_allows(cap, ABI_RIGHT_GRANT | ABI_RIGHT_GRANT_REPLY)) {
        return NULL;
    }
    struct endpoint *endpoint = cap_object(cap);
    struct tcb *receiver = wait_head(&endpoint->queue);
    if (wait_state(&endpoint->queue) != ENDPOINT_RECEIVING || thread_has_news(thread) ||
        !runs_next(hart, thread, receiver)) {
        return NULL;
    }
    wait_take_head(&endpoint->queue);
    deliver(receiver, cap_badge(cap), info, mr0, mr1, mr2, mr3);
    endpoint_wait_for_reply(thread, receiver, receiver->receive_can_grant);
    return thread_switch_exit(hart, slow, receiver);
}

/* A ReplyRecv that answers a Call and finds nobody waiting to send. */
static inline __attribute__((always_inline)) struct tcb *fastpath_reply_recv(struct hart *hart, bool slow,
                                                                             SYSCALL_ARGUMENTS)
{
    struct slot *reply = &thread->slots[TCB_CALLER];
    struct cap cap;

    if (!find_endpoint(thread, pointer, ABI_RIGHT_READ, &cap) || !fits_registers(info) ||
        slot_is_empty(reply) || (thread->bound && wait_state(&thread->bound->queue) == NOTIFICATION_ACTIVE)) {
        return NULL;
    }
    struct tcb *caller = cap_object(reply->cap);
    struct endpoint *endpoint = cap_object(cap);
    if (caller->fault.type != FAULT_NONE || endpoint_has_senders(endpoint) || thread_has_news(thread) ||
        !runs_next(hart, thread, caller) ||
        (unlikely(thread->uintr.slot) && !(slow && receiver_arm(thread)))) {
        return NULL;
    }
    reply->cap = cap_null();
    caller->reply_slot = NULL;
    deliver(caller, 0, info, mr0, mr1, mr2, mr3);
    endpoint_wait_to_receive(thread, cap);
    return thread_switch_exit(hart, slow, caller);
}
