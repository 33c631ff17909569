/*
 * Control and status registers on the host: the numbers are the machine's. All registers read as zero, but
 * for the time counter where a test plays it.
 */
#pragma once

#include "../../../../kernel/arch/riscv64/csr.h"

#include <stdint.h>

uint64_t host_csr_read(const char *csr);

#undef csr_read
#undef csr_write
#undef csr_set
#undef csr_clear

#define csr_read(csr)         host_csr_read(#csr)
#define csr_write(csr, value) ((void)(value))
#define csr_set(csr, bits)    ((void)(bits))
#define csr_clear(csr, bits)  ((void)(bits))
