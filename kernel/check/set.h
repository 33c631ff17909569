/*
 * Sets of addresses of physical memory, for the checker: a bit for each 16 bytes, the size of the smallest
 * object, and a summary with a bit for each word of bits that is not zero, so that going through a sparse set
 * and emptying it are quick.
 */
#pragma once

#include "lib/types.h"

#define SET_UNIT_BITS 4
#define SET_END       (~(word_t)0)

struct set {
    word_t *bits;
    word_t *summary;
};

/* The range that all sets cover; both ends are multiples of 64 KiB. */
extern word_t set_start, set_end;

/* Bytes of memory for one set over so many bytes. */
word_t set_bytes(word_t covered);

/* Gives a set its memory, cleared; returns what is behind. */
void *set_init(struct set *set, void *memory);

void set_clear(struct set *set);

/* True if the range lies in what the sets cover. */
bool set_covers(word_t phys, word_t bytes);

/* Adds an address. False if it was there. */
bool set_add(struct set *set, word_t phys);

/* Adds all of a range. False if some of it was there. */
bool set_add_range(struct set *set, word_t phys, word_t bytes);

bool set_has(const struct set *set, word_t phys);

/* The first member at or behind an address; SET_END if there is none. */
word_t set_next(const struct set *set, word_t from);

/* How many members lie in a range. */
word_t set_count(const struct set *set, word_t phys, word_t bytes);
