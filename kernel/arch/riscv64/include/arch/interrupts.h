/*
 * Device interrupts of a hart, through its controller: a PLIC, or an APLIC, which may send its interrupts
 * as messages to the IMSIC of the hart.
 *
 * All functions need the kernel lock. They are ordered with everything before and after them, also on the
 * harts that hold the lock before and afterwards. A hart without a controller has no sources, so only
 * interrupt_claim() is called for it. arch/controllers.h sets controllers up.
 */
#pragma once

#include "lib/types.h"

struct hart;

/* Chooses the hart that a source interrupts, and its trigger where there is a choice: edge or level.
 * Called before the first interrupt_enable() of a source that no hart has. */
void interrupt_configure(const struct hart *hart, unsigned source, bool edge);

/* Enables a source for the hart, or disables it. Interrupts that arrive while it is disabled are kept. */
void interrupt_enable(const struct hart *hart, unsigned source);
void interrupt_disable(const struct hart *hart, unsigned source);

/* Claims the pending source of the running hart with the highest priority, which does not interrupt
 * again before it is completed. Returns 0 if there is none. */
unsigned interrupt_claim(const struct hart *hart);

/* Completes an interrupt for the hart that claimed it: the source, which is enabled, may interrupt
 * again. */
void interrupt_complete(const struct hart *hart, unsigned source);
