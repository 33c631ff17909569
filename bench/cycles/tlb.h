/* A TLB of the model: sectors of pages of 4 KiB that lie beside one another, and entries for large pages.
 * What was used longest ago is replaced. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TLB_MAX_SECTORS 64
#define TLB_MAX_PAGES   4 /* in a sector */
#define TLB_MAX_LARGE   32

struct tlb {
    unsigned sector_count, pages, large_count;
    uint64_t clock; /* of uses */
    struct tlb_sector {
        uint64_t number; /* virtual page number of its first page, divided by pages, and 1 more; 0: free */
        uint64_t physical[TLB_MAX_PAGES]; /* page number and 1 more; 0: not there */
        uint64_t used;
    } sectors[TLB_MAX_SECTORS];
    struct tlb_large {
        uint64_t tag; /* 0: free */
        uint64_t used;
    } large[TLB_MAX_LARGE];
};

void tlb_init(struct tlb *tlb, unsigned sectors, unsigned pages, unsigned large);

/* Looks for the translation of a page to a page (numbers of 4 KiB pages), and puts it there. Returns whether
 * it was. */
bool tlb_look(struct tlb *tlb, uint64_t page, uint64_t physical);

/* The same for a large page. */
bool tlb_look_large(struct tlb *tlb, uint64_t number, unsigned bits);

void tlb_clear(struct tlb *tlb);

/* Forgets each page whose entry stands at this place of its page table, 0 to 511. */
void tlb_drop(struct tlb *tlb, uint64_t index);
