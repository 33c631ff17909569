/*
 * Layout of the memory that a thread and the kernel's worker share: two rings of items, their indices, and
 * two state words by which each side sleeps and is woken (docs/async.md). The kernel, lib/rel4 and the tests
 * on the host use the same functions. None of them follows a pointer or an unchecked index that was read from
 * that memory.
 *
 * An index counts items from the start and wraps at 2^32; the item's place is the index modulo the ring's
 * length. The side that writes an index also keeps it in memory of its own and never reads it back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REL4_ITEM_BYTES 64
#define REL4_ITEM_WORDS 6 /* in the first item of a message */
#define REL4_MORE_WORDS 8 /* in each further item */
#define REL4_MAX_WORDS  120
#define REL4_MAX_EXTRAS 3
#define REL4_MAX_ITEMS  16 /* of the longest message */

#define REL4_RING_MIN_BITS 5
#define REL4_RING_MAX_BITS 12

/* First item of a message. In further items all 64 bytes are words. */
struct rel4_item {
    uint32_t cookie;                 /* returned with the answer */
    uint32_t header;                 /* rel4_header() */
    uint64_t cap;                    /* request: capability pointer; answer: a badge, or 0 */
    uint64_t words[REL4_ITEM_WORDS]; /* message words, then extra capability pointers */
};

_Static_assert(sizeof(struct rel4_item) == REL4_ITEM_BYTES, "size of an item: one cache line");
_Static_assert(offsetof(struct rel4_item, header) == 4, "item: header");
_Static_assert(offsetof(struct rel4_item, cap) == 8, "item: capability");
_Static_assert(offsetof(struct rel4_item, words) == 16, "item: words");

/* Offsets in the header page: each word is in a cache line of its own. The request ring starts at REL4_RINGS,
 * directly followed by the response ring. */
#define REL4_HEADER_LINE              64
#define REL4_HEADER_VERSION           0x000 /* REL4_INTERFACE_VERSION, then log2 of both rings' lengths */
#define REL4_HEADER_REQUEST_PRODUCER  0x040
#define REL4_HEADER_REQUEST_CONSUMER  0x080
#define REL4_HEADER_RESPONSE_PRODUCER 0x0c0
#define REL4_HEADER_RESPONSE_CONSUMER 0x100
#define REL4_HEADER_KERNEL_STATE      0x140
#define REL4_HEADER_USER_STATE        0x180
#define REL4_HEADER_FAULT             0x1c0 /* enum rel4_ring_fault */
#define REL4_HEADER_STATISTICS        0x200 /* struct rel4_queue_statistics */
#define REL4_RINGS                    0x1000

/* A consumer's state word. In memory that was just retyped, both consumers sleep. */
enum {
    REL4_ASLEEP = 0,
    REL4_AWAKE = 1
};

/* Reason why the kernel stopped serving a queue, until AsyncQueue Reset. */
enum rel4_ring_fault {
    REL4_FAULT_NONE = 0,
    REL4_FAULT_REQUEST_INDEX = 1,  /* the request producer is more than a ring ahead */
    REL4_FAULT_RESPONSE_INDEX = 2, /* the response consumer is ahead of the producer, or a ring behind */
    REL4_FAULT_INCOMPLETE = 3,     /* a request was published before all its items */
    REL4_FAULT_TOO_LONG = 4        /* a request of more than REL4_MAX_WORDS words */
};

/* Where the worker ran. */
enum rel4_place {
    REL4_PLACE_IDLE,  /* on another hart, which was idle */
    REL4_PLACE_CALL,  /* in the wake call */
    REL4_PLACE_BLOCK, /* on the thread's hart, before or after the thread blocked */
    REL4_PLACE_TICK,  /* on the thread's hart, after a timer tick: REL4_POLICY_TICK */
    REL4_PLACES
};

/* The most harts that a kernel uses. */
#define REL4_MAX_HARTS 8

/* Written by the kernel, counted since AsyncQueue Start. */
struct rel4_queue_statistics {
    uint64_t served[REL4_PLACES]; /* requests */
    uint64_t runs[REL4_PLACES];   /* times that the worker began with at least one request */
    uint64_t wakes;               /* wake calls */
    uint64_t ipis;                /* interrupts sent to idle harts */
    uint64_t signals;             /* of the reply notification */
    uint64_t fences;              /* TLB fences, each for all that one batch unmapped */
    uint64_t full;                /* times that the worker stopped because the response ring was full */
    uint64_t batches[REL4_RING_MAX_BITS + 1]; /* runs that served 2^i to 2^(i + 1) - 1 requests */
    uint64_t busy[REL4_MAX_HARTS]; /* ticks of the time counter that the worker ran, by idle hart */
    uint64_t taken_back; /* batches that the thread's hart served though an idle hart was called or had it */
    uint64_t late;       /* of these, batches that the idle hart was late for */
};

_Static_assert(offsetof(struct rel4_queue_statistics, runs) == 32, "statistics: runs");
_Static_assert(offsetof(struct rel4_queue_statistics, wakes) == 64, "statistics: wakes");
_Static_assert(offsetof(struct rel4_queue_statistics, full) == 96, "statistics: full");
_Static_assert(offsetof(struct rel4_queue_statistics, batches) == 104, "statistics: batches");
_Static_assert(offsetof(struct rel4_queue_statistics, busy) == 208, "statistics: busy");
_Static_assert(offsetof(struct rel4_queue_statistics, taken_back) == 272, "statistics: taken back");
_Static_assert(sizeof(struct rel4_queue_statistics) == 288, "size of the statistics");
_Static_assert(REL4_HEADER_STATISTICS + sizeof(struct rel4_queue_statistics) <= REL4_RINGS,
               "they fit into the header page");

/* The largest label that fits into a header word. */
#define REL4_MAX_LABEL 0xfff

/* Builds an item's header word: label 12 bits, error 4, words 7, extra capabilities 2; the 7 flags are 0. */
static inline uint32_t rel4_header(unsigned label, unsigned error, unsigned words, unsigned extras)
{
    return label | error << 12 | words << 16 | extras << 23;
}

static inline unsigned rel4_header_label(uint32_t header)
{
    return header & REL4_MAX_LABEL;
}

static inline unsigned rel4_header_error(uint32_t header)
{
    return header >> 12 & 0xf;
}

static inline unsigned rel4_header_words(uint32_t header)
{
    return header >> 16 & 0x7f;
}

static inline unsigned rel4_header_extras(uint32_t header)
{
    return header >> 23 & 3;
}

static inline unsigned rel4_header_flags(uint32_t header)
{
    return header >> 25;
}

/* Returns whether an answer has neither an error, nor words, nor anything else but a label. */
static inline bool rel4_header_is_plain(uint32_t header)
{
    return header >> 12 == 0;
}

/* Returns how many items a message of so many words, extra capabilities included, takes. */
static inline unsigned rel4_items_for(unsigned words)
{
    return words <= REL4_ITEM_WORDS ? 1
                                    : 1 + (words - REL4_ITEM_WORDS + REL4_MORE_WORDS - 1) / REL4_MORE_WORDS;
}

/* The linter mistakes the atomic stores for loads. */
/* NOLINTBEGIN(readability-non-const-parameter) */

/* Reads the other side's index. Items before it may be read, or overwritten, afterwards. */
static inline uint32_t rel4_ring_peer(const uint32_t *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

/* Publishes an index: hands over the items before it, or their room. Pairs with rel4_ring_peer(). */
static inline void rel4_ring_publish(uint32_t *index, uint32_t value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

/* For a producer, after publishing: returns true if the consumer slept and this side has to wake it. Pairs
 * with rel4_ring_sleep(). */
static inline bool rel4_ring_must_wake(uint32_t *state)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(state, __ATOMIC_RELAXED) == REL4_ASLEEP &&
           __atomic_exchange_n(state, REL4_AWAKE, __ATOMIC_SEQ_CST) == REL4_ASLEEP;
}

/* For a consumer that found nothing: says that it sleeps. It must poll once more afterwards, and call
 * rel4_ring_stay() if there is something. Pairs with rel4_ring_must_wake(). */
static inline void rel4_ring_sleep(uint32_t *state)
{
    __atomic_store_n(state, REL4_ASLEEP, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* For a consumer that does not sleep after all. Returns false if a producer was faster: a wake-up will come.
 */
static inline bool rel4_ring_stay(uint32_t *state)
{
    return __atomic_exchange_n(state, REL4_AWAKE, __ATOMIC_SEQ_CST) == REL4_ASLEEP;
}

/* NOLINTEND(readability-non-const-parameter) */
