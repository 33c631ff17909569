/*
 * A sound world in which every kind of structure is in use, for tests that damage it.
 */
#pragma once

#include "arch/asid.h"
#include "check/check.h"
#include "thread/hart.h"
#include "world.h"

/* What stands where on the ground. */
enum {
    UNTYPED,
    PIECE = WORLD_UNTYPEDS, /* a smaller untyped */
    CNODE,
    ENDPOINT,
    ENDPOINT_COPY,
    NOTIFICATION,
    RUNS,    /* the threads: one runs, */
    READY,   /* two are ready, */
    READY_2, /* of one priority, */
    WAITS,   /* one waits to send, and then another one, */
    WAITS_2,
    BOUND,  /* one waits for messages on the second endpoint, with a notification, */
    CALLER, /* one for a reply */
    ENDPOINT_2,
    ROOT, /* an address space: three tables and a page */
    MIDDLE,
    LAST,
    PAGE,
    POOL,
    VECTOR_0, /* capabilities to signal with, */
    VECTOR_9,
    ENTRIES, /* a sender table with entries made from them */
    QUEUE,   /* the queue of a ready thread, which waits, */
    QUEUE_PAGE,
    QUEUE_PAGE_2, /* and its memory */
    PRINTS,       /* one more thread: it waits for the console, which the one that runs has */
    FREE
};

static inline struct slot *at(unsigned place)
{
    return &world.ground[place];
}

static inline struct tcb *thread(unsigned place)
{
    return cap_object(at(place)->cap);
}

static inline struct endpoint *endpoint(unsigned place)
{
    return cap_object(at(place)->cap);
}

static inline struct notification *notification(void)
{
    return cap_object(at(NOTIFICATION)->cap);
}

static inline pte_t *table(unsigned place)
{
    return cap_object(at(place)->cap);
}

static inline struct sender_table *sender_table(void)
{
    return cap_object(at(ENTRIES)->cap);
}

static inline struct async_queue *queue(void)
{
    return cap_object(at(QUEUE)->cap);
}

void make_world(void);

/* A way to damage it, and words of the rule that the checker then names. */
struct damage {
    void (*damage)(void);
    const char *found;
};

/* Each is found, and called by its name. */
void check_damages(const struct damage *damages, unsigned count);
