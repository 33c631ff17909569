/*
 * Deleting CNodes in CNodes: chains, wide trees, cycles and random graphs. What proves that nothing is left
 * is that the untyped they were made from has no children any more.
 */
#include "objects.h"

/* A chain of CNodes, each the only holder of the next. Returns the first. */
static seL4_CPtr new_chain(seL4_CPtr untyped, unsigned length, seL4_Word slot, seL4_Word radix)
{
    seL4_CPtr first = new_cnode_from(untyped, radix);
    seL4_CPtr outer = test_slot();

    for (unsigned i = 1; i < length; i++) {
        CHECK_OK(seL4_Untyped_Retype(untyped, seL4_CapTableObject, radix, ROOT, 0, 0, outer, 1));
        put(outer, slot, radix, first);
        CHECK_OK(move_to(first, outer));
    }
    return first;
}

/* Nothing made from the untyped is left, and all of its memory can be used again. */
static void check_nothing_left(seL4_CPtr untyped, seL4_Word bits)
{
    CHECK(is_childless(untyped));
    CHECK_EQUAL(free_bytes(untyped), 1ul << bits);
    make(untyped, seL4_UntypedObject, bits);
}

TEST("4.10 nested CNodes: a chain of 1000 goes with its first")
{
    for (seL4_Word slot = 0; slot < 2; slot++) {
        seL4_CPtr untyped = test_object(seL4_UntypedObject, 17);
        seL4_CPtr first = new_chain(untyped, 1000, slot, 1);
        CHECK(!is_childless(untyped));
        CHECK_OK(delete_cap(first));
        CHECK(is_empty(first));
        check_nothing_left(untyped, 17);
    }
}

TEST("4.10 nested CNodes: a chain goes when its memory is revoked")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 17);
    seL4_CPtr first = new_chain(untyped, 500, 5, 3);

    CHECK_OK(revoke_cap(untyped));
    CHECK(is_empty(first));
    check_nothing_left(untyped, 17);
}

TEST("4.10 nested CNodes: a CNode full of full CNodes")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 18);
    seL4_CPtr outer = new_cnode(6);
    seL4_CPtr inner = test_slot();

    for (seL4_Word i = 0; i < 64; i++) {
        CHECK_OK(seL4_Untyped_Retype(untyped, seL4_CapTableObject, 4, ROOT, 0, 0, inner, 1));
        CHECK_OK(seL4_Untyped_Retype(untyped, seL4_CapTableObject, 1, inner, 0, 0, 0, 16));
        put(outer, i, 6, inner);
    }
    CHECK_OK(delete_cap(outer));
    check_nothing_left(untyped, 18);
}

TEST("4.10 nested CNodes: a TCB holds a CNode that holds a TCB that holds a CNode")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 17);
    seL4_CPtr node = new_cnode_from(untyped, 1);
    seL4_CPtr tcb = test_slot();

    for (unsigned i = 0; i < 30; i++) {
        CHECK_OK(seL4_Untyped_Retype(untyped, seL4_TCBObject, 0, ROOT, 0, 0, tcb, 1));
        CHECK_OK(seL4_TCB_SetSpace(tcb, 0, node, 0, seL4_CapInitThreadVSpace, 0));
        CHECK_OK(delete_cap(node));
        CHECK_OK(seL4_Untyped_Retype(untyped, seL4_CapTableObject, 1, ROOT, 0, 0, node, 1));
        put(node, i % 2, 1, tcb);
    }
    CHECK(!is_childless(untyped));
    CHECK_OK(delete_cap(node));
    check_nothing_left(untyped, 17);
}

TEST("4.10 cyclic CNodes: one that holds a copy of itself stays until that is gone, too")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr node = new_cnode_from(untyped, 4);
    seL4_CPtr copy = copy_of(node);

    put_copy(node, 5, 4, node);
    CHECK_OK(delete_cap(node));
    CHECK_OK(seL4_CNode_Delete(copy, 5, 4));
    CHECK(!is_childless(untyped));
    CHECK_OK(delete_cap(copy));
    check_nothing_left(untyped, 12);
}

TEST("4.10 cyclic CNodes: one that holds its only capability goes when its memory is revoked")
{
    for (seL4_Word slot = 0; slot < 16; slot++) {
        seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
        seL4_CPtr node = new_cnode_from(untyped, 4);
        put(node, slot, 4, node);
        CHECK(is_empty(node));
        CHECK(!is_childless(untyped));
        CHECK_OK(revoke_cap(untyped));
        check_nothing_left(untyped, 12);
    }
}

TEST("4.10 cyclic CNodes: one full of capabilities to itself")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr node = new_cnode_from(untyped, 4);

    for (seL4_Word slot = 0; slot < 16; slot++) {
        put_copy(node, slot, 4, node);
    }
    CHECK_OK(delete_cap(node));
    CHECK(!is_childless(untyped));
    CHECK_OK(revoke_cap(untyped));
    check_nothing_left(untyped, 12);
}

TEST("4.10 cyclic CNodes: revoking the original removes its copies inside, and then it can go")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr node = new_cnode_from(untyped, 4);

    for (seL4_Word slot = 0; slot < 16; slot++) {
        put_copy(node, slot, 4, node);
    }
    CHECK_OK(revoke_cap(node));
    for (seL4_Word slot = 0; slot < 16; slot++) {
        CHECK(is_empty_in(node, slot, 4));
    }
    CHECK_OK(delete_cap(node));
    check_nothing_left(untyped, 12);
}

/* A ring of CNodes, each the only holder of the next, and nobody outside holds one. */
static void make_ring(seL4_CPtr untyped, unsigned length, seL4_Word slot)
{
    seL4_CPtr last = new_cnode_from(untyped, 2);
    seL4_CPtr alias = copy_of(last);
    seL4_CPtr first = last;

    for (unsigned i = 1; i < length; i++) {
        seL4_CPtr outer = new_cnode_from(untyped, 2);
        put(outer, slot, 2, first);
        first = outer;
    }
    put(alias, slot, 2, first);
    CHECK_OK(delete_cap(alias));
}

TEST("4.10 cyclic CNodes: rings of any length go when their memory is revoked")
{
    for (unsigned length = 1; length <= 6; length++) {
        for (seL4_Word slot = 0; slot < 4; slot++) {
            seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
            make_ring(untyped, length, slot);
            CHECK(!is_childless(untyped));
            CHECK_OK(revoke_cap(untyped));
            check_nothing_left(untyped, 12);
        }
    }
}

TEST("4.10 cyclic CNodes: a ring that hangs in a CNode outlives it")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr outside = new_cnode(2);
    seL4_CPtr first = new_cnode_from(untyped, 2);
    seL4_CPtr second = new_cnode_from(untyped, 2);

    put_copy(second, 1, 2, first);
    put(first, 2, 2, second);
    put(outside, 3, 2, first);
    CHECK_OK(delete_cap(outside));
    CHECK(!is_childless(untyped));
    CHECK_OK(revoke_cap(untyped));
    check_nothing_left(untyped, 12);
}

TEST("4.10 cyclic CNodes: a TCB whose CSpace holds it")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 13);
    seL4_CPtr node = new_cnode_from(untyped, 2);
    seL4_CPtr tcb = make(untyped, seL4_TCBObject, 0);

    CHECK_OK(seL4_TCB_SetSpace(tcb, 0, node, 0, seL4_CapInitThreadVSpace, 0));
    put(node, 1, 2, tcb);
    CHECK_OK(delete_cap(node));
    CHECK(!is_childless(untyped));
    CHECK_OK(revoke_cap(untyped));
    check_nothing_left(untyped, 13);
}

/* The slot that is revoked lies itself in what goes. The thread may get its answer, or find its CSpace gone.
 */
TEST("4.10 cyclic CNodes: a thread revokes an untyped that lies in a CNode made from it, its own CSpace")
{
    static struct probe probe;
    seL4_CPtr outer = test_object(seL4_UntypedObject, 13);
    seL4_CPtr untyped = make(outer, seL4_UntypedObject, 13);
    seL4_CPtr node = new_cnode_from(untyped, 6);
    seL4_CPtr victim = new_cnode_from(untyped, 4);

    for (seL4_Word slot = 0; slot < 16; slot++) {
        put_copy(victim, slot, 4, slot % 2 ? victim : node);
    }
    probe = (struct probe)CALL_PROBE(1);
    probe.in.info = CNodeRevoke << 12 | 2;
    probe.in.mr0 = 3;
    probe.in.mr1 = DEPTH;
    struct test_thread *thread = probe_create(&probe, 0);
    CHECK_OK(seL4_TCB_SetSpace(thread->tcb, 0, node, 58, seL4_CapInitThreadVSpace, 0));
    put_copy(node, 1, 6, guarded(node, 0, 58));
    put(node, 2, 6, victim);
    put(node, 3, 6, untyped);
    test_thread_start(thread);
    CHECK(is_empty(node));
    CHECK_OK(revoke_cap(outer));
    check_nothing_left(outer, 13);
}

static seL4_Word random_state;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * 6364136223846793005 + 1442695040888963407;
    return (unsigned)(random_state >> 33) % limit;
}

/* A random graph: CNodes of 8 slots and TCBs, capabilities to each in others, and the originals of some. */
#define GRAPH_NODES 10
#define GRAPH_TCBS  4
#define GRAPH_BITS  14

struct graph {
    seL4_CPtr untyped;
    seL4_CPtr objects[GRAPH_NODES + GRAPH_TCBS];
};

static void connect(const struct graph *graph)
{
    seL4_CPtr node = graph->objects[random_below(GRAPH_NODES)];
    seL4_CPtr object = graph->objects[random_below(GRAPH_NODES + GRAPH_TCBS)];
    seL4_Word slot = random_below(8);

    /* What is in the way, or gone already, stays as it is. */
    switch (random_below(8)) {
    case 0:
        seL4_CNode_Move(node, slot, 3, ROOT, object, DEPTH);
        break;
    case 1:
        seL4_TCB_SetSpace(graph->objects[GRAPH_NODES + random_below(GRAPH_TCBS)], 0, node, 0,
                          seL4_CapInitThreadVSpace, 0);
        break;
    default:
        seL4_CNode_Copy(node, slot, 3, ROOT, object, DEPTH, seL4_AllRights);
        break;
    }
}

static void make_graph(struct graph *graph)
{
    for (unsigned i = 0; i < GRAPH_NODES + GRAPH_TCBS; i++) {
        seL4_Word type = i < GRAPH_NODES ? seL4_CapTableObject : seL4_TCBObject;
        CHECK_OK(seL4_Untyped_Retype(graph->untyped, type, 3, ROOT, 0, 0, graph->objects[i], 1));
    }
    for (unsigned i = random_below(80); i > 0; i--) {
        connect(graph);
    }
}

static void new_graph(struct graph *graph)
{
    graph->untyped = test_object(seL4_UntypedObject, GRAPH_BITS);
    for (unsigned i = 0; i < GRAPH_NODES + GRAPH_TCBS; i++) {
        graph->objects[i] = test_slot();
    }
}

/* Deletes and revokes some of what the root CNode still holds. */
static void take_apart(const struct graph *graph)
{
    for (unsigned i = random_below(20); i > 0; i--) {
        seL4_CPtr object = graph->objects[random_below(GRAPH_NODES + GRAPH_TCBS)];
        if (random_below(4)) {
            CHECK_OK(delete_cap(object));
        } else {
            CHECK_OK(revoke_cap(object));
        }
    }
}

TEST("4.10 random graphs of CNodes and TCBs disappear, whatever was deleted before")
{
    struct graph graph;
    seL4_CPtr whole = test_slot();

    new_graph(&graph);
    for (unsigned round = 0; round < SOAK_OR(5000, 500); round++) {
        random_state = round;
        make_graph(&graph);
        take_apart(&graph);
        CHECK_OK(revoke_cap(graph.untyped));
        seL4_Error error =
            seL4_Untyped_Retype(graph.untyped, seL4_UntypedObject, GRAPH_BITS, ROOT, 0, 0, whole, 1);
        if (error || delete_cap(whole)) {
            test_fail(__FILE__, __LINE__, "seed %u: something is left", round);
            return;
        }
    }
}

/*
 * Several threads, on as many harts as there are, take the same graph apart at the same time. Each waits at
 * the first endpoint for its number, and reports at the second.
 */
#define WORKERS 3

static struct graph shared_graph;
static seL4_CPtr orders, reports;

static void take_part(seL4_Word number)
{
    for (seL4_Word i = 0; i < GRAPH_NODES + GRAPH_TCBS; i++) {
        seL4_CPtr slot = shared_graph.objects[(number * 5 + i) % (GRAPH_NODES + GRAPH_TCBS)];
        if (i % 3 == number) {
            CHECK_OK(revoke_cap(slot));
        }
        CHECK_OK(delete_cap(slot));
    }
    CHECK_OK(revoke_cap(shared_graph.untyped));
}

static void work(void *arg)
{
    seL4_Word number = 0;

    for (;;) {
        seL4_RecvWithMRs(orders, NULL, &number, NULL, NULL, NULL);
        take_part(number);
        seL4_Send(reports, seL4_MessageInfo_new(0, 0, 0, 0));
    }
}

static void start_workers(void)
{
    orders = test_object(seL4_EndpointObject, 0);
    reports = test_object(seL4_EndpointObject, 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        struct test_thread *thread = test_thread_create(work, NULL, TEST_PRIORITY, 0);
        test_thread_set_node(thread, i % test_nodes());
        test_thread_start(thread);
    }
}

TEST("4.10 threads that delete the same graph at the same time all succeed, and nothing is left")
{
    new_graph(&shared_graph);
    start_workers();
    for (unsigned round = 0; round < SOAK_OR(3000, 200); round++) {
        random_state = round;
        make_graph(&shared_graph);
        for (seL4_Word i = 0; i < WORKERS; i++) {
            seL4_SendWithMRs(orders, seL4_MessageInfo_new(0, 0, 0, 1), &i, NULL, NULL, NULL);
        }
        for (unsigned i = 0; i < WORKERS; i++) {
            seL4_Recv(reports, NULL);
        }
    }
    check_nothing_left(shared_graph.untyped, GRAPH_BITS);
}

/*
 * A thread on the last hart deletes a large CNode, while the test looks at its slot. It may see the CNode,
 * what is left of it while it is destroyed (a zombie), or nothing.
 */
#define LARGE_RADIX 14

static void check_dying(seL4_CPtr slot, seL4_CPtr copy)
{
    seL4_Error error = copy_to(copy, slot);

    if (error == seL4_FailedLookup) {
        CHECK_EQUAL(seL4_GetMR(1), seL4_MissingCapability);
    } else if (error) {
        CHECK_EQUAL(error, seL4_IllegalOperation);
    }
    /* A copy of it may keep the CNode alive; it goes now. */
    CHECK_OK(delete_cap(copy));
    error = seL4_CNode_Delete(slot, 0, 1);
    if (error == seL4_InvalidCapability) {
        CHECK_MR(0, 0);
    } else {
        CHECK_EQUAL(error, seL4_FailedLookup); /* a depth of 1 fits no slot of it */
    }
}

static volatile bool deleted;

static void delete_large(void *arg)
{
    CHECK_OK(delete_cap((seL4_CPtr)arg));
    deleted = true;
}

TEST("4.10 zombies: a CNode that is being deleted can be invoked, copied and deleted without harm")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, LARGE_RADIX + 5);
    seL4_CPtr node = new_cnode_from(untyped, LARGE_RADIX);
    seL4_CPtr copy = test_slot();

    for (seL4_Word i = 0; i < 1 << LARGE_RADIX; i++) {
        put_copy(node, i, LARGE_RADIX, seL4_CapDomain);
    }
    deleted = false;
    struct test_thread *thread = test_thread_create(delete_large, (void *)node, TEST_PRIORITY, 0);
    test_thread_set_node(thread, test_nodes() - 1);
    test_thread_start(thread);
    while (!deleted) {
        check_dying(node, copy);
        seL4_Yield();
    }
    CHECK(is_empty(node));
    CHECK_OK(delete_cap(copy));
    check_nothing_left(untyped, LARGE_RADIX + 5);
}
