/*
 * Calls that are made many times by one request, and requests of batches that are calls at once.
 */
#include "executor.h"

#include <string.h>

#include <rel4/async.h>
#include <rel4/batch.h>

#define MOST_CALLS REL4_REPEAT_COUNT_MASK

/* A call and how it goes on. */
struct repeated {
    seL4_CPtr cap;
    seL4_Word label;
    unsigned word_count, extra_count;
    seL4_Word words[REL4_ITEM_WORDS];
    const seL4_CPtr *extras;
    struct rel4_repetition repetition;
};

/* Moves on by a number of calls. */
static void move_on(struct repeated *call, seL4_Word calls)
{
    if (call->repetition.pointer) {
        call->cap += calls;
    }
    for (unsigned i = 0; i < call->word_count; i++) {
        if (call->repetition.words >> i & 1) {
            call->words[i] += calls * call->repetition.step;
        }
    }
    call->repetition.count -= calls;
}

/* Makes up to MOST_CALLS calls by one request. *done: calls that were done. */
static int by_ring(struct rel4_executor *executor, const struct repeated *call, seL4_Word *done)
{
    unsigned count = call->repetition.count < MOST_CALLS ? (unsigned)call->repetition.count : MOST_CALLS;
    seL4_Word answer[REL4_ERROR_WORDS + 1];
    struct rel4_response reply = { .words = answer, .capacity = REL4_ERROR_WORDS + 1 };
    struct rel4_request request = {
        .cap = call->cap,
        .label = call->label,
        .word_count = call->word_count,
        .extra_count = call->extra_count,
        .words = call->words,
        .extras = call->extras,
        .flags = REL4_REPEAT,
        .step = call->repetition.step,
        .repeat = count | (uint32_t)call->repetition.words << 16 |
                  (call->repetition.pointer ? REL4_REPEAT_POINTER : 0),
    };

    int error = executor_request(executor, &request, &reply);
    if (!error) {
        *done = count;
    } else if (reply.word_count && reply.word_count <= reply.capacity) {
        *done = answer[reply.word_count - 1];
    }
    return error;
}

int rel4_call_repeated(seL4_CPtr cap, seL4_Word label, unsigned word_count, const seL4_Word *words,
                       unsigned extra_count, const seL4_CPtr *extras,
                       const struct rel4_repetition *repetition, seL4_Word *done)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct repeated call = { cap, label, word_count, extra_count, { 0 }, extras, *repetition };
    int error = seL4_NoError;

    if (done) {
        *done = 0;
    }
    if (word_count > REL4_ITEM_WORDS || extra_count > REL4_MAX_EXTRAS || label > REL4_MAX_LABEL ||
        repetition->words >> word_count) {
        return seL4_InvalidArgument;
    }
    memcpy(call.words, words, word_count * sizeof(words[0]));
    unsigned items = rel4_items_for(word_count + extra_count + 2);
    while (call.repetition.count && !error) {
        seL4_Word calls = 0;

        if (rel4_make_room(executor, items)) {
            error = by_ring(executor, &call, &calls);
        } else {
            error = rel4_call(call.cap, label, word_count, call.words, extra_count, extras, NULL);
            calls = !error;
        }
        if (done) {
            *done += calls;
        }
        move_on(&call, calls);
    }
    return error;
}

int rel4_page_map_range(seL4_CPtr first_frame, seL4_CPtr vspace, seL4_Word vaddr, seL4_Word page_bytes,
                        seL4_Word count, seL4_CapRights_t rights, seL4_RISCV_VMAttributes attr,
                        seL4_Word *done)
{
    const seL4_Word words[] = { vaddr, rights.words[0], attr };

    return rel4_call_repeated(
        first_frame, RISCVPageMap, 3, words, 1, &vspace,
        &(struct rel4_repetition){ .count = count, .step = page_bytes, .words = 1, .pointer = true }, done);
}

int rel4_page_unmap_range(seL4_CPtr first_frame, seL4_Word count, seL4_Word *done)
{
    return rel4_call_repeated(first_frame, RISCVPageUnmap, 0, NULL, 0, NULL,
                              &(struct rel4_repetition){ .count = count, .pointer = true }, done);
}

int batch_add_by_trap(struct rel4_batch *batch, const struct rel4_request *request)
{
    struct rel4_repetition repetition = { .count = request->repeat & REL4_REPEAT_COUNT_MASK,
                                          .step = request->step,
                                          .words = (uint8_t)(request->repeat >> 16 & 0x3f),
                                          .pointer = request->repeat & REL4_REPEAT_POINTER };
    uint32_t number = batch->count++;
    int error = REL4_ERROR_SKIPPED;

    if (!(request->flags & REL4_LINK) || !batch->last_failed) {
        error = request->flags & REL4_REPEAT
                    ? rel4_call_repeated(request->cap, request->label, request->word_count, request->words,
                                         request->extra_count, request->extras, &repetition, NULL)
                    : rel4_call(request->cap, request->label, request->word_count, request->words,
                                request->extra_count, request->extras, NULL);
    }
    batch->last_failed = error;
    if (error && !batch->failed) {
        for (unsigned i = 0; i < REL4_ERROR_WORDS; i++) {
            batch->error_words[i] = error < REL4_ERROR_SKIPPED ? rel4_error_word(i) : 0;
        }
    }
    if (error) {
        batch_note_error(batch, number, error);
    }
    return seL4_NoError;
}
