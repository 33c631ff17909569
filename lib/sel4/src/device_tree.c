/*
 * A reader for the flattened device tree that knows one question: where is the device that is compatible with
 * this name? It trusts the kernel to pass a well-formed tree.
 */
#include <stdint.h>
#include <string.h>

#include <sel4/runtime.h>

enum {
    FDT_MAGIC = 0xd00dfeed,
    FDT_BEGIN_NODE = 1,
    FDT_END_NODE = 2,
    FDT_PROP = 3,
    FDT_NOP = 4,
    FDT_MAX_DEPTH = 16,
};

/* Byte offsets in the header. */
enum {
    FDT_OFF_STRUCT = 8,
    FDT_OFF_STRINGS = 12,
};

/* What has been read of the node at hand. */
struct node {
    bool compatible;
    const uint8_t *reg;
};

static uint32_t read_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Whether name is one of the zero-terminated strings in a list of length bytes. */
static bool list_has(const uint8_t *list, uint32_t length, const char *name)
{
    for (uint32_t i = 0; i < length; i += strlen((const char *)list + i) + 1) {
        if (strcmp((const char *)list + i, name) == 0)
            return true;
    }
    return false;
}

/* Reads an address of the given number of 32-bit cells. */
static seL4_Word read_address(const uint8_t *reg, uint32_t cells)
{
    seL4_Word address = 0;

    for (; cells > 0; cells--, reg += 4)
        address = address << 32 | read_be32(reg);
    return address;
}

const void *sel4_device_tree(void)
{
    const seL4_BootInfoHeader *chunk = sel4_bootinfo_chunk(seL4_GetBootInfo(), SEL4_BOOTINFO_HEADER_FDT);

    if (!chunk || read_be32((const uint8_t *)(chunk + 1)) != FDT_MAGIC)
        return NULL;
    return chunk + 1;
}

bool sel4_find_device(const char *compatible, seL4_Word *paddr)
{
    const uint8_t *tree = sel4_device_tree();
    const uint8_t *strings, *p;
    uint32_t address_cells[FDT_MAX_DEPTH] = { 2, 2 }; /* of the children of the node at each depth */
    struct node node = { 0 };
    int depth = 0;

    if (!tree)
        return false;
    strings = tree + read_be32(tree + FDT_OFF_STRINGS);
    p = tree + read_be32(tree + FDT_OFF_STRUCT);

    for (;;) {
        uint32_t token = read_be32(p);

        p += 4;
        if (token == FDT_PROP) {
            uint32_t length = read_be32(p);
            const char *name = (const char *)strings + read_be32(p + 4);
            const uint8_t *value = p + 8;

            if (strcmp(name, "compatible") == 0)
                node.compatible = list_has(value, length, compatible);
            else if (strcmp(name, "reg") == 0 && length > 0)
                node.reg = value;
            else if (strcmp(name, "#address-cells") == 0)
                address_cells[depth] = read_be32(value);
            p = value + ((length + 3) & ~3u);
            continue;
        }
        if (token == FDT_NOP)
            continue;

        /* The properties of a node end where a child starts or the node ends. */
        if (node.compatible && node.reg) {
            *paddr = read_address(node.reg, address_cells[depth - 1]);
            return true;
        }
        node = (struct node){ 0 };
        if (token == FDT_BEGIN_NODE && depth + 1 < FDT_MAX_DEPTH) {
            address_cells[++depth] = 2;
            p += (strlen((const char *)p) + 4) & ~3ul;
        } else if (token == FDT_END_NODE) {
            depth--;
        } else {
            return false;
        }
    }
}
