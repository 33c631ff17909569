/*
 * Floating point, saved only when it was used and loaded only when it is needed.
 *
 * A thread that is switched out has its registers in memory: they are stored then, if the hardware says that
 * they were written since they were loaded (sstatus.FS). They also stay in the hart, so a thread that comes
 * back to an untouched hart finds them there. Otherwise it runs with floating point off, and its first use
 * traps and loads them. A thread that never uses floating point pays for one look at sstatus.
 */
#pragma once

#include "arch/riscv64/csr.h"
#include "lib/types.h"
#include "thread/hart.h"

struct tcb;

/* A hart has no floating point, or none of double precision: an instruction that needs it is a fault of its
 * thread, on any hart. */
extern bool fpu_missing;

/* Looks whether this hart has it. */
void fpu_look_for(void);

/* The general case of fpu_switch(). */
void fpu_switch_slow(struct hart *hart, struct tcb *to);

/* The running thread may use floating point without a trap, and may have. */
static inline bool fpu_is_on(void)
{
    return csr_read(sstatus) & SSTATUS_FS;
}

/* Prepares sstatus for the thread that is about to run on this hart, storing the previous owner's registers.
 */
static inline void fpu_switch(struct hart *hart, struct tcb *to)
{
    if (unlikely(fpu_is_on() || hart->fpu_owner == to)) {
        fpu_switch_slow(hart, to);
    }
}

/* Stores the owner's registers if they changed, so that other harts find them in memory. */
void fpu_park(struct hart *hart);

/* Called for an illegal instruction: loads the thread's registers if floating point was merely off. True if
 * the instruction is worth repeating. */
bool fpu_load_on_trap(struct hart *hart, struct tcb *thread);

/* Forgets whatever any hart holds for a thread, because the thread goes away or loses the right. */
void fpu_forget(struct tcb *thread);
