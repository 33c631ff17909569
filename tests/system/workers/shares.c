/*
 * A thread and its queue have one share of the hart, however much there is in the ring. Threads that count,
 * beside one that makes requests without end, count as much as beside a thread that counts; and it gets as
 * much served as in so long a time alone.
 */
#include "workers.h"

#define FAIR       5 /* per cent */
#define EQUALS_MAX 4

/* Milliseconds of a measurement, about. */
#define LENGTH SOAK_OR(4000ul, 400ul)

/* What the threads count, and what they have counted in a measurement. */
static struct {
    volatile seL4_Word value;
    seL4_Word padding[7];
} counters[EQUALS_MAX + 1];
static seL4_Word counted[EQUALS_MAX + 1], answered;

/* Who makes the requests. */
static struct {
    struct rel4_queue *queue;
    bool slow;
} producer;

static bool put_next(void)
{
    if (producer.slow) {
        return put_slow(producer.queue);
    }
    return rel4_queue_put(producer.queue, &(struct rel4_request){ .cap = producer.queue->first_slot + 1,
                                                                  .label = RISCVPageGetAddress });
}

/* Keeps the ring full, for ever, and takes the answers as they come. */
static void produce(void *unused)
{
    struct rel4_queue *queue = producer.queue;
    seL4_Word word;
    struct rel4_response response = { .capacity = 1, .words = &word };

    for (;;) {
        while (put_next()) {
        }
        while (rel4_queue_take(queue, &response)) {
        }
        rel4_queue_publish(queue);
        if (rel4_queue_must_wake(queue)) {
            wake(queue);
        }
    }
}

static void prepare_producer(seL4_CPtr owner, unsigned bits, bool slow)
{
    producer.slow = slow;
    slow_begin();
    producer.queue = queue_new(owner, bits, REL4_POLICY_CALL);
}

static void start_counting(unsigned number, seL4_Word node)
{
    for (unsigned i = 0; i < number; i++) {
        start(count, (void *)&counters[i].value, MIDDLE, node);
    }
}

/* A number of whole rounds in which so many take turns. */
static seL4_Word nanoseconds_of_rounds(unsigned equals)
{
    seL4_Word round = equals * SLICE * 100;

    return LENGTH * MILLISECOND / round * round;
}

/* Answers so far, taken or not: they are one item each. */
static uint32_t published(void)
{
    return producer.queue ? index_peer(rel4_queue_header(producer.queue, REL4_HEADER_RESPONSE_PRODUCER)) : 0;
}

static void measure(seL4_Word nanoseconds)
{
    uint32_t published_before = published();

    for (unsigned i = 0; i <= EQUALS_MAX; i++) {
        counted[i] = counters[i].value;
    }
    let_run(nanoseconds);
    for (unsigned i = 0; i <= EQUALS_MAX; i++) {
        counted[i] = counters[i].value - counted[i];
    }
    answered = published() - published_before;
}

static bool is_near(seL4_Word value, seL4_Word fair)
{
    return value * 100 >= fair * (100 - FAIR) && value * 100 <= fair * (100 + FAIR);
}

/* What each of so many equals counts beside the others. The other harts are as busy as with a producer there.
 */
static seL4_Word count_beside_equals(unsigned equals, seL4_Word node)
{
    seL4_Word sum = 0;

    test_reset();
    producer.queue = NULL;
    begin();
    occupy_harts_but(node);
    start_counting(equals, node);
    measure(nanoseconds_of_rounds(equals));
    for (unsigned i = 0; i < equals; i++) {
        sum += counted[i];
    }
    for (unsigned i = 0; i < equals; i++) {
        CHECK(is_near(counted[i], sum / equals));
    }
    return sum / equals;
}

static void check_shares(unsigned number, seL4_Word fair, const char *what, unsigned bits)
{
    for (unsigned i = 0; i < number; i++) {
        if (!is_near(counted[i], fair)) {
            test_fail(__FILE__, __LINE__, "%s, a ring of %lu: of %u threads, one counts %lu %% of its share",
                      what, LIBSEL4_BIT(bits), number, counted[i] * 100 / fair);
        }
    }
}

/* ---- The thread wakes its queue itself ---- */

static void start_producer(unsigned bits, bool slow)
{
    test_reset();
    begin();
    struct test_thread *owner = make(produce, NULL, MIDDLE, 0);
    prepare_producer(owner->tcb, bits, slow);
    test_thread_start(owner);
}

static void check_beside_own_calls(unsigned equals, unsigned bits, bool slow, seL4_Word fair)
{
    seL4_Word time = nanoseconds_of_rounds(equals + 1);

    start_producer(bits, slow);
    measure(time / (equals + 1));
    seL4_Word alone = answered;
    start_producer(bits, slow);
    start_counting(equals, 0);
    measure(time);
    check_shares(equals, fair, "served in its wake calls", bits);
    CHECK(alone > 0);
    if (alone > 0 && !is_near(answered, alone)) {
        test_fail(__FILE__, __LINE__, "a ring of %lu beside %u threads: %lu %% of the answers of its share",
                  LIBSEL4_BIT(bits), equals, answered * 100 / alone);
    }
}

TEST("workers shares: beside a thread that wakes its queue without end, its equals get their shares, and it "
     "its own")
{
    if (!on_instruction_clock() || test_nodes() > 1) {
        return;
    }
    for (unsigned equals = 1; equals <= EQUALS_MAX; equals *= 2) {
        seL4_Word fair = count_beside_equals(equals + 1, 0);
        for (unsigned bits = 5; bits <= 12; bits += SOAK_OR(1, 7)) {
            check_beside_own_calls(equals, bits, false, fair);
            check_beside_own_calls(equals, bits, true, fair);
        }
    }
}

/* ---- A thread on another hart fills the ring ---- */

static void check_beside_filled(unsigned equals, unsigned bits, bool spins, seL4_Word fair)
{
    test_reset();
    begin();
    struct test_thread *owner =
        start(spins ? count : sleep_for_ever, (void *)&counters[EQUALS_MAX].value, MIDDLE, 1);
    prepare_producer(owner->tcb, bits, true);
    for (seL4_Word node = 2; node < test_nodes(); node++) {
        occupy(node); /* a hart that idles would serve, and the thread not be charged */
    }
    start_counting(equals, 1);
    start(produce, NULL, MIDDLE, 0);
    let_run(50 * MILLISECOND); /* the ring is full from then on */
    measure(nanoseconds_of_rounds(equals + 1));
    check_shares(equals, fair, spins ? "filled by another hart, its owner counts" : "filled by another hart",
                 bits);
    CHECK(answered > 0);
    if (spins) {
        CHECK(counted[EQUALS_MAX] > 0);
        CHECK(counted[EQUALS_MAX] <= fair);
    }
}

static void check_filled(bool spins)
{
    if (!on_instruction_clock() || test_nodes() < 2) {
        return;
    }
    for (unsigned equals = 1; equals <= EQUALS_MAX; equals *= 2) {
        seL4_Word fair = count_beside_equals(equals + 1, 1);
        for (unsigned bits = 5; bits <= 12; bits += SOAK_OR(1, 7)) {
            check_beside_filled(equals, bits, spins, fair);
        }
    }
}

TEST("workers shares: beside a thread that waits while another hart fills its ring, its equals get their "
     "shares")
{
    check_filled(false);
}

TEST("workers shares: beside a thread that counts while another hart fills its ring, its equals get their "
     "shares")
{
    check_filled(true);
}
