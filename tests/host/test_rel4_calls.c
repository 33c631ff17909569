/*
 * Calls of coroutines through rings, against a kernel that only serves rings: answers, back-pressure,
 * cancelled calls, faults, and how calls go. Nothing here depends on time.
 */
#include "coroutines.h"

static void calls_return_the_error_of_their_answer_and_one_wake_serves_all(void **state)
{
    for (unsigned i = 0; i < 10; i++) {
        rel4_coroutine_create(call_once, i % 3 ? GOOD : BAD, 1);
    }
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "2002002002");
    assert_int_equal(kernel.wakes, 1);
    assert_int_equal(kernel.waits, 0);
}

static void count_calls(void *arg)
{
    seL4_Word word = (seL4_Word)arg;

    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(call_for_word(word + i), 2 * (word + i));
    }
}

static void check_counts(seL4_Word calls)
{
    struct rel4_stats stats;

    rel4_stats(&stats);
    assert_int_equal(stats.submitted, calls);
    assert_int_equal(stats.answered, calls);
    assert_int_equal(stats.stale, 0);
}

static void a_ring_of_32_serves_500_coroutines(void **state)
{
    struct rel4_stats stats;

    start(500, 5, false);
    for (seL4_Word i = 0; i < 500; i++) {
        assert_int_not_equal(rel4_coroutine_create(count_calls, (void *)(i * 1000), i % 8), 0);
    }
    assert_int_equal(rel4_run(), 0);
    check_counts(10000);
    rel4_stats(&stats);
    assert_true(stats.full > 500);
    stop();
}

static void a_kernel_in_another_thread_answers_everything_once(void **state)
{
    static const enum rel4_waiting ways[] = { REL4_WAIT_BLOCK, REL4_WAIT_YIELD, REL4_WAIT_SPIN };

    for (unsigned i = 0; i < 6; i++) {
        start(300, 5 + i / 3 * 5, true);
        rel4_set_waiting(ways[i % 3], i);
        kernel.budget = i % 2 ? 7 : 0;
        for (seL4_Word j = 0; j < 300; j++) {
            rel4_coroutine_create(count_calls, (void *)(j * 1000), 4);
        }
        assert_int_equal(rel4_run(), 0);
        check_counts(6000);
        stop();
    }
}

/* Cancels all of ids[] that the test has made, while their calls are in flight or wait for room. */
static void cancel_all(void *arg)
{
    for (unsigned i = 0; i < *(unsigned *)arg; i++) {
        assert_true(rel4_coroutine_cancel(ids[i]));
    }
    for (unsigned i = 0; i < *(unsigned *)arg; i++) {
        ids[i] = rel4_coroutine_create(call_once, GOOD, 2);
    }
}

static void answers_of_cancelled_calls_wake_nobody_even_in_the_same_place(void **state)
{
    unsigned count = 63;
    struct rel4_stats stats;

    for (unsigned i = 0; i < count; i++) {
        ids[i] = rel4_coroutine_create(call_once, BAD, 2);
    }
    rel4_coroutine_create(cancel_all, &count, 2);
    assert_int_equal(rel4_run(), 0);
    /* 32 were in flight, the others waited for room. */
    rel4_stats(&stats);
    assert_int_equal(stats.stale, 32);
    assert_int_equal(stats.answered, 32 + 63);
    assert_int_equal(strlen(trace), 63);
    assert_int_equal(strspn(trace, "0"), 63);
}

static void fault(void *arg)
{
    machine_fault();
}

static void a_faulted_queue_fails_every_call_until_it_is_reset(void **state)
{
    /* 32 in flight, 18 waiting for room, then the fault; and one that calls afterwards. */
    for (unsigned i = 0; i < 50; i++) {
        rel4_coroutine_create(call_once, GOOD, 2);
    }
    rel4_coroutine_create(fault, NULL, 2);
    rel4_coroutine_create(say, ".", 2);
    assert_int_equal(rel4_run(), 0);
    assert_int_equal(strspn(trace, ".F"), 51);
    rel4_coroutine_create(call_once, GOOD, 2);
    assert_int_equal(rel4_run(), 0);
    assert_int_equal(rel4_queue_reset(), 0);
    trace[0] = 0;
    for (unsigned i = 0; i < 50; i++) {
        rel4_coroutine_create(call_once, GOOD, 2);
    }
    assert_int_equal(rel4_run(), 0);
    assert_int_equal(strspn(trace, "0"), 50);
}

static void reset_and_say(void *arg)
{
    assert_int_equal(rel4_queue_reset(), 0);
    note("R");
}

static void reset_fails_the_calls_that_wait_and_not_the_caller(void **state)
{
    for (unsigned i = 0; i < 40; i++) {
        rel4_coroutine_create(call_once, GOOD, 2);
    }
    rel4_coroutine_create(reset_and_say, NULL, 2);
    rel4_coroutine_create(call_once, GOOD, 2);
    assert_int_equal(rel4_run(), 0);
    assert_int_equal(trace[0], 'R');
    /* Those that waited for room had no call yet: it goes out afterwards. */
    assert_int_equal(strspn(trace + 1, "F0"), 41);
    assert_int_equal(strlen(trace), 42);
}

static void index_too_high(void *arg)
{
    rel4_flush();
    __atomic_store_n(rel4_queue_header(&executor.queue, REL4_HEADER_RESPONSE_PRODUCER), 1000,
                     __ATOMIC_RELEASE);
}

static void indices_that_cannot_be_are_a_fault(void **state)
{
    rel4_coroutine_create(call_once, GOOD, 2);
    rel4_coroutine_create(call_once, GOOD, 2);
    rel4_coroutine_create(index_too_high, NULL, 2);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "FF");
    assert_int_equal(rel4_queue_reset(), 0);
    rel4_coroutine_create(call_once, GOOD, 2);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "FF0");
}

static void answer_too_long(void *arg)
{
    struct rel4_unit *unit = executor.queue.responses;

    rel4_flush();
    unit->header = rel4_header(1, 0, 7, 0);
    __atomic_store_n(rel4_queue_header(&executor.queue, REL4_HEADER_RESPONSE_PRODUCER), 1, __ATOMIC_RELEASE);
}

static void an_answer_that_is_longer_than_what_is_there_is_a_fault(void **state)
{
    rel4_coroutine_create(call_once, GOOD, 2);
    rel4_coroutine_create(call_once, GOOD, 2);
    rel4_coroutine_create(answer_too_long, NULL, 2);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "FF");
    assert_int_equal(rel4_queue_reset(), 0);
    rel4_coroutine_create(call_once, GOOD, 2);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "FF0");
}

static void call_and_say_how(void *arg)
{
    for (unsigned i = 0; i < 5; i++) {
        note(call(0) ? "t" : "r");
    }
}

static void adaptive_calls_trap_when_nothing_else_could_run(void **state)
{
    rel4_set_mode(REL4_ADAPTIVE);
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_run();
    assert_string_equal(trace, "ttttt");
    trace[0] = 0;
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_run();
    /* The first one finds another one ready, the other one a call in flight; so to the end. */
    assert_string_equal(trace, "rrrrrrrrrr");
}

static void modes_decide_how_calls_go(void **state)
{
    rel4_set_mode(REL4_SYNC);
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_run();
    assert_string_equal(trace, "tttttttttt");
    trace[0] = 0;
    rel4_set_mode(REL4_ASYNC);
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_run();
    assert_string_equal(trace, "rrrrr");
    /* Outside of coroutines nobody could run meanwhile. */
    assert_int_equal(call(0), -1);
}

static bool done;

static void yield_until_done(void *arg)
{
    while (!done) {
        rel4_coroutine_yield();
    }
    note("y");
}

static void call_then_done(void *arg)
{
    assert_int_equal(call(0), 0);
    done = true;
}

static void coroutines_that_yield_do_not_keep_others_from_their_answers(void **state)
{
    done = false;
    for (unsigned i = 0; i < 5; i++) {
        rel4_coroutine_create(yield_until_done, NULL, 2);
    }
    rel4_coroutine_create(call_then_done, NULL, 2);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "yyyyy");
}

static unsigned answered;

static void call_and_count(void *arg)
{
    assert_int_equal(call(0), 0);
    answered++;
}

static void compute_until_answered(void *arg)
{
    unsigned *yields = arg;

    while (answered < 10) {
        rel4_coroutine_yield();
        ++*yields;
    }
}

static void one_that_yields_alone_lets_the_others_have_their_answers_at_once(void **state)
{
    unsigned yields = 0;

    answered = 0;
    for (unsigned i = 0; i < 10; i++) {
        rel4_coroutine_create(call_and_count, NULL, 2);
    }
    rel4_coroutine_create(compute_until_answered, &yields, 2);
    assert_int_equal(rel4_run(), 0);
    assert_int_equal(yields, 1);
    assert_int_equal(kernel.wakes, 1);
}

static void wake_until_done(void *arg)
{
    while (!done) {
        rel4_coroutine_wake(*(rel4_coroutine_id *)arg);
        rel4_coroutine_wait();
    }
    rel4_coroutine_wake(*(rel4_coroutine_id *)arg);
    note("w");
}

static void coroutines_that_wake_each_other_do_not_keep_others_from_their_answers(void **state)
{
    done = false;
    ids[0] = rel4_coroutine_create(wake_until_done, &ids[1], 2);
    ids[1] = rel4_coroutine_create(wake_until_done, &ids[0], 2);
    rel4_coroutine_create(call_then_done, NULL, 2);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "ww");
}

static void call_and_note(void *arg)
{
    call(0);
    note(arg);
    call(0);
    note(arg);
}

static void the_more_important_goes_on_first_when_both_have_their_answers(void **state)
{
    rel4_coroutine_create(call_and_note, "-", 1);
    rel4_coroutine_create(call_and_note, "+", 5);
    rel4_coroutine_create(call_and_note, "-", 1);
    rel4_run();
    assert_string_equal(trace, "+--+--");
}

/* A call of several items, as rel4_call() makes it, whose answer has as many. */
static void call_with_words(void *arg)
{
    const seL4_Word words[12] = { 21 };
    const struct rel4_request request = {
        .cookie = rel4_await(&executor), .label = 1, .word_count = 12, .words = words
    };
    seL4_Word answer[12] = { 0 };
    struct rel4_response reply = { .words = answer, .capacity = 12 };
    unsigned items = rel4_items_for(12);

    assert_true(rel4_make_room(&executor, items));
    rel4_queue_write(&executor.queue, &request);
    executor.extra_items += items - 1;
    executor.queue.request_producer += items - 1;
    executor.current->reply = &reply;
    assert_int_equal(rel4_submit(&executor), 0);
    executor.current->reply = NULL;
    assert_int_equal(answer[0], 42);
    note("w");
}

static void an_executor_that_is_made_anew_goes_on_with_its_queue(void **state)
{
    struct rel4_stats stats;

    for (unsigned i = 0; i < 10; i++) {
        trace[0] = 0;
        for (unsigned j = 0; j < 8; j++) {
            rel4_coroutine_create(call_with_words, NULL, 2);
            rel4_coroutine_create(call_once, GOOD, 2);
        }
        assert_int_equal(rel4_run(), 0);
        assert_int_equal(strlen(trace), 16);
        rel4_stats(&stats);
        assert_int_equal(stats.submitted, 16);
        assert_int_equal(stats.answered, 16);
        assert_int_equal(stats.stale, 0);
        rel4_executor_end();
        make_executor(64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(calls_return_the_error_of_their_answer_and_one_wake_serves_all),
        cmocka_unit_test(a_ring_of_32_serves_500_coroutines),
        cmocka_unit_test(a_kernel_in_another_thread_answers_everything_once),
        EACH(answers_of_cancelled_calls_wake_nobody_even_in_the_same_place),
        EACH(a_faulted_queue_fails_every_call_until_it_is_reset),
        EACH(reset_fails_the_calls_that_wait_and_not_the_caller),
        EACH(indices_that_cannot_be_are_a_fault),
        EACH(an_answer_that_is_longer_than_what_is_there_is_a_fault),
        EACH(coroutines_that_wake_each_other_do_not_keep_others_from_their_answers),
        EACH(adaptive_calls_trap_when_nothing_else_could_run),
        EACH(modes_decide_how_calls_go),
        EACH(coroutines_that_yield_do_not_keep_others_from_their_answers),
        EACH(one_that_yields_alone_lets_the_others_have_their_answers_at_once),
        EACH(the_more_important_goes_on_first_when_both_have_their_answers),
        EACH(an_executor_that_is_made_anew_goes_on_with_its_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
