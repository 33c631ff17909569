/*
 * Which thread runs: 256 priorities per hart and domain, round robin within a priority, in the order that the
 * binary interface lays down (docs/interface.md, scheduling order).
 *
 * All functions need the kernel lock in exclusive mode. A thread is queued if and only if it is runnable, not
 * current on its hart and not its hart's candidate.
 */
#pragma once

#include "thread/hart.h"
#include "thread/tcb.h"

#define TIME_SLICE_TICKS 5

void sched_enqueue_head(struct tcb *thread);
void sched_enqueue_tail(struct tcb *thread);

/* Takes a thread out of its ready queue, or from being the candidate, if it is there. */
void sched_dequeue(struct tcb *thread);

/* A thread became runnable. It may run at once, on this hart or, by an inter-processor interrupt, on its own.
 */
void sched_wake(struct tcb *thread);

/* The running thread gives way to its equals. */
void sched_yield(void);

/* The tick of this hart: charges the running thread and the domain. */
void sched_tick(struct hart *hart);

/* Best ready thread of the hart in the current domain; -1 if none. */
int sched_highest(const struct hart *hart);

/* Chooses the next thread of a hart; idle_thread if none is ready. It is no longer queued. */
struct tcb *sched_choose(struct hart *hart);

void sched_set_priority(struct tcb *thread, unsigned priority);
