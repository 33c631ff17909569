/*
 * Scenarios: work on a number of units (pages, threads, ...) in up to four phases. Each phase is divided into
 * jobs: a synchronous run has one job for all units, an asynchronous run has several, each in a coroutine.
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

/* How calls are made. A constant where a job is compiled, so that the choice costs nothing. */
struct way {
    bool by_trap;
    bool timed; /* measure each call */
};

/* The present run. */
struct work {
    const struct scenario *scenario;
    unsigned units, rounds;
    bool checks;      /* checks the results, and is not measured */
    unsigned touched; /* times that a page was checked */
    int error;        /* of the first call that failed; -1: another mistake, 0: none */
    const char *failed;
};

extern struct work work;

typedef void job_function(void *job);

/* The functions of a phase: by trap or by ring, timed or not; and for one coroutine, or null. */
struct phase {
    job_function *ways[2][2];
    job_function *batch, *repeat;
    bool alone; /* one job does all units, as each call needs the one before */
};

struct scenario {
    const char *name;
    const char *round; /* description of one round of a unit, for the table */
    unsigned units;    /* by default; 0: the scenario with the series of frames */
    unsigned rounds;   /* of each unit, by default */
    void (*init)(unsigned units);
    const struct phase *phases[MAX_PHASES];
    bool overlapped;                  /* compute() runs while the kernel works, not after the phases */
    void (*compute)(bool overlapped); /* or null */
    bool (*check)(unsigned phase);    /* after each phase of a run that checks; or null */
    bool (*clean)(void);              /* after each run: whether all is as before; null: as check */
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

/* A struct phase of such functions. */
#define PHASE(function)                                         \
    .ways = { { function##_by_ring, function##_by_ring_timed }, \
              { function##_by_trap, function##_by_trap_timed } }

/* Declares such a function, in which CALL() can be used. */
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

/* Stores the time of a call. */
void sample(seL4_Word time);

/* Notes the first failure: the error of a call, or -1, and what it was about. */
void fail(int error, const char *what);

/* Returns count consecutive empty slots of the root CNode. Ends the program if there are too few. */
seL4_CPtr slots(seL4_Word count);

/* Makes an untyped of at least so many bytes; *bits is log2 of its size. */
seL4_CPtr untyped_of(seL4_Word bytes, seL4_Word *bits);

/* Returns whether slots are empty. */
bool are_empty(seL4_CPtr first, unsigned count);

/* Returns whether all memory of an untyped is free, by making one object of it in an empty slot and deleting
 * it. */
bool is_whole(seL4_CPtr untyped, seL4_Word bits, seL4_CPtr slot);

/* Receives the next fault from an endpoint, and its badge. Drops signals. */
seL4_Fault_t next_fault(seL4_CPtr endpoint, seL4_Word *badge);

/* For scenarios that map and unmap pages: make the frames, once; do rounds of Map and Unmap; return whether
 * each page was checked in each round. */
void pages_init(unsigned units);
bool pages_check(unsigned phase);
extern const struct phase page_rounds;

/* Calls through the ring that lib/rel4 has no function for, within the root CNode. */
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

/* The same by trap. */
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
