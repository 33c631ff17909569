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
    word_t satp;
    word_t vspace;
    word_t deadline;
    word_t sip, sie; /* interrupts that wait, and that are enabled */
};

extern struct hart *host_hart;

static inline struct hart *this_hart(void)
{
    return host_hart;
}

static inline void reservation_clear(const struct hart_arch *arch)
{
}

#define jump_to_slow_switch(hart, next) thread_switch_exit_slow(hart, next)

_Noreturn void return_to_user(struct tcb *thread);

_Noreturn static inline void return_to(struct tcb *next)
{
    return_to_user(next);
}

static inline word_t interrupts_pending(void)
{
    return csr_read(sip);
}

static inline bool interrupt_pending(void)
{
    return interrupts_pending() != 0;
}

static inline void software_interrupt_clear(void)
{
    csr_clear(sip, SIP_SOFTWARE);
}

void wait_for_interrupt(void);
void pause_hint(void);
