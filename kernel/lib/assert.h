/*
 * Assertions state what the code relies on. Debug builds check them; in release builds they cost nothing.
 * panic() ends the machine in both.
 */
#pragma once

#include "lib/types.h"

/* Prints the message, the hart, its registers if known, and a backtrace; then powers off with a failure. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

#if REL4_DEBUG
#define assert(condition)                                                          \
    do {                                                                           \
        if (unlikely(!(condition))) {                                              \
            panic("assertion failed: %s (%s:%d)", #condition, __FILE__, __LINE__); \
        }                                                                          \
    } while (0)
#else
#define assert(condition) ((void)sizeof(!(condition)))
#endif
