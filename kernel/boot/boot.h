/*
 * Boot: from the first C function to the root task's first instruction.
 */
#pragma once

#include "lib/types.h"

/* Entry of the boot hart, with translation on, on the boot stack. */
_Noreturn void boot_main(word_t hart_id, word_t dtb_phys);

/* Entry of the other harts, with tp set, on their own stack. */
_Noreturn void boot_secondary(void);
