/*
 * Sets of physical memory. Adding and removing replace the ranges that they touch by what remains of them.
 */
#include "boot/regions.h"

struct region region_at(word_t start, word_t size)
{
    return (struct region){ start, size > ~start ? ~(word_t)0 : start + size };
}

struct region region_inside_pages(struct region region)
{
    if (region.start > ~mask(12)) {
        return (struct region){ 0, 0 };
    }
    return (struct region){ align_up(region.start, 12), align_down(region.end, 12) };
}

struct region region_around(struct region region, unsigned bits)
{
    word_t last = ~mask(bits);

    return (struct region){ align_down(region.start, bits),
                            region.end > last ? last : align_up(region.end, bits) };
}

/* Replaces the ranges first to last - 1 by others. */
static void replace(struct regions *set, unsigned first, unsigned last, const struct region *others,
                    unsigned count)
{
    struct regions old = *set;

    if (old.count - (last - first) + count > REGIONS_MAX) {
        set->overflow = true;
        return;
    }
    set->count = first;
    for (unsigned i = 0; i < count; i++) {
        set->list[set->count++] = others[i];
    }
    for (unsigned i = last; i < old.count; i++) {
        set->list[set->count++] = old.list[i];
    }
}

void regions_add(struct regions *set, struct region region)
{
    unsigned first = 0;

    if (region.start >= region.end) {
        return;
    }
    while (first < set->count && set->list[first].end < region.start) {
        first++;
    }
    unsigned last = first;
    for (; last < set->count && set->list[last].start <= region.end; last++) {
        region.start = min_word(region.start, set->list[last].start);
        if (region.end < set->list[last].end) {
            region.end = set->list[last].end;
        }
    }
    replace(set, first, last, &region, 1);
}

void regions_remove(struct regions *set, struct region region)
{
    struct region rest[2];
    unsigned count = 0;
    unsigned first = 0;

    while (first < set->count && set->list[first].end <= region.start) {
        first++;
    }
    unsigned last = first;
    while (last < set->count && set->list[last].start < region.end) {
        last++;
    }
    if (region.start >= region.end || first == last) {
        return;
    }
    if (set->list[first].start < region.start) {
        rest[count++] = (struct region){ set->list[first].start, region.start };
    }
    if (set->list[last - 1].end > region.end) {
        rest[count++] = (struct region){ region.end, set->list[last - 1].end };
    }
    replace(set, first, last, rest, count);
}

void regions_remove_all(struct regions *set, const struct regions *others, unsigned bits)
{
    for (unsigned i = 0; i < others->count; i++) {
        regions_remove(set, region_around(others->list[i], bits));
    }
}

bool regions_contain(const struct regions *set, struct region region)
{
    for (unsigned i = 0; i < set->count; i++) {
        if (set->list[i].start <= region.start && region.end <= set->list[i].end) {
            return true;
        }
    }
    return false;
}

struct region region_common(struct region region, struct region other)
{
    return (struct region){ region.start > other.start ? region.start : other.start,
                            min_word(region.end, other.end) };
}

bool region_overlaps(struct region region, struct region other)
{
    return region.start < other.end && other.start < region.end;
}

bool regions_overlap(const struct regions *set, struct region region)
{
    for (unsigned i = 0; i < set->count; i++) {
        if (region_overlaps(set->list[i], region)) {
            return true;
        }
    }
    return false;
}

bool regions_take(struct regions *set, word_t bytes, unsigned bits, word_t *start)
{
    for (unsigned i = set->count; i-- > 0;) {
        struct region region = set->list[i];
        if (region.end - region.start < bytes) {
            continue;
        }
        *start = align_down(region.end - bytes, bits);
        if (*start >= region.start) {
            regions_remove(set, (struct region){ *start, *start + bytes });
            return true;
        }
    }
    return false;
}

word_t regions_total(const struct regions *set)
{
    word_t total = 0;

    for (unsigned i = 0; i < set->count; i++) {
        total += set->list[i].end - set->list[i].start;
    }
    return total;
}
