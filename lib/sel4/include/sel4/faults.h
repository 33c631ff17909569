/*
 * Fault messages. A fault handler receives them as ordinary messages whose label is the fault type.
 * seL4_getFault() turns one into a value with named fields; the words can also be read by
 * seL4_GetMR(seL4_VMFault_Addr) and the like.
 */
#pragma once

#include <sel4/functions.h>
#include <sel4/types.h>

/* words[0] is the type, words[1 + i] message word i. */
typedef struct seL4_Fault {
    seL4_Word words[1 + seL4_UnknownSyscall_Length];
} seL4_Fault_t;

/*
 * Reads the fault message that was just received. For messages that are no fault, the type is
 * seL4_Fault_NullFault. Words that did not arrive are 0.
 */
static inline seL4_Fault_t seL4_getFault(seL4_MessageInfo_t tag)
{
    seL4_Fault_t fault = { { seL4_Fault_NullFault } };
    seL4_Word type = seL4_MessageInfo_get_label(tag);
    int length = (int)seL4_MessageInfo_get_length(tag);

    if (type != seL4_Fault_CapFault && type != seL4_Fault_UnknownSyscall &&
        type != seL4_Fault_UserException && type != seL4_Fault_VMFault) {
        return fault;
    }
    fault.words[0] = type;
    for (int i = 0; i < length && i < seL4_UnknownSyscall_Length; i++) {
        fault.words[1 + i] = seL4_GetMR(i);
    }
    return fault;
}

static inline seL4_FaultType seL4_Fault_get_seL4_FaultType(seL4_Fault_t fault)
{
    return (seL4_FaultType)fault.words[0];
}

/* Return whether a message info is that of a fault of the type. */
static inline seL4_Bool seL4_isCapFault_tag(seL4_MessageInfo_t tag)
{
    return (seL4_Bool)(seL4_MessageInfo_get_label(tag) == seL4_Fault_CapFault);
}

static inline seL4_Bool seL4_isUnknownSyscall_tag(seL4_MessageInfo_t tag)
{
    return (seL4_Bool)(seL4_MessageInfo_get_label(tag) == seL4_Fault_UnknownSyscall);
}

static inline seL4_Bool seL4_isUserException_tag(seL4_MessageInfo_t tag)
{
    return (seL4_Bool)(seL4_MessageInfo_get_label(tag) == seL4_Fault_UserException);
}

static inline seL4_Bool seL4_isVMFault_tag(seL4_MessageInfo_t tag)
{
    return (seL4_Bool)(seL4_MessageInfo_get_label(tag) == seL4_Fault_VMFault);
}

/* Defines seL4_Fault_<type>_get_<field>(), which returns one word of a fault of that type. */
#define SEL4_FAULT_FIELD(type, field)                                           \
    static inline seL4_Word seL4_Fault_##type##_get_##field(seL4_Fault_t fault) \
    {                                                                           \
        return fault.words[1 + seL4_##type##_##field];                          \
    }

SEL4_FAULT_FIELD(VMFault, IP)
SEL4_FAULT_FIELD(VMFault, Addr)
SEL4_FAULT_FIELD(VMFault, PrefetchFault)
SEL4_FAULT_FIELD(VMFault, FSR)

SEL4_FAULT_FIELD(CapFault, IP)
SEL4_FAULT_FIELD(CapFault, Addr)
SEL4_FAULT_FIELD(CapFault, InRecvPhase)
SEL4_FAULT_FIELD(CapFault, LookupFailureType)
SEL4_FAULT_FIELD(CapFault, BitsLeft)
SEL4_FAULT_FIELD(CapFault, DepthMismatch_BitsFound)
SEL4_FAULT_FIELD(CapFault, GuardMismatch_GuardFound)
SEL4_FAULT_FIELD(CapFault, GuardMismatch_BitsFound)

SEL4_FAULT_FIELD(UnknownSyscall, FaultIP)
SEL4_FAULT_FIELD(UnknownSyscall, SP)
SEL4_FAULT_FIELD(UnknownSyscall, RA)
SEL4_FAULT_FIELD(UnknownSyscall, A0)
SEL4_FAULT_FIELD(UnknownSyscall, A1)
SEL4_FAULT_FIELD(UnknownSyscall, A2)
SEL4_FAULT_FIELD(UnknownSyscall, A3)
SEL4_FAULT_FIELD(UnknownSyscall, A4)
SEL4_FAULT_FIELD(UnknownSyscall, A5)
SEL4_FAULT_FIELD(UnknownSyscall, A6)
SEL4_FAULT_FIELD(UnknownSyscall, Syscall)

SEL4_FAULT_FIELD(UserException, FaultIP)
SEL4_FAULT_FIELD(UserException, SP)
SEL4_FAULT_FIELD(UserException, Number)
SEL4_FAULT_FIELD(UserException, Code)

#undef SEL4_FAULT_FIELD
