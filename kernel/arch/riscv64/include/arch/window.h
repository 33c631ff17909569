/*
 * The physical window: all physical memory below 254 GiB, at a fixed offset. Kernel objects and the kernel
 * image are used at their addresses in it, so one conversion serves everything.
 */
#pragma once

#include "lib/types.h"

#define PHYS_WINDOW_BASE 0xffffffc000000000ul
#define PHYS_WINDOW_BITS 38
#define PHYS_WINDOW_SIZE 0x3f80000000ul

static inline void *phys_to_ptr(word_t phys)
{
    return (void *)(PHYS_WINDOW_BASE | phys); /* NOLINT(performance-no-int-to-ptr): this is the conversion */
}

/* The same for a word with any bits above those of the window: ORing the base sets them. */
static inline void *window_ptr(word_t bits)
{
    return (void *)(PHYS_WINDOW_BASE | bits); /* NOLINT(performance-no-int-to-ptr): and its twin */
}

static inline word_t ptr_to_phys(const volatile void *ptr)
{
    return (word_t)ptr & mask(PHYS_WINDOW_BITS);
}
