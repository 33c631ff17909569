/*
 * Translations that a batch takes away are gone, on every hart, before the answers are there: what a thread
 * on another hart writes through an old mapping afterwards lands nowhere.
 */
#include "queue.h"

#define ROUNDS SOAK_OR(20000, test_nodes() > 1 ? 60 : 100)
#define PAGES  8ul
#define WAYS   4u /* to take a page away; and then all of them, one after the other */
#define WRITES ((volatile seL4_Word *)0x3002000000ul)
#define VIEW   ((volatile seL4_Word *)0x3002100000ul) /* the same pages, for the test */
#define WORDS  512ul                                  /* of a page */

static struct {
    struct queue *queue;
    seL4_CPtr untyped[PAGES], frames[PAGES], copies[PAGES];
    volatile seL4_Word turns, page;
    seL4_CPtr faults;
} it;

/* Writes to the pages one after the other, and once more where it faulted, for ever. */
static void scribble(void *arg)
{
    for (;;) {
        for (unsigned i = 0; i < PAGES; i++) {
            it.page = i;
            WRITES[i * WORDS] = ++it.turns;
        }
    }
}

static void map(seL4_CPtr frame, volatile seL4_Word *at)
{
    CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, frame, (seL4_Word)at, seL4_ReadWrite,
                             seL4_RISCV_ExecuteNever));
}

static void set_up(void)
{
    it.queue = queue_new(seL4_CapInitThreadTCB, 6, 6);
    for (unsigned i = 0; i < PAGES; i++) {
        it.untyped[i] = test_object(seL4_UntypedObject, 12);
        it.frames[i] = test_slot();
        it.copies[i] = test_slot();
    }
    it.faults = test_object(seL4_EndpointObject, 0);
}

static void begin(unsigned round)
{
    it.turns = 0;
    for (unsigned i = 0; i < PAGES; i++) {
        CHECK_OK(seL4_Untyped_Retype(it.untyped[i], seL4_RISCV_4K_Page, 0, seL4_CapInitThreadCNode, 0, 0,
                                     it.frames[i], 1));
        CHECK_OK(seL4_CNode_Copy(seL4_CapInitThreadCNode, it.copies[i], 64, seL4_CapInitThreadCNode,
                                 it.frames[i], 64, seL4_AllRights));
        map(it.copies[i], WRITES + i * WORDS);
    }
    struct test_thread *thread = test_thread_create(scribble, NULL, HOSTILE_PRIORITY, it.faults);
    test_thread_set_node(thread, round % test_nodes());
    test_thread_start(thread);
}

/* Takes page i away, in one of the ways there are. */
static void put_removal(unsigned way, unsigned i)
{
    struct queue *queue = it.queue;

    switch (way) {
    case 0:
        queue_put(queue, i, it.copies[i], RISCVPageUnmap, &(struct arguments){ 0 });
        break;
    case 1:
        queue_put(queue, i, seL4_CapInitThreadCNode, CNodeDelete,
                  &(struct arguments){ .length = 2, .words = { it.copies[i], 64 } });
        break;
    case 2:
        queue_put(queue, i, seL4_CapInitThreadCNode, CNodeRevoke,
                  &(struct arguments){ .length = 2, .words = { it.frames[i], 64 } });
        break;
    default:
        queue_put(queue, i, seL4_CapInitThreadCNode, CNodeRevoke,
                  &(struct arguments){ .length = 2, .words = { it.untyped[i], 64 } });
        break;
    }
}

/* Whether page i is written any more, seen through another mapping. */
static void check_quiet(unsigned i)
{
    seL4_Word first = VIEW[i * WORDS];

    for (volatile unsigned spin = 0; spin < 3000; spin++) {
    }
    CHECK_EQUAL(VIEW[i * WORDS], first);
}

TEST("async fence: pages taken away in one batch are not written once the answers are there")
{
    set_up();
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY));
    for (unsigned round = 0; round < ROUNDS; round++) {
        begin(round);
        unsigned way = round / 4 % (WAYS + 1);
        if (way < 2) {
            for (unsigned i = 0; i < PAGES; i++) {
                map(it.frames[i], VIEW + i * WORDS);
            }
        }
        WAIT_FOR(it.turns > PAGES * 3);
        for (unsigned i = 0; i < PAGES; i++) {
            for (unsigned w = way % WAYS; w <= way && w < WAYS; w++) {
                put_removal(w, i);
            }
        }
        if (way >= 3) {
            /* The memory is something else at once: a page with nothing in it. */
            for (unsigned i = 0; i < PAGES; i++) {
                queue_put(it.queue, PAGES + i, it.untyped[i], UntypedRetype,
                          &(struct arguments){ .length = 6,
                                               .words = { seL4_RISCV_4K_Page, 0, 0, 0, it.frames[i], 1 },
                                               .extras = 1,
                                               .caps = { seL4_CapInitThreadCNode } });
            }
        }
        queue_go(it.queue);
        for (unsigned i = 0; i < PAGES; i++) {
            for (unsigned w = way % WAYS; w <= way && w < WAYS; w++) {
                struct response response = queue_wait(it.queue);
                CHECK_RESPONSE(&response, i, seL4_NoError);
            }
            if (way < 2) {
                check_quiet(i);
            }
        }
        for (unsigned i = 0; way >= 3 && i < PAGES; i++) {
            struct response response = queue_wait(it.queue);
            CHECK_RESPONSE(&response, PAGES + i, seL4_NoError);
            map(it.frames[i], VIEW + i * WORDS);
            CHECK_EQUAL(VIEW[i * WORDS], 0);
            check_quiet(i);
        }
        /* It stands at a page that is not there any more. */
        seL4_Word badge;
        seL4_MessageInfo_t info = seL4_Recv(it.faults, &badge);
        CHECK_EQUAL(seL4_MessageInfo_get_label(info), seL4_Fault_VMFault);
        CHECK_EQUAL(seL4_GetMR(seL4_VMFault_Addr), (seL4_Word)(WRITES + it.page * WORDS));
        for (unsigned i = 0; i < PAGES; i++) {
            CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, it.untyped[i], 64));
        }
        if (round % 8 == 7) {
            test_reset();
            set_up();
        }
    }
}
