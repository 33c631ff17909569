/*
 * The state of a thread for user interrupts (docs/user-interrupts.md).
 *
 * A thread is a user of user interrupts if it is registered as a receiver or has a sender table. A switch to
 * any other thread tests this one flag, and nothing else.
 */
#pragma once

#include "lib/types.h"
#include <rel4/abi.h>

struct hart;
struct sender_table;
struct slot;
struct tcb;

struct uintr {
    bool user;
    bool receiver;   /* of signals to the notification that is bound */
    bool ending;     /* its registration ends, so no new entry can name it */
    bool hardware;   /* its user-level registers are loaded into the hart that it runs on, not emulated */
    uint16_t slot;   /* of the controller; 0 if the kernel delivers */
    bool active;     /* not turned off by uipi_deactivate */
    bool software;   /* USIP as far as software has set it */
    uint8_t status;  /* ustatus: UIE and UPIE */
    uint8_t enabled; /* uie */
    word_t uepc, utvec, uscratch, ucause, utval;
    struct sender_table *table;
    struct slot *entries; /* the first of the entries that name this receiver, or NULL */
};

/* Receivers that are polled at every tick, because the hardware does not wake them. */
extern unsigned receivers_polled;

/* How user interrupts are delivered: REL4_UINTR_NONE, _HARDWARE or _EMULATED. Set once, at boot. */
extern unsigned uintr_backend;
