/*
 * Turning the machine off.
 */
#pragma once

#include "lib/types.h"

/* Sets the address of the SiFive test finisher, which carries an exit status on QEMU, and the frequency
 * of the time CSR in Hz. The firmware turns the machine off if nothing answers there, or if the machine
 * is still on after a second. Before the hart takes traps from others. */
void power_init(word_t phys, word_t time_frequency);

/* Turns the machine off; code 0 is success. Never returns, whatever the platform does. */
_Noreturn void power_off(unsigned code);

/* The same with a failure, from inside a panic. Prints nothing, as printing may be what failed. */
_Noreturn void power_cut(void);
