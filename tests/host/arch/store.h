/*
 * The same in C; see kernel/arch/riscv64/include/arch/store.h.
 */
#pragma once

#include "lib/types.h"

static inline void store_word(volatile word_t *to, word_t value)
{
    *to = value;
}

static inline void store_half(volatile uint32_t *to, uint32_t value)
{
    *to = value;
}
