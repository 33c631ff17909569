/*
 * What copying, minting and mutating make of a capability (docs/interface.md, derivation).
 */
#pragma once

#include "cap/cap.h"

/* The capability with its rights reduced to those given. Rights never increase. */
struct cap cap_reduce_rights(struct cap cap, word_t rights);

/* The capability with a badge or guard; a null capability if it may not have it. preserve: it is an existing
 * capability, not a new one, so a badge cannot be given. */
struct cap cap_apply_data(struct cap cap, word_t data, bool preserve);

/* What a frame permits when its rights are masked by a rights word. */
static inline enum frame_rights frame_reduce_rights(enum frame_rights rights, word_t mask)
{
    word_t both = rights & mask;

    _Static_assert(FRAME_READ_ONLY == ABI_RIGHT_READ &&
                       FRAME_READ_WRITE == (ABI_RIGHT_READ | ABI_RIGHT_WRITE),
                   "the same bits; but nothing can be written that cannot be read");
    return both & ABI_RIGHT_READ ? (enum frame_rights)both : FRAME_KERNEL_ONLY;
}
