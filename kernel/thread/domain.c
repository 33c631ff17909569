/*
 * The domain schedule.
 */
#include "thread/domain.h"

#include "lib/bits.h"
#include "lib/mutant.h"
#include "thread/scheduler.h"

#define FOREVER ((1ul << 56) - 1)

struct domain_entry domain_schedule[DOMAIN_SCHEDULE_ENTRIES] = { { .domain = 0, .ticks = FOREVER } };
unsigned domain_start;

static unsigned schedule_index;
word_t domain_ticks_left = FOREVER;

#if REL4_NUM_DOMAINS > 1
unsigned current_domain;
#endif

static void enter(unsigned index)
{
    schedule_index = index;
    domain_ticks_left = domain_schedule[index].ticks;
#if REL4_NUM_DOMAINS > 1
    current_domain = (unsigned)domain_schedule[index].domain;
#endif
}

void domain_advance(void)
{
    struct hart *hart = this_hart();
    unsigned next = schedule_index + 1;

    enter(domain_is_end_marker(next) ? domain_start : next);
    /* The other harts have to choose anew; a worker stops before its next request. */
    if (!MUTANT(DOMAIN_UNHEARD)) {
        hart->pending.interrupts |= mask(harts_online) & ~bit(hart->id);
    }
}

void domain_set_start(unsigned index)
{
    domain_start = index;
    /* The next decision goes on from the entry before the end, that is, to the start. */
    schedule_index = DOMAIN_SCHEDULE_ENTRIES - 2;
    domain_ticks_left = 0;
    this_hart()->pending.reschedule = true;
}
