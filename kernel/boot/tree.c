/*
 * Properties of the current node of a walk, and addresses behind buses.
 */
#include "boot/tree.h"

#include "arch/window.h"
#include "lib/bits.h"

bool node_get(const struct tree_walk *walk, const char *name, struct fdt_property *property)
{
    return fdt_get(walk->fdt, &walk->node, name, property);
}

bool node_number(const struct tree_walk *walk, const char *name, word_t *number)
{
    struct fdt_property property;

    return node_get(walk, name, &property) && fdt_number(&property, 0, property.size / 4, number);
}

/* Limits a number of cells; fdt_number() refuses more than two. */
static uint32_t cells(word_t number)
{
    return (uint32_t)min_word(number, 3);
}

/* Reads the i-th entry of the ranges of a bus: addresses below it, and the address above it that the
 * first of them has. */
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

/* Returns whether addresses below a bus are the same above it. */
static bool is_transparent(const struct level *bus)
{
    return bus->has_ranges && bus->ranges.size == 0;
}

/* Translates a region from addresses below a bus to addresses above it. Returns false if none of the
 * ranges of the bus has all of it. */
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

/* Translates those parts of regions that are in any of the ranges. */
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

/* Returns whether addresses below a node need translation. */
static bool is_bus(const struct level *level)
{
    return level->place != ROOT && level->place != RESERVED_MEMORY;
}

bool node_entry(const struct tree_walk *walk, const struct fdt_property *reg, uint32_t i,
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

bool node_region(const struct tree_walk *walk, const struct fdt_property *reg, uint32_t i,
                 struct region *region)
{
    if (!node_entry(walk, reg, i, region)) {
        return false;
    }
    for (const struct level *bus = &walk->levels[walk->node.depth - 1]; is_bus(bus); bus--) {
        if (!leave_bus(bus, region)) {
            return false;
        }
    }
    return true;
}

void node_leave_buses(const struct tree_walk *walk, struct regions *set)
{
    for (const struct level *bus = &walk->levels[walk->node.depth - 1]; is_bus(bus); bus--) {
        leave_bus_in_pieces(bus, set);
    }
}

bool node_is_enabled(const struct tree_walk *walk)
{
    return walk->levels[walk->node.depth].enabled;
}

bool region_in_window(const struct region *region)
{
    return region->start < region->end && region->end <= PHYS_WINDOW_SIZE && is_aligned(region->start, 3);
}

bool node_device(const struct tree_walk *walk, struct region *region)
{
    struct fdt_property reg;

    return node_is_enabled(walk) && node_get(walk, "reg", &reg) && node_region(walk, &reg, 0, region) &&
           region_in_window(region);
}

bool node_is_named(const struct tree_walk *walk, const char *name)
{
    const char *node = walk->node.name;

    while (*name && *name == *node) {
        name++;
        node++;
    }
    return !*name && (!*node || *node == '@');
}

bool walk_to_top_level(struct tree_walk *walk, const char *name)
{
    bool more = fdt_first_node(walk->fdt, &walk->node);

    while (more && (walk->node.depth != 1 || !node_is_named(walk, name))) {
        more = fdt_next_node(walk->fdt, &walk->node);
    }
    return more;
}

static bool node_has_good_status(const struct tree_walk *walk)
{
    struct fdt_property status;

    return !node_get(walk, "status", &status) || fdt_has_string(&status, "okay") ||
           fdt_has_string(&status, "ok");
}

void walk_enter(struct tree_walk *walk)
{
    struct level *level = &walk->levels[walk->node.depth];

    *level = (struct level){ .address_cells = 2, .size_cells = 1 };
    node_number(walk, "#address-cells", &level->address_cells);
    node_number(walk, "#size-cells", &level->size_cells);
    level->has_ranges = node_get(walk, "ranges", &level->ranges);
    level->enabled = node_has_good_status(walk) && (walk->node.depth == 0 || level[-1].enabled);
}
