/*
 * Which controller a hart has is in its record. Machines with a PLIC pay as little as can be for the others.
 */
#include "arch/interrupts.h"

#include "arch/riscv64/aplic.h"
#include "arch/riscv64/plic.h"
#include "thread/hart.h"

static bool has_plic(const struct hart *hart)
{
    return likely(hart->arch.plic);
}

bool interrupt_init_hart(const struct hart *hart)
{
    if (has_plic(hart)) {
        plic_init_hart(hart);
        return true;
    }
    return !hart->arch.aplic || aplic_init_hart(hart);
}

void interrupt_configure(const struct hart *hart, unsigned source, bool edge)
{
    io_fence();
    if (!has_plic(hart)) {
        aplic_configure(hart, source, edge);
    }
    io_fence();
}

void interrupt_enable(const struct hart *hart, unsigned source)
{
    io_fence();
    if (has_plic(hart)) {
        plic_enable(hart, source);
    } else {
        aplic_enable(hart, source);
    }
    io_fence();
}

void interrupt_disable(const struct hart *hart, unsigned source)
{
    io_fence();
    if (has_plic(hart)) {
        plic_disable(hart, source);
    } else {
        aplic_disable(hart, source);
    }
    io_fence();
}

unsigned interrupt_claim(const struct hart *hart)
{
    unsigned source = has_plic(hart) ? plic_claim(hart) : aplic_claim(hart);

    io_fence();
    return source;
}

void interrupt_complete(const struct hart *hart, unsigned source)
{
    io_fence();
    if (has_plic(hart)) {
        plic_complete(hart, source);
    } else {
        aplic_enable(hart, source);
    }
    io_fence();
}
