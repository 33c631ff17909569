/*
 * Layout of the memory that a requester and a server share: a ring of requests, a ring of answers, the
 * indices of both, and two state words by which each side sleeps and is woken (docs/ring.md). In a queue of
 * asynchronous system calls, the requester is a thread, and the server is the kernel's worker. The kernel,
 * lib/rel4 and the tests on the host use the same functions. None of them follows a pointer or an unchecked
 * index that was read from that memory.
 *
 * An index counts items, or units, from the start and wraps at 2^32; the place is the index modulo the ring's
 * length. Each side publishes its two indices in one word, keeps them in memory of its own, and never reads
 * them back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Requests are messages of items. */
#define REL4_ITEM_BYTES 64
#define REL4_ITEM_WORDS 6 /* in the first item of a request */
#define REL4_MORE_WORDS 8 /* in each further item */
#define REL4_MAX_WORDS  120
#define REL4_MAX_EXTRAS 3
#define REL4_MAX_ITEMS  16 /* of the longest request */

/* Answers are messages of units. */
#define REL4_UNIT_BYTES 16

/* log2 of the rings' lengths, in items and units. */
#define REL4_REQUESTS_MIN_BITS  5
#define REL4_REQUESTS_MAX_BITS  12
#define REL4_RESPONSES_MIN_BITS 6
#define REL4_RESPONSES_MAX_BITS 14

/* First item of a request. In further items all 64 bytes are words. */
struct rel4_item {
    uint32_t cookie;                 /* returned with the answer */
    uint32_t header;                 /* rel4_header() */
    uint64_t cap;                    /* capability pointer */
    uint64_t words[REL4_ITEM_WORDS]; /* message words, extra capability pointers, then those of the flags */
};

_Static_assert(sizeof(struct rel4_item) == REL4_ITEM_BYTES, "size of an item: one cache line");
_Static_assert(offsetof(struct rel4_item, header) == 4, "item: header");
_Static_assert(offsetof(struct rel4_item, cap) == 8, "item: capability");
_Static_assert(offsetof(struct rel4_item, words) == 16, "item: words");

/* First unit of an answer. In further units both halves are words. */
struct rel4_unit {
    uint32_t cookie; /* the request's */
    uint32_t header; /* the request's label; error, words, REL4_DATA */
    uint64_t word;   /* with REL4_DATA, the request's data; else the first word, if there is one */
};

_Static_assert(sizeof(struct rel4_unit) == REL4_UNIT_BYTES, "size of a unit");
_Static_assert(offsetof(struct rel4_unit, header) == 4, "unit: header");
_Static_assert(offsetof(struct rel4_unit, word) == 8, "unit: word");

/* Flags of a request's header. */
#define REL4_REPEAT (1u << 25) /* step and count follow: many calls */
#define REL4_LINK   (1u << 26) /* only if the request before was done without error */
#define REL4_QUIET  (1u << 27) /* no answer without an error */
#define REL4_DATA   (1u << 28) /* a word follows that is returned in the answer */

/* The label of a request that does nothing and is answered REL4_ERROR_CANCELLED. */
#define REL4_LABEL_NOP 0xfff

/* The word behind a step. */
#define REL4_REPEAT_COUNT_MASK 0xffffu            /* number of calls, at least 1 */
#define REL4_REPEAT_WORD(i)    (1u << (16 + (i))) /* word i, below REL4_ITEM_WORDS, grows by the step */
#define REL4_REPEAT_POINTER    (1u << 22)         /* the capability pointer grows by one */

/* Answers to so many GetAddress, with REL4_REPEAT, fit into one. */
#define REL4_MAX_ADDRESSES 64

/* Units of the longest answer to other requests: an error of five words, and the number of calls done. */
#define REL4_ANSWER_UNITS 4

/* The header lies at an offset in its page, a multiple of 64 up to REL4_HEADER_MAX_OFFSET. These are offsets
 * from there. Both indices of a side are in one word, which is published and read as a whole; only one side
 * writes a line of 64 bytes, but for the other's state word in it. */
#define REL4_HEADER_VERSION           0x000 /* REL4_INTERFACE_VERSION, then log2 of both rings' lengths */
#define REL4_HEADER_REQUESTER         0x040 /* the requester's indices: */
#define REL4_HEADER_REQUEST_PRODUCER  0x040
#define REL4_HEADER_RESPONSE_CONSUMER 0x044
#define REL4_HEADER_SERVER_STATE      0x048
#define REL4_HEADER_SERVER            0x080 /* the server's indices: */
#define REL4_HEADER_REQUEST_CONSUMER  0x080
#define REL4_HEADER_RESPONSE_PRODUCER 0x084
#define REL4_HEADER_REQUESTER_STATE   0x088
#define REL4_HEADER_FAULT             0x090 /* enum rel4_ring_fault */
#define REL4_HEADER_STATISTICS        0x0c0 /* struct rel4_queue_statistics */
#define REL4_HEADER_BYTES             0x200 /* then the request ring; directly behind it the response ring */
#define REL4_HEADER_MAX_OFFSET        (4096 - REL4_HEADER_BYTES)

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
    REL4_FAULT_TOO_LONG = 4,       /* a request of more than REL4_MAX_WORDS words */
    REL4_FAULT_FLAGS = 5           /* a bit that must be 0; or flags that contradict their words */
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
    uint64_t served[REL4_PLACES]; /* calls */
    uint64_t runs[REL4_PLACES];   /* times that the worker began with at least one call */
    uint64_t wakes;               /* wake calls */
    uint64_t ipis;                /* interrupts sent to idle harts */
    uint64_t signals;             /* of the reply notification */
    uint64_t fences;              /* TLB fences, each for all that one batch unmapped */
    uint64_t full;                /* times that the worker stopped because the response ring was full */
    uint64_t batches[REL4_REQUESTS_MAX_BITS + 1]; /* runs that served 2^i to 2^(i + 1) - 1 calls */
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
_Static_assert(REL4_HEADER_STATISTICS + sizeof(struct rel4_queue_statistics) <= REL4_HEADER_BYTES,
               "they fit into the header");

/* The largest label that fits into a header word. */
#define REL4_MAX_LABEL 0xfff

/* Builds a header word: label 12 bits, error 4 (answers), words 7, extra capabilities 2, and flags. */
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

/* Returns whether an answer has neither an error, nor words, nor anything else but a label. */
static inline bool rel4_header_is_plain(uint32_t header)
{
    return header >> 12 == 0;
}

/* Returns how many words the flags of a request take, behind its own. */
static inline unsigned rel4_flag_words(uint32_t header)
{
    return (header & REL4_REPEAT ? 2 : 0) + (header & REL4_DATA ? 1 : 0);
}

/* Returns how many items a request of so many words takes, extra capabilities and those of flags included. */
static inline unsigned rel4_items_for(unsigned words)
{
    return words <= REL4_ITEM_WORDS ? 1
                                    : 1 + (words - REL4_ITEM_WORDS + REL4_MORE_WORDS - 1) / REL4_MORE_WORDS;
}

/* Returns how many units an answer of so many words takes, data included. */
static inline unsigned rel4_units_for(unsigned words)
{
    return 1 + words / 2;
}

/* A side's two indices: of requests in the lower half, of responses in the upper half. */
static inline uint64_t rel4_ring_pair(uint32_t requests, uint32_t responses)
{
    return requests | (uint64_t)responses << 32;
}

/* The linter mistakes the atomic stores for loads. */
/* NOLINTBEGIN(readability-non-const-parameter) */

/* Reads the other side's two indices. Messages before them may be read, or overwritten, afterwards. */
static inline uint64_t rel4_ring_peer(const uint64_t *indices)
{
    return __atomic_load_n(indices, __ATOMIC_ACQUIRE);
}

/* Publishes two indices: hands over the messages before one, and the room before the other. Pairs with
 * rel4_ring_peer(). */
static inline void rel4_ring_publish(uint64_t *indices, uint64_t pair)
{
    __atomic_store_n(indices, pair, __ATOMIC_RELEASE);
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
