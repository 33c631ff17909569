/*
 * One function per method of the extension's objects, in the manner of <sel4/invocations.h>: each is a Call
 * on the object's capability and returns its error code. docs/user-interrupts.md lists the errors in the
 * order of the checks.
 */
#pragma once

#include <rel4/abi.h>
#include <sel4/invocations.h>

/* Lets the thread send by uipi_send through the table. */
LIBSEL4_INLINE_FUNC seL4_Error rel4_SenderTable_Bind(seL4_CPtr service, seL4_TCB tcb)
{
    seL4_SetCap(0, tcb);
    return sel4_invoke(service, REL4_LABEL_SENDER_TABLE_BIND, 1, 0, 0, 0, 0, 0);
}

/* Makes an entry for a notification capability; *index names it to uipi_send. seL4_FailedLookup: it has no
 * receiver that could be sent to, use Signal. */
LIBSEL4_INLINE_FUNC seL4_Error rel4_SenderTable_Add(seL4_CPtr service, seL4_CPtr notification,
                                                    seL4_Word *index)
{
    struct sel4_registers reply;
    seL4_Error error;

    seL4_SetCap(0, notification);
    error = sel4_invoke_reply(service, REL4_LABEL_SENDER_TABLE_ADD, 1, 0, 0, 0, 0, 0, &reply);
    *index = reply.mr0;
    return error;
}

/* Clears an entry; its index sends nothing from then on. */
LIBSEL4_INLINE_FUNC seL4_Error rel4_SenderTable_Remove(seL4_CPtr service, seL4_Word index)
{
    return sel4_invoke(service, REL4_LABEL_SENDER_TABLE_REMOVE, 0, 1, index, 0, 0, 0);
}

/* Makes the thread the receiver of the notification that is bound to it: handler is entered with uscratch =
 * stack. *how, if not null, gets REL4_RECEIVER_... */
LIBSEL4_INLINE_FUNC seL4_Error rel4_TCB_RegisterReceiver(seL4_TCB service, seL4_CPtr notification,
                                                         seL4_Word handler, seL4_Word stack, seL4_Word *how)
{
    struct sel4_registers reply;
    seL4_Error error;

    seL4_SetCap(0, notification);
    error = sel4_invoke_reply(service, REL4_LABEL_TCB_REGISTER_RECEIVER, 1, 2, handler, stack, 0, 0, &reply);
    if (how)
        *how = reply.mr0;
    return error;
}

LIBSEL4_INLINE_FUNC seL4_Error rel4_TCB_UnregisterReceiver(seL4_TCB service)
{
    return sel4_invoke(service, REL4_LABEL_TCB_UNREGISTER_RECEIVER, 0, 0, 0, 0, 0, 0);
}
