/*
 * Debug system calls: console output in every build, inspection in debug builds.
 */
#include "syscall/debug.h"

#include "arch/console.h"
#include "arch/power.h"
#include "cap/ops.h"
#include "check/check.h"
#include "ipc/message.h"
#include "lib/print.h"
#include "syscall/entry.h"
#include "thread/debug_threads.h"
#include "thread/hart.h"

#if REL4_DEBUG
static const char *const state_names[] = {
    [THREAD_INACTIVE] = "inactive",
    [THREAD_RUNNING] = "running",
    [THREAD_RESTART] = "restart",
    [THREAD_BLOCKED_ON_RECEIVE] = "blocked on receive",
    [THREAD_BLOCKED_ON_SEND] = "blocked on send",
    [THREAD_BLOCKED_ON_REPLY] = "blocked on reply",
    [THREAD_BLOCKED_ON_NOTIFICATION] = "blocked on notification",
    [THREAD_BLOCKED_ON_CONSOLE] = "blocked on console",
};

static void dump_scheduler(void)
{
    print("%s\n", "thread                                   state                    hart  priority  pc");
    for (const struct tcb *t = debug_threads; t; t = t->debug_next) {
        if (t->hart == this_hart()) {
            print("%s  %s  %u  %u  0x%lx\n", t->name, state_names[t->state], t->hart->id, t->priority,
                  t->context.regs[ABI_REG_PC]);
        }
    }
}

static void dump_cnode(struct cap cnode)
{
    const struct slot *slots = cap_object(cnode);

    for (word_t i = 0; i < bit(cnode_radix(cnode)); i++) {
        if (!slot_is_empty(&slots[i])) {
            print("    0x%lx: %s 0x%lx 0x%lx\n", i, cap_ops(slots[i].cap)->name, slots[i].cap.w0,
                  slots[i].cap.w1);
        }
    }
}

/* Every thread, its own capabilities, its notification, and the slots of its root CNode. */
static void snapshot(void)
{
    for (const struct tcb *t = debug_threads; t; t = t->debug_next) {
        print("tcb %p (%s) {\n", (const void *)t, t->name);
        for (unsigned i = 0; i < TCB_SLOTS; i++) {
            print("  slot %u: %s 0x%lx\n", i, cap_ops(t->slots[i].cap)->name, t->slots[i].cap.w0);
        }
        print("  bound to notification %p\n", (const void *)t->bound);
        if (t->bound) {
            print("  which is bound to tcb %p\n", (const void *)t->bound->bound);
        }
        if (cap_is(t->slots[TCB_CSPACE].cap, CAP_CNODE)) {
            dump_cnode(t->slots[TCB_CSPACE].cap);
        }
        print("}\n");
    }
}

/* Takes a name from message words. False if it does not end there. */
static bool set_name(struct tcb *thread, struct user_words words)
{
    for (unsigned i = 0; i < ABI_MSG_MAX_LENGTH * sizeof(word_t); i++) {
        char c = (char)(user_load(words, i / sizeof(word_t)) >> i % sizeof(word_t) * 8);
        if (i < THREAD_NAME_MAX - 1) {
            thread->name[i] = c;
            thread->name[i + 1] = 0;
        }
        if (!c) {
            return true;
        }
    }
    return false;
}

/* The interface says that wrong arguments stop the machine. */
static void name_thread(struct tcb *caller, word_t pointer)
{
    struct lookup_failure failure;
    const struct slot *slot = cap_lookup(caller->slots[TCB_CSPACE].cap, pointer, &failure);
    struct user_words buffer = ipc_buffer(caller, false);
    const char *problem = NULL;

    if (!user_words_exist(buffer)) {
        problem = "no IPC buffer";
    } else if (!slot || !cap_is(slot->cap, CAP_TCB)) {
        problem = "not a TCB capability";
    } else if (!set_name(cap_object(slot->cap), buffer)) {
        problem = "the name does not end";
    }
    if (problem) {
        log_error("DebugNameThread: %s\n", problem);
        power_off(1);
    }
}

/* The type by which the binary interface names a capability whose object is being destroyed. */
#define TYPE_ZOMBIE 18

static void identify(struct tcb *thread, word_t pointer)
{
    struct lookup_failure failure;
    struct slot *slot = cap_lookup(thread->slots[TCB_CSPACE].cap, pointer, &failure);
    struct cap cap = slot ? slot->cap : cap_null();

    thread->context.regs[ABI_REG_A0] = cap_is_unusual(cap) ? TYPE_ZOMBIE : cap_type(cap);
}

static bool inspect(struct tcb *thread, word_t argument, word_t number)
{
    switch ((long)number) {
    case SYS_DEBUG_DUMP_SCHEDULER:
        dump_scheduler();
        return true;
    case SYS_DEBUG_HALT:
        check_everything();
        print("rel4: halted by DebugHalt\n");
        power_off(0);
    case SYS_DEBUG_CAP_IDENTIFY:
        identify(thread, argument);
        return true;
    case SYS_DEBUG_SNAPSHOT:
        snapshot();
        return true;
    case SYS_DEBUG_NAME_THREAD:
        name_thread(thread, argument);
        return true;
    default:
        return false;
    }
}
#else
static bool inspect(struct tcb *thread, word_t argument, word_t number)
{
    /* The interface has this call in every kernel that prints; without the list of threads it prints nothing.
     */
    return (long)number == SYS_DEBUG_DUMP_SCHEDULER && console_enabled;
}
#endif

bool debug_syscall(struct tcb *thread, word_t argument, word_t number)
{
    if ((long)number == SYS_DEBUG_PUT_CHAR && console_enabled) {
        console_put((char)argument);
        return true;
    }
    return inspect(thread, argument, number);
}
