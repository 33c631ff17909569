/*
 * Helpers of decoders: errors and lookups.
 */
#include "object/request.h"

HOT_DATA bool abi_up;

word_t error_failed_lookup(struct result *result, word_t from_source, const struct lookup_failure *failure)
{
    result->own[0] = from_source;
    result_set_length(result, 1 + lookup_failure_words(failure, &result->own[1]));
    return ERR_FAILED_LOOKUP;
}

word_t error_missing_capability(struct result *result, word_t from_source, word_t bits_left)
{
    struct lookup_failure failure = { .type = LOOKUP_MISSING_CAPABILITY, .bits_left = bits_left };

    return error_failed_lookup(result, from_source, &failure);
}

word_t error_invalid_root(struct result *result, word_t from_source)
{
    struct lookup_failure failure = { .type = LOOKUP_INVALID_ROOT };

    return error_failed_lookup(result, from_source, &failure);
}

const struct invocation *request_find_other(const struct request *request)
{
    const struct cap_ops *ops = cap_ops(request->cap);

    /* On a machine without user interrupts their labels do not exist. */
    if (request->label >= REL4_LABEL_SENDER_TABLE_BIND && uintr_backend == REL4_UINTR_NONE) {
        return NULL;
    }
    for (unsigned i = 0; i < ops->other_count; i++) {
        if (ops->others[i].label == request->label) {
            return &ops->others[i];
        }
    }
    return NULL;
}

word_t request_lookup_slot_slow(struct cap root, word_t index, word_t depth, word_t from_source,
                                struct slot **slot, struct result *result)
{
    struct lookup_result lookup;

    if (!cap_is(root, CAP_CNODE)) {
        return error_invalid_root(result, from_source);
    }
    if (depth < 1 || depth > WORD_BITS) {
        return error_range(result, 1, WORD_BITS);
    }
    cap_lookup_bits(root, index, (unsigned)depth, &lookup);
    if (!lookup.slot) {
        return error_failed_lookup(result, from_source, &lookup.failure);
    }
    if (lookup.bits_left) {
        struct lookup_failure failure = { .type = LOOKUP_DEPTH_MISMATCH, .bits_left = lookup.bits_left };
        return error_failed_lookup(result, from_source, &failure);
    }
    *slot = lookup.slot;
    return ERR_NONE;
}

word_t request_lookup_empty_slot(struct cap root, word_t index, word_t depth, struct slot **slot,
                                 struct result *result)
{
    word_t error = request_lookup_slot(root, index, depth, 0, slot, result);

    if (error == ERR_NONE && !slot_is_empty(*slot)) {
        return ERR_DELETE_FIRST;
    }
    return error;
}
