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
    struct rel4_item *responses;
    char *header; /* header page: REL4_HEADER_... are offsets in it */
    seL4_Word request_mask;
    seL4_Word response_mask;
    seL4_Word request_producer; /* own indices, which do not wrap; the kernel sees them when published */
    seL4_Word request_limit;    /* requests up to here need no check for room */
    seL4_Word request_published;
    seL4_Word response_consumer;
    bool broken; /* an index of the kernel, or an answer, was impossible */
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
};

/* An answer. */
struct rel4_response {
    uint32_t cookie;
    unsigned error; /* an seL4_Error */
    seL4_Word badge;
    unsigned word_count; /* words of the answer, which may be more than capacity */
    unsigned capacity;   /* set by the caller: words that fit into words[] */
    seL4_Word *words;
};

/* Returns the word of the header page at an offset, REL4_HEADER_... */
static inline uint32_t *rel4_queue_header(const struct rel4_queue *queue, unsigned offset)
{
    return (uint32_t *)(queue->header + offset);
}

/* Returns the bytes of a header page and two rings of these lengths, log2 of items. */
static inline seL4_Word rel4_queue_bytes(unsigned request_bits, unsigned response_bits)
{
    return REL4_RINGS + (((seL4_Word)1 << request_bits) + ((seL4_Word)1 << response_bits)) * REL4_ITEM_BYTES;
}

/* Starts using empty rings, whose indices are all 0, in memory at a page boundary. Lengths are log2 of items.
 * The capabilities in queue stay as they are. */
void rel4_queue_attach(struct rel4_queue *queue, void *memory, unsigned request_bits, unsigned response_bits);

/* Starts again with empty rings, after AsyncQueue Reset. */
void rel4_queue_restart(struct rel4_queue *queue);

/* Returns how many items of the request ring are free. 0, and the queue is broken, if the kernel's index is
 * impossible. */
uint32_t rel4_queue_room(struct rel4_queue *queue);

/*
 * Writes a request of 1 to 16 items, which rel4_queue_publish() hands to the kernel. Returns false if the
 * ring has too little room, or if the request is impossible: too many words or capabilities, or a label of
 * more than 12 bits.
 */
bool rel4_queue_put(struct rel4_queue *queue, const struct rel4_request *request);

/* Writes the items of a request that is possible and has room. The caller then advances request_producer. */
void rel4_queue_write(struct rel4_queue *queue, const struct rel4_request *request);

/* Takes the next answer into response, with as many words as fit. Returns false if there is none. The next
 * rel4_queue_publish() frees its room. */
bool rel4_queue_take(struct rel4_queue *queue, struct rel4_response *response);

/* Hands all requests that were put to the kernel, and frees the room of all answers that were taken. */
static inline void rel4_queue_publish(struct rel4_queue *queue)
{
    uint32_t *consumer = rel4_queue_header(queue, REL4_HEADER_RESPONSE_CONSUMER);
    uint32_t *producer = rel4_queue_header(queue, REL4_HEADER_REQUEST_PRODUCER);
    seL4_Word index = queue->request_producer;

    queue->request_published = index;
    rel4_ring_publish(consumer, (uint32_t)queue->response_consumer);
    rel4_ring_publish(producer, (uint32_t)index);
}

/*
 * To be called after publishing. Returns true, once for each sleep, if the kernel's worker sleeps: the caller
 * then has to wake it, by AsyncQueue Wake or by blocking.
 */
static inline bool rel4_queue_must_wake(struct rel4_queue *queue)
{
    return rel4_ring_must_wake(rel4_queue_header(queue, REL4_HEADER_KERNEL_STATE));
}

/* Returns how many items of answers can be taken. 0, and the queue is broken, if the number is impossible. */
static inline uint32_t rel4_queue_pending(struct rel4_queue *queue)
{
    uint32_t producer = rel4_ring_peer(rel4_queue_header(queue, REL4_HEADER_RESPONSE_PRODUCER));
    uint32_t pending = producer - (uint32_t)queue->response_consumer;

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

/* Returns word i of the message whose first item is at index. */
static inline uint64_t *rel4_ring_word(struct rel4_item *ring, seL4_Word mask, seL4_Word index, unsigned i)
{
    unsigned more = i - REL4_ITEM_WORDS;

    if (i < REL4_ITEM_WORDS) {
        return &ring[index & mask].words[i];
    }
    return (uint64_t *)&ring[(index + 1 + more / REL4_MORE_WORDS) & mask] + more % REL4_MORE_WORDS;
}
