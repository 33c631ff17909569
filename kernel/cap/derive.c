/*
 * Rights and data of derived capabilities.
 */
#include "cap/derive.h"

#include "cap/ops.h"

#define GUARD_SIZE_BITS 6

struct cap cap_reduce_rights(struct cap cap, word_t rights)
{
    switch (cap_type(cap)) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        return cap_mask_rights(cap, rights);
    case CAP_FRAME:
        return frame_set_rights(cap, frame_reduce_rights(frame_rights(cap), rights));
    default:
        return cap;
    }
}

struct cap cap_apply_data(struct cap cap, word_t data, bool preserve)
{
    switch (cap_type(cap)) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        if (preserve || cap_badge(cap) != 0) {
            return cap_null();
        }
        cap.w1 = data;
        return cap;
    case CAP_CNODE: {
        unsigned guard_size = data & mask(GUARD_SIZE_BITS);
        if (guard_size + cnode_radix(cap) > WORD_BITS) {
            return cap_null();
        }
        word_t guard = data >> GUARD_SIZE_BITS & mask(guard_size);
        return cap_make_cnode(cap_object(cap), cnode_radix(cap), guard_size, guard);
    }
    default:
        return cap;
    }
}

word_t derive_nothing(const struct slot *slot, struct cap cap, struct cap *derived)
{
    *derived = cap_null();
    return ERR_NONE;
}

word_t cap_derive_while_revoking(const struct slot *slot, struct cap cap, struct cap *derived)
{
    const struct cap_ops *ops = cap_ops(cap);

    *derived = revoke_concerns(slot) ? cap_null() : cap;
    return cap_is_null(*derived) || !ops->derive ? ERR_NONE : ops->derive(slot, cap, derived);
}
