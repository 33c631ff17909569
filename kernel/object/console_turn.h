/*
 * Whose turn it is on the console: a resource that a system call, or a request of a ring, holds until its
 * string is out. Others wait in a queue, the most important first, then in order; whoever lets it go gives it
 * to the first. Who is more important than the holder does not wait: it comes in between.
 *
 * A holder may be preempted. It loses its turn when it does anything but go on with that very call, and when
 * it has not gone on for a whole time slice while somebody waits. Where equals run instead, which make room
 * for it when their slices end, it is four slices: else rings that print beside busy threads would take the
 * console from one another in the middle of their strings. Who gets it goes to the head of its equals, so
 * that it runs before it loses it again, however many they are.
 *
 * Whose domain has no time counts as less important than all others.
 *
 * All functions need the kernel lock in exclusive mode.
 */
#pragma once

#include "thread/hart.h"
#include "thread/tcb.h"

/* Who has the console now; NULL if nobody has. */
extern struct schedulable *console_holder;

/* Those that wait for it. */
extern struct ready_queue console_waiters[REL4_NUM_DOMAINS];

/* Takes the console for a thread, or for the worker of one. False: it waits for it now, and is woken to try
 * again. */
bool console_take(struct schedulable *s);

/* The holder's call was preempted, and is to be repeated. */
void console_preempted(struct schedulable *s);

/* The general case of console_leave(). */
void console_leave_slow(struct schedulable *s);

/* It has the console no longer, and does not wait for it. */
static inline void console_leave(struct schedulable *s)
{
    if (unlikely(console_holder != NULL)) {
        console_leave_slow(s);
    }
}

/* A thread that has the console goes on with its call: the next system call on this hart is looked at. */
void console_watch_call(struct hart *hart);

/* The general cases of console_check_call() and console_check_trap(). */
void console_check_call_slow(struct tcb *thread);
void console_check_trap_slow(struct tcb *thread);

/* A thread has entered the kernel. If it has the console, and this is not the repetition of the call in which
 * it got that, it has it no longer. */
static inline void console_check_call(struct tcb *thread)
{
    if (unlikely(console_holder != NULL)) {
        console_check_call_slow(thread);
    }
}

/* The same for a trap that is no system call. What only interrupts the thread leaves it the console. */
static inline void console_check_trap(struct tcb *thread)
{
    if (unlikely(console_holder != NULL)) {
        console_check_trap_slow(thread);
    }
}

/* Priority, domain or hart of a thread change: neither it nor its worker waits in between. */
void console_begin_change(struct tcb *thread);
void console_end_change(struct tcb *thread);

/* A thread was moved to another hart. That counts as a tick: who is moved often might never see one. */
void console_moved(const struct tcb *thread);

/* A tick has come to this hart. */
void console_tick(const struct hart *hart);
