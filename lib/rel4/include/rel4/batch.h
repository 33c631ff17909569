/*
 * Batches: many requests that one coroutine, or a thread outside of coroutines, hands to the kernel without
 * waiting for each (docs/async-library.md). What succeeds gets no answer, so a request costs little more than
 * its 64 bytes in the ring.
 *
 *     struct rel4_batch batch;
 *     uint8_t errors[64];
 *
 *     rel4_batch_begin(&batch, errors, 64);
 *     for (unsigned i = 0; i < 64; i++) {
 *         rel4_batch_page_unmap(&batch, frames[i]);
 *     }
 *     int error = rel4_batch_wait(&batch);
 */
#pragma once

#include <rel4/coroutine.h>
#include <sel4/errors.h>
#include <sel4/invocation.h>
#include <sel4/types.h>

/* Only the library uses the fields, except those that its functions name. */
struct rel4_batch {
    struct rel4_batch *next;      /* of the executor's */
    struct rel4_coroutine *owner; /* the one that began it */
    uint8_t *errors;              /* of each request, or null */
    uint32_t capacity;
    uint32_t count;  /* requests so far */
    uint32_t failed; /* of them, those that were answered with an error so far */
    uint32_t end;    /* index of the ring behind the last one */
    uint32_t cookie; /* of its first request */
    bool waits, last_failed;
    int error;                               /* of the first request that failed; or REL4_FAULTED */
    uint32_t first_failed;                   /* number of that request */
    seL4_Word error_words[REL4_ERROR_WORDS]; /* of its error */
};

/* Cookies of batches have this bit, the batch's id, and the number of the request. */
#define REL4_BATCH_COOKIE 0x80000000u

/* The most requests of a batch. */
#define REL4_MAX_BATCH 65535

/*
 * Begins a batch of up to capacity requests, at most REL4_MAX_BATCH. errors, if not null, are so many bytes,
 * which get the error of each request, 0 if it has none. A batch must be waited for before its memory is used
 * otherwise, and by who began it.
 */
void rel4_batch_begin(struct rel4_batch *batch, uint8_t *errors, unsigned capacity);

/*
 * Adds a request to a batch, which the kernel gets when the coroutine waits, or at rel4_flush(). Waits only
 * if the ring is full. The request's cookie and reply are the library's; its flags may be REL4_LINK and
 * REL4_REPEAT. Words of its answer are lost. Without a queue, the call is made at once.
 *
 * seL4_InvalidArgument: the request is impossible. seL4_NotEnoughMemory: the batch has its capacity.
 * REL4_FAULTED: the queue is faulted.
 */
int rel4_batch_add(struct rel4_batch *batch, struct rel4_request *request);

/*
 * Waits until all requests of a batch are done. Returns 0, or the error of the first one that failed:
 * batch->first_failed is its number, batch->error_words its words, batch->failed how many failed.
 * REL4_FAULTED: the queue was faulted, and some requests may not be done. The batch can be begun again.
 */
int rel4_batch_wait(struct rel4_batch *batch);

/* The rest of rel4_batch_short(). */
int rel4_batch_short_slowly(struct rel4_batch *batch, uint32_t header, seL4_CPtr cap, seL4_Word word0,
                            seL4_Word word1, seL4_Word word2, seL4_Word word3);

/* Adds a request with words message words and extras extra capabilities, at most four together: word0 to
 * word3 are the words and then the capabilities. Same errors as rel4_batch_add(). */
static inline int rel4_batch_short(struct rel4_batch *batch, seL4_CPtr cap, seL4_Word label, unsigned words,
                                   unsigned extras, seL4_Word word0, seL4_Word word1, seL4_Word word2,
                                   seL4_Word word3)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct rel4_queue *queue = &executor->queue;
    uint32_t header = rel4_header((unsigned)label, 0, words, extras) | REL4_QUIET;

    if (__builtin_expect(!rel4_has_room(executor) || batch->count == batch->capacity, 0)) {
        return rel4_batch_short_slowly(batch, header, cap, word0, word1, word2, word3);
    }
    struct rel4_item *item = &queue->requests[queue->request_producer & queue->request_mask];
    item->cookie = batch->cookie + batch->count++;
    item->header = header;
    item->cap = cap;
    if (words + extras > 0) {
        item->words[0] = word0;
    }
    if (words + extras > 1) {
        item->words[1] = word1;
    }
    if (words + extras > 2) {
        item->words[2] = word2;
    }
    if (words + extras > 3) {
        item->words[3] = word3;
    }
    batch->end = (uint32_t)++queue->request_producer;
    executor->extra_items++;
    return seL4_NoError;
}

/* As seL4_RISCV_Page_Map(). */
static inline int rel4_batch_page_map(struct rel4_batch *batch, seL4_CPtr frame, seL4_CPtr vspace,
                                      seL4_Word vaddr, seL4_CapRights_t rights, seL4_RISCV_VMAttributes attr)
{
    return rel4_batch_short(batch, frame, RISCVPageMap, 3, 1, vaddr, rights.words[0], attr, vspace);
}

/* As seL4_RISCV_Page_Unmap(). */
static inline int rel4_batch_page_unmap(struct rel4_batch *batch, seL4_CPtr frame)
{
    return rel4_batch_short(batch, frame, RISCVPageUnmap, 0, 0, 0, 0, 0, 0);
}
