/*
 * Handlers of traps other than system calls.
 */
#pragma once

#include "lib/types.h"

struct tcb;

/* Handles a trap of a thread, by its scause. Called by entry.S; ends in return_to_user. */
void handle_trap(struct tcb *thread, word_t cause);

/* Emulates an instruction that was illegal. Returns false if it is none of user interrupts, or not
 * allowed to the thread. */
bool uintr_emulate(struct tcb *thread, word_t instruction);
