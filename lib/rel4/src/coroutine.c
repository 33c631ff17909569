/*
 * Coroutines: creation, end, and waiting for each other.
 */
#include "executor.h"

#include <sel4/errors.h>

/* Added to an id, makes it the next one of the same place: the lower half is the place, the upper half
 * counts. */
#define NEXT 0x10000u

static char *stack_of(const struct rel4_executor *executor, uint32_t place)
{
    return (char *)(executor->coroutines + executor->count) + place * executor->stack_stride;
}

static void guard_stack(struct rel4_coroutine *coroutine, seL4_Word *lowest)
{
    coroutine->guard = lowest;
    *lowest = (seL4_Word)lowest;
}

void executor_lay_out(struct rel4_executor *executor)
{
    struct rel4_coroutine *main = &executor->main;

    for (unsigned i = 0; i < REL4_PRIORITIES; i++) {
        list_init(&executor->lists[i]);
    }
    list_init(&executor->room);
    list_init(&executor->free);
    main->state = REL4_COROUTINE_ACTIVE;
    main->ready = &executor->lists[REL4_PRIORITIES - 1];
    list_init(&main->joiners);
    for (uint32_t i = 0; i < executor->count; i++) {
        executor->coroutines[i] =
            (struct rel4_coroutine){ .cookie = i << 16, .awaited = executor->no_cookie, .id = i + NEXT };
        list_append(&executor->free, &executor->coroutines[i]);
    }
    executor_check_next_call(executor);
}

static struct rel4_coroutine *find(const struct rel4_executor *executor, rel4_coroutine_id id)
{
    uint32_t place = id & (NEXT - 1);
    struct rel4_coroutine *coroutine = &executor->coroutines[place];

    if (place >= executor->count || coroutine->id != id || coroutine->state == REL4_COROUTINE_FREE) {
        return NULL;
    }
    return coroutine;
}

/* Frees the record and the stack, and makes those ready that wait for the end, with an error. */
static void retire(struct rel4_executor *executor, struct rel4_coroutine *coroutine, int error)
{
    coroutine->state = REL4_COROUTINE_FREE;
    coroutine->id += NEXT;
    /* 0 is no id. */
    if (!coroutine->id) {
        coroutine->id = NEXT;
    }
    if (executor_awaits(executor, coroutine)) {
        executor_end_await(executor, coroutine);
        executor->abandoned++;
    }
    list_append(&executor->free, coroutine);
    if (executor->batches) {
        batches_abandon(executor, coroutine);
    }
    if (!list_empty(&coroutine->joiners)) {
        executor_release(executor, &coroutine->joiners, error);
    }
    if (--executor->live == 0 && executor->main_waits_for_all) {
        executor_make_ready(executor, &executor->main);
    }
}

/* First function of every coroutine, on its own stack. */
static void begin(void)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct rel4_coroutine *current = executor->current;

    current->entry(current->arg);
    executor_check_guard(executor);
    retire(executor, current, seL4_NoError);
    rel4_schedule(executor, current, NULL);
}

rel4_coroutine_id rel4_coroutine_create(void (*entry)(void *arg), void *arg, unsigned priority)
{
    struct rel4_executor *executor = rel4_executor_self;

    if (!executor->count || list_empty(&executor->free) || priority >= REL4_PRIORITIES) {
        return 0;
    }
    if (!executor->live) {
        executor->common_priority = (uint8_t)priority;
        executor->mixed = false;
    }
    if (priority != executor->common_priority) {
        executor->mixed = true;
    }
    executor->live++;
    struct rel4_coroutine *coroutine = list_take(&executor->free);
    char *stack = stack_of(executor, (uint32_t)(coroutine - executor->coroutines));
    guard_stack(coroutine, (seL4_Word *)stack);
    list_init(&coroutine->joiners);
    coroutine->entry = entry;
    coroutine->arg = arg;
    coroutine->ready = &executor->lists[priority];
    coroutine->woken = false;
    coroutine->reply = NULL;
    coroutine->error = seL4_NoError;
    rel4_switch_prepare(coroutine, stack + executor->stack_bytes, begin);
    executor_make_ready(executor, coroutine);
    return coroutine->id;
}

rel4_coroutine_id rel4_coroutine_self(void)
{
    return rel4_executor_self->current->id;
}

bool rel4_coroutine_exists(rel4_coroutine_id id)
{
    return find(rel4_executor_self, id);
}

/* Polls for answers once in as many calls as there are coroutines. Called where one makes another ready, so
 * that coroutines that keep each other busy do not keep the others from their answers. */
static void poll_sometimes(struct rel4_executor *executor)
{
    if (executor->busy++ < executor->live) {
        return;
    }
    executor->busy = 0;
    rel4_flush();
    executor_poll(executor);
}

/* Suspends the caller. Outside of coroutines its calls are system calls, so the next one must check that
 * again. */
static int suspend(struct rel4_executor *executor)
{
    int error = rel4_suspend(executor);

    if (executor->current == &executor->main) {
        executor_check_next_call(executor);
    }
    return error;
}

/* Polls for answers when no coroutine is ready, so that one which computes and yields, alone, does not keep
 * the others from theirs. Returns whether one is ready now. */
static bool others_get_answers(struct rel4_executor *executor)
{
    executor_poll(executor);
    if (!executor->top) {
        rel4_flush();
        executor_poll(executor);
    }
    return executor->top;
}

void rel4_coroutine_yield(void)
{
    struct rel4_executor *executor = rel4_executor_self;

    poll_sometimes(executor);
    if (!executor->top && !others_get_answers(executor)) {
        return;
    }
    executor_make_ready(executor, executor->current);
    suspend(executor);
}

void rel4_coroutine_wait(void)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct rel4_coroutine *current = executor->current;

    if (current == &executor->main) {
        return;
    }
    if (!current->woken) {
        current->state = REL4_COROUTINE_WAITING;
        rel4_suspend(executor);
    }
    current->woken = false;
}

bool rel4_coroutine_wake(rel4_coroutine_id id)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct rel4_coroutine *coroutine = find(executor, id);

    if (!coroutine) {
        return false;
    }
    coroutine->woken = true;
    if (coroutine->state == REL4_COROUTINE_WAITING) {
        executor_make_ready(executor, coroutine);
        poll_sometimes(executor);
    }
    return true;
}

int rel4_coroutine_join(rel4_coroutine_id id)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct rel4_coroutine *coroutine = find(executor, id);

    if (!coroutine) {
        return seL4_NoError;
    }
    if (coroutine == executor->current) {
        return seL4_InvalidArgument;
    }
    int error = executor_wait_in(executor, &coroutine->joiners, false);
    if (executor->current == &executor->main) {
        executor_check_next_call(executor);
    }
    return error;
}

bool rel4_coroutine_cancel(rel4_coroutine_id id)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct rel4_coroutine *coroutine = find(executor, id);

    if (!coroutine) {
        return false;
    }
    if (coroutine->state == REL4_COROUTINE_LISTED) {
        list_remove(coroutine->waits_in, coroutine);
    } else if (coroutine->state == REL4_COROUTINE_ACTIVE && list_remove(coroutine->ready, coroutine)) {
        if (list_empty(coroutine->ready)) {
            executor_list_changed(executor, coroutine->ready);
        }
    }
    retire(executor, coroutine, REL4_CANCELLED);
    if (coroutine == executor->current) {
        rel4_schedule(executor, coroutine, NULL);
    }
    return true;
}

unsigned rel4_run(void)
{
    struct rel4_executor *executor = rel4_executor_self;

    if (executor->current == &executor->main && executor->live) {
        executor->main_waits_for_all = true;
        suspend(executor);
        executor->main_waits_for_all = false;
    }
    return executor->live;
}

void rel4_stats(struct rel4_stats *stats)
{
    struct rel4_executor *executor = rel4_executor_self;

    *stats = executor->stats;
    stats->submitted += executor->queue.request_producer - executor->extra_items;
    stats->answered += executor_answered(executor);
    stats->user_interrupts = door_user_interrupts();
    if (executor->queue.requests) {
        stats->kernel =
            *(struct rel4_queue_statistics *)rel4_queue_header(&executor->queue, REL4_HEADER_STATISTICS);
    }
}

int rel4_queue_reset(void)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct rel4_queue *queue = &executor->queue;

    if (!queue->requests) {
        return seL4_IllegalOperation;
    }
    int error = door_reset(queue);
    if (error) {
        return error;
    }
    executor_fail_calls(executor);
    executor_restart(executor);
    return seL4_NoError;
}
