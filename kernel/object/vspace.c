/*
 * What page tables and frames share.
 */
#include "object/vspace.h"

word_t vspace_decode_cap(struct cap cap, struct result *result)
{
    if (!cap_is(cap, CAP_PAGE_TABLE) || !page_table_is_mapped(cap)) {
        return error_invalid_capability(result, 1);
    }
    return ERR_NONE;
}

word_t vspace_decode_root(struct cap cap, struct vspace *vspace, struct result *result)
{
    vspace->asid = cap_mapped_asid(cap);
    vspace->root = asid_root(vspace->asid);
    if (!vspace->root) {
        struct lookup_failure failure = { .type = LOOKUP_INVALID_ROOT };
        return error_failed_lookup(result, 0, &failure);
    }
    if (vspace->root != cap_object(cap)) {
        return error_invalid_capability(result, 1);
    }
    return ERR_NONE;
}

struct walk vspace_walk(pte_t *root, word_t vaddr)
{
    unsigned level = PT_LEVELS - 1;
    pte_t *entry = &root[pt_index(vaddr, level)];

    while (level > 0 && pte_is_valid(*entry) && !pte_is_leaf(*entry)) {
        level--;
        entry = (pte_t *)phys_to_ptr(pte_phys(*entry)) + pt_index(vaddr, level);
    }
    return (struct walk){ entry, level };
}
