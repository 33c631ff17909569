/*
 * What boot asks of the architecture.
 */
#pragma once

#include "boot/platform.h"

/* Prepares the running hart for traps, and for its first return to user mode: interrupts on there, floating
 * point off, and vectors off for good, as nobody saves them. */
void setup_traps(void);

/* Whether the running hart counts instructions, and has the time counter. Before it takes traps of others. */
bool setup_counts_instructions(void);
bool setup_has_time(void);

/* Whether a byte of physical memory can be read at all: a wrong address from the firmware is a mistake to
 * report, not to die of. phys is in the window. Before the hart takes traps of others. */
bool phys_is_readable(word_t phys);

/* Powers off if the firmware lacks what the kernel needs for itself, or several_harts for more than one. */
void setup_check_firmware(bool several_harts);

/* Fills in the architecture's part of the record of a hart, whose logical number is set. */
void setup_describe_hart(struct hart *hart, const struct platform *platform);

/* Starts a hart, at kernel_start. Powers off if the firmware does not. */
void setup_start_hart(const struct hart *hart);
