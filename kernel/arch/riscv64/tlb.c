/*
 * TLB maintenance: the local fence, and the remote fence of the firmware.
 */
#include "arch/tlb.h"

#include "arch/asid.h"
#include "arch/riscv64/sbi.h"
#include "lib/bits.h"
#include "thread/hart.h"

#define ALL_ADDRESSES (~(word_t)0)

/* Fences other harts, with one call of the firmware for all whose numbers lie within a word of each
 * other. */
static void remote_fence(word_t harts, word_t start, word_t size, word_t asid)
{
    while (harts) {
        word_t base = ~(word_t)0, group = 0;
        for (word_t left = harts; left; left &= left - 1) {
            base = min_word(base, harts_table[lowest_bit(left)].arch.hart_id);
        }
        for (word_t left = harts; left; left &= left - 1) {
            word_t distance = harts_table[lowest_bit(left)].arch.hart_id - base;
            if (distance < WORD_BITS) {
                group |= bit(distance);
                harts &= ~bit(lowest_bit(left));
            }
        }
        sbi_remote_sfence_asid(group, base, start, size, asid);
    }
}

static void flush_asid(word_t harts, word_t asid)
{
    word_t self = bit(this_hart()->id), others = harts & ~self;

    if (harts & self) {
        __asm__ volatile("sfence.vma zero, %0" ::"r"(asid) : "memory");
    }
    if (unlikely(others)) {
        asid_dismiss(others, asid);
        remote_fence(others, 0, ALL_ADDRESSES, asid);
    }
}

/* Begins to owe flushes of an address space; pays first what the batch owes for another one. */
static void begin_batch(struct tlb_batch *batch, word_t harts, word_t asid)
{
    tlb_batch_pay();
    batch->asid = asid;
    batch->harts = harts;
}

HOT void tlb_flush_page_slow(word_t harts, word_t asid, word_t vaddr)
{
    struct tlb_batch *batch = &this_hart()->tlb_batch;
    word_t self = bit(this_hart()->id), others = harts & ~self;

    if (batch->open) {
        begin_batch(batch, harts, asid);
        return;
    }
    if (harts & self) {
        __asm__ volatile("sfence.vma %0, %1" ::"r"(vaddr), "r"(asid) : "memory");
    }
    if (unlikely(others)) {
        word_t dismissed = asid_dismiss(others, asid);
        remote_fence(dismissed, 0, ALL_ADDRESSES, asid);
        remote_fence(others & ~dismissed, vaddr, 4096, asid);
    }
}

HOT void tlb_flush_asid_slow(word_t harts, word_t asid)
{
    struct tlb_batch *batch = &this_hart()->tlb_batch;

    if (batch->open) {
        begin_batch(batch, harts, asid);
    } else {
        flush_asid(harts, asid);
    }
}

HOT void tlb_batch_pay_owed(void)
{
    struct tlb_batch *batch = &this_hart()->tlb_batch;

    flush_asid(batch->harts, batch->asid);
    batch->harts = 0;
    batch->paid = true;
}

void tlb_flush_local(void)
{
    __asm__ volatile("sfence.vma" ::: "memory");
}
