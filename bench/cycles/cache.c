#include "cache.h"

#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;

void cache_seed(uint64_t seed)
{
    state = seed ? seed : 1;
}

/* Marsaglia's xorshift with 64 bits. */
static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

void cache_init(struct cache *cache, unsigned entries, unsigned ways)
{
    cache->ways = ways;
    cache->sets = ways ? entries / ways : 0;
    free(cache->tags);
    free(cache->dirty);
    cache->tags = calloc(entries + 1, sizeof(*cache->tags));
    cache->dirty = calloc(entries + 1, sizeof(*cache->dirty));
    if (!cache->tags || !cache->dirty) {
        abort();
    }
}

enum cache_result cache_look(struct cache *cache, uint64_t set, uint64_t tag, bool write)
{
    if (!cache->sets || !cache->ways) {
        return CACHE_MISS;
    }
    uint64_t first = set % cache->sets * cache->ways, free_way = cache->ways;
    for (uint64_t way = 0; way < cache->ways; way++) {
        if (cache->tags[first + way] == tag) {
            cache->dirty[first + way] |= write;
            return CACHE_HIT;
        }
        if (!cache->tags[first + way]) {
            free_way = way;
        }
    }
    uint64_t victim = first + (free_way < cache->ways ? free_way : next_random() % cache->ways);
    bool was_dirty = cache->tags[victim] && cache->dirty[victim];
    cache->tags[victim] = tag;
    cache->dirty[victim] = write;
    return was_dirty ? CACHE_MISS_DIRTY : CACHE_MISS;
}

void cache_clear(struct cache *cache)
{
    uint64_t entries = (uint64_t)cache->sets * cache->ways;

    memset(cache->tags, 0, entries * sizeof(*cache->tags));
    memset(cache->dirty, 0, entries * sizeof(*cache->dirty));
}
