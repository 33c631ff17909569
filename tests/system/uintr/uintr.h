/*
 * What the tests of user interrupts share: a handler that keeps a record, instructions as functions, and
 * pieces of code of one chosen instruction.
 */
#pragma once

#include "actor.h"
#include "answer.h"

#include <rel4/abi.h>
#include <rel4/invocations.h>

/* What the handler notes; uscratch points to it. */
struct record {
    seL4_Word saved[2];
    volatile seL4_Word count; /* of calls */
    volatile seL4_Word last;  /* bits of the last call */
    volatile seL4_Word all;   /* bits of all calls */
    volatile seL4_Word epc, cause;
};

/* Clears uip, reads the pending word, notes it, and returns. */
extern const char uintr_handler[];

/* The same, but it does not return: it breaks, with the bits in t1 and the record in t0. */
extern const char uintr_trap_handler[];

/* What carries user interrupts, REL4_UINTR_... */
seL4_Word uintr_backend(void);

/* Threads that do not use user interrupts find illegal instructions. */
bool uintr_has_gate(void);

/* A notification, and a copy of it with the badge of a vector, that may only send. */
seL4_CPtr uintr_notification(void);
seL4_CPtr uintr_sender(seL4_CPtr notification, unsigned vector);

/* Binds the notification to a thread and registers it with a record of its own; uintr_handler. */
struct record *uintr_register(seL4_CPtr tcb, seL4_CPtr notification);

/* A sender table that is bound to a thread. */
seL4_CPtr uintr_table(seL4_CPtr tcb);

/* An entry; the test fails if it cannot be had. */
seL4_Word uintr_add(seL4_CPtr table, seL4_CPtr sender);

/* A receiver that blocks or spins as the actor it is, higher than the test. */
struct receiver {
    struct actor actor;
    struct record *record;
    seL4_CPtr notification;
};
struct receiver uintr_receiver(seL4_Word priority);

static inline void uipi_send(seL4_Word index)
{
    __asm__ volatile(".insn r 0x7b, 6, 0, x0, %0, x0" ::"r"(index) : "memory");
}

static inline seL4_Word uipi_read(void)
{
    seL4_Word word;

    __asm__ volatile(".insn r 0x7b, 6, 1, %0, x0, x0" : "=r"(word)::"memory");
    return word;
}

static inline void uipi_write(seL4_Word word)
{
    __asm__ volatile(".insn r 0x7b, 6, 2, x0, %0, x0" ::"r"(word) : "memory");
}

static inline void uipi_activate(void)
{
    __asm__ volatile(".insn r 0x7b, 6, 3, x0, x0, x0" ::: "memory");
}

static inline void uipi_deactivate(void)
{
    __asm__ volatile(".insn r 0x7b, 6, 4, x0, x0, x0" ::: "memory");
}

#define csr_read(csr)                                              \
    ({                                                             \
        seL4_Word value_;                                          \
        __asm__ volatile("csrr %0, %1" : "=r"(value_) : "i"(csr)); \
        value_;                                                    \
    })
#define csr_write(csr, value) __asm__ volatile("csrw %0, %1" ::"i"(csr), "r"((seL4_Word)(value)) : "memory")
#define csr_set(csr, bits)    __asm__ volatile("csrs %0, %1" ::"i"(csr), "r"((seL4_Word)(bits)) : "memory")
#define csr_clear(csr, bits)  __asm__ volatile("csrc %0, %1" ::"i"(csr), "r"((seL4_Word)(bits)) : "memory")

static inline void mask_interrupts(void)
{
    csr_clear(REL4_CSR_USTATUS, REL4_USTATUS_UIE);
}

static inline void unmask_interrupts(void)
{
    csr_set(REL4_CSR_USTATUS, REL4_USTATUS_UIE);
}
