/*
 * Batches of quiet requests. The kernel answers only what fails; everything else is done when the consumer of
 * requests has passed it. Both indices of the kernel are read at once, and the answers before one are taken
 * before the other is believed, so a failure is known before its batch counts as done.
 */
#include "executor.h"

#include <rel4/batch.h>

#include <string.h>

#define ID_BITS 15

/* Returns whether requests of threads like this one go through the ring. */
static bool has_ring(const struct rel4_executor *executor)
{
    return executor->count && executor->queue.requests && executor->mode != REL4_SYNC;
}

void rel4_batch_begin(struct rel4_batch *batch, uint8_t *errors, unsigned capacity)
{
    struct rel4_executor *executor = rel4_executor_self;

    *batch = (struct rel4_batch){
        .owner = executor->current,
        .errors = errors,
        .capacity = capacity <= REL4_MAX_BATCH ? capacity : REL4_MAX_BATCH,
        .end = (uint32_t)executor->queue.request_producer,
    };
    if (errors) {
        memset(errors, 0, batch->capacity);
    }
    if (has_ring(executor)) {
        executor->last_batch = (executor->last_batch + 1) & ((1u << ID_BITS) - 1);
        batch->cookie = REL4_BATCH_COOKIE | (uint32_t)executor->last_batch << 16;
        if (!executor->batches) {
            executor->done = rel4_queue_done(&executor->queue);
        }
        batch->next = executor->batches;
        executor->batches = batch;
    }
}

void batch_note_error(struct rel4_batch *batch, uint32_t i, int error)
{
    if (!batch->failed++) {
        batch->error = error;
        batch->first_failed = i;
    }
    if (batch->errors) {
        batch->errors[i] = (uint8_t)error;
    }
}

bool batch_take_answer(struct rel4_executor *executor, uint32_t cookie, uint32_t header, seL4_Word index)
{
    struct rel4_batch *batch = executor->batches;
    uint32_t number = cookie & 0xffff;
    unsigned words = rel4_header_words(header);

    while (batch && (batch->cookie ^ cookie) >> 16) {
        batch = batch->next;
    }
    /* An answer that is not for a request of the batch, or comes twice, or is none, was forged. */
    if (!batch || number >= batch->count || !rel4_header_error(header) ||
        (batch->errors && batch->errors[number])) {
        return false;
    }
    if (!batch->failed) {
        for (unsigned i = 0; i < REL4_ERROR_WORDS && i < words; i++) {
            batch->error_words[i] = *rel4_answer_word(&executor->queue, index, i);
        }
    }
    batch_note_error(batch, number, (int)rel4_header_error(header));
    return true;
}

/* Returns whether the kernel has done all requests of a batch, as far as the executor knows. */
static bool is_done(const struct rel4_executor *executor, const struct rel4_batch *batch)
{
    return (int32_t)(executor->done - batch->end) >= 0;
}

bool batches_have_news(const struct rel4_executor *executor)
{
    return executor->batches && rel4_queue_done(&executor->queue) != executor->done;
}

bool batches_are_in_flight(const struct rel4_executor *executor)
{
    for (const struct rel4_batch *batch = executor->batches; batch; batch = batch->next) {
        if (!is_done(executor, batch)) {
            return true;
        }
    }
    return false;
}

void batches_note_progress(struct rel4_executor *executor, uint32_t done)
{
    executor->done = done;
    for (struct rel4_batch *batch = executor->batches; batch; batch = batch->next) {
        if (batch->waits && is_done(executor, batch)) {
            batch->waits = false;
            executor_make_ready(executor, batch->owner);
        }
    }
}

void batches_fail(struct rel4_executor *executor)
{
    for (struct rel4_batch *batch = executor->batches; batch; batch = batch->next) {
        if (!is_done(executor, batch)) {
            batch->error = REL4_FAULTED;
            batch->end = executor->done;
        }
    }
    batches_note_progress(executor, executor->done);
}

static void unlink_batch(struct rel4_executor *executor, struct rel4_batch *batch)
{
    struct rel4_batch **link = &executor->batches;

    while (*link && *link != batch) {
        link = &(*link)->next;
    }
    if (*link) {
        *link = batch->next;
    }
}

void batches_abandon(struct rel4_executor *executor, const struct rel4_coroutine *owner)
{
    struct rel4_batch **link = &executor->batches;

    while (*link) {
        if ((*link)->owner == owner) {
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
}

int rel4_batch_add(struct rel4_batch *batch, struct rel4_request *request)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct rel4_queue *queue = &executor->queue;
    unsigned items = rel4_request_items(request);

    if (request->word_count > REL4_MAX_WORDS || request->extra_count > REL4_MAX_EXTRAS ||
        request->label > REL4_MAX_LABEL || request->flags & ~(REL4_LINK | REL4_REPEAT)) {
        return seL4_InvalidArgument;
    }
    if (batch->count == batch->capacity) {
        return seL4_NotEnoughMemory;
    }
    if (!batch->cookie) {
        return batch_add_by_trap(batch, request);
    }
    if (queue->request_limit - queue->request_producer < items && !executor_make_room(executor, items)) {
        return REL4_FAULTED;
    }
    request->cookie = batch->cookie + batch->count++;
    request->flags |= REL4_QUIET;
    rel4_queue_write(queue, request);
    queue->request_producer += items;
    executor->extra_items += items;
    batch->end = (uint32_t)queue->request_producer;
    return seL4_NoError;
}

int rel4_batch_short_slowly(struct rel4_batch *batch, uint32_t header, seL4_CPtr cap, seL4_Word word0,
                            seL4_Word word1, seL4_Word word2, seL4_Word word3)
{
    const seL4_Word words[4] = { word0, word1, word2, word3 };
    unsigned count = rel4_header_words(header);

    return rel4_batch_add(batch, &(struct rel4_request){ .cap = cap,
                                                         .label = rel4_header_label(header),
                                                         .word_count = count,
                                                         .words = words,
                                                         .extra_count = rel4_header_extras(header),
                                                         .extras = words + count });
}

int rel4_batch_wait(struct rel4_batch *batch)
{
    struct rel4_executor *executor = rel4_executor_self;

    if (!batch->cookie) {
        return batch->error;
    }
    if (!is_done(executor, batch)) {
        batch->waits = true;
        rel4_suspend(executor);
    }
    unlink_batch(executor, batch);
    executor->stats.submitted += batch->count;
    executor->stats.answered += batch->count;
    if (executor->current == &executor->main) {
        executor_check_next_call(executor);
    }
    return batch->error;
}
