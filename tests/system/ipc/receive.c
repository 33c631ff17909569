/*
 * 1.7 Recv, NBRecv and ReplyRecv: what they accept, and the order of their checks.
 */
#include "actor.h"

#define BAD_POINTER 0xdead000000000001

static seL4_CPtr endpoint;
static struct actor sender, receiver;

static const long receiving[] = { SYS_RECV, SYS_NB_RECV, SYS_REPLY_RECV };

static void set_up(void)
{
    endpoint = test_object(seL4_EndpointObject, 0);
    sender = actor_new();
    receiver = actor_new();
}

/* Each of the three calls on this capability is a receive-phase fault with "missing capability, 0 bits". */
static void check_missing(seL4_CPtr cap)
{
    for (unsigned i = 0; i < 3; i++) {
        actor_start(&receiver, receiving[i], cap, 0);
        CHECK_FAULTED(&receiver);
        CHECK_EQUAL(receiver.label, seL4_Fault_CapFault);
        CHECK_EQUAL(receiver.length, 5);
        CHECK_EQUAL(receiver.words[0], (seL4_Word)actor_ecall);
        CHECK_EQUAL(receiver.words[1], cap);
        CHECK_EQUAL(receiver.words[2], 1);
        CHECK_EQUAL(receiver.words[3], 2);
        CHECK_EQUAL(receiver.words[4], 0);
        CHECK_EQUAL(receiver.got.a0, cap);
    }
}

TEST("1.7 ReplyRecv first half: the reply is sent even if the receive pointer is bad")
{
    set_up();
    actor_start(&sender, SYS_CALL, endpoint, info(1, 0, 0));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    actor_start(&receiver, SYS_REPLY_RECV, BAD_POINTER, info(2, 0, 3));
    CHECK_DONE(&sender);
    CHECK_EQUAL(sender.got.a1, info(2, 0, 3));
    CHECK_EQUAL(sender.got.a4, receiver.set.a4);
    CHECK_FAULTED(&receiver);
    CHECK_EQUAL(receiver.words[1], BAD_POINTER);
    CHECK_EQUAL(receiver.words[2], 1);
}

TEST("1.7 ReplyRecv first half: nothing to reply to is no error")
{
    set_up();
    actor_start(&sender, SYS_SEND, endpoint, info(1, 0, 0));
    actor_start(&receiver, SYS_REPLY_RECV, endpoint, info(2, 0, 3));
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 0));
}

TEST("1.7 CPtr unresolved: a capability fault with receive phase 1, for all three calls")
{
    set_up();
    for (unsigned i = 0; i < 3; i++) {
        actor_start(&receiver, receiving[i], BAD_POINTER, 0);
        CHECK_FAULTED(&receiver);
        CHECK_EQUAL(receiver.label, seL4_Fault_CapFault);
        CHECK_EQUAL(receiver.length, 7);
        CHECK_EQUAL(receiver.words[0], (seL4_Word)actor_ecall);
        CHECK_EQUAL(receiver.words[1], BAD_POINTER);
        CHECK_EQUAL(receiver.words[2], 1);
        CHECK_EQUAL(receiver.words[3], 4);
        CHECK_EQUAL(receiver.words[4], 64);
        CHECK_EQUAL(receiver.words[5], 0);
        CHECK_EQUAL(receiver.words[6], 52);
    }
}

TEST("1.7 Not endpoint or notification: an empty slot is missing")
{
    set_up();
    check_missing(seL4_CapNull);
}

TEST("1.7 Not endpoint or notification: every other type is missing")
{
    set_up();
    check_missing(seL4_CapInitThreadTCB);
    check_missing(seL4_CapInitThreadVSpace);
    check_missing(seL4_CapIRQControl);
    check_missing(seL4_CapASIDControl);
    check_missing(seL4_CapInitThreadASIDPool);
    check_missing(seL4_CapDomain);
    check_missing(test_arena);
    check_missing(test_object(seL4_RISCV_4K_Page, 0));
}

TEST("1.7 Endpoint cap without Read: missing")
{
    set_up();
    check_missing(test_mint(endpoint, seL4_NoRead, 0));
    check_missing(test_mint(endpoint, seL4_NoRights, 0));
}

TEST("1.7 Notification cap without Read: missing")
{
    set_up();
    check_missing(test_mint(test_object(seL4_NotificationObject, 0), seL4_NoRead, 0));
}

TEST("1.7 Notification bound to another TCB: missing, even when it is active")
{
    set_up();
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    CHECK_OK(seL4_TCB_BindNotification(sender.tcb, notification));
    check_missing(notification);
    seL4_Signal(notification);
    check_missing(notification);
    CHECK_OK(seL4_TCB_UnbindNotification(sender.tcb));
    actor_start(&receiver, SYS_RECV, notification, 0);
    CHECK_DONE(&receiver);
}

TEST("1.7 Notification bound to the receiver itself: received as any other")
{
    set_up();
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    CHECK_OK(seL4_TCB_BindNotification(receiver.tcb, notification));
    actor_start(&receiver, SYS_RECV, notification, 0x55);
    CHECK_WAITS(&receiver);
    seL4_Signal(test_mint(notification, seL4_AllRights, 8));
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a0, 8);
    CHECK_KEPT(&receiver, ACTOR_A0);
}

TEST("1.7 Endpoint Recv: a reply cap still there is deleted first, and its caller never answered")
{
    static const long numbers[] = { SYS_RECV, SYS_NB_RECV };

    for (unsigned i = 0; i < 2; i++) {
        set_up();
        actor_start(&sender, SYS_CALL, endpoint, info(1, 0, 0));
        actor_start(&receiver, SYS_RECV, endpoint, 0);
        CHECK_DONE(&receiver);
        seL4_CPtr other = test_object(seL4_EndpointObject, 0);
        actor_start(&receiver, numbers[i], other, 0);
        seL4_NBSend(other, seL4_MessageInfo_new(0, 0, 0, 0));
        CHECK_DONE(&receiver);
        actor_start(&receiver, SYS_REPLY, 0, info(2, 0, 0));
        CHECK_DONE(&receiver);
        CHECK_WAITS(&sender);
        CHECK_OK(seL4_TCB_Resume(sender.tcb));
        CHECK_WAITS(&sender);
        actor_start(&receiver, SYS_RECV, endpoint, 0);
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a1, info(1, 0, 0));
        test_reset();
    }
}

TEST("1.7 Notification Recv: the reply cap stays")
{
    static const long numbers[] = { SYS_RECV, SYS_NB_RECV };

    for (unsigned i = 0; i < 2; i++) {
        set_up();
        seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
        actor_start(&sender, SYS_CALL, endpoint, info(1, 0, 0));
        actor_start(&receiver, SYS_RECV, endpoint, 0);
        CHECK_DONE(&receiver);
        actor_start(&receiver, numbers[i], notification, 0);
        seL4_Signal(notification);
        CHECK_DONE(&receiver);
        actor_start(&receiver, SYS_REPLY, 0, info(2, 0, 0));
        CHECK_DONE(&sender);
        CHECK_EQUAL(sender.got.a1, info(2, 0, 0));
        test_reset();
    }
}

TEST("1.7 Receive faults: the reply cap stays when the receive pointer is bad")
{
    set_up();
    actor_start(&sender, SYS_CALL, endpoint, info(1, 0, 0));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    actor_start(&receiver, SYS_NB_RECV, seL4_CapNull, 0);
    CHECK_FAULTED(&receiver);
    actor_start(&receiver, SYS_REPLY, 0, info(2, 0, 0));
    CHECK_DONE(&sender);
}

TEST("1.7 order 1: an active bound notification comes before a queued sender")
{
    for (unsigned i = 0; i < 3; i++) {
        set_up();
        seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
        CHECK_OK(seL4_TCB_BindNotification(receiver.tcb, notification));
        actor_start(&sender, SYS_SEND, endpoint, info(1, 0, 4));
        seL4_Signal(test_mint(notification, seL4_AllRights, 0x10));
        seL4_Signal(test_mint(notification, seL4_AllRights, 0x03));
        actor_start(&receiver, receiving[i], endpoint, 0x5555);
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a0, 0x13);
        CHECK_EQUAL(receiver.got.a1, 0x5555);
        CHECK_KEPT(&receiver, ACTOR_A0);
        CHECK_WAITS(&sender);
        /* The notification is idle now. */
        actor_start(&receiver, receiving[i], endpoint, 0x5555);
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a1, info(1, 0, 4));
        test_reset();
    }
}

TEST("1.7 order 2: the first sender's message is taken")
{
    struct actor second;

    set_up();
    second = actor_new();
    actor_start(&sender, SYS_SEND, endpoint, info(1, 0, 4));
    actor_start(&second, SYS_SEND, endpoint, info(2, 0, 4));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 4));
    CHECK_DONE(&sender);
    CHECK_WAITS(&second);
}

TEST("1.7 order 3: with nothing there Recv and ReplyRecv block")
{
    set_up();
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_WAITS(&receiver);
    CHECK_EQUAL(receiver.got.pc, (seL4_Word)actor_ecall);
    actor_start(&receiver, SYS_REPLY_RECV, endpoint, 0);
    CHECK_WAITS(&receiver);
    CHECK_EQUAL(receiver.got.pc, (seL4_Word)actor_ecall);
}

TEST("1.7 order 3: with nothing there NBRecv gives a0 = 0 and leaves a1")
{
    set_up();
    actor_start(&receiver, SYS_NB_RECV, endpoint, 0x7777);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a0, 0);
    CHECK_EQUAL(receiver.got.a1, 0x7777);
    CHECK_KEPT(&receiver, ACTOR_A0);
}

TEST("1.7 order 3: NBRecv on an endpoint where others wait to receive gives a0 = 0")
{
    set_up();
    actor_start(&sender, SYS_RECV, endpoint, 0);
    actor_start(&receiver, SYS_NB_RECV, endpoint, 0x7777);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a0, 0);
    CHECK_WAITS(&sender);
}

TEST("1.7 blocked on an endpoint: a signal to the bound notification gives a0 alone")
{
    static const long numbers[] = { SYS_RECV, SYS_REPLY_RECV };

    for (unsigned i = 0; i < 2; i++) {
        set_up();
        seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
        CHECK_OK(seL4_TCB_BindNotification(receiver.tcb, notification));
        actor_start(&receiver, numbers[i], endpoint, 0x7777);
        CHECK_WAITS(&receiver);
        seL4_Signal(test_mint(notification, seL4_AllRights, 0x2000000000000001));
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a0, 0x2000000000000001);
        CHECK_KEPT(&receiver, ACTOR_A0);
        /* It left the endpoint's queue. */
        actor_start(&sender, SYS_SEND, endpoint, 0);
        CHECK_WAITS(&sender);
        test_reset();
    }
}

TEST("1.7 Notification receive: active gives the word and makes it idle")
{
    for (unsigned i = 0; i < 3; i++) {
        set_up();
        seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
        seL4_Signal(test_mint(notification, seL4_AllRights, 0x30));
        seL4_Signal(test_mint(notification, seL4_AllRights, 0x11));
        actor_start(&receiver, receiving[i], notification, 0x7777);
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a0, 0x31);
        CHECK_KEPT(&receiver, ACTOR_A0);
        actor_start(&receiver, SYS_NB_RECV, notification, 0x7777);
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a0, 0);
        CHECK_KEPT(&receiver, ACTOR_A0);
        test_reset();
    }
}

TEST("1.7 Notification receive: Recv blocks, first come, first served")
{
    struct actor second;

    set_up();
    second = actor_new_at(ACTOR_PRIORITY + 1);
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    actor_start(&receiver, SYS_RECV, notification, 0);
    actor_start(&second, SYS_RECV, notification, 0);
    CHECK_WAITS(&receiver);
    CHECK_WAITS(&second);
    seL4_Signal(notification);
    CHECK_DONE(&receiver);
    CHECK_WAITS(&second);
    seL4_Signal(notification);
    CHECK_DONE(&second);
}
