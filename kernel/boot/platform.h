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

/* A domain of an APLIC. Of which level it is, what it is connected to tells. */
struct platform_aplic {
    struct region region;
    word_t last_source;                 /* 0: unknown */
    word_t msi_parent;                  /* of the IMSICs to which it sends messages; 0: to none */
    struct fdt_property targets;        /* size 0 if it interrupts no hart directly */
    struct fdt_property target_indices; /* the number of each, if that is not its place in the list */
};

/* The interrupt files of supervisor level, in the order of their harts, one after the other in each region.
 */
struct platform_imsics {
    word_t phandle; /* 0: there are none */
    struct region regions[MAX_HARTS];
    unsigned region_count;
    struct fdt_property targets;
    word_t last_identity;
    /* What the address of a file is made of, and thereby the number of its hart. */
    word_t guest_bits, hart_bits, group_bits, group_shift;
};

struct platform_hart {
    word_t hart_id;
    word_t interrupt_phandle;           /* of the hart's own interrupt controller */
    const struct platform_plic *plic;   /* from which it gets external interrupts; */
    const struct platform_aplic *aplic; /* or from this; NULL for both if there are none */
    word_t interrupt_context;           /* its number there */
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
    struct platform_aplic aplics[2 * MAX_HARTS]; /* of which each level has one for all, or for each socket */
    unsigned aplic_count;
    struct platform_imsics imsics;
    word_t last_source;   /* that all controllers in use have; 0 if there is none */
    word_t last_identity; /* of the IMSICs; 0 if the APLIC does not send messages */
    struct region uart;   /* the console's, of a kind that the kernel drives; empty if there is none */
    unsigned uart_shift;  /* its registers are 2^uart_shift bytes apart */
    unsigned uart_width;  /* and are read and written as 1 byte or as 4 */
    struct fdt_property boot_arguments; /* size 0 if there are none */
    struct region ramdisk;              /* empty if there is none */
};

/* Reads the tree; hart_id is the running hart's. Powers off with a message if something is missing that no
 * kernel can do without. The test finisher is put to use. */
void platform_read(struct platform *platform, const struct fdt *fdt, word_t hart_id);

/* Finds out from which controller, and as which of its contexts, the first count harts get interrupts; powers
 * off if there are PLICs and one hart has none. Returns why there are no device interrupts, NULL if there
 * are. */
const char *platform_find_contexts(struct platform *platform, unsigned count);
