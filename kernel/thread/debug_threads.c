/*
 * The list of all threads, in debug builds.
 */
#include "thread/debug_threads.h"

#include "lib/string.h"

#if REL4_DEBUG
struct tcb *debug_threads;

/* Appends as much of a text to a thread's name as fits. */
static void append(struct tcb *thread, const char *text)
{
    size_t length = strlen(thread->name);

    for (; *text && length < THREAD_NAME_MAX - 1; text++) {
        thread->name[length++] = *text;
    }
    thread->name[length] = 0;
}

void thread_debug_register(struct tcb *thread, const char *name, const struct tcb *creator)
{
    thread->debug_prev = NULL;
    thread->debug_next = debug_threads;
    if (debug_threads) {
        debug_threads->debug_prev = thread;
    }
    debug_threads = thread;
    thread->name[0] = 0;
    append(thread, name);
    if (creator) {
        append(thread, creator->name);
        append(thread, "'");
    }
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
#endif
