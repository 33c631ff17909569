/*
 * Blocked receivers: whoever signals, and however it does so, they run at once. All that matters here runs on
 * one hart, the receiver above the test, so "at once" means before the test's next instruction, and no clock
 * is asked. Other harts, if there are any, have no receivers, so the controller does not interrupt them.
 * Hardware that does not wake the kernel leaves it to the next tick.
 */
#include "clock.h"
#include "uintr.h"

#define ROUNDS SOAK_OR(2000, 50)

enum blocking {
    IN_WAIT,
    IN_REL4_WAIT,
    IN_RECV,
    IN_REL4_RECV,
    IN_REPLY_RECV,
    BLOCKINGS
};

static seL4_CPtr endpoint;
static volatile seL4_Word rival_runs;
static enum blocking blocking;
static seL4_Word handled;
static volatile seL4_Word woken, wakes;

static void count(seL4_Word bits, void *arg)
{
    handled |= bits;
}

static seL4_Word block(const struct uintr_thread *self)
{
    seL4_Word badge = 0;

    switch (blocking) {
    case IN_WAIT:
        seL4_Wait(self->notification, &badge);
        break;
    case IN_REL4_WAIT:
        badge = rel4_wait(self->notification);
        break;
    case IN_RECV:
        seL4_Recv(endpoint, &badge);
        break;
    case IN_REL4_RECV:
        rel4_recv(endpoint, &badge);
        break;
    default:
        seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, 0), &badge);
        break;
    }
    return badge;
}

static void wait(void *arg)
{
    struct uintr_thread *self = arg;

    uintr_register(self, count, NULL);
    for (;;) {
        woken = block(self);
        wakes++;
    }
}

/* Runs when the test's time slice is over. */
static void be_rival(void *arg)
{
    for (;;) {
        rival_runs++;
        seL4_Yield();
    }
}

static struct uintr_thread *start_waiting(enum blocking how)
{
    struct uintr_thread *receiver;

    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    endpoint = test_object(seL4_EndpointObject, 0);
    blocking = how;
    handled = woken = wakes = 0;
    receiver = uintr_thread_new(0, wait, TEST_PRIORITY + 1);
    test_thread_start(receiver->thread);
    test_thread_start(test_thread_create(be_rival, NULL, TEST_PRIORITY, 0));
    return receiver;
}

/* Sends by instruction; when it returns, the receiver has been woken. */
static void send_and_wait(void (*send)(seL4_CPtr), seL4_CPtr sender)
{
    seL4_Word before = wakes, rival;

    seL4_Yield(); /* a new time slice, of several ticks */
    send(sender);
    rival = rival_runs; /* behind the send, before which there may be turns */
    while (!uintr_is_complete() && wakes == before && rival_runs == rival) {
    }
}

/* Sends many times; each time the receiver, which was blocked, has run and blocked again. */
static void check_wakes(void (*send)(seL4_CPtr), seL4_Word badge, bool by_call)
{
    for (enum blocking how = IN_WAIT; how < BLOCKINGS; how++) {
        struct uintr_thread *receiver = start_waiting(how);
        seL4_CPtr sender =
            badge ? test_mint(receiver->notification, seL4_AllRights, badge) : receiver->notification;

        for (seL4_Word i = 1; i <= ROUNDS; i++) {
            woken = ~badge;
            if (by_call) {
                send(sender);
            } else {
                send_and_wait(send, sender);
            }
            CHECK_EQUAL(wakes, i);
            CHECK_EQUAL(woken, badge);
        }
        CHECK_EQUAL(handled, 0); /* a bit is delivered once */
        test_reset();
    }
}

static void send_instruction(seL4_CPtr sender)
{
    int index = rel4_uintr_register_sender(sender);

    CHECK(index >= 0);
    rel4_uipi_send((seL4_Word)index);
}

static void send_call(seL4_CPtr sender)
{
    seL4_Signal(sender);
}

TEST("uintr wake: an instruction wakes a receiver that is blocked in Wait, Recv or ReplyRecv, at once")
{
    check_wakes(send_instruction, 1ul << 33, false);
}

TEST("uintr wake: rel4_signal() does")
{
    check_wakes(rel4_signal, 4, false);
}

TEST("uintr wake: Signal does, with one bit, with several and with none")
{
    check_wakes(send_call, 1, true);
    check_wakes(send_call, 0x8000000000000003, true);
    check_wakes(send_call, 0, true);
}

TEST("uintr wake: a blocked receiver that is suspended and resumed waits again, and is woken")
{
    for (enum blocking how = IN_WAIT; how < BLOCKINGS; how++) {
        struct uintr_thread *receiver = start_waiting(how);
        seL4_CPtr sender = test_mint(receiver->notification, seL4_AllRights, 2);

        for (seL4_Word i = 1; i <= ROUNDS; i++) {
            CHECK_OK(seL4_TCB_Suspend(receiver->thread->tcb));
            CHECK_OK(seL4_TCB_Resume(receiver->thread->tcb));
            send_and_wait(send_instruction, sender);
            CHECK_EQUAL(wakes, i);
            CHECK_EQUAL(woken, 2);
        }
        test_reset();
    }
}

static seL4_CPtr irq_handler;

TEST("uintr wake: a device interrupt reaches a blocked receiver, and one that runs")
{
    struct uintr_thread *receiver = start_waiting(IN_REL4_WAIT);
    seL4_CPtr cnode = seL4_CapInitThreadCNode;

    *rtc(RTC_CLEAR_ALARM) = 1;
    *rtc(RTC_CLEAR_INTERRUPT) = 1;
    *rtc(RTC_IRQ_ENABLED) = 1;
    irq_handler = test_slot();
    CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, RTC_IRQ, cnode, irq_handler, seL4_WordBits));
    CHECK_OK(seL4_IRQHandler_SetNotification(irq_handler,
                                             test_mint(receiver->notification, seL4_AllRights, 1ul << 63)));
    for (seL4_Word i = 1; i <= ROUNDS; i++) {
        rtc_set_alarm(1); /* long ago: it interrupts now, on any hart */
        WAIT_FOR(wakes == i);
        CHECK_EQUAL(woken, 1ul << 63);
        *rtc(RTC_CLEAR_INTERRUPT) = 1;
        CHECK_OK(seL4_IRQHandler_Ack(irq_handler));
    }
    CHECK_EQUAL(handled, 0);
    /* To a receiver that runs: this thread. */
    CHECK_OK(seL4_IRQHandler_SetNotification(
        irq_handler, test_mint(uintr_receive_here(count, NULL), seL4_AllRights, 1ul << 62)));
    rtc_set_alarm(1);
    WAIT_FOR(*(volatile seL4_Word *)&handled == 1ul << 62);
    *rtc(RTC_CLEAR_INTERRUPT) = 1;
    CHECK_OK(seL4_IRQHandler_Ack(irq_handler));
}

static volatile seL4_Word replies;

static void call(void *arg)
{
    struct uintr_thread *self = arg;

    uintr_register(self, count, NULL);
    for (;;) {
        seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
        replies++;
    }
}

TEST("uintr wake: a receiver that waits for a reply stays blocked; its handler runs when the reply has come")
{
    uintr_set_up(REL4_SEND_INSTRUCTION, 1);
    endpoint = test_object(seL4_EndpointObject, 0);
    struct uintr_thread *caller = uintr_thread_new(0, call, TEST_PRIORITY + 1);
    seL4_CPtr sender = test_mint(caller->notification, seL4_AllRights, 1);

    replies = 0;
    test_thread_start(caller->thread);
    for (seL4_Word i = 1; i <= ROUNDS; i++) {
        handled = 0;
        send_instruction(sender); /* blocked in sending */
        seL4_Recv(endpoint, NULL);
        send_instruction(sender); /* blocked on the reply */
        seL4_Signal(sender);
        CHECK_EQUAL(replies, i - 1);
        CHECK_EQUAL(handled, 0);
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
        CHECK_EQUAL(replies, i);
        CHECK_EQUAL(handled, 1);
    }
}
