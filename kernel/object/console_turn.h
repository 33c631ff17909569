/*
 * Turns on the console. A system call, or a request of a ring, holds the console until its string is printed.
 * Others wait in a queue, by priority and then in order, and the holder hands over to the first. A thread or
 * worker that is more important than the holder does not wait, but displaces it.
 *
 * A holder may be preempted. It loses its turn if it does anything but continue that call, or if it has not
 * continued for a time slice while somebody waits; for four time slices, if only equals ran instead. With
 * fewer, rings that print beside busy threads of their priority would interrupt each other's strings. The
 * next holder goes to the head of its priority, so that it runs before it can lose its turn.
 *
 * Threads whose domain is not the current one rank below all others.
 *
 * All functions need the kernel lock in exclusive mode.
 */
#pragma once

#include "thread/hart.h"
#include "thread/tcb.h"

/* Thread or worker that holds the console, or NULL. */
extern struct schedulable *console_holder;

/* Threads and workers that wait for the console. */
extern struct ready_queue console_waiters[REL4_NUM_DOMAINS];

/* Takes the console for a thread or worker. False: it waits now, and is woken to try again. */
bool console_take(struct schedulable *s);

/* Records which call of the holder was preempted and will be repeated. */
void console_preempted(struct schedulable *s);

/* The general case of console_leave(). */
void console_leave_slow(struct schedulable *s);

/* Ends the turn of a thread or worker, or its wait for one. */
static inline void console_leave(struct schedulable *s)
{
    if (unlikely(console_holder != NULL)) {
        console_leave_slow(s);
    }
}

/* Has the next system call on this hart checked, as the thread that returns to user mode holds the
 * console. */
void console_watch_call(struct hart *hart);

/* The general cases of console_check_call() and console_check_trap(). */
void console_check_call_slow(struct tcb *thread);
void console_check_trap_slow(struct tcb *thread);

/* Called when a thread enters the kernel. Ends its turn on the console, unless it repeats the call in which
 * it got that. */
static inline void console_check_call(struct tcb *thread)
{
    if (unlikely(console_holder != NULL)) {
        console_check_call_slow(thread);
    }
}

/* The same for a trap that is no system call. An interrupt leaves the thread its turn. */
static inline void console_check_trap(struct tcb *thread)
{
    if (unlikely(console_holder != NULL)) {
        console_check_trap_slow(thread);
    }
}

/* Called before and after priority, domain or hart of a thread change: in between neither the thread nor its
 * worker is in a queue. */
void console_begin_change(struct tcb *thread);
void console_end_change(struct tcb *thread);

/* Counts as a tick that a thread was moved to another hart; one that is moved often might never see a
 * tick. */
void console_moved(const struct tcb *thread);

/* Called at each tick of this hart. */
void console_tick(const struct hart *hart);
