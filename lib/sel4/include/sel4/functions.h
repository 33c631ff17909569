/*
 * Access to the calling thread's IPC buffer: message words, capabilities to send, and the slot that receives
 * one. The start code sets the buffer's address for the first thread, sel4_tls_init() for others.
 */
#pragma once

#include <sel4/shared_types.h>

/* The IPC buffer of the running thread, at a fixed distance from tp, so that finding it takes one load. */
extern __thread seL4_IPCBuffer *__sel4_ipc_buffer __attribute__((tls_model("local-exec")));

/* Sets the library's address of the running thread's IPC buffer. The kernel has it from
 * seL4_TCB_SetIPCBuffer(). */
LIBSEL4_INLINE_FUNC void seL4_SetIPCBuffer(seL4_IPCBuffer *ipc_buffer)
{
    __sel4_ipc_buffer = ipc_buffer;
}

/* Returns the address of the running thread's IPC buffer. */
LIBSEL4_INLINE_FUNC seL4_IPCBuffer *seL4_GetIPCBuffer(void)
{
    return __sel4_ipc_buffer;
}

/* Returns message word i, 0 to 119. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_GetMR(int i)
{
    return __sel4_ipc_buffer->msg[i];
}

/* Writes message word i, 0 to 119. */
LIBSEL4_INLINE_FUNC void seL4_SetMR(int i, seL4_Word mr)
{
    __sel4_ipc_buffer->msg[i] = mr;
}

/* Returns the word of the IPC buffer that is the program's own. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_GetUserData(void)
{
    return __sel4_ipc_buffer->userData;
}

/* Sets it. */
LIBSEL4_INLINE_FUNC void seL4_SetUserData(seL4_Word data)
{
    __sel4_ipc_buffer->userData = data;
}

/* Returns the badge of unwrapped capability i, 0 to 2, of the message that was just received. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_GetBadge(int i)
{
    return __sel4_ipc_buffer->caps_or_badges[i];
}

/* Returns the capability that is sent as extra capability i, 0 to 2. */
LIBSEL4_INLINE_FUNC seL4_CPtr seL4_GetCap(int i)
{
    return (seL4_CPtr)__sel4_ipc_buffer->caps_or_badges[i];
}

/* Sets the capability that is sent as extra capability i, 0 to 2. */
LIBSEL4_INLINE_FUNC void seL4_SetCap(int i, seL4_CPtr cptr)
{
    __sel4_ipc_buffer->caps_or_badges[i] = cptr;
}

/* Sets the slot, by CNode, index and depth in bits (1 to 64), that the next capability in a message is put
 * into. */
LIBSEL4_INLINE_FUNC void seL4_SetCapReceivePath(seL4_CPtr receiveCNode, seL4_Word receiveIndex,
                                                seL4_Word receiveDepth)
{
    seL4_IPCBuffer *buffer = __sel4_ipc_buffer;

    buffer->receiveCNode = receiveCNode;
    buffer->receiveIndex = receiveIndex;
    buffer->receiveDepth = receiveDepth;
}

/* Returns what seL4_SetCapReceivePath() has set. Each pointer may be null. */
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
 * After seL4_RISCV_Page_Map() failed with seL4_FailedLookup: returns log2 of the bytes covered by the entry
 * that has no table yet: 21 or 30, or 12 if a page of another size is there.
 */
LIBSEL4_INLINE_FUNC seL4_Word seL4_MappingFailedLookupLevel(void)
{
    return seL4_GetMR(SEL4_MAPPING_LOOKUP_LEVEL);
}
