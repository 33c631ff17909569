/*
 * TLB maintenance. A set of harts is a bit mask of their logical numbers: those that may hold entries of an
 * address space.
 *
 * The functions return when no hart of the set can use a stale entry any more. While a batch is open on
 * this hart, they only record the flush as owed. Then nothing may rely on it before the batch is paid, and
 * the kernel stays locked.
 */
#pragma once

#include "thread/hart.h"

/* The general cases of tlb_flush_page() and tlb_flush_asid(). */
void tlb_flush_page_slow(word_t harts, word_t asid, word_t vaddr);
void tlb_flush_asid_slow(word_t harts, word_t asid);

/* Adds a flush to the open batch if that already owes flushes of this address space, and returns true. A
 * batch owes flushes of one address space at a time; none has the number 0. */
static inline bool tlb_batch_takes(word_t harts, word_t asid)
{
    struct tlb_batch *batch = &this_hart()->tlb_batch;

    if (batch->asid != asid) {
        return false;
    }
    batch->harts |= harts;
    return true;
}

static inline void tlb_flush_page(word_t harts, word_t asid, word_t vaddr)
{
    if (unlikely(!tlb_batch_takes(harts, asid))) {
        tlb_flush_page_slow(harts, asid, vaddr);
    }
}

static inline void tlb_flush_asid(word_t harts, word_t asid)
{
    if (unlikely(!tlb_batch_takes(harts, asid))) {
        tlb_flush_asid_slow(harts, asid);
    }
}

static inline void tlb_batch_open(void)
{
    this_hart()->tlb_batch.open = true;
}

/* Pays a batch that owes flushes. */
void tlb_batch_pay_owed(void);

/* Pays what is owed, if anything. Also called before memory is reused. */
static inline void tlb_batch_pay(void)
{
    if (this_hart()->tlb_batch.harts) {
        tlb_batch_pay_owed();
    }
}

/* Pays and closes the batch. Returns true if anything was flushed since it was opened. */
static inline bool tlb_batch_close(void)
{
    struct tlb_batch *batch = &this_hart()->tlb_batch;

    tlb_batch_pay();
    bool paid = batch->paid;
    *batch = (struct tlb_batch){ 0 };
    return paid;
}

/* Flushes everything on this hart, also cached invalid entries. */
void tlb_flush_local(void);
