/*
 * ASID control, which makes pools, and pools, which give address-space numbers to roots. A pool capability's
 * second word is its pool number.
 */
#include "arch/tlb.h"
#include "lib/string.h"
#include "object/vspace.h"

/* Address spaces that lose their number in one go when their pool is deleted: few, as each may stop other
 * harts. */
#define RELEASE_BATCH 1

static enum progress perform_make_pool(struct operation *operation, struct result *result)
{
    struct slot *untyped = operation->asid.untyped;
    struct asid_pool *pool = phys_to_ptr(untyped_phys(untyped->cap));

    tlb_batch_pay();
    untyped->cap.w1 = bit(ABI_ASID_POOL_BITS);
    zero_words(pool, sizeof(*pool));
    asid_pools[operation->asid.number] = pool;
    slot_insert(operation->asid.target, cap_make_object(CAP_ASID_POOL, pool, operation->asid.number),
                untyped);
    return DONE;
}

static word_t decode_control(const struct request *request, struct operation *operation,
                             struct result *result)
{
    word_t number = 0;

    if (request->label != LABEL_ASID_CONTROL_MAKE_POOL) {
        return ERR_ILLEGAL_OPERATION;
    }
    if (request->length < 2 || request->extra_count < 2) {
        return ERR_TRUNCATED_MESSAGE;
    }
    while (number < ABI_ASID_POOLS && asid_pools[number]) {
        number++;
    }
    if (number == ABI_ASID_POOLS) {
        return ERR_DELETE_FIRST;
    }
    struct slot *untyped = request->extra[0];
    if (!cap_is(untyped->cap, CAP_UNTYPED) || untyped_size_bits(untyped->cap) != ABI_ASID_POOL_BITS ||
        untyped_is_device(untyped->cap)) {
        return error_invalid_capability(result, 1);
    }
    if (slot_has_children(untyped) || slot_is_revoked(untyped)) {
        return ERR_REVOKE_FIRST;
    }
    operation->asid.untyped = untyped;
    operation->asid.number = number;
    operation->perform = perform_make_pool;
    return request_lookup_empty_slot(request->extra[1]->cap, request_word(request, 0),
                                     request_word(request, 1), &operation->asid.target, result);
}

static enum progress perform_assign(struct operation *operation, struct result *result)
{
    struct slot *table = operation->asid.table;
    word_t number = operation->asid.number;
    pte_t *root = cap_object(table->cap);

    tlb_batch_pay();
    vm_install_kernel_half(root);
    operation->asid.pool->entries[number % ABI_ASIDS_PER_POOL] = ptr_to_phys(root);
    table->cap = page_table_set_mapped(table->cap, number, 0);
    return DONE;
}

static word_t decode_pool(const struct request *request, struct operation *operation, struct result *result)
{
    if (request->label != LABEL_ASID_POOL_ASSIGN) {
        return ERR_ILLEGAL_OPERATION;
    }
    if (request->extra_count < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    struct slot *table = request->extra[0];
    if (!cap_is(table->cap, CAP_PAGE_TABLE) || page_table_is_mapped(table->cap)) {
        return error_invalid_capability(result, 1);
    }
    word_t pool_number = request->cap.w1;
    struct asid_pool *pool = asid_pools[pool_number];
    if (!pool) {
        struct lookup_failure failure = { .type = LOOKUP_INVALID_ROOT };
        return error_failed_lookup(result, 0, &failure);
    }
    if (pool != cap_object(request->cap)) {
        return error_invalid_capability(result, 0);
    }
    word_t number = pool_number == 0 ? 1 : 0;
    while (number < ABI_ASIDS_PER_POOL && pool->entries[number]) {
        number++;
    }
    if (number == ABI_ASIDS_PER_POOL) {
        return ERR_DELETE_FIRST;
    }
    operation->asid.table = table;
    operation->asid.pool = pool;
    operation->asid.number = pool_number * ABI_ASIDS_PER_POOL + number;
    operation->perform = perform_assign;
    return ERR_NONE;
}

static struct remains finalise_pool(struct cap cap, struct slot *slot, bool last)
{
    struct asid_pool *pool = cap_object(cap);
    unsigned released = 0;

    if (!last || asid_pools[cap.w1] != pool) {
        return (struct remains){ 0 };
    }
    preemption_soon();
    for (word_t i = 0; i < ABI_ASIDS_PER_POOL; i++) {
        if (pool->entries[i]) {
            if (released == RELEASE_BATCH) {
                return (struct remains){ .again = true };
            }
            asid_release(cap.w1 * ABI_ASIDS_PER_POOL + i);
            released++;
        }
    }
    asid_pools[cap.w1] = NULL;
    return (struct remains){ 0 };
}

static unsigned pool_size_bits(struct cap cap)
{
    return ABI_ASID_POOL_BITS;
}

const struct cap_ops asid_control_ops = {
    .name = "asid control",
    .decode = decode_control,
};

const struct cap_ops asid_pool_ops = {
    .name = "asid pool",
    .decode = decode_pool,
    .finalise = finalise_pool,
    .size_bits = pool_size_bits,
};
