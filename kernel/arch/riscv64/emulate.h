/*
 * Instructions and registers of user interrupts, emulated where the hardware does not have them.
 */
#pragma once

#include "thread/tcb.h"

/* Emulates an instruction that was illegal. Returns false if it is none of user interrupts, or not
 * allowed to the thread. */
bool uintr_emulate(struct tcb *thread, word_t instruction);
