/*
 * Runs all series and prints one line for each: "bench|name|unit|median|p95|reference". On a machine of one
 * hart these are instruction counts; on several harts, times of IPC between harts.
 */
#include "kernel.h"

#include <stdio.h>

int main(void)
{
    simple_init(seL4_GetBootInfo());
    require(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY), "SetPriority");
    if (seL4_GetBootInfo()->numNodes > 1) {
        measure_harts();
    } else {
        measure_ipc();
        measure_faults();
        measure_interrupts();
        measure_memory();
        measure_objects();
        measure_threads();
    }
    printf("bench: done\n");
    return 0;
}
