/*
 * The root task: the first thread, its address space, and capabilities for everything in the machine.
 */
#pragma once

#include "boot/platform.h"

struct tcb;

/* Builds the root task from the ELF file in the initial ramdisk, and hands out all memory and devices.
 * Returns its thread, ready to run but in no queue. Powers off with a message if the file is bad or the
 * machine too small. */
struct tcb *root_task_create(const struct platform *platform, const struct fdt *fdt);
