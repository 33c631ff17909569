/*
 * The user-level instructions and CSRs of user interrupts, as platform/qemu/README.md describes them. Only
 * threads that are registered as a receiver, or have a sender table, may execute them; for all others they
 * are illegal instructions. C and assembler include this.
 */
#pragma once

#include <rel4/abi.h>

#ifndef __ASSEMBLER__

#include <sel4/simple_types.h>

#define REL4_STRING_(x) #x
#define REL4_STRING(x)  REL4_STRING_(x)
#define REL4_UIPI(funct7, operands)                                                               \
    ".insn r " REL4_STRING(REL4_UIPI_OPCODE) ", " REL4_STRING(REL4_UIPI_FUNCT3) ", " REL4_STRING( \
        funct7) ", " operands

/* Reads a CSR, by its number. */
#define REL4_CSR_READ(number)                                                      \
    ({                                                                             \
        seL4_Word value_;                                                          \
        asm volatile("csrr %0, " REL4_STRING(number) : "=r"(value_) : : "memory"); \
        value_;                                                                    \
    })

/* Writes a CSR, by its number. */
#define REL4_CSR_WRITE(number, value) \
    asm volatile("csrw " REL4_STRING(number) ", %0" : : "r"((seL4_Word)(value)) : "memory")

/*
 * Sends to the receiver of entry index of the thread's sender table. Any index without an entry does nothing.
 * Earlier stores of the sender are visible to the receiver's handler.
 */
static inline void rel4_uipi_send(seL4_Word index)
{
    asm volatile("fence rw, o\n\t" REL4_UIPI(REL4_UIPI_SEND, "x0, %0, x0") : : "r"(index) : "memory");
}

/* Takes and returns the thread's pending bits; 0 if there are none or the thread is no receiver. Earlier
 * stores of the sender are visible afterwards, and its earlier loads are done. */
static inline seL4_Word rel4_uipi_read(void)
{
    seL4_Word bits;

    asm volatile(REL4_UIPI(REL4_UIPI_READ, "%0, x0, x0") "\n\tfence i, rw" : "=r"(bits) : : "memory");
    return bits;
}

/* Adds bits to the thread's own pending bits. */
static inline void rel4_uipi_write(seL4_Word bits)
{
    asm volatile("fence rw, o\n\t" REL4_UIPI(REL4_UIPI_WRITE, "x0, %0, x0") : : "r"(bits) : "memory");
}

/* Lets pending bits interrupt the thread again. */
static inline void rel4_uipi_activate(void)
{
    asm volatile(REL4_UIPI(REL4_UIPI_ACTIVATE, "x0, x0, x0") : : : "memory");
}

/* Keeps pending bits from interrupting the thread. */
static inline void rel4_uipi_deactivate(void)
{
    asm volatile(REL4_UIPI(REL4_UIPI_DEACTIVATE, "x0, x0, x0") : : : "memory");
}

#endif
