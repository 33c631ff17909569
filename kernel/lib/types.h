/*
 * The basic types of the kernel, and helpers that every file uses. It depends on nothing else, so it is the
 * same for unit tests on the host.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t word_t;

#define WORD_BITS 64

#ifndef REL4_DEBUG
#define REL4_DEBUG 0
#endif

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Marks code that runs once or only after an error; the linker keeps it apart from hot code. */
#define COLD __attribute__((cold, noinline))

/* Marks functions on the way of a call, or of a batch of asynchronous requests. The linker puts them
 * together, on few pages, as each page more is a miss in some TLB. HOT_LOOP marks those that run for
 * each request of a batch: they lie on one page, because emulators follow jumps between pages more
 * slowly. */
#define HOT      __attribute__((section(".text.hot")))
#define HOT_LOOP __attribute__((section(".text.hot.loop")))

/* The same for variables. */
#define HOT_DATA __attribute__((section(".bss.hot")))

/* Keeps a rarely called function out of a hot one, which then needs no stack frame for it. */
#define APART __attribute__((noinline))

/* For what is part of a hot path, however large it is. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

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

/* Wraps to 0 if the result does not fit; callers check for that if the value is not trusted. */
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
