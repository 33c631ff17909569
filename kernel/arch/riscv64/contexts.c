/*
 * Connects harts to interrupt controllers: which controller interrupts a hart, and the number of the hart
 * there. The device tree is not trusted: each number is checked to lie inside of the registers of the
 * controller.
 */
#include "arch/riscv64/contexts.h"

#include "arch/riscv64/aplic.h"
#include "boot/fail.h"
#include "boot/platform.h"
#include <sel4/abi.h>

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

/* Targets are pairs: the interrupt controller of a hart, and one of its inputs. */
static bool get_target(const struct fdt_property *targets, uint32_t i, word_t *phandle, word_t *input)
{
    return fdt_number(targets, 2 * i, 1, phandle) && fdt_number(targets, 2 * i + 1, 1, input);
}

bool find_target(const struct fdt_property *targets, const struct platform_hart *hart, uint32_t *place)
{
    word_t phandle, input;

    for (uint32_t i = 0; get_target(targets, i, &phandle, &input); i++) {
        if ((!hart || phandle == hart->interrupt_phandle) && input == IRQ_SUPERVISOR_EXTERNAL) {
            *place = i;
            return true;
        }
    }
    return false;
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
