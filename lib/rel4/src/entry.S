/*
 * Entries of user interrupts, and the restartable sequence that checks for recorded bits and blocks.
 *
 * A handler runs on a stack of its own, which begins below the receiver's control block. uscratch holds the address
 * of that block; while the handler runs it holds the interrupted stack pointer, so that the kernel may preempt the
 * handler anywhere. gp and tp always have the program's values. User interrupts are off, so entries do not nest.
 */
#include <sel4/abi.h>
#include <rel4/instructions.h>
#include "receiver.h"

#define FRAME       128 /* 16 integer registers */
#define FLOAT_FRAME 176 /* 20 floating-point registers and fcsr, in multiples of 16 */

    .option norelax
    .option norvc

.macro each_integer, instruction
    .set offset, 0
    .irp name, ra, t0, t1, t2, t3, t4, t5, t6, a0, a1, a2, a3, a4, a5, a6, a7
    \instruction \name, offset(sp)
    .set offset, offset + 8
    .endr
.endm

/* The floating-point registers that a C function does not save. */
.macro each_float, instruction
    .set offset, 0
    .irp name, ft0, ft1, ft2, ft3, ft4, ft5, ft6, ft7, ft8, ft9, ft10, ft11, fa0, fa1, fa2, fa3, fa4, fa5, fa6, fa7
    \instruction \name, offset(sp)
    .set offset, offset + 8
    .endr
.endm

.macro enter
    csrrw   sp, REL4_CSR_USCRATCH, sp
    addi    sp, sp, -FRAME
    each_integer sd
    /* Clear before reading: a signal in between then interrupts once more, and is not lost. */
    csrci   REL4_CSR_UIP, REL4_UI_SOFTWARE
    .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_READ, a0, x0, x0
    fence   i, rw       /* see what the sender did before; pairs with rel4_uipi_send() */
    ld      t0, FRAME + RECEIVER_RESTART_END(sp)
    bnez    t0, 2f
1:  ld      t0, FRAME + RECEIVER_INTERRUPTS(sp)
    addi    t0, t0, 1
    sd      t0, FRAME + RECEIVER_INTERRUPTS(sp)
    ld      a1, FRAME + RECEIVER_ARG(sp)
    ld      t0, FRAME + RECEIVER_HANDLER(sp)
.endm

.macro leave, uret
    each_integer ld
    addi    sp, sp, FRAME
    csrrw   sp, REL4_CSR_USCRATCH, sp
    .word   \uret

    /* A restartable sequence is under way, which ends before t0. */
2:  csrr    t1, REL4_CSR_UEPC
    ld      t2, FRAME + RECEIVER_RESTART_START(sp)
    bltu    t1, t2, 1b
    bgeu    t1, t0, 1b
    csrw    REL4_CSR_UEPC, t2
    ld      t0, FRAME + RECEIVER_RESTARTS(sp)
    addi    t0, t0, 1
    sd      t0, FRAME + RECEIVER_RESTARTS(sp)
    j       1b
.endm

.macro entry, name, uret
    .section .text.\name, "ax"
    .balign 4
    .global \name
    .type \name, @function
\name:
    enter
    jalr    t0
    leave   \uret
    .size \name, . - \name
.endm

.macro entry_float, name, uret
    .section .text.\name, "ax"
    .balign 4
    .global \name
    .type \name, @function
\name:
    enter
    addi    sp, sp, -FLOAT_FRAME
    each_float fsd
    frcsr   t1
    sd      t1, 160(sp)
    jalr    t0
    ld      t1, 160(sp)
    fscsr   t1
    each_float fld
    addi    sp, sp, FLOAT_FRAME
    leave   \uret
    .size \name, . - \name
.endm

    entry rel4_uintr_entry, REL4_URET
    entry rel4_uintr_entry_emulated, REL4_URET_EMULATED
    entry_float rel4_uintr_entry_float, REL4_URET
    entry_float rel4_uintr_entry_float_emulated, REL4_URET_EMULATED

/*
 * bool rel4_check_and_receive(src, woken, receiver, registers)
 *
 * A handler that records bits between the load and the ecall returns to the load. The kernel keeps all registers
 * across the ecall; a0 to a5 only until it returns.
 */
    .section .text.rel4_check_and_receive, "ax"
    .global rel4_check_and_receive
    .type rel4_check_and_receive, @function
rel4_check_and_receive:
    mv      t0, a1
    mv      t1, a2
    mv      t2, a3
    li      a1, 0
    li      a7, SYS_RECV
    la      t3, 1f
    sd      t3, RECEIVER_RESTART_START(t1)
    la      t3, 2f
    sd      t3, RECEIVER_RESTART_END(t1)
1:  ld      t3, 0(t0)
    bnez    t3, 3f
    ecall
2:  sd      zero, RECEIVER_RESTART_END(t1)
    sd      a0, 0(t2)
    sd      a1, 8(t2)
    sd      a2, 16(t2)
    sd      a3, 24(t2)
    sd      a4, 32(t2)
    sd      a5, 40(t2)
    li      a0, 1
    ret
3:  sd      zero, RECEIVER_RESTART_END(t1)
    li      a0, 0
    ret
    .size rel4_check_and_receive, . - rel4_check_and_receive
