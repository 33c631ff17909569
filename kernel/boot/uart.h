/*
 * Finds the UART that the device tree names as the console.
 */
#pragma once

#include "boot/platform.h"
#include "boot/tree.h"

/* Reads the path of the console from /chosen, where it is a path or an alias. */
void uart_find_path(struct tree_walk *walk);

/* Returns the rest of a path below the current node, if the path leads there: the next name in it is
 * that of the node, with or without its unit address. */
struct fdt_property uart_follow(const struct tree_walk *walk, struct fdt_property path);

/* Records the UART of the node of the console, if it is of a kind that the kernel can drive. */
void uart_visit(struct tree_walk *walk);

/* Drops a UART with a wrong address, so that messages do not overwrite memory or other devices. */
void uart_check(struct platform *platform);
