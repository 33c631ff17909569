/*
 * Memory routines. The compiler calls memcpy, memset and the like; zero_words() is for clearing large
 * memory.
 */
#pragma once

#include "lib/types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *s);
bool string_equal(const char *a, const char *b);

/* Clears bytes at an address; both are multiples of 16. Other harts see the memory clear before anything
 * that is stored afterwards, such as an entry that maps it. */
void zero_words(void *to, size_t bytes);
