/*
 * The record of a hart says which controller it has. The functions test for a PLIC first, to cost least
 * there.
 */
#include "arch/interrupts.h"

#include "arch/controllers.h"
#include "arch/riscv64/aplic.h"
#include "arch/riscv64/plic.h"
#include "boot/fail.h"
#include "lib/print.h"
#include "thread/hart.h"

static bool has_plic(const struct hart *hart)
{
    return likely(hart->arch.plic);
}

/* Returns false if the hart lacks an interrupt file that the device tree has. */
static bool interrupt_init_hart(const struct hart *hart)
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

unsigned controllers_init(struct controllers *controllers, const char *missing)
{
    unsigned last_source = (unsigned)controllers->last_source;

    for (unsigned i = 0; !missing && i < harts_online; i++) {
        const struct hart_arch *arch = &harts_table[i].arch;
        if (i && arch->plic == harts_table[i - 1].arch.plic && arch->aplic == harts_table[i - 1].arch.aplic) {
            continue; /* the same controller; initialising one twice does no harm */
        }
        if (!arch->plic) {
            missing = aplic_init(arch->aplic, last_source, (unsigned)controllers->last_identity);
        } else if (!plic_init(arch->plic, last_source)) {
            boot_fail("where the device tree has an interrupt controller, at %lx, there is none", arch->plic);
        }
    }
    /* Other harts find out whether they have their IMSIC when they start. */
    if (!missing && !interrupt_init_hart(&harts_table[0])) {
        missing = "the hart does not have the IMSIC of the device tree";
    }
    if (!missing) {
        log_debug("device interrupts come through %s\n", controllers->plic_count      ? "a PLIC"
                                                         : controllers->last_identity ? "an APLIC and IMSICs"
                                                                                      : "an APLIC");
        return last_source;
    }
    log_info("%s: no device interrupts\n", missing);
    for (unsigned i = 0; i < harts_online; i++) {
        harts_table[i].arch.aplic = 0;
    }
    return 0;
}

void controllers_init_hart(const struct hart *hart)
{
    if (!interrupt_init_hart(hart)) {
        boot_fail("hart %lu does not have the IMSIC of the device tree", hart->arch.hart_id);
    }
}
