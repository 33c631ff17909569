/*
 * The tick: one interrupt every two milliseconds on each hart that runs threads, which drives time slices and
 * domains.
 */
#pragma once

#include "lib/types.h"
#include "thread/hart.h"

#define TICKS_PER_SECOND 500
#define TIMER_NEVER      (~0ul)

/* time_frequency is in counts of the time CSR per second, from the device tree. */
void timer_init(word_t time_frequency);
void timer_start(struct hart *hart);

/* Acknowledges the tick and sets the next one. */
void timer_acknowledge(struct hart *hart);

/* No more ticks until timer_start(). */
void timer_stop(struct hart *hart);

static inline bool timer_is_stopped(const struct hart *hart)
{
    return hart->arch.deadline == TIMER_NEVER;
}
