/*
 * Byte offsets for assembly. C asserts each of them beside its structure.
 */
#pragma once

#define CONTEXT_NEXT_PC   256
#define TCB_HART          264
#define HART_STACK_TOP    8
#define FPU_FCSR          256
#define SYSCALLS          8
#define KERNEL_STACK_BITS 12

/* Window of the kernel stacks, the last GiB; see stack.h. */
#define KERNEL_STACKS 0xffffffffc0000000
