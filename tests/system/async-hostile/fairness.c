/*
 * Who runs when: a worker competes with the priority of the thread whose queue it serves, and a producer that
 * never stops takes nothing from others.
 */
#include "clock.h"
#include "queue.h"

#include <rel4/rel4.h>
#include <sel4/runtime.h>

#define TICK_COUNTS 20000 /* of the time counter, at 10 MHz and 500 ticks a second */
#define LONG_TICKS  10ul

static void put_one(struct queue *queue, uint32_t cookie)
{
    queue_put(queue, cookie, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
}

static uint32_t published(const struct queue *queue)
{
    return index_peer(queue_word(queue, REL4_HEADER_RESPONSE_PRODUCER));
}

/* ---- A producer without end ---- */

static struct {
    struct queue *queue;
    volatile uint32_t answers;
} flood;

/* Keeps its ring full, for ever, and never looks at an answer. */
static void produce(void *arg)
{
    struct queue *queue = flood.queue;

    for (;;) {
        while (queue_room(queue)) {
            put_one(queue, queue->produced);
        }
        queue->consumed = published(queue);
        flood.answers = queue->consumed;
        index_publish(queue_word(queue, REL4_HEADER_RESPONSE_CONSUMER), queue->consumed);
        queue_publish(queue);
        if (rel4_ring_must_wake(queue_word(queue, REL4_HEADER_SERVER_STATE))) {
            queue_invoke(queue, REL4_LABEL_QUEUE_WAKE);
        }
    }
}

static struct {
    volatile seL4_Word value;
    seL4_Word padding[7];
} counters[8];

static void count(void *arg)
{
    for (;;) {
        ++*(volatile seL4_Word *)arg;
    }
}

static void count_calls(void *arg)
{
    for (;;) {
        seL4_RISCV_Page_GetAddress(flood.queue->frames);
        ++*(volatile seL4_Word *)arg;
    }
}

static void start(void (*entry)(void *), volatile void *arg, seL4_Word priority, seL4_Word node)
{
    struct test_thread *thread = test_thread_create(entry, (void *)arg, priority, 0);

    test_thread_set_node(thread, node);
    test_thread_start(thread);
}

static void start_flood(seL4_Word node)
{
    struct test_thread *thread =
        test_thread_create(produce, NULL, HOSTILE_PRIORITY, test_object(seL4_EndpointObject, 0));

    flood.queue = queue_new(thread->tcb, 7, 7);
    flood.answers = 0;
    test_thread_set_node(thread, node);
    test_thread_start(thread);
}

TEST("async fairness: beside a producer without end, threads of its priority run on every hart, and call")
{
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY));
    for (seL4_Word node = 0; node<test_nodes(); node += test_nodes()> 1 ? test_nodes() - 1 : 1) {
        start_flood(node);
        for (unsigned i = 0; i < test_nodes() && i < 4; i++) {
            counters[i].value = counters[4 + i].value = 0;
            start(count, &counters[i], HOSTILE_PRIORITY, i);
            start(count_calls, &counters[4 + i], HOSTILE_PRIORITY, i);
        }
        WAIT_FOR(flood.answers > 1000);
        for (unsigned i = 0; i < test_nodes() && i < 4; i++) {
            seL4_Word before = counters[i].value, calls = counters[4 + i].value;
            WAIT_FOR(counters[i].value > before + 1000);
            WAIT_FOR(counters[4 + i].value > calls + 10);
        }
        uint32_t answers = flood.answers;
        WAIT_FOR(flood.answers > answers);
        test_reset();
    }
}

TEST("async fairness: a flood of a less important thread on the same hart does not run while one works")
{
    start_flood(0);
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY));
    WAIT_FOR(flood.answers > 100);
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY));
    if (rel4_harts_of(test_bootinfo) > 1) {
        return; /* another hart may serve it */
    }
    uint32_t before = published(flood.queue);
    seL4_Word from = now();
    while (now() - from < LONG_TICKS * TICK_COUNTS) {
    }
    CHECK_EQUAL(published(flood.queue), before);
}

/* From an alarm until the thread that waits for it runs: how long interrupts may be off (docs/robustness.md),
 * and the way from there to the thread. */
#define INSTRUCTIONS_MOST 22000
#define ALARMS            200

/* Waits for an alarm in so many nanoseconds. Returns how much later it is when this thread runs again. */
static seL4_Word sleep_for(seL4_Word time, seL4_CPtr notification, seL4_CPtr handler)
{
    seL4_Word alarm = rtc_time() + time, late;

    rtc_set_alarm(alarm);
    seL4_Wait(notification, NULL);
    late = rtc_time() - alarm;
    *rtc(RTC_CLEAR_INTERRUPT) = 1;
    CHECK_OK(seL4_IRQHandler_Ack(handler));
    return late;
}

TEST("async fairness: beside a producer without end, a more important thread is not later than the bound")
{
    seL4_Word per_instruction = 0, most = 0; /* the first is known where instructions are the clock */
    uint32_t before;

    if (rel4_harts_of(test_bootinfo) > 1) {
        test_note("on one hart only: the other ones run in a time of their own");
        return;
    }
    seL4_CPtr handler = test_slot(), notification = test_object(seL4_NotificationObject, 0);
    CHECK_OK(
        seL4_IRQControl_Get(seL4_CapIRQControl, RTC_IRQ, seL4_CapInitThreadCNode, handler, seL4_WordBits));
    CHECK_OK(seL4_IRQHandler_SetNotification(handler, notification));
    *rtc(RTC_IRQ_ENABLED) = 1;
    start_flood(0);
    before = published(flood.queue);
    /* When this thread waits, the worker serves a whole ring: the alarms come at all places of that. */
    for (seL4_Word i = 0; i < ALARMS; i++) {
        seL4_Word late = sleep_for(3000 + i * 400, notification, handler);
        most = late > most ? late : most;
    }
    CHECK(published(flood.queue) - before > ALARMS);
    if (sel4_argument("nanoseconds", &per_instruction) && per_instruction) {
        test_note("after an alarm it ran within %lu instructions", most / per_instruction);
        CHECK(most / per_instruction <= INSTRUCTIONS_MOST);
    }
}

/* ---- A more important thread becomes ready in the middle of a batch ---- */

static struct {
    seL4_CPtr notification;
    struct queue *queue;
    volatile uint32_t seen;
    volatile seL4_Word runs;
} urgent;

static void note_progress(void *arg)
{
    for (;;) {
        seL4_Wait(urgent.notification, NULL);
        urgent.seen = index_peer(queue_word(urgent.queue, REL4_HEADER_REQUEST_CONSUMER));
        urgent.runs++;
    }
}

TEST("async fairness: a more important thread that an item wakes runs before the next but one item")
{
    struct queue *queue = queue_new(seL4_CapInitThreadTCB, 5, 6);

    if (rel4_harts_of(test_bootinfo) > 1) {
        test_note("on one hart only: another one may go on with the batch");
        return;
    }
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY));
    urgent.notification = test_object(seL4_NotificationObject, 0);
    urgent.queue = queue;
    urgent.runs = 0;
    start(note_progress, NULL, HOSTILE_PRIORITY + 1, 0);
    WAIT_FOR(true);
    for (uint32_t at = 0; at < 32; at++) {
        uint32_t first = queue->produced;
        seL4_Word runs = urgent.runs;
        for (uint32_t i = 0; i < 32; i++) {
            if (i == at) {
                queue_put(queue, i, urgent.notification, 0, &(struct arguments){ 0 });
            } else {
                put_one(queue, i);
            }
        }
        queue_go(queue);
        for (uint32_t i = 0; i < 32; i++) {
            struct response response = queue_wait(queue);
            CHECK_EQUAL(response.cookie, i);
        }
        CHECK_EQUAL(urgent.runs, runs + 1);
        /* What it saw may be behind the truth, never ahead of it. */
        CHECK(urgent.seen - first <= at + 2);
    }
}

/* ---- The matrix of priorities ---- */

#define BATCH 20

static struct {
    struct queue *queue;
    seL4_CPtr never, done;
    seL4_Word ticks; /* for which a thread spins, if the batch is not served before */
    volatile uint32_t seen_first, seen_last;
} matrix;

static void block(void *arg)
{
    seL4_Recv(matrix.never, NULL);
}

static void submit_and_block(void *arg)
{
    for (uint32_t i = 0; i < BATCH; i++) {
        put_one(matrix.queue, i);
    }
    queue_publish(matrix.queue);
    seL4_Recv(matrix.never, NULL);
}

static void spin_for_ticks(void *arg)
{
    seL4_Word from = now();

    matrix.seen_first = published(matrix.queue);
    while (now() - from < matrix.ticks * TICK_COUNTS && published(matrix.queue) != BATCH) {
    }
    matrix.seen_last = published(matrix.queue);
    seL4_Signal(matrix.done);
}

static struct test_thread *set_up_matrix(void (*entry)(void *), seL4_Word priority, seL4_Word policy)
{
    struct test_thread *thread = test_thread_create(entry, NULL, priority, 0);

    matrix.ticks = LONG_TICKS;
    matrix.never = test_object(seL4_EndpointObject, 0);
    matrix.done = test_object(seL4_NotificationObject, 0);
    matrix.queue = queue_prepare(thread->tcb, 5, 6, policy);
    CHECK_OK(queue_invoke(matrix.queue, REL4_LABEL_QUEUE_START).error);
    return thread;
}

TEST("async fairness: a tick makes queues ready, which more important threads do not make room for")
{
    if (rel4_harts_of(test_bootinfo) > 1) {
        test_note("on one hart only: another one would be idle");
        return;
    }
    for (int difference = -2; difference <= 2; difference++) {
        struct test_thread *owner =
            set_up_matrix(block, HOSTILE_PRIORITY + (seL4_Word)difference, REL4_POLICY_TICK);
        CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY - 5));
        test_thread_start(owner);
        CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY));
        for (uint32_t i = 0; i < BATCH; i++) {
            put_one(matrix.queue, i);
        }
        queue_go(matrix.queue);
        CHECK_EQUAL(published(matrix.queue), 0);
        /* An equal thread makes room when its slice ends, and a host may be late with ticks. */
        matrix.ticks = difference < 0 ? LONG_TICKS : 100 * LONG_TICKS;
        start(spin_for_ticks, NULL, HOSTILE_PRIORITY, 0);
        seL4_Wait(matrix.done, NULL);
        CHECK_EQUAL(matrix.seen_last, difference < 0 ? 0 : BATCH);
        /* In the end, everything is served. */
        CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, 1));
        WAIT_FOR(published(matrix.queue) == BATCH);
        /* By ticks alone; one may have come before the other thread began. */
        CHECK_EQUAL(queue_statistics(matrix.queue)->served[REL4_PLACE_TICK], BATCH);
        CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY));
        test_reset();
    }
}

TEST("async fairness: a thread that blocks is served before any less important thread runs")
{
    if (rel4_harts_of(test_bootinfo) > 1) {
        test_note("on one hart only: another one would be idle");
        return;
    }
    for (int difference = 1; difference <= 2; difference++) {
        struct test_thread *owner =
            set_up_matrix(submit_and_block, HOSTILE_PRIORITY + (seL4_Word)difference, REL4_POLICY_CALL);
        test_thread_start(owner);
        start(spin_for_ticks, NULL, HOSTILE_PRIORITY, 0);
        seL4_Wait(matrix.done, NULL);
        CHECK_EQUAL(matrix.seen_first, BATCH);
        CHECK_EQUAL(queue_statistics(matrix.queue)->wakes, 0);
        test_reset();
    }
}

TEST("async fairness: a wake call for the queue of a less important thread does not serve it at once")
{
    if (rel4_harts_of(test_bootinfo) > 1) {
        test_note("on one hart only: another one would be idle");
        return;
    }
    struct test_thread *owner = set_up_matrix(block, HOSTILE_PRIORITY - 1, REL4_POLICY_CALL);
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY - 2));
    test_thread_start(owner);
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY));
    for (uint32_t i = 0; i < BATCH; i++) {
        put_one(matrix.queue, i);
    }
    queue_go(matrix.queue);
    CHECK(published(matrix.queue) <= 1);
    start(spin_for_ticks, NULL, HOSTILE_PRIORITY, 0);
    seL4_Wait(matrix.done, NULL);
    CHECK(matrix.seen_last <= 1);
    start(spin_for_ticks, NULL, HOSTILE_PRIORITY - 2, 0);
    seL4_Wait(matrix.done, NULL);
    CHECK_EQUAL(matrix.seen_first, BATCH);
}

/* ---- An idle hart that leaves a queue ---- */

static struct {
    struct queue *queue;
    seL4_CPtr go;
    volatile bool told, ran, early;
} leaving;

static void be_told(void *arg)
{
    for (;;) {
        seL4_Wait(leaving.queue->notification, NULL);
        leaving.told = true;
    }
}

static void run_after(void *arg)
{
    for (;;) {
        seL4_Wait(leaving.go, NULL);
        leaving.early = !leaving.told;
        leaving.ran = true;
    }
}

TEST("async fairness: who is told of answers because an idle hart leaves their queue runs there before those "
     "that are less important")
{
    unsigned rounds = 0;

    if (test_nodes() == 1) {
        test_note("there is no idle hart");
        return;
    }
    struct test_thread *owner = test_thread_create(block, NULL, HOSTILE_PRIORITY - 1, 0);
    matrix.never = test_object(seL4_EndpointObject, 0);
    leaving.go = test_object(seL4_NotificationObject, 0);
    leaving.queue = queue_new(owner->tcb, 5, 6);
    test_thread_start(owner);
    start(run_after, NULL, HOSTILE_PRIORITY, 1);
    start(be_told, NULL, HOSTILE_PRIORITY + 1, 1);
    for (unsigned i = 0; i < 300; i++) {
        struct rel4_queue_statistics before = *queue_statistics(leaving.queue);
        uint32_t first = leaving.queue->produced;
        leaving.told = leaving.ran = false;
        rel4_ring_sleep(queue_word(leaving.queue, REL4_HEADER_REQUESTER_STATE));
        for (uint32_t n = 0; n < 32; n++) {
            if (n == 8) {
                queue_put(leaving.queue, n, leaving.go, 0, &(struct arguments){ 0 });
            } else {
                put_one(leaving.queue, n);
            }
        }
        queue_go(leaving.queue);
        WAIT_FOR(published(leaving.queue) == first + 32 && leaving.ran && leaving.told);
        for (uint32_t n = 0; n < 32; n++) {
            CHECK_EQUAL(queue_wait(leaving.queue).cookie, n);
        }
        /* Another hart would not have left it. */
        const struct rel4_queue_statistics *after = queue_statistics(leaving.queue);
        bool elsewhere = after->served[REL4_PLACE_IDLE] - before.served[REL4_PLACE_IDLE] != 32;
        for (unsigned id = 2; id < REL4_MAX_HARTS; id++) {
            elsewhere |= after->busy[id] != before.busy[id];
        }
        if (!elsewhere) {
            rounds++;
            CHECK(!leaving.early);
        }
    }
    test_note("%u of 300 rounds by the hart of those that are woken", rounds);
}
