/*
 * One walk over the device tree that takes note of what the kernel needs.
 */
#include "boot/platform.h"

#include "arch/console.h"
#include "arch/power.h"
#include "arch/timer.h"
#include "arch/window.h"
#include "boot/fail.h"
#include "boot/interrupts.h"
#include "lib/string.h"
#include <sel4/abi.h>

/* Nothing of interest is deeper. */
#define MAX_DEPTH 16

#define LAST_SOURCE_MAX     1023 /* of a PLIC and of an APLIC */
#define UINTC_SIZE          0x4000
#define UINTC_EXTENDED_SIZE 0x4040

/* Where the number of a group of harts begins in the addresses of IMSICs, if the tree does not say. */
#define GROUP_SHIFT 24

/* Of the name of an alias, which is a property, with its NUL. */
#define ALIAS_SIZE 32

enum place {
    ELSEWHERE,
    ROOT,
    CPUS,
    CPU,
    RESERVED_MEMORY
};

/* What a node on the path from the root means for its children. */
struct level {
    enum place place;
    bool enabled; /* it, and all above it */
    word_t address_cells;
    word_t size_cells;
    bool has_ranges; /* its children have addresses of the machine, by way of: */
    struct fdt_property ranges;
    struct fdt_property console; /* what is left of the console's path below this node; no data: not here */
};

struct walk {
    const struct fdt *fdt;
    struct fdt_node node;
    struct level levels[MAX_DEPTH];
    struct platform *platform;
    word_t boot_hart;
    struct platform_hart *hart;  /* of the cpu node that was seen last, NULL if that is not used */
    struct fdt_property console; /* the path of the console's node; no data if there is none */
    struct region finisher;      /* the test finisher; empty if there is none */
};

static bool get(const struct walk *walk, const char *name, struct fdt_property *property)
{
    return fdt_get(walk->fdt, &walk->node, name, property);
}

/* A property that is one number, of one cell or two. */
static bool get_number(const struct walk *walk, const char *name, word_t *number)
{
    struct fdt_property property;

    return get(walk, name, &property) && fdt_number(&property, 0, property.size / 4, number);
}

/* How many cells a number takes; more than two are too many for fdt_number(). */
static uint32_t cells(word_t number)
{
    return (uint32_t)min_word(number, 3);
}

/* The i-th entry of a bus's ranges: addresses below it, and what the first of them is above it. */
static bool get_range(const struct level *bus, uint32_t i, struct region *below, word_t *above)
{
    uint32_t child_cells = cells(bus->address_cells), parent_cells = cells(bus[-1].address_cells);
    uint32_t size_cells = cells(bus->size_cells);
    uint32_t at = i * (child_cells + parent_cells + size_cells);
    word_t start, size;

    if (!fdt_number(&bus->ranges, at, child_cells, &start) ||
        !fdt_number(&bus->ranges, at + child_cells, parent_cells, above) ||
        !fdt_number(&bus->ranges, at + child_cells + parent_cells, size_cells, &size)) {
        return false;
    }
    *below = region_at(start, size);
    return true;
}

/* Whether addresses below a bus are the same above it. */
static bool is_transparent(const struct level *bus)
{
    return bus->has_ranges && bus->ranges.size == 0;
}

/* Makes a region with addresses below a bus one with addresses above it; false if it is not all in one of the
 * bus's ranges. */
static bool leave_bus(const struct level *bus, struct region *region)
{
    struct region from;
    word_t parent;

    for (uint32_t i = 0; get_range(bus, i, &from, &parent); i++) {
        word_t offset = region->start - from.start;
        if (region->start >= from.start && region->end <= from.end && offset <= ~parent) {
            *region = region_at(parent + offset, region->end - region->start);
            return true;
        }
    }
    return is_transparent(bus);
}

/* The same for whatever of the regions any of the ranges has. */
static void leave_bus_in_pieces(const struct level *bus, struct regions *set)
{
    struct regions above = { .overflow = set->overflow };
    struct region from;
    word_t parent;

    if (is_transparent(bus)) {
        return;
    }
    for (uint32_t i = 0; get_range(bus, i, &from, &parent); i++) {
        for (unsigned k = 0; k < set->count; k++) {
            struct region piece = region_common(from, set->list[k]);
            word_t offset = piece.start - from.start;
            if (piece.start < piece.end && offset <= ~parent) {
                regions_add(&above, region_at(parent + offset, piece.end - piece.start));
            }
        }
    }
    *set = above;
}

/* Whether addresses below the bus are not those of the machine. */
static bool is_bus(const struct level *level)
{
    return level->place != ROOT && level->place != RESERVED_MEMORY;
}

/* The i-th entry of the node's reg property, in addresses of its bus. */
static bool get_entry(const struct walk *walk, const struct fdt_property *reg, uint32_t i,
                      struct region *region)
{
    const struct level *bus = &walk->levels[walk->node.depth - 1];
    uint32_t address_cells = cells(bus->address_cells), size_cells = cells(bus->size_cells);
    uint32_t at = i * (address_cells + size_cells);
    word_t start, size;

    if (!fdt_number(reg, at, address_cells, &start) ||
        !fdt_number(reg, at + address_cells, size_cells, &size)) {
        return false;
    }
    *region = region_at(start, size);
    return true;
}

/* The same in addresses of the machine. */
static bool get_region(const struct walk *walk, const struct fdt_property *reg, uint32_t i,
                       struct region *region)
{
    if (!get_entry(walk, reg, i, region)) {
        return false;
    }
    for (const struct level *bus = &walk->levels[walk->node.depth - 1]; is_bus(bus); bus--) {
        if (!leave_bus(bus, region)) {
            return false;
        }
    }
    return true;
}

/* Whether the node is there for the kernel. What has another status is broken, switched off, or reserved for
 * the firmware, and so is what is below it. */
static bool is_enabled(const struct walk *walk)
{
    return walk->levels[walk->node.depth].enabled;
}

static bool has_good_status(const struct walk *walk)
{
    struct fdt_property status;

    return !get(walk, "status", &status) || fdt_has_string(&status, "okay") || fdt_has_string(&status, "ok");
}

static bool is_same_pages(struct region a, struct region b)
{
    a = region_around(a, ABI_PAGE_BITS);
    b = region_around(b, ABI_PAGE_BITS);
    return a.start == b.start && a.end == b.end;
}

/* But for the root task's file, which some boot loaders reserve: that is free when it was copied. */
static void reserve(struct platform *platform, struct region region)
{
    if (!is_same_pages(region, platform->ramdisk)) {
        regions_add(&platform->reserved, region);
    }
}

static uint32_t region_count(const struct walk *walk, const struct fdt_property *reg)
{
    const struct level *bus = &walk->levels[walk->node.depth - 1];
    uint32_t entry_cells = cells(bus->address_cells) + cells(bus->size_cells);

    return entry_cells ? reg->size / 4 / entry_cells : 0;
}

/* A bus may have but a part of a region, or several. */
static void for_each_piece(const struct walk *walk, struct region region,
                           void (*what)(struct platform *, struct region))
{
    static struct regions pieces; /* too large for the stack */

    pieces = (struct regions){ 0 };
    regions_add(&pieces, region);
    for (const struct level *bus = &walk->levels[walk->node.depth - 1]; is_bus(bus); bus--) {
        leave_bus_in_pieces(bus, &pieces);
    }
    walk->platform->kernel_devices.overflow |= pieces.overflow;
    for (unsigned i = 0; i < pieces.count; i++) {
        what(walk->platform, pieces.list[i]);
    }
}

/* What is done for each entry of the node's reg property, or each piece of one, that has addresses of the
 * machine. */
static void for_each_region(const struct walk *walk, void (*what)(struct platform *, struct region))
{
    struct platform *platform = walk->platform;
    struct fdt_property reg;
    struct region region;

    if (get(walk, "reg", &reg)) {
        uint32_t entries = region_count(walk, &reg);
        for (uint32_t i = 0; i < entries && !platform->ram.overflow && !platform->reserved.overflow &&
                             !platform->kernel_devices.overflow;
             i++) {
            if (get_entry(walk, &reg, i, &region)) {
                for_each_piece(walk, region, what);
            }
        }
    }
}

static void add_ram(struct platform *platform, struct region region)
{
    regions_add(&platform->ram, region);
}

/* Keeps the harts in their order; if there are too many, the last ones are not used. */
static void add_hart(struct walk *walk)
{
    struct platform *platform = walk->platform;
    word_t hart_id;
    unsigned at = 0;

    walk->hart = NULL;
    if (!is_enabled(walk) || !get_number(walk, "reg", &hart_id)) {
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

static bool in_window(const struct region *region)
{
    return region->start < region->end && region->end <= PHYS_WINDOW_SIZE && is_aligned(region->start, 3);
}

/* Interrupt controllers and the core-local interruptor, in one piece or a part of it. Those that the kernel
 * does not use are the firmware's, whatever their status says. */
static bool is_withheld(const struct fdt_property *compatible)
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

static void withhold(struct platform *platform, struct region region)
{
    regions_add(&platform->kernel_devices, region_around(region, ABI_MEGA_PAGE_BITS));
}

/* Its last connection is the line that wakes the kernel, if it has that. Slots: 512 of 32 bytes. */
static void add_uintc(struct walk *walk, const struct fdt_property *compatible, struct region region)
{
    struct platform *platform = walk->platform;
    struct fdt_property targets;

    if (platform->uintc.end || region.end - region.start < UINTC_SIZE) {
        return;
    }
    platform->uintc = region;
    platform->uintc_extended = fdt_has_string(compatible, "rel4,uintc1") &&
                               region.end - region.start >= UINTC_EXTENDED_SIZE &&
                               get(walk, "interrupts-extended", &targets) && targets.size >= 8 &&
                               fdt_number(&targets, targets.size / 4 - 1, 1, &platform->uintc_wake_source);
}

/* Where the node's device is, if the kernel can use it. */
static bool get_device(const struct walk *walk, struct region *region)
{
    struct fdt_property reg;

    return is_enabled(walk) && get(walk, "reg", &reg) && get_region(walk, &reg, 0, region) &&
           in_window(region);
}

static void add_plic(struct walk *walk, struct region region)
{
    struct platform *platform = walk->platform;
    struct platform_plic *plic = &platform->plics[platform->plic_count];

    if (platform->plic_count == ARRAY_SIZE(platform->plics)) {
        boot_fail("the device tree has more than %lu interrupt controllers (PLIC)",
                  ARRAY_SIZE(platform->plics));
    }
    plic->region = region;
    if (!get_number(walk, "riscv,ndev", &plic->last_source)) {
        boot_fail("the device tree does not say how many interrupts the PLIC at %lx has (riscv,ndev)",
                  region.start);
    }
    if (plic->last_source > LAST_SOURCE_MAX) {
        boot_fail("the PLIC at %lx has more interrupts than a PLIC can have (riscv,ndev is %lu)",
                  region.start, plic->last_source);
    }
    get(walk, "interrupts-extended", &plic->targets);
    platform->last_source =
        platform->plic_count ? min_word(platform->last_source, plic->last_source) : plic->last_source;
    platform->plic_count++;
}

static void add_aplic(struct walk *walk, struct region region)
{
    struct platform *platform = walk->platform;
    struct platform_aplic *aplic = &platform->aplics[platform->aplic_count];

    if (platform->aplic_count == ARRAY_SIZE(platform->aplics)) {
        return;
    }
    aplic->region = region;
    get_number(walk, "msi-parent", &aplic->msi_parent);
    get(walk, "interrupts-extended", &aplic->targets);
    get(walk, "riscv,hart-indexes", &aplic->target_indices);
    if (!get_number(walk, "riscv,num-sources", &aplic->last_source) || aplic->last_source > LAST_SOURCE_MAX) {
        aplic->last_source = 0;
    }
    platform->aplic_count++;
}

/* Those of machine level and, behind the first node, further ones are not used. */
static void add_imsics(struct walk *walk)
{
    struct platform_imsics *imsics = &walk->platform->imsics;
    struct platform_imsics found = { .group_shift = GROUP_SHIFT };
    struct fdt_property reg;

    if (imsics->phandle || !get(walk, "interrupts-extended", &found.targets) ||
        !is_of_supervisor(&found.targets) || !get(walk, "reg", &reg) ||
        !get_number(walk, "phandle", &found.phandle)) {
        return;
    }
    get_number(walk, "riscv,num-ids", &found.last_identity);
    get_number(walk, "riscv,guest-index-bits", &found.guest_bits);
    while (bit((unsigned)found.hart_bits) < found.targets.size / 8) {
        found.hart_bits++;
    }
    get_number(walk, "riscv,hart-index-bits", &found.hart_bits);
    get_number(walk, "riscv,group-index-bits", &found.group_bits);
    get_number(walk, "riscv,group-index-shift", &found.group_shift);
    while (found.region_count < ARRAY_SIZE(found.regions)) {
        struct region *region = &found.regions[found.region_count];
        if (!get_region(walk, &reg, found.region_count, region) || !in_window(region)) {
            break;
        }
        found.region_count++;
    }
    *imsics = found;
}

static void visit_device(struct walk *walk)
{
    struct fdt_property compatible;
    struct region region;

    if (!get(walk, "compatible", &compatible)) {
        return;
    }
    if (is_withheld(&compatible)) {
        for_each_region(walk, withhold);
    }
    if (!get_device(walk, &region)) {
        return;
    }
    if (fdt_has_string(&compatible, "sifive,plic-1.0.0") || fdt_has_string(&compatible, "riscv,plic0")) {
        add_plic(walk, region);
    } else if (fdt_has_string(&compatible, "riscv,aplic")) {
        add_aplic(walk, region);
    } else if (fdt_has_string(&compatible, "riscv,imsics")) {
        add_imsics(walk);
    } else if (fdt_has_string(&compatible, "riscv,uintc0")) {
        add_uintc(walk, &compatible, region);
    } else if (fdt_has_string(&compatible, "sifive,test0")) {
        walk->finisher = region;
    }
}

/* The node's name, up to its unit address, is this one. */
static bool named(const struct walk *walk, const char *name)
{
    const char *node = walk->node.name;

    while (*name && *name == *node) {
        name++;
        node++;
    }
    return !*name && (!*node || *node == '@');
}

/* The first node of this name below the root becomes the walk's. */
static bool find_top_level(struct walk *walk, const char *name)
{
    bool more = fdt_first_node(walk->fdt, &walk->node);

    while (more && (walk->node.depth != 1 || !named(walk, name))) {
        more = fdt_next_node(walk->fdt, &walk->node);
    }
    return more;
}

/* Is read first, so that the root task's file is known before what is reserved. */
static void read_chosen(struct walk *walk)
{
    struct platform *platform = walk->platform;

    if (!find_top_level(walk, "chosen")) {
        return;
    }
    get(walk, "bootargs", &platform->boot_arguments);
    if (!get_number(walk, "linux,initrd-start", &platform->ramdisk.start) ||
        !get_number(walk, "linux,initrd-end", &platform->ramdisk.end)) {
        platform->ramdisk = (struct region){ 0, 0 };
    }
}

/* A string property up to its end, or to the colon behind which there are options. */
static bool get_path(const struct walk *walk, const char *name, struct fdt_property *path)
{
    uint32_t size = 0;

    if (!get(walk, name, path)) {
        return false;
    }
    while (size < path->size && path->data[size] && path->data[size] != ':') {
        size++;
    }
    path->size = size;
    return size > 0;
}

/* Where /chosen says that the console is: a path, or the name of one in /aliases. */
static void find_console(struct walk *walk)
{
    struct fdt_property path;
    char alias[ALIAS_SIZE] = { 0 };

    if (!find_top_level(walk, "chosen") || !get_path(walk, "stdout-path", &path)) {
        return;
    }
    if (path.data[0] != '/') {
        memcpy(alias, path.data, min_word(path.size, ALIAS_SIZE - 1));
        if (path.size >= ALIAS_SIZE || !find_top_level(walk, "aliases") || !get_path(walk, alias, &path)) {
            return;
        }
    }
    walk->console = path;
}

/* What is left of a path below the walk's node, if it leads there: its next name is the node's, with the unit
 * address or without. */
static struct fdt_property follow(const struct walk *walk, struct fdt_property path)
{
    const char *name = walk->node.name;
    uint32_t at = 1; /* behind the slash */

    if (path.size < 2 || path.data[0] != '/') {
        return (struct fdt_property){ 0 };
    }
    while (at < path.size && path.data[at] != '/' && path.data[at] == (uint8_t)*name) {
        at++;
        name++;
    }
    if (at == 1 || (at < path.size && path.data[at] != '/') || (*name && *name != '@')) {
        return (struct fdt_property){ 0 };
    }
    return (struct fdt_property){ path.data + at, path.size - at };
}

/* The console's node: takes note of its UART if that is of a kind that the kernel knows. */
static void visit_console(struct walk *walk)
{
    struct platform *platform = walk->platform;
    struct fdt_property compatible, offset;
    struct region region;
    word_t shift = 0, width = 1;

    if (!get(walk, "compatible", &compatible) || !get_device(walk, &region) ||
        !(fdt_has_string(&compatible, "ns16550a") || fdt_has_string(&compatible, "ns16550"))) {
        return;
    }
    get_number(walk, "reg-shift", &shift);
    get_number(walk, "reg-io-width", &width);
    if (get(walk, "reg-offset", &offset) || !console_knows_uart(region.end - region.start, shift, width)) {
        return;
    }
    platform->uart = region;
    platform->uart_shift = (unsigned)shift;
    platform->uart_width = (unsigned)width;
}

static enum place visit_top_level(struct walk *walk)
{
    struct platform *platform = walk->platform;

    if (named(walk, "cpus")) {
        get_number(walk, "timebase-frequency", &platform->time_frequency);
        return CPUS;
    }
    if (named(walk, "reserved-memory")) {
        return RESERVED_MEMORY;
    }
    if (named(walk, "memory")) {
        if (is_enabled(walk)) {
            for_each_region(walk, add_ram);
        }
    } else {
        visit_device(walk);
    }
    return ELSEWHERE;
}

static void visit(struct walk *walk)
{
    struct level *level = &walk->levels[walk->node.depth];

    *level = (struct level){ .address_cells = 2, .size_cells = 1 };
    get_number(walk, "#address-cells", &level->address_cells);
    get_number(walk, "#size-cells", &level->size_cells);
    level->has_ranges = get(walk, "ranges", &level->ranges);
    level->enabled = has_good_status(walk) && (walk->node.depth == 0 || level[-1].enabled);
    if (walk->node.depth == 0) {
        level->place = ROOT;
        level->console = walk->console;
        return;
    }
    level->console = follow(walk, level[-1].console);
    if (level->console.data && level->console.size == 0 && !walk->platform->uart.end) {
        visit_console(walk);
    }
    switch (level[-1].place) {
    case ROOT:
        level->place = visit_top_level(walk);
        break;
    case CPUS:
        if (named(walk, "cpu")) {
            level->place = CPU;
            add_hart(walk);
        }
        break;
    case CPU:
        if (walk->hart && named(walk, "interrupt-controller")) {
            get_number(walk, "phandle", &walk->hart->interrupt_phandle);
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

static bool is_in_memory(const struct platform *platform, struct region region)
{
    return regions_overlap(&platform->ram, region) || regions_overlap(&platform->reserved, region);
}

/* A wrong address of the console must not be written to by every message. */
static void check_uart(struct platform *platform)
{
    if (is_in_memory(platform, platform->uart) ||
        regions_overlap(&platform->kernel_devices, platform->uart)) {
        platform->uart = (struct region){ 0, 0 };
    }
}

/* The kernel writes to what it takes for an interrupt controller. */
static void check_controller(const struct platform *platform, struct region controller)
{
    if (controller.end && is_in_memory(platform, controller)) {
        boot_fail("the device tree has an interrupt controller at %lx, in memory", controller.start);
    }
}

static void check_controllers(const struct platform *platform)
{
    check_controller(platform, platform->uintc);
    for (unsigned i = 0; i < platform->plic_count; i++) {
        check_controller(platform, platform->plics[i].region);
    }
    for (unsigned i = 0; i < platform->aplic_count; i++) {
        check_controller(platform, platform->aplics[i].region);
    }
    for (unsigned i = 0; i < platform->imsics.region_count; i++) {
        check_controller(platform, platform->imsics.regions[i]);
    }
}

static void check(const struct platform *platform, word_t boot_hart)
{
    if (platform->ram.overflow || platform->reserved.overflow || platform->kernel_devices.overflow) {
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
    struct walk walk = { .fdt = fdt, .platform = platform, .boot_hart = hart_id };
    word_t start, size;

    *platform = (struct platform){ 0 };
    read_chosen(&walk);
    for (uint32_t i = 0; !platform->reserved.overflow && fdt_reservation(fdt, i, &start, &size); i++) {
        reserve(platform, region_at(start, size));
    }
    find_console(&walk);
    for (bool more = fdt_first_node(fdt, &walk.node); more; more = fdt_next_node(fdt, &walk.node)) {
        if (walk.node.depth < MAX_DEPTH) {
            visit(&walk);
        }
    }
    if (walk.finisher.end && !is_in_memory(platform, walk.finisher)) {
        power_init(walk.finisher.start, platform->time_frequency);
    }
    check(platform, hart_id);
    check_controllers(platform);
    check_uart(platform);
    /* A line that the PLIC does not have wakes nobody; and of several it is on one. An APLIC's is not used.
     */
    platform->uintc_extended = platform->uintc_extended && platform->plic_count == 1 &&
                               platform->uintc_wake_source >= 1 &&
                               platform->uintc_wake_source <= platform->last_source;
}
