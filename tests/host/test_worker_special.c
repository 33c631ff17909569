/*
 * Requests that are more than one plain call: flags, NOP, and queues that may not make all calls.
 */
#include "random.h"
#include "ring.h"
#include "thread/hart.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEAD(label, words, extras, flags) (rel4_header(label, 0, words, extras) | (flags))

/* Writes a request with any number of words, without publishing it. */
static void put_long(uint32_t cookie, uint32_t head, word_t cap, struct words words)
{
    struct rel4_item *item = request_at(produced++);

    *item = (struct rel4_item){ .cookie = cookie, .header = head, .cap = cap };
    for (unsigned i = 0; i < words.count; i++) {
        unsigned place = (i - REL4_ITEM_WORDS) % REL4_MORE_WORDS;
        if (i < REL4_ITEM_WORDS) {
            item->words[i] = words.list[i];
            continue;
        }
        if (place == 0) {
            item = request_at(produced++);
        }
        ((uint64_t *)item)[place] = words.list[i];
    }
}

/* Delete of count slots from a pointer on. */
static void put_deletes(uint32_t cookie, word_t first, word_t count, uint32_t flags)
{
    put_long(cookie, HEAD(LABEL_CNODE_DELETE, 2, 0, REL4_REPEAT | flags), ROOT,
             words(first, WORD_BITS, 1, count | REL4_REPEAT_WORD(0)));
}

static void put_failing(uint32_t cookie, uint32_t flags)
{
    put(cookie, HEAD(LABEL_CNODE_DELETE, 2, 0, flags), ROOT, words(FRAME, 0));
}

/* ---- Repeat ---- */

static void a_repeated_request_is_many_calls_and_one_answer(void **state)
{
    open_queue(5, 6);
    /* Copies of FRAME into the last eight slots: two items. */
    put_long(1, HEAD(LABEL_CNODE_COPY, 5, 1, REL4_REPEAT), ROOT,
             words(NOBODY, WORD_BITS, FRAME, WORD_BITS, ABI_RIGHTS_ALL, ROOT, 1,
                   (POINTERS - NOBODY) | REL4_REPEAT_WORD(0)));
    put_simple(2);
    publish_and_serve();
    check_answer(1, ERR_NONE, 0);
    check_served(2);
    for (unsigned i = NOBODY; i < POINTERS; i++) {
        assert_true(cap_is(own(i)->cap, CAP_FRAME));
    }
    put_deletes(3, NOBODY, POINTERS - NOBODY, 0);
    publish_and_serve();
    check_answer(3, ERR_NONE, 0);
    for (unsigned i = NOBODY; i < POINTERS; i++) {
        assert_true(slot_is_empty(own(i)));
    }
    assert_int_equal(queue->statistics.served[REL4_PLACE_BLOCK], 2 * (POINTERS - NOBODY) + 1);
}

static void a_repeat_ends_at_the_first_error_and_says_how_far_it_came(void **state)
{
    open_queue(5, 6);
    slot_insert(own(NOBODY + 2), own(FRAME)->cap, own(FRAME));
    put_long(1, HEAD(LABEL_CNODE_COPY, 5, 1, REL4_REPEAT), ROOT,
             words(NOBODY, WORD_BITS, FRAME, WORD_BITS, ABI_RIGHTS_ALL, ROOT, 1, 5 | REL4_REPEAT_WORD(0)));
    publish_and_serve();
    check_answer(1, ERR_DELETE_FIRST, 1);
    assert_int_equal(response_word(0), 2);
    assert_true(cap_is(own(NOBODY + 1)->cap, CAP_FRAME));
    assert_true(slot_is_empty(own(NOBODY + 3)));
    /* An error with words of its own: the pointer grows until there is no such slot. */
    put_long(2, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_REPEAT), POINTERS - 1,
             words(0, 5 | REL4_REPEAT_POINTER));
    publish_and_serve();
    check_answer(2, ERR_INVALID_CAPABILITY, 2);
    assert_int_equal(response_word(0), 0);
    assert_int_equal(response_word(1), 0);
}

static void addresses_repeat_and_come_all_in_one_answer(void **state)
{
    for (unsigned count = 1; count <= 66; count++) {
        open_queue(5, 6);
        put_long(count, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_REPEAT), FRAME, words(0, count));
        publish_and_serve();
        while (queue->state == QUEUE_WAITING) {
            serve(REL4_PLACE_BLOCK);
        }
        if (count > REL4_MAX_ADDRESSES) {
            check_answer(count, ERR_ILLEGAL_OPERATION, 1);
            assert_int_equal(response_word(0), 0);
            continue;
        }
        check_answer(count, ERR_NONE, count);
        for (unsigned i = 0; i < count; i++) {
            assert_int_equal(response_word(i), frame_phys(own(FRAME)->cap));
        }
    }
    /* FRAME, and then what is no frame: the address, and how many there were. */
    open_queue(5, 6);
    put_long(1, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_REPEAT), FRAME, words(0, 3 | REL4_REPEAT_POINTER));
    publish_and_serve();
    check_answer(1, ERR_ILLEGAL_OPERATION, 2);
    assert_int_equal(response_word(0), frame_phys(own(FRAME)->cap));
    assert_int_equal(response_word(1), 1);
}

static void calls_that_cannot_repeat_are_illegal(void **state)
{
    static const unsigned labels[] = { LABEL_TCB_READ_REGISTERS,
                                       LABEL_TCB_WRITE_REGISTERS,
                                       LABEL_TCB_SET_FLAGS,
                                       LABEL_CNODE_CANCEL_BADGED_SENDS,
                                       REL4_LABEL_QUEUE_BIND,
                                       REL4_LABEL_QUEUE_START,
                                       REL4_LABEL_QUEUE_WAKE,
                                       REL4_LABEL_QUEUE_RESET,
                                       REL4_LABEL_QUEUE_DETACH,
                                       REL4_LABEL_QUEUE_PUT_STRING,
                                       REL4_LABEL_TCB_REGISTER_RECEIVER,
                                       REL4_LABEL_SENDER_TABLE_ADD };

    for (unsigned up = 0; up < 2; up++) {
        open_queue(5, 6);
        abi_up = up;
        for (unsigned i = 0; i < ARRAY_SIZE(labels); i++) {
            /* Programs for one node have no SetAffinity, and lower labels behind it. */
            unsigned label =
                labels[i] - (up && labels[i] > LABEL_TCB_SET_AFFINITY && labels[i] < LABEL_COUNT);
            put_long(i, HEAD(label, 2, 0, REL4_REPEAT), OTHER_THREAD, words(0, 1, 0, 2));
            publish_and_serve();
            check_answer(i, ERR_ILLEGAL_OPERATION, 1);
            assert_int_equal(response_word(0), 0);
        }
        abi_up = false;
    }
}

static void a_budget_counts_calls_and_a_repeat_goes_on_later(void **state)
{
    for (unsigned way = 0; way < 3; way++) {
        open_queue(5, 6);
        put_deletes(1, NOBODY, POINTERS - NOBODY, 0);
        put_long(2, HEAD(LABEL_CNODE_DELETE, 2, 0, REL4_REPEAT), ROOT, words(NOBODY, WORD_BITS, 0, 1000));
        put_simple(3);
        publish_and_serve();
        check_answer(1, ERR_NONE, 0);
        assert_int_equal(queue->state, QUEUE_WAITING);
        assert_int_equal(queue->statistics.served[REL4_PLACE_BLOCK], 32);
        /* What is not done is not passed. */
        assert_int_equal(*header(REL4_HEADER_REQUEST_CONSUMER), 1);
        if (way == 1) {
            reset_queue();
            check_works();
            assert_int_equal(answers(), 0);
            continue;
        }
        if (way == 2) {
            thread_suspend(owner);
            serve(REL4_PLACE_BLOCK);
            assert_int_equal(queue->statistics.served[REL4_PLACE_BLOCK], 32);
            thread_resume(owner);
        }
        unsigned runs = 1;
        for (; queue->state == QUEUE_WAITING; runs++) {
            serve(REL4_PLACE_BLOCK);
        }
        assert_int_equal(runs, (1009 + 31) / 32);
        check_answer(2, ERR_NONE, 0);
        check_served(3);
    }
}

static void a_budget_also_counts_the_calls_before_an_error(void **state)
{
    open_queue(5, 6);
    /* One call, and one that fails, for one of the 32 requests of the ring. */
    put_long(1, HEAD(LABEL_PAGE_UNMAP, 0, 0, REL4_REPEAT), FRAME, words(0, 5 | REL4_REPEAT_POINTER));
    for (unsigned n = 0; n < 31; n++) {
        put_simple(n);
    }
    publish_and_serve();
    assert_int_equal(queue->statistics.served[REL4_PLACE_BLOCK], 32);
    assert_int_equal(queue->state, QUEUE_WAITING);
}

/* ---- Link ---- */

static void what_is_linked_to_a_failure_is_skipped(void **state)
{
    open_queue(5, 6);
    put_simple(0);
    put(1, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_LINK), FRAME, words());
    put_failing(2, REL4_LINK);
    put(3, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_LINK), FRAME, words());
    put(4, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_LINK | REL4_QUIET), FRAME, words());
    put_simple(5);
    put_deletes(6, POINTERS - 2, 5, 0);
    /* In another run. */
    publish_and_serve();
    put_deletes(7, NOBODY, 2, REL4_LINK);
    put_simple(8);
    publish_and_serve();
    check_served(0);
    check_served(1);
    check_answer(2, ERR_RANGE, 2);
    check_answer(3, REL4_ERROR_SKIPPED, 0);
    check_answer(4, REL4_ERROR_SKIPPED, 0);
    check_served(5);
    check_answer(6, ERR_FAILED_LOOKUP, rel4_header_words(response_at(consumed)->header));
    check_answer(7, REL4_ERROR_SKIPPED, 0);
    check_served(8);
}

static void nothing_has_failed_after_reset(void **state)
{
    open_queue(5, 6);
    put_failing(1, 0);
    publish_and_serve();
    reset_queue();
    put(2, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_LINK), FRAME, words());
    publish_and_serve();
    check_served(2);
}

/* ---- Quiet ---- */

static void quiet_requests_are_answered_only_if_they_fail(void **state)
{
    open_queue(5, 6);
    for (unsigned n = 0; n < 200; n++) {
        put(n, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_QUIET), FRAME, words());
        if (n % 3 == 0) {
            put_failing(n, REL4_QUIET);
        }
        if (n % 5 == 0) {
            put_deletes(n, NOBODY, 2, REL4_QUIET);
        }
        publish_and_serve();
        assert_int_equal(*header(REL4_HEADER_REQUEST_CONSUMER), produced);
        if (n % 3 == 0) {
            check_answer(n, ERR_RANGE, 2);
        }
        assert_int_equal(answers(), 0);
    }
}

static void who_sleeps_is_woken_by_quiet_progress(void **state)
{
    open_queue(5, 6);
    for (unsigned place = 0; place < REL4_PLACES; place++) {
        word_t before = queue->statistics.signals;
        *header(REL4_HEADER_REQUESTER_STATE) = REL4_ASLEEP;
        put(1, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_QUIET), FRAME, words());
        *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
        wake();
        serve((enum rel4_place)place);
        assert_int_equal(queue->statistics.signals, before + 1);
        assert_int_equal(*header(REL4_HEADER_REQUESTER_STATE), REL4_AWAKE);
    }
}

static void a_quiet_request_that_is_interrupted_is_not_passed(void **state)
{
    open_queue(5, 6);
    struct slot *children = put_long_revoke(7);
    request_at(produced - 1)->header |= REL4_QUIET;
    put_simple(8);
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
    wake();
    host_preempt_every(1);
    for (unsigned runs = 0; answers() == 0; runs++) {
        assert_int_equal(*header(REL4_HEADER_REQUEST_CONSUMER), 0);
        assert_true(runs < 1000);
        serve(REL4_PLACE_BLOCK);
        if (!slot_has_children(own(NOBODY))) {
            host_preempt_never();
        }
    }
    assert_true(slot_is_empty(slots_of(children) + 255));
    check_served(8);
    assert_int_equal(*header(REL4_HEADER_REQUEST_CONSUMER), 2);
}

/* ---- Data, NOP, masks ---- */

static void data_come_back_whatever_the_answer_is(void **state)
{
    open_queue(5, 6);
    put(1, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_DATA), FRAME, words(0x1111));
    put(2, HEAD(LABEL_CNODE_DELETE, 2, 0, REL4_DATA), ROOT, words(FRAME, 0, 0x2222));
    put(3, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_DATA | REL4_LINK), FRAME, words(0x3333));
    put(4, HEAD(LABEL_CNODE_DELETE, 2, 0, REL4_DATA), ROOT, words(NOBODY, WORD_BITS, 0x4444));
    put(5, HEAD(REL4_LABEL_NOP, 0, 0, REL4_DATA), FRAME, words(0x5555));
    put_long(6, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_DATA | REL4_REPEAT), FRAME,
             words(0, 2 | REL4_REPEAT_POINTER, 0x6666));
    publish_and_serve();
    check_answer(1, ERR_NONE, 1);
    assert_int_equal(response_word(0), 0x1111);
    assert_int_equal(response_word(1), frame_phys(own(FRAME)->cap));
    check_answer(2, ERR_RANGE, 2);
    assert_int_equal(response_word(0), 0x2222);
    assert_int_equal(response_word(2), WORD_BITS);
    check_answer(3, REL4_ERROR_SKIPPED, 0);
    assert_int_equal(response_word(0), 0x3333);
    check_answer(4, ERR_NONE, 0);
    assert_int_equal(response_word(0), 0x4444);
    check_answer(5, REL4_ERROR_CANCELLED, 0);
    assert_int_equal(response_word(0), 0x5555);
    check_answer(6, ERR_ILLEGAL_OPERATION, 2);
    assert_int_equal(response_word(0), 0x6666);
    assert_int_equal(response_word(1), frame_phys(own(FRAME)->cap));
    assert_int_equal(response_word(2), 1);
}

static void a_request_that_became_nop_is_answered_cancelled_and_fails_its_chain(void **state)
{
    open_queue(5, 6);
    put_deletes(1, FRAME, 3, REL4_QUIET);
    put_simple(2);
    put(3, HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, REL4_LINK), FRAME, words());
    for (unsigned i = 0; i < 2; i++) {
        request_at(i)->header |= REL4_LABEL_NOP;
    }
    publish_and_serve();
    check_answer(1, REL4_ERROR_CANCELLED, 0);
    check_answer(2, REL4_ERROR_CANCELLED, 0);
    check_answer(3, REL4_ERROR_SKIPPED, 0);
    assert_true(cap_is(own(FRAME)->cap, CAP_FRAME));
}

static void a_restricted_queue_makes_only_the_calls_of_its_masks(void **state)
{
    open_queue(5, 6);
    queue->is_restricted = true;
    queue->labels[0] = bit(LABEL_PAGE_GET_ADDRESS);
    queue->labels[1] = bit(REL4_LABEL_QUEUE_PUT_CHAR - REL4_LABEL_QUEUE_BIND);
    for (unsigned label = 0; label < 4096; label++) {
        bool allowed = label == LABEL_PAGE_GET_ADDRESS || label == REL4_LABEL_QUEUE_PUT_CHAR;
        /* Nothing is looked up: there is no such pointer. */
        put(label, HEAD(label, 0, 0, 0), -1ul, words());
        publish_and_serve();
        check_answer(label,
                     allowed                   ? ERR_FAILED_LOOKUP
                     : label == REL4_LABEL_NOP ? REL4_ERROR_CANCELLED
                                               : ERR_ILLEGAL_OPERATION,
                     rel4_header_words(response_at(consumed)->header));
    }
    check_works();
}

/* ---- Faults ---- */

static void flags_that_make_no_sense_are_a_fault(void **state)
{
    open_queue(5, 6);
    const struct {
        uint32_t head;
        word_t count;
    } wrong[] = {
        { HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, 1u << 29), 0 },
        { HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, 1u << 30), 0 },
        { HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, 1u << 31), 0 },
        { HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, 1u << 12), 0 },
        { HEAD(LABEL_PAGE_GET_ADDRESS, 0, 0, 15u << 12 | REL4_QUIET), 0 },
        { HEAD(LABEL_PAGE_UNMAP, 0, 0, REL4_REPEAT), 0 },
        { HEAD(LABEL_PAGE_UNMAP, 0, 0, REL4_REPEAT), REL4_REPEAT_POINTER },
        { HEAD(LABEL_PAGE_UNMAP, 0, 0, REL4_REPEAT), 1 | REL4_REPEAT_WORD(0) },
        { HEAD(LABEL_CNODE_DELETE, 2, 0, REL4_REPEAT), 1 | REL4_REPEAT_WORD(2) },
        { HEAD(LABEL_CNODE_DELETE, 2, 0, REL4_REPEAT), 1ul | 1ul << 23 },
        { HEAD(LABEL_CNODE_DELETE, 2, 0, REL4_REPEAT), 1ul | 1ul << 32 },
        { HEAD(LABEL_CNODE_DELETE, 2, 0, REL4_REPEAT), 1ul | 1ul << 63 },
        { HEAD(LABEL_CNODE_DELETE, 7, 0, REL4_REPEAT), 1 },
        { HEAD(REL4_LABEL_NOP, 7, 0, REL4_REPEAT), 1 },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        unsigned count = rel4_header_words(wrong[i].head);
        word_t list[10] = { 0 };

        list[count + 1] = wrong[i].count;
        put_simple(7);
        put_long(i, wrong[i].head, ROOT, (struct words){ count + 2, list });
        publish_and_serve();
        /* What came before is handed over. */
        check_served(7);
        check_fault(REL4_FAULT_FLAGS);
    }
    /* The words of the flags are not there. */
    put_long(1, HEAD(LABEL_CNODE_DELETE, 6, 0, REL4_DATA), ROOT, words(0, 0, 0, 0, 0, 0));
    publish_and_serve();
    check_fault(REL4_FAULT_INCOMPLETE);
}

static void a_producer_that_goes_back_is_a_fault(void **state)
{
    open_queue(5, 6);
    for (unsigned n = 0; n < 3; n++) {
        put_simple(n);
    }
    put(3, rel4_header(LABEL_TCB_READ_REGISTERS, 0, 2, 0), OTHER_THREAD, words(0, 32));
    put_simple(4);
    /* No room for the registers, so that the indices are read while they are in hand. */
    *header(REL4_HEADER_RESPONSE_CONSUMER) = (uint32_t)-46;
    publish_and_serve();
    assert_int_equal(queue->state, QUEUE_FULL);
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced - 1;
    wake_and_serve();
    assert_int_equal(queue->state, QUEUE_FAULTED);
    assert_int_equal(*header(REL4_HEADER_FAULT), REL4_FAULT_REQUEST_INDEX);
}

static void random_flags_are_served_or_a_fault(void **state)
{
    unsigned faults = 0, skipped = 0, done = 0;

    for (unsigned round = 0; round < 400; round++) {
        open_queue(5, 6 + round % 3);
        seed = round + 1;
        host_preempt_randomly(round + 1, 3);
        for (unsigned n = 0; n < 60 && queue->state != QUEUE_FAULTED; n++) {
            word_t count = random_below(&seed, 40) | (word_t)random_below(&seed, 128) << 16;
            uint32_t flags = random_below(&seed, 16) << 25 & (random_below(&seed, 3) ? -1u : ~REL4_LINK);
            if (random_below(&seed, 100)) {
                count &= REL4_REPEAT_COUNT_MASK | REL4_REPEAT_WORD(0) | REL4_REPEAT_POINTER;
                count += !(count & REL4_REPEAT_COUNT_MASK);
            }
            unsigned label = random_below(&seed, 2) ? LABEL_CNODE_DELETE : LABEL_PAGE_GET_ADDRESS;
            word_t first = NOBODY + random_below(&seed, 8);
            if (flags & REL4_REPEAT) {
                put_long(n, HEAD(label, 2, 0, flags), random_below(&seed, 2) ? ROOT : FRAME,
                         words(first, WORD_BITS, random_below(&seed, 3), count, 5));
            } else {
                put_long(n, HEAD(label, 2, 0, flags), random_below(&seed, 2) ? ROOT : FRAME,
                         words(first, WORD_BITS, 5));
            }
            publish_and_serve();
            for (unsigned patience = 100; queue->state == QUEUE_WAITING && patience; patience--) {
                serve(REL4_PLACE_BLOCK);
            }
            while (answers()) {
                const struct rel4_unit *unit = response_at(consumed);
                unsigned error = rel4_header_error(unit->header);
                skipped += error == REL4_ERROR_SKIPPED;
                done += !error;
                check_answer(n, error, rel4_header_words(unit->header));
            }
        }
        faults += queue->state == QUEUE_FAULTED;
    }
    assert_true(faults > 20 && skipped > 100 && done > 1000);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(a_repeated_request_is_many_calls_and_one_answer),
        EACH(a_repeat_ends_at_the_first_error_and_says_how_far_it_came),
        EACH(addresses_repeat_and_come_all_in_one_answer),
        EACH(calls_that_cannot_repeat_are_illegal),
        EACH(a_budget_counts_calls_and_a_repeat_goes_on_later),
        EACH(a_budget_also_counts_the_calls_before_an_error),
        EACH(what_is_linked_to_a_failure_is_skipped),
        EACH(nothing_has_failed_after_reset),
        EACH(quiet_requests_are_answered_only_if_they_fail),
        EACH(who_sleeps_is_woken_by_quiet_progress),
        EACH(a_quiet_request_that_is_interrupted_is_not_passed),
        EACH(data_come_back_whatever_the_answer_is),
        EACH(a_request_that_became_nop_is_answered_cancelled_and_fails_its_chain),
        EACH(a_restricted_queue_makes_only_the_calls_of_its_masks),
        EACH(flags_that_make_no_sense_are_a_fault),
        EACH(a_producer_that_goes_back_is_a_fault),
        EACH(random_flags_are_served_or_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
