/*
 * The program's side of an asynchronous queue: requests go into one ring, answers come out of the other
 * (docs/async-library.md). This is the lower level, for programs that match answers to requests themselves;
 * the coroutines of <rel4/coroutine.h> are built on it. A queue belongs to one thread.
 *
 * No function here makes a system call.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rel4/abi.h>
#include <rel4/ring.h>
#include <sel4/simple_types.h>

/* Only the library uses the fields. */
struct rel4_queue {
    struct rel4_item *requests;
    struct rel4_unit *responses;
    char *header; /* REL4_HEADER_... are offsets in it */
    seL4_Word request_mask;
    seL4_Word response_mask;
    seL4_Word request_producer; /* own indices, which do not wrap; the kernel sees them when published */
    seL4_Word request_limit;    /* requests up to here need no check for room */
    seL4_Word request_published;
    seL4_Word response_consumer;
    seL4_Word answers_end; /* end of the answers that were found */
    bool broken;           /* an index of the kernel, or an answer, was impossible */
    seL4_CPtr cap;
    seL4_CPtr notification; /* signalled when an answer comes while the thread sleeps */
    seL4_CPtr cnode;        /* slots that rel4_queue_create() has used */
    seL4_CPtr first_slot;
    unsigned slots_used;
    unsigned slots_kept; /* the last ones of them, which rel4_queue_destroy() leaves */
};

/* A request: one invocation of cap, with its message words and extra capabilities. */
struct rel4_request {
    uint32_t cookie; /* returned with the answer */
    seL4_CPtr cap;
    seL4_Word label;
    unsigned word_count;  /* 0 to REL4_MAX_WORDS */
    unsigned extra_count; /* 0 to REL4_MAX_EXTRAS */
    const seL4_Word *words;
    const seL4_CPtr *extras;
    uint32_t flags;  /* REL4_REPEAT, REL4_LINK, REL4_QUIET, REL4_DATA */
    uint32_t repeat; /* REL4_REPEAT: number of calls, REL4_REPEAT_WORD(i), REL4_REPEAT_POINTER */
    seL4_Word step;  /* REL4_REPEAT */
    seL4_Word data;  /* REL4_DATA: returned with the answer */
};

/* An answer. */
struct rel4_response {
    uint32_t cookie;
    unsigned error; /* an seL4_Error, REL4_ERROR_SKIPPED or REL4_ERROR_CANCELLED */
    seL4_Word data;
    unsigned word_count; /* words of the answer, which may be more than capacity */
    unsigned capacity;   /* set by the caller: words that fit into words[] */
    seL4_Word *words;
};

/* Returns a word of the header at an offset, REL4_HEADER_... */
static inline uint32_t *rel4_queue_header(const struct rel4_queue *queue, unsigned offset)
{
    return (uint32_t *)(queue->header + offset);
}

/* Returns a pair of indices in the header: REL4_HEADER_REQUESTER or REL4_HEADER_SERVER. */
static inline uint64_t *rel4_queue_indices(const struct rel4_queue *queue, unsigned offset)
{
    return (uint64_t *)(void *)(queue->header + offset);
}

/* Returns the bytes of header and rings: log2 of items, log2 of units. */
static inline seL4_Word rel4_queue_bytes(unsigned request_bits, unsigned response_bits)
{
    return REL4_HEADER_BYTES + ((seL4_Word)REL4_ITEM_BYTES << request_bits) +
           ((seL4_Word)REL4_UNIT_BYTES << response_bits);
}

/* Starts using empty rings, whose indices are all 0, at header: log2 of items, log2 of units. The
 * capabilities in queue stay as they are. */
void rel4_queue_attach(struct rel4_queue *queue, void *header, unsigned request_bits, unsigned response_bits);

/* Starts again with empty rings, after AsyncQueue Reset. */
void rel4_queue_restart(struct rel4_queue *queue);

/* Returns the kernel's index of requests: those before it are done, and their room is free. */
static inline uint32_t rel4_queue_done(const struct rel4_queue *queue)
{
    return (uint32_t)rel4_ring_peer(rel4_queue_indices(queue, REL4_HEADER_SERVER));
}

/* Returns how many items of the request ring are free. 0, and the queue is broken, if the kernel's index is
 * impossible. */
uint32_t rel4_queue_room(struct rel4_queue *queue);

/* Returns how many items a request takes. */
static inline unsigned rel4_request_items(const struct rel4_request *request)
{
    return rel4_items_for(request->word_count + request->extra_count + rel4_flag_words(request->flags));
}

/*
 * Writes a request of 1 to 16 items, which rel4_queue_publish() hands to the kernel. Returns false if the
 * ring has too little room, or if the request is impossible: too many words or capabilities, or a label of
 * more than 12 bits. The kernel stops serving the queue if the flags and their words make no sense.
 */
bool rel4_queue_put(struct rel4_queue *queue, const struct rel4_request *request);

/* Writes the items of a request that is possible and has room. The caller then advances request_producer. */
void rel4_queue_write(struct rel4_queue *queue, const struct rel4_request *request);

/* Takes the next answer into response, with as many words as fit. Returns false if there is none. The next
 * rel4_queue_publish() frees its room. */
bool rel4_queue_take(struct rel4_queue *queue, struct rel4_response *response);

/*
 * Cancels a request that was put when request_producer was index, unless the kernel has begun it: it is then
 * answered REL4_ERROR_CANCELLED, and otherwise as ever. label has to be taken again by that answer. Returns
 * false if it is known to be done.
 */
bool rel4_queue_cancel(struct rel4_queue *queue, seL4_Word index);

/* Hands all requests that were put to the kernel, and frees the room of all answers that were taken. */
static inline void rel4_queue_publish(struct rel4_queue *queue)
{
    seL4_Word index = queue->request_producer;

    queue->request_published = index;
    rel4_ring_publish(rel4_queue_indices(queue, REL4_HEADER_REQUESTER),
                      rel4_ring_pair((uint32_t)index, (uint32_t)queue->response_consumer));
}

/*
 * To be called after publishing. Returns true, once for each sleep, if the kernel's worker sleeps: the caller
 * then has to wake it, by AsyncQueue Wake or by blocking.
 */
static inline bool rel4_queue_must_wake(struct rel4_queue *queue)
{
    return rel4_ring_must_wake(rel4_queue_header(queue, REL4_HEADER_SERVER_STATE));
}

/* Returns how many units of answers can be taken. 0, and the queue is broken, if the number is impossible. */
static inline uint32_t rel4_queue_pending(struct rel4_queue *queue)
{
    uint64_t indices = rel4_ring_peer(rel4_queue_indices(queue, REL4_HEADER_SERVER));
    uint32_t pending = (uint32_t)(indices >> 32) - (uint32_t)queue->response_consumer;

    if (__builtin_expect(pending > queue->response_mask + 1, 0)) {
        queue->broken = true;
        return 0;
    }
    return pending;
}

/* Returns whether no more answers will come until the queue is reset. */
static inline bool rel4_queue_faulted(const struct rel4_queue *queue)
{
    return queue->broken || __atomic_load_n(rel4_queue_header(queue, REL4_HEADER_FAULT), __ATOMIC_ACQUIRE);
}

/* Returns word i of the request whose first item is at index. */
static inline uint64_t *rel4_request_word(const struct rel4_queue *queue, seL4_Word index, unsigned i)
{
    unsigned more = i - REL4_ITEM_WORDS;

    if (i < REL4_ITEM_WORDS) {
        return &queue->requests[index & queue->request_mask].words[i];
    }
    return (uint64_t *)&queue->requests[(index + 1 + more / REL4_MORE_WORDS) & queue->request_mask] +
           more % REL4_MORE_WORDS;
}

/* Returns word i of the answer whose first unit is at index; data is word 0 if there is data. */
static inline uint64_t *rel4_answer_word(const struct rel4_queue *queue, seL4_Word index, unsigned i)
{
    return (uint64_t *)&queue->responses[(index + (i + 1) / 2) & queue->response_mask] + (i + 1) % 2;
}
