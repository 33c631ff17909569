/*
 * The device tree, as boot reads it: the input is a tree. Memory is exactly as large as the tree claims to
 * be. If the machine boots with it, what the kernel took note of is in order.
 */
#include "arch/console.h"
#include "arch/window.h"
#include "boot/platform.h"
#include "fuzz.h"

#include <string.h>

#define TREE_BYTES (1u << 16) /* of a tree that is tried; its size is no more than a number to the reader */
#define BOOT_HART  0

static struct platform platform;

/* Sorted, and apart from one another. */
static void check_regions(const struct regions *set)
{
    require(!set->overflow && set->count <= REGIONS_MAX);
    for (unsigned i = 0; i < set->count; i++) {
        require(set->list[i].start < set->list[i].end);
        require(i == 0 || set->list[i - 1].end < set->list[i].start);
    }
}

static bool is_inside(const struct fdt *tree, const struct fdt_property *property)
{
    return property->size == 0 ||
           (property->data >= tree->blob && property->data + property->size <= tree->blob + tree->size);
}

/* What the kernel would write to is a UART's registers and nobody else's. */
static void check_uart(void)
{
    struct region uart = platform.uart;

    if (uart.end == 0) {
        return;
    }
    word_t status = console_status_address(uart.start, platform.uart_shift);
    require(uart.start < status && status + platform.uart_width <= uart.end && uart.end <= PHYS_WINDOW_SIZE);
    require(platform.uart_width == 1 ||
            (platform.uart_width == 4 && is_aligned(uart.start, 2) && is_aligned(status, 2)));
    for (unsigned i = 0; i < platform.ram.count; i++) {
        require(!region_overlaps(platform.ram.list[i], uart));
    }
    for (unsigned i = 0; i < platform.reserved.count; i++) {
        require(!region_overlaps(platform.reserved.list[i], uart));
    }
    for (unsigned i = 0; i < platform.kernel_devices.count; i++) {
        require(!region_overlaps(platform.kernel_devices.list[i], uart));
    }
}

static void check_platform(const struct fdt *tree)
{
    check_regions(&platform.ram);
    check_regions(&platform.reserved);
    check_regions(&platform.kernel_devices);
    require(platform.hart_count >= 1 && platform.hart_count <= MAX_HARTS);
    require(platform.harts[0].hart_id == BOOT_HART);
    for (unsigned i = 1; i < platform.hart_count; i++) {
        require(platform.harts[i].hart_id != BOOT_HART);
        require(i == 1 || platform.harts[i - 1].hart_id < platform.harts[i].hart_id);
    }
    require(platform.controllers.plic_count <= ARRAY_SIZE(platform.controllers.plics));
    for (unsigned i = 0; i < platform.controllers.plic_count; i++) {
        const struct controller *plic = &platform.controllers.plics[i];
        require(plic->region.start < plic->region.end && is_inside(tree, &plic->targets));
        require(platform.controllers.last_source <= plic->last_source && plic->last_source <= 1023);
    }
    require(platform.controllers.aplic_count <= ARRAY_SIZE(platform.controllers.aplics));
    for (unsigned i = 0; i < platform.controllers.aplic_count; i++) {
        const struct controller *aplic = &platform.controllers.aplics[i];
        require(aplic->region.start < aplic->region.end && aplic->last_source <= 1023);
        require(is_inside(tree, &aplic->targets) && is_inside(tree, &aplic->target_indices));
    }
    require(platform.controllers.imsics.region_count <= ARRAY_SIZE(platform.controllers.imsics.regions));
    require(is_inside(tree, &platform.controllers.imsics.targets));
    check_uart();
    require(is_inside(tree, &platform.boot_arguments));
}

/* What the kernel would write to for a hart is inside of its controller's registers. */
static void check_hart(const struct platform_hart *hart, bool without)
{
    const struct controller *controller = hart->interrupts.controller;

    require(!controller == without);
    if (controller) {
        word_t size = controller->region.end - controller->region.start, context = hart->interrupts.context;
        word_t last_source = platform.controllers.last_source;
        require(size >= 0x4000 && context < 0x4000 && last_source <= controller->last_source);
        if (platform.controllers.plic_count) {
            require(context < size / 0x1000);
        } else {
            require(last_source >= 1);
            require(platform.controllers.last_identity ? last_source <= platform.controllers.last_identity
                                                       : 0x4000 + 32 * (context + 1) <= size);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fdt tree;

    if (size < FDT_HEADER_SIZE) {
        return 0;
    }
    uint32_t claimed = fdt_total_size(data);
    if (claimed == 0 || claimed > TREE_BYTES) {
        return 0;
    }
    uint8_t *volatile blob = calloc(1, claimed);
    require(blob);
    memcpy(blob, data, size < claimed ? size : claimed);
    if (fdt_open(&tree, blob) && !setjmp(fuzz_refused)) { /* NOLINT(cert-err52-cpp) */
        platform_read(&platform, &tree, BOOT_HART);
        check_platform(&tree);
        bool without = controllers_connect(&platform, platform.hart_count);
        for (unsigned i = 0; i < platform.hart_count; i++) {
            check_hart(&platform.harts[i], without);
        }
    }
    free(blob);
    return 0;
}
