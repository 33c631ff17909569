/*
 * Storing and loading all floating-point registers. sstatus.FS is not off when these run. The rest of the kernel
 * is built without floating point.
 */
#include "arch/riscv64/offsets.h"

.option arch, +d

.macro for_each_fpu_register op
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op     f\n, (\n * 8)(a0)
    .endr
.endm

.section .text
.globl fpu_store_registers
fpu_store_registers:
    for_each_fpu_register fsd
    frcsr   t0
    sd      t0, FPU_FCSR(a0)
    ret

.globl fpu_load_registers
fpu_load_registers:
    for_each_fpu_register fld
    ld      t0, FPU_FCSR(a0)
    fscsr   t0
    ret
