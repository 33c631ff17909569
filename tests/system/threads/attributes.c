/*
 * 2.6 and 5.2: bound notifications, the thread pointer, and flags.
 */
#include "answer.h"

static seL4_CPtr endpoint, notification;

static struct answer bind(seL4_CPtr tcb, seL4_CPtr cap)
{
    return INVOKE(tcb, TCBBindNotification, .length = 0, .extras = 1, .caps = { cap });
}

static seL4_CPtr new_tcb(void)
{
    return test_object(seL4_TCBObject, 0);
}

TEST("2.6 TCB BindNotification: no capability is a truncated message, even if the TCB is bound")
{
    seL4_CPtr tcb = new_tcb();

    CHECK_ANSWER(INVOKE(tcb, TCBBindNotification, .length = 1), seL4_TruncatedMessage);
    CHECK_ANSWER(bind(tcb, test_object(seL4_NotificationObject, 0)), seL4_NoError);
    CHECK_ANSWER(INVOKE(tcb, TCBBindNotification, .length = 1), seL4_TruncatedMessage);
}

TEST("2.6 TCB BindNotification: a TCB that is bound already is an illegal operation")
{
    seL4_CPtr tcb = new_tcb();

    notification = test_object(seL4_NotificationObject, 0);
    CHECK_ANSWER(bind(tcb, notification), seL4_NoError);
    CHECK_ANSWER(bind(tcb, notification), seL4_IllegalOperation);
    CHECK_ANSWER(bind(tcb, test_object(seL4_NotificationObject, 0)), seL4_IllegalOperation);
}

TEST("2.6 TCB BindNotification: what is not a notification is an illegal operation")
{
    seL4_CPtr tcb = new_tcb();

    CHECK_ANSWER(bind(tcb, test_object(seL4_EndpointObject, 0)), seL4_IllegalOperation);
    CHECK_ANSWER(bind(tcb, seL4_CapNull), seL4_IllegalOperation);
    CHECK_ANSWER(bind(tcb, tcb), seL4_IllegalOperation);
}

TEST("2.6 TCB BindNotification: a capability without the right to read is an illegal operation")
{
    seL4_CPtr tcb = new_tcb();

    notification = test_object(seL4_NotificationObject, 0);
    CHECK_ANSWER(bind(tcb, test_mint(notification, seL4_CanWrite, 0)), seL4_IllegalOperation);
    CHECK_ANSWER(bind(tcb, test_mint(notification, seL4_CanRead, 0)), seL4_NoError);
}

static void wait_once(void *arg)
{
    seL4_Wait(notification, NULL);
}

TEST("2.6 TCB BindNotification: a notification with waiters is an illegal operation")
{
    notification = test_object(seL4_NotificationObject, 0);
    test_thread_start(test_thread_create(wait_once, NULL, TEST_PRIORITY + 1, 0));
    CHECK_ANSWER(bind(new_tcb(), notification), seL4_IllegalOperation);
    seL4_Signal(notification);
    CHECK_ANSWER(bind(new_tcb(), notification), seL4_NoError);
}

TEST("2.6 TCB BindNotification: a notification bound to another TCB is an illegal operation")
{
    notification = test_object(seL4_NotificationObject, 0);
    CHECK_ANSWER(bind(new_tcb(), notification), seL4_NoError);
    CHECK_ANSWER(bind(new_tcb(), notification), seL4_IllegalOperation);
}

TEST("2.6 TCB UnbindNotification: a TCB that is not bound is an illegal operation")
{
    seL4_CPtr tcb = new_tcb();

    CHECK_ANSWER(INVOKE(tcb, TCBUnbindNotification, .length = 0), seL4_IllegalOperation);
    CHECK_ANSWER(bind(tcb, test_object(seL4_NotificationObject, 0)), seL4_NoError);
    CHECK_ANSWER(INVOKE(tcb, TCBUnbindNotification, .length = 0), seL4_NoError);
    CHECK_ANSWER(INVOKE(tcb, TCBUnbindNotification, .length = 0), seL4_IllegalOperation);
}

TEST("5.2 TCB UnbindNotification: both sides can be bound again")
{
    seL4_CPtr first = new_tcb(), second = new_tcb();

    notification = test_object(seL4_NotificationObject, 0);
    CHECK_ANSWER(bind(first, notification), seL4_NoError);
    CHECK_OK(seL4_TCB_UnbindNotification(first));
    CHECK_ANSWER(bind(second, notification), seL4_NoError);
    CHECK_ANSWER(bind(first, test_object(seL4_NotificationObject, 0)), seL4_NoError);
}

TEST("5.2 TCB BindNotification: the binding ends with either object")
{
    seL4_CPtr tcb = new_tcb(), other = new_tcb();

    notification = test_object(seL4_NotificationObject, 0);
    CHECK_ANSWER(bind(tcb, notification), seL4_NoError);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, notification, seL4_WordBits));
    CHECK_ANSWER(INVOKE(tcb, TCBUnbindNotification, .length = 0), seL4_IllegalOperation);

    notification = test_object(seL4_NotificationObject, 0);
    CHECK_ANSWER(bind(tcb, notification), seL4_NoError);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, tcb, seL4_WordBits));
    CHECK_ANSWER(bind(other, notification), seL4_NoError);
}

static volatile seL4_Word badge_received;

static void receive_once(void *arg)
{
    seL4_Word badge = 0;

    seL4_Recv(endpoint, &badge);
    badge_received = badge;
}

TEST("5.2 TCB BindNotification: a signal reaches the thread while it waits on an endpoint")
{
    struct test_thread *thread = test_thread_create(receive_once, NULL, TEST_PRIORITY + 1, 0);

    badge_received = 0;
    endpoint = test_object(seL4_EndpointObject, 0);
    notification = test_object(seL4_NotificationObject, 0);
    CHECK_ANSWER(bind(thread->tcb, notification), seL4_NoError);
    test_thread_start(thread);
    seL4_Signal(test_mint(notification, seL4_AllRights, 0x99));
    CHECK_EQUAL(badge_received, 0x99);
}

TEST("2.6 TCB SetTLSBase: no word is a truncated message")
{
    CHECK_ANSWER(INVOKE(new_tcb(), TCBSetTLSBase, .length = 0), seL4_TruncatedMessage);
}

TEST("5.2 TCB SetTLSBase: sets tp, whatever the value, and nothing else")
{
    seL4_CPtr tcb = new_tcb();
    seL4_UserContext regs = { 0 };

    CHECK_ANSWER(INVOKE(tcb, TCBSetTLSBase, .length = 1, .words = { 0xfedcba9876543211 }), seL4_NoError);
    CHECK_OK(seL4_TCB_ReadRegisters(tcb, false, 0, 32, &regs));
    CHECK_EQUAL(regs.tp, 0xfedcba9876543211);
    for (int i = 0; i < 31; i++) {
        CHECK_EQUAL(((seL4_Word *)&regs)[i], 0);
    }
}

TEST("5.2 TCB SetTLSBase: the caller may set its own")
{
    seL4_Word mine, seen;
    struct sel4_registers reply;

    __asm__ volatile("mv %0, tp" : "=r"(mine));
    reply = sel4_trap_call(seL4_SysCall,
                           (struct sel4_registers){ seL4_CapInitThreadTCB, (seL4_Word)TCBSetTLSBase << 12 | 1,
                                                    0x123456789, 0, 0, 0 });
    __asm__ volatile("mv %0, tp\n mv tp, %1" : "=&r"(seen) : "r"(mine) : "memory");
    CHECK_EQUAL(reply.info, 0);
    CHECK_EQUAL(seen, 0x123456789);
}

static struct answer set_flags(seL4_CPtr tcb, seL4_Word clear, seL4_Word set)
{
    return INVOKE(tcb, TCBSetFlags, .length = 2, .words = { clear, set });
}

TEST("2.6 TCB SetFlags: fewer than 2 words are a truncated message")
{
    CHECK_ANSWER(INVOKE(new_tcb(), TCBSetFlags, .length = 0), seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(new_tcb(), TCBSetFlags, .length = 1, .words = { 0, 1 }), seL4_TruncatedMessage);
}

TEST("2.6 TCB SetFlags: the reply is the resulting flags, first cleared, then set")
{
    seL4_CPtr tcb = new_tcb();

    CHECK_ANSWER(set_flags(tcb, 0, 0), seL4_NoError, 0);
    CHECK_ANSWER(set_flags(tcb, 0, 1), seL4_NoError, 1);
    CHECK_ANSWER(set_flags(tcb, 0, 0), seL4_NoError, 1);
    CHECK_ANSWER(set_flags(tcb, 1, 1), seL4_NoError, 1);
    CHECK_ANSWER(set_flags(tcb, 1, 0), seL4_NoError, 0);
    CHECK_ANSWER(set_flags(tcb, ~0ul, 1), seL4_NoError, 1);
}

TEST("2.6 TCB SetFlags: bits that are no flags stay clear")
{
    seL4_CPtr tcb = new_tcb();

    CHECK_ANSWER(set_flags(tcb, 0, ~0ul), seL4_NoError, 1);
    CHECK_ANSWER(set_flags(tcb, 1, ~1ul), seL4_NoError, 0);
}
