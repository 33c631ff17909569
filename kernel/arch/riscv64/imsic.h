/*
 * The incoming message-signaled interrupt controller, by the RISC-V Advanced Interrupt Architecture 1.0,
 * chapter 3: the interrupt file of supervisor level of the running hart. Messages are identities, which are
 * always enabled here: only the hart itself could change that, so who masks a source does it at the sender.
 */
#pragma once

#include "lib/types.h"

#define CSR_STOPEI "0x15c"

/* Forgets what is pending and lets the identities 1 to last_used interrupt, of those up to last_identity that
 * there are. False if the hart does not have them. */
bool imsic_init_hart(unsigned last_identity, unsigned last_used);

/* Takes the pending identity with the lowest number; 0 if there is none. */
static inline unsigned imsic_claim(void)
{
    word_t top;

    /* Read and claimed in one: another may become the top in between. */
    __asm__ volatile("csrrw %0, " CSR_STOPEI ", zero" : "=r"(top)::"memory");
    return (unsigned)(top >> 16);
}
