/*
 * The load: each frame is mapped at its own address and unmapped again, some times over. What is measured
 * begins with the first call and ends with the last answer; all else is done before or afterwards.
 */
#include <stdio.h>
#include <stdlib.h>

#include <rel4/setup.h>
#include <sel4/simple.h>

#include "allocator.h"

#define RANGE 0x2000000000 /* where the frames are mapped */
#define RINGS 0x2040000000

enum {
    RING_BITS = MAX_FRAMES_LOG, /* one request of each coroutine fits */
    STACK_BYTES = 1024,
    PRIORITY = 3,
    EMULATED_TRAPS = 5,         /* instructions of an entry of lib/rel4 that trap on the emulated backend, */
    EMULATED_RESTART_TRAPS = 2, /* and those in addition if it restarts a sequence */
};

struct page {
    seL4_CPtr frame;
    seL4_Word address;
    seL4_Word value; /* that was written to it */
};

/* What the coroutines of one run do. */
static struct {
    unsigned rounds;
    bool touches; /* looks at the page and writes to it */
    bool failed;
} work;

static struct page pages[MAX_FRAMES];
static struct rel4_executor executor;
static struct rel4_thread thread;
static char handler_stack[2048] __attribute__((aligned(16)));
static char pool[(MAX_FRAMES + 1) * (STACK_BYTES + sizeof(struct rel4_coroutine)) + 64];

static void require(int error, const char *what)
{
    if (error) {
        printf("allocator: %s: error %d\n", what, error);
        exit(1);
    }
}

static void make_pages(void)
{
    for (unsigned i = 0; i < MAX_FRAMES; i++) {
        struct page *page = &pages[i];

        *page = (struct page){ .frame = simple_object(seL4_RISCV_4K_Page, 0), .address = RANGE + i * 4096ul };
        if (!page->frame)
            require(seL4_NotEnoughMemory, "a frame");
        /* The first mapping makes the tables. */
        require(simple_map_page(seL4_CapInitThreadVSpace, page->frame, page->address, seL4_ReadWrite,
                                seL4_RISCV_ExecuteNever),
                "page tables");
        require(seL4_RISCV_Page_Unmap(page->frame), "Page Unmap");
    }
}

/* Answers come as user interrupts where there are any. */
static seL4_CPtr make_notification(enum rel4_backend backend)
{
    seL4_CPtr notification = simple_object(seL4_NotificationObject, 0);

    rel4_init(&(struct rel4_resources){ .backend = backend });
    rel4_thread_init(&thread, seL4_CapInitThreadTCB);
    require(seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification), "BindNotification");
    if (backend != REL4_BACKEND_NONE)
        require(rel4_uintr_register_receiver(
                    notification, &(struct rel4_receiver_options){ .stack = handler_stack,
                                                                   .stack_bytes = sizeof(handler_stack) }),
                "RegisterReceiver");
    return simple_mint(notification, seL4_AllRights, 1);
}

void load_init(void)
{
    seL4_CPtr notification = make_notification(rel4_backend_of(seL4_GetBootInfo()));

    make_pages();
    require(rel4_queue_create(&executor.queue,
                              &(struct rel4_queue_options){
                                  .untyped = simple_object(seL4_UntypedObject, 18),
                                  .cnode = seL4_CapInitThreadCNode,
                                  .first_slot = simple_alloc_slots(rel4_queue_slots(RING_BITS, RING_BITS)),
                                  .vspace = seL4_CapInitThreadVSpace,
                                  .vaddr = RINGS,
                                  .tcb = seL4_CapInitThreadTCB,
                                  .notification = notification,
                                  .request_bits = RING_BITS,
                                  .response_bits = RING_BITS,
                                  .policy = (unsigned)settings.policy }),
            "the queue");
    require(rel4_executor_init(&executor, &(struct rel4_executor_options){ .memory = pool,
                                                                           .memory_bytes = sizeof(pool),
                                                                           .stack_bytes = STACK_BYTES,
                                                                           .looks = (unsigned)settings.looks,
                                                                           .answer_bit = 1 }),
            "the executor");
}

static seL4_Word now(void)
{
    seL4_Word value;

    if (settings.instructions)
        __asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
    else
        __asm__ volatile("rdtime %0" : "=r"(value)::"memory");
    return value;
}

static void touch(struct page *page)
{
    volatile seL4_Word *word = (volatile seL4_Word *)page->address;

    work.failed |= *word != page->value;
    page->value += page->address;
    *word = page->value;
}

static void rounds_by_trap(struct page *page)
{
    for (unsigned i = 0; i < work.rounds; i++) {
        work.failed |= seL4_RISCV_Page_Map(page->frame, seL4_CapInitThreadVSpace, page->address,
                                           seL4_ReadWrite, seL4_RISCV_ExecuteNever) != seL4_NoError;
        if (work.touches)
            touch(page);
        work.failed |= seL4_RISCV_Page_Unmap(page->frame) != seL4_NoError;
    }
}

/* The same as a coroutine. */
static void rounds(void *arg)
{
    struct page *page = arg;

    for (unsigned i = 0; i < work.rounds; i++) {
        work.failed |= rel4_page_map(page->frame, seL4_CapInitThreadVSpace, page->address, seL4_ReadWrite,
                                     seL4_RISCV_ExecuteNever) != seL4_NoError;
        if (work.touches)
            touch(page);
        work.failed |= rel4_page_unmap(page->frame) != seL4_NoError;
    }
}

/* Does the work with so many frames, and returns the time it took. */
static seL4_Word run(enum mode mode, unsigned frames)
{
    seL4_Word start;

    if (mode == MODE_SYNC) {
        start = now();
        for (unsigned i = 0; i < frames; i++)
            rounds_by_trap(&pages[i]);
        return now() - start;
    }
    rel4_set_mode(mode == MODE_ASYNC ? REL4_ASYNC : REL4_ADAPTIVE);
    for (unsigned i = 0; i < frames; i++)
        work.failed |= !rel4_coroutine_create(rounds, &pages[i], PRIORITY);
    start = now();
    work.failed |= rel4_run() != 0;
    return now() - start;
}

/* Adds what has happened between two looks. The statistics of the kernel are words, one behind the other. */
static void add_counts(struct counts *counts, const struct rel4_stats *before, const struct rel4_stats *after)
{
    const seL4_Word *from = (const seL4_Word *)&before->kernel, *to = (const seL4_Word *)&after->kernel;
    seL4_Word *sum = (seL4_Word *)&counts->kernel;

    for (unsigned i = 0; i < sizeof(counts->kernel) / sizeof(seL4_Word); i++)
        sum[i] += to[i] - from[i];
    counts->user_interrupts += after->user_interrupts - before->user_interrupts;
    counts->traps += after->by_trap - before->by_trap + after->wakes - before->wakes + after->blocks -
                     before->blocks + after->yields - before->yields;
}

bool load_run(struct point *point, int repetition)
{
    bool emulated = rel4_backend_of(seL4_GetBootInfo()) == REL4_BACKEND_EMULATED;
    struct rel4_statistics interrupts_before, interrupts_after;
    struct rel4_stats before, after;
    struct counts counts = point->counts;

    work.rounds = point->rounds;
    work.touches = false;
    work.failed = false;
    rel4_stats(&before);
    rel4_thread_statistics(&interrupts_before);
    seL4_Word time = run(point->mode, point->frames);
    rel4_stats(&after);
    rel4_thread_statistics(&interrupts_after);

    counts.calls += 2ul * point->frames * point->rounds;
    if (point->mode == MODE_SYNC) {
        counts.traps += 2ul * point->frames * point->rounds;
    } else {
        add_counts(&counts, &before, &after);
        if (emulated)
            counts.traps += EMULATED_TRAPS * (interrupts_after.interrupts - interrupts_before.interrupts) +
                            EMULATED_RESTART_TRAPS * (interrupts_after.restarts - interrupts_before.restarts);
    }
    if (repetition >= 0) {
        point->totals[repetition] = time;
        point->counts = counts;
    }

    /* Do the pages that it maps hold what was written to them the last time? */
    work.rounds = 2;
    work.touches = true;
    run(point->mode, point->frames);
    return !work.failed;
}
