/*
 * More receivers than the controller has slots: nobody is denied the function, and each slot comes back.
 */
#include "uintr.h"

#define TCB   seL4_CapInitThreadTCB
#define ROOT  seL4_CapInitThreadCNode
#define SLOTS 511 /* slot 0 is not used */

/* Receivers that only hold slots. They are too many for the root CNode, where they are made, so each is put
 * away into another one: threads from 0 on, notifications from SLOTS on. */
#define SHELF_RADIX 10
static seL4_CPtr shelf, thread, bound;

static struct answer call_register(seL4_CPtr tcb, seL4_CPtr notification, const struct record *record)
{
    return INVOKE(tcb, REL4_LABEL_TCB_REGISTER_RECEIVER, .length = 2,
                  .words = { (seL4_Word)uintr_handler, (seL4_Word)record }, .extras = 1,
                  .caps = { notification });
}

static void make_holder(unsigned i)
{
    CHECK_OK(seL4_Untyped_Retype(test_arena, seL4_TCBObject, 0, ROOT, 0, 0, thread, 1));
    CHECK_OK(seL4_Untyped_Retype(test_arena, seL4_NotificationObject, 0, ROOT, 0, 0, bound, 1));
    CHECK_OK(seL4_TCB_BindNotification(thread, bound));
    CHECK_ANSWER(call_register(thread, bound, NULL), seL4_NoError,
                 uintr_backend() == REL4_UINTR_HARDWARE ? REL4_RECEIVER_SLOT
                                                        : REL4_RECEIVER_KERNEL_DELIVERED);
    CHECK_OK(seL4_CNode_Move(shelf, i, SHELF_RADIX, ROOT, thread, seL4_WordBits));
    CHECK_OK(seL4_CNode_Move(shelf, SLOTS + i, SHELF_RADIX, ROOT, bound, seL4_WordBits));
}

static void take_from_shelf(unsigned i)
{
    CHECK_OK(seL4_CNode_Move(ROOT, thread, seL4_WordBits, shelf, i, SHELF_RADIX));
    CHECK_OK(seL4_CNode_Move(ROOT, bound, seL4_WordBits, shelf, SLOTS + i, SHELF_RADIX));
}

static void take_all_slots(void)
{
    shelf = test_object(seL4_CapTableObject, SHELF_RADIX);
    thread = test_slot();
    bound = test_slot();
    for (unsigned i = 0; i < SLOTS; i++) {
        make_holder(i);
    }
}

/* On hardware instructions would not reach it, so it has no entries; on the emulated backend it has. */
static void check_add(seL4_CPtr sender)
{
    seL4_CPtr table = test_object(REL4_TYPE_SENDER_TABLE, 0);
    seL4_Word index;
    seL4_Error error = rel4_SenderTable_Add(table, sender, &index);

    CHECK_EQUAL(error, uintr_backend() == REL4_UINTR_HARDWARE ? seL4_FailedLookup : seL4_NoError);
}

TEST("with all slots in use a receiver is kernel-delivered, and its handler is called for Signal and bits of "
     "its own")
{
    seL4_CPtr notification = uintr_notification();
    struct record *record;

    if (!uintr_has_gate()) {
        return; /* the next test */
    }
    take_all_slots();
    record = uintr_register(TCB, notification);
    CHECK_OK(rel4_TCB_UnregisterReceiver(TCB));
    CHECK_ANSWER(call_register(TCB, notification, record), seL4_NoError, REL4_RECEIVER_KERNEL_DELIVERED);
    seL4_Signal(uintr_sender(notification, 5));
    CHECK_EQUAL(record->count, 1);
    CHECK_EQUAL(record->last, 1 << 5);
    CHECK_EQUAL(record->cause, REL4_UCAUSE);
    uipi_write(6);
    CHECK_EQUAL(record->count, 2);
    CHECK_EQUAL(record->last, 6);
    mask_interrupts();
    seL4_Signal(notification);
    seL4_Signal(uintr_sender(notification, 7));
    CHECK_EQUAL(record->count, 2);
    unmask_interrupts();
    CHECK_EQUAL(record->count, 3);
    CHECK_EQUAL(record->last, 1 << 7);
    check_add(uintr_sender(notification, 8));
}

TEST("a kernel-delivered receiver wakes up from Wait and Recv, and its handler runs before it goes on")
{
    if (!uintr_has_gate()) {
        return;
    }
    take_all_slots();
    struct receiver receiver = uintr_receiver(ACTOR_PRIORITY);
    seL4_CPtr sender = uintr_sender(receiver.notification, 9);

    for (unsigned i = 0; i < 2; i++) {
        actor_start(&receiver.actor, SYS_RECV,
                    i ? test_object(seL4_EndpointObject, 0) : receiver.notification, 0);
        CHECK_WAITS(&receiver.actor);
        seL4_Signal(sender);
        CHECK_DONE(&receiver.actor);
        CHECK_EQUAL(receiver.actor.got.a0, 1 << 9);
        CHECK_EQUAL(receiver.record->count, i);
        seL4_Signal(sender);
        actor_start(&receiver.actor, SYS_YIELD, 0, 0);
        CHECK_DONE(&receiver.actor);
        CHECK_EQUAL(receiver.record->count, i + 1);
        CHECK_EQUAL(receiver.record->last, 1 << 9);
    }
}

TEST("hardware that the kernel cannot help out has no more receivers than slots")
{
    seL4_CPtr notification = uintr_notification();

    if (uintr_has_gate()) {
        return; /* the tests before */
    }
    take_all_slots();
    CHECK_OK(seL4_TCB_BindNotification(TCB, notification));
    CHECK_ANSWER(call_register(TCB, notification, NULL), seL4_NotEnoughMemory, 0);
}

static void end_one(unsigned way)
{
    switch (way) {
    case 0:
        CHECK_OK(rel4_TCB_UnregisterReceiver(thread));
        break;
    case 1:
        CHECK_OK(seL4_CNode_Delete(ROOT, thread, seL4_WordBits));
        break;
    case 2:
        CHECK_OK(seL4_TCB_UnbindNotification(thread));
        break;
    default:
        CHECK_OK(seL4_CNode_Delete(ROOT, bound, seL4_WordBits));
        break;
    }
}

TEST("a slot comes back when its receiver, its thread, its binding or its notification goes")
{
    struct record record;

    if (uintr_backend() != REL4_UINTR_HARDWARE) {
        return; /* there are no slots */
    }
    take_all_slots();
    seL4_CPtr notification = uintr_notification();
    for (unsigned i = 0; i < 8; i++) {
        take_from_shelf(60 * i);
        end_one(i % 4);
        CHECK_OK(seL4_TCB_BindNotification(TCB, notification));
        CHECK_ANSWER(call_register(TCB, notification, &record), seL4_NoError, REL4_RECEIVER_SLOT);
        CHECK_OK(seL4_TCB_UnbindNotification(TCB));
        CHECK_OK(seL4_CNode_Delete(ROOT, thread, seL4_WordBits));
        CHECK_OK(seL4_CNode_Delete(ROOT, bound, seL4_WordBits));
        make_holder(60 * i); /* the slot is in use again */
    }
}
