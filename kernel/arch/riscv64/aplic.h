/*
 * The advanced platform-level interrupt controller, by the RISC-V Advanced Interrupt Architecture 1.0,
 * chapter 4: interrupts.h for harts that have one. It interrupts harts directly, or sends messages to their
 * IMSICs, in which a source has its own number as identity.
 */
#pragma once

#include "lib/types.h"

struct hart;

/* Where the interrupt delivery control structures of the harts begin, and their size. */
#define APLIC_DELIVERY      0x4000
#define APLIC_DELIVERY_SIZE 32

/* phys is the address of a domain of supervisor level, of which there may be several; sources above
 * last_source, which is the same for all, are not used. last_identity is that of the IMSICs, at least
 * last_source, or 0 for direct delivery. Disables everything. Returns what is wrong with it, or NULL. */
const char *aplic_init(word_t phys, unsigned last_source, unsigned last_identity);
bool aplic_init_hart(const struct hart *hart);

void aplic_configure(const struct hart *hart, unsigned source, bool edge);
void aplic_disable(const struct hart *hart, unsigned source);

/* 0 also for a hart without any controller. */
unsigned aplic_claim(const struct hart *hart);

/* Completes as well. */
void aplic_enable(const struct hart *hart, unsigned source);
