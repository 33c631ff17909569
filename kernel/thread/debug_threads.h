/*
 * The list of all threads, with their names, in debug builds.
 */
#pragma once

#include "thread/tcb.h"

#if REL4_DEBUG
/* Adds a new thread to the list. Its name says who created it: the creator, or NULL. */
void thread_debug_register(struct tcb *thread, const char *name, const struct tcb *creator);
void thread_debug_unregister(struct tcb *thread);

/* All threads, newest first. */
extern struct tcb *debug_threads;
#else
static inline void thread_debug_register(struct tcb *thread, const char *name, const struct tcb *creator)
{
}

static inline void thread_debug_unregister(struct tcb *thread)
{
}
#endif
