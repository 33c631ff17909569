/*
 * Derivation where it happens inside other operations: spaces and buffers of threads, and capabilities in
 * messages.
 */
#include "objects.h"

static struct message set_space(seL4_CPtr cspace, seL4_Word data, seL4_CPtr vspace)
{
    return (struct message){
        .label = TCBSetSpace,
        .length = 3,
        .word = { 0, data, 0 },
        .caps = 2,
        .cap = { cspace, vspace },
    };
}

static struct message set_buffer(seL4_CPtr frame)
{
    return (struct message){
        .label = TCBSetIPCBuffer,
        .length = 1,
        .word = { MAP_ADDRESS },
        .caps = 1,
        .cap = { frame },
    };
}

static seL4_CPtr untyped_with_child(void)
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);

    make(untyped, seL4_EndpointObject, 0);
    return untyped;
}

TEST("4.3 derivation: a CSpace root that cannot be derived gives the derivation's error")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
    seL4_CPtr table = test_object(seL4_RISCV_PageTableObject, 0);

    EXPECT(invoke(tcb, set_space(untyped_with_child(), 0, seL4_CapInitThreadVSpace)), REVOKE_FIRST);
    EXPECT(invoke(tcb, set_space(table, 0, seL4_CapInitThreadVSpace)), ILLEGAL_OPERATION);
}

TEST("4.3 derivation: a VSpace root that cannot be derived gives the derivation's error")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
    seL4_CPtr table = test_object(seL4_RISCV_PageTableObject, 0);

    EXPECT(invoke(tcb, set_space(ROOT, 0, untyped_with_child())), REVOKE_FIRST);
    EXPECT(invoke(tcb, set_space(ROOT, 0, table)), ILLEGAL_OPERATION);
}

TEST("4.3 derivation: an IPC buffer that cannot be derived gives the derivation's error")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
    seL4_CPtr table = test_object(seL4_RISCV_PageTableObject, 0);

    EXPECT(invoke(tcb, set_buffer(untyped_with_child())), REVOKE_FIRST);
    EXPECT(invoke(tcb, set_buffer(table)), ILLEGAL_OPERATION);
}

TEST("4.3 derivation: what derives to nothing, or is nothing, is of the wrong type as a root or buffer")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
    seL4_CPtr wrong[] = { seL4_CapIRQControl, seL4_CapNull, test_object(seL4_EndpointObject, 0) };

    for (unsigned i = 0; i < 3; i++) {
        EXPECT(invoke(tcb, set_space(wrong[i], 0, seL4_CapInitThreadVSpace)), ILLEGAL_OPERATION);
        EXPECT(invoke(tcb, set_space(ROOT, 0, wrong[i])), ILLEGAL_OPERATION);
        EXPECT(invoke(tcb, set_buffer(wrong[i])), ILLEGAL_OPERATION);
    }
}

/* The guard that a thread sees in its CSpace root: it calls a pointer that fits none, and the fault tells. */
static void check_guard(seL4_CPtr cspace, seL4_Word data, seL4_Word fault_pointer, seL4_Word guard,
                        seL4_Word guard_size)
{
    static struct probe probe;
    seL4_CPtr fault_ep = test_object(seL4_EndpointObject, 0);
    seL4_CPtr node = test_slot();

    CHECK_OK(copy_to(node, cspace));
    probe = (struct probe)CALL_PROBE(~0ul);
    struct test_thread *thread = probe_create(&probe, 0);
    CHECK_OK(seL4_TCB_SetSpace(thread->tcb, fault_pointer, node, data, seL4_CapInitThreadVSpace, 0));
    CHECK_OK(seL4_CNode_Mint(cspace, guard_size == 4 ? 5 << 4 | 1 : 1, guard_size == 4 ? 8 : 4, ROOT,
                             fault_ep, DEPTH, seL4_AllRights, 0));
    test_thread_start(thread);
    seL4_NBRecv(fault_ep, NULL);
    CHECK_MR(3, seL4_GuardMismatch);
    CHECK_MR(4, 64);
    CHECK_MR(5, guard);
    CHECK_MR(6, guard_size);
}

TEST("4.5 data: a thread's CSpace root keeps its guard when the data is 0")
{
    check_guard(guarded(new_cnode(4), 5, 4), 0, 5ul << 60 | 1ul << 56, 5, 4);
}

TEST("4.5 data: a thread's CSpace root gets the guard in the data when that is not 0")
{
    check_guard(new_cnode(4), seL4_CNode_CapData_new(0x2a, 6).words[0], 0x2aul << 58 | 1ul << 54, 0x2a, 6);
}

TEST("4.5 data: a guard that does not fit a thread's CSpace root is an illegal operation")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
    seL4_CPtr node = new_cnode(7);

    EXPECT(invoke(tcb, set_space(node, 58, seL4_CapInitThreadVSpace)), ILLEGAL_OPERATION);
    EXPECT(invoke(tcb, set_space(node, 57, seL4_CapInitThreadVSpace)), SUCCESS);
}

/* Sends a capability to a thread of the test's own CSpace. Returns how many arrived in the slot. */
static seL4_Word send_cap(seL4_CPtr cap, seL4_CPtr slot)
{
    static struct probe probe;
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    probe = (struct probe)CALL_PROBE(endpoint);
    probe.in.info = 1 << 7;
    struct test_thread *thread = probe_create(&probe, 0);
    thread->buffer->caps_or_badges[0] = cap;
    test_thread_start(thread);
    seL4_SetCapReceivePath(ROOT, slot, DEPTH);
    return seL4_MessageInfo_get_extraCaps(seL4_Recv(endpoint, NULL));
}

TEST("4.3 derivation: a capability that cannot be derived does not arrive in a message")
{
    seL4_CPtr wrong[] = { seL4_CapIRQControl, seL4_CapNull, untyped_with_child(),
                          test_object(seL4_RISCV_PageTableObject, 0) };
    seL4_CPtr slot = test_slot();

    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQUAL(send_cap(wrong[i], slot), 0);
        CHECK(is_empty(slot));
    }
}

TEST("4.8 a capability that arrived in a message is a copy like any other")
{
    seL4_CPtr node = new_cnode(4);
    seL4_CPtr slot = test_slot();

    CHECK_EQUAL(send_cap(node, slot), 1);
    seL4_CPtr copy = copy_of(slot);
    CHECK_OK(revoke_cap(slot));
    CHECK(!is_empty(copy));
    CHECK_OK(revoke_cap(node));
    CHECK(is_empty(slot));
    CHECK(is_empty(copy));
}

TEST("4.8 an untyped that arrived in a message is a child, and its source is full")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr slot = test_slot();

    CHECK_EQUAL(send_cap(untyped, slot), 1);
    CHECK_EQUAL(free_bytes(untyped), 0);
    CHECK_EQUAL(free_bytes(slot), 4096);
    CHECK_OK(revoke_cap(untyped));
    CHECK(is_empty(slot));
}

TEST("4.8 a badged endpoint that arrived in a message belongs to the branch of its badge")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr first = badged(endpoint, 3);
    seL4_CPtr slot = test_slot();

    CHECK_EQUAL(send_cap(first, slot), 1);
    CHECK_OK(revoke_cap(first));
    CHECK(is_empty(slot));
}

TEST("4.9 a thread's roots and buffer are copies that Revoke takes away")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 14);
    seL4_CPtr node = new_cnode_from(untyped, 4);
    seL4_CPtr page = make(untyped, seL4_RISCV_4K_Page, 0);
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_OK(seL4_TCB_Configure(tcb, 0, node, 0, seL4_CapInitThreadVSpace, 0, MAP_ADDRESS, page));
    CHECK_OK(revoke_cap(node));
    CHECK_OK(revoke_cap(page));
    CHECK_OK(delete_cap(node));
    CHECK_OK(delete_cap(page));
    CHECK(is_childless(untyped));
}

/* Makes a call as a thread without an IPC buffer, and returns the message info of the answer. */
static seL4_Word call_without_buffer(struct probe call)
{
    static struct probe probe;

    probe = call;
    probe.number = (seL4_Word)seL4_SysCall;
    struct test_thread *thread = probe_create(&probe, 0);
    CHECK_OK(seL4_TCB_SetIPCBuffer(thread->tcb, 0, seL4_CapNull));
    test_thread_start(thread);
    CHECK(probe.returned);
    return probe.out.info;
}

TEST("2.5 Retype row 2, 2.7 CNode row 4: without an IPC buffer there are no extra capabilities")
{
    struct probe retype = { .in = { test_arena, UntypedRetype << 12 | 1 << 7 | 6, seL4_EndpointObject } };
    struct probe move = { .in = { ROOT, CNodeMove << 12 | 1 << 7 | 4, test_slot(), DEPTH, ROOT, DEPTH } };

    CHECK_EQUAL(call_without_buffer(retype), seL4_TruncatedMessage << 12);
    CHECK_EQUAL(call_without_buffer(move), seL4_TruncatedMessage << 12);
}

TEST("3.1 without an IPC buffer an error has at most four words")
{
    struct probe call = { .in = { ROOT, CNodeDelete << 12 | 2, 1ul << 20, DEPTH } };

    CHECK_EQUAL(call_without_buffer(call), seL4_FailedLookup << 12 | 4);
}

/* The numbers that DebugCapIdentify gives; kernels without it fault. */
struct identification {
    seL4_CPtr cap;
    seL4_Word type;
    seL4_Word result;
};

static struct identification identifications[16];
static unsigned identification_count;
static volatile bool identified;

static void identify(seL4_CPtr cap, seL4_Word type)
{
    identifications[identification_count++] = (struct identification){ cap, type, ~0ul };
}

static void identify_all(void *arg)
{
    for (unsigned i = 0; i < identification_count; i++) {
        identifications[i].result = seL4_DebugCapIdentify(identifications[i].cap);
    }
    identified = true;
}

TEST("1.12 DebugCapIdentify tells the type of each capability, or is an unknown system call")
{
    seL4_CPtr fault_ep = test_object(seL4_EndpointObject, 0);
    seL4_CPtr handler = test_slot();

    CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, 60, ROOT, handler, DEPTH));
    identification_count = 0;
    identify(test_slot(), 0);
    identify(1ul << 50, 0);
    identify(test_object(seL4_RISCV_4K_Page, 0), 1);
    identify(test_arena, 2);
    identify(seL4_CapInitThreadVSpace, 3);
    identify(fault_ep, 4);
    identify(test_object(seL4_NotificationObject, 0), 6);
    identify(ROOT, 10);
    identify(seL4_CapASIDControl, 11);
    identify(seL4_CapInitThreadTCB, 12);
    identify(seL4_CapInitThreadASIDPool, 13);
    identify(seL4_CapIRQControl, 14);
    identify(handler, 16);
    identify(seL4_CapDomain, 20);
    identified = false;
    test_thread_start(test_thread_create(identify_all, NULL, TEST_PRIORITY + 1, fault_ep));
    if (!identified) {
        CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_NBRecv(fault_ep, NULL)), seL4_Fault_UnknownSyscall);
        CHECK_EQUAL(seL4_GetMR(seL4_UnknownSyscall_Syscall), (seL4_Word)seL4_SysDebugCapIdentify);
        return;
    }
    for (unsigned i = 0; i < identification_count; i++) {
        CHECK_EQUAL(identifications[i].result, identifications[i].type);
    }
}
