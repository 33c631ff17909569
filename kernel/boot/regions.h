/*
 * Sets of physical memory, as short sorted lists of ranges that neither overlap nor touch. They are used at
 * boot only, when there are few ranges. A set that does not fit into its list is marked and must not be
 * used.
 */
#pragma once

#include "lib/types.h"

#define REGIONS_MAX 32

/* Bytes start to end - 1; empty if end is not above start. */
struct region {
    word_t start;
    word_t end;
};

struct regions {
    struct region list[REGIONS_MAX];
    unsigned count;
    bool overflow;
};

/* Makes a region; one that would wrap around ends at the highest address. */
struct region region_at(word_t start, word_t size);

/* Returns the whole pages inside a region, or the whole blocks of 2^bits bytes that it touches. */
struct region region_inside_pages(struct region region);
struct region region_around(struct region region, unsigned bits);

/* Returns the intersection, which may be empty. */
struct region region_common(struct region region, struct region other);

void regions_add(struct regions *set, struct region region);
void regions_remove(struct regions *set, struct region region);

/* Removes from a set all blocks of 2^bits bytes that others touch. */
void regions_remove_all(struct regions *set, const struct regions *others, unsigned bits);

bool regions_contain(const struct regions *set, struct region region);

/* Return whether a region that is not empty intersects a set, or another region. */
bool regions_overlap(const struct regions *set, struct region region);
bool region_overlaps(struct region region, struct region other);

/* Takes bytes (not 0), aligned to 2^bits, from the highest range that has room. Returns false if none
 * has. */
bool regions_take(struct regions *set, word_t bytes, unsigned bits, word_t *start);

word_t regions_total(const struct regions *set);
