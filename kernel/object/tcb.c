/*
 * TCB invocations, except those that install capabilities (object/tcb_configure.c).
 *
 * Whoever changes a thread's registers or state first makes sure that it does not run elsewhere at the same
 * time.
 */
#include "object/tcb.h"

#include "arch/fpu.h"
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "ipc/receiver.h"
#include "lib/mutant.h"
#include "object/async_queue.h"
#include "object/console_turn.h"
#include "object/request.h"
#include "object/sender_table.h"
#include "object/tcb_configure.h"
#include "object/tcb_receiver.h"
#include "thread/debug.h"
#include "thread/domain.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"
#include "thread/switch.h"

#define FLAG_SUSPEND_SOURCE  1
#define FLAG_RESUME_TARGET   2
#define FLAG_FRAME_REGISTERS 4
#define FLAG_OTHER_REGISTERS 8

#define FLAG_READ_SUSPEND 1
#define FLAG_WRITE_RESUME 1

void tcb_create(struct tcb *thread, const struct tcb *caller)
{
    thread->hart = caller->hart;
    thread->domain = caller->domain;
    thread->slice = TIME_SLICE_TICKS;
    thread_debug_register(thread, "child of: '");
    thread_debug_inherit_name(thread, caller);
}

static enum progress perform_read_registers(struct operation *operation, struct result *result)
{
    struct tcb *target = operation->tcb.target;

    thread_stall(target);
    if (operation->tcb.flags & FLAG_READ_SUSPEND) {
        thread_suspend(target);
    }
    result->length = (unsigned)operation->tcb.count;
    result->words = target->context.regs;
    return DONE;
}

static word_t decode_read_registers(const struct request *request, struct operation *operation,
                                    struct result *result)
{
    if (request->length < 2) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->tcb.flags = request_word(request, 0);
    operation->tcb.count = request_word(request, 1);
    if (operation->tcb.count < 1 || operation->tcb.count > ABI_REG_COUNT) {
        return error_range(result, 1, ABI_REG_COUNT);
    }
    if (operation->tcb.target == request->thread) {
        return ERR_ILLEGAL_OPERATION;
    }
    operation->perform = perform_read_registers;
    return ERR_NONE;
}

static COLD void end_console_call(struct tcb *target)
{
    if (target->state == THREAD_BLOCKED_ON_CONSOLE) {
        thread_resume(target);
    } else {
        console_leave(&target->ready);
    }
}

/* The target gets other registers, and makes its call no longer. If it waits for the console, it goes on. */
static void end_call(struct tcb *target)
{
    thread_interrupt(target);
    badged_pass_forget(&target->pass);
    if (unlikely(console_holder != NULL)) {
        end_console_call(target);
    }
}

static enum progress perform_write_registers(struct operation *operation, struct result *result)
{
    struct tcb *target = operation->tcb.target;

    end_call(target);
    request_copy_words(operation->tcb.request, 2, target->context.regs, (unsigned)operation->tcb.count);
    target->context.next_pc = target->context.regs[ABI_REG_PC];
    if (operation->tcb.flags & FLAG_WRITE_RESUME) {
        thread_resume(target);
    }
    return DONE;
}

static word_t decode_write_registers(const struct request *request, struct operation *operation)
{
    if (request->length < 2) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->tcb.flags = request_word(request, 0);
    word_t count = request_word(request, 1);
    if (request->length - 2 < count) {
        return ERR_TRUNCATED_MESSAGE;
    }
    if (operation->tcb.target == request->thread) {
        return ERR_ILLEGAL_OPERATION;
    }
    operation->tcb.count = min_word(count, ABI_REG_COUNT);
    operation->tcb.request = request;
    operation->perform = perform_write_registers;
    return ERR_NONE;
}

static enum progress perform_copy_registers(struct operation *operation, struct result *result)
{
    struct tcb *source = operation->tcb.source;
    struct tcb *target = operation->tcb.target;
    word_t flags = operation->tcb.flags;

    thread_stall(source);
    end_call(target);
    if (flags & FLAG_SUSPEND_SOURCE) {
        thread_suspend(source);
    }
    if (flags & FLAG_RESUME_TARGET) {
        thread_resume(target);
    }
    if (flags & FLAG_FRAME_REGISTERS) {
        for (unsigned i = 0; i < ABI_FRAME_REG_COUNT; i++) {
            target->context.regs[i] = source->context.regs[i];
        }
        target->context.next_pc = target->context.regs[ABI_REG_PC];
    }
    if (flags & FLAG_OTHER_REGISTERS) {
        for (unsigned i = ABI_FRAME_REG_COUNT; i < ABI_REG_COUNT; i++) {
            target->context.regs[i] = source->context.regs[i];
        }
    }
    return DONE;
}

static word_t decode_copy_registers(const struct request *request, struct operation *operation,
                                    struct result *result)
{
    if (request->length < 1 || request->extra_count < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    if (!cap_is(request->extra[0]->cap, CAP_TCB)) {
        return error_invalid_capability(result, 1);
    }
    operation->tcb.flags = request_word(request, 0);
    operation->tcb.source = cap_object(request->extra[0]->cap);
    operation->perform = perform_copy_registers;
    return ERR_NONE;
}

static enum progress perform_set_priority(struct operation *operation, struct result *result)
{
    struct tcb *target = operation->tcb.target;
    word_t label = operation->tcb.flags;

    thread_stall(target);
    if (label != LABEL_TCB_SET_PRIORITY) {
        target->max_priority = (uint16_t)operation->tcb.value;
    }
    if (label != LABEL_TCB_SET_MC_PRIORITY) {
        sched_set_priority(target, (unsigned)operation->tcb.count);
    }
    return DONE;
}

/* SetPriority, SetMCPriority, SetSchedParams: each value is bounded by the authority's. */
static word_t decode_set_priority(const struct request *request, struct operation *operation,
                                  struct result *result)
{
    bool both = request->label == LABEL_TCB_SET_SCHED_PARAMS;

    if (request->length < (both ? 2u : 1u) || request->extra_count < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    if (!cap_is(request->extra[0]->cap, CAP_TCB)) {
        return error_invalid_capability(result, 1);
    }
    const struct tcb *authority = cap_object(request->extra[0]->cap);
    operation->tcb.value = request_word(request, 0);
    operation->tcb.count = both ? request_word(request, 1) : operation->tcb.value;
    if (operation->tcb.value > authority->max_priority || operation->tcb.count > authority->max_priority) {
        return error_range(result, 0, authority->max_priority);
    }
    operation->tcb.flags = request->label;
    operation->perform = perform_set_priority;
    return ERR_NONE;
}

static enum progress perform_suspend(struct operation *operation, struct result *result)
{
    thread_suspend(operation->tcb.target);
    return DONE;
}

static enum progress perform_resume(struct operation *operation, struct result *result)
{
    thread_resume(operation->tcb.target);
    return DONE;
}

static enum progress perform_bind(struct operation *operation, struct result *result)
{
    notification_bind(operation->tcb.notification, operation->tcb.target);
    return DONE;
}

static word_t decode_bind(const struct request *request, struct operation *operation)
{
    if (request->extra_count < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    struct cap cap = request->extra[0]->cap;
    if (operation->tcb.target->bound || !cap_is(cap, CAP_NOTIFICATION) || !cap_allows(cap, ABI_RIGHT_READ)) {
        return ERR_ILLEGAL_OPERATION;
    }
    struct notification *notification = cap_object(cap);
    if (notification->bound || wait_head(&notification->queue)) {
        return ERR_ILLEGAL_OPERATION;
    }
    operation->tcb.notification = notification;
    operation->perform = perform_bind;
    return ERR_NONE;
}

static enum progress perform_unbind(struct operation *operation, struct result *result)
{
    if (tcb_end_receiver(operation->tcb.target) == AGAIN) {
        return AGAIN;
    }
    notification_unbind(operation->tcb.target);
    return DONE;
}

static enum progress perform_set_affinity(struct operation *operation, struct result *result)
{
    struct tcb *target = operation->tcb.target;
    struct hart *hart = &harts_table[operation->tcb.value];

    thread_expel(target);
    receiver_move(target, hart);
    sched_set_hart(target, hart);
    return DONE;
}

static word_t decode_set_affinity(const struct request *request, struct operation *operation)
{
    if (request->length < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->tcb.value = request_word(request, 0);
    if (operation->tcb.value >= harts_online) {
        return ERR_ILLEGAL_OPERATION;
    }
    operation->perform = perform_set_affinity;
    return ERR_NONE;
}

static enum progress perform_set_tls_base(struct operation *operation, struct result *result)
{
    thread_interrupt(operation->tcb.target);
    operation->tcb.target->context.regs[ABI_REG_TP] = operation->tcb.value;
    return DONE;
}

static word_t decode_set_tls_base(const struct request *request, struct operation *operation)
{
    if (request->length < 1) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->tcb.value = request_word(request, 0);
    operation->perform = perform_set_tls_base;
    return ERR_NONE;
}

static enum progress perform_set_flags(struct operation *operation, struct result *result)
{
    struct tcb *target = operation->tcb.target;
    struct hart *hart = this_hart();
    word_t flags =
        (target->flags & ~operation->tcb.count) | (operation->tcb.value & ABI_TCB_FLAG_FPU_DISABLED);

    thread_interrupt(target);
    target->flags = (uint8_t)flags;
    if (target == hart->current) {
        fpu_switch(hart, target);
    }
    result->own[0] = flags;
    result_set_length(result, 1);
    return DONE;
}

static word_t decode_set_flags(const struct request *request, struct operation *operation)
{
    if (request->length < 2) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->tcb.count = request_word(request, 0);
    operation->tcb.value = request_word(request, 1);
    operation->perform = perform_set_flags;
    return ERR_NONE;
}

static word_t decode_tcb(const struct request *request, struct operation *operation, struct result *result)
{
    operation->tcb.target = cap_object(request->cap);
    switch (request->label) {
    case LABEL_TCB_READ_REGISTERS:
        return decode_read_registers(request, operation, result);
    case LABEL_TCB_WRITE_REGISTERS:
        return decode_write_registers(request, operation);
    case LABEL_TCB_COPY_REGISTERS:
        return decode_copy_registers(request, operation, result);
    case LABEL_TCB_CONFIGURE:
    case LABEL_TCB_SET_IPC_BUFFER:
    case LABEL_TCB_SET_SPACE:
        return decode_tcb_configure(request, operation);
    case LABEL_TCB_SET_PRIORITY:
    case LABEL_TCB_SET_MC_PRIORITY:
    case LABEL_TCB_SET_SCHED_PARAMS:
        return decode_set_priority(request, operation, result);
    case LABEL_TCB_SUSPEND:
        operation->perform = perform_suspend;
        return ERR_NONE;
    case LABEL_TCB_RESUME:
        operation->perform = perform_resume;
        return ERR_NONE;
    case LABEL_TCB_BIND_NOTIFICATION:
        return decode_bind(request, operation);
    case LABEL_TCB_UNBIND_NOTIFICATION:
        operation->perform = perform_unbind;
        return operation->tcb.target->bound ? ERR_NONE : ERR_ILLEGAL_OPERATION;
    case LABEL_TCB_SET_AFFINITY:
        return decode_set_affinity(request, operation);
    case LABEL_TCB_SET_TLS_BASE:
        return decode_set_tls_base(request, operation);
    case LABEL_TCB_SET_FLAGS:
        return decode_set_flags(request, operation);
    default:
        return decode_tcb_receiver(request, operation, result);
    }
}

static struct remains finalise_tcb(struct cap cap, struct slot *slot, bool last)
{
    struct tcb *thread = cap_object(cap);

    if (!last) {
        return (struct remains){ 0 };
    }
    thread_suspend(thread);
    async_queue_unbind(thread);
    if (this_hart()->current == thread && !MUTANT(DELETED_IS_CURRENT)) {
        thread_leave(this_hart());
    }
    if (receiver_release(thread) == AGAIN) {
        return (struct remains){ .again = true };
    }
    notification_unbind(thread);
    sender_table_unbind(thread);
    fpu_forget(thread);
    thread_debug_unregister(thread);
    return (struct remains){ .slots = thread->slots, .count = TCB_SLOTS };
}

static unsigned tcb_size_bits(struct cap cap)
{
    return ABI_TCB_BITS;
}

const struct cap_ops tcb_ops = {
    .name = "tcb",
    .decode = decode_tcb,
    .finalise = finalise_tcb,
    .size_bits = tcb_size_bits,
};
