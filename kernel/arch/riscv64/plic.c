/*
 * PLIC registers: priorities at 0, enable bits at 0x2000 + 0x80 per context, threshold and claim/complete at
 * 0x200000 + 0x1000 per context.
 */
#include "arch/riscv64/plic.h"

#include "arch/riscv64/probe.h"

#define PLIC_ENABLE 0x2000

#define SOURCE_PRIORITY 2

static unsigned plic_last_source;

static volatile uint32_t *enable_register(const struct hart *hart, unsigned source)
{
    return plic_register(hart->arch.plic,
                         PLIC_ENABLE + 0x80 * hart->arch.interrupt_context + 4ul * (source / 32));
}

bool plic_init(word_t phys, unsigned last_source)
{
    if (!instruction_runs("lw %0, 0(%[priority])", [priority] "r"(plic_register(phys, 4)))) {
        return false;
    }
    plic_last_source = last_source;
    for (unsigned source = 1; source <= last_source; source++) {
        *plic_register(phys, 4ul * source) = SOURCE_PRIORITY;
    }
    return true;
}

void plic_init_hart(const struct hart *hart)
{
    for (unsigned source = 0; source <= plic_last_source; source += 32) {
        *enable_register(hart, source) = 0;
    }
    *plic_register(hart->arch.plic, PLIC_CONTEXT + 0x1000 * hart->arch.interrupt_context) = 0;
}

void plic_enable(const struct hart *hart, unsigned source)
{
    *enable_register(hart, source) |= 1u << (source % 32);
    /* QEMU checks whether the source is pending only when a priority is written. */
    *plic_register(hart->arch.plic, 4ul * source) = SOURCE_PRIORITY;
}

void plic_disable(const struct hart *hart, unsigned source)
{
    *enable_register(hart, source) &= ~(1u << (source % 32));
}
