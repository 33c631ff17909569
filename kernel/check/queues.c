/*
 * Queues of asynchronous calls: a queue and its thread name one another; what it holds are copies of frames
 * that name it, of one size, and of a notification; one that is started has all its memory; one that waits
 * for the worker is in one list of owners, of its priority and domain, and none that does not wait.
 */
#include "check/internal.h"
#include "object/async_queue.h"
#include "thread/ready_queue.h"
#include "thread/work.h"

#if REL4_DEBUG
static word_t waiting;

static void check_owners(const struct hart *hart, unsigned domain, enum work_list list, unsigned priority)
{
    const struct ready_queue *queue = &hart->work[domain].lists[list];
    const struct tcb *head = queue->head[priority];
    const struct tcb *thread = head;
    bool marked = queue->bitmap[bitmap_word(priority)] & bitmap_bit(priority);

    require(marked == (head != NULL), "the bitmap marks the lists of owners that are not empty",
            &queue->head[priority]);
    while (thread) {
        require(is_found(&found.threads, thread) && thread->work_in == queue && thread->async_queue &&
                    thread->async_queue->state == QUEUE_WAITING,
                "a list of owners holds threads whose queue waits, and that know the list",
                &queue->head[priority]);
        require(thread->domain == domain && thread->priority == priority,
                "a list of owners holds those of one domain and priority", thread);
        require(thread->work.next->work.prev == thread, "lists of owners are linked both ways", thread);
        waiting--;
        thread = thread->work.next == head ? NULL : thread->work.next;
    }
}

static void check_work(const struct hart *hart, unsigned domain, enum work_list list)
{
    const struct ready_queue *queue = &hart->work[domain].lists[list];

    for (unsigned i = 0; i < NUM_PRIORITIES; i++) {
        check_owners(hart, domain, list, i);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(queue->bitmap); i++) {
        require((queue->summary >> i & 1) == (queue->bitmap[i] != 0),
                "the summary marks words of the bitmap of owners", &queue->summary);
    }
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
    waiting += queue->state == QUEUE_WAITING;
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
    waiting = 0;
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
    set_for_each(phys, &found.threads) {
        const struct tcb *thread = phys_to_ptr(phys);
        require(!thread->async_queue ||
                    (is_found(&found.objects, thread->async_queue) && thread->async_queue->thread == thread),
                "a thread has a queue that is bound to it", thread);
    }
    for (unsigned id = 0; id < harts_online; id++) {
        const struct tcb *watched = harts_table[id].watched, *kept = harts_table[id].kept;
        require(!watched || (is_found(&found.threads, watched) && watched->async_queue),
                "a hart watches a queue that exists", &harts_table[id]);
        require(!kept || (is_found(&found.threads, kept) && kept->async_queue),
                "a hart comes back for a queue that exists", &harts_table[id]);
        for (unsigned i = 0; i < REL4_NUM_DOMAINS * WORK_LISTS; i++) {
            check_work(&harts_table[id], i / WORK_LISTS, (enum work_list)(i % WORK_LISTS));
        }
    }
    require(waiting == 0, "a queue that waits for the worker is in a list", NULL);
}
#endif
