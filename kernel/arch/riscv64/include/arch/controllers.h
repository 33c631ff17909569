/*
 * The interrupt controllers that the device tree describes, and how it connects harts to them.
 */
#pragma once

#include "boot/tree.h"
#include "thread/hart.h"

struct platform;

/* A PLIC or a domain of an APLIC. Its targets tell whether it interrupts machine mode or supervisor mode. */
struct controller {
    struct region region;
    word_t last_source;                 /* 0: unknown */
    word_t msi_parent;                  /* phandle of the IMSICs that get its messages; 0: none */
    struct fdt_property targets;        /* size 0 if it interrupts no hart directly */
    struct fdt_property target_indices; /* numbers of the targets, if not their places in the list */
};

/* The interrupt files of supervisor level, in the order of their harts, one after the other in each region.
 */
struct platform_imsics {
    word_t phandle; /* 0: there are none */
    struct region regions[MAX_HARTS];
    unsigned region_count;
    struct fdt_property targets;
    word_t last_identity;
    /* Widths and places of the fields in the address of a file, which give the number of its hart. */
    word_t guest_bits, hart_bits, group_bits, group_shift;
};

struct controllers {
    struct region uintc; /* the user-interrupt controller; empty if there is none */
    bool uintc_extended; /* with a gate, and a line that wakes the kernel */
    word_t uintc_wake_source;
    struct controller plics[MAX_HARTS]; /* one for all, or one for each socket */
    unsigned plic_count;
    struct controller
        aplics[2 * MAX_HARTS]; /* for machine mode and for supervisor mode one each, or one for each socket */
    unsigned aplic_count;
    struct platform_imsics imsics;
    word_t last_source;   /* that all controllers in use have; 0 if there is none */
    word_t last_identity; /* of the IMSICs; 0 if the APLIC does not send messages */
};

/* The controller that interrupts a hart, and its number there; NULL: none. */
struct hart_connection {
    const struct controller *controller;
    word_t context;
};

/* Returns whether a device of this kind is kept from programs: interrupt controllers, and the core-local
 * interruptor or a part of it. Those that the kernel does not use belong to the firmware, whatever their
 * status says. */
bool controllers_withhold(const struct fdt_property *compatible);

/* Records the node's device, which is usable, if it is an interrupt controller. */
void controllers_visit(struct tree_walk *walk, const struct fdt_property *compatible, struct region region);

/* Checks the controllers after the last node. Powers off if one lies in memory. */
void controllers_check(struct platform *platform);

/* Finds for the first count harts the controller that interrupts them, and their number there. Powers
 * off if there are PLICs and a hart has none. Returns why there are no device interrupts, or NULL. */
const char *controllers_connect(struct platform *platform, unsigned count);

/* Initialises the controllers of all harts, after setup_describe_hart(). missing is the reason why the
 * device tree permits no device interrupts, or NULL. Returns the last source, 0 if there is none. Powers
 * off if a PLIC does not answer. */
unsigned controllers_init(struct controllers *controllers, const char *missing);

/* Prepares the running hart, after controllers_init(): no source interrupts it. Powers off if the hart
 * lacks an interrupt file that the device tree has. */
void controllers_init_hart(const struct hart *hart);
