/*
 * Access to BootInfo. The start code has stored its address before main() runs.
 */
#pragma once

#include <sel4/bootinfo_types.h>

/* Returns the BootInfo that the kernel handed to the root task. Only root tasks have one. */
seL4_BootInfo *seL4_GetBootInfo(void);

/* Returns the chunk of extra information after header, or the first one if header is null; null if there is
 * none. */
const seL4_BootInfoHeader *sel4_bootinfo_next(const seL4_BootInfo *bi, const seL4_BootInfoHeader *header);

/*
 * Finds the first chunk of extra information with an id (seL4_BootInfoID or another number). Returns its
 * header, which its content follows, or null if there is none.
 */
const seL4_BootInfoHeader *sel4_bootinfo_chunk(const seL4_BootInfo *bi, seL4_Word id);
