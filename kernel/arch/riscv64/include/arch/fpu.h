/*
 * Floating point, saved only if it was used and loaded only when it is needed.
 *
 * When a thread is switched out, its registers are stored if they were written since they were loaded
 * (sstatus.FS). They also stay in the hart, so a thread that returns to a hart finds them there if no other
 * thread used floating point. Otherwise the thread runs with floating point off, and its first use traps
 * and loads the registers. A thread that never uses floating point pays for one read of sstatus.
 */
#pragma once

#include "arch/riscv64/csr.h"
#include "lib/types.h"
#include "thread/hart.h"

struct tcb;

/* A hart has no floating point of double precision. Then an instruction that needs it is a fault of its
 * thread, on all harts. */
extern bool fpu_missing;

/* Sets fpu_missing if this hart has none. */
void fpu_probe(void);

/* The general case of fpu_switch(). */
void fpu_switch_slow(struct hart *hart, struct tcb *to);

/* Returns whether floating point is on, so that the running thread may have written registers. */
static inline bool fpu_is_on(void)
{
    return csr_read(sstatus) & SSTATUS_FS;
}

/* Prepares sstatus for the thread that is about to run on this hart, and stores the registers of their
 * previous owner. */
static inline void fpu_switch(struct hart *hart, struct tcb *to)
{
    if (unlikely(fpu_is_on() || hart->fpu_owner == to)) {
        fpu_switch_slow(hart, to);
    }
}

/* Stores the registers of their owner if they changed, so that other harts find them in memory. */
void fpu_park(struct hart *hart);

/* Handles an illegal instruction: loads the registers of the thread if floating point was off. Returns
 * true if the instruction is to be repeated. */
bool fpu_load_on_trap(struct hart *hart, struct tcb *thread);

/* Makes all harts forget the registers of a thread that ends or loses the right to use them. */
void fpu_forget(struct tcb *thread);
