/*
 * What the files of the executor share: lists of coroutines, calls in flight, answers, and the doors to the
 * kernel. Answers are taken in answers.c, waiting is in waiting.c, and who runs next in executor.c.
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
static inline void executor_check_next_call(struct rel4_executor *executor)
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

/*
 * ---- Room ----
 */

/* The rest of executor_grant_room(), if somebody waits. */
void executor_grant_room_slowly(struct rel4_executor *executor);

/* Lets those go on who wait for room in the request ring, as far as there is. */
static inline void executor_grant_room(struct rel4_executor *executor)
{
    if (!list_empty(&executor->room)) {
        executor_grant_room_slowly(executor);
    }
}

/*
 * ---- Answers: answers.c ----
 */

/* The coroutine that waits for this answer, or null. Whoever can write the ring may have made the cookie up,
 * and may change it meanwhile: it is read once. (As a signed word, since the compiler extends others again.)
 */
static inline struct rel4_coroutine *executor_addressee(const struct rel4_executor *executor,
                                                        const struct rel4_item *item)
{
    int64_t word = *(const volatile int32_t *)&item->cookie;
    uint32_t cookie = (uint32_t)word;
    struct rel4_coroutine *coroutine = &executor->coroutines[cookie >> 16];

    return cookie < executor->no_cookie && coroutine->awaited == cookie ? coroutine : NULL;
}

/* Whether there are answers that were seen and not yet taken. */
static inline bool executor_knows_answers(const struct rel4_executor *executor)
{
    return executor->queue.response_consumer != executor->answers_end;
}

/* Takes the next of the answers that there are, if it is no more than "done". Returns whom it is for, or
 * null. */
static inline struct rel4_coroutine *executor_take_simple_answer(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    const struct rel4_item *item = &queue->responses[queue->response_consumer & queue->response_mask];
    struct rel4_coroutine *coroutine = executor_addressee(executor, item);

    if (!coroutine || item->header >> 12) {
        return NULL;
    }
    queue->response_consumer++;
    executor_end_await(executor, coroutine);
    return coroutine;
}

/* Looks which answers there are. False: none. */
bool executor_find_answers(struct rel4_executor *executor);

/* Whether there are answers; looks if none is known. */
static inline bool executor_has_answers(struct rel4_executor *executor)
{
    return executor_knows_answers(executor) || executor_find_answers(executor);
}

/* Takes the next of the answers that there are, or all. False: one cannot be. */
bool executor_take_answers(struct rel4_executor *executor, bool all);

/* Lets every call that waits for an answer, or for room, return REL4_FAULTED. */
void executor_fail_calls(struct rel4_executor *executor);

/* Takes answers, if there are any, and gives out the room. */
void executor_poll(struct rel4_executor *executor);

/*
 * ---- Waiting, when nobody can run: waiting.c ----
 */

/* Requests are in flight: waits until there may be answers, as the options say. */
void executor_wait_for_answers(struct rel4_executor *executor);

/* Nothing is in flight: only a signal could change that nobody can run. */
void executor_wait_for_signals(struct rel4_executor *executor);

/*
 * ---- Beginning ----
 */

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
