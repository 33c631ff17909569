/*
 * The only way to memory that user programs can write at the same time: one word, read or written once.
 * Callers have found the address through a frame capability, in the physical window, so the access cannot
 * fault; what is read is the word of an attacker.
 */
#pragma once

#include "lib/types.h"

static inline word_t user_load(const word_t *address)
{
    return *(const volatile word_t *)address;
}

static inline void user_store(word_t *address, word_t value)
{
    *(volatile word_t *)address = value;
}
