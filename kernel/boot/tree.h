/*
 * A walk over the device tree. It knows the nodes between the root and the current one, and with them the
 * format of addresses, and how to translate them to addresses of the machine.
 */
#pragma once

#include "boot/fdt.h"
#include "boot/regions.h"

/* Deeper nodes are ignored. */
#define MAX_DEPTH 16

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
    bool enabled; /* the node and all above it are */
    word_t address_cells;
    word_t size_cells;
    bool has_ranges; /* its children have addresses of the machine, through ranges */
    struct fdt_property ranges;
    struct fdt_property console; /* rest of the path to the console below this node; no data: not here */
};

struct tree_walk {
    const struct fdt *fdt;
    struct fdt_node node;
    struct level levels[MAX_DEPTH];
    struct platform *platform;
    word_t boot_hart;
    struct platform_hart *hart;  /* of the last cpu node; NULL if that hart is not used */
    struct fdt_property console; /* path of the console; no data if there is none */
    struct region finisher;      /* the test finisher; empty if there is none */
};

bool node_get(const struct tree_walk *walk, const char *name, struct fdt_property *property);

/* Reads a property that is one number of one or two cells. */
bool node_number(const struct tree_walk *walk, const char *name, word_t *number);

/* Reads the i-th entry of the reg property, in addresses of the bus of the node. Returns false behind
 * the last one. */
bool node_entry(const struct tree_walk *walk, const struct fdt_property *reg, uint32_t i,
                struct region *region);

/* Translates a set from addresses of the bus of the node to addresses of the machine; what has none is
 * dropped. */
void node_leave_buses(const struct tree_walk *walk, struct regions *set);

/* Reads the i-th entry of the reg property in addresses of the machine. Returns false if not all of it
 * has one. */
bool node_region(const struct tree_walk *walk, const struct fdt_property *reg, uint32_t i,
                 struct region *region);

/* Returns whether the kernel may use the node. A node with another status is broken, switched off, or
 * reserved for the firmware, and so are all below it. */
bool node_is_enabled(const struct tree_walk *walk);

/* Reads where the device of the node is. Returns false if the kernel cannot use it. */
bool node_device(const struct tree_walk *walk, struct region *region);

/* Returns whether a region is not empty, aligned, and in the physical window. */
bool region_in_window(const struct region *region);

/* Returns whether the name of the node, up to its unit address, is this one. */
bool node_is_named(const struct tree_walk *walk, const char *name);

/* Moves the walk to the first node of this name below the root. */
bool walk_to_top_level(struct tree_walk *walk, const char *name);

/* Records what the current node means for its children. */
void walk_enter(struct tree_walk *walk);
