/*
 * What the hostile tests of asynchronous system calls share: queues with their rings, and nothing between the
 * test and the shared memory, so that every word of it can be wrong.
 *
 *     struct queue *queue = queue_new(seL4_CapInitThreadTCB, 5, 6);
 *     queue_put(queue, cookie, frame, RISCVPageGetAddress, &(struct arguments){ 0 });
 *     queue_go(queue);
 *     CHECK_RESPONSE(queue_wait(queue), cookie, seL4_NoError, address);
 */
#pragma once

#include <rel4/abi.h>
#include <rel4/ring.h>

#include "actor.h"
#include "answer.h"
#include "indices.h"

/* Threads below the test's priority, for all that goes on by itself. */
#define HOSTILE_PRIORITY (TEST_PRIORITY - 10)

#define QUEUES 8

struct queue {
    seL4_CPtr cap;
    seL4_CPtr notification; /* no badge, all rights */
    seL4_CPtr reply;        /* the same with a badge: what the queue signals */
    seL4_CPtr frames;       /* first of consecutive slots */
    unsigned pages;
    unsigned request_bits, response_bits;
    char *memory;
    uint32_t produced, consumed; /* this side's indexes */
};

#define QUEUE_BADGE 0x40

/* An AsyncQueue, bound and with all its frames, but not started. policy is REL4_POLICY_... */
struct queue *queue_prepare(seL4_CPtr tcb, unsigned request_bits, unsigned response_bits, seL4_Word policy);

/* The same, started, with the policy of serving in the call. */
struct queue *queue_new(seL4_CPtr tcb, unsigned request_bits, unsigned response_bits);

/* A queue object alone, for this many frames, log2. */
static inline seL4_CPtr queue_object(unsigned frame_bits)
{
    return test_object(REL4_TYPE_ASYNC_QUEUE, frame_bits);
}

/* Consecutive slots with pages of 4 KiB, mapped at memory. */
seL4_CPtr queue_frames(unsigned count, char *memory);

/* Pages that rings of these lengths need: log2 of items, log2 of units. */
unsigned queue_pages(unsigned request_bits, unsigned response_bits);

/* A word of the header, by its offset. */
static inline uint32_t *queue_word(const struct queue *queue, unsigned offset)
{
    return (uint32_t *)(queue->memory + offset);
}

static inline struct rel4_queue_statistics *queue_statistics(const struct queue *queue)
{
    return (struct rel4_queue_statistics *)(queue->memory + REL4_HEADER_STATISTICS);
}

/* The place of an index in either ring. */
struct rel4_item *queue_request(const struct queue *queue, uint32_t index);
struct rel4_unit *queue_response(const struct queue *queue, uint32_t index);

/* Room in the request ring, in items. */
unsigned queue_room(const struct queue *queue);

/* Writes a request without publishing it. The second one takes the header as it is, with words in any number.
 */
void queue_put(struct queue *queue, uint32_t cookie, seL4_CPtr cap, seL4_Word label,
               const struct arguments *arguments);
void queue_put_words(struct queue *queue, uint32_t cookie, seL4_CPtr cap, uint32_t header,
                     const seL4_Word *words, unsigned count);

/* Publishes what has been put. */
void queue_publish(const struct queue *queue);

/* Wakes the worker if it sleeps. */
void queue_kick(const struct queue *queue);

/* Both. */
void queue_go(const struct queue *queue);

static inline struct answer queue_invoke(const struct queue *queue, seL4_Word label)
{
    return INVOKE(queue->cap, label, .length = 0);
}

/* After a fault: Reset, and both sides begin anew. */
void queue_reset(struct queue *queue);

struct response {
    bool came;
    uint32_t cookie;
    seL4_Word error, length, data;
    seL4_Word words[128];
};

/* Takes one response, if there is one. */
struct response queue_take(struct queue *queue);

/* Waits for one. */
struct response queue_wait(struct queue *queue);

/* One request from here to its response. */
struct response queue_call(struct queue *queue, uint32_t cookie, seL4_CPtr cap, seL4_Word label,
                           const struct arguments *arguments);

/* The queue serves requests: one goes there and back, with the right answer. */
void queue_check_works(struct queue *queue);

void response_check(const char *file, int line, const struct response *response, uint32_t cookie,
                    seL4_Word error, unsigned length, const seL4_Word *words);

/* The cookie, the error code, and the words that must come with it: no more and no fewer. */
#define CHECK_RESPONSE(response, cookie, ...)                                                     \
    response_check(__FILE__, __LINE__, response, cookie, ((const seL4_Word[]){ __VA_ARGS__ })[0], \
                   sizeof((const seL4_Word[]){ __VA_ARGS__ }) / sizeof(seL4_Word) - 1,            \
                   (const seL4_Word[]){ __VA_ARGS__ } + 1)

/* The physical address of a frame, by the other door. */
seL4_Word address_of(seL4_CPtr frame);

/* A word of a fixed sequence of pseudo-random words. */
seL4_Word hostile_random(seL4_Word *state);

/* A value that is special, or nearly what is right. */
uint32_t hostile_index(seL4_Word *state, uint32_t right, uint32_t length);

/*
 * Lets others on this hart run, and then stays in user mode for a while: if all harts were in the kernel all
 * the time, a host with fewer processors would do little else than hand its lock from one to the next.
 */
void hostile_pause(void);

/* Generous: far more than anything needs, even on a host that does other things. */
#define SPINS 500000ul

/* Waits until the condition holds, letting others run; the test fails if it never does. */
#define WAIT_FOR(condition)                                             \
    do {                                                                \
        bool met_ = condition;                                          \
        for (seL4_Word spins_ = 0; !met_ && spins_ < SPINS; spins_++) { \
            hostile_pause();                                            \
            met_ = condition;                                           \
        }                                                               \
        if (!met_) {                                                    \
            test_fail(__FILE__, __LINE__, "%s", #condition);            \
        }                                                               \
    } while (0)
