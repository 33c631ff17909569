/*
 * What happens when something goes away: docs/user-interrupts.md, the last list, line by line, with the
 * receiver in each state.
 */
#include "uintr.h"

#define TCB   seL4_CapInitThreadTCB
#define BELOW (TEST_PRIORITY - 10)

static void delete (seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, cap, seL4_WordBits));
}

static void revoke(seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, cap, seL4_WordBits));
}

/* The test itself as receiver and sender, with entries made from several capabilities. */
struct setup {
    seL4_CPtr notification, table;
    struct record *record;
    seL4_CPtr first, second, copy;          /* vectors 1, 2, 1 */
    seL4_Word to_first, to_second, to_copy; /* their entries */
};

static struct setup set_up(void)
{
    struct setup s = { .notification = uintr_notification() };

    s.record = uintr_register(TCB, s.notification);
    s.table = uintr_table(TCB);
    s.first = uintr_sender(s.notification, 1);
    s.second = uintr_sender(s.notification, 2);
    s.copy = test_slot();
    CHECK_OK(seL4_CNode_Copy(seL4_CapInitThreadCNode, s.copy, seL4_WordBits, seL4_CapInitThreadCNode, s.first,
                             seL4_WordBits, seL4_AllRights));
    s.to_first = uintr_add(s.table, s.first);
    s.to_second = uintr_add(s.table, s.second);
    s.to_copy = uintr_add(s.table, s.copy);
    return s;
}

/* What the handler gets from an entry: the bit, or nothing. */
static seL4_Word sent(const struct setup *s, seL4_Word index)
{
    seL4_Word before = s->record->count;

    uipi_send(index);
    return s->record->count == before ? 0 : s->record->last;
}

TEST("deleting a sender's capability clears its entry and no other; the index can be used again")
{
    struct setup s = set_up();

    CHECK_EQUAL(sent(&s, s.to_first), 2);
    delete (s.first);
    CHECK_EQUAL(sent(&s, s.to_first), 0);
    CHECK_EQUAL(sent(&s, s.to_second), 4);
    CHECK_EQUAL(sent(&s, s.to_copy), 2);
    CHECK_EQUAL(uintr_add(s.table, s.copy), s.to_first);
    CHECK_EQUAL(sent(&s, s.to_first), 2);
}

TEST("revoking a sender's capability clears its entry and those of its copies, and keeps it")
{
    struct setup s = set_up();

    revoke(s.first);
    CHECK_EQUAL(sent(&s, s.to_first), 0);
    CHECK_EQUAL(sent(&s, s.to_copy), 0);
    CHECK(!test_slot_used(s.copy));
    CHECK_EQUAL(sent(&s, s.to_second), 4);
    CHECK_EQUAL(sent(&s, uintr_add(s.table, s.first)), 2);
}

TEST("revoking a copy, which has no other children, clears its entry")
{
    struct setup s = set_up();

    revoke(s.copy);
    CHECK_EQUAL(sent(&s, s.to_copy), 0);
    CHECK_EQUAL(sent(&s, s.to_first), 2);
    CHECK(test_slot_used(s.copy));
}

TEST("revoking the notification clears all entries, and keeps the registration")
{
    struct setup s = set_up();

    revoke(s.notification);
    CHECK_EQUAL(sent(&s, s.to_first), 0);
    CHECK_EQUAL(sent(&s, s.to_second), 0);
    CHECK_EQUAL(sent(&s, s.to_copy), 0);
    CHECK_EQUAL(sent(&s, uintr_add(s.table, uintr_sender(s.notification, 9))), 1 << 9);
}

TEST("a moved capability keeps its entries")
{
    struct setup s = set_up();
    seL4_CPtr to = test_slot();

    CHECK_OK(seL4_CNode_Move(seL4_CapInitThreadCNode, to, seL4_WordBits, seL4_CapInitThreadCNode, s.first,
                             seL4_WordBits));
    CHECK_EQUAL(sent(&s, s.to_first), 2);
    delete (to);
    CHECK_EQUAL(sent(&s, s.to_first), 0);
    CHECK_EQUAL(sent(&s, s.to_copy), 2);
}

TEST("deleting the sender table takes the instructions away and leaves the receiver alone")
{
    struct setup s = set_up();
    struct actor sender = actor_new();

    delete (s.table);
    CHECK_EQUAL(sent(&s, s.to_first), 0);
    seL4_Signal(s.first);
    CHECK_EQUAL(s.record->last, 2);
    seL4_CPtr table = uintr_table(sender.tcb);
    seL4_CPtr copy = test_mint(table, seL4_AllRights, 0);
    uintr_add(table, s.first);
    delete (table);
    uintr_add(copy, s.first);
    delete (copy);
    uintr_table(sender.tcb);
}

TEST("deleting the sending thread unbinds its table, which another thread can have")
{
    struct setup s = set_up();
    struct actor sender = actor_new(), other = actor_new();
    seL4_CPtr table = uintr_table(sender.tcb);
    seL4_Word index = uintr_add(table, s.second);

    CHECK_ERROR(rel4_SenderTable_Bind(table, other.tcb), seL4_IllegalOperation);
    delete (sender.tcb);
    CHECK_OK(rel4_SenderTable_Bind(table, other.tcb));
    CHECK_OK(rel4_SenderTable_Remove(table, index));
}

TEST("deleting the notification ends the registration, the binding and all entries")
{
    struct setup s = set_up();
    seL4_CPtr other = uintr_notification();

    delete (s.first);
    delete (s.second);
    delete (s.notification);
    CHECK_EQUAL(sent(&s, s.to_copy), 2); /* not the last capability */
    delete (s.copy);
    CHECK_EQUAL(sent(&s, s.to_copy), 0);
    CHECK_ERROR(rel4_TCB_UnregisterReceiver(TCB), seL4_IllegalOperation);
    CHECK_ERROR(rel4_SenderTable_Remove(s.table, s.to_copy), seL4_InvalidArgument);
    s.record = uintr_register(TCB, other);
    CHECK_EQUAL(sent(&s, uintr_add(s.table, uintr_sender(other, 5))), 1 << 5);
}

TEST("UnregisterReceiver and UnbindNotification clear all entries; pending bits stay in the notification")
{
    for (int unbind = 0; unbind < 2; unbind++) {
        struct setup s = set_up();
        seL4_Word badge;
        mask_interrupts();
        uipi_send(s.to_first);
        uipi_send(s.to_second);
        CHECK_OK(unbind ? seL4_TCB_UnbindNotification(TCB) : rel4_TCB_UnregisterReceiver(TCB));
        uipi_send(s.to_copy);
        seL4_Signal(uintr_sender(s.notification, 8));
        CHECK_EQUAL(s.record->count, 0);
        seL4_Poll(s.notification, &badge);
        CHECK_EQUAL(badge, 1 << 8 | 6);
        CHECK_ERROR(rel4_SenderTable_Remove(s.table, s.to_first), seL4_InvalidArgument);
        CHECK_ERROR(rel4_TCB_UnregisterReceiver(TCB), seL4_IllegalOperation);
        test_reset();
    }
}

TEST("a pending signal of badge 0 goes back to the notification, too")
{
    struct setup s = set_up();
    seL4_Word badge = 1;

    mask_interrupts();
    seL4_Signal(s.notification);
    CHECK_OK(rel4_TCB_UnregisterReceiver(TCB));
    seL4_Wait(s.notification, &badge);
    CHECK_EQUAL(badge, 0);
}

/* Receivers in the states they can be in when their end comes. */
enum state {
    WAITING,
    RECEIVING,
    CALLING,
    READY,
    SUSPENDED,
    INSIDE_HANDLER,
    STATES
};

static struct receiver receiver_in(enum state state)
{
    struct receiver receiver = uintr_receiver(state == READY ? BELOW : ACTOR_PRIORITY);
    struct actor *actor = &receiver.actor;

    switch (state) {
    case WAITING:
        actor_start(actor, SYS_RECV, receiver.notification, 0);
        break;
    case RECEIVING:
        actor_start(actor, SYS_RECV, test_object(seL4_EndpointObject, 0), 0);
        break;
    case CALLING:
        actor_start(actor, SYS_CALL, test_object(seL4_EndpointObject, 0), info(0, 0, 0));
        break;
    case READY:
        actor_start(actor, SYS_YIELD, 0, 0);
        break;
    case SUSPENDED:
        CHECK_OK(seL4_TCB_Suspend(actor->tcb));
        break;
    default:
        CHECK_OK(rel4_TCB_UnregisterReceiver(actor->tcb));
        CHECK_OK(rel4_TCB_RegisterReceiver(actor->tcb, receiver.notification, (seL4_Word)uintr_trap_handler,
                                           (seL4_Word)receiver.record, NULL));
        seL4_Signal(receiver.notification);
        actor_start(actor, SYS_YIELD, 0, 0);
        CHECK_FAULTED(actor);
        CHECK_EQUAL(receiver.record->count, 1);
        break;
    }
    return receiver;
}

/* The notification is nobody's receiver's any more, has just the bits expected, and can have another one. */
static void check_free(seL4_CPtr notification, seL4_CPtr sender, seL4_Word expected)
{
    seL4_CPtr table = test_object(REL4_TYPE_SENDER_TABLE, 0);
    seL4_Word badge = 0, index;

    CHECK_ERROR(rel4_SenderTable_Add(table, sender, &index), seL4_FailedLookup);
    seL4_Poll(notification, &badge);
    CHECK_EQUAL(badge, expected);
    struct record *record = uintr_register(TCB, notification);
    uintr_add(table, sender);
    seL4_Signal(sender);
    CHECK_EQUAL(record->count, 1);
}

TEST("the receiving thread is deleted in every state: the notification stays, unbound, with its bits")
{
    for (enum state state = 0; state < STATES; state++) {
        struct receiver receiver = receiver_in(state);
        seL4_CPtr sender = uintr_sender(receiver.notification, 4);
        seL4_Word index = uintr_add(uintr_table(TCB), sender);
        bool wakes = state == WAITING || state == RECEIVING;
        if (!wakes) {
            uipi_send(index);
        }
        delete (receiver.actor.tcb);
        uipi_send(index);
        check_free(receiver.notification, sender, wakes ? 0 : 1 << 4);
        test_reset();
    }
}

TEST("the binding goes in every state: the thread goes on as an ordinary one")
{
    for (enum state state = 0; state < STATES; state++) {
        struct receiver receiver = receiver_in(state);
        seL4_CPtr sender = uintr_sender(receiver.notification, 4);
        CHECK_OK(seL4_TCB_UnbindNotification(receiver.actor.tcb));
        if (state == WAITING) {
            /* It waits for the notification, as it would without the binding. */
            seL4_Signal(sender);
            CHECK_DONE(&receiver.actor);
            CHECK_EQUAL(receiver.actor.got.a0, 1 << 4);
        } else {
            CHECK_OK(seL4_TCB_Suspend(receiver.actor.tcb));
        }
        actor_start(&receiver.actor, SYS_YIELD, 0, 0);
        CHECK_EQUAL(actor_wait(&receiver.actor), ACTOR_DONE);
        check_free(receiver.notification, sender, 0);
        test_reset();
    }
}

TEST("the notification is deleted in every state: a waiting thread repeats its call, others do not notice")
{
    for (enum state state = 0; state < STATES; state++) {
        struct receiver receiver = receiver_in(state);
        seL4_Word index = uintr_add(uintr_table(TCB), uintr_sender(receiver.notification, 4));
        revoke(receiver.notification);
        delete (receiver.notification);
        uipi_send(index);
        if (state == WAITING) {
            CHECK_FAULTED(&receiver.actor);
            CHECK_EQUAL(receiver.actor.label, seL4_Fault_CapFault);
        } else if (state == RECEIVING || state == CALLING || state == SUSPENDED) {
            CHECK_WAITS(&receiver.actor);
        }
        CHECK_ERROR(rel4_TCB_UnregisterReceiver(receiver.actor.tcb), seL4_IllegalOperation);
        CHECK_OK(seL4_TCB_Suspend(receiver.actor.tcb));
        seL4_CPtr other = uintr_notification();
        struct record *record = uintr_register(receiver.actor.tcb, other);
        seL4_Signal(uintr_sender(other, 5));
        actor_start(&receiver.actor, SYS_YIELD, 0, 0);
        CHECK_EQUAL(actor_wait(&receiver.actor), ACTOR_DONE);
        CHECK_EQUAL(record->count, 1);
        test_reset();
    }
}

TEST("a suspended receiver collects bits and gets them when it goes on")
{
    struct receiver receiver = receiver_in(SUSPENDED);
    seL4_Word index = uintr_add(uintr_table(TCB), uintr_sender(receiver.notification, 4));

    uipi_send(index);
    seL4_Signal(uintr_sender(receiver.notification, 5));
    CHECK_EQUAL(receiver.record->count, 0);
    actor_start(&receiver.actor, SYS_YIELD, 0, 0);
    CHECK_DONE(&receiver.actor);
    CHECK_EQUAL(receiver.record->count, 1);
    CHECK_EQUAL(receiver.record->last, 0x30);
}

TEST("full tables are cleared when any of their ends goes, and their memory can be used again")
{
    for (int end = 0; end < 3; end++) {
        struct receiver receiver = receiver_in(READY);
        seL4_CPtr sender = uintr_sender(receiver.notification, 63),
                  memory = test_object(seL4_UntypedObject, 15);
        seL4_CPtr table = test_slot();
        for (int again = 0; again < 2; again++) {
            CHECK_OK(seL4_Untyped_Retype(memory, REL4_TYPE_SENDER_TABLE, 0, seL4_CapInitThreadCNode, 0, 0,
                                         table, 1));
            CHECK_OK(rel4_SenderTable_Bind(table, TCB));
            for (unsigned i = 0; !again && i < REL4_SENDER_TABLE_ENTRIES; i++) {
                uintr_add(table, sender);
            }
            if (end == 0) {
                delete (sender);
            } else if (end == 1) {
                delete (receiver.actor.tcb);
            }
            uipi_send(0);
            uipi_send(511);
            revoke(memory);
            if (end < 2) {
                break;
            }
        }
        test_reset();
    }
}
