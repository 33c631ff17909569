/*
 * Maps each frame at its own address and unmaps it again, several times. The thread does no other work.
 */
#include <rel4/batch.h>
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
    seL4_Word bits;
    seL4_CPtr first = slots(MAX_FRAMES), untyped = untyped_of(MAX_FRAMES * 4096ul, &bits);
    for (unsigned i = 0; i < MAX_FRAMES; i++) {
        struct page *page = &frames[i];

        *page = (struct page){ .frame = first + i, .address = RANGE + i * 4096ul };
        require(trap_retype(untyped, seL4_RISCV_4K_Page, 0, page->frame, 1), "a frame");
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

static void touch_all(const struct job *job)
{
    if (work.checks) {
        FOR_EACH_UNIT(job) {
            touch(&frames[unit]);
        }
    }
}

/* Ends a batch. */
static void finish(struct rel4_batch *batch)
{
    int error = rel4_batch_wait(batch);

    if (error) {
        fail(error, "a batch");
    }
}

static void rounds_by_batch(void *arg)
{
    const struct job *job = arg;
    struct rel4_batch batch;

    for (unsigned left = work.rounds; left; left--) {
        rel4_batch_begin(&batch, NULL, job->end);
        FOR_EACH_UNIT(job) {
            rel4_batch_page_map(&batch, frames[unit].frame, seL4_CapInitThreadVSpace, frames[unit].address,
                                seL4_ReadWrite, seL4_RISCV_ExecuteNever);
        }
        finish(&batch);
        touch_all(job);
        rel4_batch_begin(&batch, NULL, job->end);
        FOR_EACH_UNIT(job) {
            rel4_batch_page_unmap(&batch, frames[unit].frame);
        }
        finish(&batch);
    }
}

static void rounds_by_repeat(void *arg)
{
    const struct job *job = arg;

    for (unsigned left = work.rounds; left; left--) {
        int error = rel4_page_map_range(frames[0].frame, seL4_CapInitThreadVSpace, frames[0].address, 4096,
                                        job->end, seL4_ReadWrite, seL4_RISCV_ExecuteNever, NULL);
        touch_all(job);
        error = error ? error : rel4_page_unmap_range(frames[0].frame, job->end, NULL);
        if (error) {
            fail(error, "a repeated call");
        }
    }
}

/* Hot, so that the linker puts them beside the library's hot code. */
static void rounds_by_ring(void *job) __attribute__((hot));
static void rounds_by_trap(void *job) __attribute__((hot));

WAYS(rounds)

const struct phase page_rounds = { PHASE(rounds), .batch = rounds_by_batch, .repeat = rounds_by_repeat };

const struct scenario pages = {
    .name = "map-unmap",
    .round = "one Page Map and one Page Unmap",
    .init = pages_init,
    .phases = { &page_rounds },
    .check = pages_check,
};
