/*
 * Making an asynchronous queue from untyped memory, and taking it apart again.
 */
#pragma once

#include <rel4/queue.h>

/* What a queue is made of. All slots are in one CNode, in which their index is their capability pointer. */
struct rel4_queue_options {
    seL4_CPtr untyped;      /* takes the rings, the queue object, and the page tables that are missing; */
    seL4_CPtr tables;       /* if not null, takes these tables, which then stay when the queue goes */
    seL4_CPtr cnode;        /* the program's root CNode */
    seL4_CPtr first_slot;   /* empty slots in it, rel4_queue_slots() of them */
    seL4_CPtr vspace;       /* where the rings are mapped, */
    seL4_Word vaddr;        /* at this page boundary, rel4_queue_bytes() of it */
    seL4_CPtr tcb;          /* the thread whose calls they will be */
    seL4_CPtr notification; /* signalled when answers come; with a badge of one bit if user interrupts are
                             * to be used. May be null-badged. */
    unsigned request_bits, response_bits; /* log2 of the rings' lengths, 5 to 12 */
    unsigned policy;                      /* REL4_POLICY_CALL or REL4_POLICY_TICK */
};

/* Slots that a queue takes at most. */
static inline unsigned rel4_queue_slots(unsigned request_bits, unsigned response_bits)
{
    /* The queue, its pages, and page tables for an area that can begin in one gigabyte and end in the next.
     */
    return 1 + (unsigned)((rel4_queue_bytes(request_bits, response_bits) + 4095) / 4096) + 4;
}

/*
 * Makes the objects, maps the rings, binds the queue to the thread and starts it. What was made before an
 * error is taken apart again, as by rel4_queue_destroy(). Several threads can make queues at once, also where
 * the same page tables are missing. Errors: those of Untyped Retype, Page Map, AsyncQueue Bind, AddFrames and
 * Start; seL4_RangeError also for lengths of rings that cannot be; seL4_DeleteFirst also if a large page is
 * in the way.
 */
int rel4_queue_create(struct rel4_queue *queue, const struct rel4_queue_options *options);

/*
 * Stops the queue and deletes all that was made for it: slots and memory are as before. No executor may use
 * it any more.
 *
 * That includes page tables, and with a table goes whatever has been mapped under it meanwhile, in its 2 MiB
 * or GiB. Where others map pages, such as another thread its queue, page tables are to be there before, or to
 * come from options.tables. The latter stay, in the queue's slots_used slots from its first_slot on, as these
 * are afterwards; a queue that is made there again uses them. They can be deleted when nothing is mapped
 * there.
 */
void rel4_queue_destroy(struct rel4_queue *queue);
