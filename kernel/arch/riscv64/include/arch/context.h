/*
 * A thread's machine state: the integer registers in the order of the binary interface, so that ReadRegisters
 * and WriteRegisters are plain copies, and the floating-point registers.
 */
#pragma once

#include "arch/riscv64/offsets.h"
#include "lib/types.h"
#include <sel4/abi.h>

struct context {
    /* regs[ABI_REG_PC] is the address of the last trap: the faulting instruction, the ecall, or the
     * instruction that was interrupted. A restarted thread continues there. */
    word_t regs[ABI_REG_COUNT];
    /* Where a resumed thread continues. */
    word_t next_pc;
};

struct fpu_context {
    word_t f[32];
    word_t fcsr;
};

_Static_assert(offsetof(struct context, next_pc) == CONTEXT_NEXT_PC, "offsets.h");
_Static_assert(offsetof(struct fpu_context, fcsr) == FPU_FCSR, "offsets.h");
