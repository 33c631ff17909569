/*
 * Registration, and delivery by the kernel: a receiver that returns to user mode with bits pending goes to
 * its handler, as it would by the hardware.
 */
#include "ipc/receiver.h"

#include "cap/delete.h"
#include "thread/hart.h"

unsigned uintr_backend;

void uintr_kick(struct tcb *thread)
{
    struct hart *hart = this_hart();

    if (thread->hart->current == thread) {
        hart->pending |= thread->hart == hart ? PENDING_UINTR : bit(thread->hart->id);
    }
}

/* The registers of a thread that becomes a user are those of reset. */
static void update_user(struct tcb *thread)
{
    thread->uintr.user = thread->uintr.receiver || thread->uintr.table;
    if (!thread->uintr.user) {
        thread->uintr = (struct uintr){ 0 };
    }
}

void uintr_set_table(struct tcb *thread, struct sender_table *table)
{
    thread->uintr.table = table;
    update_user(thread);
}

void receiver_register(struct tcb *thread, word_t handler, word_t stack)
{
    struct uintr *uintr = &thread->uintr;

    *uintr = (struct uintr){
        .receiver = true,
        .active = true,
        .status = REL4_USTATUS_UIE,
        .enabled = REL4_UI_SOFTWARE,
        .utvec = handler,
        .uscratch = stack,
        .table = uintr->table,
    };
    update_user(thread);
    uintr_kick(thread);
}

enum progress receiver_release(struct tcb *thread)
{
    struct uintr *uintr = &thread->uintr;

    for (unsigned i = 0; i < ENTRIES_PER_BATCH && uintr->entries; i++) {
        slot_delete_simple(uintr->entries);
    }
    if (uintr->entries) {
        return AGAIN;
    }
    uintr->receiver = false;
    update_user(thread);
    return DONE;
}

/* The pending word of a receiver is that of its notification. As by hardware, uipi_deactivate holds back
 * bits, but not what comes without. */
bool uintr_is_pending(const struct tcb *thread)
{
    const struct notification *notification = thread->bound;

    if (!thread->uintr.receiver) {
        return thread->uintr.software;
    }
    return wait_state(&notification->queue) == NOTIFICATION_ACTIVE &&
           (thread->uintr.active || notification->word == 0);
}

/* Software's own interrupt is the same as a signal of badge 0: an active notification without bits. */
void uintr_set_pending(struct tcb *thread, bool pending)
{
    struct notification *notification = thread->bound;

    if (!thread->uintr.receiver) {
        thread->uintr.software = pending;
    } else if (pending) {
        notification_signal(notification, 0);
    } else if (notification->word == 0) {
        notification_take(notification, &notification->word);
    }
}

void uintr_prepare_return(struct tcb *thread)
{
    struct uintr *uintr = &thread->uintr;

    if (!(uintr->status & REL4_USTATUS_UIE) || !uintr->enabled || !uintr_is_pending(thread)) {
        return;
    }
    uintr->uepc = thread->context.next_pc;
    uintr->ucause = REL4_UCAUSE;
    uintr->utval = 0;
    uintr->status = REL4_USTATUS_UPIE;
    thread->context.next_pc = uintr->utvec & ~3ul;
}
