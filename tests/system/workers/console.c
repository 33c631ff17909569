/*
 * Strings on the console. Who prints one holds the console, also while it does not run; others wait, most
 * important first and then in order, and cost the hart nothing; and whatever becomes of the holder, the first
 * of them goes on.
 *
 * Each case prints what should have come between two lines of its own, for tests/boot/put-string.t. Each line
 * of a string has as many bytes as the kernel prints at once, so a string ends or is interrupted between
 * lines: a letter, the line's number and how many there are. What should have come is a pattern of letters; a
 * small one is a string that never came to its end.
 *
 * How long a string takes has to be known here, so all of this is where instructions are the clock.
 */
#include <string.h>

#include <rel4/rel4.h>
#include <rel4/uintr.h>

#include "workers.h"

#define LINE_BYTES   64ul
#define HOLDER_LINES 14 /* nearly as many as fit */
#define WAITER_LINES 3
#define TEXT_BYTES   (HOLDER_LINES * LINE_BYTES)
#define PRINTERS     8

struct printer {
    char text[TEXT_BYTES + 1];
    seL4_Word length;
    seL4_CPtr through; /* the capability that it prints by */
    struct test_thread *thread;
    struct rel4_queue *queue; /* if it prints by a ring */
    seL4_CPtr go;             /* if it has been started, and waits for that */
    seL4_CPtr done;
    seL4_Word bit; /* that done signals */
    volatile bool returned;
    volatile seL4_Error error;
};
static struct printer printers[PRINTERS];
static unsigned printers_used;

static seL4_CPtr console;
static seL4_Word string_nanoseconds; /* what the holder's takes */

static void make_text(struct printer *printer, char letter, unsigned lines)
{
    printer->length = 0;
    for (unsigned i = 0; i < lines; i++) {
        char *line = printer->text + printer->length;
        unsigned begin = (unsigned)sprintf(line, "%c%02u/%02u ", letter, i, lines);
        memset(line + begin, letter, LINE_BYTES - 1 - begin);
        line[LINE_BYTES - 1] = '\n';
        printer->length += LINE_BYTES;
    }
}

static void print(void *arg)
{
    struct printer *printer = arg;

    /* The bytes are in the message already, so that this is the time of the call alone. */
    printer->error =
        sel4_invoke(printer->through, REL4_LABEL_QUEUE_PUT_STRING, 0, 1 + printer->length / sizeof(seL4_Word),
                    printer->length, seL4_GetMR(1), seL4_GetMR(2), seL4_GetMR(3));
    printer->returned = true;
    seL4_Signal(printer->done);
    seL4_Wait(never, NULL);
}

static struct printer *new_printer(char letter, unsigned lines)
{
    struct printer *printer = &printers[printers_used];

    memset(printer, 0, sizeof(*printer));
    make_text(printer, letter, lines);
    printer->bit = 0x100ul << printers_used++;
    printer->done = teller(printer->bit);
    printer->through = test_mint(console, seL4_AllRights, 0);
    return printer;
}

/* A thread that prints. It has not been started. */
static struct printer *new_thread(char letter, unsigned lines, seL4_Word priority, seL4_Word node)
{
    struct printer *printer = new_printer(letter, lines);

    printer->thread = make(print, printer, priority, node);
    memcpy(&printer->thread->buffer->msg[1], printer->text, printer->length);
    return printer;
}

static void put_string(struct printer *printer)
{
    seL4_Word words[1 + TEXT_BYTES / sizeof(seL4_Word)] = { printer->length };

    memcpy(&words[1], printer->text, printer->length);
    CHECK(rel4_queue_put(
        printer->queue,
        &(struct rel4_request){ .cap = printer->through,
                                .label = REL4_LABEL_QUEUE_PUT_STRING,
                                .word_count = 1 + (unsigned)(printer->length / sizeof(seL4_Word)),
                                .words = words }));
}

/* A ring that prints, whose thread waits. */
static struct printer *new_ring(char letter, unsigned lines, seL4_Word priority, seL4_Word node)
{
    struct printer *printer = new_printer(letter, lines);

    printer->thread = start(sleep_for_ever, NULL, priority, node);
    printer->queue = queue_new(printer->thread->tcb, 5, REL4_POLICY_CALL);
    let_run(MILLISECOND / 10);
    put_string(printer);
    return printer;
}

static void start_printing(struct printer *printer)
{
    if (printer->queue) {
        rel4_queue_publish(printer->queue);
        CHECK(rel4_queue_must_wake(printer->queue));
        CHECK_OK(wake(printer->queue));
    } else if (printer->go) {
        seL4_Signal(printer->go);
    } else {
        test_thread_start(printer->thread);
    }
}

static bool has_printed(struct printer *printer)
{
    return printer->queue ? answers(printer->queue) > 0 : printer->returned;
}

/* Waits until it has printed, without an error. */
static void await_printed(struct printer *printer)
{
    if (printer->queue) {
        TAKE(printer->queue, 1);
    } else if (AWAIT(printer->bit)) {
        CHECK_OK(printer->error);
    }
}

/* ---- A case ---- */

static struct printer *holder, *waiters[4];
static unsigned waiter_count;
static struct spinner keeper; /* keeps the holder from running while others come */

static seL4_Word last_node(void)
{
    return test_nodes() > 1 ? 1 : 0;
}

static void begin_case(const char *name)
{
    test_reset();
    begin();
    printers_used = 0;
    waiter_count = 0;
    console = test_object(REL4_TYPE_ASYNC_QUEUE, 0);
    make_bystander(last_node());
    spinner_start(&keeper, test_nodes() > 1 ? HIGHER : MIDDLE, 0);
    for (seL4_Word node = 0; node < test_nodes(); node++) {
        occupy(node);
    }
    let_run(MILLISECOND); /* they wait, and count */
    if (!string_nanoseconds) {
        struct printer *printer = new_thread('T', HOLDER_LINES, MIDDLE, 0);
        test_thread_start(printer->thread);
        seL4_Word from = now();
        await_printed(printer);
        string_nanoseconds = (now() - from) * 100;
    }
    printf("console: begin %s\n", name);
}

/* pattern: with a W where the waiters' letters come, in the order in which they should. */
static void end_case(const char *pattern)
{
    printf("console: end ");
    for (; *pattern; pattern++) {
        if (*pattern == 'W') {
            printf(test_nodes() > 1 ? "BDAC" : "AB");
        } else {
            printf("%c", *pattern);
        }
    }
    printf("\n");
}

/* The holder is in the middle of its string, and does not run: this thread does. */
static bool hold(struct printer *printer)
{
    holder = printer;
    start_printing(holder);
    let_run(string_nanoseconds / 2);
    CHECK(!has_printed(holder));
    return !has_printed(holder);
}

/*
 * Others come, and wait. On one hart they are as important as the holder, and ready before it; on several
 * they are on another one, less important or as important, and one of them is a ring.
 */
static bool let_others_wait(void)
{
    seL4_Word node = last_node();

    spinner_go(&keeper);
    if (test_nodes() > 1) {
        waiters[waiter_count++] = new_thread('A', WAITER_LINES, MIDDLE - 10, node);
        waiters[waiter_count++] = new_thread('C', WAITER_LINES, MIDDLE - 10, node);
        waiters[waiter_count++] = new_ring('D', WAITER_LINES, MIDDLE - 5, node);
        waiters[waiter_count++] = new_thread('B', WAITER_LINES, MIDDLE, node);
        for (unsigned i = 0; i < waiter_count; i++) {
            start_printing(waiters[i]);
            /* It waits, so what is less important than all of them has the hart. */
            if (!BELOW_RUNS()) {
                return false;
            }
        }
    } else {
        waiters[waiter_count++] = new_thread('A', WAITER_LINES, MIDDLE, node);
        waiters[waiter_count++] = new_thread('B', WAITER_LINES, MIDDLE, node);
        start_printing(waiters[1]);
        start_printing(waiters[0]); /* which is the first to run, and the holder the last */
        let_run(MILLISECOND);
    }
    for (unsigned i = 0; i < waiter_count; i++) {
        CHECK(!has_printed(waiters[i]));
    }
    return !test_has_failed();
}

/* And then the holder can go on. */
static void await_others(void)
{
    keeper.stop = true;
    for (unsigned i = 0; i < waiter_count; i++) {
        await_printed(waiters[i]);
    }
}

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

static void await_holder(void)
{
    keeper.stop = true;
    await_printed(holder);
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
    (void)bits;
    (void)arg;
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
    memcpy(&printer->thread->buffer->msg[1], printer->text, printer->length);
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

/* ---- More important ones, and two strings of one thread ---- */

TEST("workers console: a more important thread or ring does not wait, but comes between")
{
    if (on_instruction_clock()) {
        begin_case("more-important");
        struct printer *ring = new_ring('Y', WAITER_LINES, HIGH, last_node());
        struct printer *thread = new_thread('X', WAITER_LINES, HIGH, last_node());
        if (hold(new_thread('P', HOLDER_LINES, MIDDLE, 0))) {
            start_printing(thread);
            await_printed(thread);
            start_printing(ring);
            await_printed(ring);
            await_holder();
        }
        end_case("PXP?YP");
    }
}

TEST("workers console: a string by a system call and one by the ring of the same thread come whole, one by "
     "one")
{
    if (on_instruction_clock()) {
        begin_case("both-doors");
        struct printer *thread = new_thread('P', HOLDER_LINES, MIDDLE, 0);
        struct printer *ring = new_printer('R', WAITER_LINES);
        ring->thread = thread->thread;
        ring->queue = queue_new(thread->thread->tcb, 5, REL4_POLICY_CALL);
        put_string(ring);
        if (hold(thread)) {
            start_printing(ring);
            await_printed(ring);
            await_printed(thread);
        }
        end_case("PR|RP|PRP");
    }
}

static struct printer *second;

static void print_second(void)
{
    find_no_capability();
    second = new_thread('Q', WAITER_LINES, MIDDLE, 0);
    start_printing(second);
    await_printed(second);
}

TEST("workers console: a string that failed in its middle does not shorten the next one")
{
    if (on_instruction_clock()) {
        try_case("next-string", new_thread, take_capability, print_second, "pWQ");
    }
}

/* ---- Those who wait ---- */

static void suspend_first(void)
{
    /* On one hart A, on several B. */
    CHECK_OK(seL4_TCB_Suspend(waiters[test_nodes() > 1 ? 3 : 0]->thread->tcb));
}

TEST("workers console: one who waits and is suspended waits no longer, and prints when it is resumed")
{
    if (on_instruction_clock()) {
        begin_case("waiter-suspended");
        if (hold(new_thread('P', HOLDER_LINES, MIDDLE, 0)) && let_others_wait()) {
            struct printer *first = waiters[test_nodes() > 1 ? 3 : 0];
            suspend_first();
            await_holder();
            for (unsigned i = 0; i < waiter_count; i++) {
                if (waiters[i] != first) {
                    await_printed(waiters[i]);
                }
            }
            CHECK(!has_printed(first));
            CHECK_OK(seL4_TCB_Resume(first->thread->tcb));
            await_printed(first);
        }
        end_case(test_nodes() > 1 ? "PDACB" : "PBA");
    }
}

TEST("workers console: one who waits and is deleted waits no longer, and the others print")
{
    if (on_instruction_clock()) {
        begin_case("waiter-deleted");
        if (hold(new_thread('P', HOLDER_LINES, MIDDLE, 0)) && let_others_wait()) {
            struct printer *first = waiters[test_nodes() > 1 ? 3 : 0];
            CHECK_OK(seL4_CNode_Delete(CNODE, first->thread->tcb, DEPTH));
            await_holder();
            for (unsigned i = 0; i < waiter_count; i++) {
                if (waiters[i] != first) {
                    await_printed(waiters[i]);
                }
            }
        }
        end_case(test_nodes() > 1 ? "PDAC" : "PB");
    }
}

TEST("workers console: one who waits and becomes more important comes before those that are less")
{
    if (on_instruction_clock() && test_nodes() > 1) {
        begin_case("waiter-raised");
        if (hold(new_thread('P', HOLDER_LINES, MIDDLE, 0)) && let_others_wait()) {
            CHECK_OK(seL4_TCB_SetPriority(waiters[1]->thread->tcb, SELF, MIDDLE - 2)); /* C */
            await_holder();
            await_others();
        }
        end_case("PBCDA");
    }
}

TEST("workers console: a signal does not wake one who waits for the console")
{
    if (on_instruction_clock()) {
        begin_case("waiter-signalled");
        if (hold(new_thread('P', HOLDER_LINES, MIDDLE, 0)) && let_others_wait()) {
            seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
            CHECK_OK(seL4_TCB_BindNotification(waiters[0]->thread->tcb, notification));
            seL4_Signal(test_mint(notification, seL4_AllRights, 1));
            let_run(MILLISECOND);
            CHECK(!has_printed(waiters[0]));
            await_holder();
            await_others();
        }
        end_case("PW");
    }
}

TEST("workers console: a queue that waits and is reset or detached waits no longer")
{
    for (unsigned detaches = 0; detaches <= 1 && on_instruction_clock() && test_nodes() > 1; detaches++) {
        begin_case(detaches ? "waiting-ring-detached" : "waiting-ring-reset");
        if (hold(new_thread('P', HOLDER_LINES, MIDDLE, 0)) && let_others_wait()) {
            CHECK_OK(INVOKE(waiters[2]->queue->cap,
                            detaches ? REL4_LABEL_QUEUE_DETACH : REL4_LABEL_QUEUE_RESET, .length = 0)
                         .error);
            await_holder();
            await_printed(waiters[3]);
            await_printed(waiters[0]);
            await_printed(waiters[1]);
        }
        end_case("PBAC");
    }
}
