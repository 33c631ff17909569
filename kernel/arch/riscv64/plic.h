/*
 * The platform-level interrupt controller (RISC-V PLIC specification 1.0), behind interrupts.h. Each hart
 * has its own enable bits and claims, so there is nothing to configure.
 */
#pragma once

#include "arch/window.h"
#include "thread/hart.h"

/* Offset of threshold and claim/complete, 0x1000 bytes per context. */
#define PLIC_CONTEXT 0x200000

/* Disables all sources of a controller at phys. Machines may have several; sources above last_source,
 * which is the same for all of them, are not used. Returns false if nothing answers there. Before the
 * hart takes traps from others. */
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
