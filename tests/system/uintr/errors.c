/*
 * The calls of user interrupts: each error of docs/user-interrupts.md, in the order of the checks, so that
 * what is checked later is wrong, too.
 */
#include "uintr.h"

#define BIND       REL4_LABEL_SENDER_TABLE_BIND
#define ADD        REL4_LABEL_SENDER_TABLE_ADD
#define REMOVE     REL4_LABEL_SENDER_TABLE_REMOVE
#define REGISTER   REL4_LABEL_TCB_REGISTER_RECEIVER
#define UNREGISTER REL4_LABEL_TCB_UNREGISTER_RECEIVER
#define TCB        seL4_CapInitThreadTCB

static seL4_CPtr new_table(void)
{
    return test_object(REL4_TYPE_SENDER_TABLE, 0);
}

static struct answer call_register(seL4_CPtr tcb, seL4_Word handler, seL4_CPtr notification)
{
    return INVOKE(tcb, REGISTER, .length = 2, .words = { handler }, .extras = 1, .caps = { notification });
}

TEST("Retype: a sender table has 2^15 bytes, whatever size_bits, and types around it do not exist")
{
    seL4_CPtr small = test_object(seL4_UntypedObject, 14), large = test_object(seL4_UntypedObject, 16);
    seL4_CPtr slot = test_slot();

    test_slot(); /* for the second of two objects */

#define RETYPE(untyped, type, count)                                                                   \
    INVOKE(untyped, UntypedRetype, .length = 6, .words = { type, 63, 0, 0, slot, count }, .extras = 1, \
           .caps = { seL4_CapInitThreadCNode })
    CHECK_ANSWER(RETYPE(small, REL4_TYPE_SENDER_TABLE, 1), seL4_NotEnoughMemory, 1 << 14);
    CHECK_ANSWER(RETYPE(large, REL4_TYPE_SENDER_TABLE, 3), seL4_NotEnoughMemory, 1 << 16);
    CHECK_ANSWER(RETYPE(large, 63, 1), seL4_InvalidArgument, 0);
    CHECK_ANSWER(RETYPE(large, 66, 1), seL4_InvalidArgument, 0);
    CHECK_ANSWER(RETYPE(large, REL4_TYPE_SENDER_TABLE, 2), seL4_NoError);
    CHECK_ANSWER(RETYPE(large, seL4_EndpointObject, 1), seL4_DeleteFirst);
}

TEST("SenderTable: other labels are illegal, also those of TCBs and around its own")
{
    seL4_CPtr table = new_table();
    const seL4_Word labels[] = { 0, TCBSuspend, BIND - 1, REMOVE + 1, REGISTER, -1ul >> 12 };

    for (unsigned i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        CHECK_ANSWER(INVOKE(table, labels[i], .length = 0), seL4_IllegalOperation);
    }
    CHECK_ANSWER(INVOKE(TCB, REGISTER - 1, .length = 0), seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(TCB, UNREGISTER + 1, .length = 0), seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(TCB, BIND, .length = 0), seL4_IllegalOperation);
}

TEST("SenderTable Bind: no TCB given, no TCB at all, table or thread bound already")
{
    seL4_CPtr table = new_table(), other = new_table();
    struct actor actor = actor_new();

    CHECK_ANSWER(INVOKE(table, BIND, .length = 1), seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(table, BIND, .extras = 1, .caps = { table }), seL4_InvalidCapability, 1);
    CHECK_ANSWER(INVOKE(table, BIND, .extras = 1, .caps = { test_slot() }), seL4_InvalidCapability, 1);
    CHECK_ANSWER(INVOKE(table, BIND, .extras = 1, .caps = { actor.tcb }), seL4_NoError);
    CHECK_ANSWER(INVOKE(table, BIND, .extras = 1, .caps = { TCB }), seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(other, BIND, .extras = 1, .caps = { actor.tcb }), seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(other, BIND, .extras = 1, .caps = { TCB }), seL4_NoError);
}

TEST("SenderTable Add: capability, right, badge, receiver, room, in this order")
{
    seL4_CPtr table = new_table(), notification = uintr_notification();
    seL4_CPtr unreadable = test_mint(notification, seL4_CanRead, 3);
    seL4_CPtr many = test_mint(notification, seL4_CanWrite, 3), one = uintr_sender(notification, 63);
    seL4_CPtr unregistered = uintr_sender(uintr_notification(), 0);

#define CALL_ADD(cap) INVOKE(table, ADD, .extras = 1, .caps = { cap })
    CHECK_ANSWER(INVOKE(table, ADD, .length = 1), seL4_TruncatedMessage);
    CHECK_ANSWER(CALL_ADD(TCB), seL4_InvalidCapability, 1);
    CHECK_ANSWER(CALL_ADD(unreadable), seL4_InvalidCapability, 1);
    CHECK_ANSWER(CALL_ADD(many), seL4_RangeError, 0, 63);
    CHECK_ANSWER(CALL_ADD(notification), seL4_RangeError, 0, 63);
    CHECK_ANSWER(CALL_ADD(one), seL4_FailedLookup, 0, 2, 0);
    uintr_register(TCB, notification);
    for (seL4_Word i = 0; i < REL4_SENDER_TABLE_ENTRIES; i++) {
        CHECK_ANSWER(CALL_ADD(one), seL4_NoError, i);
    }
    CHECK_ANSWER(CALL_ADD(many), seL4_RangeError, 0, 63);
    CHECK_ANSWER(CALL_ADD(unregistered), seL4_FailedLookup, 0, 2, 0);
    CHECK_ANSWER(CALL_ADD(one), seL4_NotEnoughMemory, 0);
    CHECK_OK(rel4_SenderTable_Remove(table, 100));
    CHECK_ANSWER(CALL_ADD(one), seL4_NoError, 100);
}

TEST("SenderTable Remove: no index, index too large, no such entry")
{
    seL4_CPtr table = new_table(), notification = uintr_notification();

#define CALL_REMOVE(index) INVOKE(table, REMOVE, .length = 1, .words = { index })
    uintr_register(TCB, notification);
    seL4_Word index = uintr_add(table, uintr_sender(notification, 1));
    CHECK_ANSWER(INVOKE(table, REMOVE, .length = 0), seL4_TruncatedMessage);
    CHECK_ANSWER(CALL_REMOVE(512), seL4_RangeError, 0, 511);
    CHECK_ANSWER(CALL_REMOVE(-1ul), seL4_RangeError, 0, 511);
    CHECK_ANSWER(CALL_REMOVE(index + 1), seL4_InvalidArgument, 0);
    CHECK_ANSWER(CALL_REMOVE(511), seL4_InvalidArgument, 0);
    CHECK_ANSWER(CALL_REMOVE(index), seL4_NoError);
    CHECK_ANSWER(CALL_REMOVE(index), seL4_InvalidArgument, 0);
}

TEST("TCB RegisterReceiver: arguments, capability, right, handler, binding, twice, in this order")
{
    seL4_CPtr notification = uintr_notification(), other = uintr_notification();
    seL4_CPtr unreadable = test_mint(notification, seL4_CanWrite, 0);
    const seL4_Word handler = (seL4_Word)uintr_handler;

    CHECK_ANSWER(INVOKE(TCB, REGISTER, .length = 2), seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(TCB, REGISTER, .length = 1, .extras = 1, .caps = { TCB }), seL4_TruncatedMessage);
    CHECK_ANSWER(call_register(TCB, 1, TCB), seL4_InvalidCapability, 1);
    CHECK_ANSWER(call_register(TCB, 1, unreadable), seL4_InvalidCapability, 1);
    CHECK_ANSWER(call_register(TCB, 0x3ffffff000, notification), seL4_InvalidArgument, 0);
    CHECK_ANSWER(call_register(TCB, -4ul, notification), seL4_InvalidArgument, 0);
    CHECK_ANSWER(call_register(TCB, handler + 2, notification), seL4_InvalidArgument, 0);
    CHECK_ANSWER(call_register(TCB, handler + 1, notification), seL4_InvalidArgument, 0);
    CHECK_ANSWER(call_register(TCB, handler, notification), seL4_IllegalOperation);
    CHECK_OK(seL4_TCB_BindNotification(TCB, notification));
    CHECK_ANSWER(call_register(TCB, handler, other), seL4_IllegalOperation);
    CHECK_EQUAL(call_register(TCB, handler, notification).error, seL4_NoError);
    CHECK_ANSWER(call_register(TCB, handler + 1, notification), seL4_InvalidArgument, 0);
    CHECK_ANSWER(call_register(TCB, handler, other), seL4_IllegalOperation);
    CHECK_ANSWER(call_register(TCB, handler, notification), seL4_DeleteFirst);
}

TEST("TCB RegisterReceiver answers how the receiver is served")
{
    seL4_CPtr notification = uintr_notification();

    CHECK_OK(seL4_TCB_BindNotification(TCB, notification));
    CHECK_ANSWER(call_register(TCB, (seL4_Word)uintr_handler, notification), seL4_NoError,
                 uintr_backend() == REL4_UINTR_HARDWARE ? REL4_RECEIVER_SLOT
                                                        : REL4_RECEIVER_KERNEL_DELIVERED);
}

TEST("TCB UnregisterReceiver: a thread that is not registered")
{
    seL4_CPtr notification = uintr_notification();

    CHECK_ANSWER(INVOKE(TCB, UNREGISTER, .length = 0), seL4_IllegalOperation);
    CHECK_OK(seL4_TCB_BindNotification(TCB, notification));
    CHECK_ANSWER(INVOKE(TCB, UNREGISTER, .length = 0), seL4_IllegalOperation);
    CHECK_OK(seL4_TCB_UnbindNotification(TCB));
    uintr_register(TCB, notification);
    CHECK_ANSWER(INVOKE(TCB, UNREGISTER, .length = 0), seL4_NoError);
    CHECK_ANSWER(INVOKE(TCB, UNREGISTER, .length = 0), seL4_IllegalOperation);
}
