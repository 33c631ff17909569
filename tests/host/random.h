/*
 * Numbers that look random and are the same in every run (xorshift64*), so that a failure can be repeated.
 */
#pragma once

#include <stdint.h>

/* A number below limit, which is not 0. state must not be 0. */
static inline uint32_t random_below(uint64_t *state, uint32_t limit)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 0x2545f4914f6cdd1d) >> 33) % limit;
}
