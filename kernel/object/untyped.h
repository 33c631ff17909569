/*
 * Untyped memory: making objects from it.
 */
#pragma once

#include "cap/ops.h"

extern const struct cap_ops untyped_ops;
