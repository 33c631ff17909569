/*
 * The worker, and a user who writes anything into the rings, between the requests, too.
 */
#include "random.h"
#include "ring.h"
#include "thread/hart.h"
#include "worker/ring.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint16_t labels[] = {
    LABEL_UNTYPED_RETYPE,
    LABEL_TCB_READ_REGISTERS,
    LABEL_TCB_WRITE_REGISTERS,
    LABEL_TCB_SUSPEND,
    LABEL_TCB_RESUME,
    LABEL_TCB_SET_SPACE,
    LABEL_TCB_BIND_NOTIFICATION,
    LABEL_CNODE_REVOKE,
    LABEL_CNODE_DELETE,
    LABEL_CNODE_COPY,
    LABEL_CNODE_MINT,
    LABEL_CNODE_MOVE,
    LABEL_PAGE_GET_ADDRESS,
    LABEL_PAGE_UNMAP,
    REL4_LABEL_QUEUE_PUT_STRING,
    REL4_LABEL_QUEUE_WAKE,
    REL4_LABEL_QUEUE_RESET,
    REL4_LABEL_QUEUE_DETACH,
    REL4_LABEL_QUEUE_ADD_FRAMES,
};

static word_t any_word(void)
{
    switch (random_below(&seed, 4)) {
    case 0:
        return bit(random_below(&seed, 64)) - random_below(&seed, 2);
    case 1:
        return WORD_BITS;
    default:
        return random_below(&seed, 10);
    }
}

/* A request that means something, or nearly. */
static void write_item(uint32_t index)
{
    struct rel4_item *item = request_at(index);
    unsigned length = random_below(&seed, 10) ? random_below(&seed, 10) : random_below(&seed, 128);

    item->cookie = index;
    item->header =
        rel4_header(labels[random_below(&seed, ARRAY_SIZE(labels))], 0, length, random_below(&seed, 4));
    item->cap = random_below(&seed, NOBODY + 2);
    for (unsigned i = 0; i < REL4_ITEM_WORDS; i++) {
        item->words[i] = any_word();
    }
    if (random_below(&seed, 8) == 0) {
        ((unsigned char *)item)[random_below(&seed, REL4_ITEM_BYTES)] ^=
            (unsigned char)(1 + random_below(&seed, 255));
    }
}

/* The user, on another hart, between two requests. */
static bool be_the_user(void)
{
    write_item(random_below(&seed, 1u << 31));
    if (random_below(&seed, 16) == 0) {
        uint32_t *word = header(4 * random_below(&seed, 128));
        *word = nearly(*word, 32);
    }
    return random_below(&seed, 8) == 0;
}

static void random_rings_are_served_or_a_fault_and_nothing_else_is_touched(void **state)
{
    unsigned faults = 0, served[REL4_PLACES] = { 0 };

    for (unsigned round = 0; round < 3000; round++) {
        uint64_t random = round * 2654435761ul + 1;
        open_queue(5 + round % 3, 6 + round / 3 % 3);
        seed = random;
        host_seed = round + 1;
        host_hart->locks = harts_table[1].locks = true;
        host_lock_wanted = be_the_user;
        host_preempt_randomly(round, 3);
        for (unsigned run = 0; run < 20; run++) {
            uint32_t ahead = random_below(&seed, (uint32_t)bit(queue->request_bits) + 1);
            for (unsigned i = 0; i < ahead; i++) {
                write_item(ring_request_consumer(queue) + i);
            }
            *header(REL4_HEADER_REQUEST_PRODUCER) = random_below(&seed, 8)
                                                        ? ring_request_consumer(queue) + ahead
                                                        : nearly(ring_request_consumer(queue) + ahead, 32);
            *header(REL4_HEADER_RESPONSE_CONSUMER) = random_below(&seed, 8)
                                                         ? ring_response_producer(queue)
                                                         : nearly(ring_response_producer(queue), 32);
            wake();
            serve((enum rel4_place)random_below(&seed, REL4_PLACES));
            check(queue->state != QUEUE_RUNNING);
            if (queue->state == QUEUE_FAULTED) {
                faults++;
                if (invoke(queue_slot, REL4_LABEL_QUEUE_RESET, words(), extras()) != ERR_NONE) {
                    break;
                }
            }
        }
        for (unsigned place = 0; place < REL4_PLACES; place++) {
            served[place] += (unsigned)queue->statistics.served[place];
        }
    }
    host_seed = 0;
    assert_true(faults > 1000);
    for (unsigned place = 0; place < REL4_PLACE_TICK; place++) {
        assert_true(served[place] > 20000);
    }
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(random_rings_are_served_or_a_fault_and_nothing_else_is_touched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
