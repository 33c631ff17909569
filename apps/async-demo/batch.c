/*
 * The purpose of asynchronous calls: many coroutines make calls and share the traps.
 */
#include "demo.h"

/* In a part of the address space that has no page tables yet. */
#define ADDRESS 0x2000400000

enum {
    COUNT = 64,
    ROUNDS = 20,
    CALLS = 2 * COUNT * ROUNDS
};

struct user {
    seL4_CPtr frame;
    seL4_Word address;
    seL4_Word good; /* rounds in which the page held the right word */
};

static void use_page(void *arg)
{
    struct user *self = arg;
    volatile seL4_Word *page = (volatile seL4_Word *)self->address;

    for (seL4_Word i = 0; i < ROUNDS; i++) {
        if (rel4_page_map(self->frame, seL4_CapInitThreadVSpace, self->address, seL4_ReadWrite,
                          seL4_RISCV_ExecuteNever)) {
            return;
        }
        self->good += *page == i * self->address;
        *page = (i + 1) * self->address;
        if (rel4_page_unmap(self->frame)) {
            return;
        }
    }
}

/* Makes the page table that the pages need. Returns it, or null. */
static seL4_CPtr make_table(void)
{
    seL4_CPtr frame = simple_object(seL4_RISCV_4K_Page, 0);

    /* Mapping a page also maps the missing page tables; the page is unmapped again. */
    if (simple_map_page(seL4_CapInitThreadVSpace, frame, ADDRESS, seL4_ReadWrite, seL4_RISCV_ExecuteNever) ||
        seL4_RISCV_Page_Unmap(frame)) {
        return seL4_CapNull;
    }
    return frame;
}

void show_batch(void)
{
    static struct user users[COUNT];
    rel4_coroutine_id ids[COUNT];
    struct rel4_stats before, after;
    seL4_Word good = 0;

    expect_fact("there are page tables", true, make_table() != seL4_CapNull);
    rel4_stats(&before);
    for (int i = 0; i < COUNT; i++) {
        users[i].frame = simple_object(seL4_RISCV_4K_Page, 0);
        users[i].address = ADDRESS + (seL4_Word)i * 4096;
        ids[i] = rel4_coroutine_create(use_page, &users[i], 3);
    }
    for (int i = 0; i < COUNT; i++) {
        rel4_coroutine_join(ids[i]);
        good += users[i].good;
    }
    rel4_stats(&after);
    seL4_Word traps = after.wakes + after.blocks - before.wakes - before.blocks;
    expect("rounds of map, use and unmap", (seL4_Word)COUNT * ROUNDS, good);
    expect("calls", CALLS, after.submitted - before.submitted);
    say("these calls took %lu traps, one for %lu of them; the kernel served", traps,
        traps ? CALLS / traps : CALLS);
    say("%lu on idle harts, %lu in wake calls, %lu when the thread blocked, %lu at ticks",
        after.kernel.served[REL4_PLACE_IDLE] - before.kernel.served[REL4_PLACE_IDLE],
        after.kernel.served[REL4_PLACE_CALL] - before.kernel.served[REL4_PLACE_CALL],
        after.kernel.served[REL4_PLACE_BLOCK] - before.kernel.served[REL4_PLACE_BLOCK],
        after.kernel.served[REL4_PLACE_TICK] - before.kernel.served[REL4_PLACE_TICK]);
    if (seL4_GetBootInfo()->numNodes == 1) {
        expect_fact("on one hart: at most 1.2 traps for 64 calls, and 2", true,
                    traps * 10 * 64 <= CALLS * 12ul + 2ul * 10 * 64);
    }
}
