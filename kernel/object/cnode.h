/*
 * CNodes: tables of capability slots, and the operations on the capabilities in them.
 */
#pragma once

#include "cap/ops.h"

extern const struct cap_ops cnode_ops;
