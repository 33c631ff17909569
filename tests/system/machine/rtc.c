/*
 * 5.4: interrupts as a user-level driver sees them, from the real-time clock. An alarm in the past raises its
 * interrupt line at once, so nothing here depends on time.
 *
 * As the kernel documents: Get means level-triggered, GetTrigger with a non-zero trigger edge-triggered. A
 * level source stays claimed until Ack; an edge source is completed at delivery.
 */
#include "answer.h"
#include "clock.h"
#include "tree.h"

#define CNODE   seL4_CapInitThreadCNode
#define CONTROL seL4_CapIRQControl

static seL4_CPtr handler, notification;

/* Raises the interrupt line. */
static void raise_interrupt(void)
{
    rtc_set_alarm(1);
}

/* Takes it back. */
static void lower_interrupt(void)
{
    *rtc(RTC_CLEAR_INTERRUPT) = 1;
}

static void quiet(void)
{
    *rtc(RTC_CLEAR_ALARM) = 1;
    lower_interrupt();
    *rtc(RTC_IRQ_ENABLED) = 1;
}

static void set_notification(seL4_Word badge)
{
    notification = test_object(seL4_NotificationObject, 0);
    CHECK_OK(seL4_IRQHandler_SetNotification(handler, test_mint(notification, seL4_AllRights, badge)));
}

static void get_handler(bool edge)
{
    handler = test_slot();
    CHECK_OK(edge ? seL4_IRQControl_GetTrigger(CONTROL, RTC_IRQ, 1, CNODE, handler, seL4_WordBits)
                  : seL4_IRQControl_Get(CONTROL, RTC_IRQ, CNODE, handler, seL4_WordBits));
}

static void prepare(bool edge)
{
    quiet();
    get_handler(edge);
    set_notification(1);
}

static void expect_interrupt(seL4_Word expected)
{
    seL4_Word badge;

    seL4_Wait(notification, &badge);
    CHECK_EQUAL(badge, expected);
}

static seL4_Word arrived(void)
{
    seL4_Word badge;

    seL4_Poll(notification, &badge);
    return badge;
}

TEST("5.4 device memory: the clock can be read and goes forward")
{
    seL4_Word first = rtc_time(), second;

    do {
        second = rtc_time();
    } while (second == first);
    CHECK(second > first);
}

TEST("5.4 delivery: an interrupt signals the stored notification with its badge")
{
    prepare(false);
    CHECK_EQUAL(arrived(), 0);
    raise_interrupt();
    expect_interrupt(1);
}

TEST("5.4 delivery: an alarm in the future wakes the waiting driver")
{
    prepare(false);
    rtc_set_alarm(rtc_time() + 5000000);
    expect_interrupt(1);
    lower_interrupt();
}

TEST("5.4 delivery: many in a row, each acknowledged")
{
    prepare(false);
    for (seL4_Word i = 0; i < SOAK_OR(100000, 500); i++) {
        raise_interrupt();
        expect_interrupt(1);
        lower_interrupt();
        CHECK_OK(seL4_IRQHandler_Ack(handler));
    }
    CHECK_EQUAL(arrived(), 0);
}

TEST("5.4 level: after delivery the source is quiet until Ack, then what came in between is delivered")
{
    prepare(false);
    raise_interrupt();
    expect_interrupt(1);
    lower_interrupt();
    raise_interrupt();
    CHECK_EQUAL(arrived(), 0);
    CHECK_OK(seL4_IRQHandler_Ack(handler));
    expect_interrupt(1);
}

TEST("5.4 level: GetTrigger with trigger 0 is level, too")
{
    quiet();
    handler = test_slot();
    CHECK_OK(seL4_IRQControl_GetTrigger(CONTROL, RTC_IRQ, 0, CNODE, handler, seL4_WordBits));
    set_notification(1);
    raise_interrupt();
    expect_interrupt(1);
    lower_interrupt();
    raise_interrupt();
    CHECK_EQUAL(arrived(), 0);
    CHECK_OK(seL4_IRQHandler_Ack(handler));
    expect_interrupt(1);
}

TEST("5.4 level: a line that stays up interrupts once for each Ack, and holds up nobody before")
{
    if (tree_count("plic@")) {
        return; /* QEMU's PLIC takes a line that stays up for one interrupt */
    }
    prepare(false);
    raise_interrupt();
    for (int i = 0; i < 10; i++) {
        expect_interrupt(1);
        seL4_Yield();
        CHECK_EQUAL(arrived(), 0);
        CHECK_OK(seL4_IRQHandler_Ack(handler));
    }
    expect_interrupt(1);
    lower_interrupt();
    CHECK_OK(seL4_IRQHandler_Ack(handler));
    CHECK_EQUAL(arrived(), 0);
}

TEST("5.4 level: a line that was up before Get interrupts as soon as there is a notification")
{
    if (tree_count("plic@")) {
        return;
    }
    quiet();
    raise_interrupt();
    get_handler(false);
    seL4_Yield();
    set_notification(1);
    expect_interrupt(1);
}

TEST("5.4 edge: completed at delivery, the next one comes without Ack")
{
    prepare(true);
    for (int i = 0; i < 10; i++) {
        raise_interrupt();
        expect_interrupt(1);
        lower_interrupt();
    }
    CHECK_OK(seL4_IRQHandler_Ack(handler));
    raise_interrupt();
    expect_interrupt(1);
}

TEST("5.4 Ack: does nothing while nothing is claimed, and is not saved up")
{
    prepare(false);
    CHECK_OK(seL4_IRQHandler_Ack(handler));
    CHECK_OK(seL4_IRQHandler_Ack(handler));
    raise_interrupt();
    expect_interrupt(1);
    lower_interrupt();
    raise_interrupt();
    CHECK_EQUAL(arrived(), 0);
    CHECK_OK(seL4_IRQHandler_Ack(handler));
    expect_interrupt(1);
}

TEST("5.4 Ack: any copy of the handler will do")
{
    prepare(false);
    raise_interrupt();
    expect_interrupt(1);
    lower_interrupt();
    CHECK_OK(seL4_IRQHandler_Ack(test_mint(handler, seL4_NoRights, 0)));
    raise_interrupt();
    expect_interrupt(1);
}

TEST("5.4 nothing stored at delivery: dropped and completed; with a notification the next one comes")
{
    quiet();
    get_handler(false);
    raise_interrupt();
    seL4_Yield();
    lower_interrupt();
    set_notification(2);
    CHECK_EQUAL(arrived(), 0);
    raise_interrupt();
    expect_interrupt(2);
}

TEST("5.4 nothing stored at delivery: the source is masked, SetNotification lets through what came meanwhile")
{
    quiet();
    get_handler(false);
    raise_interrupt();
    seL4_Yield(); /* so that it is taken, before it goes away again */
    lower_interrupt();
    raise_interrupt();
    seL4_Yield();
    set_notification(3);
    expect_interrupt(3);
}

TEST("5.4 SetNotification: stores a copy; the capability given may be deleted")
{
    quiet();
    get_handler(false);
    notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr badged = test_mint(notification, seL4_CanWrite, 0x123456789abcdef0);
    CHECK_OK(seL4_IRQHandler_SetNotification(handler, badged));
    CHECK_OK(seL4_CNode_Delete(CNODE, badged, seL4_WordBits));
    raise_interrupt();
    expect_interrupt(0x123456789abcdef0);
}

TEST("5.4 SetNotification: replaces the old one, and completes what was claimed for it")
{
    prepare(false);
    raise_interrupt();
    expect_interrupt(1);
    seL4_CPtr old = notification;
    set_notification(2);
    lower_interrupt();
    raise_interrupt();
    expect_interrupt(2);
    notification = old;
    CHECK_EQUAL(arrived(), 0);
}

TEST("5.4 SetNotification: the same notification again completes, too")
{
    prepare(false);
    raise_interrupt();
    expect_interrupt(1);
    CHECK_OK(seL4_IRQHandler_SetNotification(handler, notification));
    lower_interrupt();
    raise_interrupt();
    seL4_Wait(notification, NULL);
}

TEST("5.4 a failed SetNotification leaves everything as it was")
{
    prepare(false);
    raise_interrupt();
    expect_interrupt(1);
    CHECK_ERROR(seL4_IRQHandler_SetNotification(handler, CNODE), seL4_InvalidCapability);
    lower_interrupt();
    raise_interrupt();
    CHECK_EQUAL(arrived(), 0);
    CHECK_OK(seL4_IRQHandler_Ack(handler));
    expect_interrupt(1);
}

TEST("5.4 Clear: no more signals; what was claimed is completed, so it works again with a notification")
{
    prepare(false);
    raise_interrupt();
    expect_interrupt(1);
    CHECK_OK(seL4_IRQHandler_Clear(handler));
    lower_interrupt();
    raise_interrupt();
    CHECK_EQUAL(arrived(), 0);
    lower_interrupt();
    set_notification(4);
    raise_interrupt();
    expect_interrupt(4);
}

TEST("5.4 the stored notification is revoked: what was claimed is completed")
{
    prepare(false);
    raise_interrupt();
    expect_interrupt(1);
    CHECK_OK(seL4_CNode_Revoke(CNODE, notification, seL4_WordBits));
    lower_interrupt();
    raise_interrupt();
    CHECK_EQUAL(arrived(), 0);
    lower_interrupt();
    set_notification(5);
    raise_interrupt();
    expect_interrupt(5);
}

TEST("5.4 the last handler is deleted while claimed: completed, and a new handler works")
{
    prepare(false);
    raise_interrupt();
    expect_interrupt(1);
    CHECK_OK(seL4_CNode_Delete(CNODE, handler, seL4_WordBits));
    lower_interrupt();
    raise_interrupt();
    CHECK_EQUAL(arrived(), 0);
    lower_interrupt();
    get_handler(false);
    set_notification(6);
    raise_interrupt();
    expect_interrupt(6);
}

TEST("5.4 one of two handlers is deleted while claimed: still claimed")
{
    prepare(false);
    seL4_CPtr copy = test_mint(handler, seL4_AllRights, 0);
    raise_interrupt();
    expect_interrupt(1);
    CHECK_OK(seL4_CNode_Delete(CNODE, handler, seL4_WordBits));
    lower_interrupt();
    raise_interrupt();
    CHECK_EQUAL(arrived(), 0);
    CHECK_OK(seL4_IRQHandler_Ack(copy));
    expect_interrupt(1);
}

TEST("5.4 a source of which no handler exists stays masked, whatever the device does")
{
    quiet();
    raise_interrupt();
    seL4_Yield();
    lower_interrupt();
    prepare(false);
    CHECK_EQUAL(arrived(), 0);
    for (int edge = 0; edge < 2; edge++) {
        CHECK_OK(seL4_CNode_Delete(CNODE, handler, seL4_WordBits));
        prepare(true);
        CHECK_OK(seL4_CNode_Delete(CNODE, handler, seL4_WordBits));
        raise_interrupt();
        lower_interrupt();
        prepare(edge);
        CHECK_EQUAL(arrived(), 0);
    }
}

TEST("5.4 delivery: signals add up while the driver does not look")
{
    prepare(true);
    seL4_Signal(test_mint(notification, seL4_AllRights, 0x100));
    raise_interrupt();
    seL4_Yield(); /* the interrupt is taken on the way back at the latest */
    expect_interrupt(0x101);
}

static seL4_CPtr endpoint;
static volatile seL4_Word received;

static void receive_any(void *arg)
{
    seL4_Word badge = 0;

    seL4_Recv(endpoint, &badge);
    received = badge;
}

TEST("5.4 delivery: reaches a thread through its bound notification, at once if it is more important")
{
    struct test_thread *thread = test_thread_create(receive_any, NULL, TEST_PRIORITY + 1, 0);

    received = 0;
    endpoint = test_object(seL4_EndpointObject, 0);
    prepare(false);
    CHECK_OK(seL4_TCB_BindNotification(thread->tcb, notification));
    test_thread_start(thread);
    raise_interrupt();
    while (received == 0) {
        seL4_Yield();
    }
    CHECK_EQUAL(received, 1);
}

#if CONFIG_MAX_NUM_NODES > 1
static volatile bool got;

static void get_elsewhere(void *arg)
{
    get_handler(*(bool *)arg);
    got = true;
}

/* As prepare(), with the call made by a thread on another hart, so that the interrupt goes there. */
static void prepare_on(seL4_Word node, bool edge)
{
    struct test_thread *thread = test_thread_create(get_elsewhere, &edge, TEST_PRIORITY, 0);

    quiet();
    got = false;
    test_thread_set_node(thread, node);
    test_thread_start(thread);
    while (!got) {
        seL4_Yield();
    }
    set_notification(1);
}

static void drop_handler(void)
{
    CHECK_OK(seL4_CNode_Delete(CNODE, handler, seL4_WordBits));
}

TEST("5.4 harts: an interrupt that was got on any hart reaches a driver on the first, Ack from there counts")
{
    for (seL4_Word node = 0; node < test_nodes(); node++) {
        prepare_on(node, false);
        for (int i = 0; i < 20; i++) {
            raise_interrupt();
            expect_interrupt(1);
            lower_interrupt();
            raise_interrupt();
            CHECK_EQUAL(arrived(), 0);
            CHECK_OK(seL4_IRQHandler_Ack(handler));
            expect_interrupt(1);
            lower_interrupt();
            CHECK_OK(seL4_IRQHandler_Ack(handler));
        }
        drop_handler();
    }
}

TEST("5.4 harts: edge, on any hart")
{
    for (seL4_Word node = 0; node < test_nodes(); node++) {
        prepare_on(node, true);
        for (int i = 0; i < 20; i++) {
            raise_interrupt();
            expect_interrupt(1);
            lower_interrupt();
        }
        drop_handler();
    }
}

TEST("5.4 harts: claimed on any hart, given up on the first by Clear, revocation or deletion")
{
    for (seL4_Word node = 0; node < test_nodes(); node++) {
        prepare_on(node, false);
        raise_interrupt();
        expect_interrupt(1);
        CHECK_OK(seL4_IRQHandler_Clear(handler));
        lower_interrupt();
        set_notification(2);
        raise_interrupt();
        expect_interrupt(2);
        CHECK_OK(seL4_CNode_Revoke(CNODE, notification, seL4_WordBits));
        lower_interrupt();
        set_notification(3);
        raise_interrupt();
        expect_interrupt(3);
        drop_handler();
        lower_interrupt();
        prepare_on(node, false);
        raise_interrupt();
        expect_interrupt(1);
        drop_handler();
    }
}
#endif
