/*
 * The experiment: an allocator that maps and unmaps its pages by system calls, one after the other or from
 * many coroutines at once (docs/experiment.md).
 */
#pragma once

#include <stdbool.h>

#include <rel4/async.h>
#include <rel4/uintr.h>

enum {
    MAX_FRAMES_LOG = 10,
    MAX_FRAMES = 1 << MAX_FRAMES_LOG,
    POINTS = MAX_FRAMES_LOG + 1, /* 1, 2, 4, ... frames */
    MAX_REPETITIONS = 50
};

/* How the calls are made. */
enum mode {
    MODE_SYNC,     /* by the functions of lib/sel4, in a loop */
    MODE_ASYNC,    /* by a coroutine for each frame, all through the ring */
    MODE_ADAPTIVE, /* the same, and the library chooses */
    MODES
};

/* What was asked for behind "--". */
struct settings {
    seL4_Word frames;      /* 0: all of the series */
    seL4_Word modes;       /* bit i for mode i */
    seL4_Word rounds;      /* of each frame in a repetition; 0: as many as make about 2560, and at least 10 */
    seL4_Word repetitions; /* that count, behind one that does not */
    seL4_Word instructions; /* the clock: instructions instead of ticks */
    seL4_Word policy;       /* REL4_POLICY_... */
    seL4_Word looks;        /* at the ring before blocking */
    seL4_Word records;      /* print records for bench/async.pl, not a table */
};

/* What happened during the repetitions of a point, but for the first one. */
struct counts {
    seL4_Word calls;
    seL4_Word traps; /* of the measuring thread: system calls and emulated instructions */
    seL4_Word user_interrupts;
    struct rel4_queue_statistics kernel;
};

struct point {
    enum mode mode;
    unsigned frames;
    unsigned rounds; /* of each frame, in a repetition */
    seL4_Word totals[MAX_REPETITIONS];
    struct counts counts;
};

extern struct settings settings;

/* Makes frames, page tables, queue and executor. Stops with a message if something cannot be made. */
void load_init(void);

/* Runs a point once; the repetition number, or -1 for one that is not counted. False: a call failed, or a
 * page did not hold what was written to it. */
bool load_run(struct point *point, int repetition);

/* Prints a point for bench/async.pl. */
void print_record(const struct point *point);

/* Prints all points for people: what a round costs. */
void print_table(struct point points[POINTS][MODES]);
