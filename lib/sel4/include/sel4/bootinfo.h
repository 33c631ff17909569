/*
 * BootInfo as the root task finds it. The start code has stored it before main() runs.
 */
#pragma once

#include <sel4/bootinfo_types.h>

/* Returns the BootInfo that the kernel handed to the root task. Only root tasks have one. */
seL4_BootInfo *seL4_GetBootInfo(void);

/* The chunk of the extra information behind another one, or the first if that is null. Null: there is none.
 */
const seL4_BootInfoHeader *sel4_bootinfo_next(const seL4_BootInfo *bi, const seL4_BootInfoHeader *header);

/*
 * Finds a chunk of the extra information by id (seL4_BootInfoID or another number). Returns its header,
 * which the payload follows, or null.
 */
const seL4_BootInfoHeader *sel4_bootinfo_chunk(const seL4_BootInfo *bi, seL4_Word id);
