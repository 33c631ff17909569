/*
 * Which controller a hart has is in its record. Machines with a PLIC pay as little as can be for the others.
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

/* False if the hart does not have what the device tree says. */
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

/* No hart before this one has the same interrupt controller. */
static bool is_first_of_controller(unsigned hart)
{
    unsigned first = 0;

    while (harts_table[first].arch.plic != harts_table[hart].arch.plic ||
           harts_table[first].arch.aplic != harts_table[hart].arch.aplic) {
        first++;
    }
    return first == hart;
}

/* Initialises each APLIC in use, and tries out whether the boot hart has its IMSIC; the others are looked at
 * when they start. Returns what is wrong, or NULL. */
static const char *init_aplics(const struct controllers *controllers)
{
    const char *wrong = NULL;

    for (unsigned i = 0; !wrong && i < harts_online; i++) {
        if (is_first_of_controller(i)) {
            wrong = aplic_init(harts_table[i].arch.aplic, (unsigned)controllers->last_source,
                               (unsigned)controllers->last_identity);
        }
    }
    if (!wrong && !interrupt_init_hart(&harts_table[0])) {
        wrong = "the hart does not have the IMSIC of the device tree";
    }
    return wrong;
}

/* Initialises each PLIC in use. */
static void init_plics(const struct controllers *controllers)
{
    for (unsigned i = 0; controllers->plic_count && i < harts_online; i++) {
        word_t plic = harts_table[i].arch.plic;
        if (is_first_of_controller(i) && !plic_init(plic, (unsigned)controllers->last_source)) {
            boot_fail("where the device tree has an interrupt controller, at %lx, there is none", plic);
        }
    }
}

unsigned controllers_init(struct controllers *controllers, const char *missing)
{
    init_plics(controllers);
    if (!missing && !controllers->plic_count) {
        missing = init_aplics(controllers);
    }
    if (missing) {
        log_info("%s: no device interrupts\n", missing);
        controllers->last_source = 0;
        for (unsigned i = 0; i < harts_online; i++) {
            harts_table[i].arch.aplic = 0;
        }
    } else {
        log_debug("device interrupts come through %s\n", controllers->plic_count      ? "a PLIC"
                                                         : controllers->last_identity ? "an APLIC and IMSICs"
                                                                                      : "an APLIC");
    }
    return (unsigned)controllers->last_source;
}

void controllers_init_hart(const struct hart *hart)
{
    if (!interrupt_init_hart(hart)) {
        boot_fail("hart %lu does not have the IMSIC of the device tree", hart->arch.hart_id);
    }
}
