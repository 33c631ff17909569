/*
 * The first instructions: from the firmware, with translation off, to C at the kernel's own addresses.
 *
 * All harts arrive at kernel_start, at the physical load address: first the boot hart, with a0 = hart and a1 = device
 * tree, then the others, one at a time, as it starts them. All turn translation on by letting the next fetch fault
 * into stvec, which already holds the address in the physical window, so no page is ever mapped at its physical
 * address.
 */
#include "arch/riscv64/csr.h"
#include "arch/riscv64/offsets.h"

#define PTE_KERNEL_RWX 0xef /* dirty, accessed, global, execute, write, read, valid */
#define WINDOW_ENTRIES 254
#define WINDOW_INDEX   256

.section .text.head, "ax"
.globl kernel_start
kernel_start:
    csrw    sie, zero
    la      t0, boot_hart_arrived
    li      t1, 1
    amoswap.w.aqrl t1, t1, (t0)
    bnez    t1, secondary_start
    rdinstret s2
    mv      s0, a0
    mv      s1, a1

    la      t0, bss_start
    la      t1, bss_end
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b

    /* The physical window, in pages of 1 GiB. */
    la      t0, kernel_root + 8 * WINDOW_INDEX
    li      t1, WINDOW_ENTRIES
    li      t2, PTE_KERNEL_RWX
    li      t3, 1 << 28
2:  sd      t2, 0(t0)
    add     t2, t2, t3
    addi    t0, t0, 8
    addi    t1, t1, -1
    bnez    t1, 2b

    .balign 4
    jal     enable_translation
    la      sp, boot_stack_top
    mv      a0, s0
    mv      a1, s1
    mv      a2, s2
    tail    boot_main

.balign 4
secondary_start:
    jal     enable_translation
    la      tp, starting_hart
    ld      tp, 0(tp)
    ld      sp, HART_STACK_TOP(tp)
    tail    boot_secondary

/* Returns to its caller at the caller's address in the physical window. That is a trap vector for a moment, so calls
 * are aligned to 4 bytes. */
enable_translation:
    li      t0, -1
    slli    t0, t0, 38
    or      ra, ra, t0
    csrw    stvec, ra
    la      t1, kernel_root
    srli    t1, t1, 12
    li      t2, SATP_SV39
    or      t1, t1, t2
    sfence.vma
    csrw    satp, t1
    /* Not reached where translation takes effect at once; harmless where the pipeline still runs on. */
    jr      ra

/* Not in .bss, which the boot hart clears. */
.section .data
.balign 4
boot_hart_arrived:
    .word   0
