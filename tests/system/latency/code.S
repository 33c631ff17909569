/*
 * A thread without a stack: one system call again and again, with the registers that it was started with.
 */
.section .text.latency_repeat, "ax"
.globl latency_repeat
latency_repeat:
    ecall
    j       latency_repeat
