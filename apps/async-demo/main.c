/*
 * Shows each asynchronous call with its expected and its seen result. Sets up a queue and an executor, runs
 * the steps one after the other in a coroutine, and ends with a verdict in one line.
 */
#include <stdarg.h>
#include <stdio.h>

#include "demo.h"

#include <rel4/setup.h>
#include <rel4/uintr.h>

#define RINGS     0x2000000000
#define RING_BITS 8

enum {
    COROUTINES = 80,
    STACK_BYTES = 8192, /* printf() needs some */
    POLLS = 2000,       /* about as long as blocking and waking up take */
    PRIORITY = 3
};

static const struct step {
    const char *title;
    void (*run)(void);
} steps[] = {
    { "Output: characters, strings, and the address of a page", show_output },
    { "Notifications: made, bound to a thread, and unbound", show_notification },
    { "Mapping: a table and a page, used, and taken away again", show_mapping },
    { "Negative control: without the map there is no access", show_control },
    { "Batches: 64 coroutines call at the same time", show_batch },
};

enum {
    STEP_COUNT = sizeof(steps) / sizeof(steps[0]),
};

seL4_CPtr demo_queue;

static struct rel4_executor executor;
static struct rel4_thread thread;
static char handler_stack[2048] __attribute__((aligned(16)));
static char pool[REL4_COROUTINES_BYTES(COROUTINES, STACK_BYTES)];
static unsigned checks, failures;

void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    printf("      ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

static void count(bool good)
{
    checks++;
    failures += !good;
    printf("  %s  ", good ? "ok" : "NO");
}

void expect(const char *what, seL4_Word expected, seL4_Word seen)
{
    count(expected == seen);
    printf("%s: expected 0x%lx, seen 0x%lx\n", what, expected, seen);
}

void expect_fact(const char *what, bool expected, bool seen)
{
    count(expected == seen);
    printf("%s: expected %s, seen %s\n", what, expected ? "yes" : "no", seen ? "yes" : "no");
}

void expect_error(const char *what, int expected, int seen)
{
    count(expected == seen);
    printf("%s: expected %s, seen %s\n", what, rel4_error_name(expected), rel4_error_name(seen));
}

/* Makes the notification that signals answers, binds it to this thread and, if there are user interrupts,
 * registers the thread as its receiver. Returns the badged copy, or null. */
static seL4_CPtr make_notification(enum rel4_backend backend)
{
    seL4_CPtr notification = simple_object(seL4_NotificationObject, 0);

    rel4_init(&(struct rel4_resources){ .backend = backend });
    rel4_thread_init(&thread, seL4_CapInitThreadTCB);
    if (seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification)) {
        return seL4_CapNull;
    }
    if (backend != REL4_BACKEND_NONE &&
        rel4_uintr_register_receiver(
            notification, &(struct rel4_receiver_options){ .stack = handler_stack,
                                                           .stack_bytes = sizeof(handler_stack) })) {
        return seL4_CapNull;
    }
    return simple_mint(notification, seL4_AllRights, 1);
}

static bool set_up(void)
{
    static const char *const deliveries[] = { "nobody", "the controller", "the kernel" };
    const seL4_BootInfo *bi = seL4_GetBootInfo();
    enum rel4_backend backend = rel4_backend_of(bi);
    seL4_CPtr notification = make_notification(backend);
    int error = rel4_queue_create(
        &executor.queue, &(struct rel4_queue_options){
                             .untyped = simple_object(seL4_UntypedObject, 18),
                             .cnode = seL4_CapInitThreadCNode,
                             .first_slot = simple_alloc_slots(rel4_queue_slots(RING_BITS, RING_BITS + 1)),
                             .vspace = seL4_CapInitThreadVSpace,
                             .vaddr = RINGS,
                             .tcb = seL4_CapInitThreadTCB,
                             .notification = notification,
                             .request_bits = RING_BITS,
                             .response_bits = RING_BITS + 1,
                         });

    if (error) {
        printf("making the queue: %s\n", rel4_error_name(error));
        return false;
    }
    demo_queue = executor.queue.cap;
    error = rel4_executor_init(&executor, &(struct rel4_executor_options){ .memory = pool,
                                                                           .memory_bytes = sizeof(pool),
                                                                           .stack_bytes = STACK_BYTES,
                                                                           .polls = POLLS,
                                                                           .answer_bit = 1 });
    printf("\nasync-demo: asynchronous system calls on %lu hart(s)\n", bi->numNodes);
    say("the thread has a queue with two rings of %u items at 0x%lx, and room for %u coroutines",
        1u << RING_BITS, RINGS, COROUTINES);
    say("user interrupts: %s, delivered by %s; answers are signalled as bit 0", rel4_backend_name(backend),
        deliveries[rel4_uintr_delivery()]);
    return !error && faults_init();
}

static void run_step(void *arg)
{
    const struct step *step = arg;

    step->run();
}

static void run(const struct step *step)
{
    struct rel4_stats before, after;

    rel4_stats(&before);
    rel4_coroutine_create(run_step, (void *)step, PRIORITY);
    expect("coroutines that are left over", 0, rel4_run());
    rel4_stats(&after);
    say("calls through the ring: %lu, by trap: %lu", after.submitted - before.submitted,
        after.by_trap - before.by_trap);
    expect("calls through the ring without an answer", 0, after.submitted - after.answered);
    expect("calls by trap", 0, after.by_trap - before.by_trap);
}

int main(void)
{
    simple_init(seL4_GetBootInfo());
    if (!set_up()) {
        printf("async-demo: FAIL, there is no queue\n");
        return 1;
    }
    for (int i = 0; i < STEP_COUNT; i++) {
        printf("[%d/%d] %s\n", i + 1, STEP_COUNT, steps[i].title);
        run(&steps[i]);
    }
    printf("async-demo: %s, %u of %u checks are as expected\n", failures ? "FAIL" : "PASS", checks - failures,
           checks);
    return failures != 0;
}
