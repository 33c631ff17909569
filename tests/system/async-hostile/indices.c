/*
 * Indexes, state words and everything else of the header page, forged: once, and all the time while the
 * worker runs. The queue may stop, with a reason; nothing else may happen, and Reset brings it back.
 */
#include "queue.h"

#include <string.h>

#define FORGED_ROUNDS SOAK_OR(200000, 500)
#define RACING_ROUNDS SOAK_OR(20000, test_nodes() > 1 ? 40 : 100)

static const unsigned indexes[] = {
    REL4_HEADER_REQUEST_PRODUCER,
    REL4_HEADER_REQUEST_CONSUMER,
    REL4_HEADER_RESPONSE_PRODUCER,
    REL4_HEADER_RESPONSE_CONSUMER,
};

static uint32_t fault_of(const struct queue *queue)
{
    return index_peer(queue_word(queue, REL4_HEADER_FAULT));
}

static void store(const struct queue *queue, unsigned offset, uint32_t value)
{
    index_publish(queue_word(queue, offset), value);
}

/* A queue that has stopped takes no wake call. */
static void wake(const struct queue *queue)
{
    struct answer answer = queue_invoke(queue, REL4_LABEL_QUEUE_WAKE);

    CHECK(answer.error == seL4_NoError || fault_of(queue) != REL4_FAULT_NONE);
}

/* Wakes it until it says why it stopped. */
static void check_fault(const struct queue *queue, enum rel4_ring_fault fault)
{
    WAIT_FOR((wake(queue), fault_of(queue) != REL4_FAULT_NONE));
    CHECK_EQUAL(fault_of(queue), fault);
}

/* Serves some, so that the indexes are not zero. */
static struct queue *used_queue(unsigned requests)
{
    struct queue *queue = queue_new(seL4_CapInitThreadTCB, 5, 6);

    for (unsigned i = 0; i < requests; i++) {
        queue_check_works(queue);
    }
    return queue;
}

TEST("async indexes: a request producer that is more than a ring ahead stops the queue, which says so")
{
    struct queue *queue = used_queue(5);
    static const uint32_t ahead[] = { 33, 34, 64, 1000, 0x7fffffff, 0x80000000, 0x80000001, -2u, -1u };

    for (unsigned i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
        store(queue, REL4_HEADER_REQUEST_PRODUCER, queue->produced + ahead[i]);
        check_fault(queue, REL4_FAULT_REQUEST_INDEX);
        queue_reset(queue);
        CHECK_EQUAL(fault_of(queue), REL4_FAULT_NONE);
        for (unsigned n = 0; n < 3 + i; n++) {
            queue_check_works(queue);
        }
    }
}

TEST("async indexes: a response consumer that cannot be stops the queue when it is looked at")
{
    struct queue *queue = used_queue(5);
    static const uint32_t ahead[] = { 1, 65, 128, 0x7fffffff, 0x80000000, -65u, -128u };

    for (unsigned i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
        store(queue, REL4_HEADER_RESPONSE_CONSUMER, queue->consumed + ahead[i]);
        for (unsigned n = 0; n <= 2 * 32 && !fault_of(queue); n++) {
            if (queue_room(queue)) {
                queue_put(queue, n, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
                queue_publish(queue);
            }
            wake(queue);
            hostile_pause();
        }
        check_fault(queue, REL4_FAULT_RESPONSE_INDEX);
        queue_reset(queue);
        queue_check_works(queue);
    }
}

TEST("async indexes: what the kernel writes itself it does not read back")
{
    struct queue *queue = used_queue(5);
    seL4_Word random = 1;

    for (unsigned i = 0; i < FORGED_ROUNDS; i++) {
        store(queue, REL4_HEADER_REQUEST_CONSUMER, hostile_index(&random, queue->produced, 32));
        uint32_t produced = index_peer(queue_word(queue, REL4_HEADER_RESPONSE_PRODUCER));
        store(queue, REL4_HEADER_RESPONSE_PRODUCER, hostile_index(&random, produced, 32));
        store(queue, REL4_HEADER_FAULT, (uint32_t)hostile_random(&random));
        store(queue, REL4_HEADER_VERSION, (uint32_t)hostile_random(&random));
        memset(queue_statistics(queue), (int)random, sizeof(struct rel4_queue_statistics));
        queue_put(queue, i + 1, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
        queue_publish(queue);
        wake(queue);
        /* The answer is there, and both are right again, as the worker has published them. */
        WAIT_FOR(index_peer(&queue_response(queue, queue->consumed)->cookie) == i + 1);
        WAIT_FOR(index_peer(queue_word(queue, REL4_HEADER_RESPONSE_PRODUCER)) == queue->consumed + 1);
        WAIT_FOR(index_peer(queue_word(queue, REL4_HEADER_REQUEST_CONSUMER)) == queue->produced);
        struct response response = queue_take(queue);
        CHECK_RESPONSE(&response, i + 1, seL4_NoError, address_of(queue->frames));
    }
}

TEST("async indexes: any value of any index is served, or stops the queue with the reason; Reset repairs it")
{
    struct queue *queue = used_queue(3);
    seL4_Word random = 2;

    for (unsigned i = 0; i < FORGED_ROUNDS; i++) {
        unsigned which = hostile_random(&random) >> 20 & 3;
        uint32_t right = index_peer(queue_word(queue, indexes[which]));
        store(queue, indexes[which], hostile_index(&random, right, 32));
        wake(queue);
        hostile_pause();
        CHECK(fault_of(queue) <= REL4_FAULT_TOO_LONG);
        /* Whatever it was served, it may have been garbage; now all is known again. */
        store(queue, REL4_HEADER_REQUEST_PRODUCER, 0x55555555);
        store(queue, REL4_HEADER_RESPONSE_CONSUMER, 0xaaaaaaaa);
        WAIT_FOR((wake(queue), fault_of(queue) != REL4_FAULT_NONE));
        queue_reset(queue);
        queue_check_works(queue);
    }
}

TEST("async indexes: the state words are hints: whatever is in them, a wake call is enough")
{
    struct queue *queue = used_queue(3);
    seL4_Word random = 3;

    for (unsigned i = 0; i < FORGED_ROUNDS; i++) {
        store(queue, REL4_HEADER_SERVER_STATE, hostile_random(&random) >> 63 ? (uint32_t)random : i & 3);
        store(queue, REL4_HEADER_REQUESTER_STATE, hostile_random(&random) >> 63 ? (uint32_t)random : i & 3);
        queue_put(queue, i, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
        queue_publish(queue);
        wake(queue);
        struct response response = queue_wait(queue);
        CHECK_RESPONSE(&response, i, seL4_NoError, address_of(queue->frames));
    }
}

static void put_raw(struct queue *queue, unsigned words, unsigned extras, unsigned items)
{
    struct rel4_item *item = queue_request(queue, queue->produced);

    item->cookie = 7;
    item->header = rel4_header(RISCVPageGetAddress, 0, words, extras);
    item->cap = queue->frames;
    queue->produced += items;
    queue_publish(queue);
}

TEST("async indexes: a request that is published without all of its items stops the queue")
{
    struct queue *queue = used_queue(3);

    for (unsigned words = 7; words <= REL4_MAX_WORDS; words++) {
        put_raw(queue, words, 0, rel4_items_for(words) - 1);
        check_fault(queue, REL4_FAULT_INCOMPLETE);
        queue_reset(queue);
        queue_check_works(queue);
    }
    for (unsigned extras = 1; extras <= REL4_MAX_EXTRAS; extras++) {
        put_raw(queue, 6, extras, 1);
        check_fault(queue, REL4_FAULT_INCOMPLETE);
        queue_reset(queue);
        queue_check_works(queue);
    }
}

TEST("async indexes: a request of more than 120 words stops the queue, however many items there are")
{
    struct queue *queue = used_queue(3);

    for (unsigned words = REL4_MAX_WORDS + 1; words < 128; words++) {
        for (unsigned items = 1; items <= 32; items += 31) {
            put_raw(queue, words, 3, items);
            check_fault(queue, REL4_FAULT_TOO_LONG);
            queue_reset(queue);
            queue_check_works(queue);
        }
    }
}

TEST("async indexes: a stopped queue stays so, and the other queues go on")
{
    struct queue *queue = used_queue(3);
    struct queue *other = queue_new(test_object(seL4_TCBObject, 0), 5, 6);

    store(queue, REL4_HEADER_REQUEST_PRODUCER, 1000);
    check_fault(queue, REL4_FAULT_REQUEST_INDEX);
    store(queue, REL4_HEADER_REQUEST_PRODUCER, queue->produced);
    queue_put(queue, 1, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
    queue_publish(queue);
    for (unsigned i = 0; i < 20; i++) {
        queue_invoke(queue, REL4_LABEL_QUEUE_WAKE);
        hostile_pause();
    }
    CHECK(!queue_take(queue).came);
    CHECK_EQUAL(fault_of(queue), REL4_FAULT_REQUEST_INDEX);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, other->cap, seL4_WordBits));
    queue_reset(queue);
    queue_check_works(queue);
}

/* ---- The same all the time, from another thread ---- */

static struct {
    const struct queue *queue;
    volatile bool stop, stopped;
    volatile seL4_Word turns;
    seL4_Word random;
    bool shares_hart; /* with the test, which would wait for the end of its time slice */
} forger;

/* Writes nearly right values to the words that random chooses, until it is told to stop. */
static void forge(void *arg)
{
    while (!forger.stop) {
        seL4_Word dice = hostile_random(&forger.random);
        unsigned offset = (unsigned)(dice >> 20 & 7) * 64 + 0x40;
        uint32_t *word = queue_word(forger.queue, offset);
        uint32_t right = index_peer(word);
        index_publish(word, hostile_index(&forger.random, right, 32));
        for (volatile seL4_Word i = dice >> 40 & 63; i; i--) {
        }
        /* Mostly it is right again at once. */
        if (dice >> 32 & 7) {
            index_publish(word, right);
        }
        forger.turns++;
        if (forger.shares_hart && (dice >> 50 & 15) == 0) {
            seL4_Yield();
        }
    }
    forger.stopped = true;
}

TEST("async indexes: forged all the time by another thread while the worker runs; Reset brings it back")
{
    for (unsigned round = 0; round < RACING_ROUNDS; round++) {
        CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY));
        struct queue *queue = used_queue(round % 40);
        struct test_thread *thread = test_thread_create(forge, NULL, HOSTILE_PRIORITY, 0);
        seL4_Word address = address_of(queue->frames);

        forger.queue = queue;
        forger.stop = forger.stopped = false;
        forger.turns = 0;
        forger.random = round * 2654435761u + 1;
        forger.shares_hart = round % test_nodes() == 0;
        test_thread_set_node(thread, round % test_nodes());
        test_thread_start(thread);
        WAIT_FOR(forger.turns > 10);
        for (unsigned i = 0; i < 200; i++) {
            queue_put(queue, i, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
            queue_publish(queue);
            if (queue_invoke(queue, REL4_LABEL_QUEUE_WAKE).error) {
                queue_invoke(queue, REL4_LABEL_QUEUE_RESET);
            }
            hostile_pause();
        }
        forger.stop = true;
        WAIT_FOR(forger.stopped);
        queue_reset(queue);
        queue_check_works(queue);
        CHECK_EQUAL(address, address_of(queue->frames));
        test_reset();
    }
}
