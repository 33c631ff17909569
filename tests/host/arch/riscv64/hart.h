/*
 * A hart on the host: the record that a test chooses.
 */
#pragma once

#include "arch/riscv64/csr.h"
#include "arch/riscv64/offsets.h"
#include "lib/types.h"

struct hart;

struct hart_arch {
    word_t reservation;
    word_t stack_top;
    word_t hart_id;
    word_t plic_context;
    word_t satp;
    word_t vspace;
    word_t deadline;
};

extern struct hart *host_hart;

static inline struct hart *this_hart(void)
{
    return host_hart;
}

static inline void reservation_clear(const struct hart_arch *arch)
{
    (void)arch;
}

static inline bool interrupt_pending(void)
{
    return false;
}

static inline void wait_for_interrupt(void)
{
}

static inline void pause_hint(void)
{
}
