/*
 * Finding bits without instructions for it (Zbb), which the base architecture lacks.
 */
#pragma once

#include "lib/types.h"

/* Returns the number of the lowest bit set; value is not 0. The product of a single bit and a de Bruijn
 * sequence has a different pattern in its top six bits for each bit. */
static inline unsigned lowest_bit(word_t value)
{
    static const uint8_t places[64] = {
        0,  1,  2,  53, 3,  7,  54, 27, 4,  38, 41, 8,  34, 55, 48, 28, 62, 5,  39, 46, 44, 42,
        22, 9,  24, 35, 59, 56, 49, 18, 29, 11, 63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21,
        23, 58, 17, 10, 51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12,
    };

    return places[(value & -value) * 0x022fdd63cc95386dul >> 58];
}

/* Returns the number of the first bit that is clear in count words, or WORD_BITS * count if all are set. */
static inline unsigned lowest_clear_bit(const word_t *words, unsigned count)
{
    unsigned i = 0;

    while (i < count && !~words[i]) {
        i++;
    }
    return i * WORD_BITS + (i < count ? lowest_bit(~words[i]) : 0);
}

/* Returns the number of the highest bit set; value is not 0. */
static inline unsigned highest_bit(word_t value)
{
    unsigned n = 0;

    while (value >>= 1) {
        n++;
    }
    return n;
}
