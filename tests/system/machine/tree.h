/*
 * What the tests ask the device tree. Only for trees like QEMU's: addresses and sizes of two cells.
 */
#pragma once

#include "answer.h"

struct tree_range {
    seL4_Word start, size;
};

/* The number of nodes whose name starts with prefix, such as "cpu@". */
unsigned tree_count(const char *prefix);

/* The first range of the index-th such node, or nothing. */
struct tree_range tree_find(const char *prefix, unsigned index);
