/*
 * The user's side of the rings: what goes in is what the other side finds, and nothing that the other side
 * writes leads out of the rings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "random.h"
#include "rel4_machine.h"

static struct machine kernel;
static struct rel4_queue queue;

static uint32_t *header(unsigned offset)
{
    return rel4_queue_header(&queue, offset);
}

/* Answers with the words of the request, and its capability as the error. */
static unsigned echo(const struct rel4_item *request, seL4_Word *words, unsigned *word_count)
{
    *word_count = rel4_header_words(request->header);
    for (unsigned i = 0; i < *word_count; i++) {
        words[i] = *rel4_request_word(&queue, kernel.request_consumer, i);
    }
    return (unsigned)request->cap;
}

static int set_up(void **state)
{
    machine_start(&kernel, &queue, 5, 8, false, echo);
    return 0;
}

static int tear_down(void **state)
{
    machine_stop();
    return 0;
}

static void words_of_every_number_go_in_and_come_out_at_every_place_of_the_ring(void **state)
{
    seL4_Word words[REL4_MAX_WORDS], back[REL4_MAX_WORDS];
    uint64_t seed = 1;

    for (unsigned round = 0; round < 40; round++) {
        for (unsigned count = 0; count <= REL4_MAX_WORDS; count++) {
            struct rel4_response response = { .words = back, .capacity = REL4_MAX_WORDS };

            for (unsigned i = 0; i < count; i++) {
                words[i] = (seL4_Word)random_below(&seed, 1u << 31) << 32 | i;
            }
            assert_true(rel4_queue_put(&queue, &(struct rel4_request){ .cookie = count,
                                                                       .cap = round % 11,
                                                                       .label = 0x400,
                                                                       .word_count = count,
                                                                       .words = words }));
            rel4_queue_publish(&queue);
            assert_true(machine_serve(&kernel));
            assert_true(rel4_queue_take(&queue, &response));
            assert_int_equal(response.cookie, count);
            assert_int_equal(response.error, round % 11);
            assert_int_equal(response.word_count, count);
            assert_memory_equal(words, back, count * sizeof(words[0]));
            assert_false(rel4_queue_take(&queue, &response));
            rel4_queue_publish(&queue);
        }
    }
}

static void extra_capabilities_follow_the_words(void **state)
{
    const seL4_Word words[] = { 1, 2, 3, 4, 5 };
    const seL4_CPtr extras[] = { 11, 12, 13 };

    assert_true(rel4_queue_put(
        &queue,
        &(struct rel4_request){
            .cap = 9, .label = 7, .word_count = 5, .words = words, .extra_count = 3, .extras = extras }));
    assert_int_equal(queue.request_producer, 2);
    assert_int_equal(queue.requests[0].header, rel4_header(7, 0, 5, 3));
    assert_int_equal(queue.requests[0].cap, 9);
    assert_int_equal(queue.requests[0].words[4], 5);
    assert_int_equal(queue.requests[0].words[5], 11);
    assert_int_equal(*(uint64_t *)&queue.requests[1], 12);
    assert_int_equal(((uint64_t *)&queue.requests[1])[1], 13);
}

static void a_full_ring_says_so_and_loses_nothing(void **state)
{
    struct rel4_request request = { .label = 1 };
    struct rel4_response response = { 0 };

    for (unsigned i = 0; i < 32; i++) {
        request.cookie = i;
        assert_int_equal(rel4_queue_room(&queue), 32 - i);
        assert_true(rel4_queue_put(&queue, &request));
    }
    assert_false(rel4_queue_put(&queue, &request));
    rel4_queue_publish(&queue);
    machine_serve(&kernel);
    assert_int_equal(rel4_queue_room(&queue), 32);
    for (unsigned i = 0; i < 32; i++) {
        assert_true(rel4_queue_take(&queue, &response));
        assert_int_equal(response.cookie, i);
    }
    assert_false(queue.broken);
}

static void what_cannot_be_sent_is_refused(void **state)
{
    static const seL4_Word words[REL4_MAX_WORDS + 1];

    assert_false(
        rel4_queue_put(&queue, &(struct rel4_request){ .word_count = REL4_MAX_WORDS + 1, .words = words }));
    assert_false(rel4_queue_put(&queue, &(struct rel4_request){ .extra_count = 4, .extras = words }));
    assert_false(rel4_queue_put(&queue, &(struct rel4_request){ .label = 0x1000 }));
    assert_int_equal(queue.request_producer, 0);
    assert_true(rel4_queue_put(
        &queue, &(struct rel4_request){
                    .word_count = REL4_MAX_WORDS, .words = words, .extra_count = 3, .extras = words }));
    assert_int_equal(queue.request_producer, REL4_MAX_ITEMS);
}

static void answers_longer_than_the_buffer_are_cut_and_counted(void **state)
{
    const seL4_Word words[20] = { [6] = 66, [7] = 77 };
    seL4_Word back[8] = { 0 };
    struct rel4_response response = { .words = back, .capacity = 7 };

    rel4_queue_put(&queue, &(struct rel4_request){ .word_count = 20, .words = words });
    rel4_queue_publish(&queue);
    machine_serve(&kernel);
    assert_true(rel4_queue_take(&queue, &response));
    assert_int_equal(response.word_count, 20);
    assert_int_equal(back[6], 66);
    assert_int_equal(back[7], 0);
}

static void indices_that_cannot_be_are_noticed_and_not_followed(void **state)
{
    static const uint32_t wrong[] = { 257, 0x80000000, 0xffffffff };
    struct rel4_response response = { 0 };

    for (unsigned i = 0; i < 3; i++) {
        __atomic_store_n(header(REL4_HEADER_RESPONSE_PRODUCER), wrong[i], __ATOMIC_RELAXED);
        queue.broken = false;
        assert_false(rel4_queue_take(&queue, &response));
        assert_true(rel4_queue_faulted(&queue));
    }
    __atomic_store_n(header(REL4_HEADER_RESPONSE_PRODUCER), 0, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 3; i++) {
        __atomic_store_n(header(REL4_HEADER_REQUEST_CONSUMER), wrong[i], __ATOMIC_RELAXED);
        queue.broken = false;
        assert_int_equal(rel4_queue_room(&queue), wrong[i] == 0xffffffff ? 31 : 0);
        assert_int_equal(queue.broken, wrong[i] != 0xffffffff);
    }
}

static void an_answer_that_is_longer_than_what_is_there_is_noticed(void **state)
{
    struct rel4_response response = { 0 };

    queue.responses[0].header = rel4_header(1, 0, 7, 0);
    __atomic_store_n(header(REL4_HEADER_RESPONSE_PRODUCER), 1, __ATOMIC_RELEASE);
    assert_false(rel4_queue_take(&queue, &response));
    assert_true(queue.broken);
}

static void indices_may_wrap(void **state)
{
    struct rel4_response response = { 0 };

    queue.request_producer = queue.response_consumer = 0xfffffff0;
    kernel.request_consumer = kernel.response_producer = 0xfffffff0;
    __atomic_store_n(header(REL4_HEADER_REQUEST_CONSUMER), 0xfffffff0, __ATOMIC_RELAXED);
    __atomic_store_n(header(REL4_HEADER_RESPONSE_PRODUCER), 0xfffffff0, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(rel4_queue_put(&queue, &(struct rel4_request){ .cookie = i }));
        rel4_queue_publish(&queue);
        machine_serve(&kernel);
        assert_true(rel4_queue_take(&queue, &response));
        assert_int_equal(response.cookie, i);
    }
    assert_false(rel4_queue_faulted(&queue));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        EACH(words_of_every_number_go_in_and_come_out_at_every_place_of_the_ring),
        EACH(extra_capabilities_follow_the_words),
        EACH(a_full_ring_says_so_and_loses_nothing),
        EACH(what_cannot_be_sent_is_refused),
        EACH(answers_longer_than_the_buffer_are_cut_and_counted),
        EACH(indices_that_cannot_be_are_noticed_and_not_followed),
        EACH(an_answer_that_is_longer_than_what_is_there_is_noticed),
        EACH(indices_may_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
