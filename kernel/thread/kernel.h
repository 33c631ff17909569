/*
 * The kernel lock, and how one hart stops what another one runs.
 *
 * A hart that enters takes the kernel lock. The lock is a fair queue, so no hart starves. A hart that waits
 * for it is parked: all state of its thread is in memory, and the holder may work on that thread.
 */
#pragma once

#include "thread/hart.h"
#include "thread/tcb.h"

/* The lock among several harts; see kernel_lock_voided_entry() and kernel_unlock(). */
bool kernel_lock_among_harts(struct hart *hart);
void kernel_unlock_among_harts(struct hart *hart);

/* Takes the lock. Returns true if this hart's entry became void while it waited (entry_void in hart.h): then
 * it leaves by kernel_exit_void() (syscall/exit.h). */
static inline bool kernel_lock_voided_entry(struct hart *hart)
{
    return unlikely(hart->locks) && kernel_lock_among_harts(hart);
}

/* Takes the lock on a hart where no thread is current, so that nobody makes an entry void. */
static inline void kernel_lock(struct hart *hart)
{
    bool is_void = kernel_lock_voided_entry(hart);

    assert(!is_void);
    (void)is_void;
}

static inline void kernel_unlock(struct hart *hart)
{
    if (unlikely(hart->locks)) {
        kernel_unlock_among_harts(hart);
    }
}

/* Takes the lock if it is free, and returns true then. */
bool kernel_try_lock(struct hart *hart);

/* Another hart waits for the lock. */
bool kernel_lock_is_waited_for(const struct hart *hart);

static inline bool kernel_lock_contended(const struct hart *hart)
{
    return hart->locks && kernel_lock_is_waited_for(hart);
}

/* Sends an interrupt to each of these harts. */
void kernel_send_ipis(word_t targets);

/* Lets go of the lock, and only then interrupts the harts that are to be. */
static ALWAYS_INLINE void kernel_leave(struct hart *hart)
{
    word_t targets = hart->pending.interrupts;

    assert(!hart->tlb_batch.open && !hart->candidate);
    hart->pending.any = 0;
    kernel_unlock(hart);
    if (unlikely(targets)) {
        kernel_send_ipis(targets);
    }
}

/* Sends an interrupt to a hart, after all TLB fences that this hart owes. */
void hart_interrupt(const struct hart *hart);

/* Handles every pending interrupt of this hart. Defined in syscall/entry.c and declared here, because workers
 * take interrupts between requests. */
void handle_interrupts(struct hart *hart);

/* If a thread runs on another hart, stops that hart in the kernel, with the thread's registers in memory. The
 * other hart goes on with its system call or trap when it gets the lock. */
void thread_stall(struct tcb *thread);

/* The same, because the thread's registers or state are about to change: its system call or trap is void, and
 * if it still runs it goes on with what it has then. This holds also for the thread that runs on this hart
 * and has its own queue served in a system call. */
void thread_interrupt(struct tcb *thread);

/* The same, and afterwards the thread is current on no other hart. */
void thread_expel(struct tcb *thread);
