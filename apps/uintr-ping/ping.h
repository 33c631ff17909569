/*
 * Declarations that the files of uintr-ping share.
 */
#pragma once

#include <sel4/simple.h>

#include <rel4/uintr.h>

/* How the threads signal each other. */
enum way {
    BY_NOTIFICATION,   /* seL4_Signal() and seL4_Wait() */
    BY_USER_INTERRUPT, /* rel4_signal() and rel4_wait(): threads block, and the kernel wakes them */
    BY_HANDLER,        /* both threads run all the time, and their handlers answer each other */
};

/* The thread that answers each signal with another one. */
struct partner {
    enum way way;
    bool own_space;
    seL4_CPtr tcb;
    seL4_CPtr ping;                  /* notification that it waits for, bound to it */
    seL4_CPtr pong;                  /* notification that it signals */
    struct rel4_resources resources; /* for its copy of the library, if it has one */
};

/* Starts the partner on a node. Returns false if that fails. */
bool partner_start(const struct partner *partner, seL4_Word node);

/*
 * Makes a copy of this address space: code and constants are the same frames, read-only; variables and static
 * stacks are copied. *frame is the copy of the page at address. Returns the new root, or null.
 */
seL4_CPtr space_copy(const void *address, seL4_CPtr *frame);
