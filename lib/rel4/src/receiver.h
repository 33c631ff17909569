/*
 * The receiver's control block, at the top of the handler's stack. uscratch points to it while no handler
 * runs. Shared by C and entry.S.
 */
#pragma once

#define RECEIVER_RESTART_START 0
#define RECEIVER_RESTART_END   8
#define RECEIVER_HANDLER       16
#define RECEIVER_ARG           24
#define RECEIVER_INTERRUPTS    32
#define RECEIVER_RESTARTS      40
#define RECEIVER_SIZE          64

#ifndef __ASSEMBLER__

#include <rel4/uintr.h>

struct rel4_receiver {
    /*
     * A restartable sequence, while restart_end is not 0: a handler that interrupts the thread between
     * restart_start and restart_end returns to restart_start. The instructions must have no effect that
     * matters when they are repeated.
     */
    seL4_Word restart_start;
    seL4_Word restart_end;
    rel4_handler *handler;
    void *arg;
    seL4_Word interrupts;
    seL4_Word restarts;
    seL4_Word delivery; /* enum rel4_delivery */
    seL4_Word unused;
};

_Static_assert(offsetof(struct rel4_receiver, restart_start) == RECEIVER_RESTART_START, "control block");
_Static_assert(offsetof(struct rel4_receiver, restart_end) == RECEIVER_RESTART_END, "control block");
_Static_assert(offsetof(struct rel4_receiver, handler) == RECEIVER_HANDLER, "control block");
_Static_assert(offsetof(struct rel4_receiver, arg) == RECEIVER_ARG, "control block");
_Static_assert(offsetof(struct rel4_receiver, interrupts) == RECEIVER_INTERRUPTS, "control block");
_Static_assert(offsetof(struct rel4_receiver, restarts) == RECEIVER_RESTARTS, "control block");
_Static_assert(sizeof(struct rel4_receiver) == RECEIVER_SIZE, "control block");

/* Entries of user interrupts, without and with floating point, and the same on the emulated backend. */
extern const char rel4_uintr_entry[], rel4_uintr_entry_float[];
extern const char rel4_uintr_entry_emulated[], rel4_uintr_entry_float_emulated[];

/*
 * Receives from src if *woken is 0. Returns whether it received; *registers is then what sel4_trap_recv()
 * returns. A handler that interrupts between the check and the system call makes it check again.
 */
bool rel4_check_and_receive(seL4_CPtr src, const seL4_Word *woken, struct rel4_receiver *receiver,
                            struct sel4_registers *registers);

#endif
