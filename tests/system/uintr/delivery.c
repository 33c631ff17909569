/*
 * When and how the handler is called, and what Wait, Poll and Recv see of the same bits.
 */
#include "uintr.h"

#define TCB   seL4_CapInitThreadTCB
#define BELOW (TEST_PRIORITY - 10)

/* Lets an actor of the same priority, which never stops, run for its time slice. */
static void let_spin(void)
{
    seL4_Yield();
}

TEST("a signal by system call to itself calls the handler before the next instruction")
{
    seL4_CPtr notification = uintr_notification();
    seL4_CPtr sender = uintr_sender(notification, 5);
    struct record *record = uintr_register(TCB, notification);

    seL4_Signal(sender);
    CHECK_EQUAL(record->count, 1);
    CHECK_EQUAL(record->last, 1 << 5);
    CHECK_EQUAL(record->cause, REL4_UCAUSE);
    seL4_Signal(sender);
    CHECK_EQUAL(record->count, 2);
    test_note("user interrupts: %s", uintr_backend() == REL4_UINTR_HARDWARE ? "by hardware" : "emulated");
}

TEST("uipi_send to itself calls the handler, and comes back behind the instruction")
{
    seL4_CPtr notification = uintr_notification();
    struct record *record = uintr_register(TCB, notification);
    seL4_CPtr table = uintr_table(TCB);
    seL4_Word first = uintr_add(table, uintr_sender(notification, 0));
    seL4_Word last = uintr_add(table, uintr_sender(notification, 63));

    uipi_send(last);
    CHECK_EQUAL(record->count, 1);
    CHECK_EQUAL(record->last, 1ul << 63);
    uipi_send(first);
    CHECK_EQUAL(record->count, 2);
    CHECK_EQUAL(record->last, 1);
}

TEST("all 64 vectors arrive as the badges they are")
{
    seL4_CPtr notification = uintr_notification();
    struct record *record = uintr_register(TCB, notification);
    seL4_CPtr table = uintr_table(TCB);

    for (unsigned vector = 0; vector < 64; vector++) {
        seL4_Word index = uintr_add(table, uintr_sender(notification, vector));
        uipi_send(index);
        CHECK_EQUAL(record->count, vector + 1);
        CHECK_EQUAL(record->last, 1ul << vector);
    }
}

TEST("a badge of several bits delivers all of them, and one of none calls the handler without bits")
{
    seL4_CPtr notification = uintr_notification();
    seL4_CPtr several = test_mint(notification, seL4_CanWrite, 0xf0000000000000f1);
    struct record *record = uintr_register(TCB, notification);

    seL4_Signal(several);
    CHECK_EQUAL(record->count, 1);
    CHECK_EQUAL(record->last, 0xf0000000000000f1);
    seL4_Signal(notification);
    CHECK_EQUAL(record->count, 2);
    CHECK_EQUAL(record->last, 0);
}

TEST("bits collect while interrupts are masked, and come together, once")
{
    seL4_CPtr notification = uintr_notification();
    struct record *record = uintr_register(TCB, notification);
    seL4_CPtr table = uintr_table(TCB);
    seL4_Word index = uintr_add(table, uintr_sender(notification, 3));

    mask_interrupts();
    uipi_send(index);
    seL4_Signal(uintr_sender(notification, 4));
    uipi_send(index);
    CHECK_EQUAL(record->count, 0);
    unmask_interrupts();
    CHECK_EQUAL(record->count, 1);
    CHECK_EQUAL(record->last, 0x18);
}

TEST("bits that waited in the notification before registration are pending afterwards")
{
    seL4_CPtr notification = uintr_notification();

    seL4_Signal(uintr_sender(notification, 7));
    struct record *record = uintr_register(TCB, notification);
    CHECK_EQUAL(record->count, 1);
    CHECK_EQUAL(record->last, 1 << 7);
}

TEST("a badge-0 signal that waited before registration calls the handler without bits")
{
    seL4_CPtr notification = uintr_notification();

    seL4_Signal(notification);
    struct record *record = uintr_register(TCB, notification);
    CHECK_EQUAL(record->count, 1);
    CHECK_EQUAL(record->last, 0);
}

TEST("Wait and Poll see the bits that the handler has not taken, and take them")
{
    seL4_CPtr notification = uintr_notification();
    struct record *record = uintr_register(TCB, notification);
    seL4_CPtr table = uintr_table(TCB);
    seL4_Word index = uintr_add(table, uintr_sender(notification, 9));
    seL4_Word badge = 1;

    mask_interrupts();
    seL4_Poll(notification, &badge);
    CHECK_EQUAL(badge, 0);
    uipi_send(index);
    seL4_Wait(notification, &badge);
    CHECK_EQUAL(badge, 1 << 9);
    uipi_send(index);
    seL4_Signal(uintr_sender(notification, 10));
    seL4_Poll(notification, &badge);
    CHECK_EQUAL(badge, 3 << 9);
    unmask_interrupts();
    CHECK_EQUAL(record->count, 0);
}

TEST("a masked badge-0 signal ends a Wait with badge 0, once")
{
    seL4_CPtr notification = uintr_notification();
    struct record *record = uintr_register(TCB, notification);
    seL4_Word badge = 1;

    mask_interrupts();
    seL4_Signal(notification);
    seL4_Wait(notification, &badge);
    CHECK_EQUAL(badge, 0);
    unmask_interrupts();
    CHECK_EQUAL(record->count, 0);
}

TEST("Recv on an endpoint gets the bits of the bound notification")
{
    seL4_CPtr notification = uintr_notification(), endpoint = test_object(seL4_EndpointObject, 0);
    struct record *record = uintr_register(TCB, notification);
    seL4_CPtr table = uintr_table(TCB);
    seL4_Word index = uintr_add(table, uintr_sender(notification, 11));
    seL4_Word badge = 0;

    mask_interrupts();
    uipi_send(index);
    seL4_Recv(endpoint, &badge);
    CHECK_EQUAL(badge, 1 << 11);
    seL4_NBRecv(endpoint, &badge);
    CHECK_EQUAL(badge, 0);
    unmask_interrupts();
    CHECK_EQUAL(record->count, 0);
}

/* A sender in the test, and a receiver that has the given table entry. */
static seL4_Word entry_for(const struct receiver *receiver, unsigned vector)
{
    return uintr_add(uintr_table(TCB), uintr_sender(receiver->notification, vector));
}

TEST("a receiver blocked in Wait wakes up with the bits, by instruction and by system call")
{
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);
    seL4_Word index = entry_for(&receiver, 12);

    actor_start(&receiver.actor, SYS_RECV, receiver.notification, 0);
    CHECK_WAITS(&receiver.actor);
    uipi_send(index);
    CHECK_EQUAL(actor_wait(&receiver.actor), ACTOR_DONE);
    CHECK_EQUAL(receiver.actor.got.a0, 1 << 12);
    actor_start(&receiver.actor, SYS_RECV, receiver.notification, 0);
    CHECK_WAITS(&receiver.actor);
    seL4_Signal(uintr_sender(receiver.notification, 13));
    CHECK_DONE(&receiver.actor);
    CHECK_EQUAL(receiver.actor.got.a0, 1 << 13);
    CHECK_EQUAL(receiver.record->count, 0);
}

TEST("a receiver blocked in Recv wakes up with the bits, by instruction and by system call")
{
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_Word index = entry_for(&receiver, 12);

    actor_start(&receiver.actor, SYS_RECV, endpoint, 0);
    CHECK_WAITS(&receiver.actor);
    uipi_send(index);
    CHECK_EQUAL(actor_wait(&receiver.actor), ACTOR_DONE);
    CHECK_EQUAL(receiver.actor.got.a0, 1 << 12);
    actor_start(&receiver.actor, SYS_RECV, endpoint, 0);
    CHECK_WAITS(&receiver.actor);
    seL4_Signal(receiver.notification);
    CHECK_DONE(&receiver.actor);
    CHECK_EQUAL(receiver.actor.got.a0, 0);
    CHECK_EQUAL(receiver.record->count, 0);
}

TEST("a receiver blocked in ReplyRecv wakes up, also if the bits came before")
{
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);
    struct actor client = actor_new();
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_Word index = entry_for(&receiver, 12);

    for (int before = 0; before < 2; before++) {
        actor_start(&client, SYS_CALL, endpoint, info(0, 0, 0));
        actor_start(&receiver.actor, SYS_RECV, endpoint, 0);
        CHECK_DONE(&receiver.actor);
        if (before) {
            uipi_send(index);
        }
        actor_start(&receiver.actor, SYS_REPLY_RECV, endpoint, info(0, 0, 0));
        CHECK_DONE(&client);
        if (!before) {
            CHECK_WAITS(&receiver.actor);
            uipi_send(index);
        }
        /* Bits that came before may have gone to the handler, on the way to the system call. */
        if (before && receiver.record->count == 1) {
            CHECK_WAITS(&receiver.actor);
            CHECK_EQUAL(receiver.record->last, 1 << 12);
        } else {
            CHECK_EQUAL(actor_wait(&receiver.actor), ACTOR_DONE);
            CHECK_EQUAL(receiver.actor.got.a0, 1 << 12);
        }
    }
}

TEST("a receiver blocked on a reply or on sending is left alone; the bits come when it runs")
{
    static const long calls[] = { SYS_CALL, SYS_SEND };

    for (unsigned i = 0; i < 2; i++) {
        struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);
        seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
        seL4_Word index = entry_for(&receiver, 2), badge;
        actor_start(&receiver.actor, calls[i], endpoint, info(0, 0, 0));
        uipi_send(index);
        CHECK_WAITS(&receiver.actor);
        seL4_Recv(endpoint, &badge);
        if (calls[i] == SYS_CALL) {
            uipi_send(index);
            CHECK_EQUAL(receiver.record->count, 0);
            seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
        }
        CHECK_DONE(&receiver.actor);
        CHECK_EQUAL(receiver.record->count, 1);
        CHECK_EQUAL(receiver.record->all, 4);
        CHECK_EQUAL(receiver.record->epc, (seL4_Word)actor_done);
        test_reset();
    }
}

TEST("a receiver that is ready to run goes to its handler first")
{
    struct receiver receiver = uintr_receiver(BELOW);
    seL4_Word index = entry_for(&receiver, 6);

    actor_start(&receiver.actor, SYS_YIELD, 0, 0);
    uipi_send(index);
    CHECK_EQUAL(receiver.record->count, 0);
    CHECK_EQUAL(actor_wait(&receiver.actor), ACTOR_DONE);
    CHECK_EQUAL(receiver.record->count, 1);
    CHECK_EQUAL(receiver.record->last, 1 << 6);
    CHECK_EQUAL(receiver.record->epc, (seL4_Word)actor_ecall);
}

TEST("a receiver that was preempted goes to its handler and comes back to where it was")
{
    struct receiver receiver = uintr_receiver(TEST_PRIORITY);
    seL4_Word index = entry_for(&receiver, 6);

    receiver.actor.set.a0 = 0;
    actor_run(&receiver.actor, actor_spin);
    let_spin();
    actor_read(&receiver.actor);
    seL4_Word before = receiver.actor.got.a0;
    /* Above it, so that it does not run before this has looked, however soon the time slice is over. */
    CHECK_OK(seL4_TCB_SetPriority(TCB, TCB, TEST_PRIORITY + 1));
    uipi_send(index);
    CHECK_EQUAL(receiver.record->count, 0);
    CHECK_OK(seL4_TCB_SetPriority(TCB, TCB, TEST_PRIORITY));
    let_spin();
    CHECK_EQUAL(receiver.record->count, 1);
    CHECK(receiver.record->epc >= (seL4_Word)actor_spin && receiver.record->epc < (seL4_Word)actor_spin + 8);
    actor_read(&receiver.actor);
    CHECK(receiver.actor.got.a0 > before);
}

TEST("a receiver preempted inside its handler does not open or close the mask of another")
{
    struct receiver first = uintr_receiver(ACTOR_PRIORITY), second = uintr_receiver(ACTOR_PRIORITY);
    seL4_CPtr table = uintr_table(TCB);
    seL4_Word to_second = uintr_add(table, uintr_sender(second.notification, 1));

    /* The first one stops inside its handler, with UIE clear and a utvec of its own. */
    CHECK_OK(rel4_TCB_UnregisterReceiver(first.actor.tcb));
    CHECK_OK(rel4_TCB_RegisterReceiver(first.actor.tcb, first.notification, (seL4_Word)uintr_trap_handler,
                                       (seL4_Word)first.record, NULL));
    seL4_Word to_first = uintr_add(table, uintr_sender(first.notification, 0));
    actor_start(&first.actor, SYS_RECV, test_object(seL4_EndpointObject, 0), 0);
    uipi_send(to_first);
    CHECK_EQUAL(actor_wait(&first.actor), ACTOR_DONE);
    uipi_send(to_first);
    actor_run(&first.actor, actor_ecall);
    CHECK_FAULTED(&first.actor);
    CHECK_EQUAL(first.record->count, 1);
    actor_start(&second.actor, SYS_CALL, test_object(seL4_EndpointObject, 0), info(0, 0, 0));
    uipi_send(to_second);
    actor_start(&second.actor, SYS_YIELD, 0, 0);
    CHECK_DONE(&second.actor);
    CHECK_EQUAL(second.record->count, 1);
    CHECK_EQUAL(second.record->last, 2);
    CHECK_EQUAL(first.record->count, 1);
}

TEST("a thread that is no receiver is not interrupted by bits of its bound notification")
{
    struct actor actor = actor_new();
    seL4_CPtr notification = uintr_notification();

    CHECK_OK(seL4_TCB_BindNotification(actor.tcb, notification));
    uintr_table(actor.tcb);
    seL4_Signal(uintr_sender(notification, 3));
    actor_start(&actor, SYS_YIELD, 0, 0);
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
}
