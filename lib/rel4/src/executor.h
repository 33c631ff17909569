/*
 * What the files of the executor share: lists of coroutines, calls in flight, answers, and the doors to the
 * kernel. Answers are taken in answers.c, waiting is in waiting.c, and who runs next in executor.c.
 */
#pragma once

#include <rel4/batch.h>

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

/* Removes the first one. The list must not be empty. */
static inline struct rel4_coroutine *list_take(struct rel4_list *list)
{
    struct rel4_coroutine *coroutine = list->first;

    list->first = coroutine->next;
    if (list->last == &coroutine->next) {
        list->last = &list->first;
    }
    return coroutine;
}

/* Returns false if the coroutine is not in the list. */
bool list_remove(struct rel4_list *list, struct rel4_coroutine *coroutine);

static inline unsigned executor_priority(const struct rel4_executor *executor, const struct rel4_list *list)
{
    return (unsigned)(list - executor->lists);
}

/* Updates the executor after a ready list has become empty, or is no longer empty. */
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

/* Makes every coroutine of a list ready, with an error to return. */
void executor_release(struct rel4_executor *executor, struct rel4_list *list, int error);

/* Suspends the current coroutine in a list. Returns the error that it is resumed with. */
int executor_wait_in(struct rel4_executor *executor, struct rel4_list *list, bool in_front);

/* Answers taken since the queue was started or reset. */
static inline seL4_Word executor_answered(const struct rel4_executor *executor)
{
    return executor->queue.response_consumer - executor->extra_answers;
}

/* Requests that will be answered, including those of coroutines that are gone. */
static inline seL4_Word executor_in_flight(const struct rel4_executor *executor)
{
    return executor->queue.request_producer - executor->extra_items - executor_answered(executor);
}

/* Makes the next call of a coroutine check again whether it may go through the ring. */
static inline void executor_check_next_call(struct rel4_executor *executor)
{
    executor->queue.request_limit = executor->queue.request_producer;
}

/* Returns whether a call of the current coroutine is a system call of its own. */
static inline bool executor_traps(const struct rel4_executor *executor)
{
    if (executor->mode == REL4_ADAPTIVE && !executor->top && !executor_in_flight(executor)) {
        return true;
    }
    return executor->current == &executor->main || executor->mode == REL4_SYNC || !executor->queue.requests;
}

/* Returns whether a call of the coroutine is in flight, so that an answer may make it ready. */
static inline bool executor_awaits(const struct rel4_executor *executor,
                                   const struct rel4_coroutine *coroutine)
{
    return coroutine->awaited != executor->no_cookie;
}

/* Ends the wait for an answer. A second answer with the same cookie will be stale. */
static inline void executor_end_await(const struct rel4_executor *executor, struct rel4_coroutine *coroutine)
{
    coroutine->generation = (uint16_t)(coroutine->awaited + 1);
    coroutine->awaited = executor->no_cookie;
}

/*
 * ---- Room ----
 */

/* Waits until the request ring has room for so many items, also outside of coroutines. Returns false if the
 * queue is faulted. */
bool executor_make_room(struct rel4_executor *executor, unsigned items);

/* The rest of executor_grant_room(), when coroutines wait. */
void executor_grant_room_slowly(struct rel4_executor *executor);

/* Makes coroutines ready that wait for room in the request ring, as far as there is room. */
static inline void executor_grant_room(struct rel4_executor *executor)
{
    if (!list_empty(&executor->room)) {
        executor_grant_room_slowly(executor);
    }
}

/*
 * ---- Answers: answers.c ----
 */

/* Returns the coroutine that waits for this answer, or NULL. Other threads may be able to write the ring, so
 * the cookie is read once and checked. (Read as a signed word: the compiler would extend an unsigned one
 * twice.) */
static inline struct rel4_coroutine *executor_addressee(const struct rel4_executor *executor,
                                                        const struct rel4_unit *unit)
{
    int64_t word = *(const volatile int32_t *)&unit->cookie;
    uint32_t cookie = (uint32_t)word;
    struct rel4_coroutine *coroutine = &executor->coroutines[cookie >> 16];

    return cookie < executor->no_cookie && coroutine->awaited == cookie ? coroutine : NULL;
}

/* Returns whether there are answers that were found and not yet taken. */
static inline bool executor_knows_answers(const struct rel4_executor *executor)
{
    return executor->queue.response_consumer != executor->queue.answers_end;
}

/* Takes the next known answer if it has neither error nor words. Returns the coroutine that it is for, or
 * NULL. */
static inline struct rel4_coroutine *executor_take_simple_answer(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    const struct rel4_unit *unit = &queue->responses[queue->response_consumer & queue->response_mask];
    struct rel4_coroutine *coroutine = executor_addressee(executor, unit);

    if (!coroutine || !rel4_header_is_plain(unit->header)) {
        return NULL;
    }
    queue->response_consumer++;
    executor_end_await(executor, coroutine);
    return coroutine;
}

/* Polls the response ring. Returns whether there are answers. */
bool executor_find_answers(struct rel4_executor *executor);

/* Returns whether there are answers. Polls if none is known. */
static inline bool executor_has_answers(struct rel4_executor *executor)
{
    return executor_knows_answers(executor) || executor_find_answers(executor);
}

/* Takes the next known answer, or all of them. Returns false if one is impossible: the queue is broken then.
 */
bool executor_take_answers(struct rel4_executor *executor, bool all);

/* Takes the answers that are there, and makes those ready whose batches are done. Returns whether a coroutine
 * is ready. */
bool executor_take_progress(struct rel4_executor *executor);

/* Makes every call that waits for an answer, or for room, return REL4_FAULTED. */
void executor_fail_calls(struct rel4_executor *executor);

/* Polls for answers, takes all of them, and hands out the room. */
void executor_poll(struct rel4_executor *executor);

/*
 * ---- Waiting, when nobody can run: waiting.c ----
 */

/* Waits for answers to requests in flight, in the way that the options say. May return without any. */
void executor_wait_for_answers(struct rel4_executor *executor);

/* Waits for a signal, as nothing is in flight. Ends the executor's run as stuck if signals cannot help. */
void executor_wait_for_signals(struct rel4_executor *executor);

/* Submits a request of so many items that was written, and waits for its answer. */
static inline int executor_submit(struct rel4_executor *executor, unsigned items)
{
    executor->extra_items += items - 1;
    executor->queue.request_producer += items - 1;
    return rel4_submit(executor);
}

/* Makes a request of the current coroutine that has room, and waits for its answer. Sets its cookie. reply,
 * if not null, receives the words. Returns the error. Inlined, as stacks of coroutines are small. */
static inline __attribute__((always_inline)) int
executor_request(struct rel4_executor *executor, struct rel4_request *request, struct rel4_response *reply)
{
    unsigned items = rel4_request_items(request);

    request->cookie = rel4_await(executor);
    rel4_queue_write(&executor->queue, request);
    executor->current->reply = reply;
    int error = executor_submit(executor, items);
    executor->current->reply = NULL;
    return error;
}

/*
 * ---- Batches: batch.c ----
 */

/* Takes an answer to a request of a batch; false if there is no such request in flight. */
bool batch_take_answer(struct rel4_executor *executor, uint32_t cookie, uint32_t header, seL4_Word index);

/* Returns whether the kernel has done more requests since batches_note_progress(), and batches may wait. */
bool batches_have_news(const struct rel4_executor *executor);

/* Returns whether a batch has requests that are not known to be done. */
bool batches_are_in_flight(const struct rel4_executor *executor);

/* Makes those ready whose batch is done: the kernel has done all requests before an index, and the answers to
 * them are taken. */
void batches_note_progress(struct rel4_executor *executor, uint32_t done);

/* Ends all batches in flight with REL4_FAULTED. */
void batches_fail(struct rel4_executor *executor);

/* Notes that request number i of a batch has failed. */
void batch_note_error(struct rel4_batch *batch, uint32_t i, int error);

/* Adds a request to a batch of a thread without a ring: makes the call at once (repeat.c). */
int batch_add_by_trap(struct rel4_batch *batch, const struct rel4_request *request);

/* Forgets the batches of a coroutine that ends. */
void batches_abandon(struct rel4_executor *executor, const struct rel4_coroutine *owner);

/*
 * ---- Beginning ----
 */

/* Starts again with empty rings, after AsyncQueue Reset. */
void executor_restart(struct rel4_executor *executor);

/* Ends the program, or calls on_overflow, if the current coroutine has written over the end of its stack. */
void executor_check_guard(struct rel4_executor *executor);

/* Prepares lists, records and guards of a new executor. */
void executor_lay_out(struct rel4_executor *executor);

/*
 * ---- System calls: doors.c ----
 */
int door_wake(const struct rel4_queue *queue);
int door_reset(const struct rel4_queue *queue);
void door_yield(void);
seL4_Word door_time(void); /* ticks of the time counter */

/* Blocks until the queue's notification is signalled, or a handler has recorded bits. Returns the bits. */
seL4_Word door_wait(const struct rel4_queue *queue);

/* Returns how many user interrupts the thread has taken. */
seL4_Word door_user_interrupts(void);
