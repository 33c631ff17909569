/*
 * Every label on a capability of each type, by system call and through a ring: the answers must be the same,
 * and so must be what is there afterwards.
 */
#pragma once

#include "rings.h"

/* The objects of one call. All are made again when a call has changed something. */
enum object {
    NOTHING,
    UNTYPED,
    UNTYPED_PAGE, /* as large as a pool */
    CNODE,        /* its slots are named by numbers below SLOTS, with all bits */
    TCB_PLAIN,
    TCB_READY,    /* with spaces, notification, sender table and queue; suspended */
    TCB_RECEIVER, /* registered, with a queue that is stopped */
    NOTIFICATION,
    NOTIFICATION_BADGE,
    NOTIFICATION_BOUND,
    NOTIFICATION_RECEIVER,
    NOTIFICATION_SENDER, /* for that receiver, with one bit */
    NOTIFICATION_MUTE,   /* without rights */
    ENDPOINT_MUTE,
    IRQ_HANDLER,
    TABLE,
    TABLE_MAPPED,
    TABLE_LEAF,
    VSPACE_EMPTY,
    FRAME,
    FRAME_MAPPED,
    FRAME_RING, /* and the next one: of the queue */
    FRAME_RING_2,
    SENDER_TABLE,
    SENDER_TABLE_BOUND,
    QUEUE,
    QUEUE_STARTED,
    QUEUE_STOPPED,
    MADE,
    IRQ_CONTROL = MADE, /* these are the root task's */
    DOMAIN,
    ASID_CONTROL,
    ASID_POOL,
    OBJECTS
};

#define RADIX 5
#define SLOTS (1u << RADIX)

extern const char *const object_names[OBJECTS];

/* Reserves memory and slots. */
void world_init(void);

/* Makes all objects again. */
void world_make(void);

seL4_CPtr world_cap(enum object object);

/* A digest of what can be seen of the objects: what slots hold, registers, addresses, and free memory.
 * Changes some of them. */
uint32_t world_digest(void);

/* What was signalled to a notification, which is cleared. */
uint32_t world_take_badge(enum object notification);

/* A physical address as its distance from the objects' memory. */
seL4_Word world_offset(seL4_Word paddr);

static inline uint32_t digest_word(uint32_t digest, seL4_Word word)
{
    for (int i = 0; i < 4; i++) {
        digest = (digest ^ (uint32_t)(word >> 16 * i & 0xffff)) * 16777619u;
    }
    return digest;
}

#define DIGEST 2166136261u
