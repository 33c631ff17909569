/*
 * Receivers, senders and tables for the tests of user interrupts.
 */
#include "uintr.h"

#include <string.h>

#include <rel4/rel4.h>

static struct record records[TEST_THREADS];
static unsigned records_used;

seL4_Word uintr_backend(void)
{
    return rel4_backend_of(test_bootinfo);
}

bool uintr_has_gate(void)
{
    return rel4_features_of(test_bootinfo) & REL4_FEATURE_UINTR_GATE;
}

seL4_CPtr uintr_notification(void)
{
    return test_object(seL4_NotificationObject, 0);
}

seL4_CPtr uintr_sender(seL4_CPtr notification, unsigned vector)
{
    return test_mint(notification, seL4_CanWrite, 1ul << vector);
}

struct record *uintr_register(seL4_CPtr tcb, seL4_CPtr notification)
{
    struct record *record = &records[records_used++ % TEST_THREADS];

    memset(record, 0, sizeof(*record));
    CHECK_OK(seL4_TCB_BindNotification(tcb, notification));
    CHECK_OK(rel4_TCB_RegisterReceiver(tcb, notification, (seL4_Word)uintr_handler, (seL4_Word)record, NULL));
    return record;
}

seL4_CPtr uintr_table(seL4_CPtr tcb)
{
    seL4_CPtr table = test_object(REL4_TYPE_SENDER_TABLE, 0);

    CHECK_OK(rel4_SenderTable_Bind(table, tcb));
    return table;
}

seL4_Word uintr_add(seL4_CPtr table, seL4_CPtr sender)
{
    seL4_Word index = 0;

    CHECK_OK(rel4_SenderTable_Add(table, sender, &index));
    return index;
}

struct receiver uintr_receiver(seL4_Word priority)
{
    struct receiver receiver = { .actor = actor_new_at(priority), .notification = uintr_notification() };

    receiver.record = uintr_register(receiver.actor.tcb, receiver.notification);
    return receiver;
}
