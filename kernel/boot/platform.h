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
    word_t interrupt_phandle; /* of the hart's own interrupt controller */
    struct hart_connection interrupts;
};

struct platform {
    struct regions ram;
    struct regions reserved;       /* never touched: the firmware's */
    struct regions kernel_devices; /* nobody else's: the interrupt controller and the firmware's timers */
    struct platform_hart harts[MAX_HARTS]; /* the boot hart, then the others by ascending id */
    unsigned hart_count;
    word_t time_frequency; /* counts per second */
    struct controllers controllers;
    struct region uart;  /* the console's, of a kind that the kernel drives; empty if there is none */
    unsigned uart_shift; /* its registers are 2^uart_shift bytes apart */
    unsigned uart_width; /* and are read and written as 1 byte or as 4 */
    struct fdt_property boot_arguments; /* size 0 if there are none */
    struct region ramdisk;              /* empty if there is none */
};

/* Reads the tree; hart_id is the running hart's. Powers off with a message if something is missing that no
 * kernel can do without. The test finisher is put to use. */
void platform_read(struct platform *platform, const struct fdt *fdt, word_t hart_id);

/* There is memory, or something reserved, at one of these addresses at least. */
bool platform_has_memory_at(const struct platform *platform, struct region region);
