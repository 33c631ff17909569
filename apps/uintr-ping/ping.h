/*
 * What the files of uintr-ping share.
 */
#pragma once

#include <sel4/simple.h>

#include <rel4/uintr.h>

/* How signals go back and forth. */
enum way {
    BY_NOTIFICATION,   /* seL4_Signal() and seL4_Wait() */
    BY_USER_INTERRUPT, /* rel4_signal() and rel4_wait(): they block, and the kernel wakes them */
    BY_HANDLER,        /* both threads run all the time, and one's handler answers the other's */
};

/* The thread that answers each signal with another one. */
struct partner {
    enum way way;
    bool own_space;
    seL4_CPtr tcb;
    seL4_CPtr ping;                  /* bound to it; what it waits for */
    seL4_CPtr pong;                  /* what it answers with */
    struct rel4_resources resources; /* for its copy of the library, if it has one */
};

/* Starts the partner on a node. Returns false if something does not work. */
bool partner_start(const struct partner *partner, seL4_Word node);

/*
 * An address space like ours: code and constants are the same frames, read-only; of variables and static
 * stacks it gets a copy, as they are now. *frame is the copy of the page at address. Returns its root, or
 * null.
 */
seL4_CPtr space_copy(const void *address, seL4_CPtr *frame);
