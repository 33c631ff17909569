/*
 * What the device tree says about the machine, as far as the kernel needs it.
 */
#pragma once

#include "boot/fdt.h"
#include "boot/regions.h"
#include "thread/hart.h"

struct platform_plic {
    struct region region;
    word_t last_source;
    struct fdt_property targets;
};

struct platform_hart {
    word_t hart_id;
    word_t interrupt_phandle; /* of the hart's own interrupt controller */
    const struct platform_plic
        *plic; /* from which it gets external interrupts; NULL if there is none at all */
    word_t plic_context;
};

struct platform {
    struct regions ram;
    struct regions reserved;       /* never touched: the firmware's */
    struct regions kernel_devices; /* nobody else's: the interrupt controller and the firmware's timers */
    struct platform_hart harts[MAX_HARTS]; /* the boot hart, then the others by ascending id */
    unsigned hart_count;
    word_t time_frequency; /* counts per second */
    struct region uintc;   /* the user-interrupt controller; empty if there is none */
    bool uintc_extended;   /* with a gate, and a line that wakes the kernel */
    word_t uintc_wake_source;
    struct platform_plic plics[MAX_HARTS]; /* one for all, or one for each socket */
    unsigned plic_count;
    word_t last_source;  /* that all of them have; 0 if there is none */
    struct region uart;  /* the console's, of a kind that the kernel drives; empty if there is none */
    unsigned uart_shift; /* its registers are 2^uart_shift bytes apart */
    unsigned uart_width; /* and are read and written as 1 byte or as 4 */
    struct fdt_property boot_arguments; /* size 0 if there are none */
    struct region ramdisk;              /* empty if there is none */
};

/* Reads the tree; hart_id is the running hart's. Powers off with a message if something is missing that no
 * kernel can do without. The test finisher is put to use as soon as it is found. */
void platform_read(struct platform *platform, const struct fdt *fdt, word_t hart_id);

/* Finds out through which PLIC, and which of its contexts, the first count harts get interrupts; powers off
 * if there are PLICs and one hart has none. */
void platform_find_contexts(struct platform *platform, unsigned count);
