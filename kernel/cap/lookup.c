/*
 * Resolving capability pointers: each CNode on the way takes its guard and its radix, from the most
 * significant bit down.
 */
#include "cap/lookup.h"

void cap_lookup_bits(struct cap root, word_t index, unsigned bits, struct lookup_result *result)
{
    struct cap cap = root;
    struct lookup_failure *failure = &result->failure;
    word_t left = bits;
    word_t rest = index << (WORD_BITS - left); /* the unresolved bits, at the top of the word */

    result->slot = NULL;
    if (unlikely(!cap_is(cap, CAP_CNODE))) {
        *failure = (struct lookup_failure){ .type = LOOKUP_INVALID_ROOT };
        return;
    }
    /* Time matters: a user chooses how many CNodes a pointer goes through, up to 64. */
    for (;;) {
        word_t radix = cnode_radix(cap);
        word_t guard_size = cnode_guard_size(cap);

        assert(radix > 0);
        if (unlikely(guard_size)) {
            if (guard_size > left || rest >> (WORD_BITS - guard_size) != cnode_guard(cap)) {
                *failure =
                    (struct lookup_failure){ LOOKUP_GUARD_MISMATCH, left, cnode_guard(cap), guard_size };
                return;
            }
            rest <<= guard_size;
        }
        if (unlikely(radix + guard_size > left)) {
            *failure = (struct lookup_failure){ LOOKUP_DEPTH_MISMATCH, left, 0, radix + guard_size };
            return;
        }
        left -= radix + guard_size;
        struct slot *slot = (struct slot *)cap_object(cap) + (rest >> (WORD_BITS - radix));
        cap = slot->cap;
        if (left == 0 || !cap_is(cap, CAP_CNODE)) {
            result->slot = slot;
            result->bits_left = left;
            return;
        }
        rest <<= radix;
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
    static const uint8_t counts[] = {
        [LOOKUP_INVALID_ROOT] = 1,
        [LOOKUP_MISSING_CAPABILITY] = 2,
        [LOOKUP_DEPTH_MISMATCH] = 3,
        [LOOKUP_GUARD_MISMATCH] = 4,
    };
    bool with_guard = failure->type == LOOKUP_GUARD_MISMATCH;

    words[0] = failure->type;
    words[1] = failure->bits_left;
    words[2] = with_guard ? failure->guard : failure->bits_found;
    words[3] = failure->bits_found;
    return counts[failure->type];
}
