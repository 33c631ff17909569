/*
 * Rings that are full. Nothing is lost and nothing comes twice, however long the other side takes.
 */
#include "queue.h"

#include <string.h>

#define MANY SOAK_OR(1000000ul, test_nodes() > 1 ? 5000ul : 20000ul)

static void put_one(struct queue *queue, uint32_t cookie)
{
    queue_put(queue, cookie, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
}

/* Answers of one unit that are published before the worker stops for room. */
#define MOST (64u - REL4_ANSWER_UNITS + 1)

static uint32_t published(const struct queue *queue)
{
    return index_peer(queue_word(queue, REL4_HEADER_RESPONSE_PRODUCER));
}

TEST("async full: without a consumer the worker answers as many as there is room for, and stops")
{
    struct queue *queue = queue_new(seL4_CapInitThreadTCB, 8, 6);

    for (uint32_t i = 0; i < 256; i++) {
        put_one(queue, i);
    }
    queue_go(queue);
    WAIT_FOR(published(queue) == MOST);
    for (unsigned i = 0; i < 50; i++) {
        queue_invoke(queue, REL4_LABEL_QUEUE_WAKE);
        hostile_pause();
    }
    CHECK_EQUAL(published(queue), MOST);
    CHECK_EQUAL(index_peer(queue_word(queue, REL4_HEADER_FAULT)), REL4_FAULT_NONE);
    CHECK(queue_statistics(queue)->full >= 1);
    CHECK_EQUAL(queue_room(queue), MOST);
    for (uint32_t i = 0; i < 256; i++) {
        struct response response = queue_wait(queue);
        CHECK_EQUAL(response.cookie, i);
        CHECK_EQUAL(response.error, seL4_NoError);
    }
    hostile_pause();
    CHECK(!queue_take(queue).came);
    CHECK_EQUAL(queue_room(queue), 256);
}

TEST("async full: each bit of room that the consumer makes starts the worker again")
{
    struct queue *queue = queue_new(seL4_CapInitThreadTCB, 8, 6);
    uint32_t last;

    for (uint32_t i = 0; i < 256; i++) {
        put_one(queue, i);
    }
    queue_go(queue);
    WAIT_FOR(published(queue) == MOST);
    for (uint32_t i = 0; i < 256 - MOST; i++) {
        /* The worker stands still before and moves on afterwards. */
        last = published(queue);
        struct response response = queue_take(queue);
        CHECK_EQUAL(response.cookie, i);
        WAIT_FOR(published(queue) != last);
    }
}

TEST("async full: answers of one item and of many, each with room for none, one or several")
{
    struct queue *queue = queue_new(seL4_CapInitThreadTCB, 6, 6);
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
    seL4_Word random = 5;
    uint32_t sent = 0, received = 0;

    while (received < MANY / 20) {
        while (queue_room(queue) && sent < MANY / 20 && hostile_random(&random) >> 62) {
            if (sent % 3) {
                put_one(queue, sent++);
            } else {
                sent++;
                queue_put(queue, sent - 1, tcb, TCBReadRegisters,
                          &(struct arguments){ .length = 2, .words = { 0, 1 + sent % 32 } });
            }
        }
        queue_go(queue);
        for (unsigned n = hostile_random(&random) >> 60; n; n--) {
            struct response response = queue_take(queue);
            if (!response.came) {
                hostile_pause();
                break;
            }
            CHECK_EQUAL(response.cookie, received);
            CHECK_EQUAL(response.error, seL4_NoError);
            CHECK_EQUAL(response.length, received % 3 ? 1 : 1 + (received + 1) % 32);
            received++;
        }
    }
}

/* ---- Producer and consumer are two threads ---- */

static struct {
    struct queue *queue;
    volatile uint32_t sent;
    volatile bool done;
    seL4_CPtr never; /* signalled */
} producer;

static void produce(void *arg)
{
    seL4_Word random = 77;

    while (producer.sent < MANY) {
        seL4_Word batch = hostile_random(&random) >> 58;
        while (batch-- && producer.sent < MANY && queue_room(producer.queue)) {
            put_one(producer.queue, producer.sent++);
        }
        queue_go(producer.queue);
        hostile_pause();
    }
    producer.done = true;
    /* A thread that ended would be suspended, and its queue with it. */
    seL4_Wait(producer.never, NULL);
}

TEST("async full: a producer and a consumer at their own paces: each cookie comes back once, in order")
{
    seL4_Word random = 99;

    for (seL4_Word node = 0; node<test_nodes(); node += test_nodes()> 1 ? test_nodes() - 1 : 1) {
        CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY));
        struct test_thread *thread = test_thread_create(produce, NULL, HOSTILE_PRIORITY, 0);
        /* The consumer frees room in a queue that is not its own. */
        producer.queue = queue_new(thread->tcb, 6, 6);
        producer.never = test_object(seL4_NotificationObject, 0);
        producer.sent = 0;
        producer.done = false;
        test_thread_set_node(thread, node);
        test_thread_start(thread);
        for (uint32_t i = 0; i < MANY; i++) {
            struct response response = queue_wait(producer.queue);
            if (!response.came) {
                break;
            }
            CHECK_EQUAL(response.cookie, i);
            CHECK_EQUAL(response.error, seL4_NoError);
            if (hostile_random(&random) >> 58 == 0) {
                hostile_pause();
            }
        }
        WAIT_FOR(producer.done);
        CHECK(!queue_take(producer.queue).came);
        test_reset();
    }
}

TEST("async full: a consumer that sleeps is signalled whenever it has to be")
{
    struct queue *queue = queue_new(seL4_CapInitThreadTCB, 5, 6);
    uint32_t *state = queue_word(queue, REL4_HEADER_REQUESTER_STATE);
    seL4_Word random = 6;
    uint32_t sent = 0, received = 0;

    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY));
    while (received < MANY / 4) {
        while (queue_room(queue) && hostile_random(&random) >> 61) {
            put_one(queue, sent++);
        }
        queue_go(queue);
        for (struct response response; (response = queue_take(queue)).came; received++) {
            CHECK_EQUAL(response.cookie, received);
        }
        if (sent == received) {
            continue;
        }
        rel4_ring_sleep(state);
        if (published(queue) != queue->consumed && rel4_ring_stay(state)) {
            continue;
        }
        seL4_Word badge;
        seL4_Wait(queue->notification, &badge); /* hangs for ever if a signal is lost */
        CHECK_EQUAL(badge, QUEUE_BADGE);
    }
}
