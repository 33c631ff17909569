/*
 * Turning the machine off.
 */
#pragma once

#include "lib/types.h"

/* phys is the address of a SiFive test finisher, which carries an exit status on QEMU; 0 if there is none. */
void power_init(word_t phys);

/* code 0 is success. Never returns, whatever the platform does. */
_Noreturn void power_off(unsigned code);

/* The same with a failure, from inside a panic: says nothing, as that may be what failed. */
_Noreturn void power_cut(void);
