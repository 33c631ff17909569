/*
 * Installing the CSpace root, VSpace root and IPC buffer of a thread. All are checked before anything
 * changes.
 */
#include "object/tcb_configure.h"

#include "cap/delete.h"
#include "cap/derive.h"
#include "thread/kernel.h"
#include "thread/switch.h"

/* Replaces a capability of the thread by a copy of source. If deleting the old one has deleted the source
 * too, the slot stays empty. */
static void replace(struct tcb *thread, unsigned index, struct cap cap, struct slot *source)
{
    struct slot *slot = &thread->slots[index];

    slot_delete_simple(slot);
    if (!cap_is_null(cap) && cap_same_object(cap, source->cap)) {
        slot_insert(slot, cap, source);
    }
}

enum progress perform_tcb_configure(const struct request *request, const struct operation *operation)
{
    struct tcb *target = cap_object(request->cap);

    thread_interrupt(target);
    if (request->label != LABEL_TCB_SET_IPC_BUFFER) {
        target->fault_handler = request_word(request, 0);
        replace(target, TCB_CSPACE, operation->caps[0], request->extra[0]);
        replace(target, TCB_VSPACE, operation->caps[1], request->extra[1]);
        if (target == this_hart()->current) {
            thread_load_vspace(this_hart(), target);
        }
    }
    if (request->label != LABEL_TCB_SET_SPACE) {
        target->ipc_buffer = operation->value;
        replace(target, TCB_BUFFER, operation->caps[2], operation->source);
    }
    return DONE;
}

/* Checks the buffer: the last word and extra capability of Configure, the only ones of SetIPCBuffer. */
static word_t decode_buffer(const struct request *request, struct operation *operation)
{
    bool is_last = request->label == LABEL_TCB_CONFIGURE;
    word_t address = request_word(request, is_last ? 3 : 0);
    struct slot *slot = request->extra[is_last ? 2 : 0];
    struct cap *cap = &operation->caps[2];

    *cap = cap_null();
    operation->source = slot;
    operation->value = address;
    if (address == 0) {
        return ERR_NONE;
    }
    word_t error = cap_derive(slot, slot->cap, cap);
    if (error) {
        return error;
    }
    if (!cap_is(*cap, CAP_FRAME) || frame_is_device(*cap)) {
        return ERR_ILLEGAL_OPERATION;
    }
    return is_aligned(address, ABI_IPC_BUFFER_BITS) ? ERR_NONE : ERR_ALIGNMENT;
}

/* True if deleting the capability would destroy an object that holds others, which takes more than one
 * step. */
static bool deletes_large_object(const struct slot *slot)
{
    enum cap_type type = cap_type(slot->cap);

    return type == CAP_ZOMBIE || ((type == CAP_CNODE || type == CAP_TCB) && slot_is_last(slot));
}

static word_t derive_root(struct slot *slot, word_t data, struct cap *cap)
{
    *cap = data ? cap_apply_data(slot->cap, data, false) : slot->cap;
    return cap_derive(slot, *cap, cap);
}

static word_t decode_roots(const struct request *request, struct operation *operation)
{
    const struct tcb *target = cap_object(request->cap);
    struct cap *caps = operation->caps;

    if (deletes_large_object(&target->slots[TCB_CSPACE]) ||
        deletes_large_object(&target->slots[TCB_VSPACE])) {
        return ERR_ILLEGAL_OPERATION;
    }
    word_t error = derive_root(request->extra[0], request_word(request, 1), &caps[0]);
    if (error) {
        return error;
    }
    if (!cap_is(caps[0], CAP_CNODE)) {
        return ERR_ILLEGAL_OPERATION;
    }
    error = derive_root(request->extra[1], request_word(request, 2), &caps[1]);
    if (error) {
        return error;
    }
    return cap_is_mapped_page_table(caps[1]) ? ERR_NONE : ERR_ILLEGAL_OPERATION;
}

word_t decode_tcb_configure(const struct request *request, struct operation *operation, struct result *result)
{
    word_t error = request->label == LABEL_TCB_SET_SPACE ? ERR_NONE : decode_buffer(request, operation);

    if (error || request->label == LABEL_TCB_SET_IPC_BUFFER) {
        return error;
    }
    return decode_roots(request, operation);
}
