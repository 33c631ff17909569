/*
 * A hart on the host: the record that a test chooses.
 */
#pragma once

#include "arch/riscv64/csr.h"
#include "arch/riscv64/offsets.h"
#include "lib/types.h"

struct hart;
struct tcb;

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

/* Nothing is switched to. */
_Noreturn static inline void jump_to_slow_switch(struct hart *hart, struct tcb *next)
{
    (void)hart;
    (void)next;
    __builtin_unreachable();
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
