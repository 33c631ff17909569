/*
 * 2.6 and 5.2: Configure, SetSpace and SetIPCBuffer. Each row for Configure has its twin for the others.
 */
#include "answer.h"

#define CNODE  seL4_CapInitThreadCNode
#define VSPACE seL4_CapInitThreadVSpace

/* A buffer address that is aligned; nothing needs to be mapped there. */
#define BUFFER 0x2000000000

static seL4_CPtr tcb, frame;

static void prepare(void)
{
    tcb = test_object(seL4_TCBObject, 0);
    frame = test_object(seL4_RISCV_4K_Page, 0);
}

/* An untyped that cannot be derived from: it has a child. */
static seL4_CPtr used_untyped(void)
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);

    CHECK_OK(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, 0, 0, test_slot(), 1));
    return untyped;
}

static seL4_CPtr device_frame(void)
{
    static seL4_CPtr device;

    if (!device) {
        device = simple_device_frame(0x10001000);
        CHECK(device != seL4_CapNull);
    }
    return device;
}

static struct answer configure(seL4_CPtr cspace, seL4_Word cspace_data, seL4_CPtr vspace, seL4_Word buffer,
                               seL4_CPtr buffer_frame)
{
    return INVOKE(tcb, TCBConfigure, .length = 4, .words = { 0, cspace_data, 0, buffer }, .extras = 3,
                  .caps = { cspace, vspace, buffer_frame });
}

static struct answer set_space(seL4_CPtr cspace, seL4_Word cspace_data, seL4_CPtr vspace)
{
    return INVOKE(tcb, TCBSetSpace, .length = 3, .words = { 0, cspace_data, 0 }, .extras = 2,
                  .caps = { cspace, vspace });
}

static struct answer set_buffer(seL4_Word buffer, seL4_CPtr buffer_frame)
{
    return INVOKE(tcb, TCBSetIPCBuffer, .length = 1, .words = { buffer }, .extras = 1,
                  .caps = { buffer_frame });
}

TEST("2.6 TCB Configure: fewer than 4 words or 3 capabilities are a truncated message")
{
    prepare();
    CHECK_ANSWER(INVOKE(tcb, TCBConfigure, .length = 3, .words = { 0, 0, 0, BUFFER + 1 }, .extras = 3,
                        .caps = { CNODE, VSPACE, frame }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(tcb, TCBConfigure, .length = 4, .words = { 0, 0, 0, BUFFER + 1 }, .extras = 2,
                        .caps = { CNODE, VSPACE, frame }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(tcb, TCBConfigure, .length = 4, .words = { 0, 0, 0, 0 }, .extras = 2,
                        .caps = { CNODE, VSPACE, frame }),
                 seL4_TruncatedMessage);
}

TEST("2.6 TCB SetSpace: fewer than 3 words or 2 capabilities are a truncated message")
{
    prepare();
    CHECK_ANSWER(INVOKE(tcb, TCBSetSpace, .length = 2, .extras = 2, .caps = { CNODE, VSPACE }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(tcb, TCBSetSpace, .length = 3, .extras = 1, .caps = { CNODE, VSPACE }),
                 seL4_TruncatedMessage);
}

TEST("2.6 TCB SetIPCBuffer: no word or no capability are a truncated message")
{
    prepare();
    CHECK_ANSWER(INVOKE(tcb, TCBSetIPCBuffer, .length = 0, .extras = 1, .caps = { frame }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(tcb, TCBSetIPCBuffer, .length = 1), seL4_TruncatedMessage);
}

TEST("2.6 TCB Configure and SetIPCBuffer: a buffer capability that cannot be derived gives that error")
{
    prepare();
    seL4_CPtr used = used_untyped(), table = test_object(seL4_RISCV_PageTableObject, 0);

    CHECK_ANSWER(configure(CNODE, 0, VSPACE, BUFFER, used), seL4_RevokeFirst);
    CHECK_ANSWER(set_buffer(BUFFER, used), seL4_RevokeFirst);
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, BUFFER, table), seL4_IllegalOperation);
    CHECK_ANSWER(set_buffer(BUFFER, table), seL4_IllegalOperation);
}

TEST("2.6 TCB Configure and SetIPCBuffer: a buffer that is not a frame is an illegal operation")
{
    prepare();
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, BUFFER, CNODE), seL4_IllegalOperation);
    CHECK_ANSWER(set_buffer(BUFFER, CNODE), seL4_IllegalOperation);
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, BUFFER, seL4_CapNull), seL4_IllegalOperation);
    CHECK_ANSWER(set_buffer(BUFFER, seL4_CapNull), seL4_IllegalOperation);
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, BUFFER, seL4_CapIRQControl), seL4_IllegalOperation);
}

TEST("2.6 TCB Configure and SetIPCBuffer: a device frame is an illegal operation")
{
    prepare();
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, BUFFER, device_frame()), seL4_IllegalOperation);
    CHECK_ANSWER(set_buffer(BUFFER, device_frame()), seL4_IllegalOperation);
}

TEST("2.6 TCB Configure and SetIPCBuffer: an address that is not 1024-aligned is an alignment error")
{
    prepare();
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, BUFFER + 512, frame), seL4_AlignmentError);
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, 1, frame), seL4_AlignmentError);
    CHECK_ANSWER(set_buffer(BUFFER + 512, frame), seL4_AlignmentError);
    CHECK_ANSWER(set_buffer(BUFFER + 1023, frame), seL4_AlignmentError);
    CHECK_ANSWER(set_buffer(BUFFER + 3072, frame), seL4_NoError);
}

TEST("2.6 TCB Configure order: the kind of the buffer, then its alignment, then the CSpace")
{
    prepare();
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, BUFFER + 1, device_frame()), seL4_IllegalOperation);
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, BUFFER + 1, used_untyped()), seL4_RevokeFirst);
    CHECK_ANSWER(configure(used_untyped(), 0, VSPACE, BUFFER + 1, frame), seL4_AlignmentError);
}

TEST("2.6 TCB Configure and SetIPCBuffer: with address 0 the buffer's capability is not examined")
{
    prepare();
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, 0, used_untyped()), seL4_NoError);
    CHECK_ANSWER(set_buffer(0, used_untyped()), seL4_NoError);
    CHECK_ANSWER(set_buffer(0, seL4_CapNull), seL4_NoError);
}

TEST("2.6 TCB Configure and SetSpace: an old CSpace root that is the last capability of its CNode stays")
{
    prepare();
    seL4_CPtr cnode = test_object(seL4_CapTableObject, 2);

    CHECK_ANSWER(configure(cnode, 0, VSPACE, 0, 0), seL4_NoError);
    CHECK_OK(seL4_CNode_Delete(CNODE, cnode, seL4_WordBits));
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, 0, 0), seL4_IllegalOperation);
    CHECK_ANSWER(set_space(CNODE, 0, VSPACE), seL4_IllegalOperation);
    /* ... after the buffer was looked at, before the new root. */
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, BUFFER + 1, frame), seL4_AlignmentError);
    CHECK_ANSWER(set_space(used_untyped(), 0, VSPACE), seL4_IllegalOperation);
}

TEST("2.6 TCB Configure and SetSpace: an old CSpace root that has another capability is replaced")
{
    prepare();
    seL4_CPtr cnode = test_object(seL4_CapTableObject, 2);

    CHECK_ANSWER(set_space(cnode, 0, VSPACE), seL4_NoError);
    CHECK_ANSWER(set_space(CNODE, 0, VSPACE), seL4_NoError);
    CHECK_ANSWER(configure(cnode, 0, VSPACE, 0, 0), seL4_NoError);
    CHECK_ANSWER(configure(CNODE, 0, VSPACE, 0, 0), seL4_NoError);
}

TEST("2.6 TCB Configure and SetSpace: a CSpace that cannot be derived gives that error")
{
    prepare();
    CHECK_ANSWER(configure(used_untyped(), 0, VSPACE, 0, 0), seL4_RevokeFirst);
    CHECK_ANSWER(set_space(used_untyped(), 0, VSPACE), seL4_RevokeFirst);
}

TEST("2.6 TCB Configure and SetSpace: a CSpace that is not a CNode is an illegal operation")
{
    prepare();
    static const seL4_CPtr wrong[] = { seL4_CapNull, VSPACE, seL4_CapIRQControl, seL4_CapInitThreadTCB };

    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CHECK_ANSWER(configure(wrong[i], 0, VSPACE, 0, 0), seL4_IllegalOperation);
        CHECK_ANSWER(set_space(wrong[i], 0, VSPACE), seL4_IllegalOperation);
    }
}

TEST("2.6 TCB Configure and SetSpace: a CSpace guard that does not fit leaves no CNode: illegal operation")
{
    prepare();
    /* The root CNode's radix leaves less than 63 bits. */
    CHECK_ANSWER(configure(CNODE, 63, VSPACE, 0, 0), seL4_IllegalOperation);
    CHECK_ANSWER(set_space(CNODE, 63, VSPACE), seL4_IllegalOperation);
}

TEST("2.6 TCB Configure and SetSpace: a VSpace that cannot be derived gives that error")
{
    prepare();
    CHECK_ANSWER(configure(CNODE, 0, used_untyped(), 0, 0), seL4_RevokeFirst);
    CHECK_ANSWER(set_space(CNODE, 0, used_untyped()), seL4_RevokeFirst);
    CHECK_ANSWER(set_space(CNODE, 0, test_object(seL4_RISCV_PageTableObject, 0)), seL4_IllegalOperation);
}

TEST("2.6 TCB Configure and SetSpace: a VSpace that is not a page table is an illegal operation")
{
    prepare();
    static const seL4_CPtr wrong[] = { seL4_CapNull, CNODE, seL4_CapIRQControl, seL4_CapInitThreadTCB };

    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CHECK_ANSWER(configure(CNODE, 0, wrong[i], 0, 0), seL4_IllegalOperation);
        CHECK_ANSWER(set_space(CNODE, 0, wrong[i]), seL4_IllegalOperation);
    }
}

TEST("2.6 TCB Configure and SetSpace order: the CSpace is looked at before the VSpace")
{
    prepare();
    CHECK_ANSWER(configure(CNODE, 63, used_untyped(), 0, 0), seL4_IllegalOperation);
    CHECK_ANSWER(set_space(seL4_CapNull, 0, used_untyped()), seL4_IllegalOperation);
    CHECK_ANSWER(set_space(used_untyped(), 0, seL4_CapNull), seL4_RevokeFirst);
}

static seL4_CPtr endpoint, signal;

static void fault_and_signal(void *arg)
{
    *(volatile seL4_Word *)arg = 1;
    seL4_Signal(signal);
}

static seL4_Word fault_badge(void)
{
    seL4_Word badge;

    CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_Recv(endpoint, &badge)), seL4_Fault_VMFault);
    return badge;
}

TEST("5.2 TCB Configure and SetSpace: a failed call changes nothing")
{
    struct test_thread *thread;

    endpoint = test_object(seL4_EndpointObject, 0);
    thread = test_thread_create(fault_and_signal, (void *)BUFFER, TEST_PRIORITY,
                                test_mint(endpoint, seL4_AllRights, 7));
    tcb = thread->tcb;
    CHECK_ANSWER(INVOKE(tcb, TCBSetSpace, .length = 3, .words = { 0x123, 0, 0 }, .extras = 2,
                        .caps = { CNODE, CNODE }),
                 seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(tcb, TCBConfigure, .length = 4, .words = { 0x123, 0, 0, 0 }, .extras = 3,
                        .caps = { VSPACE, VSPACE, 0 }),
                 seL4_IllegalOperation);
    test_thread_start(thread);
    CHECK_EQUAL(fault_badge(), 7);
}

TEST("5.2 TCB SetSpace and Configure: the fault handler is replaced")
{
    struct test_thread *thread;

    endpoint = test_object(seL4_EndpointObject, 0);
    thread = test_thread_create(fault_and_signal, (void *)BUFFER, TEST_PRIORITY, 0);
    CHECK_OK(seL4_TCB_SetSpace(thread->tcb, test_mint(endpoint, seL4_AllRights, 8), CNODE, 0, VSPACE, 0));
    test_thread_start(thread);
    CHECK_EQUAL(fault_badge(), 8);
    CHECK_OK(
        seL4_TCB_Configure(thread->tcb, test_mint(endpoint, seL4_AllRights, 9), CNODE, 0, VSPACE, 0, 0, 0));
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    CHECK_EQUAL(fault_badge(), 9);
}

static void signal_pointer(void *arg)
{
    seL4_Signal((seL4_CPtr)arg);
}

TEST("5.2 TCB SetSpace: non-zero CSpace data sets the guard, 0 leaves it alone")
{
    seL4_CPtr cnode = test_object(seL4_CapTableObject, 4);
    struct test_thread *thread;
    seL4_Word badge;

    signal = test_object(seL4_NotificationObject, 0);
    CHECK_OK(seL4_CNode_Mint(cnode, 5, 4, CNODE, signal, seL4_WordBits, seL4_AllRights, 0x55));
    thread = test_thread_create(signal_pointer, (void *)0xab5, TEST_PRIORITY + 1, 0);
    CHECK_OK(seL4_TCB_SetSpace(thread->tcb, 0, cnode, seL4_CNode_CapData_new(0xab, 60).words[0], VSPACE, 0));
    test_thread_start(thread);
    seL4_Poll(signal, &badge);
    CHECK_EQUAL(badge, 0x55);

    /* The same through a capability that has the guard already. */
    seL4_CPtr guarded = test_mint(cnode, seL4_AllRights, seL4_CNode_CapData_new(0xcd, 60).words[0]);
    thread = test_thread_create(signal_pointer, (void *)0xcd5, TEST_PRIORITY + 1, 0);
    CHECK_OK(seL4_TCB_SetSpace(thread->tcb, 0, guarded, 0, VSPACE, 0));
    test_thread_start(thread);
    seL4_Poll(signal, &badge);
    CHECK_EQUAL(badge, 0x55);
}

static void send_long(void *arg)
{
    for (int i = 0; i < 6; i++) {
        seL4_SetMR(i, (seL4_Word)i + 10);
    }
    seL4_Send(endpoint, seL4_MessageInfo_new(1, 0, 0, 6));
}

TEST("5.2 TCB SetIPCBuffer: address 0 removes the buffer, a frame brings it back")
{
    endpoint = test_object(seL4_EndpointObject, 0);
    struct test_thread *thread = test_thread_create(send_long, NULL, TEST_PRIORITY + 1, 0);

    CHECK_OK(seL4_TCB_SetIPCBuffer(thread->tcb, 0, seL4_CapNull));
    test_thread_start(thread);
    CHECK_EQUAL(seL4_MessageInfo_get_length(seL4_Recv(endpoint, NULL)), 4);

    thread = test_thread_create(send_long, NULL, TEST_PRIORITY + 1, 0);
    CHECK_OK(seL4_TCB_SetIPCBuffer(thread->tcb, 0, seL4_CapNull));
    CHECK_OK(seL4_TCB_SetIPCBuffer(thread->tcb, (seL4_Word)thread->buffer, thread->buffer_frame));
    test_thread_start(thread);
    CHECK_EQUAL(seL4_MessageInfo_get_length(seL4_Recv(endpoint, NULL)), 6);
    CHECK_EQUAL(seL4_GetMR(5), 15);
}

TEST("5.2 TCB SetIPCBuffer: the buffer may be any 1024-aligned part of a frame, mapped or not")
{
    struct test_thread *thread = test_thread_create(send_long, NULL, TEST_PRIORITY + 1, 0);
    seL4_IPCBuffer *part = (seL4_IPCBuffer *)((char *)thread->buffer + 3072);

    endpoint = test_object(seL4_EndpointObject, 0);
    part->msg[5] = 0x77;
    thread->buffer->msg[5] = 0x66;
    /* Only the offset in the page counts; at this address nothing is mapped. */
    CHECK_OK(seL4_TCB_SetIPCBuffer(thread->tcb, BUFFER + 3072, thread->buffer_frame));
    test_thread_start(thread);
    CHECK_EQUAL(seL4_MessageInfo_get_length(seL4_Recv(endpoint, NULL)), 6);
    CHECK_EQUAL(seL4_GetMR(5), 0x77);
}
