#include "tlb.h"

#include <string.h>

void tlb_init(struct tlb *tlb, unsigned sectors, unsigned pages, unsigned large)
{
    memset(tlb, 0, sizeof(*tlb));
    tlb->sector_count = sectors < TLB_MAX_SECTORS ? sectors : TLB_MAX_SECTORS;
    tlb->pages = pages < TLB_MAX_PAGES ? pages : TLB_MAX_PAGES;
    tlb->large_count = large < TLB_MAX_LARGE ? large : TLB_MAX_LARGE;
}

bool tlb_look(struct tlb *tlb, uint64_t page, uint64_t physical)
{
    uint64_t number = page / tlb->pages + 1;
    struct tlb_sector *oldest = &tlb->sectors[0];

    for (unsigned i = 0; i < tlb->sector_count; i++) {
        struct tlb_sector *sector = &tlb->sectors[i];
        if (sector->number == number) {
            uint64_t *kept = &sector->physical[page % tlb->pages];
            bool found = *kept == physical + 1;
            *kept = physical + 1;
            sector->used = ++tlb->clock;
            return found;
        }
        if (sector->used < oldest->used) {
            oldest = sector;
        }
    }
    memset(oldest, 0, sizeof(*oldest));
    oldest->number = number;
    oldest->physical[page % tlb->pages] = physical + 1;
    oldest->used = ++tlb->clock;
    return false;
}

bool tlb_look_large(struct tlb *tlb, uint64_t number, unsigned bits)
{
    uint64_t tag = number << 8 | bits;
    struct tlb_large *oldest = &tlb->large[0];

    for (unsigned i = 0; i < tlb->large_count; i++) {
        struct tlb_large *large = &tlb->large[i];
        if (large->tag == tag) {
            large->used = ++tlb->clock;
            return true;
        }
        if (large->used < oldest->used) {
            oldest = large;
        }
    }
    *oldest = (struct tlb_large){ .tag = tag, .used = ++tlb->clock };
    return false;
}

void tlb_clear(struct tlb *tlb)
{
    tlb_init(tlb, tlb->sector_count, tlb->pages, tlb->large_count);
}

void tlb_drop(struct tlb *tlb, uint64_t index)
{
    for (unsigned i = 0; i < tlb->sector_count; i++) {
        uint64_t first = (tlb->sectors[i].number - 1) * tlb->pages % 512;
        if (tlb->sectors[i].number && index >= first && index < first + tlb->pages) {
            tlb->sectors[i].physical[index - first] = 0;
        }
    }
}
