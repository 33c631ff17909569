/*
 * A victim: all integer registers but the last three, all floating-point registers and, of a receiver, those of
 * user interrupts have values from its memory, which t6 points to, and it looks at nothing else than whether they
 * still have. a0, a1 and a7 are those of a signal to the test, which changes no register.
 */
#include "victim.h"
#include <rel4/abi.h>
#include <sel4/abi.h>

.option norvc
.option norelax

.macro look_at_csr csr, place
    csrr    t5, \csr
    ld      t4, \place(t6)
    bne     t4, t5, wrong_uintr
.endm

.section .text.victim, "ax"
.globl victim_begin, victim_look, victim_handler, victim_end
victim_begin:
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fld     f\n, VICTIM_F + \n * 8(t6)
.endr
    ld      t5, VICTIM_FCSR(t6)
    fscsr   t5
    ld      t5, VICTIM_RECEIVER(t6)
    beqz    t5, victim_look
    ld      t5, VICTIM_UEPC(t6)
    csrw    REL4_CSR_UEPC, t5
    ld      t5, VICTIM_UTVAL(t6)
    csrw    REL4_CSR_UTVAL, t5

victim_look:
.irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
    ld      t5, \n * 8(t6)
    bne     x\n, t5, wrong_integer
.endr
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ld      t5, VICTIM_F + \n * 8(t6)
    fmv.x.d t4, f\n
    bne     t4, t5, wrong_float
.endr
    ld      t5, VICTIM_FCSR(t6)
    frcsr   t4
    bne     t4, t5, wrong_float
    ld      t5, VICTIM_RECEIVER(t6)
    beqz    t5, 1f
    look_at_csr REL4_CSR_UTVEC, VICTIM_UTVEC
    look_at_csr REL4_CSR_USCRATCH, VICTIM_USCRATCH
    look_at_csr REL4_CSR_UEPC, VICTIM_UEPC
    look_at_csr REL4_CSR_UTVAL, VICTIM_UTVAL

    /* Nobody else writes these, unless this thread is on two harts. */
1:  ld      t4, VICTIM_TURNS(t6)
    addi    t4, t4, 1
    sd      t4, VICTIM_TURNS(t6)
    sd      t4, VICTIM_TWICE(t6)
    ld      t5, VICTIM_TURNS(t6)
    bne     t4, t5, wrong_twice
    ld      t5, VICTIM_TWICE(t6)
    bne     t4, t5, wrong_twice

    ld      t5, VICTIM_TELL(t6)
    beqz    t5, 1f
    sd      zero, VICTIM_TELL(t6)
    ecall
1:  ld      t5, VICTIM_CALL(t6)
    beqz    t5, victim_look
    sd      zero, VICTIM_CALL(t6)
    ld      a0, VICTIM_CALL_A0(t6)
    ld      a1, VICTIM_CALL_A1(t6)
    ld      a7, VICTIM_CALL_A7(t6)
    ecall
    ld      t5, VICTIM_THEN_A0(t6)
    bne     a0, t5, wrong_answer
    ld      t5, VICTIM_THEN_A1(t6)
    bne     a1, t5, wrong_answer
    ld      t5, VICTIM_CALLED(t6)
    addi    t5, t5, 1
    sd      t5, VICTIM_CALLED(t6)
    ld      a0, 10 * 8(t6)
    ld      a1, 11 * 8(t6)
    ld      a7, 17 * 8(t6)
    j       victim_look

wrong_integer:
    li      t4, VICTIM_WRONG_INTEGER
    j       1f
wrong_float:
    li      t4, VICTIM_WRONG_FLOAT
    j       1f
wrong_uintr:
    li      t4, VICTIM_WRONG_UINTR
    j       1f
wrong_twice:
    li      t4, VICTIM_RAN_TWICE
    j       1f
wrong_answer:
    li      t4, VICTIM_WRONG_ANSWER
1:  sd      t4, VICTIM_WRONG(t6)
    /* The test waits for a turn. */
    ld      a0, 10 * 8(t6)
    li      a1, 0
    li      a7, SYS_SEND
    ecall
2:  j       2b

.balign 4
victim_handler:
    j       victim_handler
victim_end:

/* A thread without a stack: one system call again and again, with the registers that it was started with. */
.section .text.repeat_call, "ax"
.globl repeat_call
repeat_call:
    ecall
    j       repeat_call

/* seL4_Word store_across_wake(uint32_t *word, seL4_CPtr queue): whether a store to the word fails that is conditional on
 * nobody having written it, with a wake call in between. */
.section .text.store_across_wake, "ax"
.globl store_across_wake
store_across_wake:
    mv      t0, a0
    mv      a0, a1
    li      a1, REL4_LABEL_QUEUE_WAKE << 12
    li      a7, SYS_CALL
    lr.w    t1, (t0)
    ecall
    sc.w    a0, t1, (t0)
    ret
