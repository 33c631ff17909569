/*
 * The capability that controls domains.
 */
#pragma once

#include "cap/ops.h"

extern const struct cap_ops domain_ops;
