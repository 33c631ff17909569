/*
 * Boot information for the root task: the BootInfo frame, the slots of the initial CNode, and the chunks of
 * extra information after the frame. Layouts are fixed and asserted below.
 */
#pragma once

#include <stddef.h>

#include <sel4/shared_types.h>

/* Slots of the root task's CNode that hold the same capability in every system. */
enum {
    seL4_CapNull = 0,
    seL4_CapInitThreadTCB = ABI_INIT_TCB,
    seL4_CapInitThreadCNode = ABI_INIT_CNODE,
    seL4_CapInitThreadVSpace = ABI_INIT_VSPACE,
    seL4_CapIRQControl = ABI_INIT_IRQ_CONTROL,
    seL4_CapASIDControl = ABI_INIT_ASID_CONTROL,
    seL4_CapInitThreadASIDPool = ABI_INIT_ASID_POOL,
    seL4_CapIOPortControl = 7, /* empty on RISC-V, like the other slots given by a plain number */
    seL4_CapIOSpace = 8,
    seL4_CapBootInfoFrame = ABI_INIT_BOOTINFO,
    seL4_CapInitThreadIPCBuffer = ABI_INIT_IPC_BUFFER,
    seL4_CapDomain = ABI_INIT_DOMAIN,
    seL4_CapSMMUSIDControl = 12,
    seL4_CapSMMUCBControl = 13,
    seL4_CapInitThreadSC = 14,
    seL4_CapSMC = 15,
    seL4_NumInitialCaps = ABI_INIT_FIRST_FREE,
};

#define seL4_CapInitThreadPD seL4_CapInitThreadVSpace

#define seL4_BootInfoFrameBits seL4_PageBits
#define seL4_BootInfoFrameSize (1 << seL4_BootInfoFrameBits)

typedef seL4_Word seL4_SlotPos;

/* Slots start to end - 1. */
typedef struct seL4_SlotRegion {
    seL4_SlotPos start;
    seL4_SlotPos end;
} seL4_SlotRegion;

typedef struct seL4_UntypedDesc {
    seL4_Word paddr;
    seL4_Uint8 sizeBits; /* log2 of bytes */
    seL4_Uint8 isDevice; /* 1: device memory, from which only frames and untypeds can be made */
    seL4_Uint8 padding[6];
} seL4_UntypedDesc;

typedef struct seL4_BootInfo {
    seL4_Word extraLen; /* bytes of extra information, at BootInfo + seL4_BootInfoFrameSize */
    seL4_NodeId nodeID;
    seL4_Word numNodes;
    seL4_Word numIOPTLevels;
    seL4_IPCBuffer *ipcBuffer;
    seL4_SlotRegion empty;
    seL4_SlotRegion sharedFrames;
    seL4_SlotRegion userImageFrames; /* one 4 KiB frame per page, by ascending address */
    seL4_SlotRegion userImagePaging;
    seL4_SlotRegion ioSpaceCaps;
    seL4_SlotRegion extraBIPages;
    seL4_Word initThreadCNodeSizeBits;
    seL4_Domain initThreadDomain;
    seL4_SlotRegion untyped; /* slot untyped.start + i is described by untypedList[i] */
    seL4_UntypedDesc untypedList[CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS];
} seL4_BootInfo;

/* Header of a chunk of extra information. Programs skip ids that they do not know. */
typedef struct seL4_BootInfoHeader {
    seL4_Word id;
    seL4_Word len; /* bytes, including this header */
} seL4_BootInfoHeader;

typedef enum {
    SEL4_BOOTINFO_HEADER_PADDING = ABI_BOOTINFO_ID_PADDING,
    SEL4_BOOTINFO_HEADER_X86_VBE = 1,
    SEL4_BOOTINFO_HEADER_X86_MBMMAP = 2,
    SEL4_BOOTINFO_HEADER_X86_ACPI_RSDP = 3,
    SEL4_BOOTINFO_HEADER_X86_FRAMEBUFFER = 4,
    SEL4_BOOTINFO_HEADER_X86_TSC_FREQ = 5,
    SEL4_BOOTINFO_HEADER_FDT = ABI_BOOTINFO_ID_FDT,
    SEL4_BOOTINFO_HEADER_NUM,
} seL4_BootInfoID;

_Static_assert(CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS == ABI_BOOTINFO_MAX_UNTYPEDS, "untyped descriptors");
_Static_assert(sizeof(seL4_UntypedDesc) == 16, "size of an untyped descriptor");
_Static_assert(sizeof(seL4_BootInfo) == 0xf08, "size of BootInfo");
_Static_assert(offsetof(seL4_BootInfo, ipcBuffer) == 0x20, "BootInfo: IPC buffer");
_Static_assert(offsetof(seL4_BootInfo, empty) == 0x28, "BootInfo: empty slots");
_Static_assert(offsetof(seL4_BootInfo, userImageFrames) == 0x48, "BootInfo: image frames");
_Static_assert(offsetof(seL4_BootInfo, extraBIPages) == 0x78, "BootInfo: extra pages");
_Static_assert(offsetof(seL4_BootInfo, initThreadCNodeSizeBits) == 0x88, "BootInfo: CNode size");
_Static_assert(offsetof(seL4_BootInfo, untyped) == 0x98, "BootInfo: untyped slots");
_Static_assert(offsetof(seL4_BootInfo, untypedList) == 0xa8, "BootInfo: untyped descriptors");
