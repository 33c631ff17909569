/*
 * The CNode invocations.
 */
#include "cap/delete.h"
#include "cap/derive.h"
#include "ipc/endpoint.h"
#include "object/async_queue.h"
#include "object/objects.h"
#include "object/request.h"

static word_t decode_target(const struct request *request, struct operation *operation, struct result *result)
{
    return request_lookup_slot(request->cap, request_word(request, 0), request_word(request, 1), 0,
                               &operation->target, result);
}

static word_t decode_empty_target(const struct request *request, struct operation *operation,
                                  struct result *result)
{
    return request_lookup_empty_slot(request->cap, request_word(request, 0), request_word(request, 1),
                                     &operation->target, result);
}

static enum progress perform_revoke(const struct request *request, const struct operation *operation)
{
    return slot_revoke(operation->target);
}

static enum progress perform_delete(const struct request *request, const struct operation *operation)
{
    return slot_delete(operation->target);
}

/* Message word 1 of CancelBadgedSends is the depth. An interrupted call keeps the number of its pass above
 * it. */
#define DEPTH_BITS 32

static enum progress perform_cancel_badged_sends(const struct request *request,
                                                 const struct operation *operation)
{
    struct cap cap = operation->target->cap;
    struct tcb *caller = request->thread;
    struct badged_pass *pass = async_queue_is_source(request) ? &caller->async_queue->pass : &caller->pass;
    word_t depth = request_word(request, 1) & mask(DEPTH_BITS);
    uint32_t number = (uint32_t)(request_word(request, 1) >> DEPTH_BITS);

    enum progress progress =
        cap_badge(cap) ? endpoint_cancel_badged(pass, cap_object(cap), cap_badge(cap), &number) : DONE;
    request_set_word(request, 1, depth | (progress == AGAIN ? (word_t)number << DEPTH_BITS : 0));
    return progress;
}

static word_t decode_cancel_badged_sends(const struct request *request, struct operation *operation,
                                         struct result *result)
{
    word_t error = decode_target(request, operation, result);

    if (error) {
        /* It may be an interrupted call. */
        result->length = 0;
        error =
            request_lookup_slot(request->cap, request_word(request, 0),
                                request_word(request, 1) & mask(DEPTH_BITS), 0, &operation->target, result);
    }
    if (error) {
        return error;
    }
    struct cap cap = operation->target->cap;
    return cap_is(cap, CAP_ENDPOINT) && cap_rights(cap) == ABI_RIGHTS_ALL ? ERR_NONE : ERR_ILLEGAL_OPERATION;
}

static enum progress perform_insert(const struct request *request, const struct operation *operation)
{
    slot_insert(operation->target, operation->caps[0], operation->source);
    return DONE;
}

static enum progress perform_move(const struct request *request, const struct operation *operation)
{
    slot_move(operation->target, operation->caps[0], operation->source);
    return DONE;
}

/* Finds target and source of Copy, Mint, Move and Mutate. */
static word_t decode_source(const struct request *request, struct operation *operation, struct result *result)
{
    word_t error = decode_target(request, operation, result);

    if (error) {
        return error;
    }
    if (request->length < 4 || request->extra_count < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    if (!slot_is_empty(operation->target)) {
        return ERR_DELETE_FIRST;
    }
    word_t depth = request_word(request, 3);
    error = request_lookup_slot(request->extra[0]->cap, request_word(request, 2), depth, 1,
                                &operation->source, result);
    if (error) {
        return error;
    }
    operation->caps[0] = operation->source->cap;
    return cap_is_null(operation->caps[0]) ? error_missing_capability(result, 1, depth) : ERR_NONE;
}

static word_t decode_mutate(const struct request *request, struct operation *operation, struct result *result)
{
    word_t error = decode_source(request, operation, result);

    if (error) {
        return error;
    }
    if (request->length < 5) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->caps[0] = cap_apply_data(operation->caps[0], request_word(request, 4), true);
    return cap_is_null(operation->caps[0]) ? ERR_ILLEGAL_OPERATION : ERR_NONE;
}

/* Copy; and Mint, which has one more word. */
static word_t decode_copy(const struct request *request, struct operation *operation, struct result *result)
{
    bool is_mint = request->label == LABEL_CNODE_MINT;
    word_t error = decode_source(request, operation, result);

    if (error) {
        return error;
    }
    if (request->length < (is_mint ? 6u : 5u)) {
        return ERR_TRUNCATED_MESSAGE;
    }
    struct cap cap = cap_reduce_rights(operation->caps[0], request_word(request, 4));
    if (is_mint) {
        cap = cap_apply_data(cap, request_word(request, 5), false);
    }
    error = cap_derive(operation->source, cap, &operation->caps[0]);
    return error == ERR_NONE && cap_is_null(operation->caps[0]) ? ERR_ILLEGAL_OPERATION : error;
}

static enum progress perform_rotate(const struct request *request, const struct operation *operation)
{
    struct slot *target = operation->target, *pivot = operation->pivot, *source = operation->source;

    if (source == target) {
        slot_swap(source, operation->caps[0], pivot, operation->caps[1]);
    } else {
        slot_move(target, operation->caps[1], pivot);
        slot_move(pivot, operation->caps[0], source);
    }
    return DONE;
}

static word_t decode_rotate(const struct request *request, struct operation *operation, struct result *result)
{
    word_t error = decode_target(request, operation, result);

    if (error) {
        return error;
    }
    if (request->length < 8 || request->extra_count < 2) {
        return ERR_TRUNCATED_MESSAGE;
    }
    word_t pivot_data = request_word(request, 2);
    word_t pivot_depth = request_word(request, 4);
    word_t source_data = request_word(request, 5);
    word_t source_depth = request_word(request, 7);
    error = request_lookup_slot(request->extra[1]->cap, request_word(request, 6), source_depth, 1,
                                &operation->source, result);
    if (error) {
        return error;
    }
    error = request_lookup_slot(request->extra[0]->cap, request_word(request, 3), pivot_depth, 1,
                                &operation->pivot, result);
    if (error) {
        return error;
    }
    struct slot *target = operation->target, *pivot = operation->pivot, *source = operation->source;
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
    operation->caps[0] = cap_apply_data(source->cap, source_data, true);
    operation->caps[1] = cap_apply_data(pivot->cap, pivot_data, true);
    return cap_is_null(operation->caps[0]) || cap_is_null(operation->caps[1]) ? ERR_ILLEGAL_OPERATION
                                                                              : ERR_NONE;
}

static enum progress perform_save_caller(const struct request *request, const struct operation *operation)
{
    struct slot *caller = &request->thread->slots[TCB_CALLER];

    if (!slot_is_empty(caller)) {
        slot_move(operation->target, caller->cap, caller);
    }
    return DONE;
}

static struct remains finalise_cnode(struct cap cap, struct slot *slot)
{
    if (!slot_is_last(slot)) {
        return (struct remains){ 0 };
    }
    return (struct remains){ .slots = cap_object(cap), .count = bit(cnode_radix(cap)) };
}

static unsigned cnode_size_bits(struct cap cap)
{
    return cnode_radix(cap) + ABI_SLOT_BITS;
}

/* As in seL4, the target is looked up before the rest of the message is checked. */
static const struct invocation invocations[] = {
    { LABEL_CNODE_REVOKE, 2, 0, decode_target, perform_revoke },
    { LABEL_CNODE_DELETE, 2, 0, decode_target, perform_delete },
    { LABEL_CNODE_CANCEL_BADGED_SENDS, 2, 0, decode_cancel_badged_sends, perform_cancel_badged_sends },
    { LABEL_CNODE_COPY, 2, 0, decode_copy, perform_insert },
    { LABEL_CNODE_MINT, 2, 0, decode_copy, perform_insert },
    { LABEL_CNODE_MOVE, 2, 0, decode_source, perform_move },
    { LABEL_CNODE_MUTATE, 2, 0, decode_mutate, perform_move },
    { LABEL_CNODE_ROTATE, 2, 0, decode_rotate, perform_rotate },
    { LABEL_CNODE_SAVE_CALLER, 2, 0, decode_empty_target, perform_save_caller },
};

const struct cap_ops cnode_ops = {
    .name = "cnode",
    INVOCATIONS(invocations),
    .finalise = finalise_cnode,
    .size_bits = ABI_SLOT_BITS,
    .exact_size_bits = cnode_size_bits,
};
