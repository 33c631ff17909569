/*
 * Finds interrupt controllers in the device tree, and connects harts to them: which controller interrupts a
 * hart, and the number of the hart there. The device tree is not trusted: each number is checked to lie
 * inside of the registers of the controller.
 */
#include "arch/controllers.h"

#include "arch/riscv64/aplic.h"
#include "boot/fail.h"
#include "boot/platform.h"
#include "lib/bits.h"
#include <sel4/abi.h>

#define LAST_SOURCE_MAX     1023 /* of a PLIC and of an APLIC */
#define UINTC_SIZE          0x4000
#define UINTC_EXTENDED_SIZE 0x4040

/* Default for where the number of a group of harts begins in the addresses of IMSICs. */
#define GROUP_SHIFT 24

#define IRQ_SUPERVISOR_EXTERNAL 9

#define PLIC_CONTEXTS     0x200000
#define PLIC_CONTEXT_SIZE 0x1000

/* Largest number of a hart that a source can have as target. */
#define HART_INDEX_MAX 0x3fff

/* Largest identity of an interrupt file. */
#define LAST_IDENTITY_MAX 2047

/* Limits for the fields of the address of an interrupt file: more than any machine has, and no shift too
 * far. */
#define GUEST_BITS_MAX  7
#define HART_BITS_MAX   15
#define GROUP_BITS_MAX  7
#define GROUP_SHIFT_MAX 55

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

/* Finds the place of a hart's supervisor mode, or with hart NULL of any hart's, among the targets of a
 * controller (its interrupts-extended): pairs of the interrupt controller of a hart, and one of its inputs.
 */
static bool find_target(const struct fdt_property *targets, const struct platform_hart *hart, uint32_t *place)
{
    word_t phandle, input;

    for (uint32_t i = 0; fdt_number(targets, 2 * i, 1, &phandle) && fdt_number(targets, 2 * i + 1, 1, &input);
         i++) {
        if ((!hart || phandle == hart->interrupt_phandle) && input == IRQ_SUPERVISOR_EXTERNAL) {
            *place = i;
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

/* Where a controller has the registers of its contexts, and how many bytes each takes. */
struct contexts {
    word_t start, size;
};

static const struct contexts plic_contexts = { PLIC_CONTEXTS, PLIC_CONTEXT_SIZE };
static const struct contexts aplic_contexts = { APLIC_DELIVERY, APLIC_DELIVERY_SIZE };

/* Returns true if the controller interrupts the hart directly. */
static bool connect(const struct controller *controller, struct contexts contexts, struct platform_hart *hart)
{
    word_t index;
    uint32_t place;

    if (!find_target(&controller->targets, hart, &place)) {
        return false;
    }
    index = place;
    if (controller->target_indices.size && !fdt_number(&controller->target_indices, place, 1, &index)) {
        return false;
    }
    hart->interrupts = (struct hart_connection){ controller, index };
    return index <= HART_INDEX_MAX &&
           contexts.start + (index + 1) * contexts.size <= controller->region.end - controller->region.start;
}

/* Connects the first count harts to controllers of a list. Returns the first hart that none of them
 * interrupts, or NULL. */
static const struct platform_hart *connect_all(struct platform *platform, unsigned count,
                                               const struct controller *list, unsigned length,
                                               struct contexts contexts)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned tried = 0;
        while (tried < length && !connect(&list[tried], contexts, &platform->harts[i])) {
            tried++;
        }
        if (tried == length) {
            return &platform->harts[i];
        }
    }
    return NULL;
}

/* Finds the number of the hart that has the interrupt file at a place: the fields of its address that
 * select it. */
static bool find_file(const struct platform_imsics *imsics, word_t place, word_t *index)
{
    unsigned file_bits = ABI_PAGE_BITS + (unsigned)imsics->guest_bits;

    for (unsigned i = 0; i < imsics->region_count; i++) {
        const struct region *region = &imsics->regions[i];
        word_t files = (region->end - region->start) >> file_bits;
        if (place < files) {
            word_t address = region->start + (place << file_bits);
            word_t group = address >> imsics->group_shift & mask((unsigned)imsics->group_bits);
            *index = group << imsics->hart_bits | (address >> file_bits & mask((unsigned)imsics->hart_bits));
            return *index <= HART_INDEX_MAX;
        }
        place -= files;
    }
    return false;
}

/* Returns the APLIC that sends all messages: of several, the one with the lowest address. */
static const struct controller *find_sender(const struct controllers *controllers)
{
    const struct controller *sender = NULL;

    for (unsigned i = 0; i < controllers->aplic_count; i++) {
        const struct controller *aplic = &controllers->aplics[i];
        if (controllers->imsics.phandle && aplic->msi_parent == controllers->imsics.phandle &&
            (!sender || aplic->region.start < sender->region.start)) {
            sender = aplic;
        }
    }
    return sender;
}

static const char *find_messages(struct platform *platform, const struct controller *sender, unsigned count)
{
    const struct platform_imsics *imsics = &platform->controllers.imsics;

    if (imsics->guest_bits > GUEST_BITS_MAX || imsics->hart_bits > HART_BITS_MAX ||
        imsics->group_bits > GROUP_BITS_MAX || imsics->group_shift > GROUP_SHIFT_MAX) {
        return "the device tree has addresses of IMSICs that cannot be";
    }
    if (imsics->last_identity < 1 || imsics->last_identity > LAST_IDENTITY_MAX) {
        return "the device tree does not say how many identities the IMSICs have (riscv,num-ids)";
    }
    for (unsigned i = 0; i < count; i++) {
        struct platform_hart *hart = &platform->harts[i];
        uint32_t place;
        if (!find_target(&imsics->targets, hart, &place) ||
            !find_file(imsics, place, &hart->interrupts.context)) {
            return "the device tree has harts without an IMSIC";
        }
        hart->interrupts.controller = sender;
    }
    return NULL;
}

/* Computes how many sources all APLICs in use have. */
static const char *count_sources(struct platform *platform, unsigned count)
{
    word_t last = platform->harts[0].interrupts.controller->last_source;

    for (unsigned i = 0; i < count; i++) {
        const struct controller *aplic = platform->harts[i].interrupts.controller;
        if (aplic->region.end - aplic->region.start < APLIC_DELIVERY) {
            return "the device tree has an APLIC with too few registers";
        }
        last = min_word(last, aplic->last_source);
    }
    if (last == 0) {
        return "the device tree does not say how many interrupts the APLIC has (riscv,num-sources)";
    }
    platform->controllers.last_source = last;
    return NULL;
}

static const char *connect_aplics(struct platform *platform, unsigned count)
{
    struct controllers *controllers = &platform->controllers;
    const struct controller *sender = find_sender(controllers);
    const char *missing = NULL;

    if (sender) {
        missing = find_messages(platform, sender, count);
    } else if (connect_all(platform, count, controllers->aplics, controllers->aplic_count, aplic_contexts)) {
        missing = "the device tree has harts that no APLIC interrupts";
    }
    if (!missing) {
        missing = count_sources(platform, count);
    }
    if (!missing && sender) {
        controllers->last_identity = controllers->imsics.last_identity;
        controllers->last_source = min_word(controllers->last_source, controllers->last_identity);
    }
    for (unsigned i = 0; missing && i < count; i++) {
        platform->harts[i].interrupts.controller = NULL;
    }
    return missing;
}

const char *controllers_connect(struct platform *platform, unsigned count)
{
    struct controllers *controllers = &platform->controllers;

    if (controllers->plic_count) {
        const struct platform_hart *alone =
            connect_all(platform, count, controllers->plics, controllers->plic_count, plic_contexts);
        if (alone) {
            boot_fail("the device tree connects hart %lu to no interrupt controller", alone->hart_id);
        }
        return NULL;
    }
    return controllers->aplic_count ? connect_aplics(platform, count)
                                    : "no interrupt controller that the kernel knows (PLIC, APLIC)";
}
