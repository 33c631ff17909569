/*
 * What the device tree says about the machine, as far as the kernel needs it.
 */
#pragma once

#include "arch/controllers.h"
#include "boot/fdt.h"
#include "boot/regions.h"
#include "thread/hart.h"

struct platform_hart {
    word_t hart_id;
    word_t interrupt_phandle; /* phandle of the hart's own interrupt controller */
    struct hart_connection interrupts;
};

struct platform {
    struct regions ram;
    struct regions reserved;       /* for the firmware; the kernel never touches them */
    struct regions kernel_devices; /* kept from programs: interrupt controllers and timers of the firmware */
    struct platform_hart harts[MAX_HARTS]; /* the boot hart, then the others by ascending id */
    unsigned hart_count;
    word_t time_frequency; /* counts per second */
    struct controllers controllers;
    struct region uart;  /* the console, of a kind that the kernel drives; empty if there is none */
    unsigned uart_shift; /* its registers are 2^uart_shift bytes apart */
    unsigned uart_width; /* and are read and written as 1 byte or as 4 */
    struct fdt_property boot_arguments; /* size 0 if there are none */
    struct region ramdisk;              /* empty if there is none */
};

/* Reads the tree; hart_id is the running hart. Powers off with a message if something indispensable is
 * missing. Sets up the test finisher. */
void platform_read(struct platform *platform, const struct fdt *fdt, word_t hart_id);

/* Returns whether part of a region is memory, or reserved. */
bool platform_has_memory_at(const struct platform *platform, struct region region);
