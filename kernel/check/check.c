/*
 * Finding everything: slots from capabilities, and objects from slots. The other files check the invariants
 * of what was found.
 *
 * A slot exists if it is the root CNode's, one of a CNode, TCB, sender table or dying object that some
 * capability or zombie names, or an interrupt's. Every neighbour in the derivation tree is visited too, so a
 * capability that stands in memory that belongs to no object comes to light.
 */
#include "check/check.h"

#include "cap/ops.h"
#include "cap/zombie.h"
#include "check/internal.h"
#include "object/async_queue.h"
#include "object/irq.h"
#include "object/sender_table.h"
#include "thread/hart.h"

/* What the ends of the range of all sets are multiples of. */
#define RANGE_BITS 16

#define IRQS (ABI_IRQ_LAST_DEVICE + 1ul)

unsigned check_interval;
unsigned check_entries;
struct findings found;

static struct set *const all_sets[] = { &found.slots,    &found.arrays,  &found.caps,    &found.untypeds,
                                        &found.occupied, &found.objects, &found.threads, &found.queued };

static struct slot *root_start;
static word_t root_count;

/* The lowest new slot that the search has passed already; SET_END if there is none. */
static word_t lowest_news;

word_t check_bytes(word_t start, word_t end)
{
    return ARRAY_SIZE(all_sets) * set_bytes(align_up(end, RANGE_BITS) - align_down(start, RANGE_BITS));
}

void check_init(void *memory, word_t start, word_t end, struct slot *root, word_t root_slots)
{
    set_start = align_down(start, RANGE_BITS);
    set_end = align_up(end, RANGE_BITS);
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

/* The interrupt whose slot this is, or IRQS. These slots are in the kernel itself, and in none of the sets.
 */
static word_t irq_of(const struct slot *slot)
{
    word_t offset = (word_t)slot - (word_t)irq_notification_slot(0);
    word_t stride = (word_t)irq_notification_slot(1) - (word_t)irq_notification_slot(0);

    return offset % stride ? IRQS : min_word(offset / stride, IRQS);
}

/* The first slot with a capability for an interrupt from a number on. */
static const struct slot *next_irq_cap(word_t irq)
{
    for (; irq < IRQS; irq++) {
        if (!slot_is_empty(irq_notification_slot((unsigned)irq))) {
            return irq_notification_slot((unsigned)irq);
        }
    }
    return NULL;
}

bool check_is_cap(const struct slot *slot)
{
    return irq_of(slot) < IRQS ? !slot_is_empty(slot) : is_found(&found.caps, slot);
}

const struct slot *check_next_cap(const struct slot *slot)
{
    if (slot && irq_of(slot) < IRQS) {
        return next_irq_cap(irq_of(slot) + 1);
    }
    const struct slot *next = next_found(&found.caps, slot);
    return next ? next : next_irq_cap(0);
}

/* Some slots that stand side by side. */
static void find_slots(const struct slot *slots, word_t count, const void *where)
{
    require(check_pointer(slots, count << ABI_SLOT_BITS, ABI_SLOT_BITS), "slots lie in memory", where);
    for (word_t phys = ptr_to_phys(slots); count--; phys += sizeof(*slots)) {
        if (set_add(&found.slots, phys)) {
            lowest_news = min_word(lowest_news, phys);
        }
    }
}

/* All slots of an object, once. */
static void find_array(const struct slot *slots, word_t count, const void *where)
{
    require(check_pointer(slots, sizeof(*slots), ABI_SLOT_BITS), "slots lie in memory", where);
    if (set_add(&found.arrays, ptr_to_phys(slots))) {
        find_slots(slots, count, where);
    }
}

static void find_neighbour(const struct slot *neighbour, const struct slot *slot)
{
    if (neighbour && irq_of(neighbour) == IRQS) {
        find_slots(neighbour, 1, slot);
    }
}

/* All slots that a capability leads to. */
static void follow(const struct slot *slot)
{
    struct cap cap = check_cap(slot);

    find_neighbour(slot->prev, slot);
    find_neighbour(slot_next(slot), slot);
    if (cap_is(cap, CAP_CNODE)) {
        find_array(cap_object(cap), bit(cnode_radix(cap)), slot);
    } else if (cap_is(cap, CAP_TCB)) {
        find_array(((struct tcb *)cap_object(cap))->slots, TCB_SLOTS, slot);
    } else if (cap_is(cap, CAP_SENDER_TABLE)) {
        find_array(((struct sender_table *)cap_object(cap))->slots, REL4_SENDER_TABLE_ENTRIES, slot);
    } else if (slot_is_zombie(slot)) {
        find_array(zombie_slots(slot), zombie_object_slots(slot), slot);
    } else if (cap_is(cap, CAP_ASYNC_QUEUE)) {
        struct async_queue *queue = cap_object(cap);
        find_slots(&queue->notification, 1, slot);
        find_array(queue->frames, bit(async_queue_slot_bits(cap)), slot);
    }
}

/* All slots, and the capabilities in them. */
static void find_caps(void)
{
    lowest_news = SET_END;
    find_slots(root_start, root_count, root_start);
    for (const struct slot *slot = next_irq_cap(0); slot; slot = check_next_cap(slot)) {
        follow(slot);
    }
    while (lowest_news != SET_END) {
        const struct slot *slot = phys_to_ptr(lowest_news);
        lowest_news = SET_END;
        for (; slot; slot = next_found(&found.slots, slot)) {
            if (slot_is_empty(slot)) {
                require(slot->cap.w1 == 0 && !slot->prev && slot->next == 0, "an empty slot is all zero",
                        slot);
                continue;
            }
            set_add(&found.caps, ptr_to_phys(slot));
            follow(slot);
            /* The search comes to slots that lie ahead in this round. */
            if (lowest_news > ptr_to_phys(slot)) {
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

word_t check_memory(const struct slot *slot, word_t *end)
{
    struct cap cap = check_cap(slot);
    word_t start, bytes;

    if (slot_is_zombie(slot)) {
        start = ptr_to_phys(zombie_slots(slot));
        bytes = zombie_object_slots(slot) << ABI_SLOT_BITS;
    } else if (cap_is(cap, CAP_UNTYPED)) {
        start = untyped_phys(cap);
        bytes = bit(untyped_size_bits(cap));
    } else if (cap_is(cap, CAP_SENDER_ENTRY)) {
        start = ptr_to_phys(cap_object(cap));
        bytes = bit(ABI_NOTIFICATION_BITS);
    } else if (cap_size_bits(cap)) {
        start = cap_is(cap, CAP_FRAME) ? frame_phys(cap) : ptr_to_phys(cap_object(cap));
        bytes = bit(cap_size_bits(cap));
    } else {
        start = bytes = 0;
    }
    *end = start + bytes;
    return start;
}

static void find_object(const struct slot *slot)
{
    struct cap cap = check_cap(slot);
    word_t end, phys = check_memory(slot, &end), bytes = end - phys;

    if (bytes == 0 || !check_is_first(slot) || (cap_is(cap, CAP_FRAME) && frame_is_device(cap))) {
        return;
    }
    require(set_covers(phys, bytes), "an object lies in memory", slot);
    require(slot_is_zombie(slot) || (phys & (bytes - 1)) == 0, "an object is aligned to its size", slot);
    require(set_add_range(&found.occupied, phys, bytes),
            "objects do not overlap, and the capabilities of one stand side by side", slot);
    set_add(&found.objects, phys);
    if (cap_is(cap, CAP_TCB)) {
        set_add(&found.threads, phys);
    }
}

static void find_objects(void)
{
    for_each_cap(slot) {
        require(cap_type(slot->cap) < CAP_TYPES && cap_ops(slot->cap), "a capability has a known type", slot);
        if (cap_is(slot->cap, CAP_UNTYPED)) {
            set_add(&found.untypeds, ptr_to_phys(slot));
        } else if (!cap_is(slot->cap, CAP_REPLY)) {
            find_object(slot);
        }
    }
    for_each_found(struct slot, slot, &found.caps) {
        bool in_root = slot >= root_start && slot < root_start + root_count;
        require(in_root || set_has(&found.occupied, ptr_to_phys(slot)),
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
    find_caps();
    find_objects();
    check_tree();
    check_threads();
    check_uintr();
    check_queues();
    check_translation();
}
