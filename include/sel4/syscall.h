/*
 * System call numbers under their seL4 names. They are passed in a7.
 */
#pragma once

#include <sel4/abi.h>

typedef enum {
    seL4_SysCall = SYS_CALL,
    seL4_SysReplyRecv = SYS_REPLY_RECV,
    seL4_SysSend = SYS_SEND,
    seL4_SysNBSend = SYS_NB_SEND,
    seL4_SysRecv = SYS_RECV,
    seL4_SysReply = SYS_REPLY,
    seL4_SysYield = SYS_YIELD,
    seL4_SysNBRecv = SYS_NB_RECV,
    seL4_SysDebugPutChar = SYS_DEBUG_PUT_CHAR,
    seL4_SysDebugDumpScheduler = SYS_DEBUG_DUMP_SCHEDULER,
    seL4_SysDebugHalt = SYS_DEBUG_HALT,
    seL4_SysDebugCapIdentify = SYS_DEBUG_CAP_IDENTIFY,
    seL4_SysDebugSnapshot = SYS_DEBUG_SNAPSHOT,
    seL4_SysDebugNameThread = SYS_DEBUG_NAME_THREAD,
} seL4_Syscall_ID;
