/*
 * TCB invocations, except those that install capabilities (object/tcb_configure.c).
 *
 * A function that changes a thread's registers or state first makes sure that the thread does not run on
 * another hart meanwhile.
 */
#include "arch/fpu.h"
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "ipc/receiver.h"
#include "lib/mutant.h"
#include "object/async_queue.h"
#include "object/console_turn.h"
#include "object/objects.h"
#include "object/request.h"
#include "object/sender_table.h"
#include "object/tcb_configure.h"
#include "thread/debug_threads.h"
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

static enum progress perform_read_registers(const struct request *request, const struct operation *operation)
{
    struct tcb *target = cap_object(request->cap);
    word_t flags = request_word(request, 0);

    operation->result->length = (unsigned)operation->count;
    operation->result->words = target->context.regs;
    thread_stall(target);
    if (flags & FLAG_READ_SUSPEND) {
        thread_suspend(target);
    }
    return DONE;
}

static word_t decode_read_registers(const struct request *request, struct operation *operation,
                                    struct result *result)
{
    word_t count = request_word(request, 1);

    if (count < 1 || count > ABI_REG_COUNT) {
        return error_range(result, 1, ABI_REG_COUNT);
    }
    operation->count = count;
    return cap_object(request->cap) != request->thread ? ERR_NONE : ERR_ILLEGAL_OPERATION;
}

static COLD void end_console_call(struct tcb *target)
{
    if (target->state == THREAD_BLOCKED_ON_CONSOLE) {
        thread_resume(target);
    } else {
        console_leave(&target->ready);
    }
}

/* Ends the system call of a thread that gets other registers. If it waits for the console, it continues with
 * them. */
static void end_call(struct tcb *target)
{
    thread_interrupt(target);
    badged_pass_forget(&target->pass);
    if (unlikely(console_holder != NULL)) {
        end_console_call(target);
    }
}

/* The registers are read from user memory here, not before, as any value is allowed. */
static enum progress perform_write_registers(const struct request *request, const struct operation *operation)
{
    struct tcb *target = cap_object(request->cap);

    end_call(target);
    request_copy_words(request, 2, target->context.regs, operation->count);
    target->context.next_pc = target->context.regs[ABI_REG_PC];
    if (request_word(request, 0) & FLAG_WRITE_RESUME) {
        thread_resume(target);
    }
    return DONE;
}

static word_t decode_write_registers(const struct request *request, struct operation *operation,
                                     struct result *result)
{
    word_t count = request_word(request, 1);

    if (request->length - 2 < count) {
        return ERR_TRUNCATED_MESSAGE;
    }
    operation->count = min_word(count, ABI_REG_COUNT);
    return cap_object(request->cap) != request->thread ? ERR_NONE : ERR_ILLEGAL_OPERATION;
}

static enum progress perform_copy_registers(const struct request *request, const struct operation *operation)
{
    struct tcb *target = cap_object(request->cap);
    struct tcb *source = operation->thread;
    word_t flags = request_word(request, 0); /* read first: may be one of the target's registers */
    unsigned first = flags & FLAG_FRAME_REGISTERS ? 0 : ABI_FRAME_REG_COUNT;
    unsigned end = flags & FLAG_OTHER_REGISTERS ? ABI_REG_COUNT : ABI_FRAME_REG_COUNT;

    thread_stall(source);
    end_call(target);
    if (flags & FLAG_SUSPEND_SOURCE) {
        thread_suspend(source);
    }
    if (flags & FLAG_RESUME_TARGET) {
        thread_resume(target);
    }
    for (unsigned i = first; i < end; i++) {
        target->context.regs[i] = source->context.regs[i];
    }
    if (flags & FLAG_FRAME_REGISTERS) {
        target->context.next_pc = target->context.regs[ABI_REG_PC];
    }
    return DONE;
}

static word_t decode_copy_registers(const struct request *request, struct operation *operation,
                                    struct result *result)
{
    operation->thread = request_extra_object(request, 0, CAP_TCB);
    return operation->thread ? ERR_NONE : error_invalid_capability(result, 1);
}

static enum progress perform_set_priority(const struct request *request, const struct operation *operation)
{
    struct tcb *target = cap_object(request->cap);

    thread_stall(target);
    if (request->label != LABEL_TCB_SET_PRIORITY) {
        target->max_priority = (uint16_t)operation->value;
    }
    if (request->label != LABEL_TCB_SET_MC_PRIORITY) {
        sched_set_priority(target, (unsigned)operation->parameter);
    }
    return DONE;
}

/* SetPriority, SetMCPriority; and SetSchedParams, which has one more word. The authority bounds each
 * value. */
static word_t decode_set_priority(const struct request *request, struct operation *operation,
                                  struct result *result)
{
    const struct tcb *authority = request_extra_object(request, 0, CAP_TCB);
    bool both = request->label == LABEL_TCB_SET_SCHED_PARAMS;

    if (!authority) {
        return error_invalid_capability(result, 1);
    }
    operation->value = request_word(request, 0);
    operation->parameter = both ? request_word(request, 1) : operation->value;
    if (operation->value > authority->max_priority || operation->parameter > authority->max_priority) {
        return error_range(result, 0, authority->max_priority);
    }
    return ERR_NONE;
}

static enum progress perform_suspend(const struct request *request, const struct operation *operation)
{
    thread_suspend(cap_object(request->cap));
    return DONE;
}

static enum progress perform_resume(const struct request *request, const struct operation *operation)
{
    thread_resume(cap_object(request->cap));
    return DONE;
}

static enum progress perform_bind(const struct request *request, const struct operation *operation)
{
    notification_bind(cap_object(request->extra[0]->cap), cap_object(request->cap));
    return DONE;
}

static word_t decode_bind(const struct request *request, struct operation *operation, struct result *result)
{
    const struct tcb *target = cap_object(request->cap);
    const struct notification *notification = request_extra_object(request, 0, CAP_NOTIFICATION);

    if (target->bound || !notification || !cap_allows(request->extra[0]->cap, ABI_RIGHT_READ) ||
        notification->bound || wait_head(&notification->queue)) {
        return ERR_ILLEGAL_OPERATION;
    }
    return ERR_NONE;
}

/* Ends the registration of a thread as a receiver, if there is one. */
static enum progress end_receiver(struct tcb *thread)
{
    while (receiver_release(thread) == AGAIN) {
        if (preemption_point()) {
            return AGAIN;
        }
    }
    return DONE;
}

static enum progress perform_unbind(const struct request *request, const struct operation *operation)
{
    struct tcb *target = cap_object(request->cap);

    if (end_receiver(target) == AGAIN) {
        return AGAIN;
    }
    notification_unbind(target);
    return DONE;
}

static word_t decode_unbind(const struct request *request, struct operation *operation, struct result *result)
{
    const struct tcb *target = cap_object(request->cap);

    return target->bound ? ERR_NONE : ERR_ILLEGAL_OPERATION;
}

static enum progress perform_set_affinity(const struct request *request, const struct operation *operation)
{
    struct tcb *target = cap_object(request->cap);
    struct hart *hart = &harts_table[request_word(request, 0)];

    thread_expel(target);
    receiver_move(target, hart);
    sched_set_hart(target, hart);
    return DONE;
}

static word_t decode_set_affinity(const struct request *request, struct operation *operation,
                                  struct result *result)
{
    return request_word(request, 0) < harts_online ? ERR_NONE : ERR_ILLEGAL_OPERATION;
}

static enum progress perform_set_tls_base(const struct request *request, const struct operation *operation)
{
    struct tcb *target = cap_object(request->cap);

    thread_interrupt(target);
    target->context.regs[ABI_REG_TP] = request_word(request, 0);
    return DONE;
}

static enum progress perform_set_flags(const struct request *request, const struct operation *operation)
{
    struct tcb *target = cap_object(request->cap);
    struct hart *hart = this_hart();
    word_t clear = request_word(request, 0);
    word_t set = request_word(request, 1) & ABI_TCB_FLAG_FPU_DISABLED;

    thread_interrupt(target);
    target->flags = (uint8_t)((target->flags & ~clear) | set);
    if (target == hart->current) {
        fpu_switch(hart, target);
    }
    result_set_word(operation->result, target->flags);
    return DONE;
}

static enum progress perform_register_receiver(const struct request *request,
                                               const struct operation *operation)
{
    struct tcb *target = cap_object(request->cap);

    receiver_register(target, request_word(request, 0), request_word(request, 1));
    result_set_word(operation->result,
                    target->uintr.slot ? REL4_RECEIVER_SLOT : REL4_RECEIVER_KERNEL_DELIVERED);
    return DONE;
}

static word_t decode_register_receiver(const struct request *request, struct operation *operation,
                                       struct result *result)
{
    const struct tcb *target = cap_object(request->cap);
    word_t handler = request_word(request, 0);

    struct cap cap = request->extra[0]->cap;
    if (!cap_is(cap, CAP_NOTIFICATION) || !cap_allows(cap, ABI_RIGHT_READ)) {
        return error_invalid_capability(result, 1);
    }
    if (handler >= ABI_USER_TOP || !is_aligned(handler, 2)) {
        return error_invalid_argument(result, 0);
    }
    if (target->bound != cap_object(cap)) {
        return ERR_ILLEGAL_OPERATION;
    }
    if (target->uintr.receiver) {
        return ERR_DELETE_FIRST;
    }
    return receiver_has_room() ? ERR_NONE : error_not_enough_memory(result, 0);
}

static enum progress perform_unregister_receiver(const struct request *request,
                                                 const struct operation *operation)
{
    return end_receiver(cap_object(request->cap));
}

static word_t decode_unregister_receiver(const struct request *request, struct operation *operation,
                                         struct result *result)
{
    const struct tcb *target = cap_object(request->cap);

    return target->uintr.receiver ? ERR_NONE : ERR_ILLEGAL_OPERATION;
}

static const struct invocation invocations[] = {
    { LABEL_TCB_READ_REGISTERS, 2, 0, decode_read_registers, perform_read_registers },
    { LABEL_TCB_WRITE_REGISTERS, 2, 0, decode_write_registers, perform_write_registers },
    { LABEL_TCB_COPY_REGISTERS, 1, 1, decode_copy_registers, perform_copy_registers },
    { LABEL_TCB_CONFIGURE, 4, 3, decode_tcb_configure, perform_tcb_configure },
    { LABEL_TCB_SET_PRIORITY, 1, 1, decode_set_priority, perform_set_priority },
    { LABEL_TCB_SET_MC_PRIORITY, 1, 1, decode_set_priority, perform_set_priority },
    { LABEL_TCB_SET_SCHED_PARAMS, 2, 1, decode_set_priority, perform_set_priority },
    { LABEL_TCB_SET_IPC_BUFFER, 1, 1, decode_tcb_configure, perform_tcb_configure },
    { LABEL_TCB_SET_SPACE, 3, 2, decode_tcb_configure, perform_tcb_configure },
    { LABEL_TCB_SUSPEND, 0, 0, NULL, perform_suspend },
    { LABEL_TCB_RESUME, 0, 0, NULL, perform_resume },
    { LABEL_TCB_BIND_NOTIFICATION, 0, 1, decode_bind, perform_bind },
    { LABEL_TCB_UNBIND_NOTIFICATION, 0, 0, decode_unbind, perform_unbind },
    { LABEL_TCB_SET_AFFINITY, 1, 0, decode_set_affinity, perform_set_affinity },
    { LABEL_TCB_SET_TLS_BASE, 1, 0, NULL, perform_set_tls_base },
    { LABEL_TCB_SET_FLAGS, 2, 0, NULL, perform_set_flags },
};

static const struct invocation others[] = {
    { REL4_LABEL_TCB_REGISTER_RECEIVER, 2, 1, decode_register_receiver, perform_register_receiver },
    { REL4_LABEL_TCB_UNREGISTER_RECEIVER, 0, 0, decode_unregister_receiver, perform_unregister_receiver },
};

static struct remains finalise_tcb(struct cap cap, struct slot *slot)
{
    struct tcb *thread = cap_object(cap);

    if (!slot_is_last(slot)) {
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

const struct cap_ops tcb_ops = {
    .name = "tcb",
    INVOCATIONS(invocations),
    OTHERS(others),
    .finalise = finalise_tcb,
    .size_bits = ABI_TCB_BITS,
};
