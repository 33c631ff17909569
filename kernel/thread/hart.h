/*
 * Harts: one record each. A record is written by its own hart, or with the kernel lock.
 */
#pragma once

#include "arch/asid.h"
#include "arch/processor.h"
#include "lib/types.h"

#define MAX_HARTS 8

#ifndef REL4_NUM_DOMAINS
#define REL4_NUM_DOMAINS 1
#endif

#define NUM_PRIORITIES 256

struct schedulable;
struct slot;
struct tcb;

/* A queue by priorities: a circular list for each, a bitmap of the lists that are not empty, and on top a bit
 * for each word of the bitmap. */
struct ready_queue {
    word_t summary;
    word_t bitmap[NUM_PRIORITIES / WORD_BITS];
    struct schedulable *head[NUM_PRIORITIES];
};

/* Fences that a batch of unmappings owes; see arch/tlb.h. */
struct tlb_batch {
    bool open;
    bool paid;
    word_t asid;
    word_t harts; /* that owe a fence, a bit for each; 0: nothing is owed */
};

/* A place in the queue for the kernel lock. */
struct lock_node {
    struct lock_node *next;
    unsigned waiting;
};

/* What a hart does before it leaves the kernel. */
union pending {
    struct {
        bool reschedule;    /* choose the best that is ready */
        uint8_t interrupts; /* harts that get an inter-processor interrupt, a bit for each logical number */
        bool candidate;     /* hart->candidate is one: switch to it if it is important enough */
        bool uintr;         /* the running thread may have a user interrupt to go to */
    };
    uint16_t urgent; /* the first two: a worker stops for them before its next request */
    uint32_t any;
};

_Static_assert(offsetof(union pending, candidate) == sizeof(uint16_t) &&
                   sizeof(union pending) == sizeof(uint32_t),
               "urgent and any name what they say");
_Static_assert(MAX_HARTS <= 8, "pending.interrupts");

/* What an idle hart does for the workers of other harts (worker/idle.c). Workers are named by their owners,
 * or NULL for none; homes by their logical numbers. */
struct idle_work {
    struct tcb *called;  /* the worker that the hart was called to serve; cleared also without the lock */
    unsigned last_home;  /* of the worker that it served last */
    struct tcb *watched; /* the worker whose ring it polls for more requests before it sleeps */

    /* All of these are also read without the lock. */
    struct tcb *kept;     /* the worker whose batch it goes on with when it has the lock again */
    word_t kept_until;    /* from then on another hart may take that batch */
    unsigned serves_home; /* of the worker that it serves or keeps, plus 1; 0: none */
};

struct hart {
    struct hart_arch arch;
    unsigned id; /* logical number, 0 to harts_online - 1 */

    struct tcb *current; /* the thread that runs; idle_thread if none is current */

    /* The owner of the worker that this hart runs, or NULL. Meanwhile no thread is current, or the owner
     * itself, in a system call that serves its queue. */
    struct tcb *serving;

    union pending pending;

    /* The thread that woke during this entry and is in no queue: if nothing more important comes up, the hart
     * switches to it when it leaves the kernel. NULL if there is none. */
    struct tcb *candidate;

    /* There are other harts, so an entry takes the kernel lock. */
    bool locks;

    /* The thread that ran last had the console: the next system call is checked; see object/console_turn.h.
     */
    bool console_watched;

    /* A system call takes its slow entry: locks, or console_watched. A switch of threads, too: either of
     * these, or uintr_live. See hart_update_slow(). */
    bool enter_slowly;
    bool switch_slowly;

    /* While the current thread's system call served its queue, a request of that queue replaced the thread's
     * registers: the call has no answer. */
    bool call_void;

    /* Another hart took the current thread away, or changed its registers, after this hart entered the kernel
     * and before it got the lock. The system call or trap is void; if the thread still runs, it repeats it.
     */
    bool entry_void;

    /* This hart waits for the kernel lock, with all state of its thread in memory. Partner: thread_stall().
     */
    unsigned parked;

    /* Another hart takes down the address space that this one is in. Partner: asid_expel_hart(). */
    unsigned leave_address_space;

    struct tlb_batch tlb_batch;

    struct idle_work idle;

    /* The slot of the Revoke that was interrupted here last; see cap/revoke.h. */
    struct slot *revoking;

    /* Work done since preemption_point() last checked for interrupts. */
    unsigned work_units;

    /* The thread whose user-level registers this hart holds; NULL if they are clear. See arch/uintc.h. */
    struct tcb *uintr_live;

    struct recent_space recent_spaces[RECENT_SPACES]; /* by recent_space(); 0 where there is none */

    struct tcb *fpu_owner; /* the thread whose floating-point registers this hart holds, or NULL */

    struct lock_node lock_node;
    struct ready_queue ready[REL4_NUM_DOMAINS];   /* threads and workers */
    struct ready_queue delayed[REL4_NUM_DOMAINS]; /* workers that become ready with the next tick */
    struct ready_queue waiting[REL4_NUM_DOMAINS]; /* the workers in both, for idle harts to choose from */
};

extern struct hart harts_table[MAX_HARTS];
extern unsigned harts_online;

/* A name that is declared cannot be in parentheses. NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define for_each_hart(h) for (struct hart *h = harts_table; (h) < harts_table + harts_online; (h)++)

/* The harts that wait for something to do, a bit for each logical number. */
extern word_t idle_harts;

static inline void hart_update_slow(struct hart *hart)
{
    hart->enter_slowly = hart->locks || hart->console_watched;
    hart->switch_slowly = hart->enter_slowly || hart->uintr_live;
}
