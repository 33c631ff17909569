/*
 * Object types for seL4_Untyped_Retype(). A VSpace is a page table that was given an address space
 * identifier, so it has no type of its own.
 */
#pragma once

#include <sel4/abi.h>

typedef enum {
    seL4_UntypedObject = ABI_TYPE_UNTYPED,
    seL4_TCBObject = ABI_TYPE_TCB,
    seL4_EndpointObject = ABI_TYPE_ENDPOINT,
    seL4_NotificationObject = ABI_TYPE_NOTIFICATION,
    seL4_CapTableObject = ABI_TYPE_CNODE,
    seL4_NonArchObjectTypeCount,
    seL4_RISCV_Giga_Page = ABI_TYPE_GIGA_PAGE,
    seL4_ModeObjectTypeCount,
    seL4_RISCV_4K_Page = ABI_TYPE_4K_PAGE,
    seL4_RISCV_Mega_Page = ABI_TYPE_MEGA_PAGE,
    seL4_RISCV_PageTableObject = ABI_TYPE_PAGE_TABLE,
    seL4_ObjectTypeCount,
} seL4_ObjectType;

typedef seL4_ObjectType seL4_ArchObjectType;

/* Sv39 has no pages of 512 GiB; this is never a valid type. */
#define seL4_RISCV_Tera_Page 0xffffffff

_Static_assert(seL4_ObjectTypeCount == ABI_TYPE_COUNT, "object types are numbered without gaps");
