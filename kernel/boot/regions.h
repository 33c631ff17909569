/*
 * Sets of physical memory, as a short sorted list of ranges that neither overlap nor touch. Used at boot
 * only, where a machine has a handful of them; a set that outgrows its list says so and must not be used.
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

/* What would wrap around ends at the highest address. */
struct region region_at(word_t start, word_t size);

/* The whole pages inside a range, and the whole blocks of 2^bits bytes that it touches. */
struct region region_inside_pages(struct region region);
struct region region_around(struct region region, unsigned bits);

/* The bytes that both have; may be empty. */
struct region region_common(struct region region, struct region other);

void regions_add(struct regions *set, struct region region);
void regions_remove(struct regions *set, struct region region);

/* Removes all blocks of 2^bits bytes that the other set touches. */
void regions_remove_all(struct regions *set, const struct regions *others, unsigned bits);

bool regions_contain(const struct regions *set, struct region region);

/* Whether the range, which is not empty, has a byte in common with the set, or with another range. */
bool regions_overlap(const struct regions *set, struct region region);
bool region_overlaps(struct region region, struct region other);

/* Takes bytes (not 0), aligned to 2^bits, from the highest range that has them. False if none has. */
bool regions_take(struct regions *set, word_t bytes, unsigned bits, word_t *start);

word_t regions_total(const struct regions *set);
