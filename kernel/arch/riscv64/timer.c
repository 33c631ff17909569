/*
 * The tick, from the SBI timer. Missed ticks are not made up for: after a long delay the next one is a full
 * period away.
 */
#include "arch/timer.h"

#include "thread/hart.h"

word_t counts_per_tick;

void timer_init(word_t time_frequency)
{
    counts_per_tick = time_frequency / TICKS_PER_SECOND;
}

void timer_start(struct hart *hart)
{
    hart->arch.deadline = time_now() + counts_per_tick;
    timer_set(hart->arch.deadline);
}

void timer_stop(void)
{
    timer_set(~0ul);
}

void timer_acknowledge(struct hart *hart)
{
    word_t now = time_now();

    hart->arch.deadline += counts_per_tick;
    if (hart->arch.deadline <= now) {
        hart->arch.deadline = now + counts_per_tick;
    }
    timer_set(hart->arch.deadline);
}
