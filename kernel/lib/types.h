/*
 * The kernel's basic types and the few helpers that every file uses. No dependency on anything else, so it is
 * the same on the host, where unit tests compile the object layer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t word_t;

#define WORD_BITS 64

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Marks code that runs once or only when something went wrong; the linker keeps it away from the hot paths.
 */
#define COLD __attribute__((cold, noinline))

/* Marks functions on the way of a call, or of a batch of asynchronous requests. The linker puts them side by
 * side, on few pages, as each page more is a miss in some TLB. HOT_LOOP is for the loop over the requests of
 * a batch: it lies on one page, as emulators follow a jump to another page more slowly. */
#define HOT      __attribute__((section(".text.hot")))
#define HOT_LOOP __attribute__((section(".text.hot.loop")))

/* The same for variables. */
#define HOT_DATA __attribute__((section(".bss.hot")))

/* Keeps a function that is seldom called out of a hot one, which then needs no stack frame for it. */
#define APART __attribute__((noinline))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline word_t bit(unsigned n)
{
    return (word_t)1 << n;
}

/* The low n bits set; n is 0 to 63. */
static inline word_t mask(unsigned n)
{
    return bit(n) - 1;
}

static inline word_t align_down(word_t value, unsigned bits)
{
    return value & ~mask(bits);
}

/* Wraps to 0 when the result does not fit; callers that take untrusted values check for it. */
static inline word_t align_up(word_t value, unsigned bits)
{
    return (value + mask(bits)) & ~mask(bits);
}

static inline bool is_aligned(word_t value, unsigned bits)
{
    return (value & mask(bits)) == 0;
}

static inline word_t min_word(word_t a, word_t b)
{
    return a < b ? a : b;
}
