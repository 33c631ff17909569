/*
 * The user's side of an asynchronous queue: messages go into the request ring, answers come out of the other
 * one (docs/async-library.md). This is the lower level, for programs that have their own way to remember who
 * asked for what; the coroutines of <rel4/coroutine.h> are built on it. A queue belongs to one thread.
 *
 * Nothing here makes a system call.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rel4/abi.h>
#include <rel4/ring.h>
#include <sel4/simple_types.h>

/* Its content is the library's business. */
struct rel4_queue {
    struct rel4_item *requests;
    struct rel4_item *responses;
    char *header; /* REL4_HEADER_... from here */
    seL4_Word request_mask;
    seL4_Word response_mask;
    seL4_Word request_producer; /* our own indices, which do not wrap; the kernel sees them when published */
    seL4_Word request_limit;    /* up to here we may go without looking for room */
    seL4_Word request_published;
    seL4_Word response_consumer;
    bool broken; /* an index of the other side, or an answer, was impossible */
    seL4_CPtr cap;
    seL4_CPtr notification; /* signalled when an answer comes while we sleep */
    seL4_CPtr cnode;        /* what rel4_queue_create() has used */
    seL4_CPtr first_slot;
    unsigned slots_used;
    unsigned slots_kept; /* the last ones of them, which rel4_queue_destroy() leaves */
};

/* A request: the words, and then the extra capabilities, of one invocation of cap. */
struct rel4_request {
    uint32_t cookie; /* comes back with the answer */
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
    unsigned word_count; /* words of the answer, also those that there was no room for */
    unsigned capacity;   /* set by the caller: how many words fit into words[] */
    seL4_Word *words;
};

/* The word of the header page at an offset. */
static inline uint32_t *rel4_queue_header(const struct rel4_queue *queue, unsigned offset)
{
    return (uint32_t *)(queue->header + offset);
}

/* Bytes that the header page and two rings of these lengths (log2 of items) take. */
static inline seL4_Word rel4_queue_bytes(unsigned request_bits, unsigned response_bits)
{
    return REL4_RINGS + (((seL4_Word)1 << request_bits) + ((seL4_Word)1 << response_bits)) * REL4_ITEM_BYTES;
}

/* Starts using rings that are empty, and whose indices are all 0, in memory at a page boundary. Capabilities
 * in the queue stay as they are. */
void rel4_queue_attach(struct rel4_queue *queue, void *memory, unsigned request_bits, unsigned response_bits);

/* Starts again after AsyncQueue Reset, with empty rings. */
void rel4_queue_restart(struct rel4_queue *queue);

/* Items of the request ring that are free. */
uint32_t rel4_queue_room(struct rel4_queue *queue);

/*
 * Writes a request of 1 to 16 items; rel4_queue_publish() hands it over, with all others before it. False:
 * the ring is full, or the request can never be sent because it has too many words, too many capabilities, or
 * a label of more than 12 bits.
 */
bool rel4_queue_put(struct rel4_queue *queue, const struct rel4_request *request);

/* Only writes the items; there must be room for them. The request is put when request_producer has moved. */
void rel4_queue_write(struct rel4_queue *queue, const struct rel4_request *request);

/* Takes the next answer. False: there is none. Its room goes back with rel4_queue_publish(). */
bool rel4_queue_take(struct rel4_queue *queue, struct rel4_response *response);

/* Hands over all requests that were put, and gives back the room of all answers that were taken. */
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
 * After publishing: whether the kernel's worker sleeps, so that the caller has to wake it, by AsyncQueue Wake
 * or by blocking. True once for each of its sleeps.
 */
static inline bool rel4_queue_must_wake(struct rel4_queue *queue)
{
    return rel4_ring_must_wake(rel4_queue_header(queue, REL4_HEADER_KERNEL_STATE));
}

/* Items of answers that have not been taken. A number that cannot be marks the queue as broken, and is 0. */
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

/* Whether no more answers will come until the queue is reset. */
static inline bool rel4_queue_faulted(const struct rel4_queue *queue)
{
    return queue->broken || __atomic_load_n(rel4_queue_header(queue, REL4_HEADER_FAULT), __ATOMIC_ACQUIRE);
}

/* Word i of the message that begins with the item at index. */
static inline uint64_t *rel4_ring_word(struct rel4_item *ring, seL4_Word mask, seL4_Word index, unsigned i)
{
    unsigned more = i - REL4_ITEM_WORDS;

    if (i < REL4_ITEM_WORDS) {
        return &ring[index & mask].words[i];
    }
    return (uint64_t *)&ring[(index + 1 + more / REL4_MORE_WORDS) & mask] + more % REL4_MORE_WORDS;
}
