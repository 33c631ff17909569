/*
 * ASID control, which makes pools, and ASID pools, which assign ASIDs to root page tables. Word 1 of a pool
 * capability is the number of the pool.
 */
#include "arch/tlb.h"
#include "lib/string.h"
#include "object/objects.h"
#include "object/vspace.h"

/* Address spaces that lose their ASID between two preemption points when a pool is deleted. Each may stop
 * other harts. */
#define RELEASE_BATCH 1

static enum progress perform_make_pool(const struct request *request, const struct operation *operation)
{
    struct slot *untyped = operation->source;
    struct asid_pool *pool = phys_to_ptr(untyped_phys(untyped->cap));

    tlb_batch_pay();
    untyped->cap.w1 = bit(ABI_ASID_POOL_BITS);
    zero_words(pool, sizeof(*pool));
    asid_pools[operation->index] = pool;
    slot_insert(operation->target, cap_make_object(CAP_ASID_POOL, pool, operation->index), untyped);
    return DONE;
}

static word_t decode_make_pool(const struct request *request, struct operation *operation,
                               struct result *result)
{
    word_t number = 0;

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
    operation->source = untyped;
    operation->index = number;
    return request_lookup_empty_slot(request->extra[1]->cap, request_word(request, 0),
                                     request_word(request, 1), &operation->target, result);
}

static enum progress perform_assign(const struct request *request, const struct operation *operation)
{
    struct asid_pool *pool = cap_object(request->cap);
    struct slot *table = operation->target;
    pte_t *root = cap_object(table->cap);

    tlb_batch_pay();
    vm_install_kernel_half(root);
    pool->entries[operation->index % ABI_ASIDS_PER_POOL] = ptr_to_phys(root);
    table->cap = page_table_set_mapped(table->cap, operation->index, 0);
    return DONE;
}

static word_t decode_assign(const struct request *request, struct operation *operation, struct result *result)
{
    const struct asid_pool *pool = cap_object(request->cap);
    word_t pool_number = request->cap.w1;
    struct slot *table = request->extra[0];

    if (!cap_is(table->cap, CAP_PAGE_TABLE) || page_table_is_mapped(table->cap)) {
        return error_invalid_capability(result, 1);
    }
    if (!asid_pools[pool_number]) {
        return error_invalid_root(result, 0);
    }
    if (pool != asid_pools[pool_number]) {
        return error_invalid_capability(result, 0);
    }
    word_t number = pool_number == 0 ? 1 : 0;
    while (number < ABI_ASIDS_PER_POOL && pool->entries[number]) {
        number++;
    }
    if (number == ABI_ASIDS_PER_POOL) {
        return ERR_DELETE_FIRST;
    }
    operation->target = table;
    operation->index = pool_number * ABI_ASIDS_PER_POOL + number;
    return ERR_NONE;
}

static struct remains finalise_pool(struct cap cap, struct slot *slot)
{
    struct asid_pool *pool = cap_object(cap);
    unsigned released = 0;

    if (!slot_is_last(slot) || asid_pools[cap.w1] != pool) {
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

static const struct invocation control_invocations[] = {
    { LABEL_ASID_CONTROL_MAKE_POOL, 2, 2, decode_make_pool, perform_make_pool },
};

const struct cap_ops asid_control_ops = {
    .name = "asid control",
    INVOCATIONS(control_invocations),
};

static const struct invocation pool_invocations[] = {
    { LABEL_ASID_POOL_ASSIGN, 0, 1, decode_assign, perform_assign },
};

const struct cap_ops asid_pool_ops = {
    .name = "asid pool",
    INVOCATIONS(pool_invocations),
    .finalise = finalise_pool,
    .size_bits = ABI_ASID_POOL_BITS,
};
