/*
 * Registers of an interrupt file are accessed indirectly: siselect selects one, sireg accesses it.
 */
#include "arch/riscv64/imsic.h"

#include "arch/riscv64/probe.h"

#define CSR_SISELECT 0x150
#define CSR_SIREG    0x151

#define EIDELIVERY  0x70
#define EITHRESHOLD 0x72
#define EIP         0x80 /* pending bits, 64 in every second register */
#define EIE         0xc0 /* enable bits */

/* Returns false if the hart does not have the register. */
static bool write_register(word_t selected, word_t value)
{
    return instruction_runs(
        "csrw %[siselect], %[selected]\n"
        "csrw %[sireg], %[value]",
        [siselect] "i"(CSR_SISELECT), [sireg] "i"(CSR_SIREG), [selected] "r"(selected), [value] "r"(value));
}

/* Returns the 64 identities from first on, up to last, as bits. Identity 0 does not exist. */
static word_t identities(unsigned first, unsigned last)
{
    if (first > last) {
        return 0;
    }
    return last - first < WORD_BITS - 1 ? mask(last - first + 1) : ~(word_t)0;
}

bool imsic_init_hart(unsigned last_identity, unsigned last_used)
{
    bool there = write_register(EIDELIVERY, 0) && write_register(EITHRESHOLD, 0);

    for (unsigned first = 0; there && first <= last_identity; first += WORD_BITS) {
        there = write_register(EIP + first / 32, 0) &&
                write_register(EIE + first / 32, identities(first, last_used));
    }
    return there && write_register(EIDELIVERY, 1);
}
