/*
 * Capability slots and the derivation tree.
 *
 * The tree is a doubly linked list in prefix order: the descendants of a capability follow it directly. There
 * are no parent pointers: whether one capability is a descendant of another follows from the two capabilities
 * and two marks (slot_is_descendant()). Lists of different roots are not connected.
 *
 * A reply capability is in no list: the thread that it answers knows its slot, and it cannot be copied.
 *
 * All functions need the kernel lock in exclusive mode.
 */
#pragma once

#include "cap/cap.h"

struct slot {
    struct cap cap;
    struct slot *prev;
    word_t next; /* successor; the low bits are marks */
};

_Static_assert(sizeof(struct slot) == 1 << ABI_SLOT_BITS, "binary interface");

#define SLOT_FIRST_BADGED 1ul
#define SLOT_REVOCABLE    2ul
#define SLOT_REVOKED      4ul /* its Revoke is not complete; see cap/revoke.h */
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

/* Puts the root of a new list into an empty slot: a revocable capability without descendants. For boot. */
void slot_insert_root(struct slot *slot, struct cap cap);

/* Puts the capabilities of count new objects into consecutive empty slots, directly behind the untyped that
 * they come from. cap is that of the first; each object has bytes bytes and follows the one before. */
void slot_insert_created(struct slot *first, word_t count, struct cap cap, word_t bytes,
                         struct slot *untyped);

/* Puts a capability that is derived from source into an empty slot, directly behind source and its sender
 * entries. */
void slot_insert(struct slot *slot, struct cap cap, struct slot *source);

/*
 * Puts a sender entry directly behind the notification capability, owner, that it is made from. The entries
 * of an owner come first among its descendants. The first and the last of them name each other, so that the
 * place behind them is found without a search.
 */
void slot_insert_entry(struct slot *slot, struct cap cap, struct slot *owner);

/* Updates the first and last entry of a group before a sender entry is removed. */
void slot_leave_group(struct slot *slot);

/* Returns the first of a capability's sender entries; NULL if it has none. */
static inline struct slot *slot_first_entry(const struct slot *owner)
{
    struct slot *next = slot_next(owner);

    return cap_is(owner->cap, CAP_NOTIFICATION) && next && cap_is(next->cap, CAP_SENDER_ENTRY) ? next : NULL;
}

/* Moves a slot's place in the tree to an empty slot, which gets cap. The old slot becomes empty. */
void slot_move(struct slot *to, struct cap cap, struct slot *from);

/* Exchanges the places of two slots that hold capabilities; b gets first, a gets second. */
void slot_swap(struct slot *a, struct cap first, struct slot *b, struct cap second);

/* Takes a capability out of the tree and empties its slot, without finalising it (see cap/delete.h). */
void slot_remove(struct slot *slot);

/* True if b's capability was derived from a's. b follows a in the list, directly or behind other
 * descendants. */
bool slot_is_descendant(const struct slot *a, const struct slot *b);

bool slot_has_children(const struct slot *slot);

/* True if a neighbour, which may be NULL, names the same object. A sender entry counts as its
 * notification. */
bool slot_names_same_object(const struct slot *neighbour, struct cap cap);

/* True if no other capability names the same object. */
bool slot_is_last(const struct slot *slot);

/* True if both capabilities name the same object. Two untypeds never do. */
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
