/*
 * The scheduler of coroutines, and room in the request ring. The path from a call to the next coroutine, and
 * from an answer to its coroutine, is kept short: every instruction on it reduces what a saved trap is worth.
 */
#include "executor.h"

#include <stdio.h>
#include <stdlib.h>

#include <sel4/errors.h>

/* Header of executors without a queue. It stays 0, so nothing is ever pending in it. */
static char no_header[REL4_HEADER_STATISTICS] __attribute__((aligned(REL4_ITEM_BYTES)));

/* Executor of threads that have none of their own. It has no coroutines and is never written. */
static struct rel4_executor no_executor = {
    .queue.header = no_header,
    .current = &no_executor.main,
};

__thread struct rel4_executor *rel4_executor_self = &no_executor;

int rel4_executor_init(struct rel4_executor *executor, const struct rel4_executor_options *options)
{
    size_t stack = options->stack_bytes ? options->stack_bytes : REL4_DEFAULT_COROUTINE_STACK;
    uintptr_t start = ((uintptr_t)options->memory + REL4_ITEM_BYTES - 1) & -(uintptr_t)REL4_ITEM_BYTES;
    uintptr_t end = (uintptr_t)options->memory + options->memory_bytes;
    size_t stride = REL4_STACK_STRIDE(stack);
    size_t count = end > start ? (end - start) / (sizeof(struct rel4_coroutine) + stride) : 0;
    struct rel4_queue queue = executor->queue;

    if (!count || stack < REL4_MIN_COROUTINE_STACK || stack % 16) {
        return seL4_InvalidArgument;
    }
    if (count > REL4_MAX_COROUTINES) {
        count = REL4_MAX_COROUTINES;
    }
    if (!queue.requests) {
        queue.header = no_header;
    }
    *executor = (struct rel4_executor){
        .queue = queue,
        .current = &executor->main,
        .coroutines = (struct rel4_coroutine *)start,
        .count = (uint32_t)count,
        .no_cookie = (uint32_t)count << 16,
        .stack_bytes = stack,
        .stack_stride = stride,
        .mode = (uint8_t)options->mode,
        .waiting = (uint8_t)options->waiting,
        .polls = options->polls,
        .batch = options->batch ? options->batch : UINT32_MAX,
        .on_overflow = options->on_overflow,
        .on_signals = options->on_signals,
        .arg = options->arg,
        .answer_bit = options->answer_bit,
    };
    /* Do not count what the queue carried before. */
    executor->extra_items = queue.request_producer;
    executor->extra_answers = executor->queue.answers_end = queue.response_consumer;
    executor_lay_out(executor);
    rel4_executor_self = executor;
    return seL4_NoError;
}

void rel4_executor_end(void)
{
    rel4_executor_self = &no_executor;
}

void rel4_set_mode(enum rel4_mode mode)
{
    rel4_executor_self->mode = (uint8_t)mode;
    executor_check_next_call(rel4_executor_self);
}

void rel4_set_waiting(enum rel4_waiting waiting, unsigned polls)
{
    rel4_executor_self->waiting = (uint8_t)waiting;
    rel4_executor_self->polls = polls;
}

bool list_remove(struct rel4_list *list, struct rel4_coroutine *coroutine)
{
    struct rel4_coroutine **link = &list->first;

    while (link != list->last && *link != coroutine) {
        link = &(*link)->next;
    }
    if (link == list->last) {
        return false;
    }
    *link = coroutine->next;
    if (list->last == &coroutine->next) {
        list->last = link;
    }
    return true;
}

void executor_list_changed(struct rel4_executor *executor, struct rel4_list *list)
{
    uint32_t bit = (uint32_t)1 << executor_priority(executor, list);
    struct rel4_list *top = &executor->lists[REL4_PRIORITIES - 1];

    if (list_empty(list)) {
        executor->ready_bits &= ~bit;
    } else {
        executor->ready_bits |= bit;
    }
    if (!executor->ready_bits) {
        executor->top = NULL;
        return;
    }
    while (list_empty(top)) {
        top--;
    }
    executor->top = top;
}

void executor_release(struct rel4_executor *executor, struct rel4_list *list, int error)
{
    while (!list_empty(list)) {
        struct rel4_coroutine *coroutine = list_take(list);

        coroutine->error = (uint8_t)error;
        executor_make_ready(executor, coroutine);
    }
}

int __attribute__((noinline))
executor_wait_in(struct rel4_executor *executor, struct rel4_list *list, bool in_front)
{
    struct rel4_coroutine *current = executor->current;

    current->state = REL4_COROUTINE_LISTED;
    current->waits_in = list;
    if (in_front) {
        list_prepend(list, current);
    } else {
        list_append(list, current);
    }
    return rel4_suspend(executor);
}

void executor_grant_room_slowly(struct rel4_executor *executor)
{
    uint32_t room = rel4_queue_room(&executor->queue);

    while (!list_empty(&executor->room) && executor->room.first->needs <= room) {
        struct rel4_coroutine *coroutine = list_take(&executor->room);

        room -= coroutine->needs;
        executor_make_ready(executor, coroutine);
    }
}

static void publish(struct rel4_executor *executor)
{
    if (executor->queue.requests) {
        rel4_queue_publish(&executor->queue);
    }
}

/* Wakes the worker if it sleeps. Returns false if the kernel no longer serves the queue. */
static inline bool wake_worker(struct rel4_executor *executor)
{
    if (!rel4_queue_must_wake(&executor->queue)) {
        return true;
    }
    executor->stats.wakes++;
    return !door_wake(&executor->queue);
}

/* Records that the kernel no longer serves the queue, and fails all calls in flight. */
static void fail(struct rel4_executor *executor)
{
    executor->faulted = true;
    executor_fail_calls(executor);
}

/* No answers are known: has the worker serve the queue, and waits. Returns true if answers have arrived. On
 * false, a coroutine may have become ready. */
static inline bool ask_for_answers(struct rel4_executor *executor, seL4_Word in_flight)
{
    if (!in_flight && list_empty(&executor->room) && !batches_are_in_flight(executor)) {
        executor_wait_for_signals(executor);
        return false;
    }
    if (executor->faulted || rel4_queue_faulted(&executor->queue) || !wake_worker(executor)) {
        fail(executor);
        return false;
    }
    if (executor_find_answers(executor)) {
        return true;
    }
    executor_grant_room(executor);
    if (!executor->top && !batches_have_news(executor)) {
        executor_wait_for_answers(executor);
    }
    return false;
}

/* One step towards a coroutine that can run, when none is ready. Returns the coroutine that a plain answer is
 * for, or NULL; a coroutine may have become ready then. */
static inline struct rel4_coroutine *find_work(struct rel4_executor *executor)
{
    seL4_Word in_flight = executor_in_flight(executor);
    seL4_Word fresh = executor->queue.request_producer - executor->queue.request_published;
    struct rel4_coroutine *next = NULL;

    publish(executor);
    if (__builtin_expect(executor->batches != NULL, 0) && executor_take_progress(executor)) {
        return NULL;
    }
    /* If no request in flight was published before, there is no answer to poll for. Requests of several items
     * make this estimate too high; an answer is then found after the worker's state was checked. */
    if (!(in_flight && in_flight <= fresh ? executor_knows_answers(executor)
                                          : executor_has_answers(executor)) &&
        !ask_for_answers(executor, in_flight)) {
        return NULL;
    }
    if (!executor->mixed) {
        next = executor_take_simple_answer(executor);
    }
    if (next || executor_take_answers(executor, executor->mixed)) {
        executor_grant_room(executor);
    } else {
        fail(executor);
    }
    return next;
}

/*
 * ---- Scheduling ----
 */

/* The rest of rel4_schedule(): the ready list has one coroutine or none, the answer is not plain, or
 * coroutines of several priorities exist, so that answers come first. */
static _Noreturn void __attribute__((noinline)) schedule_slowly(struct rel4_executor *executor)
{
    struct rel4_coroutine *next = NULL;
    int error = seL4_NoError;

    executor_check_guard(executor);
    if (executor->mixed) {
        executor_poll(executor);
    }
    while (!next && !executor->top) {
        next = find_work(executor);
    }
    if (!next) {
        struct rel4_list *list = executor->top;

        next = list_take(list);
        if (list_empty(list)) {
            executor_list_changed(executor, list);
        }
        error = next->error;
    }
    executor->current = next;
    rel4_switch_to(next, error);
}

/* Names the coroutine on stderr, without printf(), which may need more stack than is left. */
static void say_overflow(rel4_coroutine_id id)
{
    (void)fputs("rel4: coroutine 0x", stderr);
    for (int shift = 28; shift >= 0; shift -= 4) {
        (void)fputc("0123456789abcdef"[id >> shift & 15], stderr);
    }
    (void)fputs(" has written over the end of its stack (stack_bytes of its executor)\n", stderr);
}

static _Noreturn void __attribute__((noinline)) overflow(struct rel4_executor *executor)
{
    struct rel4_coroutine *current = executor->current;

    current->guard = NULL; /* said once */
    if (executor->on_overflow) {
        executor->on_overflow(current->id);
    }
    say_overflow(current->id);
    abort();
}

void executor_check_guard(struct rel4_executor *executor)
{
    const struct rel4_coroutine *current = executor->current;

    if (current->guard && *current->guard != (seL4_Word)current->guard) {
        overflow(executor);
    }
}

_Noreturn void rel4_schedule(struct rel4_executor *executor, struct rel4_coroutine *current, void *pc)
{
    struct rel4_list *top = executor->top;

    current->pc = pc;
    if (__builtin_expect((seL4_Word *)current->sp < current->guard, 0)) {
        rel4_switch_rest(overflow, executor);
    }
    if (__builtin_expect(!top, 1)) {
        struct rel4_coroutine *next =
            executor_knows_answers(executor) ? executor_take_simple_answer(executor) : NULL;
        if (!next) {
            rel4_switch_rest(schedule_slowly, executor);
        }
        executor->current = next;
        rel4_switch_to(next, seL4_NoError);
    }
    struct rel4_coroutine *next = top->first;
    if (executor->mixed || top->last == &next->next) {
        rel4_switch_rest(schedule_slowly, executor);
    }
    top->first = next->next;
    executor->current = next;
    rel4_switch_to(next, next->error);
}

void executor_restart(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;

    executor->stats.submitted += queue->request_producer - executor->extra_items;
    executor->stats.answered += executor_answered(executor);
    executor->extra_items = executor->extra_answers = 0;
    executor->done = 0;
    executor->faulted = false;
    rel4_queue_restart(queue);
    executor_check_next_call(executor);
}

/* Publishes a full batch, so that a worker on another hart starts while coroutines still run here. */
static void hand_over_batch(struct rel4_executor *executor)
{
    const struct rel4_queue *queue = &executor->queue;

    if (queue->request_producer - queue->request_published < executor->batch) {
        return;
    }
    publish(executor);
    if (!wake_worker(executor)) {
        executor->faulted = true;
    }
}

bool __attribute__((noinline)) executor_make_room(struct rel4_executor *executor, unsigned items)
{
    struct rel4_queue *queue = &executor->queue;
    bool waited = false;

    hand_over_batch(executor);
    while (!executor->faulted) {
        uint32_t room = rel4_queue_room(queue);

        if (room >= items && (waited || list_empty(&executor->room))) {
            /* Make the next call check again if others wait for room, or when a batch is full. */
            if (!list_empty(&executor->room) || items > executor->batch) {
                room = items;
            } else if (room > executor->batch) {
                room = executor->batch;
            }
            queue->request_limit = queue->request_producer + room;
            return true;
        }
        executor->stats.full++;
        executor->current->needs = (uint8_t)items;
        executor_wait_in(executor, &executor->room, waited);
        waited = true;
    }
    return false;
}

bool rel4_make_room(struct rel4_executor *executor, unsigned items)
{
    return !executor_traps(executor) && executor_make_room(executor, items);
}

void rel4_flush(void)
{
    struct rel4_executor *executor = rel4_executor_self;

    publish(executor);
    if ((executor_in_flight(executor) || executor->batches) && !wake_worker(executor)) {
        executor->faulted = true;
    }
}
