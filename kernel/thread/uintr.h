/*
 * What a thread has of user interrupts (docs/user-interrupts.md), and where the scheduler meets them.
 *
 * A thread is a user of user interrupts if it is registered as a receiver or has a sender table. All others
 * pay for one look at that when they are switched to.
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
    bool receiver;   /* of the notification that is bound */
    bool ending;     /* as a receiver: no more entries can name it */
    bool hardware;   /* its registers are loaded into the hart that it runs on, not emulated */
    uint16_t slot;   /* of the controller; 0 if the kernel delivers */
    bool active;     /* not turned off by uipi_deactivate */
    bool software;   /* USIP as far as software has set it */
    uint8_t status;  /* ustatus: UIE and UPIE */
    uint8_t enabled; /* uie */
    word_t uepc, utvec, uscratch, ucause, utval;
    struct sender_table *table;
    struct slot *entries; /* the first of those that name this receiver; NULL if there is none */
};

/* Receivers that every tick looks at, because the hardware does not wake them. */
extern unsigned receivers_polled;

/* Who carries user interrupts: REL4_UINTR_NONE, _HARDWARE or _EMULATED. Set once, at boot. */
extern unsigned uintr_backend;
