/*
 * The debug system calls.
 */
#pragma once

#include "thread/tcb.h"

/* False if there is no such call in this build. */
bool debug_syscall(struct tcb *thread, word_t argument, word_t number);
