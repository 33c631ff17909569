/*
 * The kernel console: output only, through the firmware.
 */
#pragma once

#include "lib/types.h"

void console_put(char c);

/* Debug output is available to programs. */
extern bool console_enabled;
