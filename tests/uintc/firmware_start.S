/*
 * Start of a test that the firmware boots in S-mode, on one hart.
 */
#define STACK 0x8000

    .section .text.start
    .globl _start, supervisor
supervisor:
_start:
    mv      tp, a0
    la      sp, stack + STACK
    call    main

/* long user(long (*function)(void)): runs it in U-mode, with interrupts as ustatus says, until it returns. */
    .globl user
user:
    addi    sp, sp, -128
    sd      ra, 0(sp)
    sd      s0, 8(sp)
    sd      s1, 16(sp)
    sd      s2, 24(sp)
    sd      s3, 32(sp)
    sd      s4, 40(sp)
    sd      s5, 48(sp)
    sd      s6, 56(sp)
    sd      s7, 64(sp)
    sd      s8, 72(sp)
    sd      s9, 80(sp)
    sd      s10, 88(sp)
    sd      s11, 96(sp)
    csrw    sscratch, sp
    la      t0, back
    csrw    stvec, t0
    csrw    sepc, a0
    li      t0, 0x100
    csrc    sstatus, t0
    la      ra, end_of_function
    li      t0, 0x4000
    sub     sp, sp, t0
    sret
end_of_function:
    ecall

    .balign 4
back:
    csrr    sp, sscratch
    csrr    a1, scause
    ld      ra, 0(sp)
    ld      s0, 8(sp)
    ld      s1, 16(sp)
    ld      s2, 24(sp)
    ld      s3, 32(sp)
    ld      s4, 40(sp)
    ld      s5, 48(sp)
    ld      s6, 56(sp)
    ld      s7, 64(sp)
    ld      s8, 72(sp)
    ld      s9, 80(sp)
    ld      s10, 88(sp)
    ld      s11, 96(sp)
    addi    sp, sp, 128
    ret

    .section .bss.stack
    .balign 16
stack:
    .space  STACK
