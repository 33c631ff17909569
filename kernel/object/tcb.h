/*
 * Thread control blocks as objects: creation, invocations, destruction.
 */
#pragma once

#include "cap/ops.h"
#include "thread/tcb.h"

extern const struct cap_ops tcb_ops;

/* Makes a TCB of zeroed memory: inactive, on the hart and in the domain of the caller, with a full time
 * slice. */
void tcb_create(struct tcb *thread, const struct tcb *caller);
