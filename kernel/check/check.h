/*
 * The checker of debug kernels, which tests the invariants of the whole kernel.
 *
 * It finds all capabilities from the root CNode, and from them all objects, and compares each structure with
 * all others that say the same thing: the derivation tree with memory, queues with threads, page tables with
 * capabilities. Each invariant is stated where it is checked; a violation is a panic that names the invariant
 * and the object.
 *
 * Release kernels call nothing of it, and the linker leaves it out. All functions need the kernel lock, at a
 * moment when nothing is half done: before a kernel entry is served, or after it.
 */
#pragma once

#include "cap/slot.h"

/* Number of kernel entries from one check to the next; 0: no checks. */
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

/* Whether the last check_everything() found a capability or zombie for an object. */
bool check_is_live(const void *object);

static inline void check_at_entry(void)
{
    if (REL4_DEBUG && unlikely(check_interval) && ++check_entries >= check_interval) {
        check_entries = 0;
        check_everything();
    }
}
