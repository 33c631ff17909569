/*
 * Building a world of capabilities, and finding the way in it.
 */
#include "world.h"

#include "cap/ops.h"
#include "cap/zombie.h"
#include "object/irq.h"
#include "object/request.h"

#include <string.h>

struct world world;

void world_reset(void)
{
    host_reset();
    memset(&world, 0, sizeof(world));
    world.ground = host_take(sizeof(struct slot) << GROUND_RADIX);
    host_check_init(world.ground, GROUND_SLOTS);
    for (unsigned i = 0; i < WORLD_UNTYPEDS; i++) {
        word_t phys = ptr_to_phys(host_take(bit(WORLD_UNTYPED_BITS)));
        slot_insert_root(&world.ground[i], cap_make_untyped(phys, WORLD_UNTYPED_BITS, false, 0));
    }
}

static void forget_objects_of(struct cap untyped)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < world.count; i++) {
        word_t phys = ptr_to_phys(world.objects[i].memory);
        if (align_down(phys, untyped_size_bits(untyped)) != untyped_phys(untyped)) {
            world.objects[kept++] = world.objects[i];
        }
    }
    world.count = kept;
}

static void *memory_of(const struct slot *slot)
{
    struct cap cap = cap_before(slot->cap);

    return cap_is(cap, CAP_FRAME) ? phys_to_ptr(frame_phys(cap)) : cap_object(cap);
}

static void remember(const struct slot *slot, word_t type)
{
    struct object *object = &world.objects[world.count++];

    *object = (struct object){ .type = type, .memory = memory_of(slot) };
    if (type == ABI_TYPE_CNODE) {
        object->slots = object->memory;
        object->slot_count = 1u << cnode_radix(slot->cap);
    } else if (type == ABI_TYPE_TCB) {
        object->slots = object_tcb(object)->slots;
        object->slot_count = TCB_SLOTS;
    }
}

struct object *world_create(struct slot *untyped, word_t type, unsigned size_bits, struct slot *to)
{
    /* A CNode of two slots that happens to begin at the destination. */
    struct slot destination = { .cap = cap_make_cnode(to, 1, 0, 0) };
    word_t words[] = { type, size_bits, 0, 0, 0, 1 };
    struct request request = {
        .thread = &idle_thread,
        .slot = untyped,
        .label = LABEL_UNTYPED_RETYPE,
        .length = 6,
        .extra_count = 1,
        .extra = { &destination },
        .first = words,
        .words = { words },
    };
    struct result result;
    enum progress progress;

    if (world.count == WORLD_MAX_OBJECTS) {
        return NULL;
    }
    if (!slot_has_children(untyped)) {
        forget_objects_of(untyped->cap);
    }
    do {
        request.cap = untyped->cap;
        word_t error = request_serve(&request, &result, &progress);
        if (error == ERR_NOT_ENOUGH_MEMORY || error == ERR_REVOKE_FIRST) {
            return NULL;
        }
        check(error == ERR_NONE);
    } while (progress == AGAIN);
    if (type == ABI_TYPE_UNTYPED) {
        return NULL;
    }
    remember(to, type);
    return &world.objects[world.count - 1];
}

struct object *world_find(const void *address)
{
    for (unsigned i = 0; i < world.count; i++) {
        if (world.objects[i].memory == address || (address && world.objects[i].slots == address)) {
            return &world.objects[i];
        }
    }
    return NULL;
}

struct object *world_owner(const struct slot *slot)
{
    for (unsigned i = 0; i < world.count; i++) {
        struct object *object = &world.objects[i];
        if (object->slots && slot >= object->slots && slot < object->slots + object->slot_count) {
            return object;
        }
    }
    return NULL;
}

struct object *world_object(const struct slot *slot)
{
    switch (cap_type(cap_before(slot->cap))) {
    case CAP_CNODE:
    case CAP_TCB:
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_FRAME:
    case CAP_PAGE_TABLE:
    case CAP_ASID_POOL:
        return world_find(memory_of(slot));
    case CAP_ZOMBIE:
        return world_find(zombie_slots(slot));
    default:
        return NULL;
    }
}

void world_each_slot(void (*visit)(struct slot *slot))
{
    for (unsigned i = 0; i < GROUND_SLOTS; i++) {
        visit(&world.ground[i]);
    }
    for (unsigned i = 0; i < world.count; i++) {
        for (unsigned n = 0; n < world.objects[i].slot_count; n++) {
            visit(&world.objects[i].slots[n]);
        }
    }
    for (unsigned irq = 1; irq <= world.irqs; irq++) {
        visit(irq_notification_slot(irq));
    }
}

static bool named[WORLD_MAX_OBJECTS];   /* by a capability, wherever it is */
static bool reached[WORLD_MAX_OBJECTS]; /* CNodes */

static word_t type_of(struct cap cap)
{
    static const word_t types[CAP_TYPES] = {
        [CAP_CNODE] = ABI_TYPE_CNODE,       [CAP_TCB] = ABI_TYPE_TCB,
        [CAP_ENDPOINT] = ABI_TYPE_ENDPOINT, [CAP_NOTIFICATION] = ABI_TYPE_NOTIFICATION,
        [CAP_FRAME] = ABI_TYPE_4K_PAGE,     [CAP_PAGE_TABLE] = ABI_TYPE_PAGE_TABLE,
        [CAP_ASID_POOL] = WORLD_ASID_POOL,
    };

    return types[cap_type(cap_before(cap))];
}

void world_discover(void)
{
    for (unsigned i = 0; i < GROUND_SLOTS; i++) {
        for (const struct slot *slot = &world.ground[i]; slot; slot = slot_next(slot)) {
            if (type_of(slot->cap) && !world_object(slot)) {
                check(world.count < WORLD_MAX_OBJECTS);
                remember(slot, type_of(slot->cap));
            }
        }
    }
}

static void note_life(struct slot *slot)
{
    const struct object *object = world_object(slot);

    if (object) {
        named[object - world.objects] = true;
    }
}

void world_forget_dead(void)
{
    unsigned kept = 0;

    memset(named, 0, sizeof(named));
    world_each_slot(note_life);
    for (unsigned i = 0; i < world.count; i++) {
        if (named[i]) {
            world.objects[kept++] = world.objects[i];
        }
    }
    world.count = kept;
}

static void note_name(struct slot *slot)
{
    const struct object *object = world_object(slot);

    if (object && !slot_is_zombie(slot)) {
        named[object - world.objects] = true;
    }
}

/* True if that is news. */
static bool reach(const struct slot *slot)
{
    const struct object *object = cap_is(slot->cap, CAP_CNODE) ? world_object(slot) : NULL;

    if (!object || reached[object - world.objects]) {
        return false;
    }
    reached[object - world.objects] = true;
    return true;
}

static void find_reachable(void)
{
    bool news = false;

    memset(named, 0, sizeof(named));
    memset(reached, 0, sizeof(reached));
    world_each_slot(note_name);
    for (unsigned i = 0; i < GROUND_SLOTS; i++) {
        reach(&world.ground[i]);
    }
    do {
        news = false;
        for (unsigned i = 0; i < world.count; i++) {
            const struct object *object = &world.objects[i];
            if (object->type == ABI_TYPE_TCB && named[i]) {
                news |= reach(&object->slots[TCB_CSPACE]);
            }
            for (unsigned n = 0; object->type == ABI_TYPE_CNODE && reached[i] && n < object->slot_count;
                 n++) {
                news |= reach(&object->slots[n]);
            }
        }
    } while (news);
}

unsigned world_addressable(struct slot **slots, unsigned limit)
{
    unsigned count = 0;

    find_reachable();
    for (unsigned i = 0; i < GROUND_SLOTS && count < limit; i++) {
        slots[count++] = &world.ground[i];
    }
    for (unsigned i = 0; i < world.count; i++) {
        for (unsigned n = 0; reached[i] && n < world.objects[i].slot_count && count < limit; n++) {
            slots[count++] = &world.objects[i].slots[n];
        }
    }
    return count;
}

bool world_is_addressable(const struct slot *slot)
{
    const struct object *owner = world_owner(slot);

    find_reachable();
    if (!owner) {
        return slot >= world.ground && slot < world.ground + GROUND_SLOTS;
    }
    return reached[owner - world.objects];
}
