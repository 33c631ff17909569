/*
 * What the steps of the demo share: one function per step, and how a step reports.
 */
#pragma once

#include <stdbool.h>

#include <sel4/simple.h>

/* Each step prints what it does and returns whether it worked. */
bool show_memory(void);
bool run_threads(void);
bool call_server(void);
bool map_memory(void);
bool handle_fault(void);
bool revoke_objects(void);

/* Prints one line as printf() does, indented. Threads take turns, line by line. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Returns true if there was no error; otherwise says what failed and how. */
bool worked(seL4_Error error, const char *what);

/* The same for something that has no error code but either is there or not. */
bool exists(bool there, const char *what);
