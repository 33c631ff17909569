/*
 * The system calls: messages, notifications and Yield. The plain versions take message words 0 to 3 from the
 * IPC buffer, like all others; the WithMRs versions pass them in variables and leave the buffer unchanged. A
 * bad capability is a fault of the calling thread, except as noted.
 */
#pragma once

#include <sel4/functions.h>
#include <sel4/trap.h>

/* Loads the registers of a message whose words 0 to 3 are in the IPC buffer. */
LIBSEL4_INLINE_FUNC struct sel4_registers sel4_message_load(seL4_CPtr dest, seL4_MessageInfo_t info)
{
    const seL4_Word *msg = __sel4_ipc_buffer->msg;

    return (struct sel4_registers){ dest, info.words[0], msg[0], msg[1], msg[2], msg[3] };
}

/* Writes message words 0 to 3 to the IPC buffer, and the badge if the caller wants it. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t sel4_message_store(struct sel4_registers r, seL4_Word *sender)
{
    seL4_Word *msg = __sel4_ipc_buffer->msg;

    msg[0] = r.mr0;
    msg[1] = r.mr1;
    msg[2] = r.mr2;
    msg[3] = r.mr3;
    if (sender) {
        *sender = r.badge;
    }
    return (seL4_MessageInfo_t){ { r.info } };
}

/* The same for words in variables. A pointer may be null: that word is sent as 0 and not returned. */
LIBSEL4_INLINE_FUNC struct sel4_registers sel4_mrs_load(seL4_CPtr dest, seL4_MessageInfo_t info,
                                                        const seL4_Word *mr0, const seL4_Word *mr1,
                                                        const seL4_Word *mr2, const seL4_Word *mr3)
{
    return (struct sel4_registers){
        dest, info.words[0], mr0 ? *mr0 : 0, mr1 ? *mr1 : 0, mr2 ? *mr2 : 0, mr3 ? *mr3 : 0,
    };
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t sel4_mrs_store(struct sel4_registers r, seL4_Word *sender,
                                                      seL4_Word *mr0, seL4_Word *mr1, seL4_Word *mr2,
                                                      seL4_Word *mr3)
{
    if (mr0) {
        *mr0 = r.mr0;
    }
    if (mr1) {
        *mr1 = r.mr1;
    }
    if (mr2) {
        *mr2 = r.mr2;
    }
    if (mr3) {
        *mr3 = r.mr3;
    }
    if (sender) {
        *sender = r.badge;
    }
    return (seL4_MessageInfo_t){ { r.info } };
}

/* Sends a message to an endpoint, and blocks until it is received. Invokes capabilities of other kinds. */
LIBSEL4_INLINE_FUNC void seL4_Send(seL4_CPtr dest, seL4_MessageInfo_t msgInfo)
{
    sel4_trap_send(seL4_SysSend, sel4_message_load(dest, msgInfo));
}

/* Sends a message if a receiver waits, otherwise drops it. Bad capabilities are ignored. */
LIBSEL4_INLINE_FUNC void seL4_NBSend(seL4_CPtr dest, seL4_MessageInfo_t msgInfo)
{
    sel4_trap_send(seL4_SysNBSend, sel4_message_load(dest, msgInfo));
}

/*
 * Waits for a message on an endpoint or for a notification. Returns its message info (0 for a notification);
 * sender, if not null, gets the badge. Message registers beyond the length hold no particular value.
 */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Recv(seL4_CPtr src, seL4_Word *sender)
{
    return sel4_message_store(sel4_trap_recv(seL4_SysRecv, src), sender);
}

/* As seL4_Recv(), but does not block: badge and message info are 0 if there is nothing to receive. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBRecv(seL4_CPtr src, seL4_Word *sender)
{
    return sel4_message_store(sel4_trap_recv(seL4_SysNBRecv, src), sender);
}

/* Sends a message and waits for the reply, whose message info it returns. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Call(seL4_CPtr dest, seL4_MessageInfo_t msgInfo)
{
    return sel4_message_store(sel4_trap_call(seL4_SysCall, sel4_message_load(dest, msgInfo)), 0);
}

/* Replies to the last caller; does nothing if there is none. */
LIBSEL4_INLINE_FUNC void seL4_Reply(seL4_MessageInfo_t msgInfo)
{
    sel4_trap_send(seL4_SysReply, sel4_message_load(0, msgInfo));
}

/* seL4_Reply(), then seL4_Recv(), in one system call. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_ReplyRecv(seL4_CPtr src, seL4_MessageInfo_t msgInfo,
                                                      seL4_Word *sender)
{
    return sel4_message_store(sel4_trap_call(seL4_SysReplyRecv, sel4_message_load(src, msgInfo)), sender);
}

/* Lets other threads of the same priority run. */
LIBSEL4_INLINE_FUNC void seL4_Yield(void)
{
    sel4_trap_send_empty(seL4_SysYield, 0);
}

/* Signals a notification. Never blocks. */
LIBSEL4_INLINE_FUNC void seL4_Signal(seL4_CPtr dest)
{
    sel4_trap_send_empty(seL4_SysSend, dest);
}

/* Waits for a notification; sender, if not null, gets the word of accumulated badges. */
LIBSEL4_INLINE_FUNC void seL4_Wait(seL4_CPtr src, seL4_Word *sender)
{
    struct sel4_registers r = sel4_trap_recv(seL4_SysRecv, src);

    if (sender) {
        *sender = r.badge;
    }
}

/* As seL4_Wait(), but does not block: the word is 0 if nothing was signalled. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Poll(seL4_CPtr src, seL4_Word *sender)
{
    return seL4_NBRecv(src, sender);
}

/*
 * The same calls with message words 0 to 3 in variables.
 */
LIBSEL4_INLINE_FUNC void seL4_SendWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_Word *mr0,
                                          seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    sel4_trap_send(seL4_SysSend, sel4_mrs_load(dest, msgInfo, mr0, mr1, mr2, mr3));
}

LIBSEL4_INLINE_FUNC void seL4_NBSendWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_Word *mr0,
                                            seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    sel4_trap_send(seL4_SysNBSend, sel4_mrs_load(dest, msgInfo, mr0, mr1, mr2, mr3));
}

LIBSEL4_INLINE_FUNC void seL4_ReplyWithMRs(seL4_MessageInfo_t msgInfo, seL4_Word *mr0, seL4_Word *mr1,
                                           seL4_Word *mr2, seL4_Word *mr3)
{
    sel4_trap_send(seL4_SysReply, sel4_mrs_load(0, msgInfo, mr0, mr1, mr2, mr3));
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_RecvWithMRs(seL4_CPtr src, seL4_Word *sender, seL4_Word *mr0,
                                                        seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    return sel4_mrs_store(sel4_trap_recv(seL4_SysRecv, src), sender, mr0, mr1, mr2, mr3);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_CallWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo,
                                                        seL4_Word *mr0, seL4_Word *mr1, seL4_Word *mr2,
                                                        seL4_Word *mr3)
{
    struct sel4_registers r = sel4_mrs_load(dest, msgInfo, mr0, mr1, mr2, mr3);

    return sel4_mrs_store(sel4_trap_call(seL4_SysCall, r), 0, mr0, mr1, mr2, mr3);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_ReplyRecvWithMRs(seL4_CPtr src, seL4_MessageInfo_t msgInfo,
                                                             seL4_Word *sender, seL4_Word *mr0,
                                                             seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    struct sel4_registers r = sel4_mrs_load(src, msgInfo, mr0, mr1, mr2, mr3);

    return sel4_mrs_store(sel4_trap_call(seL4_SysReplyRecv, r), sender, mr0, mr1, mr2, mr3);
}
