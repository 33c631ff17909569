/*
 * Deletion without recursion and without memory of its own.
 *
 * When the last capability of a CNode or TCB is deleted, a zombie takes its place in the slot (the root), and
 * the object's slots are emptied one by one, from the last. If a slot holds the last capability of another
 * CNode or TCB, that object's zombie moves into the object's own slot 0 and changes places with what was
 * there. Such an orphan is queued in a list that starts at the root, and work goes on with the capability
 * that came in exchange. So the stack does not grow, each step takes constant time, and all progress is in
 * the slots: deletion can be interrupted and continued at any step.
 *
 * Zombies stay in the derivation tree. So the memory of a dying object cannot be reused before its zombie is
 * gone, and a Revoke of an ancestor finds every zombie and can finish it alone.
 *
 * When a deletion meets the root of another unfinished deletion, it takes over that root with its whole list
 * in one step: the root becomes an orphan. So two deletions that meet each other's roots cannot take the same
 * work from each other again and again, wherever they are interrupted.
 *
 * A root may stand inside one of the dying objects of its own list. The deletion skips it there, and that
 * object's zombie is removed last, together with the root. If a Revoke of an ancestor finishes that object
 * earlier, it goes back to the root and takes it over like any other.
 *
 * An object that holds no capabilities but cannot be destroyed in one step, such as an endpoint with many
 * waiting threads, is closed in the first step: its capability stays in place and can only be used to
 * continue the deletion, like a zombie.
 */
#include "cap/delete.h"

#include "cap/ops.h"
#include "cap/zombie.h"
#include "lib/bits.h"

static void zombie_make(struct slot *slot, struct remains remains)
{
    unsigned radix = lowest_bit(remains.count);

    assert(remains.count == bit(radix));
    slot->cap = cap_make_object(CAP_ZOMBIE, remains.slots, 0);
    slot->cap.w0 |= (word_t)radix << ZOMBIE_RADIX_SHIFT;
    zombie_set_count(slot, remains.count);
}

/* Links prev, which is in a list, to next: an orphan or, if prev is the last, the head. */
static void list_link(struct slot *prev, struct slot *next)
{
    zombie_set_next(prev, next);
    zombie_set_prev(zombie_is_head(next) ? zombie_next(next) : next, prev);
}

/* Takes an orphan that follows another zombie out of its list. */
static void list_remove(struct slot *z)
{
    struct slot *prev = zombie_prev(z);
    struct slot *next = zombie_next(z);

    if (prev == z) {
        zombie_set_next(next, NULL);
    } else if (zombie_next(prev) == z) {
        list_link(prev, next);
    } else {
        zombie_set_next(zombie_next(prev), next);
        zombie_set_prev(next, prev);
    }
}

/* Inserts a chain of orphans, first to last, directly behind z. */
static void list_insert(struct slot *z, struct slot *first, struct slot *last)
{
    struct slot *next = zombie_next(z);

    if (!zombie_is_head(z)) {
        zombie_set_prev(first, z);
    } else if (next) {
        zombie_set_prev(first, zombie_prev(next));
    }
    zombie_set_next(z, first);
    list_link(last, next ? next : z);
}

/* Makes the zombie in victim, a root without followers, an orphan in its own object, queued behind z. What
 * stood at its new place moves into victim. The root of this deletion keeps its place. */
static void make_orphan(struct slot *victim, struct slot *z, const struct slot *root)
{
    struct slot *home = zombie_slots(victim);
    struct cap cap = victim->cap;

    cap.w0 = (cap.w0 & ~mask(PHYS_WINDOW_BITS)) | bit(ZOMBIE_ORPHAN_BIT);
    if (home == root) {
        home++;
        cap.w0 |= bit(ZOMBIE_HOME_BIT);
    }
    if (slot_is_empty(home)) {
        slot_move(home, cap, victim);
    } else {
        slot_swap(victim, cap, home, home->cap);
    }
    list_insert(z, home, home);
}

/* Takes over another deletion, whose root is victim, a slot of the object of z, with its list. */
static void take_over(struct slot *victim, struct slot *z, const struct slot *root)
{
    if (z == root && !zombie_is_head(z)) {
        /* This zombie is finished alone and may be in the victim's list: start a list of its own. */
        list_remove(z);
        zombie_set_prev(z, NULL);
        zombie_set_next(z, NULL);
    }
    struct slot *first = zombie_next(victim);
    if (first) {
        zombie_set_next(victim, NULL);
        list_insert(z, first, zombie_prev(first));
    }
    make_orphan(victim, z, root);
}

static struct remains finalise(struct slot *slot)
{
    const struct cap_ops *ops = cap_ops(slot->cap);

    return ops->finalise ? ops->finalise(slot->cap, slot) : (struct remains){ 0 };
}

/* Empties, or makes a step to empty, the last slot of a dying object that may be in use. */
static void empty_last_slot(struct slot *z, struct slot *root)
{
    word_t count = zombie_count(z);
    struct slot *victim = zombie_slots(z) + (count - 1);

    if (slot_is_empty(victim) || victim == z || victim == root) {
        zombie_set_count(z, count - 1);
        return;
    }
    if (slot_is_zombie(victim)) {
        take_over(victim, z, root);
        return;
    }
    struct remains remains = finalise(victim);
    if (remains.again) {
        return;
    }
    if (remains.count) {
        zombie_make(victim, remains);
        make_orphan(victim, z, root);
    } else {
        slot_remove(victim);
        zombie_set_count(z, count - 1);
    }
}

/* Returns the zombie that a deletion works on next. */
static struct slot *next_zombie(struct slot *root)
{
    struct slot *z = zombie_next(root);

    if (zombie_count(root) || !zombie_is_head(root) || !z) {
        return root;
    }
    if (zombie_count(z) == 0 && zombie_contains(z, root) && zombie_next(z) != root) {
        return zombie_next(z);
    }
    return z;
}

/* Makes one step of the deletion whose zombie is in root. True when that slot is empty. */
static bool zombie_step(struct slot *root)
{
    struct slot *z = next_zombie(root);

    if (zombie_count(z)) {
        empty_last_slot(z, root);
        return false;
    }
    if (!zombie_is_head(z)) {
        list_remove(z);
    }
    if (z == root) {
        slot_remove(root);
        return true;
    }
    bool root_inside = zombie_contains(z, root);
    if (root_inside) {
        assert(!zombie_next(root));
        slot_remove(root);
    }
    slot_remove(z);
    return root_inside;
}

/* Prepares z to be finished alone. If the root of its list stands inside its object and was skipped there,
 * that slot is visited again. Then z is the first behind the root, because work on it had begun and it is
 * removed last. */
static void go_back_to_root(struct slot *z)
{
    if (zombie_is_head(z)) {
        return;
    }
    const struct slot *head = zombie_next(zombie_prev(z));
    if (head != z && zombie_contains(z, head)) {
        word_t index = (word_t)(head - zombie_slots(z));
        if (zombie_count(z) <= index) {
            zombie_set_count(z, index + 1);
        }
    }
}

/* Keeps the work that is left for an object from growing meanwhile. Inside a dying object nothing is closed,
 * as nobody can name its slots. */
static COLD void slot_close(struct slot *slot)
{
    slot->cap = cap_close(slot->cap);
}

enum progress slot_delete(struct slot *slot)
{
    if (slot_is_empty(slot)) {
        return DONE;
    }
    if (!slot_is_zombie(slot)) {
        struct remains remains;
        while ((remains = finalise(slot)).again) {
            slot_close(slot);
            if (preemption_point()) {
                return AGAIN;
            }
        }
        if (remains.count == 0) {
            slot_remove(slot);
            return DONE;
        }
        zombie_make(slot, remains);
    }
    go_back_to_root(slot);
    while (!zombie_step(slot)) {
        if (preemption_point()) {
            return AGAIN;
        }
    }
    return DONE;
}

/* Below slot_delete_simple(), finalise leads to finalise_reply(), finalise_entry(), finalise_frame(),
 * finalise_cnode() or finalise_page_table() only. */
void slot_delete_simple(struct slot *slot)
{
    if (!slot_is_empty(slot)) {
        struct remains remains = finalise(slot);
        assert(!remains.again && !remains.count);
        slot_remove(slot);
    }
}

enum progress slot_revoke(struct slot *slot)
{
    while (slot_has_children(slot)) {
        if (slot_delete(slot_next(slot)) == AGAIN || preemption_point()) {
            if (slot_has_children(slot)) {
                revoke_interrupted(slot);
            }
            return AGAIN;
        }
    }
    slot->next &= ~SLOT_REVOKED;
    return DONE;
}

/* A root has moved, by CNode Move or by a deletion: updates the link of the last zombie of its list. */
static void zombie_moved(struct cap cap, struct slot *to)
{
    if (zombie_next(to)) {
        zombie_set_next(zombie_prev(zombie_next(to)), to);
    }
}

const struct cap_ops zombie_ops = {
    .name = "zombie",
    .derive = derive_nothing,
    .moved = zombie_moved,
};

/* Continues the deletion. Recursion ends here: finalise_closed() makes it a capability that is not closed. */
static struct remains finalise_closed(struct cap cap, struct slot *slot)
{
    slot->cap = cap_before(cap);
    return finalise(slot);
}

const struct cap_ops closed_ops = {
    .name = "closed",
    .derive = derive_nothing,
    .finalise = finalise_closed,
};
