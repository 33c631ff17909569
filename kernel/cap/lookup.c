/*
 * Resolving capability pointers: guard and radix of each CNode on the way, most significant bits first.
 */
#include "cap/lookup.h"

void cap_lookup_bits(struct cap root, word_t index, unsigned bits, struct lookup_result *result)
{
    struct cap cap = root;
    struct lookup_failure *failure = &result->failure;

    result->slot = NULL;
    if (unlikely(!cap_is(cap, CAP_CNODE))) {
        *failure = (struct lookup_failure){ .type = LOOKUP_INVALID_ROOT };
        return;
    }
    for (;;) {
        unsigned radix = cnode_radix(cap);
        unsigned guard_size = cnode_guard_size(cap);
        unsigned taken = radix + guard_size;

        /* Shifting in two steps keeps the shift below 64 when there is no guard to compare. */
        bool guard_differs =
            guard_size > bits ||
            (guard_size && (index << (WORD_BITS - bits)) >> (WORD_BITS - guard_size) != cnode_guard(cap));
        if (unlikely(guard_differs)) {
            *failure = (struct lookup_failure){ LOOKUP_GUARD_MISMATCH, bits, cnode_guard(cap), guard_size };
            return;
        }
        if (unlikely(taken > bits)) {
            *failure = (struct lookup_failure){ LOOKUP_DEPTH_MISMATCH, bits, 0, taken };
            return;
        }
        bits -= taken;
        struct slot *slot = (struct slot *)cap_object(cap) + (index >> bits & mask(radix));
        if (bits == 0 || !cap_is(slot->cap, CAP_CNODE)) {
            result->slot = slot;
            result->bits_left = bits;
            return;
        }
        cap = slot->cap;
    }
}

struct slot *cap_lookup_slow(struct cap root, word_t pointer, struct lookup_failure *failure)
{
    struct lookup_result result = { 0 };

    cap_lookup_bits(root, pointer, WORD_BITS, &result);
    if (unlikely(!result.slot)) {
        *failure = result.failure;
    }
    return result.slot;
}

unsigned lookup_failure_words(const struct lookup_failure *failure, word_t words[4])
{
    words[0] = failure->type;
    switch (failure->type) {
    case LOOKUP_MISSING_CAPABILITY:
        words[1] = failure->bits_left;
        return 2;
    case LOOKUP_DEPTH_MISMATCH:
        words[1] = failure->bits_left;
        words[2] = failure->bits_found;
        return 3;
    case LOOKUP_GUARD_MISMATCH:
        words[1] = failure->bits_left;
        words[2] = failure->guard;
        words[3] = failure->bits_found;
        return 4;
    default:
        return 1;
    }
}
