/*
 * Preemption points: long operations stop there and are restarted later.
 */
#pragma once

#include "lib/types.h"

/* How an operation ended: it is complete, or must be started again later to continue. A byte, which the
 * compiler does not extend once more after each call. */
enum __attribute__((packed)) progress {
    DONE,
    AGAIN
};

/* Counts a unit of work of some hundred instructions, such as a slot or 1 KiB. Returns true, once in
 * several units, if an interrupt is pending or another hart waits for the kernel lock; then the
 * operation returns AGAIN. At least one unit is done before that, so each operation ends, whatever
 * interrupts it. */
bool preemption_point(void);

/* Makes the next preemption point check, after a large unit. */
void preemption_soon(void);
