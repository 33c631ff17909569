/*
 * The checker of debug kernels: is everything in the kernel as it must be?
 *
 * It finds all capabilities from the root CNode, and from them all objects, and holds each structure against
 * all others that say the same thing: the derivation tree against memory, queues against threads, page
 * tables against capabilities. What must hold is said where it is checked; a violation is a panic that names
 * it and the object.
 *
 * Release kernels call nothing of it, and the linker leaves it out. All functions need the kernel lock, at a
 * moment when nothing is half done: before a kernel entry is served, or after it.
 */
#pragma once

#include "cap/slot.h"

/* Check at every so many kernel entries; 0: never. */
extern unsigned check_interval;

/* Kernel entries since the last check. */
extern unsigned check_entries;

/* Bytes that check_init() needs for kernel objects between two physical addresses. */
word_t check_bytes(word_t start, word_t end);

/* Prepares the checker; memory is page-aligned, cleared and its own for good. All capabilities are found from
 * root, an array of slots that is never given away. */
void check_init(void *memory, word_t start, word_t end, struct slot *root, word_t root_slots);

/* Inspects the whole kernel, and panics if something is wrong. Does nothing before check_init(). */
void check_everything(void);

/* An object has a capability, or a zombie, as the last check_everything() found it. */
bool check_is_live(const void *object);

static inline void check_at_entry(void)
{
    if (REL4_DEBUG && unlikely(check_interval) && ++check_entries >= check_interval) {
        check_entries = 0;
        check_everything();
    }
}
