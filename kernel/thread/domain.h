/*
 * Scheduling domains: time partitions that follow one another by a schedule. In the default build there is
 * one domain; then its time is not counted, and all of this folds to constants.
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

/* Counts a tick. Returns true if the domain's time ends with it. */
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

/* Makes an entry, which is no end marker, the start of the schedule. The next scheduling decision goes there.
 */
void domain_set_start(unsigned index);

/* The thread's domain is the one that has time now. */
static inline bool domain_is_current(const struct tcb *thread)
{
    return REL4_NUM_DOMAINS == 1 || thread->domain == current_domain;
}

/* The index of a thread among a hart's queues. */
static inline unsigned domain_index(const struct tcb *thread)
{
    return REL4_NUM_DOMAINS == 1 ? 0 : thread->domain;
}
