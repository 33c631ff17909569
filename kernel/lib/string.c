/*
 * Memory routines: plain, by words if the operands are aligned.
 */
#include "lib/string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    unsigned char *d = to;
    const unsigned char *s = from;

    if ((((word_t)d | (word_t)s) & 7) == 0) {
        for (; bytes >= 8; bytes -= 8, d += 8, s += 8) {
            *(word_t *)(void *)d = *(const word_t *)(const void *)s;
        }
    }
    while (bytes--) {
        *d++ = *s++;
    }
    return to;
}

void *memset(void *to, int byte, size_t bytes)
{
    unsigned char *d = to;
    word_t pattern = (unsigned char)byte * 0x0101010101010101ul;

    if (((word_t)d & 7) == 0) {
        for (; bytes >= 8; bytes -= 8, d += 8) {
            *(word_t *)(void *)d = pattern;
        }
    }
    while (bytes--) {
        *d++ = (unsigned char)byte;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *x = a;
    const unsigned char *y = b;

    for (; bytes; bytes--, x++, y++) {
        if (*x != *y) {
            return *x < *y ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n]) {
        n++;
    }
    return n;
}

bool string_equal(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

void zero_words(void *to, size_t bytes)
{
    word_t *p = to;
    word_t *end = p + bytes / sizeof(word_t);

    for (; end - p >= 16; p += 16) {
        p[0] = 0, p[1] = 0, p[2] = 0, p[3] = 0, p[4] = 0, p[5] = 0, p[6] = 0, p[7] = 0;
        p[8] = 0, p[9] = 0, p[10] = 0, p[11] = 0, p[12] = 0, p[13] = 0, p[14] = 0, p[15] = 0;
    }
    for (; p < end; p += 2) {
        p[0] = 0, p[1] = 0;
    }
    /* Order the zeros before the entry that lets page-table walkers of other harts find the memory. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
}
