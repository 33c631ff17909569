/*
 * Control and status registers on the host: the numbers are the machine's. The time is what the test says,
 * which interrupts wait and are enabled is in the hart's record, and all others read as zero.
 */
#pragma once

#include "../../../../kernel/arch/riscv64/csr.h"

#include "lib/types.h"

#undef csr_read
#undef csr_write
#undef csr_set
#undef csr_clear

#define csr_read(csr)         (HOST_REGISTER_##csr)
#define csr_write(csr, value) ((void)(HOST_REGISTER_##csr = (value)))
#define csr_set(csr, bits)    ((void)(HOST_REGISTER_##csr |= (bits)))
#define csr_clear(csr, bits)  ((void)(HOST_REGISTER_##csr &= ~(word_t)(bits)))

#define HOST_REGISTER_sstatus 0ul
#define HOST_REGISTER_stval   0ul
#define HOST_REGISTER_time    host_now()
#define HOST_REGISTER_satp    host_satp
#define HOST_REGISTER_sip     (*host_sip())
#define HOST_REGISTER_sie     (*host_sie())

/* What a test plays, or else host_time. */
word_t host_now(void);
extern word_t host_satp;

/* Of the hart that runs. */
word_t *host_sip(void);
word_t *host_sie(void);
