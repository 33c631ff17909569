/*
 * The user-interrupt controller, and the registers of a hart that go with it (platform/qemu/README.md).
 *
 * Senders write to slots at any time, so the kernel never reads, changes and writes back a slot: it only
 * adds to the pending word or takes all of it, and only the kernel writes the mode.
 *
 * All functions but uintr_leave() need the kernel lock in exclusive mode.
 */
#pragma once

#include "lib/types.h"

struct hart;
struct tcb;

/* Slot 0 is not used: 0 means no slot. */
#define UINTC_SLOTS 512

/* The controller of the machine, set at boot. */
struct uintc {
    word_t phys;          /* 0: no controller */
    bool extended;        /* has the gate and the wake line, and both are used */
    unsigned wake_source; /* source of the wake line at the PLIC */
};
extern struct uintc uintc;

/* Returns whether the hart has the registers. May be called before everything else. */
bool uintc_registers_exist(void);

/* Returns whether the firmware delegates user interrupts. */
bool uintc_is_delegated(void);

/* Prepares a hart, which holds no registers then. With use false, closes the gate for ever, if there is
 * one. */
void uintc_init_hart(struct hart *hart, bool use);

/* Adds bits to the pending word of a slot. */
void uintc_post(unsigned slot, word_t bits);

/* Takes the pending word: returns and clears it. */
word_t uintc_take(unsigned slot);

/* The same, and lets the next send to the slot, which is not active, wake the kernel. */
word_t uintc_take_and_arm(unsigned slot);

/* Makes a slot inactive; a send to it does not wake the kernel. */
void uintc_disarm(unsigned slot);

/* Returns and clears the slots that woke the kernel, as a bit mask from slot 64 * index on. */
word_t uintc_take_woken(unsigned index);

/* Loads the registers of a thread that uses the hardware into its hart, which holds none. */
void uintr_enter(struct hart *hart, struct tcb *thread);

/* Stores the registers that this hart holds, and clears them for the next thread. */
void uintr_leave(struct hart *hart);
