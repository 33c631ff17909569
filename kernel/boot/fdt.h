/*
 * Reading a flattened device tree in place (Devicetree specification 0.4, chapter 5).
 *
 * The tree is not trusted. Every offset and length is checked against the tree's own total size, every step
 * goes forward, and what does not fit reads as "not there". Nothing is allocated, copied or recursive.
 */
#pragma once

#include "lib/types.h"

struct fdt {
    const uint8_t *blob;
    uint32_t size;
    uint32_t structure, structure_end; /* offsets of the blocks */
    uint32_t strings, strings_end;
    uint32_t reservations;
};

struct fdt_node {
    const char *name;
    unsigned depth; /* 0 for the root */
    uint32_t body;  /* offset of what follows the name */
};

struct fdt_property {
    const uint8_t *data;
    uint32_t size;
};

#define FDT_HEADER_SIZE 40

/* Returns the size of the whole tree according to its header, or 0 if it is no tree. Reads
 * FDT_HEADER_SIZE bytes. */
uint32_t fdt_total_size(const void *blob);

/* Checks the header of a tree of which fdt_total_size() bytes can be read. */
bool fdt_open(struct fdt *fdt, const void *blob);

/* Iterate over all nodes in the order of the tree, parents first. Return false at the end, or where the
 * tree is broken. */
bool fdt_first_node(const struct fdt *fdt, struct fdt_node *node);
bool fdt_next_node(const struct fdt *fdt, struct fdt_node *node);

bool fdt_get(const struct fdt *fdt, const struct fdt_node *node, const char *name,
             struct fdt_property *property);

/* Returns whether one of the strings of the property is this one. */
bool fdt_has_string(const struct fdt_property *property, const char *string);

/* Reads a number of one or two 32-bit cells. Returns false if the property does not have them. */
bool fdt_number(const struct fdt_property *property, uint32_t first_cell, uint32_t cells, word_t *number);

/* Reads an entry of the memory reservation block. Returns false behind the last one. */
bool fdt_reservation(const struct fdt *fdt, uint32_t index, word_t *start, word_t *size);
