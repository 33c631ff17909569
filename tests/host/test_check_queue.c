/*
 * The kernel's checker, on queues of asynchronous calls: each way to damage one is found and called by its
 * name.
 */
#include "damage.h"
#include "object/async_queue.h"
#include "thread/ready_queue.h"
#include "thread/work.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void serve_for_ever(void)
{
    queue()->state = QUEUE_RUNNING;
}

static void bind_to_other(void)
{
    queue()->thread = thread(READY_2);
}

static void lose_thread(void)
{
    queue()->thread = NULL;
    queue()->state = QUEUE_IDLE;
}

static void share_queue(void)
{
    thread(WAITS)->async_queue = queue();
}

static void signal_endpoint(void)
{
    slot_remove(&queue()->notification);
    slot_insert(&queue()->notification, at(ENDPOINT)->cap, at(ENDPOINT));
}

static void make_read_only(void)
{
    queue()->frames[1].cap = frame_set_rights(queue()->frames[1].cap, FRAME_READ_ONLY);
}

static void mistake_size(void)
{
    queue()->frame_bits = ABI_MEGA_PAGE_BITS;
}

static void lose_memory(void)
{
    slot_remove(&queue()->frames[1]);
}

static void lengthen_ring(void)
{
    queue()->request_bits = REL4_RING_MAX_BITS;
}

static void claim_frame(void)
{
    at(QUEUE_PAGE)->cap = frame_set_queue(at(QUEUE_PAGE)->cap, queue());
}

static void resize_copy(void)
{
    slot_insert(at(FREE), at(QUEUE)->cap, at(QUEUE));
    at(FREE)->cap.w1 = 2;
}

static void wait_nowhere(void)
{
    work_dequeue(thread(READY));
}

static void list_idle_queue(void)
{
    queue()->state = QUEUE_IDLE;
}

static void misplace_owner(void)
{
    thread(READY)->work_in = &host_hart->work[0].lists[WORK_AT_TICK];
}

static void list_by_other_priority(void)
{
    work_dequeue(thread(READY));
    thread(READY)->priority++;
    work_queue(thread(READY));
    thread(READY)->priority--;
}

static void clear_work_bitmap(void)
{
    host_hart->work[0].lists[WORK_ANY_TIME].bitmap[bitmap_word(0)] = 0;
}

static void clear_work_summary(void)
{
    host_hart->work[0].lists[WORK_ANY_TIME].summary = 0;
}

static void break_owner_list(void)
{
    thread(READY)->work.next = thread(READY_2);
    thread(READY_2)->work.next = thread(READY);
}

static void watch_nobody(void)
{
    host_hart->watched = thread(WAITS);
}

static void come_back_for_nobody(void)
{
    host_hart->kept = thread(WAITS);
}

static const struct damage damages[] = {
    { serve_for_ever, "nobody serves a queue when the kernel is entered" },
    { bind_to_other, "a queue is bound to a thread that knows it" },
    { lose_thread, "a queue that is started has a thread" },
    { share_queue, "a thread has a queue that is bound to it" },
    { signal_endpoint, "a queue signals a notification" },
    { make_read_only, "a queue holds frames of one size that name it" },
    { mistake_size, "a queue holds frames of one size that name it" },
    { lose_memory, "a queue that is started has its memory" },
    { lengthen_ring, "a queue that is started has its memory" },
    { claim_frame, "a frame names the queue that holds it" },
    { resize_copy, "all capabilities of a queue know the same size" },
    { wait_nowhere, "a queue that waits for the worker is in a list" },
    { list_idle_queue, "a list of owners holds threads whose queue waits, and that know the list" },
    { misplace_owner, "a list of owners holds threads whose queue waits, and that know the list" },
    { list_by_other_priority, "a list of owners holds those of one domain and priority" },
    { clear_work_bitmap, "the bitmap marks the lists of owners" },
    { clear_work_summary, "the summary marks words of the bitmap of owners" },
    { break_owner_list, "lists of owners are linked both ways" },
    { watch_nobody, "a hart watches a queue that exists" },
    { come_back_for_nobody, "a hart comes back for a queue that exists" },
};

static void every_damage_is_found(void **state)
{
    (void)state;
    check_damages(damages, ARRAY_SIZE(damages));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_damage_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
