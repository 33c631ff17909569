/*
 * Thread control blocks as objects: creation, invocations, destruction.
 */
#pragma once

#include "cap/ops.h"
#include "thread/tcb.h"

extern const struct cap_ops tcb_ops;

/* Makes a TCB of zeroed memory: inactive, on this hart, in the current domain, with a full time slice. */
void tcb_create(struct tcb *thread);
