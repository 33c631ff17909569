/*
 * What actors run. Each piece ends at a breakpoint, so that its registers stay what they are.
 */
.option norvc

.macro code name
.section .text.\name, "ax"
.globl \name
\name:
.endm

code actor_ecall
    ecall
.globl actor_done
actor_done:
    ebreak

code actor_load
    ld      a1, 0(a0)
    ebreak

code actor_store
    sd      a1, 0(a0)
    ebreak

code actor_jump
    jr      a0

code actor_illegal
    .word   0
    ebreak

code actor_float
    fmv.d.x fa0, a0
    ebreak

code actor_spin
1:  addi    a0, a0, 1
    j       1b
