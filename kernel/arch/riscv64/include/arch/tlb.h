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

/* The general cases of tlb_flush_page() and tlb_flush_asid(). */
void tlb_flush_page_slow(word_t harts, word_t asid, word_t vaddr);
void tlb_flush_asid_slow(word_t harts, word_t asid);

/* True: a batch is open that owes flushes of this address space, and now this one, too. What is owed is for
 * one address space at a time, and there is none with number 0. */
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
