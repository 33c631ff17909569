/*
 * Being in the kernel: the lock, the way out, and what harts do to one another.
 *
 * A hart that enters takes the kernel lock, in exclusive mode: today the only one. The lock is a fair queue,
 * so no hart starves. A hart that waits for it is parked: all state of its thread is in memory, and the
 * holder may work on that thread.
 */
#pragma once

#include "thread/hart.h"
#include "thread/tcb.h"

/* The lock among several harts; see kernel_lock_exclusive() and kernel_unlock(). */
bool kernel_lock_among_harts(struct hart *hart);
void kernel_unlock_among_harts(struct hart *hart);

/* Takes the lock. True if what this hart came for became void while it waited: it leaves by
 * kernel_exit_void(). */
static inline bool kernel_lock_exclusive(struct hart *hart)
{
    return unlikely(hart->locks) && kernel_lock_among_harts(hart);
}

static inline void kernel_unlock(struct hart *hart)
{
    if (unlikely(hart->locks)) {
        kernel_unlock_among_harts(hart);
    }
}

/* Takes the lock if it is free. */
bool kernel_try_lock(struct hart *hart);

/* Another hart waits for the lock. */
bool kernel_lock_is_waited_for(const struct hart *hart);

static inline bool kernel_lock_contended(const struct hart *hart)
{
    return hart->locks && kernel_lock_is_waited_for(hart);
}

/* The general case of kernel_exit(). */
struct tcb *kernel_exit_slow(struct hart *hart);

/* Chooses the thread that runs next, makes the hart ready for it, lets go of the lock and returns the thread,
 * for return_to_user. Waits inside for as long as there is none. */
static inline struct tcb *kernel_exit(struct hart *hart)
{
    struct tcb *current = hart->current;

    if (likely(!hart->pending && current->state == THREAD_RUNNING)) {
        kernel_unlock(hart);
        return current;
    }
    return kernel_exit_slow(hart);
}

/* Enters user mode for the first time on this hart. */
_Noreturn void kernel_enter(void);

/* Lets go of the lock, and only then tells other harts what there is for them. */
void kernel_leave(struct hart *hart);

/* Sends an interrupt to a hart. What is owed to it is flushed before. */
void hart_interrupt(const struct hart *hart);

/* What this hart came for is void; see entry_void in hart.h. */
struct tcb *kernel_exit_void(struct hart *hart);

/* Installed by the front door: handles every pending interrupt of this hart. */
void handle_interrupts(struct hart *hart);

/* Makes sure that a thread which runs on another hart is inside the kernel and its registers are in memory.
 * The other hart continues what it came for when it gets the lock. */
void thread_stall(struct tcb *thread);

/* The same, and what the thread came for is void, because its registers or state are about to change: if it
 * still runs, it takes them up anew. Also if it runs on this hart, and this is a request of its own queue. */
void thread_interrupt(struct tcb *thread);

/* The same, and the thread is no longer current on any other hart. */
void thread_expel(struct tcb *thread);
