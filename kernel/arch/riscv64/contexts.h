/*
 * How the device tree connects harts to interrupt controllers.
 */
#pragma once

#include "boot/fdt.h"

/* Whether a controller with these targets (its interrupts-extended) interrupts a hart in supervisor mode. */
bool is_of_supervisor(const struct fdt_property *targets);
