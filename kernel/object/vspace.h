/*
 * Address spaces as the page-table and frame invocations see them: finding the root that a capability stands
 * for, and walking to an entry.
 */
#pragma once

#include "arch/riscv64/asid.h"
#include "object/request.h"

extern const struct cap_ops page_table_ops;
extern const struct cap_ops frame_ops;
extern const struct cap_ops asid_control_ops;
extern const struct cap_ops asid_pool_ops;

struct vspace {
    pte_t *root;
    word_t asid;
};

/* Where a walk ended: the first entry that names no further table. */
struct walk {
    pte_t *entry;
    unsigned level;
};

/* A capability that must be a page table which is, or hangs in, an address space. Error as for extra
 * capability 1. */
word_t vspace_decode_cap(struct cap cap, struct result *result);

/* The address space whose root such a capability must be. */
word_t vspace_decode_root(struct cap cap, struct vspace *vspace, struct result *result);

struct walk vspace_walk(pte_t *root, word_t vaddr);
