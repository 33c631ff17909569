/*
 * The platform-level interrupt controller, by the RISC-V PLIC specification 1.0.
 *
 * All functions but plic_init() and plic_init_hart() need the kernel lock. What they do is ordered with
 * everything before and behind them, also on the harts that have the lock before and afterwards.
 */
#pragma once

#include "lib/types.h"

struct hart;

/* phys is the address of a controller, of which there may be several; sources above last_source, which is the
 * same for all, are not used. A hart's own is in its record. Disables everything. */
void plic_init(word_t phys, unsigned last_source);
void plic_init_hart(const struct hart *hart);

void plic_enable(const struct hart *hart, unsigned source);
void plic_disable(const struct hart *hart, unsigned source);

/* Takes the most important pending source of this hart; 0 when there is none. */
unsigned plic_claim(const struct hart *hart);

/* Tells the controller, in the name of the hart that claimed it, that a source may interrupt again. Has no
 * effect unless the source is enabled for that hart. */
void plic_complete(const struct hart *hart, unsigned source);
