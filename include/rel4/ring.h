/*
 * The memory that a thread and the kernel's worker share: two rings of items, their indices, and two state
 * words by which each side sleeps and wakes the other (docs/async.md). The kernel, lib/rel4 and the tests on
 * the host use the same functions; none of them follows a pointer or an index that was read from that memory.
 *
 * An index counts items from the start and wraps at 2^32; the item's place is the index modulo the ring's
 * length. The side that writes an index keeps it in memory of its own, too, and never reads it back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REL4_ITEM_BYTES 64
#define REL4_ITEM_WORDS 6 /* in the first item of a message; those that follow have eight */
#define REL4_MORE_WORDS 8
#define REL4_MAX_WORDS  120
#define REL4_MAX_EXTRAS 3
#define REL4_MAX_ITEMS  16 /* of one message of full length */

#define REL4_RING_MIN_BITS 5
#define REL4_RING_MAX_BITS 12

/* One message, or its beginning. In items that follow, all 64 bytes are words. */
struct rel4_item {
    uint32_t cookie;                 /* carried back untouched */
    uint32_t header;                 /* rel4_header() */
    uint64_t cap;                    /* request: capability pointer; response: a badge, or 0 */
    uint64_t words[REL4_ITEM_WORDS]; /* message words, then extra capability pointers */
};

_Static_assert(sizeof(struct rel4_item) == REL4_ITEM_BYTES, "the item is one cache line");

/* The header page: each word below in a line of its own. The request ring starts at REL4_RINGS, the response
 * ring directly behind it. */
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

/* A consumer's state word. Memory that was just retyped says that both sleep. */
enum {
    REL4_ASLEEP = 0,
    REL4_AWAKE = 1
};

/* Why the kernel serves a queue no more, until AsyncQueue Reset. */
enum rel4_ring_fault {
    REL4_FAULT_NONE = 0,
    REL4_FAULT_REQUEST_INDEX = 1,  /* the request producer is more than a ring ahead */
    REL4_FAULT_RESPONSE_INDEX = 2, /* the response consumer is ahead of the producer, or a ring behind */
    REL4_FAULT_INCOMPLETE = 3,     /* a request was published without all of its items */
    REL4_FAULT_TOO_LONG = 4        /* a request of more than REL4_MAX_WORDS words */
};

/* Where the worker ran. */
enum rel4_place {
    REL4_PLACE_IDLE,  /* on another hart, which had nothing to run */
    REL4_PLACE_CALL,  /* in the wake call */
    REL4_PLACE_BLOCK, /* on the thread's hart, before or after the thread blocked */
    REL4_PLACE_TICK,  /* the same, with policy 1: after a timer tick */
    REL4_PLACES
};

/* Harts that a kernel can use. */
#define REL4_MAX_HARTS 8

/* Written by the kernel, counted since AsyncQueue Start. */
struct rel4_queue_statistics {
    uint64_t served[REL4_PLACES]; /* requests */
    uint64_t runs[REL4_PLACES];   /* times that the worker began with at least one request */
    uint64_t wakes;               /* wake calls */
    uint64_t ipis;                /* interrupts sent to idle harts */
    uint64_t signals;             /* of the reply notification */
    uint64_t fences;              /* TLB fences, each for all that one batch unmapped */
    uint64_t full;                /* times that the worker stopped for room in the response ring */
    uint64_t batches[REL4_RING_MAX_BITS + 1]; /* runs by log2 of the requests served, rounded down */
    uint64_t busy[REL4_MAX_HARTS]; /* ticks of the time counter that the worker ran, by idle hart */
    uint64_t taken_back; /* times that the thread's hart served what an idle hart was called for, or kept, */
    uint64_t late;       /* and of those, that the idle hart was late */
};

/* Header word: label 12 bits, error 4, words 7, extra capabilities 2; the 7 flags are 0. */
static inline uint32_t rel4_header(unsigned label, unsigned error, unsigned words, unsigned extras)
{
    return label | error << 12 | words << 16 | extras << 23;
}

static inline unsigned rel4_header_label(uint32_t header)
{
    return header & 0xfff;
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

/* Items that a message of so many words and extra capabilities takes. */
static inline unsigned rel4_items_for(unsigned words)
{
    return words <= REL4_ITEM_WORDS ? 1
                                    : 1 + (words - REL4_ITEM_WORDS + REL4_MORE_WORDS - 1) / REL4_MORE_WORDS;
}

/* The linter takes the atomic stores for loads. */
/* NOLINTBEGIN(readability-non-const-parameter) */

/* Reads the other side's index; items before it may be read, or overwritten, afterwards. */
static inline uint32_t rel4_ring_peer(const uint32_t *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

/* Hands items over, or their room back. */
static inline void rel4_ring_publish(uint32_t *index, uint32_t value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

/* For a producer, after publishing: true if the consumer slept and this side has to wake it. */
static inline bool rel4_ring_must_wake(uint32_t *state)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(state, __ATOMIC_RELAXED) == REL4_ASLEEP &&
           __atomic_exchange_n(state, REL4_AWAKE, __ATOMIC_SEQ_CST) == REL4_ASLEEP;
}

/* For a consumer that found nothing: look once more afterwards, and call rel4_ring_stay() if there is
 * something. */
static inline void rel4_ring_sleep(uint32_t *state)
{
    __atomic_store_n(state, REL4_ASLEEP, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* True: go on. False: a producer was faster, and a wake-up is on its way. */
static inline bool rel4_ring_stay(uint32_t *state)
{
    return __atomic_exchange_n(state, REL4_AWAKE, __ATOMIC_SEQ_CST) == REL4_ASLEEP;
}

/* NOLINTEND(readability-non-const-parameter) */
