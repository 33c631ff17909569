/*
 * The kernel stacks, one per hart: pages of a window of their own, each behind one that is not mapped. So a
 * stack that overflows ends in a trap, and reaches no other memory.
 */
#pragma once

#include "arch/riscv64/offsets.h"
#include "lib/types.h"

#define KERNEL_STACK_SIZE (1ul << KERNEL_STACK_BITS)

/* The lowest address of a hart's stack. */
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

/* Whether an access to this address shows that the hart's stack has overflowed. */
static inline bool stack_ends_above(unsigned hart, word_t address)
{
    return stack_bottom(hart) - 1 - address < KERNEL_STACK_SIZE;
}
