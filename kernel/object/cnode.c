/*
 * The nine CNode operations.
 */
#include "object/cnode.h"

#include "cap/delete.h"
#include "cap/derive.h"
#include "ipc/endpoint.h"
#include "object/async_queue.h"
#include "object/request.h"

static enum progress perform_revoke(struct operation *operation, struct result *result)
{
    return slot_revoke(operation->cnode.target);
}

static enum progress perform_delete(struct operation *operation, struct result *result)
{
    return slot_delete(operation->cnode.target);
}

/* Message word 1 of CancelBadgedSends is the depth; an interrupted call has the number of its pass behind it.
 */
#define DEPTH_BITS 32

static enum progress perform_cancel_badged_sends(struct operation *operation, struct result *result)
{
    struct cap cap = operation->cnode.target->cap;
    const struct request *request = operation->cnode.request;
    struct tcb *caller = request->thread;
    struct badged_pass *pass = async_queue_is_source(request) ? &caller->async_queue->pass : &caller->pass;
    word_t depth = request_word(request, 1) & mask(DEPTH_BITS);
    uint32_t number = (uint32_t)(request_word(request, 1) >> DEPTH_BITS);

    enum progress progress =
        cap_badge(cap) ? endpoint_cancel_badged(pass, cap_object(cap), cap_badge(cap), &number) : DONE;
    request_set_word(request, 1, depth | (progress == AGAIN ? (word_t)number << DEPTH_BITS : 0));
    return progress;
}

static enum progress perform_insert(struct operation *operation, struct result *result)
{
    slot_insert(operation->cnode.target, operation->cnode.cap, operation->cnode.source);
    return DONE;
}

static enum progress perform_move(struct operation *operation, struct result *result)
{
    slot_move(operation->cnode.target, operation->cnode.cap, operation->cnode.source);
    return DONE;
}

static enum progress perform_rotate(struct operation *operation, struct result *result)
{
    struct slot *target = operation->cnode.target;
    struct slot *pivot = operation->cnode.pivot;
    struct slot *source = operation->cnode.source;

    if (source == target) {
        slot_swap(source, operation->cnode.cap, pivot, operation->cnode.pivot_cap);
    } else {
        slot_move(target, operation->cnode.pivot_cap, pivot);
        slot_move(pivot, operation->cnode.cap, source);
    }
    return DONE;
}

static enum progress perform_save_caller(struct operation *operation, struct result *result)
{
    struct slot *caller = operation->cnode.source;

    if (!slot_is_empty(caller)) {
        slot_move(operation->cnode.target, caller->cap, caller);
    }
    return DONE;
}

static word_t decode_rotate(const struct request *request, struct operation *operation, struct result *result)
{
    struct slot *target = operation->cnode.target;

    if (request->length < 8 || request->extra_count < 2) {
        return ERR_TRUNCATED_MESSAGE;
    }
    word_t pivot_data = request_word(request, 2);
    word_t pivot_depth = request_word(request, 4);
    word_t source_data = request_word(request, 5);
    word_t source_depth = request_word(request, 7);
    struct slot *source;
    struct slot *pivot;
    word_t error = request_lookup_slot(request->extra[1]->cap, request_word(request, 6), source_depth, 1,
                                       &source, result);
    if (error) {
        return error;
    }
    error =
        request_lookup_slot(request->extra[0]->cap, request_word(request, 3), pivot_depth, 1, &pivot, result);
    if (error) {
        return error;
    }
    if (pivot == source || pivot == target) {
        return ERR_ILLEGAL_OPERATION;
    }
    if (target != source && !slot_is_empty(target)) {
        return ERR_DELETE_FIRST;
    }
    if (slot_is_empty(source)) {
        return error_missing_capability(result, 1, source_depth);
    }
    if (slot_is_empty(pivot)) {
        return error_missing_capability(result, 0, pivot_depth);
    }
    operation->cnode.cap = cap_apply_data(source->cap, source_data, true);
    operation->cnode.pivot_cap = cap_apply_data(pivot->cap, pivot_data, true);
    if (cap_is_null(operation->cnode.cap) || cap_is_null(operation->cnode.pivot_cap)) {
        return ERR_ILLEGAL_OPERATION;
    }
    operation->cnode.source = source;
    operation->cnode.pivot = pivot;
    operation->perform = perform_rotate;
    return ERR_NONE;
}

/* The capability that Copy and Mint put into the target. */
static word_t decode_derived(const struct request *request, struct slot *source, struct cap *cap)
{
    if (request->length < (request->label == LABEL_CNODE_MINT ? 6u : 5u)) {
        return ERR_TRUNCATED_MESSAGE;
    }
    struct cap reduced = cap_reduce_rights(source->cap, request_word(request, 4));
    if (request->label == LABEL_CNODE_MINT) {
        reduced = cap_apply_data(reduced, request_word(request, 5), false);
        if (cap_is_null(reduced)) {
            return ERR_ILLEGAL_OPERATION;
        }
    }
    return cap_derive(source, reduced, cap);
}

/* Copy, Mint, Move, Mutate. */
static word_t decode_transfer(const struct request *request, struct operation *operation,
                              struct result *result)
{
    struct slot *source;
    struct cap cap;

    if (request->length < 4 || request->extra_count < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    if (!slot_is_empty(operation->cnode.target)) {
        return ERR_DELETE_FIRST;
    }
    word_t depth = request_word(request, 3);
    word_t error =
        request_lookup_slot(request->extra[0]->cap, request_word(request, 2), depth, 1, &source, result);
    if (error) {
        return error;
    }
    if (slot_is_empty(source)) {
        return error_missing_capability(result, 1, depth);
    }
    operation->perform = perform_move;
    if (request->label == LABEL_CNODE_MOVE) {
        cap = source->cap;
    } else if (request->label == LABEL_CNODE_MUTATE) {
        if (request->length < 5) {
            return ERR_TRUNCATED_MESSAGE;
        }
        cap = cap_apply_data(source->cap, request_word(request, 4), true);
    } else {
        operation->perform = perform_insert;
        error = decode_derived(request, source, &cap);
        if (error) {
            return error;
        }
    }
    if (cap_is_null(cap)) {
        return ERR_ILLEGAL_OPERATION;
    }
    operation->cnode.source = source;
    operation->cnode.cap = cap;
    return ERR_NONE;
}

static word_t decode_cancel(const struct request *request, struct operation *operation)
{
    struct cap cap = operation->cnode.target->cap;

    if (!cap_is(cap, CAP_ENDPOINT) || cap_rights(cap) != ABI_RIGHTS_ALL) {
        return ERR_ILLEGAL_OPERATION;
    }
    operation->cnode.request = request;
    operation->perform = perform_cancel_badged_sends;
    return ERR_NONE;
}

static word_t decode_save_caller(const struct request *request, struct operation *operation)
{
    if (!slot_is_empty(operation->cnode.target)) {
        return ERR_DELETE_FIRST;
    }
    operation->cnode.source = &request->thread->slots[TCB_CALLER];
    operation->perform = perform_save_caller;
    return ERR_NONE;
}

static word_t decode_cnode(const struct request *request, struct operation *operation, struct result *result)
{
    if (request->label < LABEL_CNODE_REVOKE || request->label > LABEL_CNODE_SAVE_CALLER) {
        return ERR_ILLEGAL_OPERATION;
    }
    if (request->length < 2) {
        return ERR_TRUNCATED_MESSAGE;
    }
    word_t error = request_lookup_slot(request->cap, request_word(request, 0), request_word(request, 1), 0,
                                       &operation->cnode.target, result);
    if (error && request->label == LABEL_CNODE_CANCEL_BADGED_SENDS) {
        /* It may be an interrupted one. */
        result->length = 0;
        error = request_lookup_slot(request->cap, request_word(request, 0),
                                    request_word(request, 1) & mask(DEPTH_BITS), 0, &operation->cnode.target,
                                    result);
    }
    if (error) {
        return error;
    }
    switch (request->label) {
    case LABEL_CNODE_REVOKE:
        operation->perform = perform_revoke;
        return ERR_NONE;
    case LABEL_CNODE_DELETE:
        operation->perform = perform_delete;
        return ERR_NONE;
    case LABEL_CNODE_CANCEL_BADGED_SENDS:
        return decode_cancel(request, operation);
    case LABEL_CNODE_SAVE_CALLER:
        return decode_save_caller(request, operation);
    case LABEL_CNODE_ROTATE:
        return decode_rotate(request, operation, result);
    default:
        return decode_transfer(request, operation, result);
    }
}

static struct remains finalise_cnode(struct cap cap, struct slot *slot, bool last)
{
    if (!last) {
        return (struct remains){ 0 };
    }
    return (struct remains){ .slots = cap_object(cap), .count = bit(cnode_radix(cap)) };
}

static unsigned cnode_size_bits(struct cap cap)
{
    return cnode_radix(cap) + ABI_SLOT_BITS;
}

const struct cap_ops cnode_ops = {
    .name = "cnode",
    .decode = decode_cnode,
    .finalise = finalise_cnode,
    .size_bits = cnode_size_bits,
};
