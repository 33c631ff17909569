/*
 * Access to the calling thread's IPC buffer: message words, capabilities to send, and the slot to receive
 * one in. The start code sets the buffer up for the first thread, sel4_tls_init() for others.
 */
#pragma once

#include <sel4/shared_types.h>

/*
 * The IPC buffer of the running thread. It is at a fixed distance from tp in every program that is linked
 * with this library, so that finding it takes one load.
 */
extern __thread seL4_IPCBuffer *__sel4_ipc_buffer __attribute__((tls_model("local-exec")));

/* Tells the library where the running thread's IPC buffer is. The kernel learns it from the TCB. */
LIBSEL4_INLINE_FUNC void seL4_SetIPCBuffer(seL4_IPCBuffer *ipc_buffer)
{
    __sel4_ipc_buffer = ipc_buffer;
}

LIBSEL4_INLINE_FUNC seL4_IPCBuffer *seL4_GetIPCBuffer(void)
{
    return __sel4_ipc_buffer;
}

/* Reads message word i, 0 to 119. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_GetMR(int i)
{
    return __sel4_ipc_buffer->msg[i];
}

/* Writes message word i, 0 to 119. */
LIBSEL4_INLINE_FUNC void seL4_SetMR(int i, seL4_Word mr)
{
    __sel4_ipc_buffer->msg[i] = mr;
}

/* A word per buffer that is the program's own. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_GetUserData(void)
{
    return __sel4_ipc_buffer->userData;
}

LIBSEL4_INLINE_FUNC void seL4_SetUserData(seL4_Word data)
{
    __sel4_ipc_buffer->userData = data;
}

/* The badge of unwrapped capability i, 0 to 2, of the message just received. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_GetBadge(int i)
{
    return __sel4_ipc_buffer->caps_or_badges[i];
}

/* The capability that will be sent as extra capability i, 0 to 2. */
LIBSEL4_INLINE_FUNC seL4_CPtr seL4_GetCap(int i)
{
    return (seL4_CPtr)__sel4_ipc_buffer->caps_or_badges[i];
}

/* Names the capability to send as extra capability i, 0 to 2. */
LIBSEL4_INLINE_FUNC void seL4_SetCap(int i, seL4_CPtr cptr)
{
    __sel4_ipc_buffer->caps_or_badges[i] = cptr;
}

/* Says which slot of which CNode (depth in bits, 1 to 64) takes the next capability that arrives. */
LIBSEL4_INLINE_FUNC void seL4_SetCapReceivePath(seL4_CPtr receiveCNode, seL4_Word receiveIndex,
                                                seL4_Word receiveDepth)
{
    seL4_IPCBuffer *buffer = __sel4_ipc_buffer;

    buffer->receiveCNode = receiveCNode;
    buffer->receiveIndex = receiveIndex;
    buffer->receiveDepth = receiveDepth;
}

/* Reads back what seL4_SetCapReceivePath() set. */
LIBSEL4_INLINE_FUNC void seL4_GetCapReceivePath(seL4_CPtr *receiveCNode, seL4_CPtr *receiveIndex,
                                                seL4_Word *receiveDepth)
{
    const seL4_IPCBuffer *buffer = __sel4_ipc_buffer;

    if (receiveCNode) {
        *receiveCNode = buffer->receiveCNode;
    }
    if (receiveIndex) {
        *receiveIndex = buffer->receiveIndex;
    }
    if (receiveDepth) {
        *receiveDepth = buffer->receiveDepth;
    }
}

/*
 * After seL4_RISCV_Page_Map() failed with seL4_FailedLookup: log2 of the bytes covered by the entry that has
 * no table yet (21 or 30).
 */
LIBSEL4_INLINE_FUNC seL4_Word seL4_MappingFailedLookupLevel(void)
{
    return seL4_GetMR(SEL4_MAPPING_LOOKUP_LEVEL);
}
