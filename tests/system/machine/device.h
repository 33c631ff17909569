/*
 * Device registers, mapped once and kept: each page can be had from the allocator only once.
 */
#pragma once

#include "answer.h"

/* Where the page with the physical address paddr is mapped, for reading and writing. */
volatile void *device_registers(seL4_Word paddr);
