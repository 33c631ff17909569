/*
 * Installing the CSpace root, VSpace root and IPC buffer of a thread, all checked before anything is changed.
 */
#include "object/tcb_configure.h"

#include "cap/delete.h"
#include "cap/derive.h"
#include "thread/kernel.h"
#include "thread/switch.h"

/* Replaces a capability of the thread by a copy of a source. Deleting the old one may have deleted the source
 * too; then the slot stays empty. */
static void replace(struct tcb *thread, unsigned index, struct cap cap, struct slot *source)
{
    struct slot *slot = &thread->slots[index];

    slot_delete_simple(slot);
    if (!cap_is_null(cap) && cap_same_object(cap, source->cap)) {
        slot_insert(slot, cap, source);
    }
}

static enum progress perform_configure(struct operation *operation, struct result *result)
{
    struct tcb *target = operation->configure.target;

    thread_interrupt(target);
    if (operation->configure.set_roots) {
        target->fault_handler = operation->configure.fault_handler;
        replace(target, TCB_CSPACE, operation->configure.caps[TCB_CSPACE],
                operation->configure.sources[TCB_CSPACE]);
        replace(target, TCB_VSPACE, operation->configure.caps[TCB_VSPACE],
                operation->configure.sources[TCB_VSPACE]);
        if (target == this_hart()->current) {
            thread_load_vspace(this_hart(), target);
        }
    }
    if (operation->configure.set_buffer) {
        target->ipc_buffer = operation->configure.buffer;
        replace(target, TCB_BUFFER, operation->configure.caps[TCB_BUFFER],
                operation->configure.sources[TCB_BUFFER]);
    }
    return DONE;
}

static word_t decode_buffer(struct operation *operation, word_t address, struct slot *slot)
{
    struct cap cap = cap_null();

    if (address != 0) {
        word_t error = cap_derive(slot, slot->cap, &cap);
        if (error) {
            return error;
        }
        if (!cap_is(cap, CAP_FRAME) || frame_is_device(cap)) {
            return ERR_ILLEGAL_OPERATION;
        }
        if (!is_aligned(address, ABI_IPC_BUFFER_BITS)) {
            return ERR_ALIGNMENT;
        }
    }
    operation->configure.set_buffer = true;
    operation->configure.buffer = address;
    operation->configure.caps[TCB_BUFFER] = cap;
    operation->configure.sources[TCB_BUFFER] = slot;
    return ERR_NONE;
}

/* Deleting it would destroy an object that holds others, which cannot be done in one go. */
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

static word_t decode_roots(struct operation *operation, word_t cspace_data, struct slot *cspace,
                           word_t vspace_data, struct slot *vspace)
{
    const struct tcb *target = operation->configure.target;
    struct cap *caps = operation->configure.caps;

    if (deletes_large_object(&target->slots[TCB_CSPACE]) ||
        deletes_large_object(&target->slots[TCB_VSPACE])) {
        return ERR_ILLEGAL_OPERATION;
    }
    word_t error = derive_root(cspace, cspace_data, &caps[TCB_CSPACE]);
    if (error) {
        return error;
    }
    if (!cap_is(caps[TCB_CSPACE], CAP_CNODE)) {
        return ERR_ILLEGAL_OPERATION;
    }
    error = derive_root(vspace, vspace_data, &caps[TCB_VSPACE]);
    if (error) {
        return error;
    }
    if (!cap_is(caps[TCB_VSPACE], CAP_PAGE_TABLE) || !page_table_is_mapped(caps[TCB_VSPACE])) {
        return ERR_ILLEGAL_OPERATION;
    }
    operation->configure.set_roots = true;
    operation->configure.sources[TCB_CSPACE] = cspace;
    operation->configure.sources[TCB_VSPACE] = vspace;
    return ERR_NONE;
}

word_t decode_tcb_configure(const struct request *request, struct operation *operation)
{
    struct tcb *target = cap_object(request->cap);
    unsigned words = 1;
    unsigned extras = 1;
    word_t error;

    if (request->label == LABEL_TCB_CONFIGURE) {
        words = 4;
        extras = 3;
    } else if (request->label == LABEL_TCB_SET_SPACE) {
        words = 3;
        extras = 2;
    }
    if (request->length < words || request->extra_count < extras) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->configure.target = target;
    operation->configure.set_buffer = false;
    operation->configure.set_roots = false;
    operation->perform = perform_configure;
    if (request->label == LABEL_TCB_SET_IPC_BUFFER) {
        return decode_buffer(operation, request_word(request, 0), request->extra[0]);
    }
    if (request->label == LABEL_TCB_CONFIGURE) {
        error = decode_buffer(operation, request_word(request, 3), request->extra[2]);
        if (error) {
            return error;
        }
    }
    operation->configure.fault_handler = request_word(request, 0);
    return decode_roots(operation, request_word(request, 1), request->extra[0], request_word(request, 2),
                        request->extra[1]);
}
