/* What the model of a processor needs to know of a RISC-V instruction (RV64GC). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum insn_kind {
    INSN_PLAIN, /* one cycle, its result can be used by the next */
    INSN_LOAD,
    INSN_STORE,
    INSN_ATOMIC, /* also lr and sc */
    INSN_BRANCH,
    INSN_JUMP,    /* jal */
    INSN_JUMP_TO, /* jalr to where a register says */
    INSN_MULTIPLY,
    INSN_DIVIDE,
    INSN_FLOAT, /* arithmetic on floating-point registers */
    INSN_CSR_READ,
    INSN_CSR_WRITE, /* one of those behind which nothing has to begin anew: sscratch, sepc, scause, stval */
    INSN_CSR_FLUSH, /* any other write */
    INSN_SATP,      /* a write to satp */
    INSN_TRAP,      /* ecall, ebreak */
    INSN_RETURN,    /* sret, mret, uret */
    INSN_FENCE,
    INSN_FENCE_I,
    INSN_FENCE_TLB,  /* sfence.vma for all addresses */
    INSN_FENCE_PAGE, /* sfence.vma for one */
    INSN_WAIT,       /* wfi */
    INSN_MARK,       /* xori x0, rs, MARK: a hint that does nothing */
};

enum {
    NO_REG = 0,
    FLOAT_REGS = 32,
    REG_COUNT = 64
};

struct insn {
    uint64_t address;
    enum insn_kind kind;
    uint8_t size;    /* bytes, 2 or 4 */
    uint8_t to;      /* register that is written, NO_REG if none; floating-point registers are 32 to 63 */
    uint8_t from[3]; /* registers that are read */
    bool narrow;     /* a load of one or two bytes */
    bool link;       /* a jump that leaves a return address in ra or t0 */
    bool from_link;  /* a jump to what ra or t0 says, and no link: a return */
    unsigned mark;   /* of INSN_MARK */
    uint64_t target; /* of INSN_BRANCH and INSN_JUMP */
};

/* Decodes the instruction at an address. code holds its bytes, the first of them lowest. */
struct insn insn_decode(uint64_t address, uint32_t code, unsigned size);
