/*
 * A walk over the device tree that knows where it is: the nodes between the root and this one, and with them
 * how addresses are written here and which addresses of the machine they stand for.
 */
#pragma once

#include "boot/fdt.h"
#include "boot/regions.h"

/* Nothing of interest is deeper. */
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
    bool enabled; /* it, and all above it */
    word_t address_cells;
    word_t size_cells;
    bool has_ranges; /* its children have addresses of the machine, by way of: */
    struct fdt_property ranges;
    struct fdt_property console; /* what is left of the console's path below this node; no data: not here */
};

struct tree_walk {
    const struct fdt *fdt;
    struct fdt_node node;
    struct level levels[MAX_DEPTH];
    struct platform *platform;
    word_t boot_hart;
    struct platform_hart *hart;  /* of the cpu node that was seen last, NULL if that is not used */
    struct fdt_property console; /* the path of the console's node; no data if there is none */
    struct region finisher;      /* the test finisher; empty if there is none */
};

bool node_get(const struct tree_walk *walk, const char *name, struct fdt_property *property);

/* A property that is one number, of one cell or two. */
bool node_number(const struct tree_walk *walk, const char *name, word_t *number);

/* The i-th entry of the node's reg property, in addresses of its bus. */
bool node_entry(const struct tree_walk *walk, const struct fdt_property *reg, uint32_t i,
                struct region *region);

/* Makes a set of addresses of the node's bus one of addresses of the machine: those that it has. */
void node_leave_buses(const struct tree_walk *walk, struct regions *set);

/* The i-th entry of the node's reg property, in addresses of the machine. */
bool node_region(const struct tree_walk *walk, const struct fdt_property *reg, uint32_t i,
                 struct region *region);

/* Whether the node is there for the kernel. What has another status is broken, switched off, or reserved for
 * the firmware, and so is what is below it. */
bool node_is_enabled(const struct tree_walk *walk);

/* Where the node's device is, if the kernel can use it. */
bool node_device(const struct tree_walk *walk, struct region *region);

/* The region is not empty, aligned, and in the physical window. */
bool region_in_window(const struct region *region);

/* The node's name, up to its unit address, is this one. */
bool node_is_named(const struct tree_walk *walk, const char *name);

/* The first node of this name below the root becomes the walk's. */
bool walk_to_top_level(struct tree_walk *walk, const char *name);

/* Takes note of what the node that the walk has come to means for those below it. */
void walk_enter(struct tree_walk *walk);
