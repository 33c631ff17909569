/*
 * The memory of a victim, for C and for the assembler.
 */
#pragma once

#define VICTIM_X        0 /* by number; those that it needs itself are not looked at */
#define VICTIM_F        256
#define VICTIM_FCSR     512
#define VICTIM_RECEIVER 520 /* it has registers of user interrupts: */
#define VICTIM_UTVEC    528
#define VICTIM_USCRATCH 536
#define VICTIM_UEPC     544
#define VICTIM_UTVAL    552
#define VICTIM_TURNS    560
#define VICTIM_TWICE    568 /* written twice in each turn */
#define VICTIM_WRONG    576 /* VICTIM_WRONG_... */
#define VICTIM_TELL     584 /* signal the next turn */
#define VICTIM_CALL     592 /* make a system call in the next turn: */
#define VICTIM_CALL_A7  600
#define VICTIM_CALL_A0  608
#define VICTIM_CALL_A1  616
#define VICTIM_THEN_A0  624
#define VICTIM_THEN_A1  632
#define VICTIM_CALLED   640 /* calls that have returned */

#define VICTIM_WRONG_INTEGER 1
#define VICTIM_WRONG_FLOAT   2
#define VICTIM_WRONG_UINTR   3
#define VICTIM_RAN_TWICE     4
#define VICTIM_WRONG_ANSWER  5

#ifndef __ASSEMBLER__
#include <stddef.h>

#include <sel4/sel4.h>

struct victim {
    seL4_Word x[32], f[32], fcsr;
    seL4_Word receiver, utvec, uscratch, uepc, utval;
    volatile seL4_Word turns, twice, wrong, tell, call;
    seL4_Word call_a7, call_a0, call_a1, then_a0, then_a1;
    volatile seL4_Word called;
};

_Static_assert(offsetof(struct victim, fcsr) == VICTIM_FCSR &&
                   offsetof(struct victim, utval) == VICTIM_UTVAL &&
                   offsetof(struct victim, tell) == VICTIM_TELL &&
                   offsetof(struct victim, called) == VICTIM_CALLED,
               "as the assembler sees it");

/* Loads floating-point registers and those of user interrupts first; the others are there. */
extern const char victim_begin[], victim_look[], victim_handler[], victim_end[];
#endif
