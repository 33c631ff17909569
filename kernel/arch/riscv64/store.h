/*
 * Stores into memory that the kernel never reads or writes as its own objects. In C, the compiler would think
 * that anything of the kernel may have changed, as it is told that pointers of all types may name the same
 * memory. They keep their order among themselves and with whatever else is volatile.
 */
#pragma once

#include "lib/types.h"

/* The linter does not see that they store. */
/* NOLINTBEGIN(readability-non-const-parameter) */

static inline void store_word(volatile word_t *to, word_t value)
{
    __asm__ volatile("sd %z1, %0" ::"m"(*to), "rJ"(value));
}

static inline void store_half(volatile uint32_t *to, uint32_t value)
{
    __asm__ volatile("sw %z1, %0" ::"m"(*to), "rJ"(value));
}

/* NOLINTEND(readability-non-const-parameter) */
