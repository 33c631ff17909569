/*
 * 1.10 Notifications.
 */
#include "actor.h"

static seL4_CPtr notification, endpoint;
static struct actor first, second;

static void set_up(void)
{
    notification = test_object(seL4_NotificationObject, 0);
    endpoint = test_object(seL4_EndpointObject, 0);
    first = actor_new();
    second = actor_new();
}

static seL4_CPtr badged(seL4_Word badge)
{
    return test_mint(notification, seL4_AllRights, badge);
}

static seL4_Word poll(void)
{
    seL4_Word word = ~0ul;

    seL4_Poll(notification, &word);
    return word;
}

TEST("1.10 Data word: signals are ORed into it while it is active, all 64 bits")
{
    set_up();
    for (unsigned bit = 0; bit < 64; bit += 7) {
        seL4_Signal(badged(1ul << bit));
    }
    CHECK_EQUAL(poll(), 0x8102040810204081);
    CHECK_EQUAL(poll(), 0);
}

TEST("1.10 Data word: it starts anew after it was taken")
{
    set_up();
    seL4_Signal(badged(3));
    CHECK_EQUAL(poll(), 3);
    seL4_Signal(badged(4));
    CHECK_EQUAL(poll(), 4);
}

TEST("1.10 Data word: an unbadged signal makes it active with word 0")
{
    set_up();
    seL4_Signal(notification);
    actor_start(&first, SYS_RECV, notification, 0);
    CHECK_DONE(&first);
    CHECK_EQUAL(first.got.a0, 0);
}

TEST("1.10 Send right: Call without Write answers invalid capability 0")
{
    set_up();
    actor_start(&first, SYS_CALL, test_mint(notification, seL4_NoWrite, 1), 0);
    CHECK_DONE(&first);
    CHECK_EQUAL(first.got.a1, info(seL4_InvalidCapability, 0, 1));
    CHECK_EQUAL(first.got.a2, 0);
    CHECK_KEPT(&first, ACTOR_INFO | ACTOR_A2);
    CHECK_EQUAL(poll(), 0);
}

TEST("1.10 Send right: Send and NBSend without Write are ignored")
{
    set_up();
    actor_start(&second, SYS_RECV, notification, 0);
    actor_start(&first, SYS_SEND, test_mint(notification, seL4_CanRead, 1), 0);
    CHECK_DONE(&first);
    actor_start(&first, SYS_NB_SEND, test_mint(notification, seL4_CanRead, 1), 0);
    CHECK_DONE(&first);
    CHECK_WAITS(&second);
}

TEST("1.10 Message info and words: ignored, and nothing of them arrives")
{
    set_up();
    actor_start(&second, SYS_RECV, notification, 0x77);
    actor_start(&first, SYS_SEND, badged(2), info(0xabc, 0, 100));
    CHECK_DONE(&first);
    CHECK_KEPT(&first, 0);
    CHECK_DONE(&second);
    CHECK_EQUAL(second.got.a0, 2);
    CHECK_KEPT(&second, ACTOR_A0);
}

TEST("1.10 NBSend signals as Send does")
{
    set_up();
    actor_start(&first, SYS_NB_SEND, badged(2), 0);
    CHECK_DONE(&first);
    CHECK_KEPT(&first, 0);
    CHECK_EQUAL(poll(), 2);
}

TEST("1.10 Call on a notification: signals, then returns the empty success answer")
{
    set_up();
    actor_start(&first, SYS_CALL, badged(2), info(9, 0, 4));
    CHECK_DONE(&first);
    CHECK_EQUAL(first.got.a0, 0);
    CHECK_EQUAL(first.got.a1, 0);
    CHECK_KEPT(&first, ACTOR_INFO);
    CHECK_EQUAL(poll(), 2);
}

TEST("1.10 Idle, bound TCB receiving on any endpoint: it is woken with a0 = badge")
{
    set_up();
    CHECK_OK(seL4_TCB_BindNotification(first.tcb, notification));
    actor_start(&first, SYS_RECV, endpoint, 0x77);
    seL4_Signal(badged(5));
    CHECK_DONE(&first);
    CHECK_EQUAL(first.got.a0, 5);
    CHECK_KEPT(&first, ACTOR_A0);
    actor_start(&first, SYS_RECV, test_object(seL4_EndpointObject, 0), 0x77);
    seL4_Signal(badged(6));
    CHECK_DONE(&first);
    CHECK_EQUAL(first.got.a0, 6);
    CHECK_OK(seL4_TCB_UnbindNotification(first.tcb));
    CHECK_EQUAL(poll(), 0);
}

TEST("1.10 Bound TCB blocked on reply: the notification just becomes active")
{
    set_up();
    CHECK_OK(seL4_TCB_BindNotification(first.tcb, notification));
    actor_start(&first, SYS_CALL, endpoint, 0);
    actor_start(&second, SYS_RECV, endpoint, 0);
    CHECK_DONE(&second);
    seL4_Signal(badged(5));
    CHECK_WAITS(&first);
    actor_start(&second, SYS_REPLY, 0, info(1, 0, 0));
    CHECK_DONE(&first);
    CHECK_EQUAL(first.got.a0, 0);
    actor_start(&first, SYS_NB_RECV, endpoint, 0);
    CHECK_DONE(&first);
    CHECK_EQUAL(first.got.a0, 5);
}

TEST("1.10 Bound TCB blocked on send: the notification just becomes active")
{
    set_up();
    CHECK_OK(seL4_TCB_BindNotification(first.tcb, notification));
    actor_start(&first, SYS_SEND, endpoint, 0);
    seL4_Signal(badged(5));
    CHECK_WAITS(&first);
    actor_start(&second, SYS_RECV, endpoint, 0);
    CHECK_DONE(&second);
    CHECK_DONE(&first);
    actor_start(&first, SYS_NB_RECV, notification, 0);
    CHECK_DONE(&first);
    CHECK_EQUAL(first.got.a0, 5);
}

TEST("1.10 Bound TCB blocked on another notification: the notification just becomes active")
{
    set_up();
    seL4_CPtr other = test_object(seL4_NotificationObject, 0);
    CHECK_OK(seL4_TCB_BindNotification(first.tcb, notification));
    actor_start(&first, SYS_RECV, other, 0);
    seL4_Signal(badged(5));
    CHECK_WAITS(&first);
    seL4_Signal(test_mint(other, seL4_AllRights, 6));
    CHECK_DONE(&first);
    CHECK_EQUAL(first.got.a0, 6);
}

TEST("1.10 Bound, then unbound: a signal no longer wakes the receiver")
{
    set_up();
    CHECK_OK(seL4_TCB_BindNotification(first.tcb, notification));
    actor_start(&first, SYS_RECV, endpoint, 0);
    CHECK_OK(seL4_TCB_UnbindNotification(first.tcb));
    seL4_Signal(badged(5));
    CHECK_WAITS(&first);
    CHECK_EQUAL(poll(), 5);
}

TEST("1.10 Bound TCB deleted: the notification is free and works")
{
    set_up();
    CHECK_OK(seL4_TCB_BindNotification(first.tcb, notification));
    actor_start(&first, SYS_RECV, endpoint, 0);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, first.tcb, 64));
    seL4_Signal(badged(5));
    CHECK_EQUAL(poll(), 5);
    CHECK_OK(seL4_TCB_BindNotification(second.tcb, notification));
}

TEST("1.10 Waiting queue: one waiter, the first, is woken per signal, with that signal's badge")
{
    struct actor third;

    set_up();
    third = actor_new_at(ACTOR_PRIORITY + 5);
    actor_start(&first, SYS_RECV, notification, 0);
    actor_start(&second, SYS_RECV, notification, 0);
    actor_start(&third, SYS_RECV, notification, 0);
    seL4_Signal(badged(1));
    CHECK_DONE(&first);
    CHECK_EQUAL(first.got.a0, 1);
    CHECK_WAITS(&second);
    CHECK_WAITS(&third);
    seL4_Signal(badged(2));
    CHECK_DONE(&second);
    CHECK_EQUAL(second.got.a0, 2);
    CHECK_WAITS(&third);
    seL4_Signal(badged(4));
    CHECK_DONE(&third);
    CHECK_EQUAL(third.got.a0, 4);
    CHECK_EQUAL(poll(), 0);
}

TEST("1.10 Waiting queue: it is used up before the notification becomes active")
{
    set_up();
    actor_start(&first, SYS_RECV, notification, 0);
    seL4_Signal(badged(1));
    seL4_Signal(badged(2));
    CHECK_DONE(&first);
    CHECK_EQUAL(first.got.a0, 1);
    CHECK_EQUAL(poll(), 2);
}
