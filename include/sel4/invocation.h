/*
 * Invocation labels, in the numbering of the configuration: a program for one node has no
 * TCBSetAffinity, and every label behind it is one lower.
 */
#pragma once

#include <sel4/abi.h>
#include <sel4/config.h>

enum invocation_label {
    InvalidInvocation,
    UntypedRetype,
    TCBReadRegisters,
    TCBWriteRegisters,
    TCBCopyRegisters,
    TCBConfigure,
    TCBSetPriority,
    TCBSetMCPriority,
    TCBSetSchedParams,
    TCBSetIPCBuffer,
    TCBSetSpace,
    TCBSuspend,
    TCBResume,
    TCBBindNotification,
    TCBUnbindNotification,
#if CONFIG_MAX_NUM_NODES > 1
    TCBSetAffinity,
#endif
    TCBSetTLSBase,
    TCBSetFlags,
    CNodeRevoke,
    CNodeDelete,
    CNodeCancelBadgedSends,
    CNodeCopy,
    CNodeMint,
    CNodeMove,
    CNodeMutate,
    CNodeRotate,
    CNodeSaveCaller,
    IRQIssueIRQHandler,
    IRQAckIRQ,
    IRQSetIRQHandler,
    IRQClearIRQHandler,
    DomainSetSet,
    DomainScheduleConfigure,
    DomainScheduleSetStart,
    nInvocationLabels,
};

enum arch_invocation_label {
    RISCVPageTableMap = nInvocationLabels,
    RISCVPageTableUnmap,
    RISCVPageMap,
    RISCVPageUnmap,
    RISCVPageGetAddress,
    RISCVASIDControlMakePool,
    RISCVASIDPoolAssign,
    RISCVIRQIssueIRQHandlerTrigger,
    nArchInvocationLabels,
};

#if CONFIG_MAX_NUM_NODES > 1
_Static_assert(nArchInvocationLabels == LABEL_COUNT, "labels of several nodes");
_Static_assert(TCBSetAffinity == ABI_LABEL_FIRST_SHIFTED, "the label that one node lacks");
#else
_Static_assert(nArchInvocationLabels == LABEL_COUNT - 1, "labels of one node");
_Static_assert(TCBSetTLSBase == ABI_LABEL_FIRST_SHIFTED, "the first label that is one lower");
#endif
