/*
 * The first instructions: from the firmware, with translation off, to C at the kernel's own addresses.
 *
 * All harts arrive at kernel_start, at the physical load address: first the boot hart, with a0 = hart and a1 = device
 * tree, then the others, one at a time, when the boot hart starts them. Each turns translation on by letting the next
 * fetch fault into stvec, which already holds the address in the physical window, so no page is ever mapped at its
 * physical address. Any other trap before C takes traps is reported through the firmware and ends the machine.
 */
#include "arch/riscv64/csr.h"
#include "arch/riscv64/offsets.h"
#include "arch/riscv64/sbi_numbers.h"

#define PTE_KERNEL_RWX 0xef /* dirty, accessed, global, execute, write, read, valid */
#define WINDOW_ENTRIES 254
#define WINDOW_INDEX   256

.section .text.head, "ax"
.globl kernel_start
kernel_start:
    csrw    sie, zero
    la      t0, trapped
    csrw    stvec, t0
    la      t0, boot_hart_arrived
    li      t1, 1
    amoswap.w.aqrl t1, t1, (t0)
    bnez    t1, secondary_start
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
    la      t0, trapped
    csrw    stvec, t0
    la      sp, kernel_stacks + (1 << KERNEL_STACK_BITS)
    call    vm_map_stacks
    li      sp, KERNEL_STACKS + (2 << KERNEL_STACK_BITS)
    mv      a0, s0
    mv      a1, s1
    tail    boot_main

.balign 4
secondary_start:
    jal     enable_translation
    la      t0, trapped
    csrw    stvec, t0
    la      tp, starting_hart
    ld      tp, 0(tp)
    ld      sp, HART_STACK_TOP(tp)
    tail    boot_secondary

/* Returns at the caller's address in the physical window. That address is a trap vector for a moment, so callers
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
    /* Not reached where translation takes effect at once; harmless where the pipeline still runs on. satp does not
     * change if the hart does not have the mode. */
    csrr    t2, satp
    bne     t1, t2, 1f
    jr      ra
1:  la      s0, no_translation
    j       report

/* Prints the string at s0, and powers off with a failure. */
.balign 4
trapped:
    la      s0, early_trap
report:
    lbu     a0, 0(s0)
    beqz    a0, 1f
    li      a7, SBI_LEGACY_PUT_CHAR
    ecall
    addi    s0, s0, 1
    j       report
1:  li      a7, SBI_EXT_SRST
    li      a6, 0
    li      a0, 0
    li      a1, 1
    ecall
    li      a7, SBI_LEGACY_SHUTDOWN
    ecall
2:  wfi
    j       2b

early_trap:
    .asciz  "rel4: error: an instruction trapped before the kernel could take traps\n"
no_translation:
    .asciz  "rel4: error: the hart does not translate addresses (Sv39)\n"

/* Not in .bss, which the boot hart clears. */
.section .data
.balign 4
boot_hart_arrived:
    .word   0
