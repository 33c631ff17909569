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

/* Counts a unit of work (a slot, 1 KiB). True, now and then, if an interrupt or another hart waits. */
bool preemption_point(void);
