/*
 * Queues of asynchronous calls: a queue and its owner name one another; the capabilities that the queue holds
 * are copies of frames that name it, of one size, and of a notification; one that is started has all its
 * memory; the worker waits if and only if the queue does and its owner is not inactive.
 */
#include "check/internal.h"
#include "object/async_queue.h"
#include "thread/hart.h"

static bool is_kept_or_watched(const struct async_queue *queue)
{
    for_each_hart(hart) {
        const struct idle_work *idle = &hart->idle;
        if (queue->thread == (queue->state == QUEUE_KEPT ? idle->kept : idle->watched)) {
            return true;
        }
    }
    return false;
}

static void check_held(const struct slot *slot, const struct async_queue *queue)
{
    require(slot_is_empty(slot) ||
                (cap_is(slot->cap, CAP_FRAME) && frame_queue(slot->cap) == queue &&
                 frame_rights(slot->cap) == FRAME_READ_WRITE && !frame_is_device(slot->cap) &&
                 frame_size_bits(frame_size(slot->cap)) == queue->frame_bits),
            "a queue holds frames of one size that name it", slot);
}

static void check_queue(const struct async_queue *queue, word_t slots)
{
    const struct tcb *owner = queue->thread;
    word_t needed = async_queue_is_started(queue) ? async_queue_bytes(queue) : 0;

    require(queue->state <= QUEUE_FAULTED && queue->state != QUEUE_RUNNING,
            "no queue is served when the kernel is entered", queue);
    require(!owner || (is_found(&found.threads, owner) && owner->async_queue == queue),
            "a queue is bound to a thread that knows it", queue);
    require(owner || !async_queue_is_started(queue), "a queue that is started has a thread", queue);
    require(slot_is_empty(&queue->notification) || cap_is(check_cap(&queue->notification), CAP_NOTIFICATION),
            "a queue signals a notification", queue);
    for (word_t i = 0; i < slots; i++) {
        check_held(&queue->frames[i], queue);
    }
    for (word_t i = 0; i << queue->frame_bits < needed; i++) {
        require(i < slots && !slot_is_empty(&queue->frames[i]), "a queue that is started has its memory",
                queue);
    }
    require(!owner ||
                owner->worker.queued == (queue->state == QUEUE_WAITING && owner->state != THREAD_INACTIVE),
            "a worker waits if and only if its queue does, and its thread is not inactive", queue);
    require((queue->state != QUEUE_KEPT && queue->state != QUEUE_WATCHED) || is_kept_or_watched(queue),
            "some hart keeps or watches a queue of that state", queue);
}

static void check_frame(const struct slot *slot)
{
    const struct async_queue *queue = frame_queue(slot->cap);

    require(!queue || (is_found(&found.objects, queue) && slot >= queue->frames &&
                       slot < queue->frames + bit(REL4_QUEUE_MAX_SIZE_BITS)),
            "a frame names the queue that holds it", slot);
}

/* None, or the owner of a queue in a state. */
static bool is_owner_or_none(const struct tcb *thread, enum queue_state state)
{
    return !thread ||
           (is_found(&found.threads, thread) && thread->async_queue && thread->async_queue->state == state);
}

void check_queues(void)
{
    for_each_cap(slot) {
        if (cap_is(check_cap(slot), CAP_ASYNC_QUEUE)) {
            require(check_is_first(slot) || async_queue_slot_bits(slot->cap) == slot->prev->cap.w1,
                    "all capabilities of a queue know the same size", slot);
        } else if (cap_is(slot->cap, CAP_FRAME)) {
            check_frame(slot);
        }
    }
    for_each_object(slot, CAP_ASYNC_QUEUE) {
        check_queue(cap_object(slot->cap), bit(async_queue_slot_bits(check_cap(slot))));
    }
    for_each_found(struct tcb, thread, &found.threads) {
        require(!thread->async_queue ||
                    (is_found(&found.objects, thread->async_queue) && thread->async_queue->thread == thread),
                "a thread has a queue that is bound to it", thread);
    }
    for_each_hart(hart) {
        require(!hart->serving, "no hart serves a queue when the kernel is entered", hart);
        require(is_owner_or_none(hart->idle.watched, QUEUE_WATCHED), "a hart watches a queue that exists",
                hart);
        require(is_owner_or_none(hart->idle.kept, QUEUE_KEPT), "a hart comes back for a queue that exists",
                hart);
    }
}
