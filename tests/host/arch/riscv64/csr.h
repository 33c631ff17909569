/*
 * Control and status registers on the host: the numbers are the machine's, all registers read as zero.
 */
#pragma once

#include "../../../../kernel/arch/riscv64/csr.h"

#undef csr_read
#undef csr_write
#undef csr_set
#undef csr_clear

#define csr_read(csr)         0ul
#define csr_write(csr, value) ((void)(value))
#define csr_set(csr, bits)    ((void)(bits))
#define csr_clear(csr, bits)  ((void)(bits))
