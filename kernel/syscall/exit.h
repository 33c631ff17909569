/*
 * The way out of the kernel.
 */
#pragma once

#include "thread/kernel.h"

/* The general case of kernel_exit(). */
struct tcb *kernel_exit_slow(struct hart *hart);

/* Chooses the thread that runs next, prepares the hart for it, lets go of the lock and returns the thread,
 * for return_to_user. Does not return before there is one. */
static inline struct tcb *kernel_exit(struct hart *hart)
{
    struct tcb *current = hart->current;

    if (likely(!hart->pending.any && current->state == THREAD_RUNNING)) {
        kernel_unlock(hart);
        return current;
    }
    return kernel_exit_slow(hart);
}

/* The same where the hart's entry is void: its thread, if it still runs, repeats the system call or trap with
 * its new state. See entry_void in thread/hart.h. */
struct tcb *kernel_exit_void(struct hart *hart);

/* Enters user mode for the first time on this hart. */
_Noreturn void kernel_enter(void);
