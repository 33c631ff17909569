/*
 * What the parts of the checker share: the sets that the first part fills, ways through them, and the way to
 * fail.
 */
#pragma once

#include "cap/slot.h"
#include "check/set.h"
#include "thread/tcb.h"

/* Everything that was found, by physical address. */
struct findings {
    struct set slots;    /* slots that exist */
    struct set arrays;   /* where the slots of an object begin of which all were found */
    struct set caps;     /* slots that hold a capability, but those of interrupts */
    struct set untypeds; /* slots that hold untyped memory */
    struct set occupied; /* memory of objects, alive or dying */
    struct set objects;  /* where an object that has a capability or zombie begins, except untyped memory */
    struct set threads;  /* thread control blocks that have a capability */
    struct set queued;   /* of those, the ones that were met in a queue */
};

extern struct findings found;

/* A rule that must hold, and the slot or object where it does not. */
static inline void require(bool holds, const char *rule, const volatile void *where)
{
    if (unlikely(!holds)) {
        panic("check: %s: %p", rule, (const void *)where);
    }
}

/* A pointer into memory, to so many bytes, aligned. */
bool check_pointer(const volatile void *pointer, word_t bytes, unsigned align_bits);

/* A pointer to a member of a set. */
static inline bool is_found(const struct set *set, const volatile void *pointer)
{
    return check_pointer(pointer, bit(SET_UNIT_BITS), SET_UNIT_BITS) && set_has(set, ptr_to_phys(pointer));
}

/* The member of a set behind another one, or the first for NULL; NULL behind the last. */
static inline void *next_found(const struct set *set, const void *previous)
{
    word_t phys = set_next(set, previous ? ptr_to_phys(previous) + 1 : set_start);

    return phys == SET_END ? NULL : phys_to_ptr(phys);
}

/* What a slot holds. A closed capability counts as what it was, because its object still exists. */
static inline struct cap check_cap(const struct slot *slot)
{
    return cap_before(slot->cap);
}

/* The capability is the first in the list that names its object. */
bool check_is_first(const struct slot *slot);

/* A slot that exists and holds a capability. */
bool check_is_cap(const struct slot *slot);

/* The capability behind this one, or the first for NULL; NULL behind the last. In no order that matters. */
const struct slot *check_next_cap(const struct slot *slot);

/* The physical memory that a capability names: where it begins and ends, or 0 to 0 if it names none. A
 * sender's entry names its notification. */
word_t check_memory(const struct slot *slot, word_t *end);

/* Parentheses cannot be around a name that is declared. NOLINTBEGIN(bugprone-macro-parentheses) */
#define for_each_cap(s) for (const struct slot *s = check_next_cap(NULL); (s); (s) = check_next_cap(s))

/* The first capability of each object of a type. */
#define for_each_object(s, type) \
    for_each_cap(s)              \
        if (cap_is(check_cap(s), (type)) && check_is_first(s))

#define for_each_found(type, member, set) \
    for (const type *member = next_found((set), NULL); (member); (member) = next_found((set), (member)))
/* NOLINTEND(bugprone-macro-parentheses) */

/* The parts, in this order. */
void check_tree(void);        /* derivation tree, untyped memory, zombies */
void check_threads(void);     /* threads, queues, the scheduler, harts */
void check_uintr(void);       /* sender tables and their entries, receivers, slots of the controller */
void check_queues(void);      /* queues of asynchronous calls */
void check_translation(void); /* page tables, frames, address-space numbers */
