/*
 * Making device trees, token by token, in buffers of exactly their size, so that the address sanitizer sees
 * every step outside. Whatever does not fit fails the test.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TREE_BLOCK_MAX 2048

struct tree_block {
    uint8_t bytes[TREE_BLOCK_MAX];
    uint32_t size;
};

/* Starts as zeroes. */
struct tree {
    struct tree_block structure;
    struct tree_block strings;
};

/* Nodes, which must be ended in turn, and the properties of the node that was begun last. */
void tree_begin_node(struct tree *tree, const char *name);
void tree_end_node(struct tree *tree);
void tree_put(struct tree *tree, const char *name, const void *value, size_t size);
void tree_put_string(struct tree *tree, const char *name, const char *string);

void tree_put_cells(struct tree *tree, const char *name, const uint32_t *cells, size_t count);

#define TREE_PUT_CELLS(tree, name, ...)                     \
    tree_put_cells(tree, name, (uint32_t[]){ __VA_ARGS__ }, \
                   sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* The whole tree with one memory reservation, which the caller frees. */
uint8_t *tree_finish(struct tree *tree, uint64_t reserved_start, uint64_t reserved_size);
