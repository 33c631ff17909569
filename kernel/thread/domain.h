/*
 * Scheduling domains: time partitions that follow one another in a fixed, configurable schedule. With one
 * domain (the default build) time is not counted and all of this is constant.
 */
#pragma once

#include "thread/hart.h"
#include "thread/tcb.h"

/* Entries of the schedule; the last is always an end marker. */
#define DOMAIN_SCHEDULE_ENTRIES (REL4_NUM_DOMAINS == 1 ? 2 : 100)

struct domain_entry {
    word_t domain;
    word_t ticks; /* 0 with domain 0: end marker, continue with the start entry */
};

#if REL4_NUM_DOMAINS == 1
#define current_domain 0u
#else
extern unsigned current_domain;
#endif

extern struct domain_entry domain_schedule[DOMAIN_SCHEDULE_ENTRIES];
extern unsigned domain_start;

static inline bool domain_is_end_marker(unsigned index)
{
    return domain_schedule[index].domain == 0 && domain_schedule[index].ticks == 0;
}

extern word_t domain_ticks_left;

/* Counts a tick; true if the domain's time is up. */
static inline bool domain_tick(void)
{
    return REL4_NUM_DOMAINS > 1 && domain_ticks_left && --domain_ticks_left == 0;
}

static inline bool domain_time_is_up(void)
{
    return REL4_NUM_DOMAINS > 1 && domain_ticks_left == 0;
}

/* Goes on to the next entry of the schedule. */
void domain_advance(void);

/* Makes an entry, not an end marker, the start of the schedule and goes there at the next scheduling
 * decision. */
void domain_set_start(unsigned index);

/* The thread may run now, as far as domains go. */
static inline bool domain_is_current(const struct tcb *thread)
{
    return REL4_NUM_DOMAINS == 1 || thread->domain == current_domain;
}

/* Which of a hart's queues a thread belongs into. */
static inline unsigned domain_index(const struct tcb *thread)
{
    return REL4_NUM_DOMAINS == 1 ? 0 : thread->domain;
}
