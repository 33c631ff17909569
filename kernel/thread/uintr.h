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
    bool active;     /* not turned off by uipi_deactivate */
    bool software;   /* USIP as far as software has set it */
    uint8_t status;  /* ustatus: UIE and UPIE */
    uint8_t enabled; /* uie */
    word_t uepc, utvec, uscratch, ucause, utval;
    struct sender_table *table;
    struct slot *entries; /* the first of those that name this receiver; NULL if there is none */
};

/* Who carries user interrupts: REL4_UINTR_NONE, _HARDWARE or _EMULATED. Set once, at boot. */
extern unsigned uintr_backend;

/* In ipc/receiver.c: the thread, a user of user interrupts, is about to return to user mode. */
void uintr_prepare_return(struct tcb *thread);
