/*
 * The first instructions of a root task. The kernel passes the address of BootInfo in a0; all other
 * registers are 0. Sets up gp, the stack and the first thread's local storage, then enters C for good.
 */
    .section .text.start, "ax"
    .global _start
    .type _start, @function
_start:
    .option push
    .option norelax     /* gp itself cannot be found relative to gp */
    la      gp, __global_pointer$
    .option pop
    la      sp, __stack_top
    la      tp, __first_tls
    tail    sel4_start
    .size _start, . - _start
