/*
 * Capability slots and the derivation tree.
 *
 * The tree is a doubly linked list in prefix order: the descendants of a capability follow it directly. Who
 * is a descendant is decided from the capabilities themselves and two marks (slot_is_descendant()), so no
 * parent pointers exist. Lists of different roots are not connected.
 *
 * A reply capability is in no list: the thread it answers knows its slot, and it is never copied.
 *
 * All functions need the kernel lock in exclusive mode.
 */
#pragma once

#include "cap/cap.h"

struct slot {
    struct cap cap;
    struct slot *prev;
    word_t next; /* successor, and the marks in its low bits */
};

_Static_assert(sizeof(struct slot) == 1 << ABI_SLOT_BITS, "binary interface");

#define SLOT_FIRST_BADGED 1ul
#define SLOT_REVOCABLE    2ul
#define SLOT_REVOKED      4ul /* by a Revoke that is not done; see cap/revoke.h */
#define SLOT_MARKS        7ul

static inline struct slot *slot_next(const struct slot *slot)
{
    /* Made from a pointer by set_next(). NOLINTNEXTLINE(performance-no-int-to-ptr) */
    return (struct slot *)(slot->next & ~SLOT_MARKS);
}

static inline bool slot_is_empty(const struct slot *slot)
{
    return cap_is_null(slot->cap);
}

/* Puts the root of a new list, as at boot: a revocable capability that nothing was derived from. */
void slot_insert_root(struct slot *slot, struct cap cap);

/* Puts the capabilities of newly created objects, one after the other, directly behind the untyped they came
 * from, and into slots that follow one another, as do the objects, each of bytes. */
void slot_insert_created(struct slot *first, word_t count, struct cap cap, word_t bytes,
                         struct slot *untyped);

/* Puts a capability derived from source into an empty slot, directly behind the source and its entries. */
void slot_insert(struct slot *slot, struct cap cap, struct slot *source);

/*
 * Puts an entry of a sender table behind the notification capability, owner, that it is made from. The
 * entries of an owner are its nearest descendants: what else is derived from it stands behind them. To find
 * that place without a search, the first of them names the last, and the last the first.
 */
void slot_insert_entry(struct slot *slot, struct cap cap, struct slot *owner);

/* An entry is about to be removed: the others of its group no longer name it. */
void slot_leave_group(struct slot *slot);

/* The first of a capability's entries; NULL if it has none. */
static inline struct slot *slot_first_entry(const struct slot *owner)
{
    struct slot *next = slot_next(owner);

    return cap_is(owner->cap, CAP_NOTIFICATION) && next && cap_is(next->cap, CAP_SENDER_ENTRY) ? next : NULL;
}

/* Moves a slot's place in the tree to an empty slot, holding cap there; the old slot becomes empty. */
void slot_move(struct slot *to, struct cap cap, struct slot *from);

/* Exchanges the places of two slots that hold capabilities; first will be in b, second in a. */
void slot_swap(struct slot *a, struct cap first, struct slot *b, struct cap second);

/* Takes a capability out of the tree and empties its slot. Does nothing else: see cap/delete.h. */
void slot_remove(struct slot *slot);

/* b's capability was derived from a's; b directly or indirectly follows a in the list. */
bool slot_is_descendant(const struct slot *a, const struct slot *b);

bool slot_has_children(const struct slot *slot);

/* A neighbour, which may be NULL, names the same object; an entry names its notification. */
bool slot_names_same_object(const struct slot *neighbour, struct cap cap);

/* No other capability names the same object. */
bool slot_is_last(const struct slot *slot);

/* The capabilities name the same object, which is not memory that could be given away. */
static inline bool cap_same_object(struct cap a, struct cap b)
{
    word_t differences = (a.w0 ^ b.w0) & (CAP_TYPE_MASK | CAP_ADDRESS_MASK);

    if (cap_is(a, CAP_FRAME)) {
        differences &= ~FRAME_RIGHTS_MASK;
    }
    if (differences) {
        return false;
    }
    return !cap_is(a, CAP_UNTYPED) && !(cap_is(a, CAP_IRQ_HANDLER) && a.w1 != b.w1);
}
