/*
 * The derivation tree, untyped memory, reply capabilities and unfinished deletions:
 *
 *   links agree in both directions, and each list has a beginning;
 *   the descendants of untyped memory are what lies inside it, follow it without a gap, and lie below its
 *   free index;
 *   a reply capability and its caller name one another;
 *   what is closed is a capability of a type whose end takes several steps;
 *   harts remember Revokes of capabilities that exist;
 *   lists of zombies are linked both ways, and a zombie has counted down only past empty slots.
 */
#include "cap/ops.h"
#include "cap/zombie.h"
#include "check/internal.h"
#include "thread/hart.h"

#if REL4_DEBUG
static word_t linked;
static word_t zombies;
static word_t listed_zombies;

static void check_links(const struct slot *slot)
{
    const struct slot *next = slot_next(slot);

    require(!slot->prev || (check_is_cap(slot->prev) && slot_next(slot->prev) == slot),
            "the one before points here", slot);
    require(!next || (check_is_cap(next) && next->prev == slot), "the one behind points here", slot);
}

static void check_reply(const struct slot *slot)
{
    const struct tcb *caller = cap_object(slot->cap);

    require(!slot->prev && slot->next == 0, "a reply capability is in no list", slot);
    require(is_found(&found.threads, caller) && caller->reply_slot == slot &&
                caller->state == THREAD_BLOCKED_ON_REPLY,
            "a reply capability is for a thread that waits for it and knows it", slot);
}

static void check_cnode(const struct slot *slot)
{
    unsigned bits = cnode_radix(slot->cap) + cnode_guard_size(slot->cap);

    require(bits <= WORD_BITS && cap_is_full_cnode(slot->cap) == (bits == WORD_BITS),
            "a CNode's guard and radix fit a word", slot);
    require(check_is_first(slot) || cnode_radix(slot->cap) == cnode_radix(slot->prev->cap),
            "all capabilities of a CNode know the same size", slot);
}

static void check_closed(const struct slot *slot)
{
    static const unsigned in_steps = 1u << CAP_ENDPOINT | 1u << CAP_NOTIFICATION | 1u << CAP_TCB |
                                     1u << CAP_ASID_POOL | 1u << CAP_IRQ_HANDLER | 1u << CAP_SENDER_TABLE |
                                     1u << CAP_ASYNC_QUEUE;

    require(in_steps >> cap_type(check_cap(slot)) & 1, "what is closed was something that ends in steps",
            slot);
}

static void check_slot(const struct slot *slot)
{
    switch (cap_type(slot->cap)) {
    case CAP_REPLY:
        check_reply(slot);
        return;
    case CAP_CNODE:
        check_cnode(slot);
        break;
    case CAP_UNTYPED:
        require(untyped_used(slot->cap) <= bit(untyped_size_bits(slot->cap)) &&
                    is_aligned(untyped_phys(slot->cap), untyped_size_bits(slot->cap)),
                "an untyped is aligned, and its free index lies inside", slot);
        break;
    case CAP_ZOMBIE:
        zombies++;
        break;
    case CAP_CLOSED:
        check_closed(slot);
        break;
    case CAP_FRAME:
        require(frame_rights(slot->cap) != 0, "a frame has rights", slot);
        break;
    default:
        break;
    }
    check_links(slot);
    linked++;
}

static void count_list(const struct slot *head)
{
    if (cap_is(head->cap, CAP_REPLY) || head->prev) {
        return;
    }
    for (const struct slot *slot = head; slot; slot = slot_next(slot)) {
        linked--;
    }
}

/* Where the memory that a capability names begins and ends; nothing if it names none. */
static word_t memory_of(const struct slot *slot, word_t *end)
{
    struct cap cap = check_cap(slot);
    word_t start;

    if (slot_is_zombie(slot)) {
        start = ptr_to_phys(zombie_slots(slot));
        *end = start + (zombie_object_slots(slot) << ABI_SLOT_BITS);
        return start;
    }
    if (cap_is(slot->cap, CAP_UNTYPED)) {
        start = untyped_phys(slot->cap);
        *end = start + bit(untyped_size_bits(slot->cap));
        return start;
    }
    if (cap_is(slot->cap, CAP_SENDER_ENTRY)) {
        /* It goes with its notification. */
        start = ptr_to_phys(cap_object(slot->cap));
        *end = start + bit(ABI_NOTIFICATION_BITS);
        return start;
    }
    if (!cap_size_bits(cap)) {
        *end = 0;
        return 0;
    }
    start = cap_is(cap, CAP_FRAME) ? frame_phys(cap) : ptr_to_phys(cap_object(cap));
    *end = start + bit(cap_size_bits(cap));
    return start;
}

static bool lies_inside(const struct slot *slot, struct cap untyped)
{
    word_t end;
    word_t start = memory_of(slot, &end);
    word_t from = untyped_phys(untyped);

    return end && start >= from && end - from <= bit(untyped_size_bits(untyped));
}

/* Smaller untypeds inside this one, wherever they stand. */
static word_t untypeds_inside(const struct slot *untyped)
{
    word_t count = 0;

    set_for_each(phys, &found.untypeds) {
        const struct slot *other = slot_at(phys);
        count += untyped_size_bits(other->cap) < untyped_size_bits(untyped->cap) &&
                 lies_inside(other, untyped->cap);
    }
    return count;
}

static void check_descendants(const struct slot *untyped)
{
    word_t from = untyped_phys(untyped->cap);
    unsigned bits = untyped_size_bits(untyped->cap);
    word_t objects = 0;
    word_t smaller = 0;

    for (const struct slot *slot = slot_next(untyped); slot && lies_inside(slot, untyped->cap);
         slot = slot_next(slot)) {
        word_t end;
        memory_of(slot, &end);
        require(slot_is_descendant(untyped, slot), "what lies in an untyped and follows it descends from it",
                slot);
        require(end - from <= untyped_used(untyped->cap), "a child lies below the free index of its untyped",
                slot);
        if (cap_is(slot->cap, CAP_UNTYPED)) {
            smaller += untyped_size_bits(slot->cap) < bits;
        } else {
            objects += check_is_first(slot);
        }
    }
    if (!untyped_is_device(untyped->cap) && set_covers(from, bit(bits))) {
        require(objects == set_count(&found.objects, from, bit(bits)),
                "all objects that lie in an untyped follow it", untyped);
    }
    require(smaller == untypeds_inside(untyped), "all untypeds that lie in an untyped follow it", untyped);
}

static bool is_zombie(const struct slot *slot)
{
    return check_is_cap(slot) && slot_is_zombie(slot);
}

/* A list as its head sees it. */
static void check_zombie_list(const struct slot *head)
{
    const struct slot *first = zombie_next(head);
    const struct slot *last = head;

    listed_zombies++;
    for (const struct slot *z = first; z && z != head; z = zombie_next(z)) {
        require(is_zombie(z) && zombie_is_orphan(z) && !zombie_is_head(z), "a list holds orphans", z);
        require(z == first || zombie_prev(z) == last, "lists of zombies are linked both ways", z);
        require(++listed_zombies <= zombies, "a list of zombies ends", z);
        last = z;
    }
    require(!first || (zombie_next(last) == head && zombie_prev(first) == last),
            "a list of zombies is closed", head);
}

static void check_zombie(const struct slot *zombie)
{
    const struct slot *slots = zombie_slots(zombie);
    word_t count = bit(zombie->cap.w0 >> ZOMBIE_RADIX_SHIFT & 63);
    const struct slot *head = NULL;

    require(zombie_count(zombie) <= count, "a zombie counts no more than its slots", zombie);
    if (zombie_is_head(zombie)) {
        check_zombie_list(zombie);
    } else {
        require(is_zombie(zombie_prev(zombie)) && is_zombie(zombie_next(zombie)), "a zombie has neighbours",
                zombie);
        head = zombie_next(zombie_prev(zombie));
    }
    /* Only the head of the list may have been passed by, and only in the first of the list. */
    for (word_t i = zombie_count(zombie); i < count; i++) {
        const struct slot *slot = &slots[i];
        require(slot_is_empty(slot) || slot == zombie || (slot == head && slot_is_zombie(slot)),
                "a zombie has counted down past empty slots", slot);
    }
}

/* The mark says whether what a hart remembers still counts. */
static void check_revokes(void)
{
    for (unsigned id = 0; id < harts_online; id++) {
        const struct slot *slot = harts_table[id].revoking;
        require(!(harts_revoking >> id & 1) || !(slot->next & SLOT_REVOKED) || check_is_cap(slot),
                "a Revoke that is under way is that of a capability", slot);
    }
}

void check_tree(void)
{
    linked = 0;
    zombies = 0;
    listed_zombies = 0;
    for_each_cap(slot) {
        check_slot(slot);
    }
    for_each_cap(slot) {
        count_list(slot);
    }
    require(linked == 0, "each list of the derivation tree has a beginning", NULL);
    set_for_each(phys, &found.untypeds) {
        check_descendants(slot_at(phys));
    }
    for_each_cap(slot) {
        if (slot_is_zombie(slot)) {
            check_zombie(slot);
        }
    }
    require(listed_zombies == zombies, "each zombie is in a list", NULL);
    check_revokes();
}
#endif
