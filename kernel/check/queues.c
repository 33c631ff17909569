/*
 * Queues of asynchronous calls: a queue and its thread name one another; what it holds are copies of frames
 * that name it, of one size, and of a notification; one that is started has all its memory; the worker of one
 * that waits is ready, or delayed, at the hart, priority and domain of its owner, and of none that does not.
 */
#include "check/internal.h"
#include "object/async_queue.h"
#include "thread/ready_queue.h"

#if REL4_DEBUG
/* Workers that were met in the list of those that wait, and in a ready queue or among the delayed. */
static word_t waiting, ready;

static void check_waiting_list(const struct hart *hart, unsigned domain, unsigned priority)
{
    const struct ready_queue *queue = &hart->waiting[domain];
    struct schedulable *head = queue->head[priority], *s = head;
    bool marked = queue->bitmap[bitmap_word(priority)] & bitmap_bit(priority);

    require(marked == (head != NULL), "the bitmap marks the lists of workers that are not empty",
            &queue->head[priority]);
    while (s) {
        const struct tcb *owner = schedulable_of_waiting(s);
        require(is_found(&found.threads, owner) && owner->worker.queued && owner->async_queue &&
                    owner->async_queue->state == QUEUE_WAITING,
                "a list of workers holds those whose queue waits", &queue->head[priority]);
        require(owner->hart == hart && owner->domain == domain && owner->priority == priority,
                "a worker waits at its owner's hart, domain and priority", owner);
        require(s->next->prev == s, "lists of workers are linked both ways", owner);
        waiting++;
        s = s->next == head ? NULL : s->next;
    }
}

/* The workers among what is ready, or delayed. */
static void check_ready_list(const struct ready_queue *queue, const struct hart *hart, unsigned domain,
                             unsigned priority)
{
    struct schedulable *head = queue->head[priority], *s = head;

    while (s) {
        if (s->is_worker) {
            const struct tcb *owner = schedulable_owner(s);
            require(is_found(&found.threads, owner) && s->queued && owner->hart == hart &&
                        owner->domain == domain && owner->priority == priority,
                    "a worker is ready at its owner's hart, domain and priority", &queue->head[priority]);
            ready++;
        }
        s = s->next == head ? NULL : s->next;
    }
}

static void check_workers(const struct hart *hart, unsigned domain)
{
    const struct ready_queue *queue = &hart->waiting[domain];

    for (unsigned i = 0; i < NUM_PRIORITIES; i++) {
        check_waiting_list(hart, domain, i);
        check_ready_list(&hart->ready[domain], hart, domain, i);
        check_ready_list(&hart->delayed[domain], hart, domain, i);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(queue->bitmap); i++) {
        require((queue->summary >> i & 1) == (queue->bitmap[i] != 0),
                "the summary marks words of the bitmap of workers", &queue->summary);
    }
}

static bool is_kept_or_watched(const struct async_queue *queue)
{
    for (unsigned id = 0; id < harts_online; id++) {
        const struct idle_work *idle = &harts_table[id].idle;
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

static void check_queue(const struct slot *slot)
{
    const struct async_queue *queue = cap_object(slot->cap);
    word_t slots = bit(async_queue_slot_bits(check_cap(slot)));
    word_t needed = async_queue_is_started(queue) ? async_queue_bytes(queue) : 0;

    require(queue->state <= QUEUE_FAULTED && queue->state != QUEUE_RUNNING,
            "nobody serves a queue when the kernel is entered", queue);
    require(!queue->thread ||
                (is_found(&found.threads, queue->thread) && queue->thread->async_queue == queue),
            "a queue is bound to a thread that knows it", queue);
    require(queue->thread || !async_queue_is_started(queue), "a queue that is started has a thread", queue);
    require(slot_is_empty(&queue->notification) || cap_is(check_cap(&queue->notification), CAP_NOTIFICATION),
            "a queue signals a notification", queue);
    for (word_t i = 0; i < slots; i++) {
        check_held(&queue->frames[i], queue);
    }
    for (word_t i = 0; i << queue->frame_bits < needed; i++) {
        require(i < slots && !slot_is_empty(&queue->frames[i]), "a queue that is started has its memory",
                queue);
    }
    bool waits = queue->state == QUEUE_WAITING && queue->thread->state != THREAD_INACTIVE;
    require(!queue->thread || queue->thread->worker.queued == waits,
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

void check_queues(void)
{
    waiting = ready = 0;
    for_each_cap(slot) {
        if (cap_is(check_cap(slot), CAP_ASYNC_QUEUE)) {
            require(check_is_first(slot) || async_queue_slot_bits(slot->cap) == slot->prev->cap.w1,
                    "all capabilities of a queue know the same size", slot);
            if (check_is_first(slot)) {
                check_queue(slot);
            }
        } else if (cap_is(slot->cap, CAP_FRAME)) {
            check_frame(slot);
        }
    }
    word_t queued = 0;
    set_for_each(phys, &found.threads) {
        const struct tcb *thread = phys_to_ptr(phys);
        require(!thread->async_queue ||
                    (is_found(&found.objects, thread->async_queue) && thread->async_queue->thread == thread),
                "a thread has a queue that is bound to it", thread);
        queued += thread->worker.queued;
    }
    for (unsigned id = 0; id < harts_online; id++) {
        const struct hart *hart = &harts_table[id];
        const struct tcb *watched = hart->idle.watched, *kept = hart->idle.kept;
        require(!hart->serving, "no hart serves a queue when the kernel is entered", hart);
        require(!watched || (is_found(&found.threads, watched) && watched->async_queue &&
                             watched->async_queue->state == QUEUE_WATCHED),
                "a hart watches a queue that exists", hart);
        require(!kept || (is_found(&found.threads, kept) && kept->async_queue &&
                          kept->async_queue->state == QUEUE_KEPT),
                "a hart comes back for a queue that exists", hart);
        for (unsigned domain = 0; domain < REL4_NUM_DOMAINS; domain++) {
            check_workers(hart, domain);
        }
    }
    require(waiting == queued && ready == queued, "a worker that waits is in both of its lists, once", NULL);
}
#endif
