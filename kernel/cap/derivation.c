/*
 * The derivation tree: changes of the list, and the tests that give it its meaning.
 */
#include "cap/ops.h"
#include "cap/slot.h"
#include "cap/zombie.h"

static void set_next(struct slot *slot, struct slot *next)
{
    slot->next = (word_t)next | (slot->next & SLOT_MARKS);
}

static void link_behind(struct slot *slot, struct slot *source)
{
    struct slot *next = slot_next(source);

    slot->prev = source;
    set_next(slot, next);
    set_next(source, slot);
    if (next) {
        next->prev = slot;
    }
}

static void announce_move(struct slot *to)
{
    const struct cap_ops *ops = cap_ops(to->cap);

    if (unlikely(ops->moved != NULL)) {
        ops->moved(to->cap, to);
    }
}

/* Links the neighbours to a slot that was written at a new place. */
static void adopt_neighbours(struct slot *slot)
{
    if (slot->prev) {
        set_next(slot->prev, slot);
    }
    if (slot_next(slot)) {
        slot_next(slot)->prev = slot;
    }
}

void slot_insert_root(struct slot *slot, struct cap cap)
{
    assert(slot_is_empty(slot));
    *slot = (struct slot){ .cap = cap, .next = SLOT_REVOCABLE | SLOT_FIRST_BADGED };
}

void slot_insert_created(struct slot *first, word_t count, struct cap cap, word_t bytes, struct slot *untyped)
{
    struct slot *next = slot_next(untyped);

    assert(!slot_is_revoked(untyped));
    for (struct slot *slot = first; slot < first + count; slot++) {
        assert(slot_is_empty(slot));
        slot->cap = cap;
        slot->prev = untyped;
        slot->next = (word_t)next | SLOT_REVOCABLE | SLOT_FIRST_BADGED;
        if (next) {
            next->prev = slot;
        }
        next = slot;
        cap.w0 += bytes; /* the address is in the low bits */
    }
    set_next(untyped, next);
}

/* True if a derived capability can have children of its own: it names something narrower than its source. */
static bool starts_new_branch(struct cap cap, struct cap source)
{
    switch (cap_type(cap)) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        return cap_badge(cap) != cap_badge(source);
    case CAP_IRQ_HANDLER:
        return cap_is(source, CAP_IRQ_CONTROL);
    case CAP_UNTYPED:
        return true;
    default:
        return false;
    }
}

/* The other end of a group of entries, from the first or last of them. */
static struct slot *other_end(const struct slot *entry)
{
    return window_ptr(entry->cap.w1);
}

static void set_other_end(struct slot *entry, const struct slot *end)
{
    entry->cap.w1 = align_down(entry->cap.w1, CAP_VECTOR_SHIFT) | ptr_to_phys(end);
}

static void set_ends(struct slot *first, struct slot *last)
{
    set_other_end(first, last);
    set_other_end(last, first);
}

void slot_insert_entry(struct slot *slot, struct cap cap, struct slot *owner)
{
    struct slot *first = slot_first_entry(owner);

    assert(slot_is_empty(slot) && cap_is(owner->cap, CAP_NOTIFICATION) && !slot_is_revoked(owner));
    *slot = (struct slot){ .cap = cap };
    link_behind(slot, owner);
    set_ends(slot, first ? other_end(first) : slot);
}

void slot_leave_group(struct slot *slot)
{
    struct slot *prev = slot->prev;
    struct slot *next = slot_next(slot);
    bool is_first = !cap_is(prev->cap, CAP_SENDER_ENTRY);
    bool is_last = !next || !cap_is(next->cap, CAP_SENDER_ENTRY);

    if (is_first && !is_last) {
        set_ends(next, other_end(slot));
    } else if (is_last && !is_first) {
        set_ends(other_end(slot), prev);
    }
}

void slot_insert(struct slot *slot, struct cap cap, struct slot *source)
{
    assert(slot_is_empty(slot));
    assert(!slot_is_empty(source) && !slot_is_revoked(source));
    slot->cap = cap;
    const struct slot *entry = slot_first_entry(source);
    slot->next = starts_new_branch(cap, source->cap) ? SLOT_REVOCABLE | SLOT_FIRST_BADGED : 0;
    link_behind(slot, unlikely(entry != NULL) ? other_end(entry) : source);
    if (cap_is(source->cap, CAP_UNTYPED) && cap_is(cap, CAP_UNTYPED)) {
        /* The copy may hand out the memory, so that the source must not do so while it has children. */
        source->cap.w1 = bit(untyped_size_bits(source->cap));
    }
}

static void relocate(struct slot *to, const struct slot *from)
{
    *to = *from;
    adopt_neighbours(to);
}

void slot_move(struct slot *to, struct cap cap, struct slot *from)
{
    assert(slot_is_empty(to));
    relocate(to, from);
    to->cap = cap;
    *from = (struct slot){ 0 };
    announce_move(to);
}

void slot_swap(struct slot *a, struct cap first, struct slot *b, struct cap second)
{
    struct slot spare;

    /* Each of the three steps leaves a consistent list, even if the slots are neighbours. */
    relocate(&spare, a);
    relocate(a, b);
    relocate(b, &spare);
    a->cap = second;
    b->cap = first;
    announce_move(a);
    announce_move(b);
}

void slot_remove(struct slot *slot)
{
    struct slot *next = slot_next(slot);

    if (slot->prev) {
        set_next(slot->prev, next);
    }
    if (next) {
        next->prev = slot->prev;
        next->next |= slot->next & SLOT_FIRST_BADGED;
    }
    *slot = (struct slot){ 0 };
}

/*
 * True if the memory that a capability names lies in an untyped's. Memory is divided only by halving, so two
 * regions either contain one another or are disjoint, and the start of the smaller one decides. Only an
 * untyped can be larger than another; an object of any other type is smaller than the untyped that contains
 * it.
 */
static bool untyped_contains(struct cap untyped, struct cap cap)
{
    if (!cap_ops(cap)->size_bits) {
        return false; /* entries and zombies: see unusual_is_descendant() */
    }
    unsigned bits = untyped_size_bits(untyped);
    if (cap_is(cap, CAP_UNTYPED) && untyped_size_bits(cap) > bits) {
        return false;
    }
    return ((untyped.w0 ^ cap.w0) & CAP_ADDRESS_MASK) >> bits == 0;
}

static bool frame_contains(struct cap frame, struct cap cap)
{
    return cap_is(cap, CAP_FRAME) && frame_size(cap) <= frame_size(frame) &&
           align_down(frame_phys(cap), frame_size_bits(frame_size(frame))) == frame_phys(frame);
}

/* An object that is being destroyed still occupies its memory. */
static bool untyped_contains_zombie(struct cap untyped, const struct slot *zombie)
{
    return align_down(ptr_to_phys(zombie_slots(zombie)), untyped_size_bits(untyped)) == untyped_phys(untyped);
}

/* True if a covers b: the range of memory, all interrupts, or else the same object. */
static bool same_region(struct cap a, struct cap b)
{
    switch (cap_type(a)) {
    case CAP_UNTYPED:
        return untyped_contains(a, b);
    case CAP_FRAME:
        return frame_contains(a, b);
    case CAP_IRQ_CONTROL:
        return cap_is(b, CAP_IRQ_CONTROL) || cap_is(b, CAP_IRQ_HANDLER);
    default:
        return cap_same_object(a, b);
    }
}

static __attribute__((noinline)) bool plain_is_descendant(const struct slot *a, const struct slot *b)
{
    if (!(a->next & SLOT_REVOCABLE)) {
        return false;
    }
    if (!same_region(a->cap, b->cap)) {
        return false;
    }
    if (!cap_is(a->cap, CAP_ENDPOINT) && !cap_is(a->cap, CAP_NOTIFICATION)) {
        return true;
    }
    return cap_badge(a->cap) == 0 ||
           (cap_badge(a->cap) == cap_badge(b->cap) && !(b->next & SLOT_FIRST_BADGED));
}

/* b is a zombie, closed, or a sender entry, which counts as its notification. */
static COLD bool unusual_is_descendant(const struct slot *a, const struct slot *b)
{
    struct slot before = { .cap = cap_before(b->cap), .next = b->next };

    if (cap_is(b->cap, CAP_ZOMBIE)) {
        return (a->next & SLOT_REVOCABLE) && cap_is(a->cap, CAP_UNTYPED) &&
               untyped_contains_zombie(a->cap, b);
    }
    if (cap_is(b->cap, CAP_SENDER_ENTRY)) {
        if (cap_is(a->cap, CAP_NOTIFICATION)) {
            return cap_object(a->cap) == cap_object(b->cap);
        }
        before.cap = cap_make_object(CAP_NOTIFICATION, cap_object(b->cap), 0);
    }
    return plain_is_descendant(a, &before);
}

bool slot_is_descendant(const struct slot *a, const struct slot *b)
{
    return unlikely(cap_is_unusual(b->cap)) ? unusual_is_descendant(a, b) : plain_is_descendant(a, b);
}

bool slot_has_children(const struct slot *slot)
{
    const struct slot *next = slot_next(slot);

    return next && slot_is_descendant(slot, next);
}

/* The neighbour is of an unusual type. */
static COLD bool unusual_names_same_object(const struct slot *neighbour, word_t w0, word_t w1)
{
    struct cap cap = { w0, w1 };

    if (cap_is(neighbour->cap, CAP_SENDER_ENTRY)) {
        return cap_is(cap, CAP_NOTIFICATION) && cap_object(neighbour->cap) == cap_object(cap);
    }
    return cap_same_object(cap_before(neighbour->cap), cap);
}

bool slot_names_same_object(const struct slot *neighbour, struct cap cap)
{
    if (!neighbour) {
        return false;
    }
    if (unlikely(cap_is_unusual(neighbour->cap))) {
        return unusual_names_same_object(neighbour, cap.w0, cap.w1);
    }
    return cap_same_object(neighbour->cap, cap);
}

/* At least one neighbour is of an unusual type. */
static COLD bool is_last_among_unusual(const struct slot *slot)
{
    return !slot_names_same_object(slot->prev, slot->cap) &&
           !slot_names_same_object(slot_next(slot), slot->cap);
}

bool slot_is_last(const struct slot *slot)
{
    const struct slot *prev = slot->prev, *next = slot_next(slot);

    if (unlikely((prev && cap_is_unusual(prev->cap)) || (next && cap_is_unusual(next->cap)))) {
        return is_last_among_unusual(slot);
    }
    return !(prev && cap_same_object(prev->cap, slot->cap)) &&
           !(next && cap_same_object(next->cap, slot->cap));
}
