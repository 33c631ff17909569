/*
 * The incoming message-signaled interrupt controller (RISC-V Advanced Interrupt Architecture 1.0, chapter
 * 3): the interrupt file of the running hart for supervisor mode. Messages carry identities. All used
 * identities are always enabled, because only the hart itself could change that: a source is masked at its
 * sender.
 */
#pragma once

#include "lib/types.h"

#define CSR_STOPEI "0x15c"

/* Clears all pending identities and enables 1 to last_used; last_identity is the last one that exists.
 * Returns false if the hart has no interrupt file, or fewer identities. */
bool imsic_init_hart(unsigned last_identity, unsigned last_used);

/* Claims the pending identity with the lowest number; returns 0 if there is none. */
static inline unsigned imsic_claim(void)
{
    word_t top;

    /* One instruction reads and claims it, as another one may become the top in between. */
    __asm__ volatile("csrrw %0, " CSR_STOPEI ", zero" : "=r"(top)::"memory");
    return (unsigned)(top >> 16);
}
