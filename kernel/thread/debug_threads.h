/*
 * What debug builds know in addition: every thread, and its name.
 */
#pragma once

#include "thread/tcb.h"

#if REL4_DEBUG
void thread_debug_register(struct tcb *thread, const char *name);
void thread_debug_unregister(struct tcb *thread);

/* Makes a new thread's name say who created it. */
void thread_debug_inherit_name(struct tcb *thread, const struct tcb *creator);
const char *thread_debug_name(const struct tcb *thread);

/* All threads, newest first. */
extern struct tcb *debug_threads;
#else
static inline void thread_debug_register(struct tcb *thread, const char *name)
{
}

static inline void thread_debug_unregister(struct tcb *thread)
{
}

static inline void thread_debug_inherit_name(struct tcb *thread, const struct tcb *creator)
{
}
#endif
