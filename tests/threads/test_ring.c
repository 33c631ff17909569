/*
 * The rings between real threads: include/rel4/ring.h and lib/rel4's queue on one side, and on the other side
 * a worker which does with them what the kernel's does. Rings are short and both sides dawdle where it hurts,
 * so that they meet full and empty rings, and each other between looking and sleeping. A wake-up that gets
 * lost ends the test after a minute; one too many ends it at once.
 *
 * The thread sanitizer watches that items are read only after they were handed over: by release and acquire
 * of the indices, which it understands. It knows nothing of fences, about which gcc warns (-Wtsan). Here they
 * order no data but a store before a load, and are executed as they stand; that they are needed is not shown
 * here (the sanitizer's own work hides it) but by the models.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <rel4/queue.h>

#define QUEUES       2
#define RING_BITS    REL4_REQUESTS_MIN_BITS
#define RING_ITEMS   (1U << RING_BITS)
#define ANSWER_UNITS 4 /* of each answer, which has as many words as a request */
#define RING_UNITS   (ANSWER_UNITS * RING_ITEMS)
#define WAIT_SECONDS 60

/* What wakes: a bit stays until it is taken. */
struct doorbell {
    pthread_mutex_t mutex;
    pthread_cond_t rung;
    unsigned bits;
};

/* One thread's queue, and the worker's side of it. */
struct channel {
    char memory[REL4_HEADER_BYTES + RING_ITEMS * REL4_ITEM_BYTES + RING_UNITS * REL4_UNIT_BYTES]
        __attribute__((aligned(4096)));
    struct rel4_queue queue;
    struct doorbell answers;
    struct doorbell *requests;
    unsigned number;
    uint64_t items;
    uint32_t served; /* the worker's indices: each request has one answer */
};

struct worker {
    struct channel *channels;
    unsigned count;
    struct doorbell requests; /* a bit for each channel */
};

/* Fails whichever thread it is in. */
static void require(bool condition, const char *what)
{
    if (condition) {
        return;
    }
    (void)fprintf(stderr, "test_ring: %s\n", what);
    abort();
}

/* Lets the other side be faster, sometimes much. */
static void dawdle(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    if (*random % 256 == 0) {
        sched_yield();
    } else if (*random % 8 == 0) {
        for (volatile unsigned i = *random >> 32 & 127; i; i--) {
        }
    }
}

static void doorbell_init(struct doorbell *bell, unsigned bits)
{
    pthread_mutex_init(&bell->mutex, NULL);
    pthread_cond_init(&bell->rung, NULL);
    bell->bits = bits;
}

/* Each sleep is woken once. */
static void doorbell_ring(struct doorbell *bell, unsigned bit)
{
    pthread_mutex_lock(&bell->mutex);
    require(!(bell->bits & bit), "woken twice");
    bell->bits |= bit;
    pthread_cond_signal(&bell->rung);
    pthread_mutex_unlock(&bell->mutex);
}

static unsigned doorbell_wait(struct doorbell *bell)
{
    struct timespec deadline;
    unsigned bits;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += WAIT_SECONDS;
    pthread_mutex_lock(&bell->mutex);
    while (!bell->bits) {
        require(pthread_cond_timedwait(&bell->rung, &bell->mutex, &deadline) != ETIMEDOUT,
                "a wake-up is lost");
    }
    bits = bell->bits;
    bell->bits = 0;
    pthread_mutex_unlock(&bell->mutex);
    return bits;
}

/*
 * ---- The thread ----
 */

/* Word i of request n of a channel, and, after the worker, of its answer. */
static uint64_t word_of(const struct channel *channel, uint64_t n, unsigned i)
{
    return (n + 1) * 0x9e3779b97f4a7c15 + ((uint64_t)channel->number << 8 | i);
}

static uint64_t answer_to(uint64_t word)
{
    return ~word;
}

static void wake_worker(struct channel *channel, uint64_t *random)
{
    dawdle(random);
    if (rel4_queue_must_wake(&channel->queue)) {
        doorbell_ring(channel->requests, 1U << channel->number);
    }
}

static bool submit(struct channel *channel, uint64_t n)
{
    seL4_Word words[REL4_ITEM_WORDS];
    struct rel4_request request = {
        .cookie = (uint32_t)n, .cap = n, .label = n & 0xfff, .word_count = REL4_ITEM_WORDS, .words = words
    };

    for (unsigned i = 0; i < REL4_ITEM_WORDS; i++) {
        words[i] = word_of(channel, n, i);
    }
    return rel4_queue_put(&channel->queue, &request);
}

static bool take_answer(struct channel *channel, uint64_t n)
{
    seL4_Word words[REL4_ITEM_WORDS];
    struct rel4_response response = { .capacity = REL4_ITEM_WORDS, .words = words };

    if (!rel4_queue_take(&channel->queue, &response)) {
        return false;
    }
    require(response.cookie == (uint32_t)n, "an answer out of order");
    require(response.word_count == REL4_ITEM_WORDS, "an answer without its words");
    for (unsigned i = 0; i < REL4_ITEM_WORDS; i++) {
        require(words[i] == answer_to(word_of(channel, n, i)), "an answer with other words");
    }
    return true;
}

static void wait_for_answers(struct channel *channel, uint64_t *random)
{
    uint32_t *state = rel4_queue_header(&channel->queue, REL4_HEADER_REQUESTER_STATE);

    dawdle(random);
    rel4_ring_sleep(state);
    dawdle(random);
    if (!rel4_queue_pending(&channel->queue) || !rel4_ring_stay(state)) {
        doorbell_wait(&channel->answers);
    }
}

/* Submits and takes, each in pieces of some length, and waits when there is nothing else to do. */
static void *run_thread(void *arg)
{
    struct channel *channel = arg;
    uint64_t random = 88172645463325252 + channel->number, submitted = 0, answered = 0;

    while (answered < channel->items) {
        unsigned piece = random >> 20 & 63, pieces = piece;

        while (submitted < channel->items && piece && submit(channel, submitted)) {
            submitted++;
            piece--;
        }
        dawdle(&random);
        rel4_queue_publish(&channel->queue);
        wake_worker(channel, &random);

        for (piece = pieces + 1; piece && take_answer(channel, answered); piece--) {
            answered++;
        }
        if (piece < pieces + 1) {
            dawdle(&random);
            rel4_queue_publish(&channel->queue);
            wake_worker(channel, &random); /* room is work, too */
        } else if (submitted > answered) {
            wait_for_answers(channel, &random);
        }
        require(!rel4_queue_faulted(&channel->queue), "an index that cannot be");
    }
    return NULL;
}

/*
 * ---- The worker ----
 */

static bool can_serve(struct channel *channel)
{
    const struct rel4_queue *queue = &channel->queue;
    uint64_t indices = rel4_ring_peer(rel4_queue_indices(queue, REL4_HEADER_REQUESTER));
    uint32_t requests = (uint32_t)indices - channel->served;
    uint32_t answers = ANSWER_UNITS * channel->served - (uint32_t)(indices >> 32);

    require(requests <= RING_ITEMS && answers <= RING_UNITS, "an index that cannot be");
    return requests && answers < RING_UNITS;
}

static void serve_one(struct channel *channel, uint64_t *random)
{
    const struct rel4_queue *queue = &channel->queue;
    const struct rel4_item *item = &queue->requests[channel->served % RING_ITEMS];
    struct rel4_unit *unit = &queue->responses[ANSWER_UNITS * channel->served % RING_UNITS];

    unit->cookie = item->cookie;
    unit->header = item->header;
    for (unsigned i = 0; i < REL4_ITEM_WORDS; i++) {
        *rel4_answer_word(queue, ANSWER_UNITS * channel->served, i) = answer_to(item->words[i]);
    }
    channel->served++;
    dawdle(random);
    rel4_ring_publish(rel4_queue_indices(queue, REL4_HEADER_SERVER),
                      rel4_ring_pair(channel->served, ANSWER_UNITS * channel->served));
    dawdle(random);
    if (rel4_ring_must_wake(rel4_queue_header(queue, REL4_HEADER_REQUESTER_STATE))) {
        doorbell_ring(&channel->answers, 1);
    }
}

static void serve(struct channel *channel, uint64_t *random)
{
    uint32_t *state = rel4_queue_header(&channel->queue, REL4_HEADER_SERVER_STATE);

    do {
        while (can_serve(channel)) {
            serve_one(channel, random);
        }
        dawdle(random);
        rel4_ring_sleep(state);
        dawdle(random);
    } while (can_serve(channel) && rel4_ring_stay(state));
}

static void *run_worker(void *arg)
{
    struct worker *worker = arg;
    uint64_t random = 2463534242, left = 0;
    uint32_t end[QUEUES];

    for (unsigned i = 0; i < worker->count; i++) {
        end[i] = (uint32_t)(worker->channels[i].served + worker->channels[i].items);
        left |= 1U << i;
    }
    while (left) {
        unsigned rung = doorbell_wait(&worker->requests);

        for (unsigned i = 0; i < worker->count; i++) {
            if (!(rung & 1U << i)) {
                continue;
            }
            serve(&worker->channels[i], &random);
            if (worker->channels[i].served == end[i]) {
                left &= ~(1U << i);
            }
        }
    }
    return NULL;
}

/*
 * ---- Tests ----
 */

/* Empty rings; this is the index of their next request. */
static void channel_init(struct channel *channel, struct worker *worker, unsigned number, uint32_t start,
                         uint64_t items)
{
    struct rel4_queue *queue = &channel->queue;

    memset(channel, 0, sizeof(*channel));
    rel4_queue_attach(queue, channel->memory, RING_BITS, RING_BITS + 2);
    queue->request_producer = queue->request_limit = queue->request_published = start;
    queue->response_consumer = queue->answers_end = ANSWER_UNITS * start;
    *rel4_queue_indices(queue, REL4_HEADER_REQUESTER) = rel4_ring_pair(start, ANSWER_UNITS * start);
    *rel4_queue_indices(queue, REL4_HEADER_SERVER) = rel4_ring_pair(start, ANSWER_UNITS * start);
    doorbell_init(&channel->answers, 0);
    channel->requests = &worker->requests;
    channel->number = number;
    channel->items = items;
    channel->served = start;
}

static uint64_t how_many(void)
{
    return getenv("TEST_SOAK") ? 100000000 : 1000000;
}

static void exchange_items(unsigned threads, uint32_t start)
{
    static struct channel channels[QUEUES];
    struct worker worker = { .channels = channels, .count = threads };
    pthread_t thread[QUEUES], worker_thread;

    doorbell_init(&worker.requests, 0);
    for (unsigned i = 0; i < threads; i++) {
        channel_init(&channels[i], &worker, i, start, how_many() / threads);
    }
    assert_int_equal(pthread_create(&worker_thread, NULL, run_worker, &worker), 0);
    for (unsigned i = 0; i < threads; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, run_thread, &channels[i]), 0);
    }
    for (unsigned i = 0; i < threads; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    }
    assert_int_equal(pthread_join(worker_thread, NULL), 0);
    for (unsigned i = 0; i < threads; i++) {
        assert_int_equal(channels[i].served, (uint32_t)(start + channels[i].items));
    }
}

static void a_thread_and_a_worker(void **state)
{
    exchange_items(1, 0);
}

static void two_threads_and_a_worker_while_indices_wrap(void **state)
{
    exchange_items(2, UINT32_MAX - 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_and_a_worker),
        cmocka_unit_test(two_threads_and_a_worker_while_indices_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
