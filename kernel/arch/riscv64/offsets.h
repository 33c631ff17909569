/*
 * Byte offsets that assembler needs. C asserts every one of them beside the structure it belongs to.
 */
#pragma once

#define CONTEXT_NEXT_PC   256
#define TCB_HART          264
#define HART_STACK_TOP    8
#define FPU_FCSR          256
#define SYSCALLS          8
#define KERNEL_STACK_BITS 12

/* The window of the kernel stacks: the last GiB. See stack.h. */
#define KERNEL_STACKS 0xffffffffc0000000
