/*
 * Several harts that run the kernel as it is: its lock, its front door, its idle loop (kernel/thread/kernel.c
 * and kernel/syscall/). Each is a coroutine. They change places wherever the kernel looks for interrupts,
 * waits, sends an interrupt, or has left for user mode, so everything that the lock permits happens in some
 * order; which one is a matter of the seed only.
 */
#pragma once

#include "random.h"
#include "thread/hart.h"
#include "thread/tcb.h"

#define HARTS_MAX 3

/* All that is random. */
extern uint64_t harts_seed;

/* A number below limit; and what happens once in so many times. */
static inline uint32_t any(uint32_t limit)
{
    return random_below(&harts_seed, limit ? limit : 1);
}

static inline bool one_in(uint32_t n)
{
    return any(n) == 0;
}

/* So many harts begin to run what is in their ready queues, with time as it is. */
void harts_start(unsigned count);

/* They run for so many steps; in each, one hart goes on to the next place where another one may. */
void harts_run(unsigned long steps);

/* Which of these happen, besides ticks. */
struct harts_chances {
    bool late;       /* an idle hart may come late, or not at all while this is set */
    bool interrupts; /* the device of the first hart has something */
};
extern struct harts_chances harts_chances;

/* They let go of the lock, and do nothing more. */
void harts_stop(void);

/* Nobody is late from now on. */
void harts_hurry(void);

/* The hart waits for an interrupt. */
bool harts_sleeps(const struct hart *hart);

/* No hart is at work in the kernel: the lock is free, or has just been handed over. */
bool harts_lock_is_idle(void);

/* The hart has something to come for: an interrupt waits, or it waits for the lock, or is in the kernel. */
bool harts_is_on_its_way(const struct hart *hart);

/* Some hart has let go of the lock, and not yet sent all its interrupts. */
bool harts_are_sending(void);

/*
 * ---- What the test does ----
 */

/* The thread runs in user mode. True: an ecall, by its registers. */
bool user_runs(struct tcb *thread);

/* The hart is back in user mode; nothing happened since it let go of the lock. */
void hart_has_left(const struct hart *hart);

/* The hart looks for interrupts, also between two requests, or waits, or sends one; with or without the lock.
 */
void hart_looks(const struct hart *hart);

/* The hart takes a tick, and has not charged anybody yet. */
void hart_ticks(const struct hart *hart);
