/*
 * Device interrupts of a hart, through the controller that the machine has: a PLIC, or an APLIC, which may
 * send its interrupts as messages to the hart's IMSIC.
 *
 * All functions need the kernel lock. What they do is ordered with everything before and behind them, also on
 * the harts that have the lock before and afterwards. A hart without a controller has no sources, so only
 * interrupt_claim() is called for it. How they are set up is in arch/controllers.h.
 */
#pragma once

#include "lib/types.h"

struct hart;

/* Before the first interrupt_enable() of a source that no hart has: it will interrupt this hart, and is
 * edge-triggered or level-triggered, if that can be chosen. */
void interrupt_configure(const struct hart *hart, unsigned source, bool edge);

/* Lets a source interrupt the hart, and no more. What comes meanwhile is kept. */
void interrupt_enable(const struct hart *hart, unsigned source);
void interrupt_disable(const struct hart *hart, unsigned source);

/* Takes the most important pending source of the running hart, which does not interrupt again before it is
 * completed; 0 when there is none. */
unsigned interrupt_claim(const struct hart *hart);

/* Tells the controller, in the name of the hart that claimed it, that an enabled source may interrupt again.
 */
void interrupt_complete(const struct hart *hart, unsigned source);
