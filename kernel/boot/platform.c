/*
 * Walks over the device tree and records what the kernel needs.
 */
#include "boot/platform.h"

#include "arch/power.h"
#include "arch/timer.h"
#include "arch/window.h"
#include "boot/fail.h"
#include "boot/tree.h"
#include "boot/uart.h"
#include <sel4/abi.h>

static bool is_same_pages(struct region a, struct region b)
{
    a = region_around(a, ABI_PAGE_BITS);
    b = region_around(b, ABI_PAGE_BITS);
    return a.start == b.start && a.end == b.end;
}

/* Reserves memory, except for the file of the root task, which some boot loaders reserve: its memory is
 * free once it was copied. */
static void reserve(struct platform *platform, struct region region)
{
    if (!is_same_pages(region, platform->ramdisk)) {
        regions_add(&platform->reserved, region);
    }
}

static bool is_overfull(const struct platform *platform)
{
    return platform->ram.overflow || platform->reserved.overflow || platform->kernel_devices.overflow;
}

/* Calls a function for each piece of a region that has addresses of the machine: a bus may map a region
 * in parts, or only a part of it. */
static void for_each_piece(const struct tree_walk *walk, struct region region,
                           void (*what)(struct platform *, struct region))
{
    static struct regions pieces; /* too large for the stack */

    pieces = (struct regions){ 0 };
    regions_add(&pieces, region);
    node_leave_buses(walk, &pieces);
    walk->platform->kernel_devices.overflow |= pieces.overflow;
    for (unsigned i = 0; i < pieces.count; i++) {
        what(walk->platform, pieces.list[i]);
    }
}

/* Calls a function for each entry of the reg property of the node, in addresses of the machine. */
static void for_each_region(const struct tree_walk *walk, void (*what)(struct platform *, struct region))
{
    struct fdt_property reg;
    struct region region;

    if (node_get(walk, "reg", &reg)) {
        for (uint32_t i = 0; !is_overfull(walk->platform) && node_entry(walk, &reg, i, &region); i++) {
            for_each_piece(walk, region, what);
        }
    }
}

static void add_ram(struct platform *platform, struct region region)
{
    regions_add(&platform->ram, region);
}

/* Adds a hart and keeps the harts in order; if there are too many, the last ones are dropped. */
static void add_hart(struct tree_walk *walk)
{
    struct platform *platform = walk->platform;
    word_t hart_id;
    unsigned at = 0;

    walk->hart = NULL;
    if (!node_is_enabled(walk) || !node_number(walk, "reg", &hart_id)) {
        return;
    }
    while (at < platform->hart_count && hart_id != walk->boot_hart &&
           (platform->harts[at].hart_id == walk->boot_hart || platform->harts[at].hart_id < hart_id)) {
        at++;
    }
    if (at == MAX_HARTS || (at < platform->hart_count && platform->harts[at].hart_id == hart_id)) {
        return;
    }
    if (platform->hart_count < MAX_HARTS) {
        platform->hart_count++;
    }
    for (unsigned i = platform->hart_count - 1; i > at; i--) {
        platform->harts[i] = platform->harts[i - 1];
    }
    walk->hart = &platform->harts[at];
    *walk->hart = (struct platform_hart){ .hart_id = hart_id };
}

static void withhold(struct platform *platform, struct region region)
{
    regions_add(&platform->kernel_devices, region_around(region, ABI_MEGA_PAGE_BITS));
}

static void visit_device(struct tree_walk *walk)
{
    struct fdt_property compatible;
    struct region region;

    if (!node_get(walk, "compatible", &compatible)) {
        return;
    }
    if (controllers_withhold(&compatible)) {
        for_each_region(walk, withhold);
    }
    if (!node_device(walk, &region)) {
        return;
    }
    if (fdt_has_string(&compatible, "sifive,test0")) {
        walk->finisher = region;
    } else {
        controllers_visit(walk, &compatible, region);
    }
}

/* Reads /chosen before the rest, because reserve() must know the file of the root task. */
static void read_chosen(struct tree_walk *walk)
{
    struct platform *platform = walk->platform;

    if (!walk_to_top_level(walk, "chosen")) {
        return;
    }
    node_get(walk, "bootargs", &platform->boot_arguments);
    if (!node_number(walk, "linux,initrd-start", &platform->ramdisk.start) ||
        !node_number(walk, "linux,initrd-end", &platform->ramdisk.end)) {
        platform->ramdisk = (struct region){ 0, 0 };
    }
}

static enum place visit_top_level(struct tree_walk *walk)
{
    struct platform *platform = walk->platform;

    if (node_is_named(walk, "cpus")) {
        node_number(walk, "timebase-frequency", &platform->time_frequency);
        return CPUS;
    }
    if (node_is_named(walk, "reserved-memory")) {
        return RESERVED_MEMORY;
    }
    if (node_is_named(walk, "memory")) {
        if (node_is_enabled(walk)) {
            for_each_region(walk, add_ram);
        }
    } else {
        visit_device(walk);
    }
    return ELSEWHERE;
}

static void visit(struct tree_walk *walk)
{
    struct level *level = &walk->levels[walk->node.depth];

    walk_enter(walk);
    if (walk->node.depth == 0) {
        level->place = ROOT;
        level->console = walk->console;
        return;
    }
    level->console = uart_follow(walk, level[-1].console);
    if (level->console.data && level->console.size == 0 && !walk->platform->uart.end) {
        uart_visit(walk);
    }
    switch (level[-1].place) {
    case ROOT:
        level->place = visit_top_level(walk);
        break;
    case CPUS:
        if (node_is_named(walk, "cpu")) {
            level->place = CPU;
            add_hart(walk);
        }
        break;
    case CPU:
        if (walk->hart && node_is_named(walk, "interrupt-controller")) {
            node_number(walk, "phandle", &walk->hart->interrupt_phandle);
        }
        break;
    case RESERVED_MEMORY:
        for_each_region(walk, reserve);
        break;
    case ELSEWHERE:
        visit_device(walk);
        break;
    }
}

bool platform_has_memory_at(const struct platform *platform, struct region region)
{
    return regions_overlap(&platform->ram, region) || regions_overlap(&platform->reserved, region);
}

static void check(const struct platform *platform, word_t boot_hart)
{
    if (is_overfull(platform)) {
        boot_fail("the device tree has too many pieces of memory");
    }
    if (platform->ram.count == 0) {
        boot_fail("the device tree has no memory");
    }
    if (platform->hart_count == 0 || platform->harts[0].hart_id != boot_hart) {
        boot_fail("the device tree does not have hart %lu, which the kernel runs on", boot_hart);
    }
    if (platform->time_frequency < TICKS_PER_SECOND) {
        boot_fail("the device tree does not say how fast time counts (/cpus/timebase-frequency)");
    }
}

void platform_read(struct platform *platform, const struct fdt *fdt, word_t hart_id)
{
    struct tree_walk walk = { .fdt = fdt, .platform = platform, .boot_hart = hart_id };
    word_t start, size;

    *platform = (struct platform){ 0 };
    read_chosen(&walk);
    for (uint32_t i = 0; !platform->reserved.overflow && fdt_reservation(fdt, i, &start, &size); i++) {
        reserve(platform, region_at(start, size));
    }
    uart_find_path(&walk);
    for (bool more = fdt_first_node(fdt, &walk.node); more; more = fdt_next_node(fdt, &walk.node)) {
        if (walk.node.depth < MAX_DEPTH) {
            visit(&walk);
        }
    }
    if (walk.finisher.end && !platform_has_memory_at(platform, walk.finisher)) {
        power_init(walk.finisher.start, platform->time_frequency);
    }
    check(platform, hart_id);
    controllers_check(platform);
    uart_check(platform);
}
