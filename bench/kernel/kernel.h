/*
 * The parts of the kernel experiment.
 */
#pragma once

#include "bench.h"

void measure_ipc(void);
void measure_faults(void);
void measure_interrupts(void);
void measure_objects(void);
void measure_memory(void);
void measure_threads(void);

/* For a run on two harts, which is measured in time. */
void measure_harts(void);
