/*
 * Rights and data of copied, minted and mutated capabilities (docs/interface.md, derivation).
 */
#pragma once

#include "cap/cap.h"

/* Returns the capability with its rights reduced to those given. Rights never increase. */
struct cap cap_reduce_rights(struct cap cap, word_t rights);

/* Returns the capability with a badge or guard; a null capability if that is not allowed. preserve: this
 * changes an existing capability (Move, Mutate, Rotate), which cannot get a badge. */
struct cap cap_apply_data(struct cap cap, word_t data, bool preserve);

/* Returns what a frame permits when its rights are masked. */
static inline enum frame_rights frame_reduce_rights(enum frame_rights rights, word_t mask)
{
    word_t both = rights & mask;

    _Static_assert(FRAME_READ_ONLY == ABI_RIGHT_READ &&
                       FRAME_READ_WRITE == (ABI_RIGHT_READ | ABI_RIGHT_WRITE),
                   "the same bits; but nothing can be written that cannot be read");
    return both & ABI_RIGHT_READ ? (enum frame_rights)both : FRAME_KERNEL_ONLY;
}
