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
    if (how) {
        *how = reply.mr0;
    }
    return error;
}

LIBSEL4_INLINE_FUNC seL4_Error rel4_TCB_UnregisterReceiver(seL4_TCB service)
{
    return sel4_invoke(service, REL4_LABEL_TCB_UNREGISTER_RECEIVER, 0, 0, 0, 0, 0, 0);
}

/*
 * Binds a new queue to the thread that it will serve, and to the notification that answers are signalled by;
 * request_bits and response_bits: log2 of the rings' lengths; policy: REL4_POLICY_...
 */
LIBSEL4_INLINE_FUNC seL4_Error rel4_AsyncQueue_Bind(seL4_CPtr service, seL4_Word request_bits,
                                                    seL4_Word response_bits, seL4_Word policy, seL4_TCB tcb,
                                                    seL4_CPtr notification)
{
    seL4_SetCap(0, tcb);
    seL4_SetCap(1, notification);
    return sel4_invoke(service, REL4_LABEL_QUEUE_BIND, 2, 3, request_bits, response_bits, policy, 0);
}

/* Presents frames of the buffer: count of them, at most REL4_QUEUE_FRAMES_PER_CALL, from a position on, in
 * slots of a CNode from first_slot on. */
LIBSEL4_INLINE_FUNC seL4_Error rel4_AsyncQueue_AddFrames(seL4_CPtr service, seL4_Word position,
                                                         seL4_Word count, seL4_Word first_slot,
                                                         seL4_CNode cnode)
{
    seL4_SetCap(0, cnode);
    return sel4_invoke(service, REL4_LABEL_QUEUE_ADD_FRAMES, 1, 3, position, count, first_slot, 0);
}

/* From here on the kernel serves the queue. */
LIBSEL4_INLINE_FUNC seL4_Error rel4_AsyncQueue_Start(seL4_CPtr service)
{
    return sel4_invoke(service, REL4_LABEL_QUEUE_START, 0, 0, 0, 0, 0, 0);
}

/* Wakes the worker: on an idle hart, or here, until it has served a budget of requests. */
LIBSEL4_INLINE_FUNC seL4_Error rel4_AsyncQueue_Wake(seL4_CPtr service)
{
    return sel4_invoke(service, REL4_LABEL_QUEUE_WAKE, 0, 0, 0, 0, 0, 0);
}

/* Empties the rings, and ends a fault. */
LIBSEL4_INLINE_FUNC seL4_Error rel4_AsyncQueue_Reset(seL4_CPtr service)
{
    return sel4_invoke(service, REL4_LABEL_QUEUE_RESET, 0, 0, 0, 0, 0, 0);
}

/* Lets go of the thread, the notification and the frames. When it returns, the kernel does not use them. */
LIBSEL4_INLINE_FUNC seL4_Error rel4_AsyncQueue_Detach(seL4_CPtr service)
{
    return sel4_invoke(service, REL4_LABEL_QUEUE_DETACH, 0, 0, 0, 0, 0, 0);
}

/* Writes a character to the console. */
LIBSEL4_INLINE_FUNC seL4_Error rel4_AsyncQueue_PutChar(seL4_CPtr service, seL4_Word character)
{
    return sel4_invoke(service, REL4_LABEL_QUEUE_PUT_CHAR, 0, 1, character, 0, 0, 0);
}

/* Writes 0 to REL4_PUT_STRING_MAX bytes to the console. Uses all message words. */
static inline seL4_Error rel4_AsyncQueue_PutString(seL4_CPtr service, const char *bytes, seL4_Word length)
{
    char *words = (char *)&seL4_GetIPCBuffer()->msg[1];

    if (length > REL4_PUT_STRING_MAX) {
        return seL4_RangeError;
    }
    for (seL4_Word i = 0; i < length; i++) {
        words[i] = bytes[i];
    }
    return sel4_invoke(service, REL4_LABEL_QUEUE_PUT_STRING, 0, 1 + (length + 7) / 8, length, seL4_GetMR(1),
                       seL4_GetMR(2), seL4_GetMR(3));
}
