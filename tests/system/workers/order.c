/*
 * The place in the list of a priority, of threads that requests let run and of a worker that had to
 * stop: 1.11 of the interface, for rings.
 */
#include <string.h>

#include "workers.h"

#define REQUESTS 20
#define ATTEMPTS 100 /* until no slice ends in between */

static char order[8];
static volatile unsigned length;
static struct rel4_queue *queue;

static void say(void *letter)
{
    order[length++] = (char)(seL4_Word)letter;
}

static void wake_own(void *unused)
{
    wake(queue);
}

static void begin_attempt(void)
{
    test_reset();
    begin();
    occupy_harts_but(test_nodes());
    make_bystander(0);
}

/* Waits until all that is more important than the bystander has run. Whether that took less than a slice. */
static bool all_run_within_slice(seL4_Word from)
{
    BELOW_RUNS();
    return now() - from < SLICE - TICK;
}

/* A thread has three of MIDDLE resumed, in its wake call or as it waits. */
static void resume_three(seL4_Word priority, bool waits)
{
    seL4_Word from;

    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        begin_attempt();
        memset(order, 0, sizeof(order));
        length = 0;
        struct test_thread *owner = make(waits ? sleep_for_ever : wake_own, NULL, priority, 0);
        queue = queue_new(owner->tcb, 5, REL4_POLICY_CALL);
        for (seL4_Word i = 0; i < 3; i++) {
            PUT(queue, make(say, (void *)('A' + i), MIDDLE, 0)->tcb, TCBResume, .length = 0);
        }
        rel4_queue_publish(queue);
        from = now();
        test_thread_start(owner);
        if (all_run_within_slice(from)) {
            break;
        }
    }
    if (strcmp(order, "CBA") != 0) {
        test_fail(__FILE__, __LINE__, "priority %lu, %s: the order is %s, expected CBA", priority,
                  waits ? "as it waits" : "in its wake call", order);
    }
}

TEST("workers order: of threads that a batch resumes the last one runs first, also among equals of its own "
     "thread")
{
    for (seL4_Word priority = MIDDLE; priority <= HIGH; priority += HIGH - MIDDLE) {
        resume_three(priority, false);
        resume_three(priority, true);
    }
}

#if CONFIG_MAX_NUM_NODES > 1
static seL4_CPtr middle;
static volatile unsigned answered;

static void wait_once(void *unused)
{
    seL4_Wait(middle, NULL);
}

static void look(void *unused)
{
    answered = answers(queue);
}

/* Its thread waits already. */
static void make_queue_of_sleeper(void)
{
    queue = queue_new(start(sleep_for_ever, NULL, MIDDLE, 0)->tcb, 6, REL4_POLICY_CALL);
    BELOW_RUNS();
}

TEST("workers order: a worker that something more important stops goes on before its equals")
{
    seL4_Word from;

    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        begin_attempt();
        middle = test_object(seL4_NotificationObject, 0);
        start(wait_once, NULL, HIGHER, 0);
        make_queue_of_sleeper();
        put_many(queue, REQUESTS);
        PUT(queue, middle, 0, .length = 0);
        put_many(queue, REQUESTS);
        rel4_queue_publish(queue);
        /* The worker is before its equal. */
        struct test_thread *equal = start(look, NULL, MIDDLE, 0);
        CHECK_OK(wake(queue));
        test_thread_set_node(equal, 0);
        from = now();
        if (all_run_within_slice(from)) {
            break;
        }
    }
    CHECK_EQUAL(answered, 2 * REQUESTS + 1);
}

TEST("workers order: a worker that becomes ready does so behind its equals")
{
    seL4_Word from;

    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        begin_attempt();
        make_queue_of_sleeper();
        put_many(queue, REQUESTS);
        rel4_queue_publish(queue);
        start(look, NULL, MIDDLE, 0);
        CHECK_OK(wake(queue));
        from = now();
        if (all_run_within_slice(from)) {
            break;
        }
    }
    CHECK_EQUAL(answered, 0);
    TAKE(queue, REQUESTS);
}
#endif
