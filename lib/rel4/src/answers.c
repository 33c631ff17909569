/*
 * Taking answers out of the response ring, and failing calls that will get none.
 */
#include "executor.h"

/* Stores the error and the words of an answer where its coroutine finds them. */
static void take_words(struct rel4_queue *queue, struct rel4_coroutine *coroutine, seL4_Word index,
                       uint32_t header)
{
    struct rel4_response *reply = coroutine->reply;
    unsigned words = rel4_header_words(header);

    coroutine->error = (uint8_t)rel4_header_error(header);
    if (coroutine->error) {
        for (unsigned i = 0; i < REL4_ERROR_WORDS; i++) {
            coroutine->error_words[i] = i < words ? *rel4_answer_word(queue, index, i) : 0;
        }
    }
    if (!reply) {
        return;
    }
    reply->word_count = words;
    for (unsigned i = 0; i < words && i < reply->capacity; i++) {
        reply->words[i] = *rel4_answer_word(queue, index, i);
    }
}

/* Drops an answer that no coroutine waits for. It is counted as that of an abandoned call if there is one.
 * Otherwise it was forged, and the number of calls in flight stays. */
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

/* Takes one answer of any kind. Returns false if it is longer than what the kernel has published. */
static bool take_answer(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    seL4_Word index = queue->response_consumer;
    const struct rel4_unit *unit = &queue->responses[index & queue->response_mask];
    uint32_t header = unit->header;
    unsigned units = rel4_units_for(rel4_header_words(header));
    struct rel4_coroutine *coroutine = executor_addressee(executor, unit);

    if (units > queue->answers_end - index) {
        queue->broken = true;
        return false;
    }
    executor->extra_answers += units - 1;
    queue->response_consumer = index + units;
    if (!coroutine) {
        uint32_t cookie = unit->cookie;
        if (cookie & REL4_BATCH_COOKIE && batch_take_answer(executor, cookie, header, index)) {
            executor->extra_answers++;
        } else {
            drop_answer(executor);
        }
        return true;
    }
    executor_end_await(executor, coroutine);
    take_words(queue, coroutine, index, header);
    executor_make_ready(executor, coroutine);
    return true;
}

bool executor_find_answers(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    uint32_t pending = rel4_queue_pending(queue);
    unsigned log2 = 0;

    if (!pending) {
        return false;
    }
    while (log2 < REL4_RESPONSES_MAX_BITS && pending >> (log2 + 1)) {
        log2++;
    }
    executor->stats.batches[log2]++;
    queue->answers_end = queue->response_consumer + pending;
    if (executor->mode == REL4_ADAPTIVE && executor_in_flight(executor) <= pending) {
        executor_check_next_call(executor);
    }
    return true;
}

bool executor_take_answers(struct rel4_executor *executor, bool all)
{
    do {
        if (!take_answer(executor)) {
            return false;
        }
    } while (all && executor_knows_answers(executor));
    return true;
}

bool executor_take_progress(struct rel4_executor *executor)
{
    struct rel4_queue *queue = &executor->queue;
    uint64_t indices = rel4_ring_peer(rel4_queue_indices(queue, REL4_HEADER_SERVER));
    uint32_t pending = (uint32_t)(indices >> 32) - (uint32_t)queue->response_consumer;
    uint32_t used = (uint32_t)queue->request_producer - (uint32_t)indices;

    if (pending > queue->response_mask + 1 || used > queue->request_mask + 1) {
        queue->broken = true;
        return false;
    }
    queue->answers_end = queue->response_consumer + pending;
    if (pending && !executor_take_answers(executor, true)) {
        return false;
    }
    batches_note_progress(executor, (uint32_t)indices);
    executor_grant_room(executor);
    return executor->top;
}

void executor_poll(struct rel4_executor *executor)
{
    if (executor->batches) {
        executor_take_progress(executor);
    }
    if (executor_has_answers(executor) && executor_take_answers(executor, true)) {
        executor_grant_room(executor);
    }
}

void executor_fail_calls(struct rel4_executor *executor)
{
    /* Count them as submitted calls that are no longer in flight. */
    executor->stats.submitted += executor_in_flight(executor);
    executor->extra_items += executor_in_flight(executor);
    executor->queue.answers_end = executor->queue.response_consumer;
    executor->abandoned = 0;
    batches_fail(executor);
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
