/*
 * Which controller a hart has is in its record.
 */
#include "arch/riscv64/interrupts.h"

#include "arch/riscv64/plic.h"
#include "thread/hart.h"

static bool has_plic(const struct hart *hart)
{
    return likely(hart->arch.plic);
}

void interrupt_init_hart(const struct hart *hart)
{
    if (has_plic(hart)) {
        plic_init_hart(hart);
    }
}

void interrupt_configure(const struct hart *hart, unsigned source, bool edge)
{
    (void)hart;
    (void)source;
    (void)edge;
}

void interrupt_enable(const struct hart *hart, unsigned source)
{
    io_fence();
    plic_enable(hart, source);
    io_fence();
}

void interrupt_disable(const struct hart *hart, unsigned source)
{
    io_fence();
    plic_disable(hart, source);
    io_fence();
}

unsigned interrupt_claim(const struct hart *hart)
{
    unsigned source = has_plic(hart) ? plic_claim(hart) : 0;

    io_fence();
    return source;
}

void interrupt_complete(const struct hart *hart, unsigned source)
{
    io_fence();
    plic_complete(hart, source);
    io_fence();
}
