/*
 * The tick, by the SBI timer. After a long delay the next tick is a full period away: missed ticks are not
 * repeated.
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
