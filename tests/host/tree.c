#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    BEGIN_NODE = 1,
    END_NODE = 2,
    PROPERTY = 3,
    NOP = 4,
    END = 9
};

static void put_bytes(struct tree_block *block, const void *bytes, size_t size)
{
    assert_true(size <= TREE_BLOCK_MAX - block->size);
    memcpy(block->bytes + block->size, bytes, size);
    block->size += (uint32_t)size;
}

static void put_cell(struct tree_block *block, uint32_t value)
{
    const uint8_t bytes[] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                              (uint8_t)value };

    put_bytes(block, bytes, sizeof(bytes));
}

static void pad(struct tree_block *block)
{
    while (block->size % 4) {
        put_bytes(block, "", 1);
    }
}

void tree_begin_node(struct tree *tree, const char *name)
{
    put_cell(&tree->structure, BEGIN_NODE);
    put_bytes(&tree->structure, name, strlen(name) + 1);
    pad(&tree->structure);
}

void tree_end_node(struct tree *tree)
{
    put_cell(&tree->structure, END_NODE);
}

void tree_put(struct tree *tree, const char *name, const void *value, size_t size)
{
    put_cell(&tree->structure, NOP); /* wherever there can be one */
    put_cell(&tree->structure, PROPERTY);
    put_cell(&tree->structure, (uint32_t)size);
    put_cell(&tree->structure, tree->strings.size);
    put_bytes(&tree->structure, value, size);
    pad(&tree->structure);
    put_bytes(&tree->strings, name, strlen(name) + 1);
}

void tree_put_string(struct tree *tree, const char *name, const char *string)
{
    tree_put(tree, name, string, strlen(string) + 1);
}

void tree_put_cells(struct tree *tree, const char *name, const uint32_t *cells, size_t count)
{
    struct tree_block value = { 0 };

    for (size_t i = 0; i < count; i++) {
        put_cell(&value, cells[i]);
    }
    tree_put(tree, name, value.bytes, value.size);
}

uint8_t *tree_finish(struct tree *tree, uint64_t reserved_start, uint64_t reserved_size)
{
    const uint32_t reservations = 40;
    const uint32_t structure = reservations + 32;
    struct tree_block front = { 0 };

    put_cell(&tree->structure, END);
    const uint32_t strings = structure + tree->structure.size;
    const uint32_t size = strings + tree->strings.size;
    const uint32_t cells[] = { 0xd00dfeed,
                               size,
                               structure,
                               strings,
                               reservations,
                               17,
                               16,
                               0,
                               tree->strings.size,
                               tree->structure.size,
                               (uint32_t)(reserved_start >> 32),
                               (uint32_t)reserved_start,
                               (uint32_t)(reserved_size >> 32),
                               (uint32_t)reserved_size,
                               0,
                               0,
                               0,
                               0 };
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        put_cell(&front, cells[i]);
    }
    uint8_t *whole = malloc(size);
    assert_non_null(whole);
    memcpy(whole, front.bytes, front.size);
    memcpy(whole + structure, tree->structure.bytes, tree->structure.size);
    memcpy(whole + strings, tree->strings.bytes, tree->strings.size);
    return whole;
}
