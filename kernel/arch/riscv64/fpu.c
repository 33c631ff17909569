/*
 * Floating point on demand; fpu.h describes the scheme.
 *
 * hart->fpu_owner is the thread whose registers the hart holds. They are up to date only while the thread's
 * fpu_hart names this hart: loading them on another hart changes it.
 */
#include "arch/fpu.h"

#include "arch/riscv64/probe.h"
#include "lib/assert.h"
#include "thread/hart.h"
#include "thread/tcb.h"

void fpu_store_registers(struct fpu_context *to);
void fpu_load_registers(const struct fpu_context *from);

bool fpu_missing;

void fpu_probe(void)
{
    csr_set(sstatus, SSTATUS_FS_CLEAN);
    bool exists = (csr_read(sstatus) & SSTATUS_FS) && instruction_runs(".option push\n"
                                                                       ".option arch, +d\n"
                                                                       "fmv.d.x ft0, zero\n"
                                                                       ".option pop");
    csr_clear(sstatus, SSTATUS_FS);
    fpu_missing = fpu_missing || !exists;
}

static void set_fs(word_t status, word_t fs)
{
    csr_write(sstatus, (status & ~(word_t)SSTATUS_FS) | fs);
}

/* Stores the owner's registers if it has changed them. */
static void store_if_dirty(const struct hart *hart, word_t status)
{
    if ((status & SSTATUS_FS) == SSTATUS_FS_DIRTY && hart->fpu_owner) {
        fpu_store_registers(&hart->fpu_owner->fpu);
    }
}

void fpu_park(struct hart *hart)
{
    word_t status = csr_read(sstatus);

    store_if_dirty(hart, status);
    if (status & SSTATUS_FS) {
        set_fs(status, SSTATUS_FS_CLEAN);
    }
}

void fpu_switch_slow(struct hart *hart, struct tcb *to)
{
    assert(to);
    word_t status = csr_read(sstatus);
    bool loaded = to == hart->fpu_owner && to->fpu_hart == hart && !(to->flags & ABI_TCB_FLAG_FPU_DISABLED);

    store_if_dirty(hart, status);
    set_fs(status, loaded ? SSTATUS_FS_CLEAN : 0);
}

/* Major opcodes of the F and D extensions, bits 6 to 2: loads, stores, the four multiply-adds, and the rest.
 */
#define FP_OPCODES (1u << 0x01 | 1u << 0x09 | 1u << 0x10 | 1u << 0x11 | 1u << 0x12 | 1u << 0x13 | 1u << 0x14)

#define OPCODE_SYSTEM 0x1c
#define CSR_FCSR      3

/* Returns whether an instruction needs floating point; also true for 0, from a hart that does not report
 * the instruction. */
static bool uses_floating_point(word_t instruction)
{
    unsigned opcode = instruction >> 2 & 31;

    if (instruction == 0) {
        return true;
    }
    if ((instruction & 3) == 3) {
        word_t csr = instruction >> 20 & 0xfff;
        return FP_OPCODES >> opcode & 1 || (opcode == OPCODE_SYSTEM && csr >= 1 && csr <= CSR_FCSR);
    }
    /* Compressed loads and stores of doubles: quadrants 0 and 2, funct3 1 and 5. */
    return (instruction & 1) == 0 && (instruction >> 13 & 3) == 1;
}

bool fpu_load_on_trap(struct hart *hart, struct tcb *thread)
{
    word_t status = csr_read(sstatus);

    if (fpu_missing || (status & SSTATUS_FS) || (thread->flags & ABI_TCB_FLAG_FPU_DISABLED) ||
        !uses_floating_point(csr_read(stval))) {
        return false;
    }
    csr_write(sstatus, status | SSTATUS_FS_CLEAN);
    fpu_load_registers(&thread->fpu);
    set_fs(status, SSTATUS_FS_CLEAN);
    hart->fpu_owner = thread;
    thread->fpu_hart = hart;
    return true;
}

void fpu_forget(struct tcb *thread)
{
    for (unsigned id = 0; id < harts_online; id++) {
        if (harts_table[id].fpu_owner == thread) {
            harts_table[id].fpu_owner = NULL;
        }
    }
    thread->fpu_hart = NULL;
}
