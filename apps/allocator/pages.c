/*
 * Maps each frame at its own address and unmaps it again, several times. The thread does no other work.
 */
#include <sel4/simple.h>

#include "scenario.h"

#define RANGE 0x2000000000 /* where the frames are mapped */

struct page {
    seL4_CPtr frame;
    seL4_Word address;
    seL4_Word value; /* last word written to it */
};

static struct page frames[MAX_FRAMES];

void pages_init(unsigned units)
{
    if (frames[0].frame) {
        return;
    }
    for (unsigned i = 0; i < MAX_FRAMES; i++) {
        struct page *page = &frames[i];

        *page = (struct page){ .frame = simple_object(seL4_RISCV_4K_Page, 0), .address = RANGE + i * 4096ul };
        if (!page->frame) {
            require(seL4_NotEnoughMemory, "a frame");
        }
        /* The first mapping makes the page tables. */
        require(simple_map_page(seL4_CapInitThreadVSpace, page->frame, page->address, seL4_ReadWrite,
                                seL4_RISCV_ExecuteNever),
                "page tables");
        require(seL4_RISCV_Page_Unmap(page->frame), "Page Unmap");
    }
}

/* Checks that the page holds the word that was written last, and writes another one. */
static void touch(struct page *page)
{
    volatile seL4_Word *word = (volatile seL4_Word *)page->address;

    if (*word != page->value) {
        fail(-1, "a page lost what it held");
    }
    page->value += page->address;
    *word = page->value;
    work.touched++;
}

bool pages_check(unsigned phase)
{
    return work.touched == work.units * work.rounds;
}

JOB rounds(const struct job *job, struct way way)
{
    const unsigned count = work.rounds;
    const bool checks = work.checks;

    FOR_EACH_UNIT(job) {
        struct page *page = &frames[unit];

        for (unsigned left = count; left; left--) {
            CALL(way,
                 seL4_RISCV_Page_Map(page->frame, seL4_CapInitThreadVSpace, page->address, seL4_ReadWrite,
                                     seL4_RISCV_ExecuteNever),
                 rel4_page_map(page->frame, seL4_CapInitThreadVSpace, page->address, seL4_ReadWrite,
                               seL4_RISCV_ExecuteNever));
            if (checks) {
                touch(page);
            }
            CALL(way, seL4_RISCV_Page_Unmap(page->frame), rel4_page_unmap(page->frame));
        }
    }
}

/* Hot, so that the linker puts them beside the library's hot code. */
static void rounds_by_ring(void *job) __attribute__((hot));
static void rounds_by_trap(void *job) __attribute__((hot));

WAYS(rounds)

const struct phase page_rounds = { PHASE(rounds) };

const struct scenario pages = {
    .name = "map-unmap",
    .round = "one Page Map and one Page Unmap",
    .init = pages_init,
    .phases = { &page_rounds },
    .check = pages_check,
};
