/*
 * The synchronous front door, called by the architecture's trap entry. No handler returns: each ends in
 * return_to_user, with the thread to run.
 */
#pragma once

#include "ipc/fastpath.h"

/* The handlers of system calls -1, -2, ... */
extern void (*const syscall_table[])(SYSCALL_ARGUMENTS);

/* An ecall with any other number, which is in a7: a debug call or a fault. */
void handle_other_syscall(SYSCALL_ARGUMENTS, word_t number);
