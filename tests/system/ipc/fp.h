/*
 * All floating-point registers across a system call.
 */
#pragma once

#include <stdint.h>

struct fp_block {
    uint64_t in[32], out[32];
    uint64_t fcsr_in, fcsr_out;
    uint64_t number, a0, a1; /* the system call */
};

/* Loads the registers, makes the system call, stores the registers. */
void fp_across(struct fp_block *block);

/* Stores the registers. */
void fp_read(void *block);
