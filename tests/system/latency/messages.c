/*
 * Messages of full length with capabilities, in CSpaces that take 63 steps for every lookup, and what else
 * takes long for its registers and lookups.
 */
#include <string.h>

#include <rel4/invocations.h>
#include <rel4/ring.h>

#include "latency.h"

/* The CSpace: 62 CNodes of two slots and one of four behind them. Each names the next in its slot 0. */
#define NODES 63

/* What the last one holds; as pointers they are just these numbers. */
enum {
    LEAF_ENDPOINT,
    LEAF_NOTIFICATION,
    LEAF_ROOT,
    LEAF_EMPTY
};

#define LENGTH 120

static seL4_CPtr nodes[NODES], endpoint, notification;

static void copy_to(seL4_CPtr node, seL4_Word slot, seL4_Word bits, seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Copy(node, slot, bits, CNODE, cap, DEPTH, seL4_AllRights));
}

static void build_deep_cspace(void)
{
    endpoint = test_object(seL4_EndpointObject, 0);
    notification = test_object(seL4_NotificationObject, 0);
    for (unsigned i = 0; i < NODES; i++) {
        nodes[i] = test_object(seL4_CapTableObject, i == NODES - 1 ? 2 : 1);
    }
    for (unsigned i = 0; i + 1 < NODES; i++) {
        copy_to(nodes[i], 0, 1, nodes[i + 1]);
    }
    copy_to(nodes[NODES - 1], LEAF_ENDPOINT, 2, endpoint);
    copy_to(nodes[NODES - 1], LEAF_NOTIFICATION, 2, notification);
    copy_to(nodes[NODES - 1], LEAF_ROOT, 2, nodes[0]);
}

static void empty_leaf(void)
{
    CHECK_OK(seL4_CNode_Delete(nodes[NODES - 1], LEAF_EMPTY, 2));
}

/* A message of full length with three capabilities, and room for one. */
static seL4_MessageInfo_t fill_message(void)
{
    for (int i = 0; i < LENGTH; i++) {
        seL4_SetMR(i, (seL4_Word)i);
    }
    for (int i = 0; i < 3; i++) {
        seL4_SetCap(i, LEAF_NOTIFICATION);
    }
    seL4_SetCapReceivePath(LEAF_ROOT, LEAF_EMPTY, seL4_WordBits);
    return seL4_MessageInfo_new(0, 0, 3, LENGTH);
}

static volatile unsigned served, answered;

static void serve(void *arg)
{
    seL4_Word badge;

    seL4_Recv(LEAF_ENDPOINT, &badge);
    for (;;) {
        served++;
        seL4_Wait(LEAF_NOTIFICATION, NULL);
        fill_message();
        seL4_ReplyRecv(LEAF_ENDPOINT, seL4_MessageInfo_new(0, 0, 3, LENGTH), &badge);
    }
}

static void ask(void *arg)
{
    seL4_Call(LEAF_ENDPOINT, fill_message());
    answered++;
    seL4_Wait(LEAF_EMPTY, NULL);
}

static struct test_thread *deep_thread(void (*entry)(void *), void *arg)
{
    struct test_thread *thread = test_thread_create(entry, arg, TEST_PRIORITY + 1, 0);

    CHECK_OK(seL4_TCB_SetSpace(thread->tcb, 0, nodes[0], 0, seL4_CapInitThreadVSpace, 0));
    return thread;
}

TEST("latency: Call, and ReplyRecv that answers one and receives another, of 120 words and 3 capabilities")
{
    build_deep_cspace();
    served = answered = 0;
    struct test_thread *server = deep_thread(serve, NULL), *first = deep_thread(ask, NULL);
    struct test_thread *second = deep_thread(ask, NULL);

    test_thread_start(server);
    test_thread_start(first);
    CHECK_EQUAL(served, 1);
    empty_leaf();
    test_thread_start(second);
    seL4_Signal(notification);
    CHECK_EQUAL(served, 2);
    CHECK_EQUAL(answered, 1);
}

/* The same lookups for invocations, which this thread makes with the deep CSpace as its own. */
static void invoke_deep(void *arg)
{
    seL4_CPtr first = LEAF_ROOT;

    for (unsigned i = 0; i < 2; i++) {
        seL4_CNode_Copy(first, LEAF_EMPTY, seL4_WordBits, first, LEAF_NOTIFICATION, seL4_WordBits,
                        seL4_AllRights);
        seL4_CNode_Rotate(first, LEAF_ENDPOINT, seL4_WordBits, 0, first, LEAF_NOTIFICATION, seL4_WordBits, 0,
                          first, LEAF_ENDPOINT, seL4_WordBits);
        seL4_CNode_Delete(first, LEAF_EMPTY, seL4_WordBits);
    }
    answered++;
}

TEST("latency: CNode invocations with the longest lookups")
{
    build_deep_cspace();
    answered = 0;
    test_thread_start(deep_thread(invoke_deep, NULL));
    CHECK_EQUAL(answered, 1);
}

static seL4_CPtr wide;

/* Retype of 256 objects through the longest lookups: of the untyped, which is in LEAF_NOTIFICATION's place,
 * and twice for the destination. */
static void retype_deep(void *arg)
{
    answered += !seL4_Untyped_Retype(LEAF_NOTIFICATION, seL4_TCBObject, 0, LEAF_ROOT, LEAF_EMPTY,
                                     seL4_WordBits, 0, 256);
}

TEST("latency: Retype of 256 threads with the longest lookups")
{
    seL4_CPtr memory = big_memory(20);

    build_deep_cspace();
    answered = 0;
    wide = test_object(seL4_CapTableObject, 8);
    CHECK_OK(seL4_CNode_Delete(nodes[NODES - 1], LEAF_NOTIFICATION, 2));
    CHECK_OK(seL4_CNode_Move(nodes[NODES - 1], LEAF_NOTIFICATION, 2, CNODE, memory, DEPTH));
    CHECK_OK(seL4_CNode_Move(nodes[NODES - 1], LEAF_EMPTY, 2, CNODE, wide, DEPTH));
    test_thread_start(deep_thread(retype_deep, NULL));
    CHECK_EQUAL(answered, 1);
    big_reset();
}

/* Most of the frames that one call takes, through the longest lookups: of the queue and of the CNode. */
static void add_frames_deep(void *arg)
{
    answered += !rel4_AsyncQueue_AddFrames(LEAF_NOTIFICATION, 0, REL4_QUEUE_FRAMES_PER_CALL, 0, LEAF_EMPTY);
}

TEST("latency: AddFrames of 128 frames with the longest lookups")
{
    seL4_CPtr memory = big_memory(20), queue = test_object(REL4_TYPE_ASYNC_QUEUE, 8);

    build_deep_cspace();
    answered = 0;
    wide = test_object(seL4_CapTableObject, 8);
    CHECK_OK(seL4_Untyped_Retype(memory, seL4_RISCV_4K_Page, 0, CNODE, wide, DEPTH, 0,
                                 REL4_QUEUE_FRAMES_PER_CALL));
    CHECK_OK(rel4_AsyncQueue_Bind(queue, REL4_REQUESTS_MAX_BITS, REL4_RESPONSES_MAX_BITS, REL4_POLICY_CALL,
                                  REL4_INTERFACE_VERSION, 0, ~0ul, ~0ul, seL4_CapInitThreadTCB,
                                  test_object(seL4_NotificationObject, 0)));
    CHECK_OK(seL4_CNode_Delete(nodes[NODES - 1], LEAF_NOTIFICATION, 2));
    CHECK_OK(seL4_CNode_Move(nodes[NODES - 1], LEAF_NOTIFICATION, 2, CNODE, queue, DEPTH));
    CHECK_OK(seL4_CNode_Move(nodes[NODES - 1], LEAF_EMPTY, 2, CNODE, wide, DEPTH));
    test_thread_start(deep_thread(add_frames_deep, NULL));
    CHECK_EQUAL(answered, 1);
    big_reset();
}

static volatile seL4_Word counter;

static void count(void *arg)
{
    for (;;) {
        counter++;
    }
}

TEST("latency: all registers of a thread, read, written and copied while it runs elsewhere")
{
    seL4_UserContext regs = { 0 };
    struct test_thread *thread = test_thread_create(count, NULL, TEST_PRIORITY - 1, 0);

    test_thread_set_node(thread, test_nodes() - 1);
    test_thread_start(thread);
    for (unsigned i = 0; i < 20; i++) {
        CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, false, 0, sizeof(regs) / sizeof(seL4_Word), &regs));
        CHECK_OK(seL4_TCB_WriteRegisters(thread->tcb, true, 0, sizeof(regs) / sizeof(seL4_Word), &regs));
        CHECK_OK(seL4_TCB_Suspend(thread->tcb));
        CHECK_OK(seL4_TCB_Resume(thread->tcb));
    }
}

static void fault(void *arg)
{
    *(volatile seL4_Word *)arg = 1;
}

TEST("latency: a fault without a handler, which is reported on the console, and console output")
{
    for (const char *c = "# console output\n"; *c; c++) {
        seL4_DebugPutChar(*c);
    }
    test_thread_start(test_thread_create(fault, (void *)16, TEST_PRIORITY + 1, 0));
}
