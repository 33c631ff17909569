/*
 * The advanced platform-level interrupt controller (RISC-V Advanced Interrupt Architecture 1.0, chapter 4),
 * behind interrupts.h. It interrupts harts directly or sends messages to their IMSICs, where a source has
 * its own number as identity.
 */
#pragma once

#include "lib/types.h"

struct hart;

/* Offset and size of the interrupt delivery control structures, one per hart. */
#define APLIC_DELIVERY      0x4000
#define APLIC_DELIVERY_SIZE 32

/* Disables all sources of a domain at supervisor level, whose address is phys. Machines may have several
 * domains; sources above last_source, which is the same for all of them, are not used. last_identity is
 * the last identity of the IMSICs, at least last_source, or 0 for direct delivery. Returns an error
 * message, or NULL. */
const char *aplic_init(word_t phys, unsigned last_source, unsigned last_identity);
bool aplic_init_hart(const struct hart *hart);

void aplic_configure(const struct hart *hart, unsigned source, bool edge);
void aplic_disable(const struct hart *hart, unsigned source);

/* Returns 0 also for a hart without a controller. */
unsigned aplic_claim(const struct hart *hart);

/* Also completes an interrupt. */
void aplic_enable(const struct hart *hart, unsigned source);
