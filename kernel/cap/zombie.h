/*
 * Zombies. A zombie takes the place of a capability while its object, a CNode or a TCB, is being destroyed.
 * It records how many of the object's slots may still hold capabilities, and links the dying objects found
 * inside.
 *
 *   word 0   63..59 type, 58 orphan, 57 home (orphan: index of the slot it lives in, 0 or 1)
 *            49..44 log2 of the object's slots, 43..38 high bits of the count
 *            37..0  root: the object's slots; orphan: previous zombie of its list, 0 for a head
 *   word 1   63..31 next zombie of the list (address / 32), 30..0 low bits of the count
 *
 * A root stands in the slot where the deletion began. An orphan lives inside the object that it stands for,
 * so that nesting needs neither memory nor recursion: see cap/delete.c.
 *
 * A list consists of a head, which is a root or an orphan that took over the list of a root, and the orphans
 * behind it. The next of the last is the head, and the prev of the first orphan is the last, so that two
 * lists are joined in one step. A head without orphans has no next.
 */
#pragma once

#include "cap/slot.h"

#define ZOMBIE_ORPHAN_BIT  58
#define ZOMBIE_HOME_BIT    57
#define ZOMBIE_RADIX_SHIFT 44
#define ZOMBIE_COUNT_LOW   31
#define ZOMBIE_COUNT_HIGH  38

static inline bool slot_is_zombie(const struct slot *slot)
{
    return cap_is(slot->cap, CAP_ZOMBIE);
}

static inline bool zombie_is_orphan(const struct slot *z)
{
    return z->cap.w0 >> ZOMBIE_ORPHAN_BIT & 1;
}

/* The first slot of the dying object. */
static inline struct slot *zombie_slots(const struct slot *z)
{
    if (zombie_is_orphan(z)) {
        return (struct slot *)z - (z->cap.w0 >> ZOMBIE_HOME_BIT & 1);
    }
    return cap_object(z->cap);
}

/* Slots 0 to count - 1 may still hold something. */
static inline word_t zombie_count(const struct slot *z)
{
    return (z->cap.w1 & mask(ZOMBIE_COUNT_LOW)) | (z->cap.w0 >> ZOMBIE_COUNT_HIGH & 63) << ZOMBIE_COUNT_LOW;
}

static inline void zombie_set_count(struct slot *z, word_t count)
{
    z->cap.w1 = (z->cap.w1 & ~mask(ZOMBIE_COUNT_LOW)) | (count & mask(ZOMBIE_COUNT_LOW));
    z->cap.w0 = (z->cap.w0 & ~(63ul << ZOMBIE_COUNT_HIGH)) | count >> ZOMBIE_COUNT_LOW << ZOMBIE_COUNT_HIGH;
}

static inline struct slot *zombie_next(const struct slot *z)
{
    word_t next = z->cap.w1 >> ZOMBIE_COUNT_LOW << ABI_SLOT_BITS;

    return next ? phys_to_ptr(next) : NULL;
}

static inline void zombie_set_next(struct slot *z, const struct slot *next)
{
    word_t phys = next ? ptr_to_phys(next) : 0;

    z->cap.w1 = (z->cap.w1 & mask(ZOMBIE_COUNT_LOW)) | phys >> ABI_SLOT_BITS << ZOMBIE_COUNT_LOW;
}

/* NULL for a head. For the first orphan, the last of the list. */
static inline struct slot *zombie_prev(const struct slot *z)
{
    word_t prev = z->cap.w0 & mask(PHYS_WINDOW_BITS);

    return zombie_is_orphan(z) && prev ? phys_to_ptr(prev) : NULL;
}

static inline void zombie_set_prev(struct slot *z, const struct slot *prev)
{
    z->cap.w0 = (z->cap.w0 & ~mask(PHYS_WINDOW_BITS)) | (prev ? ptr_to_phys(prev) : 0);
}

static inline bool zombie_is_head(const struct slot *z)
{
    return !zombie_prev(z);
}

/* Number of slots of the dying object, empty ones included. */
static inline word_t zombie_object_slots(const struct slot *z)
{
    return bit(z->cap.w0 >> ZOMBIE_RADIX_SHIFT & 63);
}

static inline bool zombie_contains(const struct slot *z, const struct slot *slot)
{
    const struct slot *slots = zombie_slots(z);

    return slot >= slots && slot < slots + zombie_object_slots(z);
}
