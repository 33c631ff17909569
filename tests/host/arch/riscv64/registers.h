/*
 * Device registers on the host: host_devices plays them.
 */
#pragma once

#include "lib/types.h"

uint32_t register_read(word_t phys, unsigned width);
void register_write(word_t phys, unsigned width, uint32_t value);
