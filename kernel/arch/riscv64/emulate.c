/*
 * Emulation of user interrupts: exactly the encodings of uipi_*, both urets and the user-level registers,
 * with the meaning that platform/qemu/README.md gives them. Anything else stays an illegal instruction.
 */
#include "arch/riscv64/trap.h"

#include "ipc/receiver.h"
#include "object/sender_table.h"
#include "thread/hart.h"

#define OPCODE(instruction) ((instruction)&0x7f)
#define RD(instruction)     ((instruction) >> 7 & 31)
#define FUNCT3(instruction) ((instruction) >> 12 & 7)
#define RS1(instruction)    ((instruction) >> 15 & 31)
#define RS2(instruction)    ((instruction) >> 20 & 31)
#define FUNCT7(instruction) ((instruction) >> 25 & 127)
#define CSR(instruction)    ((instruction) >> 20 & 0xfff)

#define OPCODE_SYSTEM 0x73

/* Values of funct3 for CSR instructions; 3 clears. With bit 2 set, rs1 is an immediate operand. */
#define CSR_RW        1
#define CSR_RS        2
#define CSR_IMMEDIATE 4

/* Index of x1 to x31 in the registers of a context; x0 has none. */
static const uint8_t places[32] = {
    [1] = 1,   [2] = 2,   [3] = 3,   [4] = 31,  [5] = 24,  [6] = 25,  [7] = 26,  [8] = 4,
    [9] = 5,   [10] = 16, [11] = 17, [12] = 18, [13] = 19, [14] = 20, [15] = 21, [16] = 22,
    [17] = 23, [18] = 6,  [19] = 7,  [20] = 8,  [21] = 9,  [22] = 10, [23] = 11, [24] = 12,
    [25] = 13, [26] = 14, [27] = 15, [28] = 27, [29] = 28, [30] = 29, [31] = 30,
};

static word_t read_register(const struct tcb *thread, unsigned x)
{
    return x ? thread->context.regs[places[x]] : 0;
}

static void write_register(struct tcb *thread, unsigned x, word_t value)
{
    if (x) {
        thread->context.regs[places[x]] = value;
    }
}

/* Returns a register without special bits, or NULL. */
static word_t *plain_csr(struct uintr *uintr, unsigned csr)
{
    switch (csr) {
    case REL4_CSR_UTVEC:
        return &uintr->utvec;
    case REL4_CSR_USCRATCH:
        return &uintr->uscratch;
    case REL4_CSR_UEPC:
        return &uintr->uepc;
    case REL4_CSR_UCAUSE:
        return &uintr->ucause;
    case REL4_CSR_UTVAL:
        return &uintr->utval;
    default:
        return NULL;
    }
}

static bool read_csr(struct tcb *thread, unsigned csr, word_t *value)
{
    const word_t *plain = plain_csr(&thread->uintr, csr);

    if (plain) {
        *value = *plain;
        return true;
    }
    switch (csr) {
    case REL4_CSR_USTATUS:
        *value = thread->uintr.status;
        return true;
    case REL4_CSR_UIE:
        *value = thread->uintr.enabled;
        return true;
    case REL4_CSR_UIP:
        *value = uintr_is_pending(thread) ? REL4_UI_SOFTWARE : 0;
        return true;
    default:
        return false;
    }
}

static void write_csr(struct tcb *thread, unsigned csr, word_t value)
{
    word_t *plain = plain_csr(&thread->uintr, csr);

    if (plain) {
        /* Drop writes with the modes 2 and 3 of utvec, which do not exist. */
        if (csr != REL4_CSR_UTVEC || !(value & 2)) {
            *plain = value;
        }
    } else if (csr == REL4_CSR_USTATUS) {
        thread->uintr.status = value & (REL4_USTATUS_UIE | REL4_USTATUS_UPIE);
    } else if (csr == REL4_CSR_UIE) {
        thread->uintr.enabled = value & REL4_UI_SOFTWARE;
    } else {
        uintr_set_pending(thread, value & REL4_UI_SOFTWARE);
    }
}

static void uret(struct tcb *thread)
{
    struct uintr *uintr = &thread->uintr;

    uintr->status = REL4_USTATUS_UPIE | (uintr->status & REL4_USTATUS_UPIE ? REL4_USTATUS_UIE : 0);
    thread->context.next_pc = uintr->uepc & ~1ul;
}

static bool emulate_csr(struct tcb *thread, word_t instruction)
{
    unsigned csr = CSR(instruction);
    unsigned source = RS1(instruction);
    unsigned function = FUNCT3(instruction) & ~CSR_IMMEDIATE;
    word_t operand = FUNCT3(instruction) & CSR_IMMEDIATE ? source : read_register(thread, source);
    word_t old;

    if (function == 0 || !read_csr(thread, csr, &old)) {
        return false;
    }
    if (csr == REL4_CSR_UIP) {
        /* uip also shows bits that software has not set, so write back only the bit that is named. */
        operand &= REL4_UI_SOFTWARE;
    }
    if (function == CSR_RW) {
        write_csr(thread, csr, operand);
    } else if (operand) {
        write_csr(thread, csr, function == CSR_RS ? old | operand : old & ~operand);
    }
    write_register(thread, RD(instruction), old);
    thread->context.next_pc += 4;
    return true;
}

static bool emulate_uipi(struct tcb *thread, word_t instruction)
{
    word_t operand = read_register(thread, RS1(instruction));
    word_t word = 0;

    if (FUNCT3(instruction) != REL4_UIPI_FUNCT3 || RS2(instruction) != 0) {
        return false;
    }
    switch (FUNCT7(instruction)) {
    case REL4_UIPI_SEND:
        sender_table_send(thread, operand);
        break;
    case REL4_UIPI_READ:
        if (thread->uintr.receiver) {
            notification_take(thread->bound, &word);
        }
        write_register(thread, RD(instruction), word);
        break;
    case REL4_UIPI_WRITE:
        if (thread->uintr.receiver && operand) {
            notification_signal(thread->bound, operand);
        }
        break;
    case REL4_UIPI_ACTIVATE:
    case REL4_UIPI_DEACTIVATE:
        thread->uintr.active = FUNCT7(instruction) == REL4_UIPI_ACTIVATE;
        break;
    default:
        if (instruction != REL4_URET_EMULATED) {
            return false;
        }
        uret(thread);
        return true;
    }
    thread->context.next_pc += 4;
    return true;
}

static bool emulate(struct tcb *thread, word_t instruction)
{
    switch (OPCODE(instruction)) {
    case REL4_UIPI_OPCODE:
        return emulate_uipi(thread, instruction);
    case OPCODE_SYSTEM:
        return emulate_csr(thread, instruction);
    default:
        return false;
    }
}

bool uintr_emulate(struct tcb *thread, word_t instruction)
{
    if (!thread->uintr.user || thread->uintr.hardware) {
        return false;
    }
    if (instruction == REL4_URET) {
        uret(thread);
    } else if (!emulate(thread, instruction)) {
        return false;
    }
    /* The instruction may have enabled a pending interrupt. */
    this_hart()->pending.uintr = true;
    return true;
}
