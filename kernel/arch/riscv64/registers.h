/*
 * Device registers of one or four bytes, by their physical address inside the window. A device sees the
 * accesses of a hart in order.
 */
#pragma once

#include "arch/window.h"
#include "lib/types.h"

/* width is 1 or 4. */
static inline uint32_t register_read(word_t phys, unsigned width)
{
    const volatile void *at = phys_to_ptr(phys);

    return width == 1 ? *(const volatile uint8_t *)at : *(const volatile uint32_t *)at;
}

static inline void register_write(word_t phys, unsigned width, uint32_t value)
{
    volatile void *at = phys_to_ptr(phys);

    if (width == 1) {
        *(volatile uint8_t *)at = (uint8_t)value;
    } else {
        *(volatile uint32_t *)at = value;
    }
}
