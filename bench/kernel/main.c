/*
 * Runs all series and prints one line for each: "bench:name:median:p95:reference".
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned samples[SAMPLES];
static unsigned recorded;

void record(seL4_Word start, seL4_Word stop)
{
    if (recorded >= WARM_UP && recorded < WARM_UP + SAMPLES) {
        samples[recorded - WARM_UP] = (unsigned)(stop - start - 1);
    }
    recorded++;
}

static int compare(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return (x > y) - (x < y);
}

void report(const char *name, seL4_Word reference)
{
    unsigned count = recorded > WARM_UP ? recorded - WARM_UP : 0;

    count = count < SAMPLES ? count : SAMPLES;
    if (count == 0) {
        printf("bench: no samples of %s\n", name);
        exit(1);
    }
    qsort(samples, count, sizeof(samples[0]), compare);
    printf("bench:%s:%u:%u:%lu\n", name, samples[count / 2], samples[count * 95 / 100], reference);
    recorded = 0;
}

void require(int error, const char *what)
{
    if (error) {
        printf("bench: %s failed: error %d\n", what, error);
        exit(1);
    }
}

seL4_CPtr new_object(seL4_Word type, seL4_Word size_bits)
{
    seL4_CPtr cap = simple_object(type, size_bits);

    require(cap == seL4_CapNull, "retype");
    return cap;
}

seL4_CPtr start_thread(void (*entry)(void *), void *arg, seL4_Word priority, seL4_CPtr fault_endpoint)
{
    struct simple_thread thread;
    struct simple_thread_options options = {
        .entry = entry, .arg = arg, .priority = priority, .fault_endpoint = fault_endpoint
    };

    require(simple_thread_create(&thread, &options), "thread creation");
    require(simple_thread_start(&thread), "thread start");
    return thread.tcb;
}

int main(void)
{
    simple_init(seL4_GetBootInfo());
    require(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY), "SetPriority");
    measure_ipc();
    measure_faults();
    measure_memory();
    measure_objects();
    measure_threads();
    printf("bench: done\n");
    return 0;
}
