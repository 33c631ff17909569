/*
 * Finding everything: slots from capabilities, and objects from slots. The other files say what must be true
 * of what was found.
 *
 * A slot exists if it is the root CNode's, one of a CNode, TCB, sender table or dying object that some
 * capability or zombie names, or an interrupt's. Whatever is a neighbour in the derivation tree is visited
 * too, so a capability that stands in memory of nobody comes to light.
 */
#include "check/check.h"

#include "cap/ops.h"
#include "cap/zombie.h"
#include "check/internal.h"
#include "object/async_queue.h"
#include "object/irq.h"
#include "object/sender_table.h"
#include "thread/hart.h"

#if REL4_DEBUG
unsigned check_interval;
unsigned check_entries;
struct findings found;

static struct set *const all_sets[] = { &found.slots,    &found.arrays,  &found.caps,    &found.untypeds,
                                        &found.occupied, &found.objects, &found.threads, &found.queued };

static struct slot *root_start;
static word_t root_count;

/* The lowest slot that was found behind the back of the search. */
static word_t lowest_news;

static word_t round_start(word_t start)
{
    return align_down(start, 16);
}

static word_t round_end(word_t end)
{
    return align_up(end, 16);
}

word_t check_bytes(word_t start, word_t end)
{
    return ARRAY_SIZE(all_sets) * set_bytes(round_end(end) - round_start(start));
}

void check_init(void *memory, word_t start, word_t end, struct slot *root, word_t root_slots)
{
    set_start = round_start(start);
    set_end = round_end(end);
    root_start = root;
    root_count = root_slots;
    for (unsigned i = 0; i < ARRAY_SIZE(all_sets); i++) {
        memory = set_init(all_sets[i], memory);
    }
}

bool check_pointer(const volatile void *pointer, word_t bytes, unsigned align_bits)
{
    word_t phys = ptr_to_phys(pointer);

    return pointer == phys_to_ptr(phys) && set_covers(phys, bytes) && is_aligned(phys, align_bits);
}

bool check_is_live(const void *object)
{
    return is_found(&found.objects, object);
}

/* The slots of interrupts, in the kernel itself, are in none of the sets. */
static word_t irq_offset(const struct slot *slot)
{
    return (word_t)slot - (word_t)irq_notification_slot(0);
}

static word_t irq_stride(void)
{
    return irq_offset(irq_notification_slot(1));
}

static bool is_irq_slot(const struct slot *slot)
{
    word_t offset = irq_offset(slot);

    return offset / irq_stride() <= ABI_IRQ_LAST_DEVICE && offset % irq_stride() == 0;
}

/* The first slot with a capability for an interrupt from a number on. */
static const struct slot *next_irq_cap(word_t irq)
{
    for (; irq <= ABI_IRQ_LAST_DEVICE; irq++) {
        if (!slot_is_empty(irq_notification_slot((unsigned)irq))) {
            return irq_notification_slot((unsigned)irq);
        }
    }
    return NULL;
}

bool check_is_cap(const struct slot *slot)
{
    return is_irq_slot(slot) ? !slot_is_empty(slot) : is_found(&found.caps, slot);
}

const struct slot *check_next_cap(const struct slot *slot)
{
    if (slot && is_irq_slot(slot)) {
        return next_irq_cap(irq_offset(slot) / irq_stride() + 1);
    }
    word_t phys = set_next(&found.caps, slot ? ptr_to_phys(slot) + 1 : set_start);
    return phys == SET_END ? next_irq_cap(0) : slot_at(phys);
}

static void find_slot(const struct slot *slot, const void *where)
{
    if (is_irq_slot(slot)) {
        return;
    }
    require(check_pointer(slot, sizeof(*slot), ABI_SLOT_BITS), "slots lie in memory", where);
    if (set_add(&found.slots, ptr_to_phys(slot))) {
        lowest_news = min_word(lowest_news, ptr_to_phys(slot));
    }
}

/* All slots of an object. */
static void find_slots(const struct slot *slots, word_t count, const void *where)
{
    require(check_pointer(slots, count << ABI_SLOT_BITS, ABI_SLOT_BITS), "slots lie in memory", where);
    if (set_add(&found.arrays, ptr_to_phys(slots))) {
        for (word_t i = 0; i < count; i++) {
            find_slot(&slots[i], where);
        }
    }
}

/* All that a slot leads to. */
static void follow(const struct slot *slot)
{
    struct cap cap = check_cap(slot);

    if (slot_is_empty(slot)) {
        return;
    }
    if (slot->prev) {
        find_slot(slot->prev, slot);
    }
    if (slot_next(slot)) {
        find_slot(slot_next(slot), slot);
    }
    if (cap_is(cap, CAP_CNODE)) {
        find_slots(cap_object(cap), bit(cnode_radix(cap)), slot);
    } else if (cap_is(cap, CAP_TCB)) {
        find_slots(((struct tcb *)cap_object(cap))->slots, TCB_SLOTS, slot);
    } else if (cap_is(cap, CAP_SENDER_TABLE)) {
        find_slots(((struct sender_table *)cap_object(cap))->slots, REL4_SENDER_TABLE_ENTRIES, slot);
    } else if (slot_is_zombie(slot)) {
        find_slots(zombie_slots(slot), bit(slot->cap.w0 >> ZOMBIE_RADIX_SHIFT & 63), slot);
    } else if (cap_is(cap, CAP_ASYNC_QUEUE)) {
        struct async_queue *queue = cap_object(cap);
        find_slots(&queue->notification, 1, slot);
        find_slots(queue->frames, bit(async_queue_slot_bits(cap)), slot);
    }
}

static void find_all_slots(void)
{
    find_slots(root_start, root_count, root_start);
    for (const struct slot *slot = next_irq_cap(0); slot; slot = check_next_cap(slot)) {
        follow(slot);
    }
    while (lowest_news != SET_END) {
        word_t from = lowest_news;
        lowest_news = SET_END;
        for (word_t phys = set_next(&found.slots, from); phys != SET_END;
             phys = set_next(&found.slots, phys + 1)) {
            follow(slot_at(phys));
            /* What lies ahead is met in this round. */
            if (lowest_news > phys) {
                lowest_news = SET_END;
            }
        }
    }
}

bool check_is_first(const struct slot *slot)
{
    if (cap_is(slot->cap, CAP_SENDER_ENTRY)) {
        return false;
    }
    return slot_is_zombie(slot) || !slot_names_same_object(slot->prev, check_cap(slot));
}

/* The memory of the object that a capability names; no bytes if it has none of its own, or is a device's. */
static void object_memory(const struct slot *slot, word_t *phys, word_t *bytes)
{
    struct cap cap = check_cap(slot);

    *bytes = 0;
    if (cap_is(cap, CAP_ZOMBIE)) {
        *phys = ptr_to_phys(zombie_slots(slot));
        *bytes = zombie_object_slots(slot) << ABI_SLOT_BITS;
    } else if (cap_is(cap, CAP_FRAME)) {
        *phys = frame_phys(cap);
        *bytes = frame_is_device(cap) ? 0 : bit(cap_size_bits(cap));
    } else if (cap_size_bits(cap) && !cap_is(cap, CAP_UNTYPED)) {
        *phys = ptr_to_phys(cap_object(cap));
        *bytes = bit(cap_size_bits(cap));
    }
}

static void find_object(const struct slot *slot)
{
    word_t phys = 0;
    word_t bytes;

    if (cap_is(slot->cap, CAP_UNTYPED)) {
        set_add(&found.untypeds, ptr_to_phys(slot));
        return;
    }
    object_memory(slot, &phys, &bytes);
    if (bytes == 0 || !check_is_first(slot)) {
        return;
    }
    require(set_covers(phys, bytes), "an object lies in memory", slot);
    require(slot_is_zombie(slot) || (phys & (bytes - 1)) == 0, "an object is aligned to its size", slot);
    require(set_add_range(&found.occupied, phys, bytes),
            "objects do not overlap, and the capabilities of one stand side by side", slot);
    set_add(&found.objects, phys);
    if (cap_is(check_cap(slot), CAP_TCB)) {
        set_add(&found.threads, phys);
    }
}

static void find_caps(void)
{
    set_for_each(phys, &found.slots) {
        const struct slot *slot = slot_at(phys);
        if (slot_is_empty(slot)) {
            require(slot->cap.w1 == 0 && !slot->prev && slot->next == 0, "an empty slot is all zero", slot);
        } else {
            set_add(&found.caps, phys);
        }
    }
}

static void find_objects(void)
{
    for_each_cap(slot) {
        require(cap_type(slot->cap) < CAP_TYPES && cap_ops(slot->cap), "a capability has a known type", slot);
        if (!cap_is(slot->cap, CAP_REPLY)) {
            find_object(slot);
        }
    }
}

static bool in_root(const struct slot *slot)
{
    return slot >= root_start && slot < root_start + root_count;
}

static void check_places(void)
{
    set_for_each(phys, &found.caps) {
        const struct slot *slot = slot_at(phys);
        require(in_root(slot) || set_has(&found.occupied, phys),
                "a capability stands in memory of an object that exists", slot);
    }
}

void check_everything(void)
{
    if (!root_start) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(all_sets); i++) {
        set_clear(all_sets[i]);
    }
    lowest_news = SET_END;
    find_all_slots();
    find_caps();
    find_objects();
    check_places();
    check_tree();
    check_threads();
    check_uintr();
    check_queues();
    check_translation();
}
#endif
