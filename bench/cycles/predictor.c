#include "predictor.h"

#include <stdlib.h>
#include <string.h>

#define MAX_TARGETS    128
#define MAX_RETURNS    32
#define MAX_DIRECTIONS 16384

static struct model_shape core;
static struct target {
    uint64_t from, to, used;
} targets[MAX_TARGETS];
static uint64_t clock_of_uses;
static bool directions[MAX_DIRECTIONS]; /* as it was the last time */
static uint64_t history;
static uint64_t returns[MAX_RETURNS];
static unsigned top;

void predictor_init(const struct model_shape *shape)
{
    core = *shape;
    memset(targets, 0, sizeof(targets));
    memset(directions, 0, sizeof(directions));
    if (core.targets > MAX_TARGETS || core.directions > MAX_DIRECTIONS || core.returns > MAX_RETURNS) {
        abort();
    }
}

/* Returns whether the target of what is at from was kept, and keeps it. */
static bool target_look(uint64_t from, uint64_t to)
{
    struct target *oldest = &targets[0];

    for (unsigned i = 0; i < core.targets; i++) {
        if (targets[i].from == from) {
            bool right = targets[i].to == to;
            targets[i].to = to;
            targets[i].used = ++clock_of_uses;
            return right;
        }
        if (targets[i].used < oldest->used) {
            oldest = &targets[i];
        }
    }
    *oldest = (struct target){ .from = from, .to = to, .used = ++clock_of_uses };
    return false;
}

static bool branch_foreseen(const struct insn *insn, bool taken)
{
    uint64_t place = insn->address >> 2, mixed = history & ((1u << core.history) - 1);
    bool *direction =
        &directions[(place ^ place >> 9 ^ mixed * (core.directions >> core.history)) % core.directions];
    bool right = *direction == taken;

    *direction = taken;
    history = history << 1 | taken;
    return right;
}

static enum prediction return_look(uint64_t next)
{
    uint64_t expected = returns[top % core.returns];

    top--;
    return expected == next ? DECODED : MISPREDICTED;
}

enum prediction predictor_look(const struct insn *insn, uint64_t next)
{
    uint64_t behind = insn->address + insn->size;
    bool kept;

    if (insn->link) {
        returns[++top % core.returns] = behind;
    }
    switch (insn->kind) {
    case INSN_BRANCH:
        if (!branch_foreseen(insn, next != behind)) {
            if (next != behind) {
                (void)target_look(insn->address, next);
            }
            return MISPREDICTED;
        }
        if (next == behind) {
            return PREDICTED_NEXT;
        }
        return target_look(insn->address, next) ? PREDICTED_KEPT : DECODED;
    case INSN_JUMP:
        return target_look(insn->address, next) ? PREDICTED_KEPT : DECODED;
    default:
        if (insn->from_link && return_look(next) != MISPREDICTED) {
            return target_look(insn->address, 0) ? PREDICTED_KEPT : DECODED;
        }
        kept = target_look(insn->address, next);
        return kept ? PREDICTED_KEPT : MISPREDICTED;
    }
}
