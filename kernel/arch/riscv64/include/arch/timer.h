/*
 * The tick: one interrupt every two milliseconds on each hart, which drives time slices and domains.
 */
#pragma once

#include "arch/riscv64/csr.h"
#include "lib/types.h"

#define TICKS_PER_SECOND 500

struct hart;

/* Of the time counter, from one tick to the next. */
extern word_t counts_per_tick;

/* time_frequency is in counts of the time CSR per second, from the device tree. */
void timer_init(word_t time_frequency);
void timer_start(struct hart *hart);

/* Interrupts this hart once, at a time, instead of every tick. */
void timer_set(word_t time);

/* No more ticks on this hart until timer_start(). */
void timer_stop(void);

/* Acknowledges the tick and sets the next one. */
void timer_acknowledge(struct hart *hart);

/* The time counter, which is the same on all harts. */
static inline word_t time_now(void)
{
    return csr_read(time);
}
