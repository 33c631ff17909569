/*
 * The instructions and registers of user interrupts, carried out by the kernel where the hardware does not.
 */
#pragma once

#include "thread/tcb.h"

/* Carries out an instruction that was illegal. False if it is none of these, or not the thread's to use. */
bool uintr_emulate(struct tcb *thread, word_t instruction);
