/*
 * Fault messages and replies, in the layouts of the binary interface.
 */
#include "ipc/fault.h"

#include "ipc/endpoint.h"
#include "ipc/message.h"
#include "lib/print.h"
#include "object/console_turn.h"

/* Reports of a release kernel, at most: user programs must not make it print without limit. */
#define RELEASE_REPORTS 16

/* The registers of an UnknownSyscall message, and of its reply; a UserException has the first two. */
static const uint8_t syscall_registers[] = {
    ABI_REG_PC,     ABI_REG_SP,     ABI_REG_RA,     ABI_REG_A0,     ABI_REG_A0 + 1,
    ABI_REG_A0 + 2, ABI_REG_A0 + 3, ABI_REG_A0 + 4, ABI_REG_A0 + 5, ABI_REG_A6,
};
#define EXCEPTION_REGISTERS 2

#define MAX_FAULT_WORDS 11

/* True for a debug call that only kernels built for debugging have. */
static bool is_missing_debug_call(word_t number)
{
    return !REL4_DEBUG && (long)number <= SYS_DEBUG_DUMP_SCHEDULER && (long)number >= SYS_DEBUG_NAME_THREAD;
}

static COLD void report_unhandled(const struct tcb *thread)
{
    const struct fault *fault = &thread->fault;
    static unsigned reports;

    if (!REL4_DEBUG && reports >= RELEASE_REPORTS) {
        return;
    }
    reports++;
    switch (fault->type) {
    case FAULT_CAP:
        log_error("capability fault in %s phase at pointer 0x%lx", fault->words[1] ? "receive" : "send",
                  fault->words[0]);
        break;
    case FAULT_UNKNOWN_SYSCALL:
        log_error("unknown system call %ld%s", (long)fault->words[0],
                  is_missing_debug_call(fault->words[0]) ? " (for this one, boot the debug kernel)" : "");
        break;
    case FAULT_USER_EXCEPTION:
        log_error("user exception %lu", fault->words[0]);
        break;
    default:
        log_error("%s fault at address 0x%lx",
                  fault->words[2] == VM_FETCH   ? "fetch"
                  : fault->words[2] == VM_STORE ? "store"
                                                : "load",
                  fault->words[0]);
        break;
    }
    if (log_level >= LOG_ERROR) {
        print(" in application");
#if REL4_DEBUG
        print(", thread %s", thread->name);
#endif
        print(", pc 0x%lx; no fault handler\n", thread->context.regs[ABI_REG_PC]);
    }
}

void fault_send(struct tcb *thread)
{
    struct lookup_failure failure;

    console_leave(&thread->ready);
    struct slot *slot = cap_lookup(thread->slots[TCB_CSPACE].cap, thread->fault_handler, &failure);

    if (slot && cap_is(slot->cap, CAP_ENDPOINT) && cap_allows(slot->cap, ABI_RIGHT_WRITE) &&
        cap_allows(slot->cap, ABI_RIGHT_GRANT | ABI_RIGHT_GRANT_REPLY)) {
        endpoint_send(thread, slot->cap, SEND_BLOCKING | SEND_CALL);
        return;
    }
    report_unhandled(thread);
    thread->fault.type = FAULT_NONE;
    thread_deactivate(thread);
}

static unsigned fault_words(const struct tcb *thread, word_t words[MAX_FAULT_WORDS])
{
    const struct fault *fault = &thread->fault;
    const word_t *regs = thread->context.regs;
    unsigned n = 0;

    switch (fault->type) {
    case FAULT_CAP:
        words[0] = regs[ABI_REG_PC];
        words[1] = fault->words[0];
        words[2] = fault->words[1];
        return 3 + lookup_failure_words(&fault->lookup, &words[3]);
    case FAULT_UNKNOWN_SYSCALL:
        for (; n < ARRAY_SIZE(syscall_registers); n++) {
            words[n] = regs[syscall_registers[n]];
        }
        words[n++] = fault->words[0];
        return n;
    case FAULT_USER_EXCEPTION:
        words[0] = regs[ABI_REG_PC];
        words[1] = regs[ABI_REG_SP];
        words[2] = fault->words[0];
        words[3] = fault->words[1];
        return 4;
    default:
        words[0] = regs[ABI_REG_PC];
        words[1] = fault->words[0];
        words[2] = fault->words[1];
        words[3] = fault->words[2];
        return 4;
    }
}

void fault_deliver(struct tcb *sender, word_t badge, struct tcb *receiver)
{
    word_t words[MAX_FAULT_WORDS];
    unsigned length = fault_words(sender, words);

    struct user_words buffer = length > ABI_MSG_REGISTERS ? ipc_buffer(receiver, true) : user_words_none();
    length = message_store(receiver, buffer, words, length);
    receiver->context.regs[ABI_REG_A0] = badge;
    receiver->context.regs[ABI_REG_A1] = info_make(sender->fault.type, 0, 0, length);
}

bool fault_take_reply(struct tcb *receiver, struct tcb *sender)
{
    word_t fault = receiver->fault.type;
    word_t info = sender->context.regs[ABI_REG_A1];
    unsigned length = info_length(info);
    unsigned wanted = fault == FAULT_UNKNOWN_SYSCALL  ? ARRAY_SIZE(syscall_registers)
                      : fault == FAULT_USER_EXCEPTION ? EXCEPTION_REGISTERS
                                                      : 0;

    if (wanted == 0) {
        return true;
    }
    struct user_words buffer = length > ABI_MSG_REGISTERS ? ipc_buffer(sender, false) : user_words_none();
    if (!user_words_exist(buffer) && length > ABI_MSG_REGISTERS) {
        length = ABI_MSG_REGISTERS;
    }
    for (unsigned i = 0; i < wanted && i < length; i++) {
        receiver->context.regs[syscall_registers[i]] =
            i < ABI_MSG_REGISTERS ? sender->context.regs[ABI_REG_A2 + i] : user_load(buffer, i);
    }
    return info_label(info) == 0;
}

void fault_raise_cap(struct tcb *thread, word_t pointer, bool receiving, const struct lookup_failure *failure)
{
    thread->fault = (struct fault){ FAULT_CAP, { pointer, receiving, 0 }, *failure };
    fault_send(thread);
}

void fault_raise_unknown_syscall(struct tcb *thread, word_t number)
{
    thread->fault = (struct fault){ FAULT_UNKNOWN_SYSCALL, { number, 0, 0 }, { 0 } };
    fault_send(thread);
}

void fault_raise_exception(struct tcb *thread, word_t cause)
{
    thread->fault = (struct fault){ FAULT_USER_EXCEPTION, { (uint32_t)cause, 0, 0 }, { 0 } };
    fault_send(thread);
}

void fault_raise_vm(struct tcb *thread, word_t address, enum vm_access access)
{
    thread->fault = (struct fault){ FAULT_VM, { address, access == VM_FETCH, access }, { 0 } };
    fault_send(thread);
}
