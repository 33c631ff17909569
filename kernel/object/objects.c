/*
 * The table of capability types, and the types without invocations: those of IPC, which the system-call
 * handlers serve directly, and the null capability.
 */
#include "object/objects.h"

#include "cap/delete.h"
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "ipc/receiver.h"
#include "object/async_queue.h"
#include "object/irq.h"

static struct remains finalise_endpoint(struct cap cap, struct slot *slot)
{
    struct endpoint *endpoint = cap_object(cap);

    return (struct remains){ .again = slot_is_last(slot) && ipc_cancel_some(&endpoint->queue) };
}

/* Deletes some of the sender entries made from a notification capability. True if there were any. */
static bool clear_entries(struct slot *owner)
{
    struct slot *entry = slot_first_entry(owner);

    for (unsigned i = 0; i < ENTRIES_PER_BATCH && slot_first_entry(owner); i++) {
        slot_delete_simple(slot_first_entry(owner));
    }
    if (entry) {
        preemption_soon();
    }
    return entry != NULL;
}

/* The entries made from a notification capability are deleted with it. Below finalise_notification(),
 * finalise leads to finalise_entry() only: a signal ends a wait to receive, never one for a reply. */
static struct remains finalise_notification(struct cap cap, struct slot *slot)
{
    struct notification *notification = cap_object(cap);

    irq_notification_removed(slot);
    if (clear_entries(slot)) {
        return (struct remains){ .again = true };
    }
    if (!slot_is_last(slot)) {
        return (struct remains){ 0 };
    }
    if (notification->bound) {
        /* This releases in one step, as no entries are left. */
        receiver_release(notification->bound);
        notification_unbind(notification->bound);
    }
    return (struct remains){ .again = ipc_cancel_some(&notification->queue) };
}

/* The caller gets no answer any more. */
static struct remains finalise_reply(struct cap cap, struct slot *slot)
{
    struct tcb *caller = cap_object(cap);

    caller->reply_slot = NULL;
    return (struct remains){ 0 };
}

static void reply_moved(struct cap cap, struct slot *to)
{
    struct tcb *caller = cap_object(cap);

    caller->reply_slot = to;
}

static const struct cap_ops null_ops = { .name = "null", .derive = derive_nothing };

static const struct cap_ops endpoint_ops = {
    .name = "endpoint",
    .finalise = finalise_endpoint,
    .size_bits = ABI_ENDPOINT_BITS,
};

static const struct cap_ops notification_ops = {
    .name = "notification",
    .finalise = finalise_notification,
    .size_bits = ABI_NOTIFICATION_BITS,
};

static const struct cap_ops reply_ops = {
    .name = "reply",
    .derive = derive_nothing,
    .finalise = finalise_reply,
    .moved = reply_moved,
};

const struct cap_ops *const cap_ops_table[CAP_TYPES] = {
    [CAP_NULL] = &null_ops,
    [CAP_FRAME] = &frame_ops,
    [CAP_UNTYPED] = &untyped_ops,
    [CAP_PAGE_TABLE] = &page_table_ops,
    [CAP_ENDPOINT] = &endpoint_ops,
    [CAP_NOTIFICATION] = &notification_ops,
    [CAP_REPLY] = &reply_ops,
    [CAP_CNODE] = &cnode_ops,
    [CAP_ASID_CONTROL] = &asid_control_ops,
    [CAP_TCB] = &tcb_ops,
    [CAP_ASID_POOL] = &asid_pool_ops,
    [CAP_IRQ_CONTROL] = &irq_control_ops,
    [CAP_IRQ_HANDLER] = &irq_handler_ops,
    [CAP_ZOMBIE] = &zombie_ops,
    [CAP_DOMAIN] = &domain_ops,
    [CAP_SENDER_TABLE] = &sender_table_ops,
    [CAP_ASYNC_QUEUE] = &async_queue_ops,
    [CAP_CLOSED] = &closed_ops,
    [CAP_SENDER_ENTRY] = &sender_entry_ops,
};
