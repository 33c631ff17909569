/* The frames of the allocator, and the runs over them. */
#pragma once

#include <stdbool.h>
#include <stdlib.h>

#include <rel4/rel4.h>
#include <sel4/simple.h>

#define MAX_FRAMES 1024

enum clock {
    CLOCK_TICKS,       /* the time-stamp counter: for harts that run freely */
    CLOCK_INSTRUCTIONS /* retired instructions: for one hart, with -icount */
};

/* Ends the program with a message if there is an error. */
void stop_on(int error, const char *what);

/* Makes the frames, and the page tables that their addresses need. */
int make_frames(unsigned frames);

/* Map and unmap of so many frames, each so many times: what it takes. The last time each page is written. */
seL4_Word run_loop(unsigned frames, seL4_Word rounds, enum clock clock);

/* The same by coroutines, in the executor's mode. */
seL4_Word run_coroutines(unsigned frames, seL4_Word rounds, enum clock clock);

/* Whether each of these pages holds what the last run wrote there. Maps and unmaps each once. */
bool check_pages(unsigned frames);
