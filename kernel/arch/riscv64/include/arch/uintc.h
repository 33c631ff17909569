/*
 * The user-interrupt controller, and the registers of a hart that go with it (docs/uintc.md).
 *
 * Senders write to slots at any time, so a slot is never read, changed and written back: its pending word is
 * only added to or taken whole, and its mode is written by the kernel alone.
 *
 * All functions need the kernel lock in exclusive mode, but for uintr_leave().
 */
#pragma once

#include "lib/types.h"

struct hart;
struct tcb;

/* Slot 0 is not used, so that 0 is no slot. */
#define UINTC_SLOTS 512

/* What the machine has; see uintc_init(). */
struct uintc {
    word_t phys;          /* 0: no controller */
    bool extended;        /* has the gate and wakes the kernel, and both are to be used */
    unsigned wake_source; /* of the PLIC */
};
extern struct uintc uintc;

/* The harts have the registers. May be called before anything else. */
bool uintc_registers_exist(void);

/* The firmware lets user mode have its interrupts. */
bool uintc_is_delegated(void);

/* Prepares a hart: nothing is live. With use false, the gate is closed for ever, if there is one. */
void uintc_init_hart(struct hart *hart, bool use);

/* Bits for a slot. */
void uintc_post(unsigned slot, word_t bits);

/* Takes the pending word. */
word_t uintc_take(unsigned slot);

/* The same; from now on a send to the slot, which is not active, wakes the kernel. */
word_t uintc_take_and_arm(unsigned slot);

/* The slot is not active, and wakes nobody. */
void uintc_disarm(unsigned slot);

/* The slots, 64 from 64 * index on, that woke the kernel since this was asked last. */
word_t uintc_take_woken(unsigned index);

/* Loads the registers of a thread, a user of the hardware, into its hart, where nothing is live. */
void uintr_enter(struct hart *hart, struct tcb *thread);

/* Stores what is live in this hart, and leaves nothing behind for the next thread. */
void uintr_leave(struct hart *hart);
