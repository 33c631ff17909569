/*
 * The experiment: the same work by system calls, one after the other, and from many coroutines at once
 * (docs/performance.md). What is done is a scenario (scenario.h); the first of them is an allocator that maps
 * and unmaps its pages.
 */
#pragma once

#include <stdbool.h>

#include <rel4/async.h>
#include <rel4/uintr.h>

enum {
    MAX_FRAMES_LOG = 10,
    MAX_FRAMES = 1 << MAX_FRAMES_LOG,
    MAX_COROUTINES = MAX_FRAMES,
    MAX_UNITS = 4096,
    FRAMES_SERIES = MAX_FRAMES_LOG + 1, /* 1, 2, 4, ... frames */
    SCENARIOS = 6,
    ROWS = FRAMES_SERIES + SCENARIOS - 1, /* of points: the series, then the other scenarios */
    MAX_REPETITIONS = 50
};

/* How a point makes its calls. */
enum mode {
    MODE_SYNC,     /* by the functions of lib/sel4, in a loop */
    MODE_ASYNC,    /* by coroutines, all through the ring */
    MODE_ADAPTIVE, /* by coroutines, through the ring or by trap as the library decides */
    MODE_BATCH,    /* by one coroutine, which waits once for all its requests */
    MODE_REPEAT,   /* by one coroutine, with one request for all units */
    MODES
};

enum clock {
    CLOCK_TICKS,
    CLOCK_INSTRUCTIONS,
    CLOCK_CYCLES, /* of the model in bench/cycles, which reports them: a record says which of its reports are
                     meant */
    CLOCKS,
};

/* The program's arguments. */
struct settings {
    seL4_Word scenarios;   /* bit i for scenario i */
    seL4_Word frames;      /* of the first scenario; 0: the whole series */
    seL4_Word modes;       /* bit i for mode i */
    seL4_Word rounds;      /* of each frame in a repetition; 0: as many as make about 2560, and at least 10 */
    seL4_Word units;       /* of the other scenarios; 0: the default of each */
    seL4_Word coroutines;  /* of the other scenarios */
    seL4_Word repetitions; /* that are counted, after one that is not */
    seL4_Word clock;       /* enum clock */
    seL4_Word policy;      /* REL4_POLICY_... */
    seL4_Word polls;       /* at the ring before blocking */
    seL4_Word
        skip; /* what not to do, so that the checks find it: 1: the last unit, 2: a part of the computation */
    seL4_Word records; /* print records for bench/async.pl, not a table */
};

/* Events during the counted repetitions of a point. */
struct counts {
    seL4_Word calls;
    seL4_Word traps; /* of the measuring thread: system calls and emulated instructions */
    seL4_Word user_interrupts;
    struct rel4_queue_statistics kernel;
};

/* Times of single calls, from their beginning to their answer, measured in a separate run. */
struct latency {
    unsigned samples;
    seL4_Word p50, p95, p99;
};

struct point {
    const struct scenario *scenario;
    enum mode mode;
    unsigned units;                    /* frames, pages or threads that the scenario works on */
    unsigned rounds;                   /* of each unit, in a repetition */
    unsigned coroutines;               /* that share the units */
    seL4_Word totals[MAX_REPETITIONS]; /* time of each repetition; of cycles: number of its first report */
    seL4_Word reports;                 /* of a repetition, one behind the other */
    struct counts counts;
    struct latency latency;
};

extern struct settings settings;

/* Returns the present time on the chosen clock; instructions, if that is the one of cycles. */
static inline seL4_Word now(void)
{
    seL4_Word value;

    if (settings.clock == CLOCK_TICKS) {
        __asm__ volatile("rdtime %0" : "=r"(value)::"memory");
    } else {
        __asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
    }
    return value;
}

/* Ends the program with a message if error is not 0. */
void require(int error, const char *what);

/* Makes queue and executor. */
void measure_init(void);

/* Runs a point once. repetition is its number, or -1 if it is not counted. Returns false, after a message, if
 * a call failed or the work was not done. */
bool measure(struct point *point, int repetition);

/* Prints a point as a record for bench/async.pl. */
void print_record(const struct point *point);

/* Prints a table of what a round costs in each point. Points that were not run have no scenario. */
void print_table(struct point points[ROWS][MODES]);
