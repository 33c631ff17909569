/*
 * Turning the machine off.
 */
#pragma once

#include "lib/types.h"

/* phys is where a SiFive test finisher should be, which carries an exit status on QEMU. If nothing answers
 * there, or the machine is still on a second later, the firmware turns it off. time_frequency is in counts of
 * the time CSR per second. Before the hart takes traps of others. */
void power_init(word_t phys, word_t time_frequency);

/* code 0 is success. Never returns, whatever the platform does. */
_Noreturn void power_off(unsigned code);

/* The same with a failure, from inside a panic: says nothing, as that may be what failed. */
_Noreturn void power_cut(void);
