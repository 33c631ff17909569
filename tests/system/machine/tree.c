#include "tree.h"

#include <string.h>

enum {
    BEGIN_NODE = 1,
    END_NODE = 2,
    PROPERTY = 3,
    NOTHING = 4,
};

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static seL4_Word two_cells(const uint8_t *p)
{
    return (seL4_Word)big_endian(p) << 32 | big_endian(p + 4);
}

/* Walks the tree; counts matching nodes and notes the range of one of them. */
static unsigned walk(const char *prefix, unsigned index, struct tree_range *range)
{
    const uint8_t *tree = sel4_device_tree();
    unsigned count = 0;
    bool inside = false;

    if (!tree) {
        return 0;
    }
    const char *strings = (const char *)tree + big_endian(tree + 12);
    for (const uint8_t *p = tree + big_endian(tree + 8);;) {
        uint32_t token = big_endian(p);

        p += 4;
        if (token == BEGIN_NODE) {
            inside = strncmp((const char *)p, prefix, strlen(prefix)) == 0;
            count += inside;
            p += (strlen((const char *)p) + 4) & ~3ul;
        } else if (token == PROPERTY) {
            uint32_t length = big_endian(p);
            if (inside && count == index + 1 && length >= 16 &&
                strcmp(strings + big_endian(p + 4), "reg") == 0) {
                *range = (struct tree_range){ two_cells(p + 8), two_cells(p + 16) };
            }
            p += 8 + ((length + 3) & ~3u);
        } else if (token == END_NODE) {
            inside = false;
        } else if (token != NOTHING) {
            return count;
        }
    }
}

unsigned tree_count(const char *prefix)
{
    struct tree_range range;

    return walk(prefix, ~0u, &range);
}

struct tree_range tree_find(const char *prefix, unsigned index)
{
    struct tree_range range = { 0 };

    walk(prefix, index, &range);
    return range;
}
