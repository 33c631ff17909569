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

/* Capabilities in lists, zombies, and zombies in lists that were met. */
static word_t linked, zombies, listed_zombies;

static void check_links(const struct slot *slot)
{
    const struct slot *next = slot_next(slot);

    require(!slot->prev || (check_is_cap(slot->prev) && slot_next(slot->prev) == slot),
            "the previous capability links to this one", slot);
    require(!next || (check_is_cap(next) && next->prev == slot), "the next capability links to this one",
            slot);
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

/* The types of what ends in steps, and can be closed. */
#define CLOSABLE                                                                         \
    (1u << CAP_ENDPOINT | 1u << CAP_NOTIFICATION | 1u << CAP_TCB | 1u << CAP_ASID_POOL | \
     1u << CAP_IRQ_HANDLER | 1u << CAP_SENDER_TABLE | 1u << CAP_ASYNC_QUEUE)

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
        require(CLOSABLE >> cap_type(check_cap(slot)) & 1, "what is closed was something that ends in steps",
                slot);
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

static bool lies_inside(const struct slot *slot, struct cap untyped)
{
    word_t end;
    word_t start = check_memory(slot, &end);
    word_t from = untyped_phys(untyped);

    return end && start >= from && end - from <= bit(untyped_size_bits(untyped));
}

static void check_descendants(const struct slot *untyped)
{
    word_t from = untyped_phys(untyped->cap);
    unsigned bits = untyped_size_bits(untyped->cap);
    word_t objects = 0, smaller = 0; /* that follow it */

    for (const struct slot *slot = slot_next(untyped); slot && lies_inside(slot, untyped->cap);
         slot = slot_next(slot)) {
        word_t end;
        check_memory(slot, &end);
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
    for_each_found(struct slot, other, &found.untypeds) {
        smaller -= untyped_size_bits(other->cap) < bits && lies_inside(other, untyped->cap);
    }
    require(smaller == 0, "all untypeds that lie in an untyped follow it", untyped);
}

static bool is_zombie(const struct slot *slot)
{
    return check_is_cap(slot) && slot_is_zombie(slot);
}

/* Checks a list of zombies from its head. */
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
    /* Only the head of the list may be left behind the count, and only in the first zombie of the list. */
    for (word_t i = zombie_count(zombie); i < count; i++) {
        const struct slot *slot = &slots[i];
        require(slot_is_empty(slot) || slot == zombie || (slot == head && slot_is_zombie(slot)),
                "a zombie has counted down past empty slots", slot);
    }
}

void check_tree(void)
{
    linked = zombies = listed_zombies = 0;
    for_each_cap(slot) {
        check_slot(slot);
    }
    for_each_cap(head) {
        if (cap_is(head->cap, CAP_REPLY) || head->prev) {
            continue;
        }
        for (const struct slot *slot = head; slot; slot = slot_next(slot)) {
            linked--;
        }
    }
    require(linked == 0, "each list of the derivation tree has a beginning", NULL);
    for_each_found(struct slot, slot, &found.untypeds) {
        check_descendants(slot);
    }
    for_each_cap(slot) {
        if (slot_is_zombie(slot)) {
            check_zombie(slot);
        }
    }
    require(listed_zombies == zombies, "each zombie is in a list", NULL);
    for_each_hart(hart) {
        /* The mark says whether what the hart remembers still counts. */
        require(!(harts_revoking >> hart->id & 1) || !(hart->revoking->next & SLOT_REVOKED) ||
                    check_is_cap(hart->revoking),
                "a Revoke that is under way is that of a capability", hart->revoking);
    }
}
