/*
 * Long operations give way here and restart from their own state.
 */
#pragma once

#include "lib/types.h"

/* How an operation ended: it is complete, or it must be started again later to go on. */
enum progress {
    DONE,
    AGAIN
};

/* Counts a unit of work, some hundred instructions: a slot, 1 KiB. True, now and then, if an interrupt or
 * another hart waits: then the operation returns AGAIN. At least one unit is done before, so it ends at last,
 * whatever interrupts. */
bool preemption_point(void);

/* The unit was a large one: the next preemption point looks. */
void preemption_soon(void);
