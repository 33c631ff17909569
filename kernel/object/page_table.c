/*
 * Page tables: mapping them into an address space and unmapping them.
 */
#include "arch/tlb.h"
#include "lib/string.h"
#include "object/objects.h"
#include "object/vspace.h"
#include "thread/hart.h"

struct walk vspace_walk_and_remember(word_t asid, pte_t *root, word_t vaddr)
{
    struct walk walk = vspace_walk(root, vaddr);

    if (walk.level == 0) {
        last_walk = (struct last_walk){ .asid = asid,
                                        .root = root,
                                        .entry = asid_entry(asid),
                                        .table = walk.entry - pt_index(vaddr, 0),
                                        .region = vaddr >> LAST_WALK_SHIFT,
                                        .mapping = cap_mapping(asid, vaddr) >> LAST_WALK_SHIFT };
    }
    return walk;
}

static HOT enum progress perform_map(const struct request *request, const struct operation *operation)
{
    struct slot *slot = request->slot;

    tlb_batch_pay(); /* a hart may still walk the table where it was mapped before */
    *operation->entry = operation->value;
    slot->cap =
        page_table_set_mapped(slot->cap, mapping_asid(operation->mapping), mapping_vaddr(operation->mapping));
    return DONE;
}

static word_t decode_map(const struct request *request, struct operation *operation, struct result *result)
{
    struct vspace vspace;

    if (page_table_is_mapped(request->cap)) {
        return error_invalid_capability(result, 0);
    }
    struct cap root = request->extra[0]->cap;
    word_t vaddr = request_word(request, 0);
    word_t error = vspace_decode_cap(root, result);
    if (error) {
        return error;
    }
    if (vaddr >= ABI_USER_TOP) {
        return error_invalid_argument(result, 0);
    }
    error = vspace_decode_root(root, &vspace, result);
    if (error) {
        return error;
    }
    struct walk walk = vspace_walk(vspace.root, vaddr);
    if (walk.level == 0 || pte_is_valid(*walk.entry)) {
        return ERR_DELETE_FIRST;
    }
    operation->entry = walk.entry;
    operation->value = pte_make_table(ptr_to_phys(cap_object(request->cap)));
    operation->mapping = cap_mapping(vspace.asid, align_down(vaddr, pt_level_bits(walk.level)));
    return ERR_NONE;
}

/* Removes the entry for a table from the table above, if it is still there. */
static void unlink_table(struct cap cap)
{
    word_t asid = cap_mapped_asid(cap);
    word_t vaddr = cap_mapped_vaddr(cap);
    word_t table = ptr_to_phys(cap_object(cap));
    pte_t *entry = asid_root(asid);

    if (!entry) {
        return;
    }
    for (unsigned level = PT_LEVELS - 1; level > 0; level--) {
        entry += pt_index(vaddr, level);
        if (!pte_is_valid(*entry) || pte_is_leaf(*entry)) {
            return;
        }
        if (pte_phys(*entry) == table) {
            *entry = 0;
            last_walk_forget();
            tlb_flush_asid(asid_harts(asid), asid);
            return;
        }
        entry = phys_to_ptr(pte_phys(*entry));
    }
}

static bool is_root(struct cap cap)
{
    return page_table_is_mapped(cap) && asid_root(cap_mapped_asid(cap)) == cap_object(cap);
}

static HOT enum progress perform_unmap(const struct request *request, const struct operation *operation)
{
    struct slot *slot = request->slot;

    if (page_table_is_mapped(slot->cap)) {
        unlink_table(slot->cap);
        zero_words(cap_object(slot->cap), bit(ABI_PAGE_TABLE_BITS));
    }
    slot->cap = page_table_set_unmapped(slot->cap);
    return DONE;
}

static word_t decode_unmap(const struct request *request, struct operation *operation, struct result *result)
{
    return slot_is_last(request->slot) && !is_root(request->cap) ? ERR_NONE : ERR_REVOKE_FIRST;
}

/* A copy shares the mapping, so that only a mapped table can be copied. */
static word_t derive_page_table(const struct slot *slot, struct cap cap, struct cap *derived)
{
    *derived = cap;
    return page_table_is_mapped(cap) ? ERR_NONE : ERR_ILLEGAL_OPERATION;
}

/* Makes harts leave the address space of the capability in slot before it is deleted. */
static void leave_running_vspace(const struct slot *slot)
{
    for (unsigned id = 0; id < harts_online; id++) {
        struct hart *hart = &harts_table[id];
        if (slot == &hart->current->slots[TCB_VSPACE]) {
            asid_expel_hart(hart);
        }
    }
}

static struct remains finalise_page_table(struct cap cap, struct slot *slot)
{
    leave_running_vspace(slot);
    if (page_table_is_mapped(cap) && slot_is_last(slot)) {
        if (is_root(cap)) {
            asid_release(cap_mapped_asid(cap));
        } else {
            unlink_table(cap);
        }
    }
    return (struct remains){ 0 };
}

static const struct invocation invocations[] = {
    { LABEL_PAGE_TABLE_MAP, 2, 1, decode_map, perform_map },
    { LABEL_PAGE_TABLE_UNMAP, 0, 0, decode_unmap, perform_unmap },
};

const struct cap_ops page_table_ops = {
    .name = "page table",
    INVOCATIONS(invocations),
    .derive = derive_page_table,
    .finalise = finalise_page_table,
    .size_bits = ABI_PAGE_TABLE_BITS,
};
