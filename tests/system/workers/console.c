/*
 * Strings on the console (printers.h). Who prints one holds the console, also while it does not run; and
 * whatever becomes of the holder, the first of those who wait goes on. What they do meanwhile is in
 * console_others.c.
 */
#include <string.h>

#include <rel4/rel4.h>
#include <rel4/uintr.h>

#include "printers.h"

/* Cases with a thread as holder, or with a ring. act: what becomes of it; afterwards: when the others have
 * printed. */
static void try_case(const char *name, struct printer *(*new_holder)(char, unsigned, seL4_Word, seL4_Word),
                     void (*act)(void), void (*afterwards)(void), const char *pattern)
{
    begin_case(name);
    if (hold(new_holder('P', HOLDER_LINES, MIDDLE, 0)) && let_others_wait()) {
        if (act) {
            act();
        }
        await_others();
        if (afterwards) {
            afterwards();
        }
    }
    end_case(pattern);
}

TEST("workers console: others wait for the end of a string, and print in their order")
{
    if (on_instruction_clock()) {
        try_case("thread-completes", new_thread, NULL, await_holder, "PW");
        try_case("ring-completes", new_ring, NULL, await_holder, "PW");
    }
}

/* ---- The holder leaves its call ---- */

static void suspend(void)
{
    CHECK_OK(seL4_TCB_Suspend(holder->thread->tcb));
}

static void resume(void)
{
    CHECK_OK(seL4_TCB_Resume(holder->thread->tcb));
    await_holder();
}

TEST("workers console: the holder is suspended, and others print; resumed, it prints the rest")
{
    if (on_instruction_clock()) {
        try_case("thread-suspended", new_thread, suspend, resume, "PWP");
        try_case("ring-suspended", new_ring, suspend, resume, "PWP");
    }
}

static void leave_domain(void)
{
    CHECK_ANSWER(domain_set(1, holder->thread->tcb), seL4_NoError);
}

static void come_back(void)
{
    CHECK_ANSWER(domain_set(0, holder->thread->tcb), seL4_NoError);
    await_holder();
}

TEST("workers console: the holder goes to a domain without time, and others print; back, it prints the rest")
{
    if (on_instruction_clock() && domains() > 1) {
        try_case("thread-domain", new_thread, leave_domain, come_back, "PWP");
        try_case("ring-domain", new_ring, leave_domain, come_back, "PWP");
    }
}

static void write_registers(void)
{
    seL4_UserContext context = { .pc = (seL4_Word)victim_handler };

    CHECK_OK(seL4_TCB_WriteRegisters(holder->thread->tcb, false, 0, ABI_REG_COUNT, &context));
}

TEST("workers console: the holder gets new registers, and others print")
{
    if (on_instruction_clock()) {
        try_case("thread-registers", new_thread, write_registers, NULL, "pW");
    }
}

static void delete_thread(void)
{
    CHECK_OK(seL4_CNode_Delete(CNODE, holder->thread->tcb, DEPTH));
}

TEST("workers console: the holder is deleted, and others print")
{
    if (on_instruction_clock()) {
        try_case("thread-deleted", new_thread, delete_thread, NULL, "pW");
        try_case("ring-thread-deleted", new_ring, delete_thread, NULL, "pW");
    }
}

static void reset(void)
{
    CHECK_OK(INVOKE(holder->queue->cap, REL4_LABEL_QUEUE_RESET, .length = 0).error);
}

static void detach(void)
{
    CHECK_OK(INVOKE(holder->queue->cap, REL4_LABEL_QUEUE_DETACH, .length = 0).error);
}

static void delete_queue(void)
{
    CHECK_OK(seL4_CNode_Delete(CNODE, holder->queue->cap, DEPTH));
}

TEST("workers console: the queue that holds the console is reset, detached or deleted, and others print")
{
    if (on_instruction_clock()) {
        try_case("ring-reset", new_ring, reset, NULL, "pW");
        try_case("ring-detached", new_ring, detach, NULL, "pW");
        try_case("ring-deleted", new_ring, delete_queue, NULL, "pW");
    }
}

static void take_buffer(void)
{
    CHECK_OK(seL4_TCB_SetIPCBuffer(holder->thread->tcb, 0, 0));
}

static void find_truncated(void)
{
    AWAIT(holder->bit);
    CHECK_ERROR(holder->error, seL4_TruncatedMessage);
}

static void take_capability(void)
{
    CHECK_OK(seL4_CNode_Delete(CNODE, holder->through, DEPTH));
}

static void find_no_capability(void)
{
    AWAIT(holder->bit);
    CHECK_ERROR(holder->error, seL4_InvalidCapability);
}

TEST("workers console: the holder's call fails when it is repeated, and others print")
{
    if (on_instruction_clock()) {
        try_case("thread-buffer", new_thread, take_buffer, find_truncated, "pW");
        try_case("thread-capability", new_thread, take_capability, find_no_capability, "pW");
    }
}

static void print_second(void)
{
    find_no_capability();
    struct printer *second = new_thread('Q', WAITER_LINES, MIDDLE, 0);
    start_printing(second);
    await_printed(second);
}

TEST("workers console: a string that failed in its middle does not shorten the next one")
{
    if (on_instruction_clock()) {
        try_case("next-string", new_thread, take_capability, print_second, "pWQ");
    }
}

TEST("workers console: the holder is not run for a slice, and others print meanwhile")
{
    if (!on_instruction_clock() || test_nodes() < 2) {
        return; /* where the others have a hart of their own */
    }
    for (unsigned ring = 0; ring <= 1; ring++) {
        begin_case(ring ? "ring-not-run" : "thread-not-run");
        if (hold((ring ? new_ring : new_thread)('P', HOLDER_LINES, MIDDLE, 0)) && let_others_wait()) {
            /* This thread is more important. */
            for (seL4_Word from = now(); now() - from < 7 * TICK;) {
            }
            for (unsigned i = 0; i < waiter_count; i++) {
                CHECK(has_printed(waiters[i]));
            }
            CHECK(!has_printed(holder));
            await_others();
            await_holder();
        }
        end_case("PWP");
    }
}

TEST("workers console: the holder is kept from running for less than a slice, and goes on")
{
    if (!on_instruction_clock() || test_nodes() < 2) {
        return;
    }
    begin_case("thread-kept-shortly");
    if (hold(new_thread('P', HOLDER_LINES, MIDDLE, 0)) && let_others_wait()) {
        for (seL4_Word from = now(); now() - from < 3 * TICK;) {
        }
        await_holder();
        await_others();
    }
    end_case("PW");
}

/* ---- Handlers ---- */

static struct {
    struct rel4_thread record;
    char stack[4096] __attribute__((aligned(16)));
    seL4_CPtr notification, registered;
    bool prints;
    volatile bool entered;
} receiver;

static void handle(seL4_Word bits, void *arg)
{
    receiver.entered = true;
    if (receiver.prints) {
        /* Only the words that the interrupted call has in registers: three. */
        static const char line[] = "H00/01 HHHHHHHHHHHHHHHH\n";
        CHECK_OK(rel4_AsyncQueue_PutString(console, line, sizeof(line) - 1));
        return;
    }
    for (;;) {
        seL4_Wait(never, NULL);
    }
}

static void receive_and_print(void *arg)
{
    struct printer *printer = arg;

    rel4_thread_init(&receiver.record, printer->thread->tcb);
    CHECK_OK(rel4_uintr_register_receiver(
        receiver.notification, &(struct rel4_receiver_options){ .handler = handle,
                                                                .stack = receiver.stack,
                                                                .stack_bytes = sizeof(receiver.stack) }));
    seL4_Signal(receiver.registered);
    seL4_Wait(printer->go, NULL);
    print(arg);
}

static struct printer *new_receiver(char letter, unsigned lines, seL4_Word priority, seL4_Word node)
{
    struct printer *printer = new_printer(letter, lines);

    memset(&receiver.record, 0, sizeof(receiver.record));
    receiver.notification = test_object(seL4_NotificationObject, 0);
    receiver.entered = false;
    rel4_init(&(struct rel4_resources){ .backend = rel4_backend_of(test_bootinfo) });
    receiver.registered = teller(FIRST);
    printer->go = test_object(seL4_NotificationObject, 0);
    printer->thread = make(receive_and_print, printer, priority, node);
    put_message(printer);
    CHECK_OK(seL4_TCB_BindNotification(printer->thread->tcb, receiver.notification));
    test_thread_start(printer->thread);
    AWAIT(FIRST);
    let_run(MILLISECOND); /* it waits */
    return printer;
}

static void signal_receiver(void)
{
    seL4_Signal(test_mint(receiver.notification, seL4_AllRights, 1));
}

TEST("workers console: the holder enters a handler that does not return, and others print")
{
    if (on_instruction_clock()) {
        receiver.prints = false;
        try_case("thread-handler", new_receiver, signal_receiver, NULL, "pW");
    }
}

TEST("workers console: a string that a handler prints comes between, and both come once")
{
    if (on_instruction_clock()) {
        receiver.prints = true;
        begin_case("thread-nested");
        if (hold(new_receiver('P', HOLDER_LINES, MIDDLE, 0))) {
            signal_receiver();
            await_holder();
            CHECK(receiver.entered);
        }
        end_case("PHP");
    }
}
