/*
 * Printing by both doors, and a case; see printers.h.
 */
#include "printers.h"

#include <string.h>

#include <rel4/rel4.h>

#define PRINTERS 8

seL4_CPtr console;
struct printer *holder, *waiters[4];
unsigned waiter_count;

static struct printer printers[PRINTERS];
static unsigned printers_used;
static seL4_Word string_nanoseconds; /* what the holder's takes */
static struct spinner keeper;        /* keeps the holder from running while others come */

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

void print(void *arg)
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

struct printer *new_printer(char letter, unsigned lines)
{
    struct printer *printer = &printers[printers_used];

    memset(printer, 0, sizeof(*printer));
    make_text(printer, letter, lines);
    printer->bit = 0x100ul << printers_used++;
    printer->done = teller(printer->bit);
    printer->through = test_mint(console, seL4_AllRights, 0);
    return printer;
}

void put_message(struct printer *printer)
{
    memcpy(&printer->thread->buffer->msg[1], printer->text, printer->length);
}

struct printer *new_thread(char letter, unsigned lines, seL4_Word priority, seL4_Word node)
{
    struct printer *printer = new_printer(letter, lines);

    printer->thread = make(print, printer, priority, node);
    put_message(printer);
    return printer;
}

void put_string(struct printer *printer)
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

struct printer *new_ring(char letter, unsigned lines, seL4_Word priority, seL4_Word node)
{
    struct printer *printer = new_printer(letter, lines);

    printer->thread = start(sleep_for_ever, NULL, priority, node);
    printer->queue = queue_new(printer->thread->tcb, 5, REL4_POLICY_CALL);
    let_run(MILLISECOND / 10);
    put_string(printer);
    return printer;
}

void start_printing(struct printer *printer)
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

bool has_printed(struct printer *printer)
{
    return printer->queue ? answers(printer->queue) > 0 : printer->returned;
}

void await_printed(struct printer *printer)
{
    if (printer->queue) {
        TAKE(printer->queue, 1);
    } else if (AWAIT(printer->bit)) {
        CHECK_OK(printer->error);
    }
}

/* ---- A case ---- */

seL4_Word last_node(void)
{
    return test_nodes() > 1 ? 1 : 0;
}

void begin_case(const char *name)
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

void end_case(const char *pattern)
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

bool hold(struct printer *printer)
{
    holder = printer;
    start_printing(holder);
    let_run(string_nanoseconds / 2);
    CHECK(!has_printed(holder));
    return !has_printed(holder);
}

bool let_others_wait(void)
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

void await_others(void)
{
    keeper.stop = true;
    for (unsigned i = 0; i < waiter_count; i++) {
        await_printed(waiters[i]);
    }
}

void await_holder(void)
{
    keeper.stop = true;
    await_printed(holder);
}
