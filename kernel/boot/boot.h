/*
 * Boot: from the first C function to the root task's first instruction.
 */
#pragma once

#include "lib/types.h"

/* Where the firmware's hart arrives, translation on, on the boot stack. */
_Noreturn void boot_main(word_t hart_id, word_t dtb_phys);

/* Where the other harts arrive, with tp and their own stack. */
_Noreturn void boot_secondary(void);
