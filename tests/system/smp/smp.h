/*
 * What the tests on several harts share: threads that count, and waiting for what another hart does.
 */
#pragma once

#include "actor.h"

/* Threads of tests that run on other harts, and on the test's own when it waits. */
#define SMP_PRIORITY (TEST_PRIORITY - 10)

/* Generous: far more than any hart needs, even on a host that does other things. */
#define SPINS 4000000000ul

/* Waits until the condition holds; the test fails if it never does. */
#define WAIT_FOR(condition)                                  \
    do {                                                     \
        seL4_Word spins_ = 0;                                \
        while (!(condition) && ++spins_ < SPINS) {           \
        }                                                    \
        if (!(condition)) {                                  \
            test_fail(__FILE__, __LINE__, "%s", #condition); \
        }                                                    \
    } while (0)

/* A word per thread, each in a cache line of its own. */
struct smp_counter {
    volatile seL4_Word value;
    seL4_Word padding[7];
};
extern struct smp_counter smp_counters[TEST_THREADS];

/* A thread that only counts in smp_counters[i], on a node. It has not been started. */
struct test_thread *smp_counting(unsigned i, seL4_Word node);

/* A new thread on a node. It has not been started. */
struct test_thread *smp_thread(void (*entry)(void *), void *arg, seL4_Word node);

/* Waits until counter i has moved on. */
void smp_wait_progress(unsigned i);

/* Checks that counter i moves on by no more than this, however late its hart gets to run. */
void smp_check_ends(unsigned i, seL4_Word more);

/* Checks that counter i no longer moves. */
void smp_check_stopped(unsigned i);

/* Spends some time in user mode, most of the time: if all harts were in the kernel all the time, a host with
 * fewer processors would do little else than hand its lock from one to the next. */
static inline void smp_think(seL4_Word turn)
{
    for (volatile unsigned i = 0; turn % 8 && i < 5000; i++) {
    }
}

/* A word of a fixed sequence of pseudo-random words. */
seL4_Word smp_random(seL4_Word *state);
