/*
 * Address spaces for page-table and frame invocations: finding the root of an address space, and walking to
 * an entry.
 */
#pragma once

#include "arch/asid.h"
#include "object/request.h"

struct vspace {
    pte_t *root;
    word_t asid;
};

/* End of a walk: the first entry that names no table. */
struct walk {
    pte_t *entry;
    unsigned level;
};

/* Checks that extra capability 1 is a mapped page table. */
static inline word_t vspace_decode_cap(struct cap cap, struct result *result)
{
    return likely(cap_is_mapped_page_table(cap)) ? ERR_NONE : error_invalid_capability(result, 1);
}

/* Finds the address space whose root such a capability must be. */
static inline word_t vspace_decode_root(struct cap cap, struct vspace *vspace, struct result *result)
{
    vspace->asid = cap_mapped_asid(cap);
    vspace->root = asid_root(vspace->asid);
    if (unlikely(!vspace->root)) {
        error_invalid_root(result, 0);
        return ERR_FAILED_LOOKUP; /* a constant, so that the compiler knows that the caller returns */
    }
    return likely(vspace->root == cap_object(cap)) ? ERR_NONE : error_invalid_capability(result, 1);
}

static inline struct walk vspace_walk(pte_t *root, word_t vaddr)
{
    unsigned level = PT_LEVELS - 1;
    pte_t *entry = &root[pt_index(vaddr, level)];

    while (level > 0 && pte_is_table(*entry)) {
        level--;
        entry = (pte_t *)phys_to_ptr(pte_phys(*entry)) + pt_index(vaddr, level);
    }
    return (struct walk){ entry, level };
}
