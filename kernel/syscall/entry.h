/*
 * The synchronous front door, called by the trap entry (arch/riscv64/entry.S). Both return the thread to run.
 */
#pragma once

#include "thread/tcb.h"

/* An ecall: capability, message info and number are a0, a1 and a7 as they came. */
struct tcb *handle_syscall(struct tcb *thread, word_t pointer, word_t info, word_t number);

/* Any other trap, by its scause. */
struct tcb *handle_trap(struct tcb *thread, word_t cause);

/* The programs of this boot use the numbering of single-node builds. */
extern bool abi_up;
/* Debug output is available to programs. */
extern bool console_enabled;
