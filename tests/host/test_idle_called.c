/*
 * When a hart that has nothing to run is called for somebody else's queue, that this moves nothing, and what
 * comes of being late.
 */
#include "arch/timer.h"
#include "placement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LATE 30 /* times the time lost, for which a hart that was late is not called again */

static void a_wake_call_serves_what_is_not_worth_calling_an_idle_hart(void **state)
{
    for (unsigned requests = 1; requests <= 32; requests++) {
        for (unsigned others = 0; others < 2; others++) {
            open_for_two();
            if (others) {
                sleep_helper();
            }
            put_batch(requests);
            run_owner();
            assert_int_equal(placement_wake(queue), DONE);
            if (!others || requests < WORTH_IT) {
                assert_int_equal(queue->state, QUEUE_IDLE);
                assert_int_equal(queue->statistics.served[REL4_PLACE_CALL], requests);
                assert_int_equal(home->pending.any, 0);
                take_batch(requests);
                continue;
            }
            assert_int_equal(answers(), 0);
            assert_int_equal(home->pending.interrupts, bit(helper->id));
            assert_true(helper->idle.called);
            check_waits_at_home();
        }
    }
}

/* Lets the second hart wait, and calls it meanwhile for requests that the home then serves. */
static void call_in_vain(void)
{
    host_meanwhile = NULL;
    be(home);
    put_batch(32);
    run_owner();
    assert_int_equal(placement_wake(queue), DONE);
    assert_ptr_equal(helper->idle.called, owner);
    home->pending.any = 0;
    placement_wake(queue);
    take_batch(32);
    helper->arch.sip |= INTERRUPT_IPI;
}

static void a_call_moves_nothing_so_the_home_may_serve_it_at_any_time(void **state)
{
    for (unsigned way = 0; way < 2; way++) {
        open_for_two();
        sleep_helper();
        put_batch(32);
        run_owner();
        placement_wake(queue);
        home->pending.any = 0;
        if (way == 0) {
            assert_int_equal(placement_wake(queue), DONE);
            assert_int_equal(queue->statistics.served[REL4_PLACE_CALL], 32);
        } else {
            serve(REL4_PLACE_BLOCK);
            assert_int_equal(queue->statistics.served[REL4_PLACE_BLOCK], 32);
        }
        assert_int_equal(queue->statistics.taken_back, 1);
        take_batch(32);
    }
}

/* The next batch needs no call then. */
static void a_hart_that_comes_when_all_is_served_looks_for_more(void **state)
{
    open_for_two();
    host_meanwhile = call_in_vain;
    idle();
    assert_null(helper->idle.called);
    assert_ptr_equal(helper->idle.watched, owner);
    assert_int_equal(queue->state, QUEUE_WATCHED);
    assert_int_equal(*header(REL4_HEADER_SERVER_STATE), REL4_AWAKE);
    assert_int_equal(queue->statistics.served[REL4_PLACE_CALL], 32);
    put_batch(32);
    idle();
    idle();
    assert_int_equal(queue->statistics.served[REL4_PLACE_IDLE], 32);
}

static word_t lateness;

static void call_for_what_changes(void)
{
    call_in_vain();
    if (lateness) {
        placement_was_late(queue, lateness);
    } else {
        placement_withdraw(queue);
        helper->ready[0].summary = 1; /* so it need not sleep */
    }
}

static void it_does_not_if_it_was_late_or_the_queue_has_ended(void **state)
{
    for (lateness = 0; lateness <= 1000; lateness += 1000) {
        open_for_two();
        host_meanwhile = call_for_what_changes;
        helper->arch.sip |= INTERRUPT_IPI;
        idle();
        helper->ready[0].summary = 0;
        assert_null(helper->idle.called);
        assert_null(helper->idle.watched);
    }
}

static void nobody_else_is_called_while_a_hart_is_on_its_way(void **state)
{
    struct hart *third = &harts_table[2];

    for (unsigned late = 0; late < 2; late++) {
        open_for_two();
        harts_online = 3;
        idle_harts = bit(helper->id) | bit(third->id);
        home->current = caller;
        put_batch(32);
        wake();
        struct hart *first = helper->idle.called ? helper : third, *second = first == helper ? third : helper;
        assert_null(second->idle.called);
        host_time += late ? counts_per_tick : counts_per_tick - 1;
        put_batch(32);
        placement_tick(home);
        assert_ptr_equal(second->idle.called, late ? owner : NULL);
    }
}

static void a_hart_is_called_only_if_the_home_is_busy(void **state)
{
    for (unsigned busy = 0; busy < 2; busy++) {
        open_for_two();
        sleep_helper();
        home->current = busy ? caller : &idle_thread;
        put_batch(32);
        wake();
        assert_ptr_equal(helper->idle.called, busy ? owner : NULL);
        assert_int_equal(queue->statistics.ipis, busy);
    }
}

/* The home serves what the other hart was called for so long ago. Returns whether it was called at all. */
static bool lose(word_t time)
{
    put_batch(32);
    run_owner();
    placement_wake(queue);
    home->pending.any = 0;
    bool called = helper->idle.called;
    if (called) {
        host_time += time;
        placement_wake(queue);
        helper->idle.called = NULL; /* it comes, too late */
    }
    take_batch(32);
    return called;
}

/* The home calls the other hart, which sleeps, and comes. */
static void call(void)
{
    be(home);
    put_batch(32);
    run_owner();
    placement_wake(queue);
    assert_true(helper->idle.called);
    home->current = caller;
    home->pending.any = 0;
    helper->arch.sip |= INTERRUPT_IPI;
    host_meanwhile = NULL;
}

static void a_hart_that_was_late_is_not_called_again_for_some_time(void **state)
{
    word_t lost = counts_per_tick, factor = LATE;

    open_for_two();
    sleep_helper();
    for (unsigned n = 0; n < 5; n++, factor *= 2) {
        assert_true(lose(lost));
        assert_int_equal(queue->statistics.late, n + 1);
        assert_false(lose(lost));
        host_time += factor * lost - 1;
        assert_false(lose(lost));
        host_time++;
    }
    /* In time once, and it is half of that. */
    home->current = caller;
    host_meanwhile = call;
    idle();
    idle();
    assert_int_equal(queue->statistics.late, 5);
    take_batch(32);
    assert_ptr_equal(helper->idle.watched, owner);
    placement_end_watch(helper);
    home->pending.any = 0;
    sleep_helper();
    assert_true(lose(lost));
    host_time += factor / 2 * lost - 1;
    assert_false(lose(lost));
    host_time++;
    assert_true(lose(lost));
}

/* It serves nobody who would be served without it. */
static void a_hart_that_was_late_is_called_nevertheless_if_the_home_is_busy(void **state)
{
    open_for_two();
    sleep_helper();
    assert_true(lose(counts_per_tick));
    home->current = caller;
    put_batch(32);
    wake();
    assert_ptr_equal(helper->idle.called, owner);
}

/* The host may have stood still for hours. */
static void however_late_a_hart_was_it_is_called_again_after_a_second(void **state)
{
    open_for_two();
    sleep_helper();
    for (unsigned n = 0; n < 3; n++) {
        assert_true(lose(1000000 * counts_per_tick));
        host_time += 500 * counts_per_tick - 1;
        assert_false(lose(1));
        host_time++;
    }
}

static void a_hart_is_not_late_before_the_requests_could_have_been_served(void **state)
{
    open_for_two();
    sleep_helper();
    put_batch(32);
    word_t expected = placement_expected(queue);
    run_owner();
    placement_wake(queue);
    home->pending.any = 0;
    host_time += expected - 1;
    placement_wake(queue);
    assert_int_equal(queue->statistics.taken_back, 1);
    assert_int_equal(queue->statistics.late, 0);
    take_batch(32);
    helper->idle.called = NULL;
    assert_true(lose(expected));
    assert_int_equal(queue->statistics.late, 1);
}

static void what_waits_is_called_for_again_at_the_home_s_ticks(void **state)
{
    open_for_two();
    home->current = caller;
    put_batch(32);
    wake();
    assert_null(helper->idle.called);
    sleep_helper();
    placement_tick(home);
    assert_ptr_equal(helper->idle.called, owner);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(a_wake_call_serves_what_is_not_worth_calling_an_idle_hart),
        EACH(a_call_moves_nothing_so_the_home_may_serve_it_at_any_time),
        EACH(a_hart_that_comes_when_all_is_served_looks_for_more),
        EACH(it_does_not_if_it_was_late_or_the_queue_has_ended),
        EACH(nobody_else_is_called_while_a_hart_is_on_its_way),
        EACH(a_hart_is_called_only_if_the_home_is_busy),
        EACH(a_hart_that_was_late_is_not_called_again_for_some_time),
        EACH(a_hart_that_was_late_is_called_nevertheless_if_the_home_is_busy),
        EACH(however_late_a_hart_was_it_is_called_again_after_a_second),
        EACH(a_hart_is_not_late_before_the_requests_could_have_been_served),
        EACH(what_waits_is_called_for_again_at_the_home_s_ticks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
