/*
 * Code of the tests whose every instruction matters.
 */
#include <rel4/abi.h>
#include <sel4/abi.h>

.option norvc
.option norelax

.macro uipi_send index
    .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_SEND, x0, \index, x0
.endm

/* bool uintr_wide_sequence(src, woken, badge, loops, number) */
.section .text.uintr_wide_sequence, "ax"
.globl uintr_wide_sequence, uintr_wide_start, uintr_wide_end
uintr_wide_sequence:
    mv      t0, a1
    mv      t1, a2
    mv      t2, a3
    mv      t5, a4
    li      a1, 0
uintr_wide_start:
    ld      t3, 0(t0)
    bnez    t3, 2f
    csrsi   REL4_CSR_USTATUS, REL4_USTATUS_UIE
    mv      t4, t2
1:  addi    t4, t4, -1
    bgtz    t4, 1b
    li      a7, SYS_YIELD
    ecall
    mv      a7, t5
    ecall
uintr_wide_end:
    sd      a0, 0(t1)
    li      a0, 1
    ret
2:  li      a0, 0
    ret

/* void uintr_integer_across(registers, index) */
.section .text.uintr_integer_across, "ax"
.globl uintr_integer_across
uintr_integer_across:
    addi    sp, sp, -128
    sd      ra, 0(sp)
    sd      a0, 8(sp)
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    sd      s\n, 16 + \n * 8(sp)
.endr
    uipi_send a1        /* nothing is in the registers yet: shows that the way back is right */
    ld      x1, 8(a0)
.irp n, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ld      x\n, \n * 8(a0)
.endr
    ld      a0, 80(a0)
    uipi_send a0        /* in[10] is the index */
    sd      a0, 120(sp)
    ld      a0, 8(sp)
    sd      x1, 256 + 8(a0)
.irp n, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    sd      x\n, 256 + \n * 8(a0)
.endr
    ld      t0, 120(sp)
    sd      t0, 256 + 80(a0)
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    ld      s\n, 16 + \n * 8(sp)
.endr
    ld      ra, 0(sp)
    addi    sp, sp, 128
    ret

#define FCSR_IN  512
#define FCSR_OUT 520

/* void uintr_float_across(floats, index, stop) */
.section .text.uintr_float_across, "ax"
.globl uintr_float_across
uintr_float_across:
    addi    sp, sp, -96
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    fsd     fs\n, \n * 8(sp)
.endr
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fld     f\n, \n * 8(a0)
.endr
    ld      t0, FCSR_IN(a0)
    fscsr   t0
    li      t0, -1
    beq     a1, t0, 1f
    uipi_send a1
1:  ld      t0, 0(a2)
    beqz    t0, 1b
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fsd     f\n, 256 + \n * 8(a0)
.endr
    frcsr   t0
    sd      t0, FCSR_OUT(a0)
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    fld     fs\n, \n * 8(sp)
.endr
    fscsr   zero
    addi    sp, sp, 96
    ret

.macro hostile text:vararg
    \text
    ebreak
.endm

/* Every instruction, and every way to every CSR. a0 and a1 are the test's. */
.section .text.uintr_hostile, "ax"
.globl uintr_hostile, uintr_hostile_end
uintr_hostile:
    hostile .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_SEND, x0, a0, x0
    hostile .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_READ, a1, x0, x0
    hostile .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_WRITE, x0, a0, x0
    hostile .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_ACTIVATE, x0, x0, x0
    hostile .insn r REL4_UIPI_OPCODE, REL4_UIPI_FUNCT3, REL4_UIPI_DEACTIVATE, x0, x0, x0
    hostile .word REL4_URET
.irp csr, REL4_CSR_USTATUS, REL4_CSR_UIE, REL4_CSR_UTVEC, REL4_CSR_USCRATCH, REL4_CSR_UEPC, REL4_CSR_UCAUSE, REL4_CSR_UTVAL, REL4_CSR_UIP
    hostile csrr    a1, \csr
    hostile csrrw   a1, \csr, a0
    hostile csrw    \csr, a0
    hostile csrrs   a1, \csr, a0
    hostile csrrc   a1, \csr, a0
    hostile csrrwi  a1, \csr, 31
    hostile csrrsi  a1, \csr, 31
    hostile csrrci  a1, \csr, 31
.endr
uintr_hostile_end:

/* Another address at which handlers may be entered. */
.section .text.uintr_other_entry, "ax"
.balign 4
.globl uintr_other_entry
uintr_other_entry:
    j       rel4_uintr_entry_float
