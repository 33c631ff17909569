/*
 * Registering a thread as the receiver of its bound notification.
 */
#include "object/tcb_receiver.h"

#include "ipc/receiver.h"

static enum progress perform_register(struct operation *operation, struct result *result)
{
    receiver_register(operation->uintr.target, operation->uintr.handler, operation->uintr.stack);
    result->own[0] =
        operation->uintr.target->uintr.slot ? REL4_RECEIVER_SLOT : REL4_RECEIVER_KERNEL_DELIVERED;
    result_set_length(result, 1);
    return DONE;
}

static word_t decode_register(const struct request *request, struct operation *operation,
                              struct result *result)
{
    const struct tcb *target = operation->uintr.target;

    if (request->length < 2 || request->extra_count < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    struct cap cap = request->extra[0]->cap;
    if (!cap_is(cap, CAP_NOTIFICATION) || !cap_allows(cap, ABI_RIGHT_READ)) {
        return error_invalid_capability(result, 1);
    }
    operation->uintr.handler = request_word(request, 0);
    operation->uintr.stack = request_word(request, 1);
    if (operation->uintr.handler >= ABI_USER_TOP || !is_aligned(operation->uintr.handler, 2)) {
        return error_invalid_argument(result, 0);
    }
    if (target->bound != cap_object(cap)) {
        return ERR_ILLEGAL_OPERATION;
    }
    if (target->uintr.receiver) {
        return ERR_DELETE_FIRST;
    }
    if (!receiver_has_room()) {
        return error_not_enough_memory(result, 0);
    }
    operation->perform = perform_register;
    return ERR_NONE;
}

enum progress tcb_end_receiver(struct tcb *thread)
{
    while (receiver_release(thread) == AGAIN) {
        if (preemption_point()) {
            return AGAIN;
        }
    }
    return DONE;
}

static enum progress perform_unregister(struct operation *operation, struct result *result)
{
    return tcb_end_receiver(operation->uintr.target);
}

word_t decode_tcb_receiver(const struct request *request, struct operation *operation, struct result *result)
{
    operation->uintr.target = cap_object(request->cap);
    if (uintr_backend == REL4_UINTR_NONE) {
        return ERR_ILLEGAL_OPERATION;
    }
    switch (request->label) {
    case REL4_LABEL_TCB_REGISTER_RECEIVER:
        return decode_register(request, operation, result);
    case REL4_LABEL_TCB_UNREGISTER_RECEIVER:
        operation->perform = perform_unregister;
        return operation->uintr.target->uintr.receiver ? ERR_NONE : ERR_ILLEGAL_OPERATION;
    default:
        return ERR_ILLEGAL_OPERATION;
    }
}
