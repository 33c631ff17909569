/*
 * TLB maintenance. A set of harts is a bit mask by logical number: those that may hold entries of an address
 * space. Both calls return when no hart of the set can use a stale entry any more.
 */
#pragma once

#include "lib/types.h"

void tlb_flush_page(word_t harts, word_t asid, word_t vaddr);
void tlb_flush_asid(word_t harts, word_t asid);

/* On this hart only: forgets everything, also that tables and pages were not there. */
void tlb_flush_local(void);
