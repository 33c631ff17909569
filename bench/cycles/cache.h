/* A set-associative store of tags with random replacement: caches and TLBs of the model. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cache {
    unsigned sets, ways;
    uint64_t *tags; /* sets * ways; 0 is none */
    bool *dirty;
};

/* What a look into a cache found. */
enum cache_result {
    CACHE_HIT,
    CACHE_MISS,
    CACHE_MISS_DIRTY
};

/* The source of random numbers for all of them. */
void cache_seed(uint64_t seed);

/* entries, a multiple of ways; 0: a cache in which nothing is found. */
void cache_init(struct cache *cache, unsigned entries, unsigned ways);

/* Looks for a tag (not 0) in a set (taken modulo their number), and puts it there if it is missing.
 * CACHE_MISS_DIRTY: what it has replaced was marked as written. */
enum cache_result cache_look(struct cache *cache, uint64_t set, uint64_t tag, bool write);

/* Forgets everything. */
void cache_clear(struct cache *cache);
