/*
 * Handlers that use no stack: uscratch is the record.
 */
#include <rel4/abi.h>

.macro take_bits
    csrrw   t0, REL4_CSR_USCRATCH, t0
    sd      t1, 0(t0)
    sd      t2, 8(t0)
    csrci   REL4_CSR_UIP, 1
    .insn r 0x7b, 6, 1, t1, x0, x0
    sd      t1, 24(t0)
    ld      t2, 32(t0)
    or      t2, t2, t1
    sd      t2, 32(t0)
    csrr    t2, REL4_CSR_UEPC
    sd      t2, 40(t0)
    csrr    t2, REL4_CSR_UCAUSE
    sd      t2, 48(t0)
    fence   w, w
    ld      t2, 16(t0)
    addi    t2, t2, 1
    sd      t2, 16(t0)
.endm

.section .text.uintr_handler, "ax"
.balign 4
.globl uintr_handler
uintr_handler:
    take_bits
    ld      t1, 0(t0)
    ld      t2, 8(t0)
    csrrw   t0, REL4_CSR_USCRATCH, t0
    .word   REL4_URET

.section .text.uintr_trap_handler, "ax"
.balign 4
.globl uintr_trap_handler
uintr_trap_handler:
    take_bits
    ebreak
