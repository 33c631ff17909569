/*
 * Finding interrupt controllers in the device tree.
 */
#include "arch/controllers.h"

#include "arch/riscv64/contexts.h"
#include "boot/fail.h"
#include "boot/platform.h"
#include "lib/bits.h"

#define LAST_SOURCE_MAX     1023 /* of a PLIC and of an APLIC */
#define UINTC_SIZE          0x4000
#define UINTC_EXTENDED_SIZE 0x4040

/* Default for where the number of a group of harts begins in the addresses of IMSICs. */
#define GROUP_SHIFT 24

bool controllers_withhold(const struct fdt_property *compatible)
{
    static const char *const names[] = {
        "sifive,plic-1.0.0",
        "riscv,plic0",
        "riscv,aplic",
        "riscv,imsics",
        "riscv,uintc0",
        "thead,c900-plic",
        "thead,c900-clint",
        "andestech,nceplic100",
        "andestech,plmt0",
        "andestech,plicsw",
        "sifive,clint0",
        "riscv,clint0",
        "riscv,aclint-mswi",
        "riscv,aclint-mtimer",
        "riscv,aclint-sswi",
        "thead,c900-aclint-mswi",
        "thead,c900-aclint-mtimer",
        "thead,c900-aclint-sswi",
        "nuclei,ux900-aclint-mswi",
        "nuclei,ux900-aclint-mtimer",
        "mips,p8700-aclint-sswi",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        if (fdt_has_string(compatible, names[i])) {
            return true;
        }
    }
    return false;
}

/* The last connection of an extended controller is the line that wakes the kernel. Slots: 512 of 32
 * bytes. */
static void add_uintc(struct tree_walk *walk, const struct fdt_property *compatible, struct region region)
{
    struct controllers *controllers = &walk->platform->controllers;
    struct fdt_property targets;

    if (controllers->uintc.end || region.end - region.start < UINTC_SIZE) {
        return;
    }
    controllers->uintc = region;
    controllers->uintc_extended =
        fdt_has_string(compatible, "rel4,uintc1") && region.end - region.start >= UINTC_EXTENDED_SIZE &&
        node_get(walk, "interrupts-extended", &targets) && targets.size >= 8 &&
        fdt_number(&targets, targets.size / 4 - 1, 1, &controllers->uintc_wake_source);
}

static void add_plic(struct tree_walk *walk, struct region region)
{
    struct controllers *controllers = &walk->platform->controllers;
    struct controller *plic = &controllers->plics[controllers->plic_count];

    if (controllers->plic_count == ARRAY_SIZE(controllers->plics)) {
        boot_fail("the device tree has more than %lu interrupt controllers (PLIC)",
                  ARRAY_SIZE(controllers->plics));
    }
    plic->region = region;
    if (!node_number(walk, "riscv,ndev", &plic->last_source)) {
        boot_fail("the device tree does not say how many interrupts the PLIC at %lx has (riscv,ndev)",
                  region.start);
    }
    if (plic->last_source > LAST_SOURCE_MAX) {
        boot_fail("the PLIC at %lx has more interrupts than a PLIC can have (riscv,ndev is %lu)",
                  region.start, plic->last_source);
    }
    node_get(walk, "interrupts-extended", &plic->targets);
    if (controllers->plic_count++ == 0 || plic->last_source < controllers->last_source) {
        controllers->last_source = plic->last_source;
    }
}

static void add_aplic(struct tree_walk *walk, struct region region)
{
    struct controllers *controllers = &walk->platform->controllers;

    if (controllers->aplic_count == ARRAY_SIZE(controllers->aplics)) {
        return;
    }
    struct controller *aplic = &controllers->aplics[controllers->aplic_count++];
    aplic->region = region;
    node_number(walk, "msi-parent", &aplic->msi_parent);
    node_get(walk, "interrupts-extended", &aplic->targets);
    node_get(walk, "riscv,hart-indexes", &aplic->target_indices);
    node_number(walk, "riscv,num-sources", &aplic->last_source);
    if (aplic->last_source > LAST_SOURCE_MAX) {
        aplic->last_source = 0;
    }
}

/* Ignores interrupt files of machine level, and all nodes after the first. */
static void add_imsics(struct tree_walk *walk)
{
    struct platform_imsics *imsics = &walk->platform->controllers.imsics;
    struct platform_imsics found = { .group_shift = GROUP_SHIFT };
    struct fdt_property reg;
    uint32_t place;

    if (imsics->phandle || !node_get(walk, "interrupts-extended", &found.targets) ||
        !find_target(&found.targets, NULL, &place) || !node_get(walk, "reg", &reg) ||
        !node_number(walk, "phandle", &found.phandle)) {
        return;
    }
    node_number(walk, "riscv,num-ids", &found.last_identity);
    node_number(walk, "riscv,guest-index-bits", &found.guest_bits);
    while (bit((unsigned)found.hart_bits) < found.targets.size / 8) {
        found.hart_bits++;
    }
    node_number(walk, "riscv,hart-index-bits", &found.hart_bits);
    node_number(walk, "riscv,group-index-bits", &found.group_bits);
    node_number(walk, "riscv,group-index-shift", &found.group_shift);
    while (found.region_count < ARRAY_SIZE(found.regions)) {
        struct region *region = &found.regions[found.region_count];
        if (!node_region(walk, &reg, found.region_count, region) || !region_in_window(region)) {
            break;
        }
        found.region_count++;
    }
    *imsics = found;
}

void controllers_visit(struct tree_walk *walk, const struct fdt_property *compatible, struct region region)
{
    if (fdt_has_string(compatible, "sifive,plic-1.0.0") || fdt_has_string(compatible, "riscv,plic0")) {
        add_plic(walk, region);
    } else if (fdt_has_string(compatible, "riscv,aplic")) {
        add_aplic(walk, region);
    } else if (fdt_has_string(compatible, "riscv,imsics")) {
        add_imsics(walk);
    } else if (fdt_has_string(compatible, "riscv,uintc0")) {
        add_uintc(walk, compatible, region);
    }
}

/* The kernel writes to its interrupt controllers, so they must not lie in memory. */
static void check_controller(const struct platform *platform, struct region controller)
{
    if (controller.end && platform_has_memory_at(platform, controller)) {
        boot_fail("the device tree has an interrupt controller at %lx, in memory", controller.start);
    }
}

void controllers_check(struct platform *platform)
{
    struct controllers *controllers = &platform->controllers;

    check_controller(platform, controllers->uintc);
    for (unsigned i = 0; i < controllers->plic_count; i++) {
        check_controller(platform, controllers->plics[i].region);
    }
    for (unsigned i = 0; i < controllers->aplic_count; i++) {
        check_controller(platform, controllers->aplics[i].region);
    }
    for (unsigned i = 0; i < controllers->imsics.region_count; i++) {
        check_controller(platform, controllers->imsics.regions[i]);
    }
    /* The wake line must exist, and must reach all harts: with several PLICs it is on one of them. It
     * does not work with an APLIC. */
    controllers->uintc_extended = controllers->uintc_extended && controllers->plic_count == 1 &&
                                  controllers->uintc_wake_source >= 1 &&
                                  controllers->uintc_wake_source <= controllers->last_source;
}
