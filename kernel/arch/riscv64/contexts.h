/*
 * How the device tree connects harts to interrupt controllers.
 */
#pragma once

#include "boot/platform.h"

/* Finds the place of a hart's supervisor mode, or with hart NULL of any hart's, among the targets of a
 * controller (its interrupts-extended). */
bool find_target(const struct fdt_property *targets, const struct platform_hart *hart, uint32_t *place);
