/*
 * BootInfo as the root task finds it. The start code has stored it before main() runs.
 */
#pragma once

#include <sel4/bootinfo_types.h>

/* Returns the BootInfo that the kernel handed to the root task. Only root tasks have one. */
seL4_BootInfo *seL4_GetBootInfo(void);

/*
 * Finds a chunk of the extra information by id (seL4_BootInfoID or another number). Returns its header,
 * which the payload follows, or null.
 */
const seL4_BootInfoHeader *sel4_bootinfo_chunk(const seL4_BootInfo *bi, seL4_Word id);
