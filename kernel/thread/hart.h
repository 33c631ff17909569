/*
 * Harts: one record each, written only by its own hart or under the kernel lock.
 */
#pragma once

#include "arch/riscv64/asid.h"
#include "arch/riscv64/hart.h"
#include "lib/types.h"

#define MAX_HARTS 8

#ifndef REL4_NUM_DOMAINS
#define REL4_NUM_DOMAINS 1
#endif

#define NUM_PRIORITIES 256

struct slot;
struct tcb;

/* The threads that are ready to run on one hart in one domain: a circular list per priority and a bitmap of
 * those that are not empty, with one bit per bitmap word on top. */
struct ready_queue {
    word_t summary;
    word_t bitmap[NUM_PRIORITIES / WORD_BITS];
    struct tcb *head[NUM_PRIORITIES];
};

/* Threads whose queues wait for the worker; see thread/work.h. */
enum work_list {
    WORK_ANY_TIME,
    WORK_AT_TICK, /* or on an idle hart */
    WORK_RETRY,   /* at a tick only */
    WORK_LISTS
};

struct work {
    struct ready_queue lists[WORK_LISTS];
};

/* Fences that a batch of unmappings owes; see arch/riscv64/tlb.h. */
struct tlb_batch {
    bool open;
    bool paid;
    word_t asid;
    word_t harts; /* none: nothing is owed */
};

/* A place in the queue for the kernel lock. */
struct lock_node {
    struct lock_node *next;
    unsigned waiting;
};

/* In hart->pending. */
#define PENDING_RESCHEDULE (1ul << 59)
#define PENDING_SERVED     (1ul << 60)
#define PENDING_TICK       (1ul << 61)
#define PENDING_WORK       (1ul << 62)
#define PENDING_UINTR      (1ul << 63)

/* The worker need not stop for those at the top. */
#define PENDING_NOT_URGENT_BITS 4

struct hart {
    struct hart_arch arch;
    unsigned id; /* logical number, 0 to harts_online - 1 */

    struct tcb *current; /* the thread that runs, or idle_thread */

    /* What the scheduler does before this hart leaves the kernel: nothing when nothing is set, look for the
     * best ready thread when a reschedule is pending, else switch to the candidate if it deserves it. */
    struct tcb *candidate;

    /* What else is to be done before this hart leaves the kernel: RESCHEDULE, UINTR (the running
     * thread may have a user interrupt to go to), WORK (a queue waits here for the worker), TICK (it was a
     * tick that brought this hart here), SERVED (the current thread's queue has just been served, and waits
     * again), and in the low bits the harts, by logical number, that get an inter-processor interrupt. */
    word_t pending;

    /* There are other harts, so the kernel has to be locked. */
    bool locks;

    /* A switch of threads has more to do than thread_switch_exit() does: locks, or uintr_live. */
    bool switch_slowly;

    /* Another hart took the current thread away, or changed its registers, after this hart entered the kernel
     * and before it got the lock: what it came for is void, and the thread repeats it if it still runs. */
    bool entry_void;

    /* This hart waits for the kernel lock, with all state of its thread in memory. Partner: thread_stall().
     */
    unsigned parked;

    /* Another hart takes down the address space that this one is in. Partner: asid_expel_hart(). */
    unsigned leave_address_space;

    struct tlb_batch tlb_batch;

    /* While this hart idles: the thread in whose ring it looks for more requests before it sleeps; or NULL.
     */
    struct tcb *watched;

    /* While this hart idles: the thread whose queue it had to stop serving, and comes back for; or NULL. */
    struct tcb *kept;

    /* The slot of the Revoke that was interrupted here last; see cap/revoke.h. */
    struct slot *revoking;

    /* Work done since the last look for interrupts, in preemption_point(). */
    unsigned work_units;

    /* Whose user-level registers this hart holds; NULL if they are clear. See arch/riscv64/uintc.c. */
    struct tcb *uintr_live;

    struct recent_space recent_spaces[RECENT_SPACES]; /* by recent_space(); 0 where there is none */

    struct tcb *fpu_owner; /* whose floating-point registers this hart holds */

    struct lock_node lock_node;
    struct ready_queue ready[REL4_NUM_DOMAINS];
    struct work work[REL4_NUM_DOMAINS];
};

extern struct hart harts_table[MAX_HARTS];
extern unsigned harts_online;

/* Those that wait for something to do, and that nobody has woken for it; by logical number. */
extern word_t idle_harts;
