/*
 * Which interrupt controller a hart has, and which number it has there. Nothing of what the device tree says
 * about that is trusted: an index is inside of the controller's registers.
 */
#include "arch/riscv64/contexts.h"

#include "arch/riscv64/aplic.h"
#include "boot/fail.h"
#include "boot/platform.h"
#include <sel4/abi.h>

#define IRQ_SUPERVISOR_EXTERNAL 9

#define PLIC_CONTEXTS     0x200000
#define PLIC_CONTEXT_SIZE 0x1000

/* Of the number of a hart in the target of a source. */
#define HART_INDEX_MAX 0x3fff

/* Of an interrupt file. */
#define LAST_IDENTITY_MAX 2047

/* What the address of an interrupt file can be made of: more than any machine has, and no shift too far. */
#define GUEST_BITS_MAX  7
#define HART_BITS_MAX   15
#define GROUP_BITS_MAX  7
#define GROUP_SHIFT_MAX 55

/* Targets are pairs: a hart's own interrupt controller, and one of its inputs. */
static bool get_target(const struct fdt_property *targets, uint32_t i, word_t *phandle, word_t *input)
{
    return fdt_number(targets, 2 * i, 1, phandle) && fdt_number(targets, 2 * i + 1, 1, input);
}

bool is_of_supervisor(const struct fdt_property *targets)
{
    word_t phandle, input;

    for (uint32_t i = 0; get_target(targets, i, &phandle, &input); i++) {
        if (input == IRQ_SUPERVISOR_EXTERNAL) {
            return true;
        }
    }
    return false;
}

/* The place of the hart's supervisor mode among the targets. */
static bool find_target(const struct fdt_property *targets, const struct platform_hart *hart, uint32_t *place)
{
    word_t phandle, input;

    for (uint32_t i = 0; get_target(targets, i, &phandle, &input); i++) {
        if (phandle == hart->interrupt_phandle && input == IRQ_SUPERVISOR_EXTERNAL) {
            *place = i;
            return true;
        }
    }
    return false;
}

static bool find_plic_context(const struct platform_plic *plic, struct platform_hart *hart)
{
    uint32_t place;

    if (!find_target(&plic->targets, hart, &place)) {
        return false;
    }
    hart->interrupts.plic = plic;
    hart->interrupts.context = place;
    return PLIC_CONTEXTS + ((word_t)place + 1) * PLIC_CONTEXT_SIZE <= plic->region.end - plic->region.start;
}

static void find_plics(struct platform *platform, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned tried = 0;
        while (tried < platform->controllers.plic_count &&
               !find_plic_context(&platform->controllers.plics[tried], &platform->harts[i])) {
            tried++;
        }
        if (tried == platform->controllers.plic_count) {
            boot_fail("the device tree connects hart %lu to no interrupt controller",
                      platform->harts[i].hart_id);
        }
    }
}

/* An APLIC that interrupts the hart directly. */
static bool find_delivery(const struct platform_aplic *aplic, struct platform_hart *hart)
{
    word_t index;
    uint32_t place;

    if (!find_target(&aplic->targets, hart, &place)) {
        return false;
    }
    index = place;
    if (aplic->target_indices.size && !fdt_number(&aplic->target_indices, place, 1, &index)) {
        return false;
    }
    hart->interrupts.aplic = aplic;
    hart->interrupts.context = index;
    return index <= HART_INDEX_MAX &&
           APLIC_DELIVERY + (index + 1) * APLIC_DELIVERY_SIZE <= aplic->region.end - aplic->region.start;
}

/* The number of the hart with the interrupt file at a place: those parts of its address that choose it. */
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

/* All messages come from one APLIC: of several, that with the lowest address. */
static const struct platform_aplic *find_sender(const struct platform *platform)
{
    const struct platform_aplic *sender = NULL;

    for (unsigned i = 0; i < platform->controllers.aplic_count; i++) {
        const struct platform_aplic *aplic = &platform->controllers.aplics[i];
        if (platform->controllers.imsics.phandle &&
            aplic->msi_parent == platform->controllers.imsics.phandle &&
            (!sender || aplic->region.start < sender->region.start)) {
            sender = aplic;
        }
    }
    return sender;
}

static const char *find_messages(struct platform *platform, const struct platform_aplic *sender,
                                 unsigned count)
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
        hart->interrupts.aplic = sender;
    }
    return NULL;
}

static const char *find_deliveries(struct platform *platform, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned tried = 0;
        while (tried < platform->controllers.aplic_count &&
               !find_delivery(&platform->controllers.aplics[tried], &platform->harts[i])) {
            tried++;
        }
        if (tried == platform->controllers.aplic_count) {
            return "the device tree has harts that no APLIC interrupts";
        }
    }
    return NULL;
}

/* The sources that all APLICs in use have. */
static const char *count_sources(struct platform *platform, unsigned count)
{
    word_t last = platform->harts[0].interrupts.aplic->last_source;

    for (unsigned i = 0; i < count; i++) {
        const struct platform_aplic *aplic = platform->harts[i].interrupts.aplic;
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

static const char *find_aplics(struct platform *platform, unsigned count)
{
    const struct platform_aplic *sender = find_sender(platform);
    const char *missing = sender ? find_messages(platform, sender, count) : find_deliveries(platform, count);

    if (!missing) {
        missing = count_sources(platform, count);
    }
    if (!missing && sender) {
        platform->controllers.last_identity = platform->controllers.imsics.last_identity;
        platform->controllers.last_source =
            min_word(platform->controllers.last_source, platform->controllers.last_identity);
    }
    for (unsigned i = 0; missing && i < count; i++) {
        platform->harts[i].interrupts.aplic = NULL;
    }
    return missing;
}

const char *controllers_connect(struct platform *platform, unsigned count)
{
    if (platform->controllers.plic_count) {
        find_plics(platform, count);
        return NULL;
    }
    if (platform->controllers.aplic_count) {
        return find_aplics(platform, count);
    }
    return "no interrupt controller that the kernel knows (PLIC, APLIC)";
}
