/*
 * The worker against hostile rings: indexes, requests and answers, and what ends a run. Which hart runs it is
 * in test_placement*.c and test_idle*.c.
 */
#include "cap/delete.h"
#include "ipc/endpoint.h"
#include "random.h"
#include "ring.h"
#include "thread/hart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PAGE  (1u << ABI_PAGE_BITS)
#define RADIX 4 /* of the owner's CNode: bits of a pointer that are not 0 */

/* ---- Indexes ---- */

static void a_request_producer_more_than_a_ring_ahead_is_a_fault(void **state)
{
    static const uint32_t ahead[] = { 0, 1, 31, 32, 33, 34, 64, 4096, 0x7fffffff, 0x80000000, 0xffffffff };

    open_queue(5, 6);
    for (unsigned i = 0; i < ARRAY_SIZE(ahead); i++) {
        for (unsigned n = 0; n < 32; n++) {
            put_simple(n);
        }
        produced -= 32;
        *header(REL4_HEADER_REQUEST_PRODUCER) = produced + ahead[i];
        wake_and_serve();
        if (ahead[i] > 32) {
            assert_int_equal(answers(), 0);
            check_fault(REL4_FAULT_REQUEST_INDEX);
            continue;
        }
        for (unsigned n = 0; n < ahead[i]; n++) {
            check_served(n);
        }
        produced += ahead[i];
        check_works();
    }
}

static void a_response_consumer_that_cannot_be_is_a_fault(void **state)
{
    for (int32_t wrong = -40; wrong <= 40; wrong++) {
        open_queue(5, 6);
        for (unsigned n = 0; n < 32; n++) {
            put_simple(n);
        }
        publish_and_serve();
        /* 32 answers in a ring of 64 units: the consumer may be up to 32 behind. */
        *header(REL4_HEADER_RESPONSE_CONSUMER) = (uint32_t)wrong;
        put_simple(100);
        publish_and_serve();
        if (wrong < -32 || wrong > 32) {
            assert_int_equal(queue->state, QUEUE_FAULTED);
            check_fault(REL4_FAULT_RESPONSE_INDEX);
        } else {
            bool fits = 32 + wrong >= REL4_ANSWER_UNITS;
            assert_int_equal(queue->state, fits ? QUEUE_IDLE : QUEUE_FULL);
            assert_int_equal(answers(), fits ? 33 : 32);
        }
    }
}

static void places_wrap_at_the_ends_of_frames_rings_and_indexes(void **state)
{
    for (unsigned request_bits = 5; request_bits <= 8; request_bits++) {
        for (unsigned response_bits = 6; response_bits <= 9; response_bits++) {
            open_queue(request_bits, response_bits);
            /* As after four milliards of requests, less a few. */
            produced = consumed = 0xffffff00 - 7;
            queue->requests.end_index = queue->responses.end_index = produced;
            queue->request_producer = produced;
            queue->response_limit = consumed + (1u << response_bits);
            queue->told = rel4_ring_pair(produced, produced);
            *header(REL4_HEADER_REQUEST_CONSUMER) = *header(REL4_HEADER_RESPONSE_PRODUCER) = produced;
            give_room(0);
            for (unsigned n = 0; n < 1000;) {
                unsigned batch = 1 + random_below(&seed, 32);
                for (unsigned i = 0; i < batch; i++) {
                    put_simple(n + i);
                }
                publish_and_serve();
                assert_int_equal(answers(), batch);
                for (unsigned i = 0; i < batch; i++) {
                    check_served(n++);
                }
            }
        }
    }
}

static void what_the_kernel_writes_it_does_not_read_back(void **state)
{
    open_queue(5, 6);
    for (unsigned n = 0; n < 1000; n++) {
        uint32_t answered;
        *header(REL4_HEADER_REQUEST_CONSUMER) = nearly(n, 32);
        *header(REL4_HEADER_RESPONSE_PRODUCER) = nearly(n, 32);
        *header(REL4_HEADER_FAULT) = random_below(&seed, 5);
        *header(REL4_HEADER_VERSION) = 0xdeadbeef;
        *header(REL4_HEADER_VERSION + 4) = 31;
        *header(REL4_HEADER_VERSION + 8) = 31;
        memset(header_page() + REL4_HEADER_STATISTICS, 0xff, PAGE - REL4_HEADER_STATISTICS);
        put_simple(n);
        publish_and_serve();
        assert_int_equal(*header(REL4_HEADER_REQUEST_CONSUMER), n + 1);
        answered = *header(REL4_HEADER_RESPONSE_PRODUCER);
        assert_int_equal(answered, n + 1);
        check_served(n);
    }
    assert_int_equal(queue->statistics.served[REL4_PLACE_BLOCK], 1000);
    assert_int_equal(*(uint64_t *)(void *)(header_page() + REL4_HEADER_STATISTICS + 8ul * REL4_PLACE_BLOCK),
                     1000);
}

static void the_state_words_are_hints(void **state)
{
    open_queue(5, 6);
    for (unsigned n = 0; n < 200; n++) {
        put_simple(n);
        *header(REL4_HEADER_SERVER_STATE) = n % 3 ? random_below(&seed, 3) : 0x80000001;
        *header(REL4_HEADER_REQUESTER_STATE) = n % 5 ? random_below(&seed, 3) : 0xffffffff;
        publish_and_serve();
        check_served(n);
    }
    /* Asleep, and woken by nobody: the worker looks once more after it has said that it sleeps. */
    assert_int_equal(*header(REL4_HEADER_SERVER_STATE), REL4_ASLEEP);
}

/* ---- Requests ---- */

static void requests_of_every_length_are_served_or_a_fault(void **state)
{
    open_queue(5, 6);
    for (unsigned length = 0; length < 128; length++) {
        for (unsigned extras = 0; extras < 4; extras++) {
            unsigned items = rel4_items_for(length + extras);
            for (unsigned given = items < 3 ? 1 : items - 1; given <= items; given++) {
                uint32_t before = produced;
                put(length, rel4_header(LABEL_PAGE_GET_ADDRESS, 0, length, extras), FRAME, words());
                for (unsigned i = 1; i < given; i++) {
                    memset(request_at(produced++), 0, REL4_ITEM_BYTES);
                }
                publish_and_serve();
                if (length > REL4_MAX_WORDS) {
                    check_fault(REL4_FAULT_TOO_LONG);
                } else if (given < items) {
                    assert_int_equal(queue->state, QUEUE_FAULTED);
                    check_fault(REL4_FAULT_INCOMPLETE);
                } else {
                    assert_int_equal(*header(REL4_HEADER_REQUEST_CONSUMER), before + items);
                    /* Extra capabilities at 0 are an empty slot. */
                    check_served(length);
                }
            }
        }
    }
}

static void pointers_have_64_bits_and_labels_twelve(void **state)
{
    open_queue(5, 6);
    for (unsigned i = RADIX; i < WORD_BITS; i++) {
        put(i, rel4_header(LABEL_PAGE_GET_ADDRESS, 0, 0, 0), FRAME | bit(i), words());
        publish_and_serve();
        check_answer(i, ERR_FAILED_LOOKUP, rel4_header_words(response_at(consumed)->header));
        assert_int_equal(response_word(0), 0);
        put(i, rel4_header(LABEL_PAGE_GET_ADDRESS, 0, 0, 1), FRAME, words(FRAME | bit(i)));
        publish_and_serve();
        check_answer(i, ERR_FAILED_LOOKUP, rel4_header_words(response_at(consumed)->header));
        assert_int_equal(response_word(0), 1);
    }
    for (unsigned label = LABEL_COUNT; label < 4096; label++) {
        put(label, rel4_header(label, 0, 0, 0), FRAME, words());
        publish_and_serve();
        check_answer(label, label == REL4_LABEL_NOP ? REL4_ERROR_CANCELLED : ERR_ILLEGAL_OPERATION, 0);
    }
    put(1, 0, NOBODY, words());
    put(2, 0, NOTIFICATION, words());
    publish_and_serve();
    check_answer(1, ERR_INVALID_CAPABILITY, 1);
    assert_int_equal(response_word(0), 0);
    check_answer(2, ERR_NONE, 0);
}

static void a_request_is_begun_only_when_its_longest_answer_fits(void **state)
{
    for (unsigned registers = 0; registers <= ABI_REG_COUNT + 2; registers++) {
        unsigned length = registers < ABI_REG_COUNT ? registers : ABI_REG_COUNT,
                 units = rel4_units_for(length < 6 ? 6 : length);
        for (unsigned room = REL4_ANSWER_UNITS - 1; room < units + 1; room++) {
            open_queue(6, 6);
            for (unsigned n = 0; n < 64 - room; n++) {
                put_simple(n);
            }
            publish_and_serve();
            put(99, rel4_header(LABEL_TCB_READ_REGISTERS, 0, 2, 0), OTHER_THREAD, words(0, registers));
            publish_and_serve();
            assert_int_equal(queue->state, room < units ? QUEUE_FULL : QUEUE_IDLE);
            for (unsigned n = 0; n < 64 - room; n++) {
                check_served(n);
            }
            wake_and_serve();
            if (registers >= 1 && registers <= ABI_REG_COUNT) {
                check_answer(99, ERR_NONE, length);
            } else {
                assert_int_equal(rel4_header_error(response_at(consumed)->header), ERR_RANGE);
            }
        }
    }
}

static void a_full_response_ring_stops_the_worker_and_loses_nothing(void **state)
{
    uint32_t put_count = 0, served = 0;

    open_queue(7, 6);
    while (served < 2000) {
        while (produced - *header(REL4_HEADER_REQUEST_CONSUMER) < 128) {
            put_simple(put_count++);
        }
        publish_and_serve();
        assert_int_equal(queue->state, QUEUE_FULL);
        assert_int_equal(answers(), 64 - REL4_ANSWER_UNITS + 1);
        for (unsigned n = 1 + random_below(&seed, 32); n; n--) {
            check_served(served++);
        }
    }
}

/* ---- Runs ---- */

static unsigned looks;

static bool refill(void)
{
    looks++;
    put_simple(looks);
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
    return false;
}

static void a_producer_without_end_gets_as_many_as_its_ring_is_long(void **state)
{
    open_queue(5, 7);
    host_hart->locks = true;
    host_lock_wanted = refill;
    looks = 0;
    put_simple(0);
    put_simple(0); /* it looks before another one */
    publish_and_serve();
    assert_int_equal(answers(), 32);
    assert_int_equal(queue->state, QUEUE_WAITING);
    assert_true(owner->worker.queued);
}

static void an_interrupted_request_goes_on_from_its_copy(void **state)
{
    unsigned runs = 0;

    open_queue(5, 6);
    struct slot *children = put_long_revoke(7);
    put_simple(8);
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
    wake();
    host_preempt_every(1);
    while (answers() == 0) {
        serve(REL4_PLACE_BLOCK);
        assert_true(++runs < 1000);
        /* Whatever becomes of the request in the ring meanwhile, and of the indexes. */
        memset(request_at(0), 0xff, REL4_ITEM_BYTES);
        *header(REL4_HEADER_REQUEST_CONSUMER) = 0x12345678;
    }
    assert_true(runs > 2);
    check_answer(7, ERR_NONE, 0);
    host_preempt_never();
    serve(REL4_PLACE_BLOCK);
    check_served(8);
    assert_false(slot_has_children(own(NOBODY)));
    assert_true(slot_is_empty(slots_of(children) + 255));
}

static void reset_forgets_the_request_in_hand(void **state)
{
    open_queue(5, 6);
    host_preempt_every(1);
    put(7, rel4_header(REL4_LABEL_QUEUE_PUT_STRING, 0, 6, 0), OWN_QUEUE, words(40, 0, 0, 0, 0, 0));
    put(8, rel4_header(LABEL_TCB_READ_REGISTERS, 0, 2, 0), OTHER_THREAD, words(0, 1));
    publish_and_serve();
    queue->holds_request = true;
    reset_queue();
    assert_false(queue->holds_request);
    host_preempt_never();
    check_works();
    assert_int_equal(answers(), 0);
}

static void what_ends_the_queue_ends_the_run(void **state)
{
    static const struct {
        unsigned pointer;
        enum queue_state left; /* of the queue */
    } ends[] = { { OWN_THREAD, QUEUE_STOPPED }, { OWN_QUEUE, QUEUE_NEW } };

    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        open_queue(5, 6);
        put_simple(1);
        put(2, rel4_header(LABEL_CNODE_REVOKE, 0, 2, 0), ROOT, words(ends[i].pointer, WORD_BITS));
        put(3, rel4_header(LABEL_CNODE_DELETE, 0, 2, 0), ROOT, words(ends[i].pointer, WORD_BITS));
        put_simple(4);
        /* These are the only ones. */
        struct slot *outside = ends[i].pointer == OWN_THREAD ? thread : queue_slot;
        assert_int_equal(slot_delete(outside), DONE);
        publish_and_serve();
        /* What was answered before is handed over, and nothing more. */
        assert_int_equal(answers(), 2);
        check_served(1);
        check_answer(2, ERR_NONE, 0);
        assert_int_equal(queue->state, ends[i].left);
        assert_null(owner->async_queue);
        assert_false(owner->worker.queued);
    }
}

static void what_is_left_of_an_interrupted_end_can_be_deleted_again(void **state)
{
    static const unsigned ends[] = { OWN_THREAD, OWN_QUEUE };

    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        open_queue(9, 12);
        put(1, rel4_header(LABEL_CNODE_DELETE, 0, 2, 0), ROOT, words(ends[i], WORD_BITS));
        put_simple(2);
        assert_int_equal(slot_delete(ends[i] == OWN_THREAD ? thread : queue_slot), DONE);
        host_preempt_every(1);
        publish_and_serve();
        assert_int_equal(answers(), 0);
        assert_null(owner->async_queue);
        assert_false(owner->worker.queued || slot_is_empty(own(ends[i])));
        for (unsigned patience = 100; slot_delete(own(ends[i])) == AGAIN; patience--) {
            assert_int_not_equal(patience, 0);
        }
        assert_true(slot_is_empty(own(ends[i])));
    }
}

static void a_thread_that_stops_itself_is_served_again_when_it_is_resumed(void **state)
{
    open_queue(5, 6);
    put(1, rel4_header(LABEL_TCB_SUSPEND, 0, 0, 0), OWN_THREAD, words());
    put_simple(2);
    publish_and_serve();
    assert_int_equal(queue->state, QUEUE_WAITING);
    assert_false(owner->worker.queued);
    check_answer(1, ERR_NONE, 0);
    wake_and_serve();
    assert_int_equal(answers(), 0);
    thread_resume(owner);
    assert_int_equal(queue->state, QUEUE_WAITING);
    assert_true(owner->worker.queued);
    serve(REL4_PLACE_BLOCK);
    check_served(2);
}

/* ---- Fences ---- */

/* Between two requests: the one before has unmapped something, it seems. */
static bool owe(void)
{
    host_hart->tlb_batch.asid = 1;
    host_hart->tlb_batch.harts = 1;
    return false;
}

static unsigned paid;

static void nobody_knows_yet(void)
{
    paid++;
    assert_int_equal(*header(REL4_HEADER_REQUEST_CONSUMER), 0);
    assert_int_equal(*header(REL4_HEADER_RESPONSE_PRODUCER), 0);
    assert_int_equal(*header(REL4_HEADER_FAULT), 0);
}

static void indices_and_faults_are_published_when_fences_are_paid(void **state)
{
    for (unsigned fails = 0; fails < 2; fails++) {
        for (unsigned place = 0; place < REL4_PLACES; place++) {
            open_queue(5, 6);
            host_hart->locks = harts_table[1].locks = true;
            host_lock_wanted = owe;
            host_pays = nobody_knows_yet;
            paid = 0;
            put_batch(3);
            if (fails) {
                put(3, rel4_header(LABEL_PAGE_GET_ADDRESS, 0, 100, 3), FRAME, words());
                *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
            }
            wake();
            serve((enum rel4_place)place);
            assert_int_equal(paid, 1);
            assert_int_equal(answers(), 3);
            assert_int_equal(queue->state, fails ? QUEUE_FAULTED : QUEUE_IDLE);
            assert_int_equal(queue->statistics.fences, 1);
        }
    }
}

static const unsigned char *reused;

static void nothing_is_cleared_yet(void)
{
    paid++;
    assert_int_equal(*reused, 0xff);
}

static void memory_is_reused_when_fences_are_paid(void **state)
{
    open_queue(5, 6);
    host_hart->locks = true;
    host_lock_wanted = owe;
    host_pays = nothing_is_cleared_yet;
    paid = 0;
    /* Untyped memory that was used, and whose objects are gone. */
    own(UNTYPED)->cap.w1 = bit(12);
    reused = phys_to_ptr(untyped_phys(own(UNTYPED)->cap));
    memset(phys_to_ptr(untyped_phys(own(UNTYPED)->cap)), 0xff, bit(12));
    put_simple(0);
    put(1, rel4_header(LABEL_UNTYPED_RETYPE, 0, 6, 1), UNTYPED, words(ABI_TYPE_ENDPOINT, 0, 0, 0, NOBODY, 1));
    *request_at(produced++) = (struct rel4_item){ .cookie = ROOT };
    publish_and_serve();
    check_served(0);
    check_answer(1, ERR_NONE, 0);
    assert_int_equal(*reused, 0);
    assert_int_equal(paid, 1);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(a_request_producer_more_than_a_ring_ahead_is_a_fault),
        EACH(a_response_consumer_that_cannot_be_is_a_fault),
        EACH(places_wrap_at_the_ends_of_frames_rings_and_indexes),
        EACH(what_the_kernel_writes_it_does_not_read_back),
        EACH(the_state_words_are_hints),
        EACH(requests_of_every_length_are_served_or_a_fault),
        EACH(pointers_have_64_bits_and_labels_twelve),
        EACH(a_request_is_begun_only_when_its_longest_answer_fits),
        EACH(a_full_response_ring_stops_the_worker_and_loses_nothing),
        EACH(a_producer_without_end_gets_as_many_as_its_ring_is_long),
        EACH(an_interrupted_request_goes_on_from_its_copy),
        EACH(reset_forgets_the_request_in_hand),
        EACH(what_ends_the_queue_ends_the_run),
        EACH(what_is_left_of_an_interrupted_end_can_be_deleted_again),
        EACH(a_thread_that_stops_itself_is_served_again_when_it_is_resumed),
        EACH(memory_is_reused_when_fences_are_paid),
        EACH(indices_and_faults_are_published_when_fences_are_paid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
