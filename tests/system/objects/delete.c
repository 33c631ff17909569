/*
 * What happens to an object when its last capability goes, and that nothing happens before.
 */
#include "objects.h"

#include <sel4/runtime.h>

#define CALLERS 4

static struct probe callers[CALLERS];

/* Lets thread i call cap; the test goes on when it waits for a receiver. */
static struct test_thread *start_caller(unsigned i, seL4_CPtr cap)
{
    callers[i] = (struct probe)CALL_PROBE(cap);
    struct test_thread *thread = probe_create(&callers[i], 0);
    test_thread_start(thread);
    CHECK(!callers[i].returned);
    return thread;
}

/* The caller repeated its system call, which then found an empty slot. */
static void check_repeated(unsigned i)
{
    CHECK(callers[i].returned);
    CHECK_EQUAL(callers[i].out.info, seL4_InvalidCapability << 12 | 1);
    CHECK_EQUAL(callers[i].out.mr0, 0);
}

/* The badge of the next waiting sender; 0 if there is none. */
static seL4_Word next_sender(seL4_CPtr endpoint)
{
    seL4_Word badge = 0;

    seL4_NBRecv(endpoint, &badge);
    return badge;
}

TEST("4.10 endpoint: senders stay while any capability is left, even when their own is gone")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr cap = badged(endpoint, 5);

    start_caller(0, cap);
    CHECK_OK(delete_cap(cap));
    CHECK(!callers[0].returned);
    CHECK_EQUAL(next_sender(endpoint), 5);
}

TEST("4.10 endpoint: with the last capability gone, all senders repeat their call")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    for (unsigned i = 0; i < CALLERS; i++) {
        start_caller(i, i ? badged(endpoint, i) : endpoint);
    }
    CHECK_OK(revoke_cap(endpoint));
    for (unsigned i = 0; i < CALLERS; i++) {
        CHECK(!callers[i].returned);
    }
    CHECK_OK(delete_cap(endpoint));
    for (unsigned i = 0; i < CALLERS; i++) {
        check_repeated(i);
    }
}

TEST("4.10 endpoint: revoking its memory does the same")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);

    start_caller(0, make(untyped, seL4_EndpointObject, 0));
    CHECK_OK(revoke_cap(untyped));
    check_repeated(0);
}

/* A thread that receives; when it repeats that without its capability, it faults. */
static void check_receiver(seL4_Word type)
{
    seL4_CPtr object = test_object(type, 0);
    seL4_CPtr fault_ep = test_object(seL4_EndpointObject, 0);

    callers[0] = (struct probe){ .number = (seL4_Word)seL4_SysRecv, .in = { .badge = copy_of(object) } };
    probe_run(&callers[0], fault_ep);
    CHECK_OK(revoke_cap(object));
    CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_NBRecv(fault_ep, NULL)), 0);
    CHECK_OK(delete_cap(object));
    CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_NBRecv(fault_ep, NULL)), seL4_Fault_CapFault);
    CHECK_EQUAL(seL4_GetMR(seL4_CapFault_Addr), callers[0].in.badge);
    CHECK_EQUAL(seL4_GetMR(seL4_CapFault_InRecvPhase), 1);
    CHECK_EQUAL(seL4_GetMR(3), seL4_MissingCapability);
}

TEST("4.10 endpoint: with the last capability gone, receivers repeat their call")
{
    check_receiver(seL4_EndpointObject);
}

TEST("4.10 notification: with the last capability gone, waiters repeat their call")
{
    check_receiver(seL4_NotificationObject);
}

TEST("4.10 notification: the last capability unbinds it, an earlier one does not")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr other = test_object(seL4_NotificationObject, 0);
    seL4_CPtr copy = copy_of(notification);
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_OK(seL4_TCB_BindNotification(tcb, notification));
    CHECK_OK(delete_cap(notification));
    CHECK_ERROR(seL4_TCB_BindNotification(tcb, other), seL4_IllegalOperation);
    CHECK_OK(delete_cap(copy));
    CHECK_OK(seL4_TCB_BindNotification(tcb, other));
}

TEST("4.10 TCB: the last capability unbinds its notification, an earlier one does not")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
    seL4_CPtr copy = copy_of(tcb);
    seL4_CPtr other = test_object(seL4_TCBObject, 0);

    CHECK_OK(seL4_TCB_BindNotification(tcb, notification));
    CHECK_OK(delete_cap(tcb));
    CHECK_ERROR(seL4_TCB_BindNotification(other, notification), seL4_IllegalOperation);
    CHECK_OK(delete_cap(copy));
    CHECK_OK(seL4_TCB_BindNotification(other, notification));
}

TEST("4.10 TCB: a waiting sender leaves the queue with the last capability, not before")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    struct test_thread *first = start_caller(0, badged(endpoint, 1));
    struct test_thread *second = start_caller(1, badged(endpoint, 2));
    seL4_CPtr copy = copy_of(first->tcb);

    CHECK_OK(delete_cap(first->tcb));
    CHECK_EQUAL(next_sender(endpoint), 1);
    CHECK_OK(delete_cap(second->tcb));
    CHECK_EQUAL(next_sender(endpoint), 0);
    CHECK_OK(delete_cap(copy));
}

TEST("4.10 TCB: a caller's reply capability vanishes with it, wherever that is")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    struct test_thread *thread = start_caller(0, badged(endpoint, 1));
    seL4_CPtr reply = test_slot();

    CHECK_EQUAL(next_sender(endpoint), 1);
    CHECK_OK(seL4_CNode_SaveCaller(ROOT, reply, DEPTH));
    CHECK(!is_empty(reply));
    CHECK_OK(delete_cap(thread->tcb));
    CHECK(is_empty(reply));
    CHECK(!callers[0].returned);
}

TEST("4.10 TCB: its own capabilities go with it, and with them a CNode that nobody else has")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 14);
    seL4_CPtr node = new_cnode_from(untyped, 4);
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    put(node, 3, 4, new_cnode_from(untyped, 5));
    CHECK_OK(seL4_TCB_SetSpace(tcb, 0, node, 0, seL4_CapInitThreadVSpace, 0));
    CHECK_OK(delete_cap(node));
    CHECK(!is_childless(untyped));
    CHECK_OK(delete_cap(tcb));
    CHECK(is_childless(untyped));
}

TEST("4.10 TCB: its IPC buffer's capability goes with it")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr page = make(untyped, seL4_RISCV_4K_Page, 0);
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_OK(seL4_TCB_SetIPCBuffer(tcb, MAP_ADDRESS, page));
    CHECK_OK(delete_cap(page));
    CHECK(!is_childless(untyped));
    CHECK_OK(delete_cap(tcb));
    CHECK(is_childless(untyped));
}

TEST("4.10 TCB: a thread that deletes its own last capability is gone")
{
    static struct probe probe;

    probe = (struct probe)CALL_PROBE(ROOT);
    struct test_thread *thread = probe_create(&probe, 0);
    probe.in.info = CNodeDelete << 12 | 2;
    probe.in.mr0 = thread->tcb;
    probe.in.mr1 = DEPTH;
    test_thread_start(thread);
    CHECK(is_empty(thread->tcb));
    CHECK(!probe.returned);
}

TEST("4.10 TCB: a thread that revokes the memory it is made of is gone")
{
    static struct probe probe;

    probe = (struct probe)CALL_PROBE(ROOT);
    struct test_thread *thread = probe_create(&probe, 0);
    probe.in.info = CNodeRevoke << 12 | 2;
    probe.in.mr0 = test_arena;
    probe.in.mr1 = DEPTH;
    test_thread_start(thread);
    CHECK(is_empty(thread->tcb));
    CHECK(!probe.returned);
    CHECK(is_childless(test_arena));
}

static volatile seL4_Word counter;
static volatile bool keep_counting;

static void count(void *arg)
{
    while (keep_counting) {
        counter++;
    }
}

TEST("4.10 TCB: a thread that runs, perhaps on another hart, stops with the last capability")
{
    for (seL4_Word node = 0; node < test_nodes(); node++) {
        counter = 0;
        keep_counting = true;
        struct test_thread *thread = test_thread_create(count, NULL, TEST_PRIORITY, 0);
        test_thread_set_node(thread, node);
        test_thread_start(thread);
        while (counter == 0) {
            seL4_Yield();
        }
        CHECK_OK(delete_cap(thread->tcb));
        seL4_Word stopped = counter;
        for (unsigned i = 0; i < 100; i++) {
            seL4_Yield();
        }
        CHECK_EQUAL(counter, stopped);
        keep_counting = false;
    }
}

TEST("4.10 CNode: every capability in it is deleted")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 18);
    seL4_CPtr node = new_cnode(8);

    CHECK_OK(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, node, 0, 0, 0, 100));
    CHECK_OK(seL4_Untyped_Retype(untyped, seL4_RISCV_4K_Page, 0, node, 0, 0, 100, 20));
    CHECK_OK(seL4_Untyped_Retype(untyped, seL4_TCBObject, 0, node, 0, 0, 120, 20));
    CHECK_OK(seL4_Untyped_Retype(untyped, seL4_CapTableObject, 3, node, 0, 0, 255, 1));
    CHECK_OK(delete_cap(node));
    CHECK(is_childless(untyped));
}

TEST("4.10 CNode: nothing happens to its contents while another capability is left")
{
    seL4_CPtr node = new_cnode(4);
    seL4_CPtr copy = guarded(node, 1, 1);

    put(node, 5, 4, test_object(seL4_EndpointObject, 0));
    CHECK_OK(delete_cap(node));
    CHECK(!is_empty_in(copy, 1 << 4 | 5, 5));
}

TEST("4.10 interrupt handler: the number is free again with the last capability, not before")
{
    seL4_CPtr handler = test_slot();
    seL4_CPtr again = test_slot();

    CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, 85, ROOT, handler, DEPTH));
    seL4_CPtr copy = copy_of(handler);
    CHECK_ERROR(seL4_IRQControl_Get(seL4_CapIRQControl, 85, ROOT, again, DEPTH), seL4_RevokeFirst);
    CHECK_OK(delete_cap(handler));
    CHECK_ERROR(seL4_IRQControl_Get(seL4_CapIRQControl, 85, ROOT, again, DEPTH), seL4_RevokeFirst);
    CHECK_OK(delete_cap(copy));
    CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, 85, ROOT, again, DEPTH));
}

TEST("4.10 interrupt handler: its notification's capability goes with it")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr notification = make(untyped, seL4_NotificationObject, 0);
    seL4_CPtr handler = test_slot();

    CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, 85, ROOT, handler, DEPTH));
    CHECK_OK(seL4_IRQHandler_SetNotification(handler, notification));
    CHECK_OK(delete_cap(notification));
    CHECK(!is_childless(untyped));
    CHECK_OK(delete_cap(handler));
    CHECK(is_childless(untyped));
}

TEST("4.10 page: each mapped capability's mapping goes with it")
{
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);
    seL4_CPtr copy = copy_of(page);
    seL4_CPtr other = test_object(seL4_RISCV_4K_Page, 0);
    volatile seL4_Word *first = map(page, MAP_ADDRESS);

    map(copy, MAP_ADDRESS + 4096);
    *first = 3;
    CHECK_OK(delete_cap(copy));
    CHECK_EQUAL(*first, 3);
    volatile seL4_Word *second = map(other, MAP_ADDRESS + 4096);
    CHECK_EQUAL(*second, 0);
    CHECK_OK(delete_cap(page));
    map(copy_of(other), MAP_ADDRESS);
}

static struct answer map_answer(seL4_CPtr page, seL4_CPtr vspace, seL4_Word vaddr)
{
    return invoke(
        page,
        (struct message){
            .label = RISCVPageMap, .length = 3, .word = { vaddr, 3, 0 }, .caps = 1, .cap = { vspace } });
}

TEST("4.10 page table: it leaves the address space with its last capability, not before")
{
    seL4_CPtr table = test_object(seL4_RISCV_PageTableObject, 0);
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);
    seL4_CPtr vspace = seL4_CapInitThreadVSpace;
    seL4_Word vaddr = MAP_ADDRESS + (1ul << 25);

    map(page, MAP_ADDRESS);
    CHECK_OK(seL4_RISCV_Page_Unmap(page));
    CHECK_OK(seL4_RISCV_PageTable_Map(table, vspace, vaddr, 0));
    seL4_CPtr copy = copy_of(table);
    CHECK_OK(delete_cap(table));
    EXPECT(map_answer(page, vspace, vaddr), SUCCESS);
    CHECK_OK(seL4_RISCV_Page_Unmap(page));
    CHECK_OK(delete_cap(copy));
    EXPECT(map_answer(page, vspace, vaddr), MISSING_CAPABILITY(DESTINATION, 21));
}

TEST("4.10 page table: a root's ASID is released with its last capability")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr pool = test_slot();

    CHECK_OK(seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, test_object(seL4_UntypedObject, 12), ROOT,
                                             pool, DEPTH));
    for (unsigned i = 0; i < 600; i++) {
        seL4_CPtr table = make(untyped, seL4_RISCV_PageTableObject, 0);
        CHECK_OK(seL4_RISCV_ASIDPool_Assign(pool, table));
        CHECK_OK(delete_cap(table));
        if (i % 100 == 99) {
            CHECK(is_childless(untyped));
        }
    }
}

TEST("4.10 ASID pool: its number is free again with the last capability")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr pool = test_slot();

    for (unsigned i = 0; i < 200; i++) {
        CHECK_OK(seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, untyped, ROOT, pool, DEPTH));
        CHECK_OK(delete_cap(pool));
    }
}

TEST("4.10 ASID pool: its address spaces lose their ASIDs with the last capability, not before")
{
    seL4_CPtr pool = test_slot();
    seL4_CPtr root = test_object(seL4_RISCV_PageTableObject, 0);
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);

    CHECK_OK(seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, test_object(seL4_UntypedObject, 12), ROOT,
                                             pool, DEPTH));
    CHECK_OK(seL4_RISCV_ASIDPool_Assign(pool, root));
    seL4_CPtr copy = copy_of(pool);
    CHECK_OK(delete_cap(pool));
    EXPECT(map_answer(page, root, MAP_ADDRESS), MISSING_CAPABILITY(DESTINATION, 30));
    CHECK_OK(delete_cap(copy));
    EXPECT(map_answer(page, root, MAP_ADDRESS), INVALID_ROOT(DESTINATION));
}

TEST("4.10 untyped: deleting it leaves what was made from it")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 13);
    seL4_CPtr page = make(untyped, seL4_RISCV_4K_Page, 0);
    seL4_CPtr node = new_cnode_from(untyped, 4);

    volatile seL4_Word *memory = map(page, MAP_ADDRESS);
    *memory = 4;
    CHECK_OK(delete_cap(untyped));
    CHECK_EQUAL(*memory, 4);
    put_copy(node, 1, 4, page);
    CHECK_OK(revoke_cap(test_arena));
    CHECK(is_empty(page));
    CHECK(is_empty(node));
}

TEST("4.10 ASID control, domain: deleting a copy changes nothing")
{
    CHECK_OK(delete_cap(copy_of(seL4_CapASIDControl)));
    CHECK_OK(delete_cap(copy_of(seL4_CapDomain)));
    CHECK(!is_empty(seL4_CapASIDControl));
    CHECK_OK(seL4_DomainSet_Set(seL4_CapDomain, 0, test_object(seL4_TCBObject, 0)));
}

TEST("4.6 CancelBadgedSends: senders with that badge repeat their call, others stay")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr one = badged(endpoint, 1);
    seL4_CPtr user = copy_of(one);

    start_caller(0, user);
    start_caller(1, badged(endpoint, 2));
    start_caller(2, user);
    CHECK_OK(revoke_cap(one));
    CHECK(!callers[0].returned);
    EXPECT(invoke(ROOT, slot_message(CNodeCancelBadgedSends, one, DEPTH)), SUCCESS);
    check_repeated(0);
    check_repeated(2);
    CHECK(!callers[1].returned);
    CHECK_EQUAL(next_sender(endpoint), 2);
    CHECK_EQUAL(next_sender(endpoint), 0);
}

TEST("4.6 CancelBadgedSends: a sender that still has its capability queues again, last")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr one = badged(endpoint, 1);

    start_caller(0, one);
    start_caller(1, badged(endpoint, 2));
    EXPECT(invoke(ROOT, slot_message(CNodeCancelBadgedSends, one, DEPTH)), SUCCESS);
    CHECK_EQUAL(next_sender(endpoint), 2);
    CHECK_EQUAL(next_sender(endpoint), 1);
}

TEST("4.6 CancelBadgedSends: with badge 0 it does nothing")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr user = copy_of(endpoint);

    start_caller(0, user);
    start_caller(1, badged(endpoint, 7));
    CHECK_OK(delete_cap(user));
    EXPECT(invoke(ROOT, slot_message(CNodeCancelBadgedSends, endpoint, DEPTH)), SUCCESS);
    CHECK(!callers[0].returned);
    CHECK_EQUAL(next_sender(endpoint), 0);
    CHECK_EQUAL(next_sender(endpoint), 7);
}

TEST("4.6 CancelBadgedSends: receivers stay")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    callers[0] = (struct probe){ .number = (seL4_Word)seL4_SysRecv, .in = { .badge = endpoint } };
    probe_run(&callers[0], 0);
    EXPECT(invoke(ROOT, slot_message(CNodeCancelBadgedSends, badged(endpoint, 3), DEPTH)), SUCCESS);
    CHECK(!callers[0].returned);
    seL4_NBSend(badged(endpoint, 4), seL4_MessageInfo_new(0, 0, 0, 0));
    CHECK(callers[0].returned);
    CHECK_EQUAL(callers[0].out.badge, 4);
}
