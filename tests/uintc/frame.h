/*
 * For assembler: the registers that a function has to preserve, in a frame on the stack. 104 and 112 are
 * free.
 */
#pragma once

#define FRAME 128

/* What is done with each of them: sd or ld. */
.macro saved_registers instruction
    \instruction ra, 0(sp).irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    \instruction s\n,
    8 + \n * 8(sp)
                 .endr
                 .endm

                 .macro push_frame addi sp,
    sp,
    -FRAME saved_registers sd
         .endm

         .macro pop_frame saved_registers ld addi sp,
    sp, FRAME.endm
