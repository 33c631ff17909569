/*
 * Address spaces for page-table and frame invocations: finding the root of an address space, and walking to
 * an entry.
 */
#pragma once

#include "arch/asid.h"
#include "object/request.h"

#define LAST_WALK_SHIFT (ABI_PAGE_BITS + PT_INDEX_BITS)

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

/* The same from the root of an ASID. Remembers the walk if it ends at a table of pages of 4 KiB. */
struct walk vspace_walk_and_remember(word_t asid, pte_t *root, word_t vaddr);

/* Returns whether a walk from the root that a capability names, to an address, is the last one: then the
 * capability is that of the root, and the address is a user's. */
static inline bool vspace_is_last_walk(struct cap root, word_t vaddr)
{
    return cap_is_mapped_page_table(root) && cap_mapped_asid(root) == last_walk.asid &&
           cap_object(root) == last_walk.root && vaddr >> LAST_WALK_SHIFT == last_walk.region;
}

/* The same for what a frame's capability says of its mapping. */
static inline bool vspace_is_last_mapping(word_t mapping)
{
    return mapping >> LAST_WALK_SHIFT == last_walk.mapping && mapping;
}

/* Returns the entry for an address of the last walk. */
static inline pte_t *vspace_last_entry(word_t vaddr)
{
    return last_walk.table + pt_index(vaddr, 0);
}
