/*
 * The physical window on the host: a range of addresses that the operating system leaves alone, of which
 * arch.c backs a part, near the top, with memory. So object addresses in capabilities have their highest bits
 * set, and whatever touches memory that it should not ends in a segmentation fault.
 */
#pragma once

#include "lib/types.h"

#define PHYS_WINDOW_BASE 0x200000000000ul
#define PHYS_WINDOW_BITS 38
#define PHYS_WINDOW_SIZE 0x3f80000000ul

static inline void *phys_to_ptr(word_t phys)
{
    return (void *)(PHYS_WINDOW_BASE | phys);
}

static inline void *window_ptr(word_t bits)
{
    return phys_to_ptr(bits & mask(PHYS_WINDOW_BITS));
}

static inline word_t ptr_to_phys(const volatile void *ptr)
{
    return (word_t)ptr & mask(PHYS_WINDOW_BITS);
}
