/*
 * Options from the boot arguments: words like name=value, separated by spaces.
 *
 *   abi=up|smp            the numbering of invocations that the root task was compiled for (smp)
 *   harts=N               how many harts to start, 1 to 8 and at most those present (all; with abi=up 1)
 *   root_cnode_bits=N     log2 of the root CNode's slots (12)
 *   uintr=auto|plain|emulated|none   who carries user interrupts, at best; docs/user-interrupts.md (auto)
 *   asids=on|off          off: as on harts that do not tell address spaces apart in their TLBs (on)
 *   console=on|off        whether programs may print through the kernel (on)
 *   log=none|error|info|debug   kernel messages (info)
 *   check=N               debug kernels: inspect everything at every N-th kernel entry; 0: never (0)
 *
 * Behind a word "--" the arguments are the root task's.
 */
#pragma once

#include "boot/fdt.h"
#include "lib/types.h"

/* The best backend of user interrupts that may be used, best first. */
enum uintr_option {
    UINTR_AUTO,
    UINTR_PLAIN,
    UINTR_EMULATED,
    UINTR_NONE
};

struct boot_options {
    bool abi_up;
    bool asids;
    bool console;
    unsigned harts; /* to start */
    unsigned root_cnode_bits;
    enum uintr_option uintr;
};

extern struct boot_options boot_options;

/* Sets boot_options and log_level; powers off with a message that names an option that is not
 * understood. */
void options_parse(const struct fdt_property *arguments, unsigned harts_present);
