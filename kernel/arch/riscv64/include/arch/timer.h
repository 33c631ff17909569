/*
 * The tick: one interrupt every two milliseconds on each hart, which drives time slices and domains.
 */
#pragma once

#include "arch/riscv64/csr.h"
#include "lib/types.h"

#define TICKS_PER_SECOND 500

struct hart;

/* Counts of the time CSR from one tick to the next. */
extern word_t counts_per_tick;

/* time_frequency is that of the time CSR in Hz, from the device tree. */
void timer_init(word_t time_frequency);
void timer_start(struct hart *hart);

/* Interrupts this hart once when the time CSR reaches a value, instead of with every tick. Clears a
 * pending timer interrupt. */
void timer_set(word_t time);

/* Stops the ticks of this hart until timer_start(). */
void timer_stop(void);

/* Acknowledges the tick and sets the next one. */
void timer_acknowledge(struct hart *hart);

/* Returns the time counter, which is the same on all harts. */
static inline word_t time_now(void)
{
    return csr_read(time);
}
