/*
 * Frames: mapping pages of 4 KiB, 2 MiB and 1 GiB.
 *
 * A new mapping needs no fence: a hart that has cached the entry as invalid takes one spurious fault, and the
 * fault path repeats the instruction after a local fence. Replacing and removing a mapping fence every hart
 * that ran in the address space.
 */
#include "arch/tlb.h"
#include "cap/derive.h"
#include "object/async_queue.h"
#include "object/objects.h"
#include "object/vspace.h"

/* Returns the page-table entry; 0 if it permits nothing. */
static ALWAYS_INLINE pte_t make_entry(struct cap cap, word_t rights, word_t attributes)
{
    enum frame_rights allowed = frame_reduce_rights(frame_rights(cap), rights);

    return pte_make_user(frame_phys(cap), allowed != FRAME_KERNEL_ONLY, allowed == FRAME_READ_WRITE,
                         !(attributes & ABI_VM_EXECUTE_NEVER));
}

static HOT_LOOP enum progress perform_map(const struct request *request, const struct operation *operation)
{
    word_t mapping = operation->mapping;
    pte_t old = *operation->entry, new = operation->value;

    *operation->entry = new;
    request->slot->cap.w1 = mapping;
    if (pte_is_valid(old) && old != new) {
        tlb_flush_page(asid_harts(mapping_asid(mapping)), mapping_asid(mapping), mapping_vaddr(mapping));
    }
    return DONE;
}

/* The rest of decoding, when the entry is found. */
static ALWAYS_INLINE word_t decode_entry(const struct request *request, struct operation *operation,
                                         struct result *result, word_t asid, pte_t *entry)
{
    struct cap cap = request->cap;
    word_t vaddr = request_word(request, 0);

    if (cap_mapped_asid(cap)) {
        if (cap_mapped_asid(cap) != asid) {
            return error_invalid_capability(result, 1);
        }
        if (cap_mapped_vaddr(cap) != vaddr) {
            return error_invalid_argument(result, 0);
        }
    } else if (pte_is_valid(*entry)) {
        return ERR_DELETE_FIRST;
    }
    operation->value = make_entry(cap, request_word(request, 1), request_word(request, 2));
    operation->entry = entry;
    operation->mapping = cap_mapping(asid, vaddr);
    return ERR_NONE;
}

/* The general case of decode_map(). */
static HOT APART word_t decode_map_slow(const struct request *request, struct operation *operation,
                                        struct result *result)
{
    struct cap cap = request->cap;
    word_t bytes = frame_bytes(frame_size(cap));
    word_t vaddr = request_word(request, 0);
    struct vspace vspace;

    word_t error = vspace_decode_cap(request->extra[0]->cap, result);
    if (error) {
        return error;
    }
    error = vspace_decode_root(request->extra[0]->cap, &vspace, result);
    if (error) {
        return error;
    }
    if (vaddr > ABI_USER_TOP - bytes) {
        return error_invalid_argument(result, 0);
    }
    if (vaddr & (bytes - 1)) {
        return ERR_ALIGNMENT;
    }
    struct walk walk = vspace_walk_and_remember(vspace.asid, vspace.root, vaddr);
    if (walk.level != (unsigned)frame_size(cap) || (pte_is_valid(*walk.entry) && !pte_is_leaf(*walk.entry))) {
        return error_missing_capability(result, 0, pt_level_bits(walk.level));
    }
    return decode_entry(request, operation, result, vspace.asid, walk.entry);
}

static HOT_LOOP word_t decode_map(const struct request *request, struct operation *operation,
                                  struct result *result)
{
    struct cap root = request->extra[0]->cap;
    word_t vaddr = request_word(request, 0);

    if (likely(vspace_is_last_walk(root, vaddr) && frame_size(request->cap) == FRAME_4K)) {
        return vaddr & (frame_bytes(FRAME_4K) - 1)
                   ? ERR_ALIGNMENT
                   : decode_entry(request, operation, result, cap_mapped_asid(root),
                                  vspace_last_entry(vaddr));
    }
    return decode_map_slow(request, operation, result);
}

/* Clears an entry if it still is a frame's own. Inlined, as GCC passes a structure at a higher cost. */
static ALWAYS_INLINE void remove_entry(struct cap cap, pte_t *entry, word_t harts)
{
    if (pte_is_valid(*entry) && pte_is_leaf(*entry) && pte_names(*entry, frame_phys(cap))) {
        *entry = 0;
        tlb_flush_page(harts, cap_mapped_asid(cap), cap_mapped_vaddr(cap));
    }
}

/* The general case of unmap(). Returns DONE. */
static HOT APART enum progress unmap_slow(word_t w0, word_t w1)
{
    struct cap cap = { w0, w1 };
    word_t asid = cap_mapped_asid(cap);
    const word_t *entry = asid ? asid_entry(asid) : NULL;
    word_t root_and_harts = entry ? *entry : 0;
    pte_t *root = asid_entry_root(root_and_harts);

    if (root) {
        struct walk walk = vspace_walk_and_remember(asid, root, cap_mapped_vaddr(cap));
        if (walk.level == (unsigned)frame_size(cap)) {
            remove_entry(cap, walk.entry, root_and_harts & ASID_HARTS_MASK);
        }
    }
    return DONE;
}

/* Removes the mapping of a frame, if the entry still is its own. Returns DONE. */
static ALWAYS_INLINE enum progress unmap(struct cap cap)
{
    if (likely(vspace_is_last_mapping(cap.w1) && frame_size(cap) == FRAME_4K)) {
        remove_entry(cap, vspace_last_entry(cap.w1), *last_walk.entry & ASID_HARTS_MASK);
        return DONE;
    }
    return unmap_slow(cap.w0, cap.w1);
}

static HOT_LOOP enum progress perform_unmap(const struct request *request, const struct operation *operation)
{
    request->slot->cap.w1 = 0;
    return unmap(request->cap);
}

static enum progress perform_get_address(const struct request *request, const struct operation *operation)
{
    result_set_word(operation->result, frame_phys(request->cap));
    return DONE;
}

/* A copy starts unmapped, as each capability has one mapping. */
static word_t derive_frame(const struct slot *slot, struct cap cap, struct cap *derived)
{
    cap.w1 = 0;
    *derived = cap;
    return ERR_NONE;
}

/* Below finalise_frame(), finalise leads to nothing: the signal of a queue that stops ends a wait to receive,
 * never one for a reply. */
static struct remains finalise_frame(struct cap cap, struct slot *slot)
{
    if (unlikely(frame_queue(cap) != NULL)) {
        async_queue_stop(frame_queue(cap));
    }
    unmap(cap);
    return (struct remains){ 0 };
}

static unsigned frame_cap_size_bits(struct cap cap)
{
    return frame_size_bits(frame_size(cap));
}

static const struct invocation invocations[] = {
    { LABEL_PAGE_MAP, 3, 1, decode_map, perform_map },
    { LABEL_PAGE_UNMAP, 0, 0, NULL, perform_unmap },
    { LABEL_PAGE_GET_ADDRESS, 0, 0, NULL, perform_get_address },
};

const struct cap_ops frame_ops = {
    .name = "frame",
    INVOCATIONS(invocations),
    .derive = derive_frame,
    .finalise = finalise_frame,
    .size_bits = ABI_PAGE_BITS,
    .exact_size_bits = frame_cap_size_bits,
};
