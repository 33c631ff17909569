/*
 * Numbers of ReL4-C's extension of the seL4 interface, shared by the kernel and by user programs
 * (docs/differences.md, docs/user-interrupts.md). Free of types, so that assembler can include it. Those of
 * seL4 are in <sel4/abi.h>.
 */
#pragma once

#include <rel4/labels.h>

/* Object types for Untyped Retype, and their sizes, log2 of bytes. */
#define REL4_TYPE_SENDER_TABLE 64
#define REL4_TYPE_ASYNC_QUEUE  65

#define REL4_SENDER_TABLE_BITS    15
#define REL4_SENDER_TABLE_ENTRIES 512

/* An AsyncQueue has 2^n frame slots, n from 0 to REL4_QUEUE_MAX_SIZE_BITS; REL4_QUEUE_BITS(n) is log2 of its
 * bytes. */
#define REL4_QUEUE_MAX_SIZE_BITS 8
#define REL4_QUEUE_BITS(n)       ((n) <= 3 ? 11 : (n) <= 6 ? 12 : (n) + 6)

/* The most frames that one AddFrames takes. */
#define REL4_QUEUE_FRAMES_PER_CALL 128

/* Where a queue is served after a wake call when no hart is idle: MR2 of AsyncQueue Bind. */
#define REL4_POLICY_CALL 0 /* in the call */
#define REL4_POLICY_TICK 1 /* at the next timer tick */

/* Errors of requests in a ring that are not begun. No system call has them. */
#define REL4_ERROR_SKIPPED   14 /* the request before failed: REL4_LINK */
#define REL4_ERROR_CANCELLED 15 /* REL4_LABEL_NOP */

/* The most bytes of one AsyncQueue PutString. */
#define REL4_PUT_STRING_MAX 952

/* How a receiver's interrupts are delivered: MR0 of RegisterReceiver's answer. */
#define REL4_RECEIVER_SLOT             1 /* by the controller */
#define REL4_RECEIVER_KERNEL_DELIVERED 2

/* Vectors of a notification: vector n is bit n of its word. */
#define REL4_VECTORS 64

/* First word, after the header, of the chunk of extra BootInfo that describes the extension. Its id is that
 * of padding, so that programs for seL4 skip it; this word distinguishes it. */
#define REL4_BOOTINFO_MAGIC_WORD 0x344C4552 /* "REL4" in memory order */

/* Words of that chunk, counted from its header. */
#define REL4_BOOTINFO_MAGIC             2
#define REL4_BOOTINFO_VERSION           3
#define REL4_BOOTINFO_USER_INTERRUPTS   4
#define REL4_BOOTINFO_FEATURES          5
#define REL4_BOOTINFO_TYPE_SENDER_TABLE 6
#define REL4_BOOTINFO_TYPE_ASYNC_QUEUE  7
#define REL4_BOOTINFO_HARTS             8
#define REL4_BOOTINFO_WORDS             9

#define REL4_INTERFACE_VERSION 2

/* Values of REL4_BOOTINFO_USER_INTERRUPTS. */
#define REL4_UINTR_NONE     0
#define REL4_UINTR_HARDWARE 1
#define REL4_UINTR_EMULATED 2

/* Bits of REL4_BOOTINFO_FEATURES. */
#define REL4_FEATURE_USER_INTERRUPTS 1
#define REL4_FEATURE_UINTR_GATE      2 /* for threads that do not use them, the instructions are illegal */
#define REL4_FEATURE_ASYNC_QUEUES    4

/*
 * Instructions: custom-3, function 3 = 6, R format, rs2 = 0. For the assembler:
 *     .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_..., rd, rs1, x0
 */
#define REL4_UIPI_OPCODE     0x7b
#define REL4_UIPI_FUNCT3     6
#define REL4_UIPI_SEND       0 /* rs1: index in the sender table */
#define REL4_UIPI_READ       1 /* rd: the pending word, which is cleared */
#define REL4_UIPI_WRITE      2 /* rs1: bits to set in the own pending word */
#define REL4_UIPI_ACTIVATE   3
#define REL4_UIPI_DEACTIVATE 4
#define REL4_URET            0x00200073
#define REL4_URET_EMULATED   0x0a00607b /* the same, on the emulated backend only */

/* User-level control and status registers. */
#define REL4_CSR_USTATUS  0x000
#define REL4_CSR_UIE      0x004
#define REL4_CSR_UTVEC    0x005
#define REL4_CSR_USCRATCH 0x040
#define REL4_CSR_UEPC     0x041
#define REL4_CSR_UCAUSE   0x042
#define REL4_CSR_UTVAL    0x043
#define REL4_CSR_UIP      0x044

#define REL4_USTATUS_UIE  0x01
#define REL4_USTATUS_UPIE 0x10
#define REL4_UI_SOFTWARE  0x01 /* in uie and uip */
#define REL4_UCAUSE       0x8000000000000000
