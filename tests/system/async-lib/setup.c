/*
 * Making queues where other threads make them, too: a page table that is missing may be there a moment later.
 */
#include "lib.h"

#include <string.h>

#define BITS       6 /* of the request ring: with the other one, two pages */
#define PAGES      2
#define PAGE       4096ul
#define MEGA       0x200000ul
#define GIGA       0x40000000ul
#define AREA       LIB_RINGS(0)
#define MEMORY     16 /* log2 of what a queue takes at most, with four tables */
#define MAX_TABLES 4

/* What a queue is made of. */
struct parts {
    struct rel4_queue queue;
    struct rel4_queue_options options;
    seL4_CPtr untyped;
};

static void prepare(struct parts *parts, seL4_CPtr tcb, seL4_Word vaddr)
{
    memset(&parts->queue, 0, sizeof(parts->queue));
    parts->untyped = test_object(seL4_UntypedObject, MEMORY);
    parts->options = (struct rel4_queue_options){
        .untyped = parts->untyped,
        .cnode = seL4_CapInitThreadCNode,
        .first_slot = lib_slots(rel4_queue_slots(BITS, BITS + 1)),
        .vspace = seL4_CapInitThreadVSpace,
        .vaddr = vaddr,
        .tcb = tcb,
        .notification = test_object(seL4_NotificationObject, 0),
        .request_bits = BITS,
        .response_bits = BITS + 1,
    };
}

/* Whether there is a queue, whose rings are mapped: else it faults. */
static bool is_mapped(const struct parts *parts)
{
    if (!parts->queue.requests) {
        return false;
    }
    for (unsigned i = 0; i < PAGES; i++) {
        if (*(volatile uint32_t *)(parts->options.vaddr + i * PAGE) != (i ? 0 : REL4_INTERFACE_VERSION)) {
            return false;
        }
    }
    return true;
}

/* All of the memory is there again, and so are the slots. */
static void check_whole(const struct parts *parts)
{
    seL4_CPtr slot = parts->options.first_slot;

    for (unsigned i = 0; i < rel4_queue_slots(BITS, BITS + 1); i++) {
        CHECK_OK(seL4_Untyped_Retype(parts->untyped, seL4_UntypedObject, i ? 4 : MEMORY,
                                     seL4_CapInitThreadCNode, 0, 0, slot + i, 1));
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, slot + i, seL4_WordBits));
    }
}

/*
 * Another thread that is faster. The queue's untyped is an endpoint, at which it makes what the untyped would
 * have made; but first it maps tables of its own where they are missing, so many each time that a table is
 * asked for.
 */
static struct {
    struct parts parts;
    seL4_CPtr endpoint;
    unsigned plan[MAX_TABLES]; /* tables to map each time */
    unsigned asked;            /* tables asked for */
    seL4_CPtr tables;          /* what to map */
    unsigned mapped;
} faster;

static void map_own(seL4_Word vaddr)
{
    CHECK_OK(seL4_RISCV_PageTable_Map(faster.tables + faster.mapped, seL4_CapInitThreadVSpace, vaddr,
                                      seL4_RISCV_Default_VMAttributes));
    faster.mapped++;
}

static void serve_untyped(void *arg)
{
    seL4_MessageInfo_t info = seL4_Recv(faster.endpoint, NULL);

    for (;;) {
        seL4_Word type = seL4_GetMR(0), bits = seL4_GetMR(1), slot = seL4_GetMR(4), count = seL4_GetMR(5);
        seL4_Error error = seL4_InvalidArgument;

        CHECK_EQUAL(seL4_MessageInfo_get_label(info), UntypedRetype);
        if (type == seL4_RISCV_PageTableObject) {
            CHECK(faster.asked < MAX_TABLES);
            for (unsigned i = 0; i < faster.plan[faster.asked]; i++) {
                map_own(faster.parts.options.vaddr);
            }
            faster.asked++;
        }
        error =
            seL4_Untyped_Retype(faster.parts.untyped, type, bits, seL4_CapInitThreadCNode, 0, 0, slot, count);
        info = seL4_ReplyRecv(faster.endpoint, seL4_MessageInfo_new(error, 0, 0, 0), NULL);
    }
}

static void start_faster(seL4_Word vaddr, const unsigned plan[MAX_TABLES])
{
    struct test_thread *thread;

    test_reset();
    memset(&faster, 0, sizeof(faster));
    prepare(&faster.parts, seL4_CapInitThreadTCB, vaddr);
    faster.endpoint = faster.parts.options.untyped = test_object(seL4_EndpointObject, 0);
    memcpy(faster.plan, plan, sizeof(faster.plan));
    faster.tables = lib_slots(MAX_TABLES);
    CHECK_OK(seL4_Untyped_Retype(test_arena, seL4_RISCV_PageTableObject, 0, seL4_CapInitThreadCNode, 0, 0,
                                 faster.tables, MAX_TABLES));
    thread = test_thread_create(serve_untyped, NULL, TEST_PRIORITY + 1, 0);
    test_thread_set_node(thread, test_nodes() - 1);
    test_thread_start(thread);
}

TEST("async queues: it does not matter which of the missing page tables another thread maps first")
{
    static const struct {
        seL4_Word vaddr;
        unsigned plan[MAX_TABLES];
        unsigned asked, tables; /* of the queue: made, and in use */
    } cases[] = {
        { AREA, { 0, 0 }, 2, 2 },
        { AREA, { 1 }, 1, 1 },
        { AREA, { 2 }, 1, 0 },
        { AREA, { 0, 1 }, 2, 1 },
        /* The rings begin in one area, and end in the next. */
        { AREA + MEGA - PAGE, { 0, 0, 0 }, 3, 3 },
        { AREA + MEGA - PAGE, { 2 }, 1, 1 },
        { AREA + MEGA - PAGE, { 1, 0 }, 2, 2 },
        { AREA + MEGA - PAGE, { 0, 1 }, 2, 2 },
        { AREA + GIGA - PAGE, { 0, 0, 0, 0 }, 4, 4 },
        { AREA + GIGA - PAGE, { 2, 0 }, 2, 2 },
        { AREA + GIGA - PAGE, { 0, 1, 0 }, 3, 3 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parts *parts = &faster.parts;

        start_faster(cases[i].vaddr, cases[i].plan);
        CHECK_OK(rel4_queue_create(&parts->queue, &parts->options));
        CHECK(is_mapped(parts));
        CHECK_EQUAL(faster.asked, cases[i].asked);
        CHECK_EQUAL(parts->queue.slots_used, 1 + PAGES + cases[i].tables);
        rel4_queue_destroy(&parts->queue);
        CHECK_EQUAL(parts->queue.slots_used, 0);
        check_whole(parts);
    }
}

TEST("async queues: a large page in the way is an error, and leaves nothing behind")
{
    static const unsigned plan[MAX_TABLES] = { 0 };
    struct parts *parts = &faster.parts;

    start_faster(AREA, plan);
    map_own(AREA);
    seL4_CPtr page = test_object(seL4_RISCV_Mega_Page, 0);
    CHECK_OK(
        seL4_RISCV_Page_Map(page, seL4_CapInitThreadVSpace, AREA, seL4_ReadWrite, seL4_RISCV_ExecuteNever));
    CHECK_ERROR(rel4_queue_create(&parts->queue, &parts->options), seL4_DeleteFirst);
    CHECK_EQUAL(parts->queue.slots_used, 0);
    check_whole(parts);
    /* The same for who maps a page. */
    CHECK_ERROR(simple_map_page(seL4_CapInitThreadVSpace, test_object(seL4_RISCV_4K_Page, 0), AREA,
                                seL4_ReadWrite, seL4_RISCV_ExecuteNever),
                seL4_DeleteFirst);
}

/*
 * Threads that make queues beside each other, at the same time.
 */
#define MAKERS 2
static struct maker {
    struct parts parts;
    seL4_CPtr go, done;
    int error;
} makers[MAKERS];

static unsigned begun;

/* Waits until all have come, so that they begin at the same time if they are on different harts. */
static void begin_together(void)
{
    unsigned all = __atomic_fetch_add(&begun, 1, __ATOMIC_SEQ_CST) / MAKERS * MAKERS + MAKERS;

    while (__atomic_load_n(&begun, __ATOMIC_SEQ_CST) < all) {
        seL4_Yield();
    }
}

static void make_queues(void *arg)
{
    struct maker *self = arg;

    for (;;) {
        seL4_Wait(self->go, NULL);
        begin_together();
        self->error = rel4_queue_create(&self->parts.queue, &self->parts.options);
        seL4_Signal(self->done);
        /* Nobody takes a page table away before the other one is ready. */
        seL4_Wait(self->go, NULL);
        rel4_queue_destroy(&self->parts.queue);
        seL4_Signal(self->done);
    }
}

static void let_all_go(unsigned first)
{
    for (unsigned i = 0; i < MAKERS; i++) {
        seL4_Signal(makers[(first + i) % MAKERS].go);
    }
    for (unsigned i = 0; i < MAKERS; i++) {
        seL4_Wait(makers[i].done, NULL);
    }
}

static void check_made(void)
{
    unsigned tables = 0;

    for (unsigned i = 0; i < MAKERS; i++) {
        CHECK_OK(makers[i].error);
        if (makers[i].error) {
            return;
        }
    }
    for (unsigned i = 0; i < MAKERS; i++) {
        CHECK(is_mapped(&makers[i].parts));
        tables += makers[i].parts.queue.slots_used - 1 - PAGES;
    }
    CHECK_EQUAL(tables, 2);
}

TEST("async queues: two threads make queues in the same 2 MiB at once, on one hart and on two")
{
    for (seL4_Word node = 0; node < 2 && node < test_nodes(); node++) {
        test_reset();
        begun = 0;
        for (unsigned i = 0; i < MAKERS; i++) {
            struct test_thread *thread = test_thread_create(make_queues, &makers[i], TEST_PRIORITY, 0);

            prepare(&makers[i].parts, thread->tcb, AREA + i * (PAGES * PAGE));
            makers[i].go = test_object(seL4_NotificationObject, 0);
            makers[i].done = test_object(seL4_NotificationObject, 0);
            test_thread_set_node(thread, i ? node : 0);
            test_thread_start(thread);
        }
        for (unsigned round = 0; round < SOAK_OR(10000, 200); round++) {
            let_all_go(round % MAKERS);
            check_made();
            let_all_go(round % MAKERS);
        }
        for (unsigned i = 0; i < MAKERS; i++) {
            check_whole(&makers[i].parts);
        }
    }
}

/* The tables that simple_map_page() makes stay, so each round is somewhere else. */
TEST("async queues: one thread makes a queue where another one maps a page with simple_map_page()")
{
    struct maker *maker = &makers[0];
    struct test_thread *thread = test_thread_create(make_queues, maker, TEST_PRIORITY, 0);
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);

    begun = 0;
    prepare(&maker->parts, thread->tcb, 0);
    maker->go = test_object(seL4_NotificationObject, 0);
    maker->done = test_object(seL4_NotificationObject, 0);
    test_thread_set_node(thread, test_nodes() - 1);
    test_thread_start(thread);
    for (unsigned round = 0; round < 200; round++) {
        seL4_Word area = LIB_RINGS(LIB_USERS) + round * MEGA;

        maker->parts.options.vaddr = area;
        seL4_Signal(maker->go);
        begin_together();
        CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, frame, area + MEGA / 2, seL4_ReadWrite,
                                 seL4_RISCV_ExecuteNever));
        seL4_Wait(maker->done, NULL);
        CHECK_OK(maker->error);
        CHECK(is_mapped(&maker->parts));
        CHECK_OK(seL4_RISCV_Page_Unmap(frame));
        seL4_Signal(maker->go);
        seL4_Wait(maker->done, NULL);
    }
    check_whole(&maker->parts);
}

static void call_often(void *arg)
{
    seL4_Word address;

    for (unsigned i = 0; i < 100; i++) {
        CHECK_OK(rel4_page_get_address((seL4_CPtr)arg, &address));
    }
}

TEST("async queues: page tables of their own memory stay, so the queues beside go on")
{
    struct lib_user *user = &lib_users[0];
    struct test_thread *other = test_thread_create(call_often, NULL, TEST_PRIORITY, 0);
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);
    struct parts first, second;

    prepare(&first, other->tcb, AREA);
    prepare(&second, seL4_CapInitThreadTCB, AREA + PAGES * PAGE);
    first.options.tables = test_object(seL4_UntypedObject, 14);
    CHECK_OK(seL4_TCB_BindNotification(seL4_CapInitThreadTCB, second.options.notification));
    CHECK_OK(rel4_queue_create(&first.queue, &first.options));
    CHECK_OK(rel4_queue_create(&second.queue, &second.options));
    CHECK_EQUAL(first.queue.slots_used, 1 + PAGES + 2);
    CHECK_EQUAL(second.queue.slots_used, 1 + PAGES);

    for (unsigned i = 0; i < 10; i++) {
        rel4_queue_destroy(&first.queue);
        CHECK_EQUAL(first.queue.slots_used, i ? 0 : 2);
        if (i == 0) {
            CHECK_EQUAL(first.queue.first_slot, first.options.first_slot + 1 + PAGES);
        }
        /* Its memory is whole. */
        CHECK_OK(seL4_Untyped_Retype(first.untyped, seL4_UntypedObject, MEMORY, seL4_CapInitThreadCNode, 0, 0,
                                     first.options.first_slot, 1));
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, first.options.first_slot, seL4_WordBits));
        CHECK(is_mapped(&second));
        CHECK_OK(rel4_queue_create(&first.queue, &first.options));
        CHECK(is_mapped(&first));
    }
    /* The first one is gone, the second one is used. */
    rel4_queue_destroy(&first.queue);
    memset(&user->executor, 0, sizeof(user->executor));
    user->executor.queue = second.queue;
    rel4_init(&(struct rel4_resources){ .backend = REL4_BACKEND_NONE });
    CHECK_OK(rel4_executor_init(&user->executor, &(struct rel4_executor_options){
                                                     .memory = user->pool,
                                                     .memory_bytes = sizeof(user->pool),
                                                     .stack_bytes = LIB_STACK,
                                                     .answer_bit = 1,
                                                 }));
    lib_run(call_often, (void *)frame);
    lib_check_answered(100);
    rel4_executor_end();
    rel4_queue_destroy(&user->executor.queue);
    check_whole(&second);
    CHECK_OK(seL4_TCB_UnbindNotification(seL4_CapInitThreadTCB));
}
