/*
 * System calls and traps: from registers to a request, or to IPC, and back to registers.
 */
#include "syscall/entry.h"

#include "arch/processor.h"
#include "arch/timer.h"
#include "check/check.h"
#include "ipc/endpoint.h"
#include "ipc/fastpath.h"
#include "ipc/fault.h"
#include "ipc/message.h"
#include "ipc/notification.h"
#include "ipc/receiver.h"
#include "object/console_turn.h"
#include "object/irq.h"
#include "object/request.h"
#include "syscall/debug.h"
#include "syscall/exit.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

enum {
    CALL_BLOCKING = 1,
    CALL_WANTS_REPLY = 2
};

static ALWAYS_INLINE void reply_from_kernel(struct tcb *thread, word_t error, const struct result *result)
{
    unsigned length = result->length;

    if (length) {
        struct user_words buffer = length > ABI_MSG_REGISTERS ? ipc_buffer(thread, true) : user_words_none();
        length = message_store(thread, buffer, result->words, length);
    }
    thread->context.regs[ABI_REG_A0] = 0;
    thread->context.regs[ABI_REG_A1] = info_make(error, 0, 0, length);
}

/* The answer to an invocation of a capability that cannot be invoked so. */
static void reply_invalid(struct tcb *thread, unsigned flags)
{
    struct result result;

    if (flags & CALL_WANTS_REPLY) {
        reply_from_kernel(thread, error_invalid_capability(&result, 0), &result);
    }
}

/* Call, Send and NBSend on an IPC object. */
static void invoke_ipc(struct tcb *thread, struct slot *slot, unsigned flags)
{
    struct cap cap = slot->cap;
    struct result nothing = { .length = 0 };

    if (cap_is(cap, CAP_REPLY)) {
        reply_send(thread, slot);
    } else if (!cap_allows(cap, ABI_RIGHT_WRITE)) {
        reply_invalid(thread, flags);
        return;
    } else if (cap_is(cap, CAP_NOTIFICATION)) {
        notification_signal(cap_object(cap), cap_badge(cap));
    } else {
        endpoint_send(thread, cap,
                      (flags & CALL_BLOCKING ? SEND_BLOCKING : 0) |
                          (flags & CALL_WANTS_REPLY ? SEND_CALL : 0));
        return;
    }
    if (flags & CALL_WANTS_REPLY) {
        reply_from_kernel(thread, ERR_NONE, &nothing);
    }
}

/* Looks up the extra capabilities. False if one does not resolve; that is a fault unless the call is
 * non-blocking. */
static inline bool lookup_extras(struct tcb *thread, struct request *request, struct user_words buffer,
                                 unsigned flags)
{
    struct lookup_failure failure;

    for (unsigned i = 0; i < request->extra_count; i++) {
        word_t pointer = user_load(buffer, BUFFER_CAPS + i);
        request->extra[i] = cap_lookup(thread->slots[TCB_CSPACE].cap, pointer, &failure);
        if (!request->extra[i]) {
            if (flags & CALL_BLOCKING) {
                fault_raise_cap(thread, pointer, false, &failure);
            }
            return false;
        }
    }
    return true;
}

/* Serves an invocation of a kernel object by the running thread. */
static ALWAYS_INLINE void invoke_object(struct tcb *thread, struct request *request, bool wants_reply)
{
    struct result result;
    enum progress progress;

    /* If the operation stops the thread, or has to be repeated, the thread makes its ecall again. */
    thread->state = THREAD_RESTART;
    word_t error = request_serve(request, &result, &progress);
    if (likely(progress == DONE && thread->state == THREAD_RESTART)) {
        thread->state = THREAD_RUNNING;
        if (wants_reply) {
            reply_from_kernel(thread, error, &result);
        }
    }
}

/* Serves an invocation, which the thread's registers describe. Inlined into the three system calls that
 * differ in flags. */
static ALWAYS_INLINE void invoke(struct tcb *thread, unsigned flags)
{
    struct cap root = thread->slots[TCB_CSPACE].cap;
    word_t pointer = thread->context.regs[ABI_REG_A0];
    word_t info = thread->context.regs[ABI_REG_A1];
    struct lookup_failure failure;
    struct request request;

    struct slot *slot = cap_lookup(root, pointer, &failure);
    if (unlikely(!slot)) {
        if (flags & CALL_BLOCKING) {
            fault_raise_cap(thread, pointer, false, &failure);
        }
        return;
    }
    request.length = info & mask(ABI_INFO_EXTRA_CAPS_SHIFT);
    request.extra_count = info_extra_caps(info);
    if (request.extra_count || request.length > ABI_MSG_REGISTERS) {
        struct user_words buffer = ipc_buffer(thread, false);
        request.length = info_length(info);
        request.words = buffer;
        if (unlikely(!user_words_exist(buffer))) {
            request.extra_count = 0;
            request.length = (unsigned)min_word(request.length, ABI_MSG_REGISTERS);
        } else if (unlikely(!lookup_extras(thread, &request, buffer, flags))) {
            return;
        }
    } else {
        request.words = user_words_none();
    }
    request.cap = slot->cap;
    if (unlikely(!cap_is_kernel_object(request.cap))) {
        if (cap_is_ipc_object(request.cap)) {
            invoke_ipc(thread, slot, flags);
        } else {
            reply_invalid(thread, flags);
        }
        return;
    }
    request.thread = thread;
    request.slot = slot;
    request.label = request_label(info_label(info), abi_up);
    request.first = &thread->context.regs[ABI_REG_A2];
    invoke_object(thread, &request, flags & CALL_WANTS_REPLY);
}

/* Serves a receiving system call. Returns false if it would block and mode is RECEIVE_OR_LEAVE: then it has
 * had no effect. */
static inline bool receive(struct tcb *thread, word_t pointer, enum receive_mode mode)
{
    struct lookup_failure failure;

    struct slot *slot = cap_lookup(thread->slots[TCB_CSPACE].cap, pointer, &failure);
    if (unlikely(!slot)) {
        fault_raise_cap(thread, pointer, true, &failure);
        return true;
    }
    struct cap cap = slot->cap;
    if (cap_is(cap, CAP_ENDPOINT) && cap_allows(cap, ABI_RIGHT_READ)) {
        return endpoint_receive(thread, cap, mode);
    }
    if (cap_is(cap, CAP_NOTIFICATION) && cap_allows(cap, ABI_RIGHT_READ)) {
        struct notification *notification = cap_object(cap);
        if (!notification->bound || notification->bound == thread) {
            return notification_receive(thread, notification, mode);
        }
    }
    failure = (struct lookup_failure){ .type = LOOKUP_MISSING_CAPABILITY };
    fault_raise_cap(thread, pointer, true, &failure);
    return true;
}

/* Wait and Recv of a thread with a queue: before it blocks, the requests in its ring are served, once.
 * Requests that come later are left to its worker. */
static COLD void receive_and_serve(struct tcb *thread, word_t pointer)
{
    if (receive(thread, pointer, RECEIVE_OR_LEAVE)) {
        return;
    }
    if (placement_before_blocking(thread) != CALL_ENDS) {
        receive(thread, pointer, RECEIVE_OR_BLOCK);
    }
}

#define ARGUMENTS pointer, info, mr0, mr1, mr2, mr3, thread

/*
 * Defines a system call handler; its body follows. With several harts it takes the kernel lock first, and the
 * call may become void meanwhile. The lock, and what a user of user interrupts or the holder of the console
 * needs, are in functions of their own, so that all other calls keep their arguments in the registers they
 * came in. with_console: handles the call of a thread that may have the console.
 */
#define HANDLER(name, with_console)                                                         \
    static ALWAYS_INLINE void name##_body(struct hart *hart, bool slow, SYSCALL_ARGUMENTS); \
    static HOT APART void name##_slow(SYSCALL_ARGUMENTS)                                    \
    {                                                                                       \
        name##_body(this_hart(), true, ARGUMENTS);                                          \
    }                                                                                       \
    static COLD void name##_with_console(SYSCALL_ARGUMENTS)                                 \
    {                                                                                       \
        console_check_call_slow(thread);                                                    \
        with_console(ARGUMENTS);                                                            \
    }                                                                                       \
    static HOT APART void name##_locked(SYSCALL_ARGUMENTS)                                  \
    {                                                                                       \
        struct hart *hart = this_hart();                                                    \
        if (kernel_lock_voided_entry(hart)) {                                               \
            return_to(kernel_exit_void(hart));                                              \
            return;                                                                         \
        }                                                                                   \
        check_at_entry();                                                                   \
        if (unlikely(hart->console_watched)) {                                              \
            name##_with_console(ARGUMENTS);                                                 \
        } else {                                                                            \
            name##_slow(ARGUMENTS);                                                         \
        }                                                                                   \
    }                                                                                       \
    void name(SYSCALL_ARGUMENTS);                                                           \
    HOT void name(SYSCALL_ARGUMENTS)                                                        \
    {                                                                                       \
        struct hart *hart = this_hart();                                                    \
        if (unlikely(hart->switch_slowly)) {                                                \
            if (unlikely(hart->enter_slowly)) {                                             \
                name##_locked(ARGUMENTS);                                                   \
            } else {                                                                        \
                check_at_entry();                                                           \
                name##_slow(ARGUMENTS);                                                     \
            }                                                                               \
        } else {                                                                            \
            check_at_entry();                                                               \
            name##_body(hart, false, ARGUMENTS);                                            \
        }                                                                                   \
    }                                                                                       \
    static ALWAYS_INLINE void name##_body(struct hart *hart, bool slow, SYSCALL_ARGUMENTS)

static HOT APART void call(struct hart *hart, struct tcb *thread)
{
    invoke(thread, CALL_BLOCKING | CALL_WANTS_REPLY);
    return_to(kernel_exit(hart));
}

/* Takes the console from a thread, unless the thread is to repeat its call, or waits for the console. */
static void end_console_call(struct hart *hart, struct tcb *thread)
{
    if (hart->current == thread && thread->state != THREAD_RESTART &&
        thread->state != THREAD_BLOCKED_ON_CONSOLE) {
        console_leave(&thread->ready);
    }
}

/* Define Call, Send and NBSend for a thread that may have the console. It keeps it only if it is to repeat
 * the call. */
#define WITH_CONSOLE(name, flags)            \
    static COLD void name(SYSCALL_ARGUMENTS) \
    {                                        \
        struct hart *hart = this_hart();     \
        invoke(thread, flags);               \
        end_console_call(hart, thread);      \
        return_to(kernel_exit(hart));        \
    }
WITH_CONSOLE(call_with_console, CALL_BLOCKING | CALL_WANTS_REPLY)
WITH_CONSOLE(send_with_console, CALL_BLOCKING)
WITH_CONSOLE(nb_send_with_console, 0)

static APART void reply_recv(struct hart *hart, struct tcb *thread, word_t pointer)
{
    reply_to_caller(thread);
    receive(thread, pointer, RECEIVE_OR_BLOCK);
    return_to(kernel_exit(hart));
}

HANDLER(handle_call, call_with_console)
{
    struct tcb *next = fastpath_call(hart, slow, ARGUMENTS);

    if (likely(next != NULL)) {
        return_to(next);
    } else {
        call(hart, thread);
    }
}

HANDLER(handle_reply_recv, handle_reply_recv_slow)
{
    struct tcb *next = fastpath_reply_recv(hart, slow, ARGUMENTS);

    if (likely(next != NULL)) {
        return_to(next);
    } else {
        reply_recv(hart, thread, pointer);
    }
}

HANDLER(handle_send, send_with_console)
{
    invoke(thread, CALL_BLOCKING);
    return_to(kernel_exit(hart));
}

HANDLER(handle_nb_send, nb_send_with_console)
{
    invoke(thread, 0);
    return_to(kernel_exit(hart));
}

HANDLER(handle_recv, handle_recv_slow)
{
    if (unlikely(thread->async_queue != NULL)) {
        receive_and_serve(thread, pointer);
    } else {
        receive(thread, pointer, RECEIVE_OR_BLOCK);
    }
    return_to(kernel_exit(hart));
}

HANDLER(handle_nb_recv, handle_nb_recv_slow)
{
    receive(thread, pointer, RECEIVE_OR_FAIL);
    return_to(kernel_exit(hart));
}

HANDLER(handle_reply, handle_reply_slow)
{
    reply_to_caller(thread);
    return_to(kernel_exit(hart));
}

HANDLER(handle_yield, handle_yield_slow)
{
    sched_yield(hart);
    return_to(kernel_exit(hart));
}

void (*const syscall_table[])(SYSCALL_ARGUMENTS) = {
    [~SYS_CALL] = handle_call,   [~SYS_REPLY_RECV] = handle_reply_recv,
    [~SYS_SEND] = handle_send,   [~SYS_NB_SEND] = handle_nb_send,
    [~SYS_RECV] = handle_recv,   [~SYS_REPLY] = handle_reply,
    [~SYS_YIELD] = handle_yield, [~SYS_NB_RECV] = handle_nb_recv,
};

_Static_assert(ARRAY_SIZE(syscall_table) == SYSCALLS, "offsets.h");

void handle_other_syscall(SYSCALL_ARGUMENTS, word_t number)
{
    struct hart *hart = this_hart();

    if (kernel_lock_voided_entry(hart)) {
        return_to(kernel_exit_void(hart));
        return;
    }
    check_at_entry();
    console_check_call(thread);
    if (!debug_syscall(thread, pointer, number)) {
        fault_raise_unknown_syscall(thread, number);
    }
    return_to(kernel_exit(hart));
}

void handle_interrupts(struct hart *hart)
{
    word_t pending = interrupts_pending();

    if (pending & INTERRUPT_IPI) {
        /* Cleared before the queues are read, so a wake-up that comes now interrupts again. */
        ipi_clear();
        hart->pending.reschedule = true;
    }
    if (pending & INTERRUPT_TIMER) {
        timer_acknowledge(hart);
        sched_tick(hart);
        placement_tick(hart);
        console_tick(hart);
        if (unlikely(receivers_polled)) {
            receiver_poll();
        }
    }
    if (pending & INTERRUPT_DEVICE) {
        irq_deliver(hart);
    }
}
