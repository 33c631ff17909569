/*
 * No work is left behind: whatever happens to the hart that was called for a queue, to the queue's thread and
 * to its priority, the requests are served as soon as the thread's own hart runs nothing that is more
 * important. Where instructions are the clock, that is two ticks later at most.
 */
#include "workers.h"

#define REQUESTS 32 /* enough for a hart that idles to be called */
#define ROUNDS   SOAK_OR(200, 16)

static struct spinner above, between;
static struct rel4_queue *queue;

/* ---- The hart that was called has something else to do ---- */

static struct {
    seL4_CPtr go, done;
    volatile bool spins; /* the thread, once it has made its requests; otherwise it waits */
    volatile bool
        late; /* the other hart is given something more important before it is called, or behind that */
    volatile unsigned pause; /* turns of a loop before */
} submitter;

static void submit(void *unused)
{
    for (;;) {
        seL4_Wait(submitter.go, NULL);
        put_many(queue, REQUESTS);
        rel4_queue_publish(queue);
        for (volatile unsigned i = 0; i < submitter.pause; i++) {
        }
        /* Either way it has hardly begun to wake up when it has both. */
        if (!submitter.late) {
            spinner_go(&above);
        }
        if (rel4_queue_must_wake(queue)) {
            wake(queue);
        }
        if (submitter.late) {
            spinner_go(&above);
        }
        while (submitter.spins) {
        }
        seL4_Signal(submitter.done);
    }
}

static void check_displaced(seL4_Word policy, bool spins, bool home_idles)
{
    if (test_nodes() < 2) {
        return;
    }
    begin();
    submitter.go = test_object(seL4_NotificationObject, 0);
    submitter.done = teller(FIRST);
    spinner_start(&above, HIGHER, 1);
    if (!home_idles) {
        occupy(0);
    }
    queue = queue_new(start(submit, NULL, HIGH, 0)->tcb, 6, policy);
    for (unsigned round = 0; round < ROUNDS && !test_has_failed(); round++) {
        let_run(MILLISECOND / 2);
        submitter.spins = spins;
        submitter.late = round % 2;
        submitter.pause = 13 * round;
        seL4_Signal(submitter.go);
        if (!answered_within(queue, REQUESTS, ticks(2))) {
            test_fail(__FILE__, __LINE__, "round %u: only %u of %u answers", round, answers(queue), REQUESTS);
        }
        submitter.spins = false;
        AWAIT(FIRST);
        spinner_stop(&above);
        TAKE(queue, REQUESTS);
    }
}

TEST("workers behind: a hart that is called and gets something more important leaves the queue to its "
     "thread's hart, "
     "while the thread waits")
{
    check_displaced(REL4_POLICY_CALL, false, true);
    test_reset();
    check_displaced(REL4_POLICY_CALL, false, false);
}

TEST("workers behind: a hart that is called and gets something more important leaves the queue to its "
     "thread's hart, "
     "while the thread spins")
{
    check_displaced(REL4_POLICY_CALL, true, false);
}

TEST("workers behind: the same with the policy of ticks, while the thread waits and its hart idles or does "
     "not")
{
    check_displaced(REL4_POLICY_TICK, false, true);
    test_reset();
    check_displaced(REL4_POLICY_TICK, false, false);
}

TEST("workers behind: the same with the policy of ticks, while the thread spins")
{
    check_displaced(REL4_POLICY_TICK, true, false);
}

/* ---- Queues that wait behind a more important thread, and what is done to theirs ---- */

static seL4_CPtr owner;

/* The queue of a thread of HIGH, on the last hart, waits behind a thread that spins there. No hart idles. */
static void let_wait(seL4_Word policy)
{
    seL4_Word node = test_nodes() - 1;

    test_reset();
    begin();
    occupy_harts_but(test_nodes());
    spinner_start(&above, HIGHER, node);
    spinner_start(&between, MIDDLE, node);
    owner = start(sleep_for_ever, NULL, HIGH, node)->tcb;
    queue = queue_new(owner, 6, policy);
    let_run(MILLISECOND / 2); /* it sleeps */
    spinner_spin(&above);
    put_many(queue, REQUESTS);
    rel4_queue_publish(queue);
    CHECK(rel4_queue_must_wake(queue));
    CHECK_OK(wake(queue));
    let_run(5 * MILLISECOND);
    CHECK_EQUAL(answers(queue), 0);
}

static void check_answered(const char *when)
{
    if (!answered_within(queue, REQUESTS, ticks(2))) {
        test_fail(__FILE__, __LINE__, "%s, only %u of %u answers", when, answers(queue), REQUESTS);
    }
}

static void stay_unanswered(const char *when)
{
    let_run(5 * MILLISECOND);
    if (answers(queue)) {
        test_fail(__FILE__, __LINE__, "%s, %u answers", when, answers(queue));
    }
}

TEST("workers behind: a queue that waits behind a more important thread is served when that waits")
{
    for (seL4_Word policy = REL4_POLICY_CALL; policy <= REL4_POLICY_TICK; policy++) {
        let_wait(policy);
        spinner_stop(&above);
        check_answered("after it");
    }
}

TEST("workers behind: a queue that waits follows its thread to another hart")
{
    for (seL4_Word policy = REL4_POLICY_CALL; policy <= REL4_POLICY_TICK && test_nodes() > 1; policy++) {
        let_wait(policy);
        struct test_thread moved = { .tcb = owner };
        test_thread_set_node(&moved, 0);
        check_answered("moved");
        CHECK(above.spins);
    }
}

TEST("workers behind: a queue that waits is not served while its thread is suspended, and then when it is "
     "resumed")
{
    for (seL4_Word policy = REL4_POLICY_CALL; policy <= REL4_POLICY_TICK; policy++) {
        let_wait(policy);
        CHECK_OK(seL4_TCB_Suspend(owner));
        spinner_stop(&above);
        stay_unanswered("suspended");
        CHECK_OK(seL4_TCB_Resume(owner));
        check_answered("resumed");
    }
}

TEST("workers behind: a queue that waits falls behind others with its thread's priority, and is served after "
     "them")
{
    for (seL4_Word policy = REL4_POLICY_CALL; policy <= REL4_POLICY_TICK; policy++) {
        let_wait(policy);
        CHECK_OK(seL4_TCB_SetPriority(owner, SELF, LOW));
        spinner_go(&between);
        spinner_stop(&above);
        let_run(MILLISECOND / 2);
        CHECK(between.spins || test_nodes() > 1);
        stay_unanswered("less important than who spins");
        spinner_stop(&between);
        check_answered("after it");
    }
}

TEST("workers behind: a queue that waits rises above others with its thread's priority, and is served before "
     "them")
{
    for (seL4_Word policy = REL4_POLICY_CALL; policy <= REL4_POLICY_TICK; policy++) {
        let_wait(policy);
        CHECK_OK(seL4_TCB_SetPriority(owner, SELF, HIGHER + 1));
        check_answered("more important than who spins");
        CHECK(above.spins);
    }
}
