/*
 * The firmware's entry and its trap entry, in machine mode. Each hart has a stack of 4 KiB below the end of
 * stacks; mscratch holds its top while lower modes run.
 */
#define REGISTERS 16 /* those that a function may change: ra, t0 to t6, a0 to a7 */

.section .text.start, "ax"
.globl start
start:
    csrr t0, mhartid
    addi t0, t0, 1
    slli t0, t0, 12
    la sp, stacks
    add sp, sp, t0
    csrw mscratch, sp
    la t0, trap
    csrw mtvec, t0
    ld a2, 16(a2) /* of struct fw_dynamic_info: next_addr */
    call firmware_main
    /* Does not return where it starts the supervisor. */

.balign 4
trap:
    csrrw sp, mscratch, sp
    addi sp, sp, -REGISTERS * 8
    sd a0, 0(sp)
    sd a1, 8(sp)
    sd a2, 16(sp)
    sd a3, 24(sp)
    sd a4, 32(sp)
    sd a5, 40(sp)
    sd a6, 48(sp)
    sd a7, 56(sp)
    sd ra, 64(sp)
    sd t0, 72(sp)
    sd t1, 80(sp)
    sd t2, 88(sp)
    sd t3, 96(sp)
    sd t4, 104(sp)
    sd t5, 112(sp)
    sd t6, 120(sp)
    mv a0, sp
    call firmware_trap
    ld a0, 0(sp)
    ld a1, 8(sp)
    ld a2, 16(sp)
    ld a3, 24(sp)
    ld a4, 32(sp)
    ld a5, 40(sp)
    ld a6, 48(sp)
    ld a7, 56(sp)
    ld ra, 64(sp)
    ld t0, 72(sp)
    ld t1, 80(sp)
    ld t2, 88(sp)
    ld t3, 96(sp)
    ld t4, 104(sp)
    ld t5, 112(sp)
    ld t6, 120(sp)
    addi sp, sp, REGISTERS * 8
    csrrw sp, mscratch, sp
    mret

/* enter_supervisor(a0, a1, entry): a0 and a1 are the supervisor's. */
.globl enter_supervisor
enter_supervisor:
    csrw mepc, a2
    csrr t0, mhartid
    addi t0, t0, 1
    slli t0, t0, 12
    la t1, stacks
    add t1, t1, t0
    csrw mscratch, t1
    mret

.section .bss
.balign 4096
stacks:
    .skip 8 * 4096
