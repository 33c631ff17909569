/*
 * Waiting for answers, or for signals, when no coroutine can run.
 */
#include "executor.h"

/* Polls of the ring before the clock is read, and between two reads of it. */
#define POLLS_PER_CLOCK 64

/* Time that an idle hart may need to wake up, in polls. */
#define POLLS_TO_WAKE 4096

/* Blocks until the notification is signalled, unless an answer or a fault comes first. tests/models/wake.pml
 * has the protocol. */
static void block(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    uint32_t *state = rel4_queue_header(queue, REL4_HEADER_REQUESTER_STATE);
    seL4_Word bits = 0;

    rel4_ring_sleep(state);
    if (!rel4_queue_pending(queue) && !batches_have_news(executor) && !rel4_queue_faulted(queue)) {
        executor->stats.blocks++;
        bits = door_wait(queue);
    }
    /* If the kernel signalled meanwhile, the next wait ends too early, which does no harm. */
    rel4_ring_stay(state);
    if (executor->on_signals && bits & ~executor->answer_bit) {
        executor->on_signals(bits & ~executor->answer_bit, executor->arg);
    }
}

/*
 * Ticks of the time counter within which another hart is likely to serve what is in flight: four times what
 * its last batches have needed, since requests differ, plus the time to wake up. 0 after polling in vain,
 * until another hart has served something again.
 */
static seL4_Word expected_time(struct rel4_executor *executor, seL4_Word coming)
{
    const struct rel4_queue_statistics *statistics =
        (const void *)rel4_queue_header(&executor->queue, REL4_HEADER_STATISTICS);
    struct rel4_pace *pace = &executor->pace;
    seL4_Word served = statistics->served[REL4_PLACE_IDLE], busy = 0;

    if (served != pace->served) {
        for (unsigned i = 0; i < REL4_MAX_HARTS; i++) {
            busy += statistics->busy[i];
        }
        *pace = (struct rel4_pace){ served, busy, 4 * (busy - pace->busy) / (served - pace->served), false };
    }
    return pace->in_vain ? 0 : pace->time * (executor_in_flight(executor) + 1) + coming;
}

/*
 * Polls for answers of another hart, as often as the options say, but no longer than the hart is likely to
 * need: it may be busy with something else. Returns false if no answer has come.
 */
static bool poll_for_answers(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    seL4_Word start = 0, until = 0;

    for (uint32_t i = 0; i < executor->polls || executor->waiting == REL4_WAIT_SPIN; i++) {
        if (rel4_queue_pending(queue) || batches_have_news(executor) || rel4_queue_faulted(queue)) {
            return true;
        }
        if (i == POLLS_PER_CLOCK) {
            start = door_time();
        } else if (i == 2 * POLLS_PER_CLOCK) {
            seL4_Word time = door_time();

            until = time + expected_time(executor, (time - start) * (POLLS_TO_WAKE / POLLS_PER_CLOCK));
        } else if (i % POLLS_PER_CLOCK == 0 && until && (int64_t)(door_time() - until) >= 0) {
            executor->pace.in_vain = true;
            return false;
        }
    }
    return false;
}

void executor_wait_for_answers(struct rel4_executor *executor)
{
    if (poll_for_answers(executor)) {
        return;
    }
    switch ((enum rel4_waiting)executor->waiting) {
    case REL4_WAIT_BLOCK:
        block(executor);
        break;
    case REL4_WAIT_YIELD:
        executor->stats.yields++;
        door_yield();
        break;
    case REL4_WAIT_SPIN:
        /* The thread's own hart serves what no other hart has begun. */
        executor->stats.wakes++;
        door_wake(&executor->queue);
        break;
    }
}

/* Resumes the thread outside of coroutines with REL4_STUCK: no coroutine can run, and no answer will come. */
static void give_up(struct rel4_executor *executor)
{
    struct rel4_coroutine *main = &executor->main;

    executor->stuck = true;
    if (main->state == REL4_COROUTINE_LISTED) {
        list_remove(main->waits_in, main);
    }
    main->error = REL4_STUCK;
    executor_make_ready(executor, main);
}

void executor_wait_for_signals(struct rel4_executor *executor)
{
    if (executor->on_signals && executor->queue.requests) {
        block(executor);
    } else {
        give_up(executor);
    }
}
