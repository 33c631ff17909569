/*
 * A world of capabilities for the tests of deletion: three pieces of untyped memory, objects made from them,
 * and a table on firm ground that nothing can delete. Objects are made by the kernel's own Retype; the world
 * remembers where they are, so that every slot there is can be inspected (world_check()).
 */
#pragma once

#include "host.h"
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "thread/tcb.h"

#define WORLD_UNTYPEDS     3
#define WORLD_UNTYPED_BITS 13
#define GROUND_RADIX       5
#define GROUND_SLOTS       (1u << GROUND_RADIX)
#define WORLD_MAX_OBJECTS  250

#define WORLD_ASID_POOL ABI_TYPE_COUNT

struct object {
    word_t type; /* ABI_TYPE_..., or an ASID pool, which Retype does not make */
    void *memory;
    struct slot *slots; /* of a CNode or TCB */
    unsigned slot_count;
};

struct world {
    struct slot *ground; /* the first slots hold the untyped memory and stay as they are */
    struct object objects[WORLD_MAX_OBJECTS];
    unsigned count;
    unsigned irqs; /* interrupts 1 to irqs exist and may hold a capability */
};

extern struct world world;

/* A new world with nothing but its untyped memory. */
void world_reset(void);

/* Makes an object from an untyped capability; NULL if its memory is used up or being revoked. Forgets what
 * was there before if the untyped has no children left. */
struct object *world_create(struct slot *untyped, word_t type, unsigned size_bits, struct slot *to);

/* For worlds where objects come and go by invocations: adds those that a capability names and that are not
 * known yet; and forgets those that have neither capability nor zombie any more. Every list begins on the
 * ground. */
void world_discover(void);
void world_forget_dead(void);

/* The object whose memory begins, or whose slots begin, at an address; NULL if there is none. */
struct object *world_find(const void *address);

/* The object that a slot belongs to; NULL for slots on the ground. */
struct object *world_owner(const struct slot *slot);

/* The object that a capability or zombie names, NULL if it names none of these types. */
struct object *world_object(const struct slot *slot);

/* Calls visit for every slot there is. */
void world_each_slot(void (*visit)(struct slot *slot));

/* Empty or not, the slots that some thread could name: those on the ground, those of CNodes that are named
 * from there, and those of CNodes that are named from the CSpace of any thread that is not being destroyed.
 */
unsigned world_addressable(struct slot **slots, unsigned limit);
bool world_is_addressable(const struct slot *slot);

/* Inspects everything; see world_check.c. */
void world_check(void);

/* How many zombies there are. */
unsigned world_zombies(void);

/* Nothing is left but the untyped memory, which has no children. */
void world_check_empty(void);

static inline struct tcb *object_tcb(const struct object *object)
{
    return object->memory;
}
