/*
 * The resources that rel4_init() was given, for the rest of the library.
 */
#pragma once

#include <stdbool.h>

#include <rel4/rel4.h>

extern struct rel4_resources rel4_resources;

/* Returns whether rel4_signal() uses the instruction where it can. */
bool rel4_sends_by_instruction(void);

/* Takes an empty slot. Returns null when all are taken. Several threads may call it at the same time. */
seL4_CPtr rel4_take_slot(void);
