/*
 * What there is to call. A new kind of object is a table of its invocations and a line in kinds[]; where its
 * objects come from is said in generate.c (new objects) and cell.c (stock).
 */
#include <rel4/abi.h>

#include "sysfuzz.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct method untyped_methods[] = {
    { "Retype",
      UntypedRetype,
      1,
      6,
      1,
      { ARG_TYPE, ARG_SIZE, ARG_NODE_INDEX, ARG_NODE_DEPTH, ARG_OFFSET, ARG_COUNT },
      { KIND_CNODE } },
};

static const struct method tcb_methods[] = {
    { "ReadRegisters", TCBReadRegisters, 4, 2, 0, { ARG_FLAGS, ARG_REGISTERS }, { 0 } },
    { "WriteRegisters",
      TCBWriteRegisters,
      4,
      4,
      0,
      { ARG_FLAGS, ARG_REGISTERS, ARG_REGISTER, ARG_REGISTER },
      { 0 } },
    { "CopyRegisters", TCBCopyRegisters, 2, 1, 1, { ARG_FLAGS }, { KIND_TCB } },
    { "Configure",
      TCBConfigure,
      3,
      4,
      3,
      { ARG_FAULT_HANDLER, ARG_CSPACE_DATA, ARG_ZERO, ARG_BUFFER },
      { KIND_CNODE, KIND_VSPACE, KIND_FRAME } },
    { "SetPriority", TCBSetPriority, 3, 1, 1, { ARG_PRIORITY }, { KIND_TCB } },
    { "SetMCPriority", TCBSetMCPriority, 1, 1, 1, { ARG_PRIORITY }, { KIND_TCB } },
    { "SetSchedParams", TCBSetSchedParams, 2, 2, 1, { ARG_PRIORITY, ARG_PRIORITY }, { KIND_TCB } },
    { "SetIPCBuffer", TCBSetIPCBuffer, 2, 1, 1, { ARG_BUFFER }, { KIND_FRAME } },
    { "SetSpace",
      TCBSetSpace,
      2,
      3,
      2,
      { ARG_FAULT_HANDLER, ARG_CSPACE_DATA, ARG_ZERO },
      { KIND_CNODE, KIND_VSPACE } },
    { "Suspend", TCBSuspend, 3, 0, 0, { 0 }, { 0 } },
    { "Resume", TCBResume, 5, 0, 0, { 0 }, { 0 } },
    { "BindNotification", TCBBindNotification, 4, 0, 1, { 0 }, { KIND_NOTIFICATION } },
    { "UnbindNotification", TCBUnbindNotification, 2, 0, 0, { 0 }, { 0 } },
    { "SetAffinity", TCBSetAffinity, 4, 1, 0, { ARG_HART }, { 0 } },
    { "SetTLSBase", TCBSetTLSBase, 1, 1, 0, { ARG_ANY }, { 0 } },
    { "SetFlags", TCBSetFlags, 2, 2, 0, { ARG_FLAGS, ARG_FLAGS }, { 0 } },
    { "RegisterReceiver",
      REL4_LABEL_TCB_REGISTER_RECEIVER,
      8,
      2,
      1,
      { ARG_HANDLER, ARG_ANY },
      { KIND_NOTIFICATION } },
    { "UnregisterReceiver", REL4_LABEL_TCB_UNREGISTER_RECEIVER, 1, 0, 0, { 0 }, { 0 } },
};

static const struct method cnode_methods[] = {
    { "Revoke", CNodeRevoke, 4, 2, 0, { ARG_INDEX, ARG_DEPTH }, { 0 } },
    { "Delete", CNodeDelete, 8, 2, 0, { ARG_INDEX, ARG_DEPTH }, { 0 } },
    { "CancelBadgedSends", CNodeCancelBadgedSends, 2, 2, 0, { ARG_INDEX, ARG_DEPTH }, { 0 } },
    { "Copy",
      CNodeCopy,
      8,
      5,
      1,
      { ARG_INDEX, ARG_DEPTH, ARG_INDEX, ARG_DEPTH, ARG_RIGHTS },
      { KIND_CNODE } },
    { "Mint",
      CNodeMint,
      8,
      6,
      1,
      { ARG_INDEX, ARG_DEPTH, ARG_INDEX, ARG_DEPTH, ARG_RIGHTS, ARG_BADGE },
      { KIND_CNODE } },
    { "Move", CNodeMove, 6, 4, 1, { ARG_INDEX, ARG_DEPTH, ARG_INDEX, ARG_DEPTH }, { KIND_CNODE } },
    { "Mutate",
      CNodeMutate,
      3,
      5,
      1,
      { ARG_INDEX, ARG_DEPTH, ARG_INDEX, ARG_DEPTH, ARG_BADGE },
      { KIND_CNODE } },
    { "Rotate",
      CNodeRotate,
      4,
      8,
      2,
      { ARG_INDEX, ARG_DEPTH, ARG_BADGE, ARG_INDEX, ARG_DEPTH, ARG_BADGE, ARG_INDEX, ARG_DEPTH },
      { KIND_CNODE, KIND_CNODE } },
    { "SaveCaller", CNodeSaveCaller, 3, 2, 0, { ARG_INDEX, ARG_DEPTH }, { 0 } },
};

static const struct method frame_methods[] = {
    { "Map", RISCVPageMap, 6, 3, 1, { ARG_ADDRESS, ARG_RIGHTS, ARG_ATTRIBUTES }, { KIND_VSPACE } },
    { "Unmap", RISCVPageUnmap, 2, 0, 0, { 0 }, { 0 } },
    { "GetAddress", RISCVPageGetAddress, 1, 0, 0, { 0 }, { 0 } },
};

static const struct method table_methods[] = {
    { "Map", RISCVPageTableMap, 4, 2, 1, { ARG_ADDRESS, ARG_ATTRIBUTES }, { KIND_VSPACE } },
    { "Unmap", RISCVPageTableUnmap, 2, 0, 0, { 0 }, { 0 } },
};

static const struct method pool_methods[] = {
    { "Assign", RISCVASIDPoolAssign, 1, 0, 1, { 0 }, { KIND_TABLE } },
};

static const struct method asid_control_methods[] = {
    { "MakePool", RISCVASIDControlMakePool, 1, 2, 2, { ARG_INDEX, ARG_DEPTH }, { KIND_UNTYPED, KIND_CNODE } },
};

static const struct method irq_methods[] = {
    { "Ack", IRQAckIRQ, 1, 0, 0, { 0 }, { 0 } },
    { "SetNotification", IRQSetIRQHandler, 2, 0, 1, { 0 }, { KIND_NOTIFICATION } },
    { "Clear", IRQClearIRQHandler, 1, 0, 0, { 0 }, { 0 } },
};

static const struct method domain_methods[] = {
    { "Set", DomainSetSet, 3, 1, 1, { ARG_DOMAIN }, { KIND_TCB } },
    { "ScheduleConfigure", DomainScheduleConfigure, 1, 3, 0, { ARG_DOMAIN, ARG_DOMAIN, ARG_ANY }, { 0 } },
    { "ScheduleSetStart", DomainScheduleSetStart, 1, 1, 0, { ARG_DOMAIN }, { 0 } },
};

static const struct method sender_table_methods[] = {
    { "Bind", REL4_LABEL_SENDER_TABLE_BIND, 2, 0, 1, { 0 }, { KIND_TCB } },
    { "Add", REL4_LABEL_SENDER_TABLE_ADD, 8, 0, 1, { 0 }, { KIND_NOTIFICATION } },
    { "Remove", REL4_LABEL_SENDER_TABLE_REMOVE, 1, 1, 0, { ARG_ENTRY }, { 0 } },
};

static const struct method queue_methods[] = {
    { "Bind",
      REL4_LABEL_QUEUE_BIND,
      4,
      3,
      2,
      { ARG_RING_BITS, ARG_RING_BITS, ARG_POLICY },
      { KIND_TCB, KIND_NOTIFICATION } },
    { "AddFrames",
      REL4_LABEL_QUEUE_ADD_FRAMES,
      4,
      3,
      1,
      { ARG_POSITION, ARG_FRAMES, ARG_RING_SLOT },
      { KIND_CNODE } },
    { "Start", REL4_LABEL_QUEUE_START, 4, 0, 0, { 0 }, { 0 } },
    { "Wake", REL4_LABEL_QUEUE_WAKE, 16, 0, 0, { 0 }, { 0 } },
    { "Reset", REL4_LABEL_QUEUE_RESET, 6, 0, 0, { 0 }, { 0 } },
    { "Detach", REL4_LABEL_QUEUE_DETACH, 2, 0, 0, { 0 }, { 0 } },
    { "PutString", REL4_LABEL_QUEUE_PUT_STRING, 4, 1, 0, { ARG_LENGTH }, { 0 } },
};

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
