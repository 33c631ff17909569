/*
 * Kernel messages. The boot option log= chooses the level; a message above it costs one test. Callers hold
 * the kernel lock or run before other harts do.
 */
#pragma once

#include "lib/types.h"

#include <stdarg.h>

enum log_level {
    LOG_NONE,
    LOG_ERROR,
    LOG_INFO,
    LOG_DEBUG
};

extern enum log_level log_level;

/* Formats: %s %c %d %u %x %lx %lu %ld %p %%, with an optional 0-fill width before x, as in %016lx. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_args(const char *format, va_list args);

/* Print with the prefix "rel4: ", if the level is shown. */
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

#define log_at(level, ...)                    \
    do {                                      \
        if (unlikely(log_level >= (level))) { \
            print("rel4: " __VA_ARGS__);      \
        }                                     \
    } while (0)
