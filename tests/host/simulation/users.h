/*
 * What runs in user mode in the simulation: threads with and without queues, who share one address space and
 * one CSpace, and do at random what threads do to one another, by system calls and through anybody's ring. A
 * guardian, more important than all of them, revives what was stopped and deleted. In the end everybody goes
 * to rest, and what was asked for has to be done.
 */
#pragma once

#include "object/async_queue.h"
#include "thread/tcb.h"

#define THREADS_MAX 6 /* the last one is the guardian */
#define QUEUES_MAX  3 /* of the first threads */
#define GUARDIAN    (THREADS_MAX - 1)
#define RING_FRAMES 2 /* of a queue */

#define PC_HOME 0x1000 /* where programs begin */

/* Capabilities, by pointer. */
enum {
    AT_ROOT = 1,
    AT_FRAME,
    AT_SIGNALS,
    AT_REST,  /* a notification that nobody signals */
    AT_ALARM, /* and one of the device's */
    AT_ENDPOINT,
    AT_ENDPOINT_2, /* with other badges */
    AT_ENDPOINT_3,
    AT_DOMAINS,
    AT_RING_FRAMES, /* CNodes with the frames of each queue */
    AT_QUEUE = AT_RING_FRAMES + QUEUES_MAX,
    AT_THREAD = AT_QUEUE + QUEUES_MAX,
    POINTERS = AT_THREAD + THREADS_MAX
};

extern struct slot *users_root; /* their CNode */

/* A thread; it does not exist while its capability is gone. */
struct user {
    struct tcb *tcb;
    bool exists;
    unsigned lives; /* how often it was made */
};

/* The user's side of a queue. */
struct user_ring {
    struct async_queue *queue;
    bool exists;
    char *pages[RING_FRAMES];
    unsigned request_bits, response_bits;
    uint32_t produced, consumed; /* items */
    uint32_t asked, answered;    /* requests; the cookie of the next one */
    uint32_t headers[64];        /* of those that are not answered, by cookie modulo 64 */
    word_t promised;             /* so many wake calls, by those who have seen that the kernel sleeps */
    bool at_tick;
};

extern struct user users[THREADS_MAX];
extern unsigned user_count; /* besides the guardian */
extern struct user_ring user_rings[QUEUES_MAX];
extern unsigned ring_count;

unsigned users_any_priority(void);

/* Builds everything anew, by the seed of the harts, for so many of them. */
void users_build(unsigned harts);

/* Somebody has retyped the memory of those that are gone. */
void users_revive(void);

/* Everybody does something; or, from then on, goes to rest. */
void programs_begin(void);
void programs_rest(void);

/* Everything that was asked for is done, but for what cannot be done. */
bool programs_are_served(void);

/* Takes note of threads and queues that are gone. Nobody may touch their memory any more. */
void users_notice_deaths(void);
