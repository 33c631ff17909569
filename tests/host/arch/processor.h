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
    word_t space;
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

#define INTERRUPT_IPI    0x2ul
#define INTERRUPT_TIMER  0x20ul
#define INTERRUPT_DEVICE 0x200ul
#define INTERRUPTS_ALL   (INTERRUPT_IPI | INTERRUPT_TIMER | INTERRUPT_DEVICE)

static inline word_t interrupts_pending(void)
{
    return csr_read(sip);
}

static inline bool interrupt_pending(void)
{
    return interrupts_pending() != 0;
}

static inline void interrupts_select(word_t set)
{
    csr_write(sie, set);
}

static inline void ipi_clear(void)
{
    csr_clear(sip, INTERRUPT_IPI);
}

static inline void ipi_put_back(void)
{
    csr_set(sip, INTERRUPT_IPI);
}

void hart_send_ipi(const struct hart *hart);

void wait_for_interrupt(void);
void pause_hint(void);
