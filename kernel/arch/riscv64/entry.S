/*
 * Entry from user mode, and return to it.
 *
 * While a thread runs, sscratch holds its TCB, which begins with its context. While the kernel runs, sscratch is
 * zero, so a trap from the kernel itself is recognised and ends in a panic. All registers are saved on entry and
 * loaded on exit, in one place; the kernel stack is empty at both.
 */
#include "arch/riscv64/csr.h"
#include "arch/riscv64/offsets.h"
#include <sel4/abi.h>

#define REG(n) ((n) * 8)

.macro for_each_register op
    \op     ra, REG(1)(sp)
    \op     gp, REG(3)(sp)
    \op     s0, REG(4)(sp)
    \op     s1, REG(5)(sp)
    \op     s2, REG(6)(sp)
    \op     s3, REG(7)(sp)
    \op     s4, REG(8)(sp)
    \op     s5, REG(9)(sp)
    \op     s6, REG(10)(sp)
    \op     s7, REG(11)(sp)
    \op     s8, REG(12)(sp)
    \op     s9, REG(13)(sp)
    \op     s10, REG(14)(sp)
    \op     s11, REG(15)(sp)
    \op     a0, REG(16)(sp)
    \op     a1, REG(17)(sp)
    \op     a2, REG(18)(sp)
    \op     a3, REG(19)(sp)
    \op     a4, REG(20)(sp)
    \op     a5, REG(21)(sp)
    \op     a6, REG(22)(sp)
    \op     a7, REG(23)(sp)
    \op     t1, REG(25)(sp)
    \op     t2, REG(26)(sp)
    \op     t3, REG(27)(sp)
    \op     t4, REG(28)(sp)
    \op     t5, REG(29)(sp)
    \op     t6, REG(30)(sp)
    \op     tp, REG(31)(sp)
.endm

.section .text.entry, "ax"
.balign 4
.globl trap_entry
trap_entry:
    csrrw   sp, sscratch, sp
    beqz    sp, kernel_trap
    for_each_register sd
    sd      t0, REG(24)(sp)
    csrrw   t0, sscratch, zero
    sd      t0, REG(2)(sp)
    csrr    t2, sepc
    sd      t2, REG(0)(sp)
    csrr    t0, scause
    li      t1, CAUSE_ECALL
    ld      tp, TCB_HART(sp)
    bne     t0, t1, enter_trap

enter_syscall:
    /* a0 to a5 hold the arguments of every system call unchanged; see syscall/entry.h. */
    addi    t2, t2, 4
    sd      t2, CONTEXT_NEXT_PC(sp)
    mv      a6, sp
    ld      sp, HART_STACK_TOP(tp)
    li      t0, SYS_CALL        /* also in the table, but the most frequent call */
    bne     a7, t0, enter_by_table
    jal     handle_call

/* Returns to user mode. a0 = the thread to run, for which the hart is prepared. Every handler ends here. */
.balign 4
.globl return_to_user
return_to_user:
    mv      sp, a0
    ld      t0, CONTEXT_NEXT_PC(sp)
    csrw    sepc, t0
    csrw    sscratch, sp
    for_each_register ld
    ld      t0, REG(24)(sp)
    ld      sp, REG(2)(sp)
    sret

enter_by_table:
    not     t0, a7
    li      t1, SYSCALLS
    bgeu    t0, t1, enter_other_syscall
    slli    t0, t0, 3
    la      t1, syscall_table
    add     t1, t1, t0
    ld      t1, 0(t1)
    jalr    t1

enter_trap:
    sd      t2, CONTEXT_NEXT_PC(sp)
    mv      a1, t0              /* handle_trap(thread, cause) */
    mv      a0, sp
    ld      sp, HART_STACK_TOP(tp)
    call    handle_trap

enter_other_syscall:
    call    handle_other_syscall

/* A trap from the kernel: sp is 0, and sscratch holds the sp of the kernel, which may point to no stack. Report it
 * on the panic stack. If the report traps, too, power off; other harts that panic stop here. */
kernel_trap:
    la      sp, panicking
    amoswap.d.aqrl sp, sp, (sp)
    bnez    sp, another_panic
    la      sp, panic_registers
    for_each_register sd
    sd      t0, REG(24)(sp)
    csrrw   t0, sscratch, zero
    sd      t0, REG(2)(sp)
    csrr    t0, sepc
    sd      t0, REG(0)(sp)
    mv      a0, sp
    la      sp, panic_stack_top
    call    handle_kernel_trap

/* Only the hart that reports was on the panic stack. tp does not tell which one it is, as it may be lost. */
another_panic:
    csrrw   sp, sscratch, zero
    la      t0, panic_stack
    bltu    sp, t0, stand_still
    la      t0, panic_stack_top
    bgtu    sp, t0, stand_still
    mv      sp, t0
    call    power_cut
stand_still:
    wfi
    j       stand_still

/* Switches to the panic stack and calls report_panic() with the same argument. */
.globl panic_on_its_stack
panic_on_its_stack:
    la      sp, panic_stack_top
    call    report_panic

.section .bss
.balign 16
panic_registers:
    .skip   33 * 8
/* Not 0 once a hart has panicked. */
.globl panicking
panicking:
    .skip   8
.balign 16
.globl panic_stack
.globl panic_stack_top
panic_stack:
    .skip   2048
panic_stack_top:
