/*
 * Stores into memory of programs. They are not written in C, because the compiler is told that pointers of
 * all types may alias, so it would reload everything of the kernel after each such store. They keep their
 * order, also with other volatile accesses.
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
