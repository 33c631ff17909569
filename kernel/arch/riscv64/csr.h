/*
 * Control and status registers of supervisor mode (RISC-V privileged specification 1.12).
 */
#pragma once

#define SSTATUS_SIE      0x2
#define SSTATUS_SPIE     0x20
#define SSTATUS_SPP      0x100
#define SSTATUS_VS       0x600
#define SSTATUS_FS       0x6000
#define SSTATUS_FS_CLEAN 0x4000
#define SSTATUS_FS_DIRTY 0x6000

#define SSTATUS_SUM 0x40000
#define SSTATUS_MXR 0x80000

#define CAUSE_INTERRUPT        0x8000000000000000
#define CAUSE_FETCH_ACCESS     1
#define CAUSE_ILLEGAL          2
#define CAUSE_LOAD_ACCESS      5
#define CAUSE_STORE_ACCESS     7
#define CAUSE_ECALL            8
#define CAUSE_FETCH_PAGE_FAULT 12
#define CAUSE_LOAD_PAGE_FAULT  13
#define CAUSE_STORE_PAGE_FAULT 15

#define SATP_SV39       0x8000000000000000
#define SATP_ASID_SHIFT 44

#ifndef __ASSEMBLER__
/* csr is a name that the assembler knows, or a number. */
#define CSR_TEXT(csr) #csr
#define csr_read(csr)                                               \
    ({                                                              \
        word_t value_;                                              \
        __asm__ volatile("csrr %0, " CSR_TEXT(csr) : "=r"(value_)); \
        value_;                                                     \
    })
#define csr_write(csr, value) \
    __asm__ volatile("csrw " CSR_TEXT(csr) ", %0" ::"rK"((word_t)(value)) : "memory")
#define csr_set(csr, bits)   __asm__ volatile("csrs " CSR_TEXT(csr) ", %0" ::"rK"((word_t)(bits)) : "memory")
#define csr_clear(csr, bits) __asm__ volatile("csrc " CSR_TEXT(csr) ", %0" ::"rK"((word_t)(bits)) : "memory")
#endif
