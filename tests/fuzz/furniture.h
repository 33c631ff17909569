/*
 * The world of fuzz_objects.c: objects of all types, two threads that can run, and a device.
 */
#pragma once

#include "world.h"

/* What lies on the ground: nothing of it can be moved or deleted, but it can be invoked and copied from. */
enum {
    ROOT_CNODE,
    MEMORY_LARGE,
    MEMORY_SMALL,
    MEMORY_PAGE,
    MEMORY_DEVICE,
    MAIN_THREAD,
    IRQ_CONTROL,
    ASID_CONTROL,
    DOMAIN,
    GROUND_CAPS
};

#define ROOT_RADIX 5
#define IRQS       3

/* What the root CNode holds at first; its other slots are empty. */
enum {
    AT_CNODE = 1, /* itself */
    AT_MEMORY,
    AT_THREAD,
    AT_THREAD_2,
    AT_ENDPOINT,
    AT_NOTIFICATION,
    AT_CNODE_4,
    AT_CNODE_2,
    AT_FRAME,
    AT_VSPACE,
    AT_TABLE,
    AT_TABLE_2,
    AT_POOL,
    AT_IRQ,
    AT_DEVICE_FRAME,
    AT_RING = 26,  /* two frames for it */
    AT_QUEUE = 28, /* those from 30 on have no operand */
};

static inline struct tcb *main_thread(void)
{
    return cap_object(world.ground[MAIN_THREAD].cap);
}

static inline struct slot *root_slot(word_t index)
{
    return (struct slot *)cap_object(world.ground[ROOT_CNODE].cap) + index;
}

/* A new world with what lies on the ground, and the main thread ready to run. */
void world_lay_ground(void);

/* The main thread, which runs, makes the rest. */
void world_furnish(void);
