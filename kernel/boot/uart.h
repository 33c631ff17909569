/*
 * Which UART of the device tree is the console.
 */
#pragma once

#include "boot/platform.h"
#include "boot/tree.h"

/* Where /chosen says that the console is: a path, or the name of one in /aliases. */
void uart_find_path(struct tree_walk *walk);

/* What is left of a path below the walk's node, if it leads there: its next name is the node's, with the unit
 * address or without. */
struct fdt_property uart_follow(const struct tree_walk *walk, struct fdt_property path);

/* The console's node: takes note of its UART if that is of a kind that the kernel knows. */
void uart_visit(struct tree_walk *walk);

/* A wrong address of the console must not be written to by every message. */
void uart_check(struct platform *platform);
