/*
 * Who runs next, and how the thread waits when nobody can. The path from a call to the next coroutine and
 * from an answer to its coroutine is short, because everything else costs as much as the trap that it avoids.
 */
#include "executor.h"

#include <stdio.h>
#include <stdlib.h>

#include <sel4/errors.h>

/* Looks for answers before the time is looked at, and between two looks at the time. */
#define LOOKS_BEFORE_TIME 64

/* A hart that sleeps needs the time of so many looks to come. */
#define LOOKS_TO_COME 4096

/* A header page for executors without a queue: nothing is ever pending there. */
static char no_header[REL4_HEADER_STATISTICS] __attribute__((aligned(REL4_ITEM_BYTES)));

/* The executor of all threads that have none; it has no coroutines, and nothing is written to it. */
static struct rel4_executor nobody = {
    .queue.header = no_header,
    .current = &nobody.main,
};

__thread struct rel4_executor *rel4_executor_self = &nobody;

int rel4_executor_init(struct rel4_executor *executor, const struct rel4_executor_options *options)
{
    size_t stack = options->stack_bytes ? options->stack_bytes : REL4_DEFAULT_COROUTINE_STACK;
    uintptr_t start = ((uintptr_t)options->memory + REL4_ITEM_BYTES - 1) & -(uintptr_t)REL4_ITEM_BYTES;
    uintptr_t end = (uintptr_t)options->memory + options->memory_bytes;
    size_t count = end > start ? (end - start) / (sizeof(struct rel4_coroutine) + stack) : 0;
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
        .mode = (uint8_t)options->mode,
        .waiting = (uint8_t)options->waiting,
        .looks = options->looks,
        .batch = options->batch ? options->batch : UINT32_MAX,
        .on_overflow = options->on_overflow,
        .on_signals = options->on_signals,
        .arg = options->arg,
        .answer_bit = options->answer_bit,
    };
    /* What the queue has carried before is not this executor's. */
    executor->extra_items = queue.request_producer;
    executor->extra_answers = executor->answers_end = queue.response_consumer;
    executor_lay_out(executor);
    rel4_executor_self = executor;
    return seL4_NoError;
}

void rel4_executor_end(void)
{
    rel4_executor_self = &nobody;
}

void rel4_set_mode(enum rel4_mode mode)
{
    rel4_executor_self->mode = (uint8_t)mode;
    executor_ask_first(rel4_executor_self);
}

void rel4_set_waiting(enum rel4_waiting waiting, unsigned looks)
{
    rel4_executor_self->waiting = (uint8_t)waiting;
    rel4_executor_self->looks = looks;
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

/*
 * ---- Answers ----
 */

/* An answer that is more than "done, without words": its error, and its words where they are wanted. */
static void take_words(struct rel4_queue *queue, struct rel4_coroutine *coroutine, seL4_Word index,
                       uint32_t header)
{
    struct rel4_response *reply = coroutine->reply;
    unsigned words = rel4_header_words(header), i;

    coroutine->error = (uint8_t)rel4_header_error(header);
    if (coroutine->error) {
        for (i = 0; i < 4; i++) {
            coroutine->error_words[i] =
                i < words ? *rel4_ring_word(queue->responses, queue->response_mask, index, i) : 0;
        }
    }
    if (!reply) {
        return;
    }
    reply->word_count = words;
    reply->badge = queue->responses[index & queue->response_mask].cap;
    for (i = 0; i < words && i < reply->capacity; i++) {
        reply->words[i] = *rel4_ring_word(queue->responses, queue->response_mask, index, i);
    }
}

/* The coroutine that waits for this answer, or null. Whoever can write the ring may have made the cookie up,
 * and may change it meanwhile: it is read once. (As a signed word, since the compiler extends others again.)
 */
static inline struct rel4_coroutine *addressee(const struct rel4_executor *executor,
                                               const struct rel4_item *item)
{
    int64_t word = *(const volatile int32_t *)&item->cookie;
    uint32_t cookie = (uint32_t)word;
    struct rel4_coroutine *coroutine = &executor->coroutines[cookie >> 16];

    return cookie < executor->no_cookie && coroutine->awaited == cookie ? coroutine : NULL;
}

/* An answer that nobody waits for. If there is a call that it can be the answer of, it is; else it was
 * forged, and no call is in flight less. */
static void drop_answer(struct rel4_executor *executor)
{
    executor->stats.stale++;
    if (executor->abandoned) {
        executor->abandoned--;
        return;
    }
    executor->extra_answers++;
    executor->stats.answered++;
}

/* An answer that nobody may wait for, or that has words. False: it cannot be. */
static bool take_answer(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    seL4_Word index = queue->response_consumer;
    const struct rel4_item *item = &queue->responses[index & queue->response_mask];
    uint32_t header = item->header;
    unsigned items = rel4_items_for(rel4_header_words(header));
    struct rel4_coroutine *coroutine = addressee(executor, item);

    if (items > executor->answers_end - index) {
        queue->broken = true;
        return false;
    }
    executor->extra_answers += items - 1;
    queue->response_consumer = index + items;
    if (!coroutine) {
        drop_answer(executor);
        return true;
    }
    executor_end_await(executor, coroutine);
    take_words(queue, coroutine, index, header);
    executor_make_ready(executor, coroutine);
    return true;
}

/* Looks which answers there are. False: none. */
static bool find_answers(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    uint32_t pending = rel4_queue_pending(queue);
    unsigned log2 = 0;

    if (!pending) {
        return false;
    }
    while (log2 < REL4_RING_MAX_BITS && pending >> (log2 + 1)) {
        log2++;
    }
    executor->stats.batches[log2]++;
    executor->answers_end = queue->response_consumer + pending;
    if (executor->mode == REL4_ADAPTIVE && executor_in_flight(executor) <= pending) {
        executor_ask_first(executor);
    }
    return true;
}

static inline bool knows_answers(const struct rel4_executor *executor)
{
    return executor->queue.response_consumer != executor->answers_end;
}

/* Whether there are answers; looks if none is known. */
static inline bool has_answers(struct rel4_executor *executor)
{
    return knows_answers(executor) || find_answers(executor);
}

/* Takes the next of the answers that there are, or all. False: one cannot be. */
static bool take_answers(struct rel4_executor *executor, bool all)
{
    do {
        if (!take_answer(executor)) {
            return false;
        }
    } while (all && knows_answers(executor));
    return true;
}

/* Takes the next of the answers that there are, if it is no more than "done". Returns whom it is for, or
 * null. */
static inline struct rel4_coroutine *take_simple_answer(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    const struct rel4_item *item = &queue->responses[queue->response_consumer & queue->response_mask];
    struct rel4_coroutine *coroutine = addressee(executor, item);

    if (!coroutine || item->header >> 12) {
        return NULL;
    }
    queue->response_consumer++;
    executor_end_await(executor, coroutine);
    return coroutine;
}

/*
 * ---- Waiting ----
 */

/* The rest of grant_room(), if somebody waits. */
static void __attribute__((noinline)) grant_room_slowly(struct rel4_executor *executor)
{
    uint32_t room = rel4_queue_room(&executor->queue);

    while (!list_empty(&executor->room) && executor->room.first->needs <= room) {
        struct rel4_coroutine *coroutine = list_take(&executor->room);

        room -= coroutine->needs;
        executor_make_ready(executor, coroutine);
    }
}

/* Lets those go on who wait for room in the request ring, as far as there is. */
static inline void grant_room(struct rel4_executor *executor)
{
    if (!list_empty(&executor->room)) {
        grant_room_slowly(executor);
    }
}

void executor_look(struct rel4_executor *executor)
{
    if (has_answers(executor) && take_answers(executor, true)) {
        grant_room(executor);
    }
}

void executor_fail_calls(struct rel4_executor *executor)
{
    /* These have been submitted, and will not be answered. */
    executor->stats.submitted += executor_in_flight(executor);
    executor->extra_items += executor_in_flight(executor);
    executor->answers_end = executor->queue.response_consumer;
    executor->abandoned = 0;
    executor_release(executor, &executor->room, REL4_FAULTED);
    for (uint32_t i = 0; i < executor->count; i++) {
        struct rel4_coroutine *coroutine = &executor->coroutines[i];

        if (!executor_awaits(executor, coroutine)) {
            continue;
        }
        executor_end_await(executor, coroutine);
        coroutine->error = REL4_FAULTED;
        executor_make_ready(executor, coroutine);
    }
}

static void publish(struct rel4_executor *executor)
{
    if (executor->queue.requests) {
        rel4_queue_publish(&executor->queue);
    }
}

/* Wakes the worker, if that is up to us. False: the kernel does not serve the queue any more. */
static inline bool wake_worker(struct rel4_executor *executor)
{
    if (!rel4_queue_must_wake(&executor->queue)) {
        return true;
    }
    executor->stats.wakes++;
    return !door_wake(&executor->queue);
}

/* Blocks, unless an answer or a fault comes first; tests/models/ has this protocol. */
static void block(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    uint32_t *state = rel4_queue_header(queue, REL4_HEADER_USER_STATE);
    seL4_Word bits = 0;

    rel4_ring_sleep(state);
    if (!rel4_queue_pending(queue) && !rel4_queue_faulted(queue)) {
        executor->stats.blocks++;
        bits = door_wait(queue);
    }
    /* If the kernel was faster, its signal ends the next wait too early, and that is all. */
    rel4_ring_stay(state);
    if (executor->on_signals && bits & ~executor->answer_bit) {
        executor->on_signals(bits & ~executor->answer_bit, executor->arg);
    }
}

/*
 * Counts of the time counter in which another hart is likely to serve what is in flight: four times what its
 * last batches have needed, as they do not all need the same, and the time to come. Nothing if it was looked
 * in vain, until another hart has served something again.
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
 * Looks for answers that another hart works on, as often as the options say, but no longer than it is likely
 * to need: it may have been called in vain. False: there are none.
 */
static bool look_for_answers(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    seL4_Word start = 0, until = 0;

    for (uint32_t i = 0; i < executor->looks || executor->waiting == REL4_WAIT_SPIN; i++) {
        if (rel4_queue_pending(queue) || rel4_queue_faulted(queue)) {
            return true;
        }
        if (i == LOOKS_BEFORE_TIME) {
            start = door_time();
        } else if (i == 2 * LOOKS_BEFORE_TIME) {
            seL4_Word time = door_time();

            until = time + expected_time(executor, (time - start) * (LOOKS_TO_COME / LOOKS_BEFORE_TIME));
        } else if (i % LOOKS_BEFORE_TIME == 0 && until && (int64_t)(door_time() - until) >= 0) {
            executor->pace.in_vain = true;
            return false;
        }
    }
    return false;
}

static void __attribute__((noinline)) wait_for_answers(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;

    if (look_for_answers(executor)) {
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
        /* The thread's own hart serves what another one has not begun. */
        executor->stats.wakes++;
        door_wake(queue);
        break;
    }
}

/* Nothing can run, and no answer will come: the thread goes on outside of coroutines. */
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

/* Nothing is in flight, and nobody can run: only a signal could change that. */
static void wait_for_signals(struct rel4_executor *executor)
{
    if (executor->on_signals && executor->queue.requests) {
        block(executor);
    } else {
        give_up(executor);
    }
}

/* The kernel serves the queue no more. */
static void fail(struct rel4_executor *executor)
{
    executor->faulted = true;
    executor_fail_calls(executor);
}

/* No answers are known: has the queue served, or waits. False: it is to be seen whether somebody is ready
 * now; else there are answers. */
static inline bool ask_for_answers(struct rel4_executor *executor, seL4_Word in_flight)
{
    if (!in_flight && list_empty(&executor->room)) {
        wait_for_signals(executor);
        return false;
    }
    if (executor->faulted || rel4_queue_faulted(&executor->queue) || !wake_worker(executor)) {
        fail(executor);
        return false;
    }
    if (find_answers(executor)) {
        return true;
    }
    grant_room(executor);
    if (!executor->top) {
        wait_for_answers(executor);
    }
    return false;
}

/* One step, when nobody is ready. Returns who goes on with a simple answer; null: it is to be seen whether
 * somebody is ready now. */
static inline struct rel4_coroutine *find_work(struct rel4_executor *executor)
{
    seL4_Word in_flight = executor_in_flight(executor);
    seL4_Word fresh = executor->queue.request_producer - executor->queue.request_published;
    struct rel4_coroutine *next = NULL;

    publish(executor);
    /* As long as all that are in flight are fresh, there is no answer to look for. Longer ones, of several
     * fresh items, may hide that there is: then it is found after the look at the worker. */
    if (!(in_flight && in_flight <= fresh ? knows_answers(executor) : has_answers(executor)) &&
        !ask_for_answers(executor, in_flight)) {
        return NULL;
    }
    if (!executor->mixed) {
        next = take_simple_answer(executor);
    }
    if (next || take_answers(executor, executor->mixed)) {
        grant_room(executor);
    } else {
        fail(executor);
    }
    return next;
}

/*
 * ---- Scheduling ----
 */

/* The rest of rel4_schedule(): the last one that is ready, or nobody, or an answer that is not simple, or
 * somebody more important may have got one. */
static _Noreturn void __attribute__((noinline)) schedule_slowly(struct rel4_executor *executor)
{
    struct rel4_coroutine *next = NULL;
    int error = seL4_NoError;

    if (executor->mixed) {
        executor_look(executor);
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

/* Not with printf(), which needs more stack than there may be. */
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

    *current->guard = (seL4_Word)current->guard;
    if (executor->on_overflow) {
        executor->on_overflow(current->id);
    }
    say_overflow(current->id);
    abort();
}

_Noreturn void rel4_schedule(struct rel4_executor *executor, struct rel4_coroutine *current, void *pc)
{
    struct rel4_list *top = executor->top;
    struct rel4_coroutine *next;

    current->pc = pc;
    if (__builtin_expect(*current->guard != (seL4_Word)current->guard, 0)) {
        rel4_switch_rest(overflow, executor);
    }
    if (__builtin_expect(!top, 1)) {
        next = knows_answers(executor) ? take_simple_answer(executor) : NULL;
        if (!next) {
            rel4_switch_rest(schedule_slowly, executor);
        }
        executor->current = next;
        rel4_switch_to(next, seL4_NoError);
    }
    next = top->first;
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
    executor->extra_items = executor->extra_answers = executor->answers_end = 0;
    executor->faulted = false;
    rel4_queue_restart(queue);
    executor_ask_first(executor);
}

/* For a worker on another hart, which then does not have to wait until nobody can run here. */
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

static bool __attribute__((noinline)) make_room_in_ring(struct rel4_executor *executor, unsigned items)
{
    struct rel4_queue *queue = &executor->queue;
    bool waited = false;

    hand_over_batch(executor);
    while (!executor->faulted) {
        uint32_t room = rel4_queue_room(queue);

        if (room >= items && (waited || list_empty(&executor->room))) {
            /* Whoever comes behind those that wait asks, too, and so does who comes behind a batch. */
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
    return !executor_traps(executor) && make_room_in_ring(executor, items);
}

void rel4_flush(void)
{
    struct rel4_executor *executor = rel4_executor_self;

    publish(executor);
    if (executor_in_flight(executor) && !wake_worker(executor)) {
        executor->faulted = true;
    }
}
