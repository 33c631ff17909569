/*
 * Start of a bare-metal test, on all harts at once, and the way into less privileged modes and back.
 *
 * Hart 0 runs main(), the others hart_loop(). Traps are answers: enter() runs a function in another mode, and the first
 * trap that reaches M-mode or S-mode ends it.
 */
#include "frame.inc"

#define HART_STACK 0x8000
#define LOW_STACK  0x4000 /* below the frame; the entered function runs there */

#define CAUSE_S_ECALL 9
#define FROM_S_TRAP   0x5353

    .section .text.start
    .globl _start
_start:
    csrr    tp, mhartid
    la      sp, stacks
    li      t0, HART_STACK
    addi    t1, tp, 1
    mul     t0, t0, t1
    add     sp, sp, t0

    la      t0, machine_trap
    csrw    mtvec, t0
    la      t0, supervisor_trap
    csrw    stvec, t0
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f /* all addresses, read, write and execute */
    csrw    pmpcfg0, t0

    bnez    tp, 1f
    call    main
1:  mv      a0, tp
    call    hart_loop

/* void enter(enum mode mode, long (*function)(long), long argument, struct trap *trap) */
    .globl enter
enter:
    push_frame
    sd      tp, 104(sp)
    sd      a3, 112(sp)
    csrw    mscratch, sp

    li      t0, 3 << 11 | 1 << 39 /* mstatus.MPP and, for a virtual mode, MPV */
    csrc    mstatus, t0
    andi    t0, a0, 3
    slli    t0, t0, 11
    csrs    mstatus, t0
    srli    t0, a0, 2
    slli    t0, t0, 39
    csrs    mstatus, t0

    csrw    mepc, a1
    mv      a0, a2
    la      ra, end_of_function
    li      t0, LOW_STACK
    sub     sp, sp, t0
    mret

end_of_function:
    ecall

    .balign 4
machine_trap:
    csrr    sp, mscratch
    ld      t6, 112(sp)
    csrr    t0, mcause
    li      t1, CAUSE_S_ECALL
    bne     t0, t1, 1f
    li      t1, FROM_S_TRAP
    beq     a7, t1, 2f
1:  csrr    t1, mepc
    csrr    t2, mtval
    li      t3, 3
    j       3f
2:  mv      t0, a0
    mv      t1, a1
    mv      t2, a2
    li      t3, 1
3:  sd      t0, 0(t6)
    sd      t1, 8(t6)
    sd      t2, 16(t6)
    sd      t3, 24(t6)
    sd      a0, 32(t6)
    ld      tp, 104(sp)
    pop_frame
    ret

    .balign 4
supervisor_trap:
    csrr    a0, scause
    csrr    a1, sepc
    csrr    a2, stval
    li      a7, FROM_S_TRAP
    ecall

    .section .bss.stacks
    .balign 16
stacks:
    .space  HART_STACK * 8
