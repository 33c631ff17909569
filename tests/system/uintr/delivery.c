/*
 * When and how the handler is called.
 */
#include "uintr.h"

TEST("a signal by system call to itself calls the handler before the next instruction")
{
    seL4_CPtr notification = uintr_notification();
    seL4_CPtr sender = uintr_sender(notification, 5);
    struct record *record = uintr_register(seL4_CapInitThreadTCB, notification);

    seL4_Signal(sender);
    CHECK_EQUAL(record->count, 1);
    CHECK_EQUAL(record->last, 1 << 5);
    CHECK_EQUAL(record->cause, REL4_UCAUSE);
    seL4_Signal(sender);
    CHECK_EQUAL(record->count, 2);
    test_note("backend %lu", uintr_backend());
}

TEST("uipi_send to itself calls the handler, and comes back behind the instruction")
{
    seL4_CPtr notification = uintr_notification();
    struct record *record = uintr_register(seL4_CapInitThreadTCB, notification);
    seL4_CPtr table = uintr_table(seL4_CapInitThreadTCB);
    seL4_Word index = uintr_add(table, uintr_sender(notification, 63));

    uipi_send(index);
    CHECK_EQUAL(record->count, 1);
    CHECK_EQUAL(record->last, 1ul << 63);
    uipi_send(index + 1);
    uipi_send(-1ul);
    CHECK_EQUAL(record->count, 1);
}
