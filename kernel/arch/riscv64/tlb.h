/*
 * TLB maintenance. A set of harts is a bit mask by logical number: those that may hold entries of an address
 * space.
 *
 * The calls return when no hart of the set can use a stale entry any more; or, while a batch is open on this
 * hart, they make a note of it. Then nothing may rely on it before the batch is paid for, and the kernel
 * stays locked.
 */
#pragma once

#include "thread/hart.h"

void tlb_flush_page_now(word_t harts, word_t asid, word_t vaddr);
void tlb_flush_asid_now(word_t harts, word_t asid);

/* The batch owes something for another address space, which is paid first. */
void tlb_batch_begin(word_t harts, word_t asid);

/* Another flush is owed. What is owed is for one address space at a time. */
static inline void tlb_batch_add(word_t harts, word_t asid)
{
    struct tlb_batch *batch = &this_hart()->tlb_batch;

    if (likely(batch->asid == asid)) {
        batch->harts |= harts;
    } else {
        tlb_batch_begin(harts, asid);
    }
}

static inline void tlb_flush_page(word_t harts, word_t asid, word_t vaddr)
{
    if (unlikely(this_hart()->tlb_batch.open)) {
        tlb_batch_add(harts, asid);
    } else {
        tlb_flush_page_now(harts, asid, vaddr);
    }
}

static inline void tlb_flush_asid(word_t harts, word_t asid)
{
    if (unlikely(this_hart()->tlb_batch.open)) {
        tlb_batch_add(harts, asid);
    } else {
        tlb_flush_asid_now(harts, asid);
    }
}

static inline void tlb_batch_open(void)
{
    this_hart()->tlb_batch.open = true;
}

/* Something is owed, and flushed here. */
void tlb_batch_pay_owed(void);

/* Flushes what is owed; for one who is about to reuse memory, too. */
static inline void tlb_batch_pay(void)
{
    if (this_hart()->tlb_batch.harts) {
        tlb_batch_pay_owed();
    }
}

/* Pays. True if anything was flushed since it was opened. */
static inline bool tlb_batch_close(void)
{
    struct tlb_batch *batch = &this_hart()->tlb_batch;

    tlb_batch_pay();
    bool paid = batch->paid;
    *batch = (struct tlb_batch){ 0 };
    return paid;
}

/* On this hart only: forgets everything, also that tables and pages were not there. */
void tlb_flush_local(void);
