/*
 * Counting the instructions of one operation at a time: from user mode around the client-library call, many
 * times after warm-up, in QEMU's deterministic instruction-count mode on one hart.
 */
#pragma once

#include <sel4/sel4.h>
#include <sel4/simple.h>

#define WARM_UP 20
#define SAMPLES 1000

/* Returns the instructions retired so far. Two reads in a row differ by 1, which results do not contain. */
static inline seL4_Word now(void)
{
    seL4_Word value;

    __asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
    return value;
}

/* Adds a sample. The first WARM_UP samples of a series are dropped. */
void record(seL4_Word start, seL4_Word stop);

/* Ends a series and prints its record. reference is seL4's figure for the same operation, 0 if there is none.
 */
void report(const char *name, seL4_Word reference);

/* The same for samples in another unit, and with another reference. Returns the median. */
unsigned report_in(const char *unit, const char *name, seL4_Word reference);

/* Measures a series of one operation of this thread: prepare, measure, undo. */
#define MEASURE_TIMES(times, name, reference, prepare, operation, undo) \
    do {                                                                \
        for (unsigned i_ = 0; i_ < WARM_UP + (times); i_++) {           \
            prepare;                                                    \
            seL4_Word start_ = now();                                   \
            operation;                                                  \
            seL4_Word stop_ = now();                                    \
            record(start_, stop_);                                      \
            undo;                                                       \
        }                                                               \
        report(name, reference);                                        \
    } while (0)

#define MEASURE(name, reference, prepare, operation, undo) \
    MEASURE_TIMES(SAMPLES, name, reference, prepare, operation, undo)

/* Ends the program with a message if error is not 0. */
void require(int error, const char *what);

/* The priority of the measuring thread. */
#define PRIORITY 100

seL4_CPtr new_object(seL4_Word type, seL4_Word size_bits);

/* Start a thread of this address space, on this hart or on another one. */
seL4_CPtr start_thread(void (*entry)(void *), void *arg, seL4_Word priority, seL4_CPtr fault_endpoint);
seL4_CPtr start_thread_on(seL4_Word node, void (*entry)(void *), void *arg, seL4_Word priority,
                          seL4_CPtr fault_endpoint);

/* Starts a thread in another address space, with this program's code and static data, and without
 * thread-local storage and IPC buffer. */
seL4_CPtr start_stranger(void (*entry)(void *), void *arg, seL4_Word priority);
