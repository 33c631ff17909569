/*
 * The kernel console: output only, through the firmware.
 */
#pragma once

#include "lib/types.h"

void console_put(char c);
