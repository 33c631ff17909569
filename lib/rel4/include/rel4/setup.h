/*
 * Creating an asynchronous queue from untyped memory, and destroying it.
 */
#pragma once

#include <rel4/queue.h>

/* Resources for a queue. In cnode, the index of a slot must be its capability pointer. */
struct rel4_queue_options {
    seL4_CPtr untyped;      /* memory for the rings, the queue object, and missing page tables */
    seL4_CPtr tables;       /* if not null, memory for missing page tables, which then outlive the queue */
    seL4_CPtr cnode;        /* the program's root CNode */
    seL4_CPtr first_slot;   /* first of rel4_queue_slots() empty slots in it */
    seL4_CPtr vspace;       /* address space that the rings are mapped in */
    seL4_Word vaddr;        /* page boundary that they are mapped at, with header_offset + rel4_queue_bytes()
                             * free */
    seL4_CPtr tcb;          /* thread whose calls the queue carries */
    seL4_CPtr notification; /* signalled when answers come. For user interrupts its badge must be one bit;
                             * otherwise it may have none. */
    unsigned request_bits;  /* log2 of the request ring's length in items of 64 bytes, 5 to 12 */
    unsigned response_bits; /* log2 of the response ring's length in units of 16 bytes, 6 to 14: twice as
                             * many units as items are enough */
    unsigned policy;        /* REL4_POLICY_CALL or REL4_POLICY_TICK */
    unsigned header_offset; /* of the rings in the first page: a multiple of 64, at most 3584 */
    uint64_t
        denied_labels[2]; /* labels that requests must not have: a bit for each below 64; from 0x400 on */
};

/* Returns how many slots a queue of these lengths, log2 of items and of units, takes at most. */
static inline unsigned rel4_queue_slots(unsigned request_bits, unsigned response_bits)
{
    /* The queue, its pages, and page tables for an area that may cross a boundary of 1 GiB. */
    return 1 +
           (unsigned)((rel4_queue_bytes(request_bits, response_bits) + REL4_HEADER_MAX_OFFSET + 4095) /
                      4096) +
           4;
}

/*
 * Makes the objects, maps the rings, binds the queue to the thread and starts it. After an error everything
 * is undone, as by rel4_queue_destroy(). Several threads can create queues at the same time, even where the
 * same page tables are missing.
 *
 * Errors: those of Untyped Retype, Page Map, AsyncQueue Bind, AddFrames and Start. seL4_RangeError also for a
 * length out of range, seL4_DeleteFirst also if a large page is in the way.
 */
int rel4_queue_create(struct rel4_queue *queue, const struct rel4_queue_options *options);

/*
 * Stops the queue and deletes all objects that were made for it, so that its slots are empty and its memory
 * can be used again. No executor may use the queue afterwards.
 *
 * Deleting a page table also ends all mappings that others have made under it, in its 2 MiB or 1 GiB. Where
 * others map pages, for instance another thread's queue, page tables must exist beforehand or come from
 * options.tables. The latter stay: afterwards, queue->slots_used slots from queue->first_slot on hold them,
 * and a queue that is created there again uses them. They can be deleted when nothing is mapped under them.
 */
void rel4_queue_destroy(struct rel4_queue *queue);
