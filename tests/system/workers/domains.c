/*
 * Domains: a queue is served only while its thread's domain has the hart, and takes nothing from the time of
 * another, also where the hart has nothing else to do. Kernels of several domains use one hart.
 */
#include <rel4/invocations.h>

#include "workers.h"

#define FOREVER  (LIBSEL4_BIT(56) - 1)
#define REQUESTS 32
#define SLOW     500 /* slow requests, of many ticks together */

static struct rel4_queue *queue;

/* Domain 0 and domain 1 by turns, or domain 0 alone. */
static void take_turns(bool turns)
{
    CHECK_ANSWER(domain_schedule(1, turns, turns), seL4_NoError);
    CHECK_ANSWER(domain_schedule(0, 0, turns ? 1 : FOREVER), seL4_NoError);
    CHECK_ANSWER(domain_start(0), seL4_NoError);
}

static bool several_domains(void)
{
    return domains() > 1;
}

/* The queue of a thread in domain 1 that waits there. */
static void prepare(seL4_Word policy)
{
    test_reset();
    begin();
    struct test_thread *owner = start(sleep_for_ever, NULL, HIGH, 0);
    let_run(MILLISECOND / 2);
    CHECK_ANSWER(domain_set(1, owner->tcb), seL4_NoError);
    queue = queue_new(owner->tcb, 10, policy);
}

static void publish_and_wake(void)
{
    rel4_queue_publish(queue);
    CHECK(rel4_queue_must_wake(queue));
    CHECK_OK(wake(queue));
}

TEST("workers domains: a queue is not served in another domain than its thread's, whatever the hart does "
     "there")
{
    for (unsigned i = 0; i < 4 && several_domains(); i++) {
        prepare(i % 2 ? REL4_POLICY_TICK : REL4_POLICY_CALL);
        if (i < 2) {
            occupy(0);
        }
        put_many(queue, REQUESTS);
        publish_and_wake();
        let_run(5 * MILLISECOND);
        CHECK_EQUAL(answers(queue), 0);
        take_turns(true);
        CHECK(answered_within(queue, REQUESTS, ticks(4)));
        take_turns(false);
        TAKE(queue, REQUESTS);
    }
}

static struct {
    volatile bool stop;
    volatile seL4_Word longest; /* between two looks at the clock */
} watch;

static void watch_clock(void *unused)
{
    for (seL4_Word last = now(), time; !watch.stop; last = time) {
        time = now();
        if (time - last > watch.longest) {
            watch.longest = time - last;
        }
    }
}

static void wake_always(void *unused)
{
    for (;;) {
        wake(queue);
    }
}

/* The thread of domain 0 waits for one tick of domain 1, and for what cannot be interrupted. */
static void check_gaps(const char *how)
{
    put_many(queue, 1); /* so that the slow ones do not begin the batch */
    slow_begin();
    for (unsigned i = 0; i < SLOW; i++) {
        put_slow(queue);
    }
    watch.stop = false;
    start(watch_clock, NULL, MIDDLE, 0);
    publish_and_wake();
    take_turns(true);
    let_run(2 * TICK * 100);
    watch.longest = 0;
    let_run(20 * TICK * 100);
    watch.stop = true;
    CHECK(answers(queue) > 0);
    take_turns(false);
    if (watch.longest > TICK + TICK / 8 || watch.longest < TICK - TICK / 8) {
        test_fail(__FILE__, __LINE__,
                  "%s: the other domain was without the hart for %lu counts, a tick is %lu", how,
                  watch.longest, TICK);
    }
}

TEST("workers domains: a hart that serves, and has nothing else to do, stops when the domain's time ends")
{
    if (several_domains() && on_instruction_clock()) {
        prepare(REL4_POLICY_CALL);
        check_gaps("its thread waits");
    }
}

TEST("workers domains: a hart that serves in a wake call, or for a thread that counts, stops when the "
     "domain's time ends")
{
    static seL4_Word ignored;

    if (!several_domains() || !on_instruction_clock()) {
        return;
    }
    for (unsigned counts = 0; counts <= 1; counts++) {
        test_reset();
        begin();
        struct test_thread *owner = make(counts ? count : wake_always, &ignored, HIGH, 0);
        CHECK_ANSWER(domain_set(1, owner->tcb), seL4_NoError);
        queue = queue_new(owner->tcb, 10, REL4_POLICY_CALL);
        test_thread_start(owner);
        check_gaps(counts ? "its thread counts" : "its thread wakes it");
    }
}

TEST("workers domains: a queue that waits follows its thread into another domain and back")
{
    static struct spinner above;

    for (seL4_Word policy = REL4_POLICY_CALL; policy <= REL4_POLICY_TICK && several_domains(); policy++) {
        test_reset();
        begin();
        spinner_start(&above, HIGHER, 0);
        struct test_thread *owner = start(sleep_for_ever, NULL, HIGH, 0);
        queue = queue_new(owner->tcb, 6, policy);
        let_run(MILLISECOND / 2);
        spinner_spin(&above);
        put_many(queue, REQUESTS);
        publish_and_wake();
        CHECK_ANSWER(domain_set(1, owner->tcb), seL4_NoError);
        spinner_stop(&above);
        let_run(5 * MILLISECOND);
        CHECK_EQUAL(answers(queue), 0);
        CHECK_ANSWER(domain_set(0, owner->tcb), seL4_NoError);
        CHECK(answered_within(queue, REQUESTS, ticks(2)));
        TAKE(queue, REQUESTS);
    }
}

static seL4_CPtr console;
static volatile seL4_Word strings[2]; /* by domain */

/* Strings of zeroes, which nobody sees. */
static void print_zeros(void *counter)
{
    static const char zeros[800];

    for (;;) {
        CHECK_OK(rel4_AsyncQueue_PutString(console, zeros, sizeof(zeros)));
        ++*(volatile seL4_Word *)counter;
    }
}

/* How many strings a thread of domain 0 prints, and one of domain 1 if it is there, in 10 rounds of slices.
 */
static void print_in_turns(bool both)
{
    test_reset();
    begin();
    console = test_object(REL4_TYPE_ASYNC_QUEUE, 0);
    for (seL4_Word domain = 0; domain < (both ? 2 : 1); domain++) {
        strings[domain] = 0;
        struct test_thread *printer = make(print_zeros, (void *)&strings[domain], MIDDLE, 0);
        CHECK_ANSWER(domain_set(domain, printer->tcb), seL4_NoError);
        test_thread_start(printer);
    }
    CHECK_ANSWER(domain_schedule(1, 1, 5), seL4_NoError);
    CHECK_ANSWER(domain_schedule(0, 0, 5), seL4_NoError);
    CHECK_ANSWER(domain_start(0), seL4_NoError);
    let_run(100 * TICK * 100);
    take_turns(false);
}

TEST("workers domains: threads of two domains print, each as much as alone in its domain's time")
{
    if (!several_domains() || !on_instruction_clock()) {
        return;
    }
    print_in_turns(false);
    seL4_Word alone = strings[0];
    print_in_turns(true);
    test_note("%lu strings alone; %lu and %lu of two domains", alone, strings[0], strings[1]);
    CHECK(strings[0] * 10 >= alone * 9);
    CHECK(strings[1] * 10 >= alone * 9);
}
