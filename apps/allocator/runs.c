/*
 * What is measured: R rounds of Page Map and Page Unmap for each of N frames, one after the other or by a
 * coroutine each.
 */
#include "allocator.h"

#include <stdio.h>

#include <rel4/async.h>

#define ADDRESS  0x2040000000 /* in an area without page tables */
#define PRIORITY 3

static struct page {
    seL4_CPtr frame;
    seL4_Word address;
} pages[MAX_FRAMES];

static seL4_Word runs; /* so that no page holds yet what it shall */
static seL4_Word rounds_of_run;

static seL4_Word now(enum clock clock)
{
    seL4_Word value;

    if (clock == CLOCK_INSTRUCTIONS)
        __asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
    else
        __asm__ volatile("rdcycle %0" : "=r"(value)::"memory");
    return value;
}

static seL4_Word content(const struct page *page)
{
    return page->address * 3 + runs;
}

void stop_on(int error, const char *what)
{
    if (error) {
        printf("allocator: %s: error %d\n", what, error);
        exit(1);
    }
}

int make_frames(unsigned frames)
{
    for (unsigned i = 0; i < frames; i++) {
        seL4_Error error;

        pages[i] =
            (struct page){ .frame = simple_object(seL4_RISCV_4K_Page, 0), .address = ADDRESS + i * 4096ul };
        if (pages[i].frame == seL4_CapNull)
            return seL4_NotEnoughMemory;
        /* Maps the tables that are missing; the page itself goes again. */
        error = simple_map_page(seL4_CapInitThreadVSpace, pages[i].frame, pages[i].address, seL4_ReadWrite,
                                seL4_RISCV_ExecuteNever);
        if (!error)
            error = seL4_RISCV_Page_Unmap(pages[i].frame);
        if (error)
            return error;
    }
    return seL4_NoError;
}

seL4_Word run_loop(unsigned frames, seL4_Word rounds, enum clock clock)
{
    seL4_Word start;

    runs++;
    start = now(clock);
    for (seL4_Word round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < frames; i++) {
            const struct page *page = &pages[i];

            stop_on(seL4_RISCV_Page_Map(page->frame, seL4_CapInitThreadVSpace, page->address, seL4_ReadWrite,
                                        seL4_RISCV_ExecuteNever),
                    "Page Map");
            if (round + 1 == rounds)
                *(volatile seL4_Word *)page->address = content(page);
            stop_on(seL4_RISCV_Page_Unmap(page->frame), "Page Unmap");
        }
    }
    return now(clock) - start;
}

static void use_page(void *arg)
{
    const struct page *page = arg;

    for (seL4_Word round = 0; round < rounds_of_run; round++) {
        stop_on(rel4_page_map(page->frame, seL4_CapInitThreadVSpace, page->address, seL4_ReadWrite,
                              seL4_RISCV_ExecuteNever),
                "Page Map");
        if (round + 1 == rounds_of_run)
            *(volatile seL4_Word *)page->address = content(page);
        stop_on(rel4_page_unmap(page->frame), "Page Unmap");
    }
}

seL4_Word run_coroutines(unsigned frames, seL4_Word rounds, enum clock clock)
{
    seL4_Word start;

    runs++;
    rounds_of_run = rounds;
    for (unsigned i = 0; i < frames; i++)
        stop_on(!rel4_coroutine_create(use_page, &pages[i], PRIORITY), "creating a coroutine");
    start = now(clock);
    stop_on((int)rel4_run(), "running the coroutines");
    return now(clock) - start;
}

bool check_pages(unsigned frames)
{
    bool good = true;

    for (unsigned i = 0; i < frames; i++) {
        const struct page *page = &pages[i];

        stop_on(seL4_RISCV_Page_Map(page->frame, seL4_CapInitThreadVSpace, page->address, seL4_ReadWrite,
                                    seL4_RISCV_ExecuteNever),
                "Page Map");
        good = good && *(volatile seL4_Word *)page->address == content(page);
        stop_on(seL4_RISCV_Page_Unmap(page->frame), "Page Unmap");
    }
    return good;
}
