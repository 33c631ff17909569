/*
 * What must be true of every world, also in the middle of unfinished deletions:
 *
 *   every slot is in exactly one list, whose links agree in both directions; an empty slot is all zero;
 *   the capabilities of one object stand side by side, so that the last of them can be told;
 *   the descendants of untyped memory are what lies inside it, and follow it without a gap;
 *   an object has capabilities or a zombie, not both; one that has neither has nothing in its slots and
 *   nobody in its queue;
 *   lists of zombies are linked both ways, and a zombie has counted down only past empty slots;
 *   threads are where their state says they are.
 */
#include "cap/ops.h"
#include "cap/zombie.h"
#include "object/irq.h"
#include "thread/hart.h"
#include "world.h"

#include <string.h>

#define UNIT_BITS ABI_SLOT_BITS

static uint8_t is_slot[ARENA_SIZE >> UNIT_BITS];
static unsigned caps_of[WORLD_MAX_OBJECTS];
static unsigned runs_of[WORLD_MAX_OBJECTS];
static struct slot *zombie_of[WORLD_MAX_OBJECTS];
static unsigned linked_slots;
static unsigned zombies;
static unsigned listed_zombies;
static struct slot *untypeds[ARENA_SIZE >> 16];
static unsigned untyped_count;

/* Interrupts have their slots in the kernel. */
static uint8_t *irq_slot_flag(const struct slot *slot)
{
    static uint8_t is_irq_slot[ABI_IRQ_LAST_DEVICE + 1];

    for (unsigned irq = 1; irq <= world.irqs; irq++) {
        if (slot == irq_notification_slot(irq)) {
            return &is_irq_slot[irq];
        }
    }
    return NULL;
}

static uint8_t *slot_flag(const struct slot *slot)
{
    word_t offset = (word_t)slot - (word_t)phys_to_ptr(ARENA_PHYS);
    uint8_t *irq_flag = offset < ARENA_SIZE ? NULL : irq_slot_flag(slot);

    if (irq_flag) {
        return irq_flag;
    }
    check(offset < ARENA_SIZE && is_aligned(offset, UNIT_BITS));
    return &is_slot[offset >> UNIT_BITS];
}

static bool slot_exists(const struct slot *slot)
{
    return *slot_flag(slot) != 0;
}

static void set_flag(struct slot *slot)
{
    *slot_flag(slot) = 1;
}

static void clear_flag(struct slot *slot)
{
    *slot_flag(slot) = 0;
}

static void check_links(const struct slot *slot)
{
    const struct slot *next = slot_next(slot);

    if (slot->prev) {
        check(slot_exists(slot->prev) && !slot_is_empty(slot->prev) && slot_next(slot->prev) == slot);
    }
    if (next) {
        check(slot_exists(next) && !slot_is_empty(next) && next->prev == slot);
    }
}

static void check_reply(const struct slot *slot)
{
    const struct tcb *caller = cap_object(slot->cap);

    check(!slot->prev && slot->next == 0);
    check(world_find(caller) && caller->reply_slot == slot && caller->state == THREAD_BLOCKED_ON_REPLY);
}

static void inspect_slot(struct slot *slot)
{
    struct object *object = world_object(slot);

    if (slot_is_empty(slot)) {
        check(slot->cap.w1 == 0 && !slot->prev && slot->next == 0);
        return;
    }
    if (cap_is(slot->cap, CAP_REPLY)) {
        check_reply(slot);
        return;
    }
    check_links(slot);
    linked_slots++;
    if (cap_is(slot->cap, CAP_UNTYPED)) {
        check(untyped_count < ARRAY_SIZE(untypeds));
        untypeds[untyped_count++] = slot;
        return;
    }
    if (!object) {
        check(cap_is_kernel_object(slot->cap) && !cap_ops(slot->cap)->size_bits);
        return;
    }
    unsigned i = (unsigned)(object - world.objects);
    if (slot_is_zombie(slot)) {
        check(!zombie_of[i]);
        zombie_of[i] = slot;
        zombies++;
    } else {
        caps_of[i]++;
        if (!slot->prev || slot_is_zombie(slot->prev) || world_object(slot->prev) != object) {
            runs_of[i]++;
        }
    }
}

static unsigned heads_found;

static void follow_list(struct slot *head)
{
    if (slot_is_empty(head) || cap_is(head->cap, CAP_REPLY) || head->prev) {
        return;
    }
    for (const struct slot *slot = head; slot; slot = slot_next(slot)) {
        heads_found++;
        check(heads_found <= linked_slots);
    }
}

static bool lies_inside(const struct slot *slot, struct cap untyped)
{
    word_t phys = 0;

    switch (cap_type(slot->cap)) {
    case CAP_NULL:
    case CAP_REPLY:
        return false;
    case CAP_UNTYPED:
        phys = untyped_phys(slot->cap);
        if (untyped_size_bits(slot->cap) > untyped_size_bits(untyped)) {
            return false;
        }
        break;
    case CAP_ZOMBIE:
        phys = ptr_to_phys(zombie_slots(slot));
        break;
    case CAP_FRAME:
        phys = frame_phys(slot->cap);
        break;
    default:
        if (!cap_ops(slot->cap)->size_bits) {
            return false;
        }
        phys = ptr_to_phys(cap_object(slot->cap));
        break;
    }
    return phys >= untyped_phys(untyped) && phys - untyped_phys(untyped) < bit(untyped_size_bits(untyped));
}

static const struct slot *counted_untyped;
static unsigned inside_count;

/* Another capability for the same memory is inside only if it follows. */
static void count_inside(struct slot *slot)
{
    if (slot == counted_untyped || !lies_inside(slot, counted_untyped->cap)) {
        return;
    }
    if (cap_is(slot->cap, CAP_UNTYPED) && lies_inside(counted_untyped, slot->cap)) {
        return;
    }
    inside_count++;
}

static void check_descendants(const struct slot *untyped)
{
    unsigned followers = 0;

    for (const struct slot *slot = slot_next(untyped); slot && lies_inside(slot, untyped->cap);
         slot = slot_next(slot)) {
        check(slot_is_descendant(untyped, slot));
        followers += !(cap_is(slot->cap, CAP_UNTYPED) && lies_inside(untyped, slot->cap));
    }
    counted_untyped = untyped;
    inside_count = 0;
    world_each_slot(count_inside);
    check(followers == inside_count);
}

static bool is_zombie(const struct slot *slot)
{
    return slot_exists(slot) && slot_is_zombie(slot);
}

/* A list as its head sees it. */
static unsigned check_list(const struct slot *head)
{
    const struct slot *first = zombie_next(head);
    const struct slot *last = head;
    unsigned length = 1;

    for (const struct slot *z = first; z && z != head; z = zombie_next(z)) {
        check(is_zombie(z) && zombie_is_orphan(z) && !zombie_is_head(z) && length++ < zombies);
        check(z == first || zombie_prev(z) == last);
        last = z;
    }
    if (first) {
        check(zombie_next(last) == head && zombie_prev(first) == last);
    }
    return length;
}

static void check_zombie(const struct slot *zombie, const struct object *object)
{
    const struct slot *head = NULL;

    check(bit(zombie->cap.w0 >> ZOMBIE_RADIX_SHIFT & 63) == object->slot_count);
    check(zombie_count(zombie) <= object->slot_count);
    if (zombie_is_orphan(zombie)) {
        check(zombie == object->slots || zombie == object->slots + 1);
    }
    if (zombie_is_head(zombie)) {
        listed_zombies += check_list(zombie);
    } else {
        check(is_zombie(zombie_prev(zombie)) && is_zombie(zombie_next(zombie)));
        head = zombie_next(zombie_prev(zombie));
    }
    /* Only the head of the list may have been passed by, and only in the first of the list. */
    for (word_t i = zombie_count(zombie); i < object->slot_count; i++) {
        const struct slot *slot = &object->slots[i];
        check(slot_is_empty(slot) || slot == zombie || (slot == head && slot_is_zombie(slot)));
    }
}

static bool in_queue(const struct wait_queue *queue, const struct tcb *thread)
{
    const struct tcb *last = NULL;
    bool found = false;
    unsigned length = 0;

    for (const struct tcb *t = wait_head(queue); t; t = t->queue_next) {
        check(t->queue_prev == last && t->blocked_on == queue && length++ < world.count);
        last = t;
        found |= t == thread;
    }
    check(queue->tail == last && (last || wait_state(queue) != ENDPOINT_SENDING));
    return found;
}

static void check_thread(const struct tcb *thread, bool lives)
{
    if (!lives) {
        check(thread->state == THREAD_INACTIVE && !thread->ready_queued && !thread->bound);
        check(this_hart()->candidate != thread && !thread->reply_slot);
        return;
    }
    switch (thread->state) {
    case THREAD_BLOCKED_ON_SEND:
    case THREAD_BLOCKED_ON_RECEIVE:
    case THREAD_BLOCKED_ON_NOTIFICATION:
        check(world_find(thread->blocked_on) && in_queue(thread->blocked_on, thread));
        break;
    case THREAD_BLOCKED_ON_REPLY:
        check(!thread->reply_slot ||
              (slot_exists(thread->reply_slot) && cap_is(thread->reply_slot->cap, CAP_REPLY) &&
               cap_object(thread->reply_slot->cap) == thread));
        break;
    default:
        check(!thread->reply_slot);
        break;
    }
    if (thread->bound) {
        check(world_find(thread->bound) && thread->bound->bound == thread);
    }
}

static void check_object(unsigned i)
{
    const struct object *object = &world.objects[i];
    bool is_queue = object->type == ABI_TYPE_ENDPOINT || object->type == ABI_TYPE_NOTIFICATION;

    check(!(caps_of[i] && zombie_of[i]));
    check(runs_of[i] <= 1);
    if (zombie_of[i]) {
        check_zombie(zombie_of[i], object);
    }
    if (object->type == ABI_TYPE_TCB) {
        check_thread(object->memory, caps_of[i] != 0);
    }
    if (is_queue) {
        in_queue(object->memory, NULL);
    }
    if (caps_of[i] || zombie_of[i]) {
        return;
    }
    for (unsigned n = 0; n < object->slot_count; n++) {
        check(slot_is_empty(&object->slots[n]));
    }
    check(!is_queue || !wait_head(object->memory));
}

void world_check(void)
{
    memset(caps_of, 0, sizeof(caps_of));
    memset(runs_of, 0, sizeof(runs_of));
    memset(zombie_of, 0, sizeof(zombie_of));
    linked_slots = 0;
    zombies = 0;
    listed_zombies = 0;
    untyped_count = 0;
    heads_found = 0;
    world_each_slot(set_flag);
    world_each_slot(inspect_slot);
    world_each_slot(follow_list);
    check(heads_found == linked_slots);
    for (unsigned i = 0; i < untyped_count; i++) {
        check_descendants(untypeds[i]);
    }
    for (unsigned i = 0; i < world.count; i++) {
        check_object(i);
    }
    check(listed_zombies == zombies);
    world_each_slot(clear_flag);
}

unsigned world_zombies(void)
{
    world_check();
    return zombies;
}

void world_check_empty(void)
{
    world_check();
    check(linked_slots == WORLD_UNTYPEDS && zombies == 0);
    for (unsigned i = 0; i < GROUND_SLOTS; i++) {
        check(slot_is_empty(&world.ground[i]) == (i >= WORLD_UNTYPEDS));
    }
    for (unsigned i = 0; i < WORLD_UNTYPEDS; i++) {
        check(!slot_has_children(&world.ground[i]));
    }
    for (unsigned i = 0; i < world.count; i++) {
        for (unsigned n = 0; n < world.objects[i].slot_count; n++) {
            check(slot_is_empty(&world.objects[i].slots[n]));
        }
    }
}
