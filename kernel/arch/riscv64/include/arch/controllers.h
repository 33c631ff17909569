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

struct controllers {
    struct region uintc; /* the user-interrupt controller; empty if there is none */
    bool uintc_extended; /* with a gate, and a line that wakes the kernel */
    word_t uintc_wake_source;
    struct controller plics[MAX_HARTS]; /* one for all, or one for each socket */
    unsigned plic_count;
    struct controller aplics[2 * MAX_HARTS]; /* of which each level has one for all, or for each socket */
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

/* Whether nobody else gets a device of this kind: interrupt controllers and the core-local interruptor, in
 * one piece or a part of it. Those that the kernel does not use are the firmware's, whatever their status
 * says. */
bool controllers_withhold(const struct fdt_property *compatible);

/* Takes note of the node's device, which the kernel can use, if it is an interrupt controller. */
void controllers_visit(struct tree_walk *walk, const struct fdt_property *compatible, struct region region);

/* Behind the last node. Powers off if a controller lies in memory. */
void controllers_check(struct platform *platform);

/* Finds out from which controller, and as which of its contexts, the first count harts get interrupts; powers
 * off if there are PLICs and one hart has none. Returns why there are no device interrupts, NULL if there
 * are. */
const char *controllers_connect(struct platform *platform, unsigned count);

/* Initialises the controllers of all harts, whose records are described. missing is why there are no device
 * interrupts, as far as the device tree tells, or NULL. Returns the last source that there is, 0 for none;
 * powers off if a PLIC is not where the tree says. */
unsigned controllers_init(struct controllers *controllers, const char *missing);

/* Prepares the running hart, behind controllers_init(): no source interrupts it. Powers off if it does not
 * have what the device tree says. */
void controllers_init_hart(const struct hart *hart);
