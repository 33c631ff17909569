/*
 * Numbers of the seL4 15.0 binary interface for 64-bit RISC-V (non-MCS), shared by the kernel and by user
 * programs. Free of types, so that assembler can include it. The tables that they come from are in
 * docs/interface*.md.
 */
#pragma once

#include <sel4/labels.h>

/* System call numbers, passed in a7. */
#define SYS_CALL       (-1)
#define SYS_REPLY_RECV (-2)
#define SYS_SEND       (-3)
#define SYS_NB_SEND    (-4)
#define SYS_RECV       (-5)
#define SYS_REPLY      (-6)
#define SYS_YIELD      (-7)
#define SYS_NB_RECV    (-8)

#define SYS_DEBUG_PUT_CHAR       (-9)
#define SYS_DEBUG_DUMP_SCHEDULER (-10)
#define SYS_DEBUG_HALT           (-11)
#define SYS_DEBUG_CAP_IDENTIFY   (-12)
#define SYS_DEBUG_SNAPSHOT       (-13)
#define SYS_DEBUG_NAME_THREAD    (-14)

/* Message info word: label 52 | capsUnwrapped 3 | extraCaps 2 | length 7. */
#define ABI_INFO_EXTRA_CAPS_SHIFT 7
#define ABI_INFO_UNWRAPPED_SHIFT  9
#define ABI_INFO_LABEL_SHIFT      12

#define ABI_MSG_MAX_LENGTH     120
#define ABI_MSG_MAX_EXTRA_CAPS 3
#define ABI_MSG_REGISTERS      4

/* IPC buffer: 1024 bytes, 1024-aligned; offsets in bytes. */
#define ABI_IPC_BUFFER_BITS          10
#define ABI_IPC_BUFFER_MSG           8
#define ABI_IPC_BUFFER_CAPS          976
#define ABI_IPC_BUFFER_RECEIVE_CNODE 1000
#define ABI_IPC_BUFFER_RECEIVE_INDEX 1008
#define ABI_IPC_BUFFER_RECEIVE_DEPTH 1016

/* Object types for Untyped Retype. */
#define ABI_TYPE_UNTYPED      0
#define ABI_TYPE_TCB          1
#define ABI_TYPE_ENDPOINT     2
#define ABI_TYPE_NOTIFICATION 3
#define ABI_TYPE_CNODE        4
#define ABI_TYPE_GIGA_PAGE    5
#define ABI_TYPE_4K_PAGE      6
#define ABI_TYPE_MEGA_PAGE    7
#define ABI_TYPE_PAGE_TABLE   8
#define ABI_TYPE_COUNT        9

/* Object sizes, log2 of bytes. */
#define ABI_TCB_BITS          11
#define ABI_ENDPOINT_BITS     4
#define ABI_NOTIFICATION_BITS 5
#define ABI_SLOT_BITS         5
#define ABI_PAGE_BITS         12
#define ABI_MEGA_PAGE_BITS    21
#define ABI_GIGA_PAGE_BITS    30
#define ABI_PAGE_TABLE_BITS   12
#define ABI_ASID_POOL_BITS    12
#define ABI_MIN_UNTYPED_BITS  4
#define ABI_MAX_UNTYPED_BITS  38

#define ABI_MAX_RETYPE_OBJECTS 256
#define ABI_USER_TOP           0x3ffffff000
#define ABI_ASID_POOLS         128
#define ABI_ASIDS_PER_POOL     512

/* Capability rights word. */
#define ABI_RIGHT_WRITE       1
#define ABI_RIGHT_READ        2
#define ABI_RIGHT_GRANT       4
#define ABI_RIGHT_GRANT_REPLY 8
#define ABI_RIGHTS_ALL        15

#define ABI_VM_EXECUTE_NEVER 1

/* Invocation labels are in <sel4/labels.h>, those of the extension in <rel4/labels.h>. */
#define ABI_LABEL_FIRST_EXTENSION 0x400

/* Error codes, the label of an error reply. */
#define ERR_NONE               0
#define ERR_INVALID_ARGUMENT   1
#define ERR_INVALID_CAPABILITY 2
#define ERR_ILLEGAL_OPERATION  3
#define ERR_RANGE              4
#define ERR_ALIGNMENT          5
#define ERR_FAILED_LOOKUP      6
#define ERR_TRUNCATED_MESSAGE  7
#define ERR_DELETE_FIRST       8
#define ERR_REVOKE_FIRST       9
#define ERR_NOT_ENOUGH_MEMORY  10

/* Lookup failures, inside FailedLookup replies and capability faults. */
#define LOOKUP_NO_FAILURE         0
#define LOOKUP_INVALID_ROOT       1
#define LOOKUP_MISSING_CAPABILITY 2
#define LOOKUP_DEPTH_MISMATCH     3
#define LOOKUP_GUARD_MISMATCH     4

/* Fault labels. */
#define FAULT_NONE            0
#define FAULT_CAP             1
#define FAULT_UNKNOWN_SYSCALL 2
#define FAULT_USER_EXCEPTION  3
#define FAULT_VM              5

/* TCB flags. */
#define ABI_TCB_FLAG_FPU_DISABLED 1

/* The register block of ReadRegisters and WriteRegisters, in words. */
#define ABI_REG_PC          0
#define ABI_REG_RA          1
#define ABI_REG_SP          2
#define ABI_REG_GP          3
#define ABI_REG_S0          4
#define ABI_REG_A0          16
#define ABI_REG_A1          17
#define ABI_REG_A2          18
#define ABI_REG_A6          22
#define ABI_REG_A7          23
#define ABI_REG_T0          24
#define ABI_REG_TP          31
#define ABI_REG_COUNT       32
#define ABI_FRAME_REG_COUNT 16

/* Slots of the initial CNode. */
#define ABI_INIT_TCB          1
#define ABI_INIT_CNODE        2
#define ABI_INIT_VSPACE       3
#define ABI_INIT_IRQ_CONTROL  4
#define ABI_INIT_ASID_CONTROL 5
#define ABI_INIT_ASID_POOL    6
#define ABI_INIT_BOOTINFO     9
#define ABI_INIT_IPC_BUFFER   10
#define ABI_INIT_DOMAIN       11
#define ABI_INIT_FIRST_FREE   16

/* BootInfo. */
#define ABI_BOOTINFO_MAX_UNTYPEDS 230
#define ABI_BOOTINFO_ID_PADDING   0
#define ABI_BOOTINFO_ID_FDT       6

/* Interrupt numbers: sources of the interrupt controller are 1 to 95; higher ones are the kernel's. */
#define ABI_IRQ_LAST_DEVICE 95
#define ABI_IRQ_MAX_UP      96
#define ABI_IRQ_MAX_SMP     98
