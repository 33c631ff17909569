/*
 * The list of all threads, in debug builds.
 */
#include "thread/debug_threads.h"

#include "lib/string.h"

#if REL4_DEBUG
struct tcb *debug_threads;

void thread_debug_register(struct tcb *thread, const char *name)
{
    thread->debug_prev = NULL;
    thread->debug_next = debug_threads;
    if (debug_threads) {
        debug_threads->debug_prev = thread;
    }
    debug_threads = thread;
    unsigned i = 0;
    for (; i < THREAD_NAME_MAX - 1 && name[i]; i++) {
        thread->name[i] = name[i];
    }
    thread->name[i] = 0;
}

void thread_debug_inherit_name(struct tcb *thread, const struct tcb *creator)
{
    unsigned i = (unsigned)strlen(thread->name);

    for (const char *c = creator->name; *c && i < THREAD_NAME_MAX - 2; c++) {
        thread->name[i++] = *c;
    }
    thread->name[i++] = '\'';
    thread->name[i] = 0;
}

void thread_debug_unregister(struct tcb *thread)
{
    if (thread->debug_prev) {
        thread->debug_prev->debug_next = thread->debug_next;
    } else {
        debug_threads = thread->debug_next;
    }
    if (thread->debug_next) {
        thread->debug_next->debug_prev = thread->debug_prev;
    }
}

const char *thread_debug_name(const struct tcb *thread)
{
    return thread->name;
}
#endif
