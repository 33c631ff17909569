/*
 * What a scenario is: work on a number of units (pages, threads, ...) in up to four phases, each of which is
 * shared by jobs. A synchronous run has one job for all units, an asynchronous one a coroutine for each job.
 */
#pragma once

#include "allocator.h"

enum {
    MAX_PHASES = 4
};

/* The units of a job: first, first + step, ... before end. */
struct job {
    unsigned first, step, end;
};

/* How calls are made. Always known when a job is compiled, so that none is slower for the others. */
struct way {
    bool by_trap;
    bool timed; /* each call on its own */
};

/* What the present run does. */
struct work {
    const struct scenario *scenario;
    unsigned units, rounds;
    bool checks;      /* looks at what has been done, and does not count */
    unsigned touched; /* times that a page was looked at */
    int error;        /* what the first call that failed returned; -1: something else was wrong, 0: nothing */
    const char *failed;
};

extern struct work work;

typedef void job_function(void *job);

/* A phase, by whether it goes by trap and whether it is timed. */
struct phase {
    job_function *ways[2][2];
    bool alone; /* one job does all of it: each call needs the one before */
};

struct scenario {
    const char *name;
    const char *round; /* for people: what one round of a unit is */
    unsigned units;    /* by default; 0: this is the one with the series of frames */
    unsigned rounds;   /* of each unit, by default */
    void (*init)(unsigned units);
    const struct phase *phases[MAX_PHASES];
    bool overlapped;                  /* compute() runs while the kernel works, not behind the phases */
    void (*compute)(bool overlapped); /* null: there is nothing to compute */
    bool (*check)(unsigned phase);    /* behind each phase of a run that checks; null: nothing to look at */
    bool (*clean)(void);              /* behind each run: whether all is as before; null: as check */
};

extern const struct scenario pages, address_space, threads, capabilities, overlap, in_sequence;

/* Defines the four ways of FUNCTION(const struct job *, struct way). */
#define WAYS(function)                               \
    static void function##_by_ring(void *job)        \
    {                                                \
        function(job, (struct way){ false, false }); \
    }                                                \
    static void function##_by_ring_timed(void *job)  \
    {                                                \
        function(job, (struct way){ false, true });  \
    }                                                \
    static void function##_by_trap(void *job)        \
    {                                                \
        function(job, (struct way){ true, false });  \
    }                                                \
    static void function##_by_trap_timed(void *job)  \
    {                                                \
        function(job, (struct way){ true, true });   \
    }

/* Such a function, in a struct phase. */
#define PHASE(function)                                         \
    .ways = { { function##_by_ring, function##_by_ring_timed }, \
              { function##_by_trap, function##_by_trap_timed } }

/* What such a function is declared as; CALL() goes into it. */
#define JOB static inline __attribute__((always_inline)) void

/* Makes a call, either as a function of lib/sel4 or as one of lib/rel4. */
#define CALL(way, by_trap_call, by_ring_call)                              \
    do {                                                                   \
        seL4_Word start_ = (way).timed ? now() : 0;                        \
        int error_ = (way).by_trap ? (int)(by_trap_call) : (by_ring_call); \
                                                                           \
        if ((way).timed)                                                   \
            sample(now() - start_);                                        \
        if (__builtin_expect(error_ != 0, 0))                              \
            fail(error_, #by_ring_call);                                   \
    } while (0)

#define FOR_EACH_UNIT(job) for (unsigned unit = (job)->first; unit < (job)->end; unit += (job)->step)

/* Keeps how long a call took. */
void sample(seL4_Word time);

/* Remembers what was wrong first: an error that a call returned, or -1. */
void fail(int error, const char *what);

/* Slots of the root CNode in a row, or the end of the program. */
seL4_CPtr slots(seL4_Word count);

/* An untyped of at least so many bytes; *bits is log2 of what it has. */
seL4_CPtr untyped_of(seL4_Word bytes, seL4_Word *bits);

/* Whether slots are empty. */
bool are_empty(seL4_CPtr first, unsigned count);

/* Whether all memory of an untyped is free: it all becomes one object, in an empty slot, and again free. */
bool is_whole(seL4_CPtr untyped, seL4_Word bits, seL4_CPtr slot);

/* The next fault that a thread sends to an endpoint, and its badge. Signals in between are dropped. */
seL4_Fault_t next_fault(seL4_CPtr endpoint, seL4_Word *badge);

/* Of the scenarios that map and unmap pages: makes the frames, once; rounds of Map and Unmap; whether each
 * page was looked at in each. */
void pages_init(unsigned units);
bool pages_check(unsigned phase);
extern const struct phase page_rounds;

/* The calls that have no function of their own in lib/rel4. All are in the root CNode. */
static inline int ring_delete(seL4_CPtr slot)
{
    return rel4_call_short(seL4_CapInitThreadCNode, CNodeDelete, 2, 0, slot, seL4_WordBits, 0, 0);
}

static inline int ring_copy(seL4_CPtr to, seL4_CPtr from)
{
    const seL4_Word words[] = { to, seL4_WordBits, from, seL4_WordBits, seL4_AllRights.words[0] };
    const seL4_CPtr root = seL4_CapInitThreadCNode;

    return rel4_call(root, CNodeCopy, 5, words, 1, &root, NULL);
}

static inline int ring_mint(seL4_CPtr to, seL4_CPtr from, seL4_Word badge)
{
    const seL4_Word words[] = { to, seL4_WordBits, from, seL4_WordBits, seL4_AllRights.words[0], badge };
    const seL4_CPtr root = seL4_CapInitThreadCNode;

    return rel4_call(root, CNodeMint, 6, words, 1, &root, NULL);
}

static inline int ring_move(seL4_CPtr to, seL4_CPtr from)
{
    const seL4_Word words[] = { to, seL4_WordBits, from, seL4_WordBits };
    const seL4_CPtr root = seL4_CapInitThreadCNode;

    return rel4_call(root, CNodeMove, 4, words, 1, &root, NULL);
}

/* Those of lib/sel4, within the root CNode. */
static inline seL4_Error trap_delete(seL4_CPtr slot)
{
    return seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, seL4_WordBits);
}

static inline seL4_Error trap_copy(seL4_CPtr to, seL4_CPtr from)
{
    return seL4_CNode_Copy(seL4_CapInitThreadCNode, to, seL4_WordBits, seL4_CapInitThreadCNode, from,
                           seL4_WordBits, seL4_AllRights);
}

static inline seL4_Error trap_mint(seL4_CPtr to, seL4_CPtr from, seL4_Word badge)
{
    return seL4_CNode_Mint(seL4_CapInitThreadCNode, to, seL4_WordBits, seL4_CapInitThreadCNode, from,
                           seL4_WordBits, seL4_AllRights, badge);
}

static inline seL4_Error trap_move(seL4_CPtr to, seL4_CPtr from)
{
    return seL4_CNode_Move(seL4_CapInitThreadCNode, to, seL4_WordBits, seL4_CapInitThreadCNode, from,
                           seL4_WordBits);
}

/* Retype of objects into slots of the root CNode. */
static inline seL4_Error trap_retype(seL4_CPtr untyped, seL4_Word type, seL4_Word size_bits, seL4_CPtr slot,
                                     seL4_Word count)
{
    return seL4_Untyped_Retype(untyped, type, size_bits, seL4_CapInitThreadCNode, 0, 0, slot, count);
}

static inline int ring_retype(seL4_CPtr untyped, seL4_Word type, seL4_Word size_bits, seL4_CPtr slot,
                              seL4_Word count)
{
    return rel4_untyped_retype(untyped, type, size_bits, seL4_CapInitThreadCNode, 0, 0, slot, count);
}
