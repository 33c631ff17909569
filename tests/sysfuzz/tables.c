/*
 * What there is to call. The invocations themselves are in include/interface/invocations.txt; here is how
 * often each is made, and where its objects are. A new kind of object is a table and a line in kinds[]; where
 * its objects come from is said in generate.c (new objects) and cell.c (stock).
 */
#include <rel4/abi.h>

#include <interface/methods.inc>

#include "sysfuzz.h"

/* How often, among the invocations of the object. */
enum weight {
    WEIGHT_Untyped_Retype = 1,

    WEIGHT_TCB_ReadRegisters = 4,
    WEIGHT_TCB_WriteRegisters = 4,
    WEIGHT_TCB_CopyRegisters = 2,
    WEIGHT_TCB_Configure = 3,
    WEIGHT_TCB_SetPriority = 3,
    WEIGHT_TCB_SetMCPriority = 1,
    WEIGHT_TCB_SetSchedParams = 2,
    WEIGHT_TCB_SetIPCBuffer = 2,
    WEIGHT_TCB_SetSpace = 2,
    WEIGHT_TCB_Suspend = 3,
    WEIGHT_TCB_Resume = 5,
    WEIGHT_TCB_BindNotification = 4,
    WEIGHT_TCB_UnbindNotification = 2,
    WEIGHT_TCB_SetAffinity = 4,
    WEIGHT_TCB_SetTLSBase = 1,
    WEIGHT_TCB_SetFlags = 2,
    WEIGHT_TCB_RegisterReceiver = 8,
    WEIGHT_TCB_UnregisterReceiver = 1,

    WEIGHT_CNode_Revoke = 4,
    WEIGHT_CNode_Delete = 8,
    WEIGHT_CNode_CancelBadgedSends = 2,
    WEIGHT_CNode_Copy = 8,
    WEIGHT_CNode_Mint = 8,
    WEIGHT_CNode_Move = 6,
    WEIGHT_CNode_Mutate = 3,
    WEIGHT_CNode_Rotate = 4,
    WEIGHT_CNode_SaveCaller = 3,

    WEIGHT_Page_Map = 6,
    WEIGHT_Page_Unmap = 2,
    WEIGHT_Page_GetAddress = 1,

    WEIGHT_PageTable_Map = 4,
    WEIGHT_PageTable_Unmap = 2,

    WEIGHT_ASIDPool_Assign = 1,

    WEIGHT_ASIDControl_MakePool = 1,

    WEIGHT_IRQHandler_Ack = 1,
    WEIGHT_IRQHandler_SetNotification = 2,
    WEIGHT_IRQHandler_Clear = 1,

    WEIGHT_DomainSet_Set = 3,
    WEIGHT_DomainSet_ScheduleConfigure = 1,
    WEIGHT_DomainSet_ScheduleSetStart = 1,

    WEIGHT_SenderTable_Bind = 2,
    WEIGHT_SenderTable_Add = 8,
    WEIGHT_SenderTable_Remove = 1,

    WEIGHT_AsyncQueue_Bind = 4,
    WEIGHT_AsyncQueue_AddFrames = 4,
    WEIGHT_AsyncQueue_Start = 4,
    WEIGHT_AsyncQueue_Wake = 16,
    WEIGHT_AsyncQueue_Reset = 6,
    WEIGHT_AsyncQueue_Detach = 2,
    WEIGHT_AsyncQueue_PutChar = 0, /* prints */
    WEIGHT_AsyncQueue_PutString = 4,
};

static const struct method untyped_methods[] = { UNTYPED_METHODS };
static const struct method tcb_methods[] = { TCB_METHODS };
static const struct method cnode_methods[] = { CNODE_METHODS };
static const struct method frame_methods[] = { FRAME_METHODS };
static const struct method table_methods[] = { PAGE_TABLE_METHODS };
static const struct method pool_methods[] = { ASID_POOL_METHODS };
static const struct method asid_control_methods[] = { ASID_CONTROL_METHODS };
static const struct method irq_methods[] = { IRQ_HANDLER_METHODS };
static const struct method domain_methods[] = { DOMAIN_METHODS };
static const struct method sender_table_methods[] = { SENDER_TABLE_METHODS };
static const struct method queue_methods[] = { ASYNC_QUEUE_METHODS };

#define METHODS(table) (table), COUNT(table)

const struct kind_info kinds[KINDS] = {
    [KIND_UNTYPED] = { "Untyped", 12, 1, 1, 8, METHODS(untyped_methods) },
    [KIND_TCB] = { "TCB", 16, 9, WORKERS, WORKERS + 7, METHODS(tcb_methods) },
    [KIND_ENDPOINT] = { "Endpoint", 0, 25, 6, 12, NULL, 0 },
    [KIND_NOTIFICATION] = { "Notification", 0, 37, 6, 8, NULL, 0 },
    [KIND_CNODE] = { "CNode", 30, 45, CELLS, 10, METHODS(cnode_methods) },
    [KIND_FRAME] = { "Page", 10, 55, 5, 18, METHODS(frame_methods) },
    [KIND_TABLE] = { "PageTable", 5, 73, 0, 8, METHODS(table_methods) },
    [KIND_VSPACE] = { "PageTable(root)", 1, 81, CELLS, 6, METHODS(table_methods) },
    [KIND_POOL] = { "ASIDPool", 3, 87, 1, 4, METHODS(pool_methods) },
    [KIND_ASID_CONTROL] = { "ASIDControl", 1, 91, 1, 1, METHODS(asid_control_methods) },
    [KIND_IRQ] = { "IRQHandler", 2, 92, 2, 3, METHODS(irq_methods) },
    [KIND_DOMAIN] = { "DomainSet", 1, 95, 1, 1, METHODS(domain_methods) },
    [KIND_REPLY] = { "Reply", 0, 96, 0, 6, NULL, 0 },
    [KIND_SENDER_TABLE] = { "SenderTable", 6, 102, WORKERS, WORKERS + 3, METHODS(sender_table_methods) },
    [KIND_QUEUE] = { "AsyncQueue", 8, 114, WORKERS / CELLS, 5, METHODS(queue_methods) },
    [KIND_RING] = { "Page(ring)", 2, 119, RING_PAGES *WORKERS / CELLS, 7, METHODS(frame_methods) },
};
