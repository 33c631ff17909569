/*
 * The running hart: the architecture's part of its record, its interrupts, and how the kernel leaves it.
 * The rest of the record is in thread/hart.h.
 */
#pragma once

#include "arch/riscv64/csr.h"
#include "arch/riscv64/offsets.h"
#include "lib/types.h"

struct hart;
struct tcb;

struct hart_arch {
    word_t reservation;       /* for reservation_clear(), which is cheapest if this is first */
    word_t stack_top;         /* kernel stack, empty at every entry from user mode */
    word_t hart_id;           /* the firmware's number */
    word_t plic;              /* physical address of its PLIC; 0: none */
    word_t interrupt_context; /* its number there: a PLIC's supervisor context, an APLIC's hart index */
    word_t space;             /* the address space that the hart is in: satp, as last written */
    word_t vspace;            /* first word of the capability of its root; 0 for the kernel's own root */
    word_t deadline;          /* of the next tick, in time counts */
    word_t aplic;             /* the same for an APLIC; at most one of the two is not 0 */
};

_Static_assert(offsetof(struct hart_arch, stack_top) == HART_STACK_TOP, "offsets.h");

/* Returns the record of the running hart, which the kernel keeps in tp. */
static inline struct hart *this_hart(void)
{
    struct hart *hart;

    __asm__("mv %0, tp" : "=r"(hart));
    return hart;
}

static inline void set_this_hart(struct hart *hart)
{
    __asm__ volatile("mv tp, %0" ::"r"(hart) : "memory");
}

/* Ends a load reservation, so that a store-conditional of the next thread cannot succeed because of it. */
static inline void reservation_clear(struct hart_arch *arch)
{
    __asm__ volatile("sc.d zero, zero, %0" : "+A"(arch->reservation));
}

/* Jumps to thread_switch_exit_slow(), which does not return. A call would make the fast path save
 * registers on the stack. */
_Noreturn static inline __attribute__((always_inline)) void jump_to_slow_switch(struct hart *hart,
                                                                                struct tcb *next)
{
    register struct hart *a0 __asm__("a0") = hart;
    register struct tcb *a1 __asm__("a1") = next;

    __asm__ volatile("j thread_switch_exit_slow" ::"r"(a0), "r"(a1) : "memory");
    __builtin_unreachable();
}

/* Orders everything before it and everything after it: accesses to memory, devices, and control
 * registers, which count as devices. Acquire and release order memory only. */
static inline void io_fence(void)
{
    __asm__ volatile("fence iorw, iorw" ::: "memory");
}

/* Leaves a handler for user mode. Nothing on the stack or in registers is needed any more, so it does
 * not restore them. It is not marked as noreturn, as the compiler would then take every path that ends
 * here for improbable. */
static inline __attribute__((always_inline)) void return_to(struct tcb *next)
{
    register struct tcb *a0 __asm__("a0") = next;

    __asm__ volatile("j return_to_user" ::"r"(a0) : "memory");
}

/* Sets of interrupts of a hart: bits of sie and sip. */
#define INTERRUPT_IPI    0x2ul /* from another hart */
#define INTERRUPT_TIMER  0x20ul
#define INTERRUPT_DEVICE 0x200ul
#define INTERRUPTS_ALL   (INTERRUPT_IPI | INTERRUPT_TIMER | INTERRUPT_DEVICE)

/* Returns the pending interrupts of this hart, enabled or not. */
static inline word_t interrupts_pending(void)
{
    return csr_read(sip) & INTERRUPTS_ALL;
}

static inline bool interrupt_pending(void)
{
    return interrupts_pending() != 0;
}

/* Enables exactly this set of interrupts on this hart: they end wait_for_interrupt(), and trap from user
 * mode. */
static inline void interrupts_select(word_t set)
{
    csr_write(sie, set);
}

/* Sends an inter-processor interrupt. */
void hart_send_ipi(const struct hart *hart);

/* Clears the inter-processor interrupt of this hart. Call it before reading the state that the interrupt
 * announces; then an interrupt for a later change stays pending. */
static inline void ipi_clear(void)
{
    csr_clear(sip, INTERRUPT_IPI);
    io_fence();
}

/* Undoes ipi_clear(). */
static inline void ipi_put_back(void)
{
    csr_set(sip, INTERRUPT_IPI);
}

/* Sleeps until an enabled interrupt is pending. The kernel runs with interrupts off, so none is taken. */
static inline void wait_for_interrupt(void)
{
    __asm__ volatile("wfi" ::: "memory");
}

/* A hint inside a wait loop. It is the PAUSE instruction (Zihintpause), a no-op where that is missing. */
static inline void pause_hint(void)
{
    __asm__ volatile(".word 0x0100000f" ::: "memory");
}

/* Makes what this hart has stored visible to its instruction fetches. */
static inline void instruction_fence(void)
{
    __asm__ volatile("fence.i" ::: "memory");
}

static inline word_t instructions_retired(void)
{
    return csr_read(instret);
}
