#include "decode.h"

/* Bits high to low of a code, moved down. */
static uint32_t bits(uint32_t code, unsigned high, unsigned low)
{
    return code >> low & ((1u << (high - low + 1)) - 1);
}

static int64_t sign_extended(uint32_t value, unsigned width)
{
    return (int64_t)((uint64_t)value << (64 - width)) >> (64 - width);
}

static bool is_link(unsigned reg)
{
    return reg == 1 || reg == 5;
}

static void jump_to(struct insn *insn, unsigned to, unsigned from)
{
    insn->kind = INSN_JUMP_TO;
    insn->to = (uint8_t)to;
    insn->from[0] = (uint8_t)from;
    insn->link = is_link(to);
    insn->from_link = is_link(from) && !insn->link;
}

static enum insn_kind csr_write(uint32_t csr)
{
    switch (csr) {
    case 0x180:
        return INSN_SATP;
    case 0x140: /* sscratch, sepc, scause, stval, and those of machine and user mode */
    case 0x141:
    case 0x142:
    case 0x143:
    case 0x340:
    case 0x341:
    case 0x342:
    case 0x343:
    case 0x040:
    case 0x041:
    case 0x042:
    case 0x043:
        return INSN_CSR_WRITE;
    default:
        return INSN_CSR_FLUSH;
    }
}

static void decode_system(struct insn *insn, uint32_t code)
{
    uint32_t function = bits(code, 14, 12), source = bits(code, 19, 15), csr = bits(code, 31, 20);

    if (function == 0) {
        if (bits(code, 31, 25) == 0x09) {
            insn->kind = source ? INSN_FENCE_PAGE : INSN_FENCE_TLB;
            insn->from[0] = (uint8_t)source;
        } else if (csr == 0x105) {
            insn->kind = INSN_WAIT;
        } else {
            insn->kind = bits(csr, 4, 0) == 2 ? INSN_RETURN : INSN_TRAP;
        }
        return;
    }
    insn->to = (uint8_t)bits(code, 11, 7);
    insn->from[0] = (uint8_t)(function < 4 ? source : NO_REG);
    insn->kind = function % 4 != 1 && !source ? INSN_CSR_READ : csr_write(csr);
}

static void decode_float_load_or_store(struct insn *insn, uint32_t code, bool store)
{
    insn->kind = store ? INSN_STORE : INSN_LOAD;
    insn->from[0] = (uint8_t)bits(code, 19, 15);
    if (store) {
        insn->from[1] = (uint8_t)(FLOAT_REGS + bits(code, 24, 20));
    } else {
        insn->to = (uint8_t)(FLOAT_REGS + bits(code, 11, 7));
    }
}

/* All of OP and OP-32; function 1 in the upper seven bits is M. */
static void decode_op(struct insn *insn, uint32_t code)
{
    if (bits(code, 31, 25) == 1) {
        insn->kind = bits(code, 14, 12) < 4 ? INSN_MULTIPLY : INSN_DIVIDE;
    }
    insn->to = (uint8_t)bits(code, 11, 7);
    insn->from[0] = (uint8_t)bits(code, 19, 15);
    insn->from[1] = (uint8_t)bits(code, 24, 20);
}

static void decode_long(struct insn *insn, uint32_t code)
{
    unsigned to = bits(code, 11, 7), from = bits(code, 19, 15), second = bits(code, 24, 20);

    switch (bits(code, 6, 2)) {
    case 0x00: /* LOAD */
        insn->kind = INSN_LOAD;
        insn->to = (uint8_t)to;
        insn->from[0] = (uint8_t)from;
        insn->narrow = bits(code, 13, 12) < 2;
        break;
    case 0x01: /* LOAD-FP */
        decode_float_load_or_store(insn, code, false);
        break;
    case 0x03: /* MISC-MEM */
        insn->kind = bits(code, 14, 12) == 1 ? INSN_FENCE_I : INSN_FENCE;
        break;
    case 0x04: /* OP-IMM, OP-IMM-32 */
    case 0x06:
        if (bits(code, 14, 12) == 4 && to == NO_REG && bits(code, 6, 2) == 4) {
            insn->kind = INSN_MARK;
            insn->mark = bits(code, 31, 20);
        }
        insn->to = (uint8_t)to;
        insn->from[0] = (uint8_t)from;
        break;
    case 0x05: /* AUIPC, LUI */
    case 0x0d:
        insn->to = (uint8_t)to;
        break;
    case 0x08: /* STORE */
        insn->kind = INSN_STORE;
        insn->from[0] = (uint8_t)from;
        insn->from[1] = (uint8_t)second;
        break;
    case 0x09: /* STORE-FP */
        decode_float_load_or_store(insn, code, true);
        break;
    case 0x0b: /* AMO */
        insn->kind = INSN_ATOMIC;
        insn->to = (uint8_t)to;
        insn->from[0] = (uint8_t)from;
        insn->from[1] = (uint8_t)second;
        break;
    case 0x0c: /* OP, OP-32 */
    case 0x0e:
        decode_op(insn, code);
        break;
    case 0x18: /* BRANCH */
        insn->kind = INSN_BRANCH;
        insn->from[0] = (uint8_t)from;
        insn->from[1] = (uint8_t)second;
        insn->target =
            insn->address + (uint64_t)sign_extended(bits(code, 31, 31) << 12 | bits(code, 7, 7) << 11 |
                                                        bits(code, 30, 25) << 5 | bits(code, 11, 8) << 1,
                                                    13);
        break;
    case 0x19: /* JALR */
        jump_to(insn, to, from);
        break;
    case 0x1b: /* JAL */
        insn->kind = INSN_JUMP;
        insn->to = (uint8_t)to;
        insn->link = is_link(to);
        insn->target =
            insn->address + (uint64_t)sign_extended(bits(code, 31, 31) << 20 | bits(code, 19, 12) << 12 |
                                                        bits(code, 20, 20) << 11 | bits(code, 30, 21) << 1,
                                                    21);
        break;
    case 0x1c: /* SYSTEM */
        decode_system(insn, code);
        break;
    default: /* the rest is floating point, of which this only knows that it is */
        insn->kind = INSN_FLOAT;
        break;
    }
}

static uint8_t short_reg(uint32_t code, unsigned low)
{
    return (uint8_t)(8 + bits(code, low + 2, low));
}

/* Quadrant 0: loads and stores relative to a register, and c.addi4spn. */
static void decode_quadrant_0(struct insn *insn, uint32_t code)
{
    uint32_t function = bits(code, 15, 13);
    bool is_float = function % 4 == 1;
    uint8_t reg = (uint8_t)(short_reg(code, 2) + (is_float ? FLOAT_REGS : 0));

    if (function == 0) {
        insn->to = reg;
        insn->from[0] = 2;
        return;
    }
    insn->kind = function < 4 ? INSN_LOAD : INSN_STORE;
    insn->from[0] = short_reg(code, 7);
    if (function < 4) {
        insn->to = reg;
    } else {
        insn->from[1] = reg;
    }
}

static void decode_quadrant_1(struct insn *insn, uint32_t code)
{
    uint32_t function = bits(code, 15, 13), reg = bits(code, 11, 7);

    switch (function) {
    case 5: /* c.j */
        insn->kind = INSN_JUMP;
        insn->target =
            insn->address + (uint64_t)sign_extended(bits(code, 12, 12) << 11 | bits(code, 11, 11) << 4 |
                                                        bits(code, 10, 9) << 8 | bits(code, 8, 8) << 10 |
                                                        bits(code, 7, 7) << 6 | bits(code, 6, 6) << 7 |
                                                        bits(code, 5, 3) << 1 | bits(code, 2, 2) << 5,
                                                    12);
        break;
    case 6: /* c.beqz, c.bnez */
    case 7:
        insn->kind = INSN_BRANCH;
        insn->from[0] = short_reg(code, 7);
        insn->target =
            insn->address + (uint64_t)sign_extended(bits(code, 12, 12) << 8 | bits(code, 11, 10) << 3 |
                                                        bits(code, 6, 5) << 6 | bits(code, 4, 3) << 1 |
                                                        bits(code, 2, 2) << 5,
                                                    9);
        break;
    case 4: /* arithmetic on two of eight registers */
        insn->to = insn->from[0] = short_reg(code, 7);
        insn->from[1] = bits(code, 11, 10) == 3 ? short_reg(code, 2) : NO_REG;
        break;
    case 2: /* c.li */
        insn->to = (uint8_t)reg;
        break;
    default: /* c.addi, c.addiw, c.lui, c.addi16sp */
        insn->to = (uint8_t)reg;
        insn->from[0] = (uint8_t)(function == 3 && reg != 2 ? NO_REG : reg);
        break;
    }
}

static void decode_quadrant_2(struct insn *insn, uint32_t code)
{
    uint32_t function = bits(code, 15, 13), reg = bits(code, 11, 7), second = bits(code, 6, 2);

    if (function == 4 && !second && reg) { /* c.jr, c.jalr */
        jump_to(insn, bits(code, 12, 12), reg);
    } else if (function == 4 && !second) { /* c.ebreak */
        insn->kind = INSN_TRAP;
    } else if (function == 4) { /* c.mv, c.add */
        insn->to = (uint8_t)reg;
        insn->from[0] = (uint8_t)(bits(code, 12, 12) ? reg : NO_REG);
        insn->from[1] = (uint8_t)second;
    } else if (function == 0) { /* c.slli */
        insn->to = insn->from[0] = (uint8_t)reg;
    } else {
        unsigned first = function % 4 == 1 ? FLOAT_REGS : 0;
        insn->kind = function < 4 ? INSN_LOAD : INSN_STORE;
        insn->from[0] = 2;
        if (function < 4) {
            insn->to = (uint8_t)(first + reg);
        } else {
            insn->from[1] = (uint8_t)(first + second);
        }
    }
}

struct insn insn_decode(uint64_t address, uint32_t code, unsigned size)
{
    struct insn insn = { .address = address, .size = (uint8_t)size };

    if (size == 4) {
        decode_long(&insn, code);
        return insn;
    }
    code &= 0xffff;
    switch (code & 3) {
    case 0:
        decode_quadrant_0(&insn, code);
        break;
    case 1:
        decode_quadrant_1(&insn, code);
        break;
    default:
        decode_quadrant_2(&insn, code);
        break;
    }
    return insn;
}
