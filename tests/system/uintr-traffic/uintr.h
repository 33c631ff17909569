/*
 * What the tests of user interrupts share: threads that receive and send, and code in assembler.
 */
#pragma once

#include <rel4/uintr.h>

#include "actor.h"

/* Threads below the test's priority, for all that goes on by itself. */
#define UINTR_PRIORITY (TEST_PRIORITY - 10)

#define UINTR_THREADS 8

/* A notification, and all that a thread which receives it and sends to others needs. */
struct uintr_thread {
    seL4_CPtr notification; /* no badge, all rights */
    struct test_thread *thread;
    struct rel4_thread record;
    char stack[2048] __attribute__((aligned(16))); /* the handler's */
};
extern struct uintr_thread uintr_threads[UINTR_THREADS];

/* The record and the handler stack of the thread that runs the tests. */
extern struct rel4_thread uintr_record;
extern char uintr_stack[2048] __attribute__((aligned(16)));

/* Threads that do not use user interrupts find illegal instructions, and blocked receivers wake up at once.
 * Else this is hardware without gate and wake-up (uintr=plain): they find registers of zeroes, and the tick
 * wakes. */
bool uintr_is_complete(void);

/* Prepares the library, with memory and slots for this many sender tables. Once in each test. */
void uintr_set_up(enum rel4_sending sending, unsigned tables);

/* The calling thread becomes the receiver of a new notification, which is returned. For the test itself. */
seL4_CPtr uintr_receive_here(rel4_handler *handler, void *arg);

/* A thread with a notification bound to it. It has not been started, and is not registered. */
struct uintr_thread *uintr_thread_new(unsigned i, void (*entry)(void *), seL4_Word priority);

/* What such a thread does first: registers itself, with a handler. */
void uintr_register(struct uintr_thread *self, rel4_handler *handler, void *arg);

/* A word of a fixed sequence of pseudo-random words. */
seL4_Word uintr_random(seL4_Word *state);

/*
 * Lets others on this hart run, and then stays in user mode for a while: if all harts were in the kernel all
 * the time, a host with fewer processors would do little else than hand its lock from one to the next.
 */
void uintr_pause(void);

/* Far more than anything needs: a host that does other things may keep a hart for seconds, and what hangs is
 * ended by the job's time limit. */
#define UINTR_SPINS 200000000ul

/* Waits until the condition holds, letting others run; the test fails if it never does. */
#define WAIT_FOR(condition)                                  \
    do {                                                     \
        seL4_Word spins_ = 0;                                \
        while (!(condition) && ++spins_ < UINTR_SPINS) {     \
            seL4_Yield();                                    \
        }                                                    \
        if (!(condition)) {                                  \
            test_fail(__FILE__, __LINE__, "%s", #condition); \
        }                                                    \
    } while (0)

/* ---- code.S ---- */

/*
 * rel4_wait()'s sequence, with much between the look and the system call: user interrupts are turned on, then
 * come loops turns of a loop and a Yield. number is the system call. Returns whether it came to that. The
 * label says what the handler's entry needs to know.
 */
bool uintr_wide_sequence(seL4_CPtr src, const seL4_Word *woken, seL4_Word *badge, seL4_Word loops,
                         long number);
extern const char uintr_wide_start[], uintr_wide_end[];

/* All integer registers but sp, gp and tp, by number from x1 on, across a signal to the thread itself. */
struct uintr_registers {
    seL4_Word in[32], out[32];
};
void uintr_integer_across(struct uintr_registers *registers, seL4_Word index);

/* All floating-point registers and fcsr, while *stop is 0; the signal, if index is not -1, is sent first. */
struct uintr_floats {
    seL4_Word in[32], out[32];
    seL4_Word fcsr_in, fcsr_out;
};
void uintr_float_across(struct uintr_floats *floats, seL4_Word index, const volatile seL4_Word *stop);

/* One instruction each, at the places 0, 8, 16, ... with a breakpoint behind each, up to uintr_hostile_end.
 */
extern const char uintr_hostile[], uintr_hostile_end[];
