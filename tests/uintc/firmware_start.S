/*
 * Start of a test that the firmware boots in S-mode, on one hart.
 */
#include "frame.inc"

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
    push_frame
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
    pop_frame
    ret

    .section .bss.stack
    .balign 16
stack:
    .space  STACK
