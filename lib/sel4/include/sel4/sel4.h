/*
 * The whole seL4 interface in one include: types, system calls, object methods, faults and BootInfo.
 * This library's additions are in <sel4/runtime.h> and <sel4/simple.h>.
 */
#pragma once

#include <sel4/config.h>
#include <sel4/types.h>

#include <sel4/bootinfo.h>
#include <sel4/debug.h>
#include <sel4/faults.h>
#include <sel4/functions.h>
#include <sel4/invocations.h>
#include <sel4/syscalls.h>
