/*
 * Memory routines. memcpy, memset and friends exist because the compiler calls them; zero_words() is the one
 * for large clears.
 */
#pragma once

#include "lib/types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *s);
bool string_equal(const char *a, const char *b);

/* Clears bytes at an address; both are multiples of 16. No other hart sees what is stored afterwards, such as
 * an entry that maps the memory, before it is clear. */
void zero_words(void *to, size_t bytes);
