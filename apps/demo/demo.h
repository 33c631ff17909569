/*
 * The steps of the demo, and functions by which they report.
 */
#pragma once

#include <stdbool.h>

#include <sel4/simple.h>

/* The steps. Each prints what it does and returns whether it worked. */
bool show_memory(void);
bool run_threads(void);
bool call_server(void);
bool map_memory(void);
bool handle_fault(void);
bool revoke_objects(void);

/* Prints one indented line, as printf() does. Several threads may call it: lines are not mixed. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Returns true if error is 0; otherwise prints what failed and how. */
bool worked(seL4_Error error, const char *what);

/* Returns there; prints what is missing if it is false. */
bool exists(bool there, const char *what);
