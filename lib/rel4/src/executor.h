/*
 * What the files of the executor share: lists of coroutines, and the doors to the kernel.
 */
#pragma once

#include <rel4/coroutine.h>

static inline void list_init(struct rel4_list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

static inline bool list_empty(const struct rel4_list *list)
{
    return list->last == &list->first;
}

static inline void list_append(struct rel4_list *list, struct rel4_coroutine *coroutine)
{
    *list->last = coroutine;
    list->last = &coroutine->next;
}

static inline void list_prepend(struct rel4_list *list, struct rel4_coroutine *coroutine)
{
    coroutine->next = list->first;
    list->first = coroutine;
    if (list->last == &list->first) {
        list->last = &coroutine->next;
    }
}

/* Only if it is not empty. */
static inline struct rel4_coroutine *list_take(struct rel4_list *list)
{
    struct rel4_coroutine *coroutine = list->first;

    list->first = coroutine->next;
    if (list->last == &coroutine->next) {
        list->last = &list->first;
    }
    return coroutine;
}

/* False if it is not there. */
bool list_remove(struct rel4_list *list, struct rel4_coroutine *coroutine);

static inline unsigned executor_priority(const struct rel4_executor *executor, const struct rel4_list *list)
{
    return (unsigned)(list - executor->lists);
}

/* After its first coroutine has come, or its last one has gone. */
void executor_list_changed(struct rel4_executor *executor, struct rel4_list *list);

static inline void executor_make_ready(struct rel4_executor *executor, struct rel4_coroutine *coroutine)
{
    struct rel4_list *list = coroutine->ready;
    bool first = list_empty(list);

    coroutine->state = REL4_COROUTINE_ACTIVE;
    list_append(list, coroutine);
    if (first) {
        executor_list_changed(executor, list);
    }
}

/* Makes every coroutine of a list ready, to go on with an error. */
void executor_release(struct rel4_executor *executor, struct rel4_list *list, int error);

/* Lets the current coroutine wait in a list. Returns what it goes on with. */
int executor_wait_in(struct rel4_executor *executor, struct rel4_list *list, bool in_front);

/* Answers taken since the queue was started or reset. */
static inline seL4_Word executor_answered(const struct rel4_executor *executor)
{
    return executor->queue.response_consumer - executor->extra_answers;
}

/* Requests that an answer will come for, also those of coroutines that are gone. */
static inline seL4_Word executor_in_flight(const struct rel4_executor *executor)
{
    return executor->queue.request_producer - executor->extra_items - executor_answered(executor);
}

/* The next call of a coroutine looks whether it may go through the ring. */
static inline void executor_ask_first(struct rel4_executor *executor)
{
    executor->queue.request_limit = executor->queue.request_producer;
}

/* Whether the call that the current coroutine makes is a trap of its own. */
static inline bool executor_traps(const struct rel4_executor *executor)
{
    if (executor->mode == REL4_ADAPTIVE && !executor->top && !executor_in_flight(executor)) {
        return true;
    }
    return executor->current == &executor->main || executor->mode == REL4_SYNC || !executor->queue.requests;
}

/* Whether a call of the coroutine is in flight, so that an answer may make it ready. */
static inline bool executor_awaits(const struct rel4_executor *executor,
                                   const struct rel4_coroutine *coroutine)
{
    return coroutine->awaited != executor->no_cookie;
}

/* Ends the wait for an answer: another one with its cookie, in whatever the coroutine does then, is stale. */
static inline void executor_end_await(const struct rel4_executor *executor, struct rel4_coroutine *coroutine)
{
    coroutine->generation = (uint16_t)(coroutine->awaited + 1);
    coroutine->awaited = executor->no_cookie;
}

/* Lets every call that waits for an answer, or for room, return REL4_FAULTED. */
void executor_fail_calls(struct rel4_executor *executor);

/* Takes answers, if there are any, and gives out the room. */
void executor_look(struct rel4_executor *executor);

/* After AsyncQueue Reset: begins with empty rings. */
void executor_restart(struct rel4_executor *executor);

/* Prepares lists, records and guards of a new executor. */
void executor_lay_out(struct rel4_executor *executor);

/*
 * The doors to the kernel.
 */
int door_wake(const struct rel4_queue *queue);
int door_reset(const struct rel4_queue *queue);
void door_yield(void);
seL4_Word door_time(void); /* the time counter */

/* Blocks until the queue's notification is signalled, or something was recorded. Returns the bits. */
seL4_Word door_wait(const struct rel4_queue *queue);

/* User interrupts that the thread has taken. */
seL4_Word door_user_interrupts(void);
