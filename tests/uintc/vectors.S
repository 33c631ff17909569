/*
 * The user-level trap handler: saves what C may change, and calls user_trap(vector). In vectored mode, vector is the
 * entry that was taken; in direct mode it is 0. tp is the hart, in all modes.
 */
    .text
    .balign 256
    .globl user_vectors
user_vectors:
    .option push
    .option norvc
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8
    j       user_vector_\number
    .endr
    .option pop

    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8
user_vector_\number:
    addi    sp, sp, -128
    sd      a0, 0(sp)
    li      a0, \number
    j       user_common
    .endr

user_common:
    sd      ra, 8(sp)
    sd      a1, 16(sp)
    sd      a2, 24(sp)
    sd      a3, 32(sp)
    sd      a4, 40(sp)
    sd      a5, 48(sp)
    sd      a6, 56(sp)
    sd      a7, 64(sp)
    sd      t0, 72(sp)
    sd      t1, 80(sp)
    sd      t2, 88(sp)
    sd      t3, 96(sp)
    sd      t4, 104(sp)
    sd      t5, 112(sp)
    sd      t6, 120(sp)
    call    user_trap
    ld      ra, 8(sp)
    ld      a1, 16(sp)
    ld      a2, 24(sp)
    ld      a3, 32(sp)
    ld      a4, 40(sp)
    ld      a5, 48(sp)
    ld      a6, 56(sp)
    ld      a7, 64(sp)
    ld      t0, 72(sp)
    ld      t1, 80(sp)
    ld      t2, 88(sp)
    ld      t3, 96(sp)
    ld      t4, 104(sp)
    ld      t5, 112(sp)
    ld      t6, 120(sp)
    ld      a0, 0(sp)
    addi    sp, sp, 128
    .word   0x00200073 /* uret */
