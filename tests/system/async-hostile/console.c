/*
 * The turn on the console, where threads and queues that have it, or wait for it, are changed, replaced and
 * deleted meanwhile. Whatever they do, somebody else can print afterwards.
 *
 * The strings are nothing but ends of lines, so that they leave the lines of the tests alone.
 */
#include "clock.h"
#include "queue.h"

#include <rel4/invocations.h>

#include <string.h>

#define MICROSECOND 10ul /* in counts of the time counter, at 10 MHz */
#define MILLISECOND (1000 * MICROSECOND)

#define LOW    (TEST_PRIORITY - 40)
#define MIDDLE (TEST_PRIORITY - 30)
#define HIGH   (TEST_PRIORITY - 20)

static char text[REL4_PUT_STRING_MAX];
static struct queue *queue;
static seL4_CPtr service; /* a capability of it, which is replaced */

static void pause(seL4_Word counts)
{
    for (seL4_Word start = now(); now() - start < counts;) {
    }
}

static void print_for_ever(void *arg)
{
    for (;;) {
        rel4_AsyncQueue_PutString(service, text, sizeof(text));
    }
}

static void print_once(void *arg)
{
    rel4_AsyncQueue_PutString(queue->cap, text, 1);
    *(volatile bool *)arg = true;
}

static void spin(void *arg)
{
    for (;;) {
    }
}

static void sleep_for_ever(void *arg)
{
    for (;;) {
        seL4_Wait((seL4_CPtr)arg, NULL);
    }
}

static struct test_thread *create(void (*entry)(void *), void *arg, seL4_Word priority, seL4_Word node)
{
    struct test_thread *thread = test_thread_create(entry, arg, priority, 0);

    test_thread_set_node(thread, node);
    return thread;
}

/* A queue of a thread on node 1 that sleeps. False where there are not enough harts. */
static bool set_up(seL4_Word nodes)
{
    if (test_nodes() < nodes) {
        return false;
    }
    struct test_thread *owner =
        create(sleep_for_ever, (void *)test_object(seL4_NotificationObject, 0), MIDDLE, 1);
    memset(text, '\n', sizeof(text));
    queue = queue_new(owner->tcb, 6, 6);
    service = test_mint(queue->cap, seL4_AllRights, 0);
    test_thread_start(owner);
    return true;
}

/* A thread that is less important than all others can print, also while others change priorities. */
static void check_console_is_free(void)
{
    static volatile bool has_printed;
    seL4_CPtr other = test_object(seL4_TCBObject, 0);

    has_printed = false;
    test_thread_start(create(print_once, (void *)&has_printed, LOW - 1, 2));
    for (seL4_Word start = now(); !has_printed && now() - start < 1000 * MILLISECOND;) {
        CHECK_OK(seL4_TCB_SetPriority(other, seL4_CapInitThreadTCB, LOW));
        pause(100 * MICROSECOND);
    }
    CHECK(has_printed);
}

/* Replaces the capability that a request in hand is made with. */
static void replace_service(seL4_CPtr by)
{
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, service, seL4_WordBits));
    CHECK_OK(seL4_CNode_Copy(seL4_CapInitThreadCNode, service, seL4_WordBits, seL4_CapInitThreadCNode, by,
                             seL4_WordBits, seL4_AllRights));
}

/* A printer on node 1 that is stopped in a string by something more important, which is returned. */
static struct test_thread *stop_in_string(struct test_thread *printer)
{
    struct test_thread *spinner = create(spin, NULL, TEST_PRIORITY, 1);

    test_thread_start(printer);
    pause(3 * MILLISECOND);
    test_thread_start(spinner);
    pause(MILLISECOND);
    return spinner;
}

TEST("async console: a worker that waits for the console can become more important than who has it")
{
    if (!set_up(2)) {
        return;
    }
    seL4_CPtr never = test_object(seL4_NotificationObject, 0);
    struct test_thread *owner = create(sleep_for_ever, (void *)never, LOW, 0);
    struct queue *waiting = queue_new(owner->tcb, 6, 6);

    test_thread_start(owner);
    test_thread_start(create(print_for_ever, NULL, MIDDLE, 1));
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, LOW - 1));
    for (unsigned i = 0; i < 100; i++) {
        queue_put(waiting, i, queue->cap, REL4_LABEL_QUEUE_PUT_STRING,
                  &(struct arguments){ .length = 2, .words = { 1, '\n' } });
        queue_go(waiting);
        CHECK_OK(seL4_TCB_SetPriority(owner->tcb, seL4_CapInitThreadTCB, HIGH));
        struct response response = queue_wait(waiting);
        CHECK_RESPONSE(&response, i, seL4_NoError);
        CHECK_OK(seL4_TCB_SetPriority(owner->tcb, seL4_CapInitThreadTCB, LOW));
    }
}

TEST("async console: who had it before others came in between can become more important than these")
{
    for (unsigned i = 0; i < 10 && set_up(3); i++) {
        struct test_thread *first = create(print_for_ever, NULL, LOW, 1);
        struct test_thread *second = create(print_for_ever, NULL, MIDDLE, 1);
        struct test_thread *spinner = stop_in_string(first);
        test_thread_start(second);
        CHECK_OK(seL4_TCB_Suspend(spinner->tcb));
        pause(3 * MILLISECOND);
        CHECK_OK(seL4_TCB_Resume(spinner->tcb));
        pause(MILLISECOND);
        /* The first one waits for the second, on a hart of its own. */
        test_thread_set_node(first, 2);
        pause(3 * MILLISECOND);
        CHECK_OK(seL4_TCB_SetPriority(first->tcb, seL4_CapInitThreadTCB, HIGH));
        pause(10 * MILLISECOND);
        CHECK_OK(seL4_TCB_Suspend(first->tcb));
        CHECK_OK(seL4_TCB_Suspend(spinner->tcb));
        pause(10 * MILLISECOND);
        CHECK_OK(seL4_TCB_Suspend(second->tcb));
        check_console_is_free();
        test_reset();
    }
}

TEST("async console: a call that becomes another one, in which its thread blocks, lets it go")
{
    for (unsigned i = 0; i < 10 && set_up(3); i++) {
        struct test_thread *spinner = stop_in_string(create(print_for_ever, NULL, MIDDLE, 1));
        replace_service(test_object(seL4_EndpointObject, 0));
        CHECK_OK(seL4_TCB_Suspend(spinner->tcb));
        pause(MILLISECOND);
        check_console_is_free();
        test_reset();
    }
}

TEST("async console: a request that becomes a signal lets it go")
{
    for (unsigned i = 0; i < 10 && set_up(3); i++) {
        struct test_thread *spinner = create(spin, NULL, TEST_PRIORITY, 1);
        for (unsigned n = 0; n < 4; n++) {
            seL4_Word words[REL4_MAX_WORDS] = { sizeof(text) };
            memset(&words[1], '\n', sizeof(text));
            queue_put_words(queue, n, service, rel4_header(REL4_LABEL_QUEUE_PUT_STRING, 0, REL4_MAX_WORDS, 0),
                            words, REL4_MAX_WORDS);
        }
        queue_go(queue);
        pause(100 * MICROSECOND);
        test_thread_start(spinner);
        pause(MILLISECOND);
        replace_service(test_object(seL4_NotificationObject, 0));
        CHECK_OK(seL4_TCB_Suspend(spinner->tcb));
        pause(MILLISECOND);
        check_console_is_free();
        test_reset();
    }
}

/* Prints what is in the registers from s0 on, for ever. */
static const uint32_t loop[] = {
    0x00040513, /* mv a0, s0 */
    0x00048593, /* mv a1, s1 */
    0x00090613, /* mv a2, s2 */
    0x00000073, /* ecall */
    0xff1ff06f, /* j to the first */
};

#define JUMP_TO_ITSELF 0x0000006fu

TEST("async console: who does not go on with its call for a slice loses it, also if its registers stay")
{
    for (unsigned i = 0; i < 10 && set_up(3); i++) {
        struct test_thread *printer = create(spin, NULL, MIDDLE, 1);
        volatile uint32_t *code = (volatile uint32_t *)(queue->memory + queue->pages * 4096ul);
        seL4_UserContext regs = { .pc = (seL4_Word)code,
                                  .s0 = queue->cap,
                                  .s1 = (seL4_Word)REL4_LABEL_QUEUE_PUT_STRING << 12 | REL4_MAX_WORDS,
                                  .s2 = sizeof(text),
                                  .a3 = 0x0a0a0a0a0a0a0a0a,
                                  .a4 = 0x0a0a0a0a0a0a0a0a,
                                  .a5 = 0x0a0a0a0a0a0a0a0a,
                                  .a7 = (seL4_Word)-1 };
        CHECK_OK(seL4_RISCV_Page_Map(test_object(seL4_RISCV_4K_Page, 0), seL4_CapInitThreadVSpace,
                                     (seL4_Word)code, seL4_ReadWrite, seL4_RISCV_Default_VMAttributes));
        for (unsigned n = 0; n < sizeof(loop) / sizeof(loop[0]); n++) {
            code[n] = loop[n];
        }
        memset(printer->buffer->msg, '\n', sizeof(printer->buffer->msg));
        CHECK_OK(seL4_TCB_WriteRegisters(printer->tcb, false, 0, sizeof(regs) / sizeof(seL4_Word), &regs));
        struct test_thread *spinner = stop_in_string(printer);
        code[3] = JUMP_TO_ITSELF;
        CHECK_OK(seL4_TCB_Suspend(spinner->tcb));
        pause(MILLISECOND);
        check_console_is_free();
        test_reset();
    }
}
