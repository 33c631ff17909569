/*
 * What boot asks of the architecture.
 */
#pragma once

#include "boot/platform.h"

/* Prepares the running hart for traps and for its first return to user mode: interrupts on, floating
 * point off, and vectors off for ever, as the kernel does not save them. */
void setup_traps(void);

/* Returns whether the running hart counts instructions, and whether it has the time counter. Before it
 * takes traps from others. */
bool setup_counts_instructions(void);
bool setup_has_time(void);

/* Returns whether a byte of physical memory inside the window can be read: a wrong address from the
 * firmware should be reported, not end in a panic. Before the hart takes traps from others. */
bool phys_is_readable(word_t phys);

/* Powers off if the firmware lacks an SBI extension that the kernel needs, for several_harts also those
 * for other harts. */
void setup_check_firmware(bool several_harts);

/* Fills in the architecture's part of the record of a hart, whose logical number is set. */
void setup_describe_hart(struct hart *hart, const struct platform *platform);

/* Starts a hart at kernel_start. Powers off if the firmware refuses. */
void setup_start_hart(const struct hart *hart);
