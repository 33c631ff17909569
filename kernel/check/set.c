/*
 * Sets of addresses; see set.h.
 */
#include "check/set.h"

#include "lib/bits.h"

#define WORD_SHIFT 6 /* log2 of the bits of a word */

word_t set_start, set_end;

static word_t unit_of(word_t phys)
{
    return (phys - set_start) >> SET_UNIT_BITS;
}

static word_t phys_of(word_t unit)
{
    return set_start + (unit << SET_UNIT_BITS);
}

static word_t word_count(word_t covered)
{
    return covered >> (SET_UNIT_BITS + WORD_SHIFT);
}

static word_t summary_count(word_t covered)
{
    return (word_count(covered) >> WORD_SHIFT) + 1;
}

word_t set_bytes(word_t covered)
{
    return (word_count(covered) + summary_count(covered)) * sizeof(word_t);
}

void *set_init(struct set *set, void *memory)
{
    set->bits = memory;
    set->summary = set->bits + word_count(set_end - set_start);
    return set->summary + summary_count(set_end - set_start);
}

void set_clear(struct set *set)
{
    for (word_t i = 0; i < summary_count(set_end - set_start); i++) {
        while (set->summary[i]) {
            set->bits[i << WORD_SHIFT | lowest_bit(set->summary[i])] = 0;
            set->summary[i] &= set->summary[i] - 1;
        }
    }
}

bool set_covers(word_t phys, word_t bytes)
{
    return phys >= set_start && phys < set_end && bytes <= set_end - phys;
}

static void add_bits(struct set *set, word_t word, word_t bits)
{
    set->bits[word] |= bits;
    set->summary[word >> WORD_SHIFT] |= bit(word & mask(WORD_SHIFT));
}

bool set_add(struct set *set, word_t phys)
{
    word_t unit = unit_of(phys);
    word_t one = bit(unit & mask(WORD_SHIFT));

    if (set->bits[unit >> WORD_SHIFT] & one) {
        return false;
    }
    add_bits(set, unit >> WORD_SHIFT, one);
    return true;
}

bool set_add_range(struct set *set, word_t phys, word_t bytes)
{
    word_t unit = unit_of(phys), end = unit_of(phys + bytes + mask(SET_UNIT_BITS));
    bool is_new = true;

    while (unit < end) {
        word_t first = unit & mask(WORD_SHIFT), count = min_word(WORD_BITS - first, end - unit);
        word_t bits = ~(word_t)0 >> (WORD_BITS - count) << first;
        is_new &= !(set->bits[unit >> WORD_SHIFT] & bits);
        add_bits(set, unit >> WORD_SHIFT, bits);
        unit += count;
    }
    return is_new;
}

bool set_has(const struct set *set, word_t phys)
{
    word_t unit = unit_of(phys);

    return set->bits[unit >> WORD_SHIFT] >> (unit & mask(WORD_SHIFT)) & 1;
}

/* The first word at or behind one that is not zero; SET_END if there is none. */
static word_t next_word(const struct set *set, word_t word)
{
    word_t last = summary_count(set_end - set_start);
    word_t i = word >> WORD_SHIFT;

    if (i >= last) {
        return SET_END;
    }
    word_t summary = set->summary[i] & ~mask(word & mask(WORD_SHIFT));
    while (!summary) {
        if (++i == last) {
            return SET_END;
        }
        summary = set->summary[i];
    }
    return i << WORD_SHIFT | lowest_bit(summary);
}

word_t set_next(const struct set *set, word_t from)
{
    from = align_up(from, SET_UNIT_BITS);
    if (from >= set_end) {
        return SET_END;
    }
    word_t unit = unit_of(from);
    word_t word = unit >> WORD_SHIFT;
    word_t bits = set->bits[word] & ~mask(unit & mask(WORD_SHIFT));
    if (!bits) {
        word = next_word(set, word + 1);
        if (word == SET_END) {
            return SET_END;
        }
        bits = set->bits[word];
    }
    return phys_of(word << WORD_SHIFT | lowest_bit(bits));
}

word_t set_count(const struct set *set, word_t phys, word_t bytes)
{
    word_t count = 0;

    for (word_t member = set_next(set, phys); member < phys + bytes; member = set_next(set, member + 1)) {
        count++;
    }
    return count;
}
