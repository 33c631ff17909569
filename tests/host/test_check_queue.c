/*
 * The kernel's checker, on queues of asynchronous calls, on who serves them, and on the console: each way to
 * damage one is found and called by its name.
 */
#include "damage.h"
#include "object/async_queue.h"
#include "object/console_turn.h"
#include "thread/ready_queue.h"
#include "thread/scheduler.h"

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
    queue()->request_bits = REL4_REQUESTS_MAX_BITS;
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
    worker_dequeue(thread(READY));
}

static void list_idle_queue(void)
{
    queue()->state = QUEUE_IDLE;
}

static void wait_while_inactive(void)
{
    ready_remove(thread(READY));
    thread(READY)->state = THREAD_INACTIVE;
}

static void be_delayed_and_ready(void)
{
    struct tcb *other = thread(READY_2);

    other->worker.is_worker = other->worker.queued = true;
    queue_insert(&host_hart->delayed[0], &other->worker, other->priority, false);
}

static void be_missed_by_others(void)
{
    queue_remove(&host_hart->waiting[0], &thread(READY)->waiting, thread(READY)->priority);
}

static void wait_by_other_priority(void)
{
    struct tcb *owner = thread(READY);

    queue_remove(&host_hart->waiting[0], &owner->waiting, owner->priority);
    queue_insert(&host_hart->waiting[0], &owner->waiting, owner->priority + 1u, false);
}

static void be_ready_by_other_priority(void)
{
    struct tcb *owner = thread(READY);

    queue_remove(&host_hart->ready[0], &owner->worker, owner->priority);
    queue_insert(&host_hart->ready[0], &owner->worker, owner->priority + 1u, false);
}

static void clear_waiting_bitmap(void)
{
    host_hart->waiting[0].bitmap[bitmap_word(0)] = 0;
}

static void clear_waiting_summary(void)
{
    host_hart->waiting[0].summary = 0;
}

static void break_waiting_list(void)
{
    thread(READY)->waiting.prev = &thread(READY_2)->waiting;
}

static void serve_somebody(void)
{
    host_hart->serving = thread(READY);
}

static void watch_nobody(void)
{
    host_hart->idle.watched = thread(WAITS);
}

static void come_back_for_nobody(void)
{
    host_hart->idle.kept = thread(WAITS);
}

static void watch_what_waits(void)
{
    host_hart->idle.watched = thread(READY);
}

static void be_kept_by_nobody(void)
{
    worker_dequeue(thread(READY));
    queue()->state = QUEUE_KEPT;
}

static void be_watched_by_nobody(void)
{
    worker_dequeue(thread(READY));
    queue()->state = QUEUE_WATCHED;
}

static void print_although_waiting(void)
{
    thread(PRINTS)->state = THREAD_INACTIVE;
}

static void print_by_other_priority(void)
{
    thread(PRINTS)->priority++;
}

static void hold_console_without_existing(void)
{
    console_holder = &((struct tcb *)cap_object(at(CNODE)->cap))->ready;
}

static void leave_console_to_nobody(void)
{
    console_holder = NULL;
}

static void wait_for_console_nowhere(void)
{
    queue_remove(&console_waiters[0], &thread(PRINTS)->ready, thread(PRINTS)->priority);
}

static const struct damage damages[] = {
    { serve_for_ever, "no queue is served when the kernel is entered" },
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
    { wait_nowhere, "a worker waits if and only if its queue does" },
    { list_idle_queue, "a worker waits if and only if its queue does" },
    { wait_while_inactive, "a worker waits if and only if its queue does, and its thread is not inactive" },
    { be_delayed_and_ready, "a worker that waits is in both of its lists, once" },
    { be_missed_by_others, "a worker that waits is in both of its lists, once" },
    { wait_by_other_priority, "a worker waits at its owner's hart, domain and priority" },
    { be_ready_by_other_priority, "a worker is ready at its owner's hart, domain and priority" },
    { clear_waiting_bitmap, "the bitmap marks the lists that are not empty" },
    { clear_waiting_summary, "the summary marks words with bits" },
    { break_waiting_list, "lists by priority are linked both ways" },
    { serve_somebody, "no hart serves a queue when the kernel is entered" },
    { watch_nobody, "a hart watches a queue that exists" },
    { come_back_for_nobody, "a hart comes back for a queue that exists" },
    { watch_what_waits, "a hart watches a queue that exists" },
    { be_kept_by_nobody, "some hart keeps or watches a queue of that state" },
    { be_watched_by_nobody, "some hart keeps or watches a queue of that state" },
    { print_although_waiting, "what waits for the console is blocked" },
    { print_by_other_priority, "what waits for the console is blocked" },
    { hold_console_without_existing, "the console is held by threads that exist" },
    { leave_console_to_nobody, "every holder of the console is in the chain" },
    { wait_for_console_nowhere, "what is blocked on the console waits for it, and it has a holder" },
};

static void every_damage_is_found(void **state)
{
    check_damages(damages, ARRAY_SIZE(damages));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_damage_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
