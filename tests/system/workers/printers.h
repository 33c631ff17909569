/*
 * Threads and rings that print strings, and cases of one that holds the console while others wait for it.
 *
 * Each case prints what should have come between two lines of its own, for tests/boot/put-string.t. Each line
 * of a string has as many bytes as the kernel prints at once, so a string ends or is interrupted between
 * lines: a letter, the line's number and how many there are. What should have come is a pattern of letters; a
 * small one is a string that never came to its end.
 *
 * How long a string takes has to be known here, so all of this is where instructions are the clock.
 */
#pragma once

#include "workers.h"

#define LINE_BYTES   64ul
#define HOLDER_LINES 14 /* nearly as many as fit */
#define WAITER_LINES 3
#define TEXT_BYTES   (HOLDER_LINES * LINE_BYTES)

struct printer {
    char text[TEXT_BYTES + 1];
    seL4_Word length;
    seL4_CPtr through; /* the capability that it prints by */
    struct test_thread *thread;
    struct rel4_queue *queue; /* if it prints by a ring */
    seL4_CPtr go;             /* if it has been started, and waits for that */
    seL4_CPtr done;
    seL4_Word bit; /* that done signals */
    volatile bool returned;
    volatile seL4_Error error;
};

/* A queue through which strings are printed. */
extern seL4_CPtr console;

/* What prints so many lines with a letter; and the entry of its thread, whose argument it is. */
struct printer *new_printer(char letter, unsigned lines);
void print(void *arg);

/* Puts the string where a system call of the printer's thread, or a request of its ring, finds it. */
void put_message(struct printer *printer);
void put_string(struct printer *printer);

/* A thread that prints, which has not been started; and a ring that prints, whose thread waits. */
struct printer *new_thread(char letter, unsigned lines, seL4_Word priority, seL4_Word node);
struct printer *new_ring(char letter, unsigned lines, seL4_Word priority, seL4_Word node);

void start_printing(struct printer *printer);
bool has_printed(struct printer *printer);

/* Waits until it has printed, without an error. */
void await_printed(struct printer *printer);

/* ---- A case ---- */

extern struct printer *holder, *waiters[4];
extern unsigned waiter_count;

/* Where the others are: another hart than the holder's, if there is one. */
seL4_Word last_node(void);

/* pattern: with a W where the waiters' letters come, in the order in which they should. */
void begin_case(const char *name);
void end_case(const char *pattern);

/* The holder is in the middle of its string, and does not run: this thread does. */
bool hold(struct printer *printer);

/*
 * Others come, and wait. On one hart they are as important as the holder, and ready before it; on several
 * they are on another one, less important or as important, and one of them is a ring.
 */
bool let_others_wait(void);

/* And then the holder can go on: until all of the others have printed, or it has. */
void await_others(void);
void await_holder(void);
