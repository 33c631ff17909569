/*
 * Declarations that the steps of async-demo share. Each step runs in a coroutine; those of its calls whose
 * name begins with rel4_ go through the request ring.
 */
#pragma once

#include <stdbool.h>

#include <rel4/async.h>
#include <sel4/simple.h>

/* The queue that carries the calls; its capability also writes to the console. */
extern seL4_CPtr demo_queue;

/* Prints the expected and the seen number, and notes whether they are the same. */
void expect(const char *what, seL4_Word expected, seL4_Word seen);

/* The same for true and false. */
void expect_fact(const char *what, bool expected, bool seen);

/* The same for an error, by name. */
void expect_error(const char *what, int expected, int seen);

/* Prints an explanation. */
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
 * Accesses that may fault. The thread's fault handler records the fault and resumes the thread after the
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
