/*
 * Many coroutines, each of which maps and unmaps a page of its own, again and again: the load that
 * asynchronous calls are made for.
 */
#include "lib.h"

struct mapper {
    seL4_CPtr frame;
    seL4_Word vaddr;
    unsigned rounds;
    unsigned good;
};

static struct mapper mappers[LIB_COROUTINES];

/* Every page must hold what was written through its mapping. */
static void map_and_unmap(void *arg)
{
    struct mapper *self = arg;
    volatile seL4_Word *page = (volatile seL4_Word *)self->vaddr;

    for (unsigned i = 0; i < self->rounds; i++) {
        if (rel4_page_map(self->frame, seL4_CapInitThreadVSpace, self->vaddr, seL4_ReadWrite,
                          seL4_RISCV_ExecuteNever)) {
            return;
        }
        self->good += *page == (i ? self->vaddr + i - 1 : 0);
        *page = self->vaddr + i;
        if (rel4_page_unmap(self->frame)) {
            return;
        }
    }
}

/* Runs them, and checks that every round of each did what it should. */
static void run_mappers(unsigned count, unsigned rounds)
{
    seL4_CPtr frames = lib_pages(count);

    for (unsigned i = 0; i < count; i++) {
        mappers[i] = (struct mapper){ frames + i, LIB_PAGES + i * 4096ul, rounds, 0 };
        CHECK(rel4_coroutine_create(map_and_unmap, &mappers[i], 3));
    }
    CHECK_EQUAL(rel4_run(), 0);
    for (unsigned i = 0; i < count; i++) {
        CHECK_EQUAL(mappers[i].good, rounds);
    }
}

TEST("async load: 64 coroutines that map and unmap trap once per 64 calls, on one hart")
{
    enum {
        COUNT = 64,
        ROUNDS = 50,
        CALLS = 2 * COUNT * ROUNDS
    };

    LIB_SET_UP(.mode = REL4_ASYNC);
    run_mappers(COUNT, ROUNDS);
    struct rel4_stats stats = lib_stats();
    test_note("%d calls, %lu traps, of which %lu wakes; %lu served in the wake call, %lu on an idle hart",
              CALLS, lib_traps(&stats), stats.wakes, stats.kernel.served[REL4_PLACE_CALL],
              stats.kernel.served[REL4_PLACE_IDLE]);
    CHECK_EQUAL(stats.submitted, CALLS);
    CHECK_EQUAL(stats.answered, CALLS);
    CHECK_EQUAL(stats.kernel.wakes, stats.wakes);
    if (test_nodes() == 1) {
        CHECK(lib_traps(&stats) * COUNT * 10 <= CALLS * 12 + 2 * COUNT * 10);
    }
}
