/*
 * What the tests of coroutines share: an executor over a machine whose kernel only serves rings, and a trace
 * of what coroutines did.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sel4/errors.h>

#include "random.h"
#include "rel4_machine.h"

extern struct machine kernel;
extern struct rel4_executor executor;
extern char *memory; /* of the executor */
extern char trace[1024];
extern rel4_coroutine_id ids[MACHINE_COROUTINES];

/* An executor for so many coroutines, on a queue of two rings of 2^ring_bits items; threaded: the kernel is
 * another thread. */
void start(unsigned coroutines, unsigned ring_bits, bool threaded);
void stop(void);

/* The executor anew, on the same queue, for as many coroutines as at the start. */
void make_executor(unsigned coroutines);

/* The same for cmocka: 64 coroutines, 32 items, one thread. */
int set_up(void **state);
int tear_down(void **state);
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* Adds to the trace. */
void note(const char *text);

/* A call through the ring. -1: it would go by trap, which fails if the queue is faulted. */
int call(seL4_CPtr cap);

/* A call whose answer is a word; -1 as if nobody had answered. */
seL4_Word call_for_word(seL4_Word word);

/* Coroutines: notes what it is given; or the result of joining the one whose identifier it is given. */
void say(void *arg);
void join_and_say(void *arg);

/* Waits to be woken, notes what it is given, waits again, and notes "!". */
void wait_and_say(void *arg);

/* Calls a capability, that is, an error, and notes that error. */
void call_once(void *arg);
#define GOOD NULL
#define BAD  ((void *)2)
