/*
 * What rel4_init() was given, for the rest of the library.
 */
#pragma once

#include <stdbool.h>

#include <rel4/rel4.h>

extern struct rel4_resources rel4_resources;

/* Whether rel4_signal() is to use the instruction where it can. */
bool rel4_sends_by_instruction(void);

/* An empty slot, or null when all are taken. Any number of threads may call it at the same time. */
seL4_CPtr rel4_take_slot(void);
