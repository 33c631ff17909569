/*
 * All types of the seL4 interface: the shared structures, the enumerations, and a name for each kind of
 * capability, so that prototypes say which kind they expect.
 */
#pragma once

#include <sel4/constants.h>
#include <sel4/errors.h>
#include <sel4/invocation.h>
#include <sel4/objecttype.h>
#include <sel4/shared_types.h>
#include <sel4/simple_types.h>

typedef seL4_CPtr seL4_CNode;
typedef seL4_CPtr seL4_Untyped;
typedef seL4_CPtr seL4_TCB;
typedef seL4_CPtr seL4_IRQControl;
typedef seL4_CPtr seL4_IRQHandler;
typedef seL4_CPtr seL4_DomainSet;
typedef seL4_CPtr seL4_RISCV_Page;
typedef seL4_CPtr seL4_RISCV_PageTable;
typedef seL4_CPtr seL4_RISCV_ASIDControl;
typedef seL4_CPtr seL4_RISCV_ASIDPool;
