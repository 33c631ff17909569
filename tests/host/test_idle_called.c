/*
 * When a hart that has nothing to run is called for somebody else's queue, that this moves nothing, and what
 * comes of being late.
 */
#include "arch/riscv64/csr.h"
#include "arch/riscv64/timer.h"
#include "placement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LATE 30 /* times the time lost, for which a hart that was late is not called again */

static void a_wake_call_serves_what_is_not_worth_calling_an_idle_hart(void **state)
{
    (void)state;
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
                assert_int_equal(home->pending, 0);
                take_batch(requests);
                continue;
            }
            assert_int_equal(answers(), 0);
            assert_int_equal(home->pending, bit(helper->id));
            assert_true(helper->idle.called);
            check_waits_at_home();
        }
    }
}

static void a_call_moves_nothing_so_the_home_may_serve_it_at_any_time(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 2; way++) {
        open_for_two();
        sleep_helper();
        put_batch(32);
        run_owner();
        placement_wake(queue);
        home->pending = 0;
        if (way == 0) {
            assert_int_equal(placement_wake(queue), DONE);
            assert_int_equal(queue->statistics.served[REL4_PLACE_CALL], 32);
        } else {
            serve(REL4_PLACE_BLOCK);
            assert_int_equal(queue->statistics.served[REL4_PLACE_BLOCK], 32);
        }
        assert_int_equal(queue->statistics.taken_back, 1);
        assert_false(helper->idle.called);
        take_batch(32);
        /* Who comes now finds nothing. */
        helper->arch.sip = SIP_SOFTWARE;
        helper->ready[0].summary = 1; /* so it need not sleep */
        be(helper);
        placement_idle(helper);
        assert_null(helper->serving);
    }
}

static void a_hart_is_called_only_if_the_home_is_busy(void **state)
{
    (void)state;
    for (unsigned busy = 0; busy < 2; busy++) {
        open_for_two();
        sleep_helper();
        home->current = busy ? caller : &idle_thread;
        put_batch(32);
        wake();
        assert_int_equal(helper->idle.called, busy);
        assert_int_equal(queue->statistics.ipis, busy);
    }
}

/* The home serves what the other hart was called for so long ago. Returns whether it was called at all. */
static bool lose(word_t time)
{
    put_batch(32);
    run_owner();
    placement_wake(queue);
    home->pending = 0;
    bool called = helper->idle.called;
    if (called) {
        host_time += time;
        placement_wake(queue);
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
    home->pending = 0;
    helper->arch.sip |= SIP_SOFTWARE;
    host_meanwhile = NULL;
}

static void a_hart_that_was_late_is_not_called_again_for_some_time(void **state)
{
    word_t lost = counts_per_tick, factor = LATE;

    (void)state;
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
    home->pending = 0;
    sleep_helper();
    assert_true(lose(lost));
    host_time += factor / 2 * lost - 1;
    assert_false(lose(lost));
    host_time++;
    assert_true(lose(lost));
}

static void another_hart_is_called_meanwhile(void **state)
{
    struct hart *third = &harts_table[2];

    (void)state;
    open_for_two();
    harts_online = 3;
    sleep_helper();
    assert_true(lose(counts_per_tick));
    home->current = caller;
    idle_harts |= bit(third->id);
    put_batch(32);
    wake();
    assert_false(helper->idle.called);
    assert_true(third->idle.called);
}

/* The host may have stood still for hours. */
static void however_late_a_hart_was_it_is_called_again_after_a_second(void **state)
{
    (void)state;
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
    (void)state;
    open_for_two();
    sleep_helper();
    put_batch(32);
    word_t expected = placement_expected(queue);
    run_owner();
    placement_wake(queue);
    home->pending = 0;
    host_time += expected - 1;
    placement_wake(queue);
    assert_int_equal(queue->statistics.taken_back, 1);
    assert_int_equal(queue->statistics.late, 0);
    take_batch(32);
    assert_true(lose(expected));
    assert_int_equal(queue->statistics.late, 1);
}

static void what_waits_is_called_for_again_at_the_home_s_ticks(void **state)
{
    (void)state;
    open_for_two();
    sleep_helper();
    assert_true(lose(counts_per_tick));
    home->current = caller;
    put_batch(32);
    wake();
    assert_false(helper->idle.called);
    placement_tick(home);
    assert_false(helper->idle.called);
    host_time += LATE * counts_per_tick;
    placement_tick(home);
    assert_true(helper->idle.called);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(a_wake_call_serves_what_is_not_worth_calling_an_idle_hart),
        EACH(a_call_moves_nothing_so_the_home_may_serve_it_at_any_time),
        EACH(a_hart_is_called_only_if_the_home_is_busy),
        EACH(a_hart_that_was_late_is_not_called_again_for_some_time),
        EACH(another_hart_is_called_meanwhile),
        EACH(however_late_a_hart_was_it_is_called_again_after_a_second),
        EACH(a_hart_is_not_late_before_the_requests_could_have_been_served),
        EACH(what_waits_is_called_for_again_at_the_home_s_ticks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
