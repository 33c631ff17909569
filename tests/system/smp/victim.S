/*
 * Loops that use one page until something is wrong with it. They run wherever they are copied to, in address
 * spaces that have nothing else.
 */
.option norvc

/* Reads the word at a0 for as long as it is a3; counts in a2. */
.section .text.victim_load, "ax"
.globl victim_load, victim_load_end
victim_load:
1:  ld      a1, 0(a0)
    addi    a2, a2, 1
    beq     a1, a3, 1b
    ebreak
victim_load_end:

/* Writes rising numbers to the word at a0. */
.section .text.victim_store, "ax"
.globl victim_store
victim_store:
1:  addi    a2, a2, 1
    sd      a2, 0(a0)
    j       1b
