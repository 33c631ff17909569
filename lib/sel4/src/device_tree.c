/*
 * A reader of the flattened device tree, for the address of a device and for the boot arguments. It trusts
 * the kernel to pass a well-formed tree.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sel4/runtime.h>

enum {
    FDT_MAGIC = 0xd00dfeed,
    FDT_BEGIN_NODE = 1,
    FDT_END_NODE = 2,
    FDT_PROP = 3,
    FDT_NOP = 4,
};

#define FDT_MAX_DEPTH 16

/* Byte offsets in the header. */
enum {
    FDT_OFF_STRUCT = 8,
    FDT_OFF_STRINGS = 12,
};

/* Position in the tree, and what was read last. */
struct reader {
    const uint8_t *next, *strings;
    const char *name;     /* of a node or property */
    const uint8_t *value; /* of a property */
    uint32_t length;
};

/* What was read of the present node. */
struct node {
    bool compatible;
    const uint8_t *reg;
};

static uint32_t read_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Returns whether name is one of the zero-terminated strings in a list of length bytes. */
static bool list_has(const uint8_t *list, uint32_t length, const char *name)
{
    for (uint32_t i = 0; i < length; i += strlen((const char *)list + i) + 1) {
        if (strcmp((const char *)list + i, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Reads an address of the given number of 32-bit cells. */
static seL4_Word read_address(const uint8_t *reg, uint32_t cells)
{
    seL4_Word address = 0;

    for (; cells > 0; cells--, reg += 4) {
        address = address << 32 | read_be32(reg);
    }
    return address;
}

const void *sel4_device_tree(void)
{
    const seL4_BootInfoHeader *chunk = sel4_bootinfo_chunk(seL4_GetBootInfo(), SEL4_BOOTINFO_HEADER_FDT);

    if (!chunk || read_be32((const uint8_t *)(chunk + 1)) != FDT_MAGIC) {
        return NULL;
    }
    return chunk + 1;
}

static bool open_tree(struct reader *reader)
{
    const uint8_t *tree = sel4_device_tree();

    if (!tree) {
        return false;
    }
    reader->strings = tree + read_be32(tree + FDT_OFF_STRINGS);
    reader->next = tree + read_be32(tree + FDT_OFF_STRUCT);
    return true;
}

/* Reads the next token that is not FDT_NOP, with its name and value. */
static uint32_t read_token(struct reader *reader)
{
    uint32_t token;

    do {
        token = read_be32(reader->next);
        reader->next += 4;
    } while (token == FDT_NOP);
    if (token == FDT_BEGIN_NODE) {
        reader->name = (const char *)reader->next;
        reader->next += (strlen(reader->name) + 4) & ~3ul;
    } else if (token == FDT_PROP) {
        reader->length = read_be32(reader->next);
        reader->name = (const char *)reader->strings + read_be32(reader->next + 4);
        reader->value = reader->next + 8;
        reader->next = reader->value + ((reader->length + 3) & ~3u);
    }
    return token;
}

bool sel4_find_device(const char *compatible, seL4_Word *paddr)
{
    uint32_t address_cells[FDT_MAX_DEPTH] = { 2, 2 }; /* of the children of the node at each depth */
    struct node node = { 0 };
    struct reader reader;
    int depth = 0;

    if (!open_tree(&reader)) {
        return false;
    }
    for (;;) {
        uint32_t token = read_token(&reader);

        if (token == FDT_PROP) {
            if (strcmp(reader.name, "compatible") == 0) {
                node.compatible = list_has(reader.value, reader.length, compatible);
            } else if (strcmp(reader.name, "reg") == 0 && reader.length > 0) {
                node.reg = reader.value;
            } else if (strcmp(reader.name, "#address-cells") == 0) {
                address_cells[depth] = read_be32(reader.value);
            }
            continue;
        }

        /* The properties of a node end where a child starts or the node ends. */
        if (node.compatible && node.reg) {
            *paddr = read_address(node.reg, address_cells[depth - 1]);
            return true;
        }
        node = (struct node){ 0 };
        if (token == FDT_BEGIN_NODE && depth + 1 < FDT_MAX_DEPTH) {
            address_cells[++depth] = 2;
        } else if (token == FDT_END_NODE) {
            depth--;
        } else {
            return false;
        }
    }
}

/* Returns the boot arguments of the machine: the property bootargs of /chosen, or "". */
static const char *boot_arguments(void)
{
    struct reader reader;
    bool chosen = false;
    int depth = 0;

    if (!open_tree(&reader)) {
        return "";
    }
    for (;;) {
        switch (read_token(&reader)) {
        case FDT_BEGIN_NODE:
            chosen = ++depth == 2 && strcmp(reader.name, "chosen") == 0;
            break;
        case FDT_END_NODE:
            chosen = false;
            depth--;
            break;
        case FDT_PROP:
            if (chosen && strcmp(reader.name, "bootargs") == 0) {
                return (const char *)reader.value;
            }
            break;
        default:
            return "";
        }
    }
}

const char *sel4_arguments(void)
{
    const char *at = boot_arguments();

    for (;;) {
        at += strspn(at, " ");
        size_t length = strcspn(at, " ");
        if (length == 2 && strncmp(at, "--", 2) == 0) {
            return at + 2 + strspn(at + 2, " ");
        }
        if (length == 0) {
            return at;
        }
        at += length;
    }
}

bool sel4_argument(const char *name, seL4_Word *value)
{
    const char *at = sel4_arguments();
    size_t name_length = strlen(name);
    bool found = false;

    while (*at) {
        size_t length = strcspn(at, " ");

        if (length > name_length + 1 && strncmp(at, name, name_length) == 0 && at[name_length] == '=') {
            char *end;
            seL4_Word number = strtoul(at + name_length + 1, &end, 0);

            if (end == at + length) {
                *value = number;
                found = true;
            }
        }
        at += length;
        at += strspn(at, " ");
    }
    return found;
}
