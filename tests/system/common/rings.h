/*
 * Queues of asynchronous calls without the library: rings by hand, so that a test says what is in memory.
 */
#pragma once

#include "actor.h"
#include "answer.h"
#include "indices.h"

#include <rel4/abi.h>
#include <rel4/ring.h>

#define VSPACE seL4_CapInitThreadVSpace

/* Where tests map memory: nothing is near. The rings' frames are the first there. */
#define REGION    0x2000000000
#define PAGE_SIZE LIBSEL4_BIT(seL4_PageBits)

/* The badge that answers are signalled with. */
#define ANSWER_BADGE 0x40

/* A started queue, and the indices of the user's side. */
struct rings {
    seL4_CPtr cap;
    seL4_CPtr notification; /* all rights, no badge */
    seL4_CPtr frames;       /* the first of frame_count slots */
    seL4_Word frame_count;
    unsigned request_bits, response_bits;
    char *memory;
    uint32_t request_producer;
    uint32_t response_consumer;
};

/* An answer from the ring, with a word more than invoke() fetches. */
struct ring_answer {
    uint32_t cookie;
    unsigned label;
    struct answer answer;
};

/* A queue of 4 KiB frames for a thread. */
struct rings rings_new(seL4_CPtr tcb, unsigned request_bits, unsigned response_bits, seL4_Word policy);

/* The same for the thread of the test, with rings of 32 items. */
struct rings rings_small(void);

/* Frames of a page, in slots that follow one another; mapped at the start of the region, with its tables. */
seL4_CPtr frames_mapped(seL4_Word vaddr, seL4_Word count);

/* Page tables down to the last level for an address. */
void rings_add_tables(seL4_Word vaddr);

static inline uint32_t *header_word(const struct rings *rings, seL4_Word offset)
{
    return (uint32_t *)(rings->memory + offset);
}

static inline volatile struct rel4_queue_statistics *statistics(const struct rings *rings)
{
    return (volatile struct rel4_queue_statistics *)(rings->memory + REL4_HEADER_STATISTICS);
}

/* Writes a request into the ring, not published yet. */
void rings_put(struct rings *rings, uint32_t cookie, seL4_CPtr cap, seL4_Word label,
               const struct arguments *arguments);

#define PUT(rings, cookie, cap, label, ...) \
    rings_put(rings, cookie, cap, label, &(struct arguments){ __VA_ARGS__ })

/* Publishes what was put, and nothing else. */
void rings_publish(struct rings *rings);

seL4_Error rings_wake(const struct rings *rings);

/* Answers that have come and were not taken. */
uint32_t rings_answers(const struct rings *rings);

/* Takes the next answer, waiting for it as long as it takes. Its room is given back. */
struct ring_answer rings_take(struct rings *rings);

/* Puts one request, wakes the worker and takes the answer. */
struct answer rings_invoke(struct rings *rings, seL4_CPtr cap, seL4_Word label,
                           const struct arguments *arguments);

#define ASYNC(rings, cap, label, ...) rings_invoke(rings, cap, label, &(struct arguments){ __VA_ARGS__ })

/* Requests served at a place since the queue was started. */
static inline seL4_Word served(const struct rings *rings, enum rel4_place place)
{
    return statistics(rings)->served[place];
}

seL4_Word served_anywhere(const struct rings *rings);
