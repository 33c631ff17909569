/*
 * Probing for features of a hart: execute an instruction that traps if the feature is missing.
 */
#pragma once

#include "arch/riscv64/csr.h"
#include "lib/types.h"

/*
 * Returns whether an instruction runs without a trap. It may write %0, a general register, and must not
 * change memory; other operands are inputs, used by name. Before the hart takes traps from others.
 */
#define instruction_runs(instruction, ...)                        \
    ({                                                            \
        word_t status_ = csr_read(sstatus);                       \
        word_t traps_ = 1;                                        \
        word_t scratch_;                                          \
        __asm__ volatile("la    %1, 1f\n"                         \
                         "csrrw %1, stvec, %1\n" instruction "\n" \
                         "li    %0, 0\n"                          \
                         ".balign 4\n"                            \
                         "1: csrw stvec, %1"                      \
                         : "+&r"(traps_), "=&r"(scratch_)         \
                         : __VA_ARGS__                            \
                         : "memory");                             \
        /* A trap has changed the mode that sret returns to. */   \
        csr_write(sstatus, status_);                              \
        !traps_;                                                  \
    })
