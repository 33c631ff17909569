/* Branch prediction of the model: kept targets, directions chosen by recent history, and a stack of return
 * addresses. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decode.h"
#include "model.h"

/* How the place of the next instruction became known. */
enum prediction {
    PREDICTED_NEXT, /* the next in memory, as it was taken for */
    PREDICTED_KEPT, /* the branch predictor knew the target when it saw the address */
    DECODED,        /* it was known once the instruction's code was seen */
    MISPREDICTED,
};

void predictor_init(const struct model_shape *shape);

/* insn, a jump or branch, is followed by the instruction at next. Returns how that was foreseen, and learns
 * it. */
enum prediction predictor_look(const struct insn *insn, uint64_t next);
