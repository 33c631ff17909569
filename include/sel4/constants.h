/*
 * Sizes, ranges and message positions of the seL4 interface. Sizes with "Bits" in their name are base-2
 * logarithms of bytes (of slots, for the CNode radix).
 */
#pragma once

#include <sel4/abi.h>
#include <sel4/simple_types.h>

#define seL4_WordBits     64
#define seL4_WordSizeBits 3

/* Objects. */
#define seL4_SlotBits           ABI_SLOT_BITS
#define seL4_TCBBits            ABI_TCB_BITS
#define seL4_EndpointBits       ABI_ENDPOINT_BITS
#define seL4_NotificationBits   ABI_NOTIFICATION_BITS
#define seL4_PageBits           ABI_PAGE_BITS
#define seL4_LargePageBits      ABI_MEGA_PAGE_BITS
#define seL4_HugePageBits       ABI_GIGA_PAGE_BITS
#define seL4_PageTableBits      ABI_PAGE_TABLE_BITS
#define seL4_PageTableEntryBits 3
#define seL4_PageTableIndexBits 9
#define seL4_VSpaceBits         seL4_PageTableBits
#define seL4_VSpaceIndexBits    seL4_PageTableIndexBits
#define seL4_ASIDPoolBits       ABI_ASID_POOL_BITS
#define seL4_ASIDPoolIndexBits  9
#define seL4_NumASIDPoolsBits   7
#define seL4_MinUntypedBits     ABI_MIN_UNTYPED_BITS
#define seL4_MaxUntypedBits     ABI_MAX_UNTYPED_BITS

_Static_assert(ABI_ASIDS_PER_POOL == 1 << seL4_ASIDPoolIndexBits, "ASIDs per pool");
_Static_assert(ABI_ASID_POOLS == 1 << seL4_NumASIDPoolsBits, "number of ASID pools");

/* The first address that user programs cannot use. */
#define seL4_UserTop       ABI_USER_TOP
#define seL4_UserVSpaceTop seL4_UserTop

/* The most objects that one Untyped Retype makes. */
#define seL4_UntypedRetypeMaxObjects ABI_MAX_RETYPE_OBJECTS

/* Capabilities. */
#define seL4_BadgeBits     64
#define seL4_GuardBits     58
#define seL4_GuardSizeBits 6
#define seL4_CapRightsBits 4

/* Messages. */
#define seL4_MsgLengthBits        7
#define seL4_MsgExtraCapBits      2
#define seL4_MsgMaxLength         ABI_MSG_MAX_LENGTH
#define seL4_MsgMaxExtraCaps      ABI_MSG_MAX_EXTRA_CAPS
#define seL4_FastMessageRegisters ABI_MSG_REGISTERS
#define seL4_IPCBufferSizeBits    ABI_IPC_BUFFER_BITS
#define seL4_IPCBufferSize        (1 << seL4_IPCBufferSizeBits)

/* Priorities: 255 is the highest. */
#define seL4_MinPrio     0
#define seL4_MaxPrio     (CONFIG_NUM_PRIORITIES - 1)
#define seL4_InvalidPrio (-1)

/* Flags of seL4_TCB_SetFlags(). */
typedef enum {
    seL4_TCBFlag_NoFlag = 0,
    seL4_TCBFlag_fpuDisabled = ABI_TCB_FLAG_FPU_DISABLED,
    seL4_TCBFlag_MASK = ABI_TCB_FLAG_FPU_DISABLED,
} seL4_TCBFlag;

/* Attributes of a page mapping. */
typedef enum {
    seL4_RISCV_Default_VMAttributes = 0,
    seL4_RISCV_ExecuteNever = ABI_VM_EXECUTE_NEVER,
} seL4_RISCV_VMAttributes;

/*
 * After seL4_RISCV_Page_Map() failed with seL4_FailedLookup: the message word that says which table is
 * missing, as log2 of the bytes covered by the entry where the walk ended, and its value when only the last
 * table is missing.
 */
#define SEL4_MAPPING_LOOKUP_LEVEL 2
#define SEL4_MAPPING_LOOKUP_NO_PT 21

/* Labels of fault messages. */
typedef enum {
    seL4_Fault_NullFault = FAULT_NONE,
    seL4_Fault_CapFault = FAULT_CAP,
    seL4_Fault_UnknownSyscall = FAULT_UNKNOWN_SYSCALL,
    seL4_Fault_UserException = FAULT_USER_EXCEPTION,
    seL4_Fault_VMFault = FAULT_VM,
} seL4_FaultType;

/* Message registers of a VM fault. */
typedef enum {
    seL4_VMFault_IP,
    seL4_VMFault_Addr,
    seL4_VMFault_PrefetchFault,
    seL4_VMFault_FSR,
    seL4_VMFault_Length,
} seL4_VMFault_Msg;

/* Values of seL4_VMFault_FSR: the kind of access. */
#define seL4_VMFault_FSR_Instruction 1
#define seL4_VMFault_FSR_Load        5
#define seL4_VMFault_FSR_Store       7

/* Message registers of a capability fault. Those after the lookup failure type depend on it. */
typedef enum {
    seL4_CapFault_IP,
    seL4_CapFault_Addr,
    seL4_CapFault_InRecvPhase,
    seL4_CapFault_LookupFailureType,
    seL4_CapFault_BitsLeft,
    seL4_CapFault_DepthMismatch_BitsFound,
    seL4_CapFault_GuardMismatch_GuardFound = seL4_CapFault_DepthMismatch_BitsFound,
    seL4_CapFault_GuardMismatch_BitsFound,
} seL4_CapFault_Msg;

/* Message registers of an unknown system call. A reply writes the first ten back to the thread. */
typedef enum {
    seL4_UnknownSyscall_FaultIP,
    seL4_UnknownSyscall_SP,
    seL4_UnknownSyscall_RA,
    seL4_UnknownSyscall_A0,
    seL4_UnknownSyscall_A1,
    seL4_UnknownSyscall_A2,
    seL4_UnknownSyscall_A3,
    seL4_UnknownSyscall_A4,
    seL4_UnknownSyscall_A5,
    seL4_UnknownSyscall_A6,
    seL4_UnknownSyscall_Syscall,
    seL4_UnknownSyscall_Length,
} seL4_UnknownSyscall_Msg;

/* Message registers of any other exception. A reply writes the first two back to the thread. */
typedef enum {
    seL4_UserException_FaultIP,
    seL4_UserException_SP,
    seL4_UserException_Number,
    seL4_UserException_Code,
    seL4_UserException_Length,
} seL4_UserException_Msg;
