/*
 * Floating-point registers into and out of a struct fp_block, whose address is in a0. The caller's saved
 * registers are kept on the stack.
 */
#define OUT      256
#define FCSR_IN  512
#define FCSR_OUT 520
#define NUMBER   528
#define A0       536
#define A1       544

.section .text.fp_across, "ax"
.globl fp_across
fp_across:
    addi    sp, sp, -128
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    fsd     fs\n, \n * 8(sp)
.endr
    sd      s0, 96(sp)
    sd      ra, 104(sp)
    mv      s0, a0
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fld     f\n, \n * 8(s0)
.endr
    ld      t0, FCSR_IN(s0)
    fscsr   t0
    ld      a7, NUMBER(s0)
    ld      a0, A0(s0)
    ld      a1, A1(s0)
    ecall
    mv      a0, s0
    call    fp_read
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    fld     fs\n, \n * 8(sp)
.endr
    ld      s0, 96(sp)
    ld      ra, 104(sp)
    fscsr   zero
    addi    sp, sp, 128
    ret

.section .text.fp_read, "ax"
.globl fp_read
fp_read:
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fsd     f\n, OUT + \n * 8(a0)
.endr
    frcsr   t0
    sd      t0, FCSR_OUT(a0)
    ret
