/*
 * The debug system calls.
 */
#pragma once

#include "thread/tcb.h"
#include <sel4/abi.h>

/* This kernel does not have the debug call, and one that was built for debugging does. */
static inline bool debug_syscall_is_missing(word_t number)
{
#if REL4_DEBUG
    (void)number;
    return false;
#else
    return (long)number <= SYS_DEBUG_DUMP_SCHEDULER && (long)number >= SYS_DEBUG_NAME_THREAD;
#endif
}

/* False if there is no such call in this build. */
bool debug_syscall(struct tcb *thread, word_t argument, word_t number);
