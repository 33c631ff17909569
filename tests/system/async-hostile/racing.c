/*
 * Items that change while they are read. The kernel copies an item once and looks at nothing but the copy, so
 * each answer is one that some mixture of the values could have had, and nothing else happens.
 */
#include "queue.h"

#define ROUNDS SOAK_OR(100000, test_nodes() > 1 ? 200 : 500)
#define BATCH  32

static struct {
    struct queue *queue;
    seL4_CPtr frames[2];
    seL4_Word addresses[2];
    volatile bool stop, stopped;
    volatile seL4_Word turns;
    bool long_ones;
    seL4_Word random;
} race;

/* Valid values of a request that takes one item; with long_ones, also others. */
static uint32_t any_header(void)
{
    static const uint16_t labels[] = { RISCVPageGetAddress, RISCVPageGetAddress, RISCVPageUnmap, 0, 0xfff,
                                       RISCVPageMap };
    seL4_Word dice = hostile_random(&race.random);
    unsigned label = labels[(dice >> 8 & 0xff) % 6];

    if (race.long_ones) {
        return rel4_header(label, dice >> 16 & 15, dice >> 24 & 127, dice >> 32 & 3) |
               (uint32_t)(dice >> 40 & 1) << 25;
    }
    return rel4_header(label, 0, (dice >> 24 & 3) % 3, dice >> 32 & 3);
}

static seL4_CPtr any_frame(void)
{
    seL4_Word dice = hostile_random(&race.random);

    return (dice >> 20 & 7) == 0 ? seL4_CapNull : race.frames[dice >> 30 & 1];
}

static void flip(void *arg)
{
    while (!race.stop) {
        for (unsigned i = 0; i < BATCH && !race.stop; i++) {
            volatile struct rel4_item *item = queue_request(race.queue, i);
            item->header = any_header();
            item->cap = any_frame();
            item->words[i % REL4_ITEM_WORDS] = any_frame();
        }
        race.turns++;
        if (test_nodes() == 1) {
            seL4_Yield();
        }
    }
    race.stopped = true;
}

static void set_up(bool long_ones, unsigned round)
{
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY));
    race.queue = queue_new(seL4_CapInitThreadTCB, 5, 9);
    for (unsigned i = 0; i < 2; i++) {
        race.frames[i] = test_object(seL4_RISCV_4K_Page, 0);
        race.addresses[i] = address_of(race.frames[i]);
    }
    race.stop = race.stopped = false;
    race.turns = 0;
    race.long_ones = long_ones;
    race.random = round + 88172645463325252;
    struct test_thread *thread = test_thread_create(flip, NULL, HOSTILE_PRIORITY, 0);
    test_thread_set_node(thread, test_nodes() - 1);
    test_thread_start(thread);
    WAIT_FOR(race.turns > 0);
}

static void end(void)
{
    race.stop = true;
    WAIT_FOR(race.stopped);
}

/* What one of the requests can have been answered. */
static bool is_possible(const struct response *response)
{
    switch (response->error) {
    case seL4_NoError:
        return response->length == 0 || (response->length == 1 && (response->words[0] == race.addresses[0] ||
                                                                   response->words[0] == race.addresses[1]));
    case seL4_IllegalOperation:
    case REL4_ERROR_CANCELLED:
    case seL4_TruncatedMessage:
        return response->length == 0;
    case seL4_InvalidCapability:
        return response->length == 1 && response->words[0] <= 1;
    case seL4_FailedLookup:
        return response->length >= 2 && response->words[0] <= 1;
    default:
        return false;
    }
}

TEST("async racing: requests that change while they are read have one of the possible answers, each one")
{
    unsigned answers[2] = { 0 };

    set_up(false, 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < BATCH; i++) {
            queue_request(race.queue, i)->cookie = round * BATCH + i;
        }
        race.queue->produced += BATCH;
        queue_go(race.queue);
        for (unsigned i = 0; i < BATCH; i++) {
            struct response response = queue_wait(race.queue);
            CHECK_EQUAL(response.cookie, round * BATCH + i);
            answers[response.error != seL4_NoError]++;
            if (!is_possible(&response)) {
                test_fail(__FILE__, __LINE__, "error %lu with %lu words, the first 0x%lx", response.error,
                          response.length, response.words[0]);
            }
        }
        if (queue_room(race.queue) != BATCH) {
            test_fail(__FILE__, __LINE__, "the worker consumed other than it answered");
            break;
        }
    }
    CHECK(answers[0] > 0 && answers[1] > 0);
    end();
}

TEST("async racing: the same with lengths of any number of items: the queue may stop, and comes back")
{
    set_up(true, 1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        race.queue->produced += BATCH;
        queue_publish(race.queue);
        queue_invoke(race.queue, REL4_LABEL_QUEUE_WAKE);
        hostile_pause();
        uint32_t fault = index_peer(queue_word(race.queue, REL4_HEADER_FAULT));
        CHECK(fault <= REL4_FAULT_FLAGS);
        if (fault) {
            queue_reset(race.queue);
        } else {
            WAIT_FOR(index_peer(queue_word(race.queue, REL4_HEADER_FAULT)) ||
                     queue_room(race.queue) == BATCH);
            race.queue->consumed = index_peer(queue_word(race.queue, REL4_HEADER_RESPONSE_PRODUCER));
            index_publish(queue_word(race.queue, REL4_HEADER_RESPONSE_CONSUMER), race.queue->consumed);
        }
    }
    end();
    index_publish(queue_word(race.queue, REL4_HEADER_REQUEST_PRODUCER), race.queue->produced + 1000);
    WAIT_FOR((queue_invoke(race.queue, REL4_LABEL_QUEUE_WAKE),
              index_peer(queue_word(race.queue, REL4_HEADER_FAULT))));
    queue_reset(race.queue);
    queue_check_works(race.queue);
}
