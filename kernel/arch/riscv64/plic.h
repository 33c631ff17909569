/*
 * The platform-level interrupt controller, by the RISC-V PLIC specification 1.0: interrupts.h for harts that
 * have one. Enable bits, and claims, are each hart's own, so there is nothing to configure.
 */
#pragma once

#include "arch/window.h"
#include "thread/hart.h"

/* Threshold and claim/complete are here, 0x1000 per context. */
#define PLIC_CONTEXT 0x200000

/* phys is the address of a controller, of which there may be several; sources above last_source, which is the
 * same for all, are not used. A hart's own is in its record. Disables everything. False if nothing
 * answers there. Before the hart takes traps of others. */
bool plic_init(word_t phys, unsigned last_source);
void plic_init_hart(const struct hart *hart);

void plic_enable(const struct hart *hart, unsigned source);
void plic_disable(const struct hart *hart, unsigned source);

static inline volatile uint32_t *plic_register(word_t plic, word_t offset)
{
    return phys_to_ptr(plic + offset);
}

static inline volatile uint32_t *plic_claim_register(const struct hart *hart)
{
    return plic_register(hart->arch.plic, PLIC_CONTEXT + 0x1000 * hart->arch.interrupt_context + 4);
}

static inline unsigned plic_claim(const struct hart *hart)
{
    return *plic_claim_register(hart);
}

static inline void plic_complete(const struct hart *hart, unsigned source)
{
    *plic_claim_register(hart) = source;
}
