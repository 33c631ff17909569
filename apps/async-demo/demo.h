/*
 * What the steps of async-demo share. Each step runs in a coroutine; all of its calls of the kernel whose
 * name begins with rel4_ go through the request ring.
 */
#pragma once

#include <stdbool.h>

#include <rel4/async.h>
#include <sel4/simple.h>

/* The capability of the queue that the calls go through; it also writes to the console. */
extern seL4_CPtr demo_queue;

/* Prints what was expected and what is seen, and remembers whether they are the same. */
void expect(const char *what, seL4_Word expected, seL4_Word seen);

/* The same for a fact. */
void expect_fact(const char *what, bool expected, bool seen);

/* The same for an error, by name. */
void expect_error(const char *what, int expected, int seen);

/* Prints a line that explains. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The steps.
 */
void show_output(void);
void show_notification(void);
void show_mapping(void);
void show_control(void);
void show_batch(void);

/*
 * Accesses that may fault. The thread's fault handler notes the fault and lets the thread go on behind the
 * access.
 */
struct fault {
    unsigned count; /* since the demo began */
    seL4_Word type;
    seL4_Word address;
    seL4_Word cause;
};

bool faults_init(void);
const struct fault *last_fault(void);
void try_store(seL4_Word address, seL4_Word value);
seL4_Word try_load(seL4_Word address);
