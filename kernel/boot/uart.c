/*
 * Finds the UART that the device tree names as the console.
 */
#include "boot/uart.h"

#include "arch/console.h"
#include "lib/string.h"

/* Longest name of an alias, with its NUL. */
#define ALIAS_SIZE 32

/* Reads a string property, up to the colon that begins options. */
static bool get_path(const struct tree_walk *walk, const char *name, struct fdt_property *path)
{
    uint32_t size = 0;

    if (!node_get(walk, name, path)) {
        return false;
    }
    while (size < path->size && path->data[size] && path->data[size] != ':') {
        size++;
    }
    path->size = size;
    return size > 0;
}

void uart_find_path(struct tree_walk *walk)
{
    struct fdt_property path;
    char alias[ALIAS_SIZE] = { 0 };

    if (!walk_to_top_level(walk, "chosen") || !get_path(walk, "stdout-path", &path)) {
        return;
    }
    if (path.data[0] != '/') {
        memcpy(alias, path.data, min_word(path.size, ALIAS_SIZE - 1));
        if (path.size >= ALIAS_SIZE || !walk_to_top_level(walk, "aliases") || !get_path(walk, alias, &path)) {
            return;
        }
    }
    walk->console = path;
}

struct fdt_property uart_follow(const struct tree_walk *walk, struct fdt_property path)
{
    const char *name = walk->node.name;
    uint32_t at = 1; /* behind the slash */

    if (path.size < 2 || path.data[0] != '/') {
        return (struct fdt_property){ 0 };
    }
    while (at < path.size && path.data[at] != '/' && path.data[at] == (uint8_t)*name) {
        at++;
        name++;
    }
    if (at == 1 || (at < path.size && path.data[at] != '/') || (*name && *name != '@')) {
        return (struct fdt_property){ 0 };
    }
    return (struct fdt_property){ path.data + at, path.size - at };
}

void uart_visit(struct tree_walk *walk)
{
    struct platform *platform = walk->platform;
    struct fdt_property compatible, offset;
    struct region region;
    word_t shift = 0, width = 1;

    if (!node_get(walk, "compatible", &compatible) || !node_device(walk, &region) ||
        !(fdt_has_string(&compatible, "ns16550a") || fdt_has_string(&compatible, "ns16550"))) {
        return;
    }
    node_number(walk, "reg-shift", &shift);
    node_number(walk, "reg-io-width", &width);
    if (node_get(walk, "reg-offset", &offset) ||
        !console_knows_uart(region.end - region.start, shift, width)) {
        return;
    }
    platform->uart = region;
    platform->uart_shift = (unsigned)shift;
    platform->uart_width = (unsigned)width;
}

void uart_check(struct platform *platform)
{
    if (platform_has_memory_at(platform, platform->uart) ||
        regions_overlap(&platform->kernel_devices, platform->uart)) {
        platform->uart = (struct region){ 0, 0 };
    }
}
