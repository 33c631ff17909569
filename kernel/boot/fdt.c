/*
 * The flattened device tree reader: tokens, and on top of them nodes and properties.
 */
#include "boot/fdt.h"

#include "lib/string.h"

#define FDT_MAGIC   0xd00dfeed
#define FDT_VERSION 17

enum {
    TOKEN_BEGIN_NODE = 1,
    TOKEN_END_NODE = 2,
    TOKEN_PROPERTY = 3,
    TOKEN_NOP = 4
};

struct token {
    uint32_t kind;
    uint32_t data; /* offset of the node's name or the property's value */
    uint32_t size; /* of the value */
    uint32_t name; /* of the property, in the strings block */
};

static uint32_t read_cell(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Returns the number of bytes before the first NUL, or limit if there is none. */
static uint32_t bounded_length(const uint8_t *string, uint32_t limit)
{
    uint32_t length = 0;

    while (length < limit && string[length]) {
        length++;
    }
    return length;
}

static uint32_t header_cell(const uint8_t *blob, unsigned index)
{
    return read_cell(blob + 4 * (size_t)index);
}

uint32_t fdt_total_size(const void *blob)
{
    uint32_t size = header_cell(blob, 1);

    return header_cell(blob, 0) == FDT_MAGIC && size >= FDT_HEADER_SIZE ? size : 0;
}

bool fdt_open(struct fdt *fdt, const void *blob)
{
    uint32_t size = fdt_total_size(blob);

    *fdt = (struct fdt){
        .blob = blob,
        .size = size,
        .structure = header_cell(blob, 2),
        .strings = header_cell(blob, 3),
        .reservations = header_cell(blob, 4),
    };
    uint32_t strings_size = header_cell(blob, 8);
    uint32_t structure_size = header_cell(blob, 9) & ~3u;

    if (size == 0 || header_cell(blob, 5) < FDT_VERSION || header_cell(blob, 6) > FDT_VERSION) {
        return false;
    }
    if (fdt->structure % 4 || fdt->structure > size || structure_size > size - fdt->structure ||
        fdt->strings > size || strings_size > size - fdt->strings) {
        return false;
    }
    fdt->structure_end = fdt->structure + structure_size;
    fdt->strings_end = fdt->strings + strings_size;
    return true;
}

/* Reads the token at *position and moves behind it. Returns false at the end of the tree and at an
 * unknown token. */
static bool next_token(const struct fdt *fdt, uint32_t *position, struct token *token)
{
    uint32_t at = *position;
    uint32_t length = 0;

    do {
        if (fdt->structure_end - at < 4) {
            return false;
        }
        token->kind = read_cell(fdt->blob + at);
        at += 4;
    } while (token->kind == TOKEN_NOP);

    uint32_t left = fdt->structure_end - at;
    if (token->kind == TOKEN_BEGIN_NODE) {
        length = bounded_length(fdt->blob + at, left);
        if (length == left) {
            return false;
        }
        length++;
    } else if (token->kind == TOKEN_PROPERTY) {
        if (left < 8) {
            return false;
        }
        token->size = length = read_cell(fdt->blob + at);
        token->name = read_cell(fdt->blob + at + 4);
        at += 8;
        if (length > left - 8) {
            return false;
        }
    } else if (token->kind != TOKEN_END_NODE) {
        return false;
    }
    token->data = at;
    /* Positions and the end of the block are multiples of four, so rounding up stays inside. */
    *position = at + ((length + 3) & ~3u);
    return true;
}

bool fdt_first_node(const struct fdt *fdt, struct fdt_node *node)
{
    struct token token;

    node->body = fdt->structure;
    node->depth = 0;
    if (!next_token(fdt, &node->body, &token) || token.kind != TOKEN_BEGIN_NODE) {
        return false;
    }
    node->name = (const char *)fdt->blob + token.data;
    return true;
}

bool fdt_next_node(const struct fdt *fdt, struct fdt_node *node)
{
    struct token token;

    while (next_token(fdt, &node->body, &token) && (token.kind != TOKEN_END_NODE || node->depth > 0)) {
        if (token.kind == TOKEN_END_NODE) {
            node->depth--;
        } else if (token.kind == TOKEN_BEGIN_NODE) {
            node->depth++;
            node->name = (const char *)fdt->blob + token.data;
            return true;
        }
    }
    return false;
}

/* size counts the wanted name with its NUL. */
static bool has_name(const struct fdt *fdt, uint32_t name, const char *wanted, size_t size)
{
    uint32_t limit = fdt->strings_end - fdt->strings;

    return name <= limit && size <= limit - name &&
           memcmp(fdt->blob + fdt->strings + name, wanted, size) == 0;
}

bool fdt_get(const struct fdt *fdt, const struct fdt_node *node, const char *name,
             struct fdt_property *property)
{
    struct token token;
    uint32_t at = node->body;
    size_t name_size = strlen(name) + 1;

    while (next_token(fdt, &at, &token) && token.kind == TOKEN_PROPERTY) {
        if (has_name(fdt, token.name, name, name_size)) {
            *property = (struct fdt_property){ fdt->blob + token.data, token.size };
            return true;
        }
    }
    return false;
}

bool fdt_has_string(const struct fdt_property *property, const char *string)
{
    size_t size = strlen(string) + 1;

    for (uint32_t at = 0; at < property->size;) {
        uint32_t left = property->size - at;
        if (size <= left && memcmp(property->data + at, string, size) == 0) {
            return true;
        }
        at += bounded_length(property->data + at, left);
        at += at < property->size;
    }
    return false;
}

bool fdt_number(const struct fdt_property *property, uint32_t first_cell, uint32_t cells, word_t *number)
{
    uint32_t available = property->size / 4;

    if (cells < 1 || cells > 2 || first_cell > available || cells > available - first_cell) {
        return false;
    }
    *number = 0;
    for (uint32_t i = first_cell; i < first_cell + cells; i++) {
        *number = *number << 32 | read_cell(property->data + 4 * (size_t)i);
    }
    return true;
}

bool fdt_reservation(const struct fdt *fdt, uint32_t index, word_t *start, word_t *size)
{
    struct fdt_property block;

    if (fdt->reservations > fdt->size) {
        return false;
    }
    block = (struct fdt_property){ fdt->blob + fdt->reservations, fdt->size - fdt->reservations };
    return fdt_number(&block, 4 * index, 2, start) && fdt_number(&block, 4 * index + 2, 2, size) &&
           (*start != 0 || *size != 0);
}
