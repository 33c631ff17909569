/*
 * Where the trap entry (entry.S) goes for everything but a system call.
 */
#pragma once

#include "lib/types.h"

struct tcb;

/* Handles a trap of a thread, by its scause. Ends in return_to_user. */
void handle_trap(struct tcb *thread, word_t cause);
