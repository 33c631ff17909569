/*
 * The kernel stacks, one per hart: pages in a window of their own, each above one that is not mapped. So a
 * stack that overflows ends in a trap and overwrites nothing.
 */
#pragma once

#include "arch/riscv64/offsets.h"
#include "lib/types.h"

#define KERNEL_STACK_SIZE (1ul << KERNEL_STACK_BITS)

/* Returns the lowest address of the stack of a hart. */
static inline word_t stack_bottom(unsigned hart)
{
    return KERNEL_STACKS + (2 * hart + 1) * KERNEL_STACK_SIZE;
}

static inline word_t stack_top(unsigned hart)
{
    return stack_bottom(hart) + KERNEL_STACK_SIZE;
}

static inline bool stack_holds(unsigned hart, word_t address)
{
    return address - stack_bottom(hart) < KERNEL_STACK_SIZE;
}

/* Returns whether an access to this address shows an overflow of the stack. */
static inline bool stack_ends_above(unsigned hart, word_t address)
{
    return stack_bottom(hart) - 1 - address < KERNEL_STACK_SIZE;
}
