/*
 * A hart that has nothing to run looks for more behind a batch that was worth it: how long, whose the queue
 * is meanwhile, and what else it does until there is something to do.
 */
#include "arch/timer.h"
#include "ipc/endpoint.h"
#include "placement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void an_idle_hart_looks_for_more_only_behind_a_batch_that_was_worth_calling_it(void **state)
{
    for (unsigned requests = 1; requests <= 32; requests++) {
        for (unsigned at_tick = 0; at_tick < 2; at_tick++) {
            open_for_two();
            queue->at_tick = at_tick;
            host_lock_wanted = is_wanted; /* in as many runs as there are requests */
            put_batch(requests);
            wake();
            idle();
            take_batch(requests);
            bool looks = requests >= WORTH_IT || at_tick;
            assert_ptr_equal(helper->idle.watched, looks ? owner : NULL);
            assert_int_equal(queue->state, looks ? QUEUE_WATCHED : QUEUE_IDLE);
            assert_int_equal(*header(REL4_HEADER_SERVER_STATE), looks ? REL4_AWAKE : REL4_ASLEEP);
        }
    }
}

static void an_idle_hart_does_not_look_for_more_if_harts_were_late(void **state)
{
    for (unsigned late = 0; late < 2; late++) {
        open_for_two();
        if (late) {
            placement_was_late(queue, counts_per_tick);
        }
        put_batch(WORTH_IT);
        wake();
        idle();
        take_batch(WORTH_IT);
        assert_ptr_equal(helper->idle.watched, late ? NULL : owner);
    }
}

static word_t standstill;

/* Before the second request, the host runs something else for some time. */
static bool stand_still(void)
{
    host_time += standstill;
    standstill = 0;
    return false;
}

/* A hart that has just woken may need a tenth of a millisecond for its first request; more is the host's. */
static void a_hart_that_the_host_lets_stand_still_is_late(void **state)
{
    for (unsigned late = 0; late < 2; late++) {
        open_for_two();
        standstill = counts_per_tick / (late ? 1 : 20);
        host_lock_wanted = stand_still;
        put_batch(WORTH_IT);
        wake();
        idle();
        take_batch(WORTH_IT);
        assert_int_equal(queue->statistics.late, late);
        assert_ptr_equal(helper->idle.watched, late ? NULL : owner);
    }
}

static void send_more(void)
{
    put_batch(WORTH_IT);
}

static void look_in_vain(void)
{
    host_meanwhile = NULL;
    idle();
    assert_null(helper->idle.watched);
    assert_int_equal(queue->state, QUEUE_IDLE);
    assert_int_equal(*header(REL4_HEADER_SERVER_STATE), REL4_ASLEEP);
}

static void an_idle_hart_looks_longer_for_those_who_send_more(void **state)
{
    unsigned patience = 1;

    open_for_two();
    put_batch(WORTH_IT);
    wake();
    idle();
    for (unsigned n = 0; n < 10; n++) {
        take_batch(WORTH_IT);
        assert_ptr_equal(helper->idle.watched, owner);
        assert_int_equal(queue->placement.patience, patience);
        patience = patience < 128 ? 2 * patience : 128;
        host_meanwhile = send_more;
        idle();
    }
    take_batch(WORTH_IT);
    look_in_vain();
    assert_int_equal(queue->placement.patience, 64);
}

/* A queue that sleeps after looks in vain, and that an idle hart is called for. */
static void fall_asleep_and_call(bool soon)
{
    look_in_vain();
    host_time += soon ? counts_per_tick / 16 - 1 : counts_per_tick / 16;
    queue->placement.not_before = 0;
    sleep_helper();
    put_batch(WORTH_IT);
    wake();
    assert_ptr_equal(helper->idle.called, owner);
    home->pending.any = 0;
    helper->idle.called = NULL; /* it comes */
    idle();
    take_batch(WORTH_IT);
    assert_ptr_equal(helper->idle.watched, owner);
}

static void an_idle_hart_looks_longer_if_it_slept_too_early(void **state)
{
    open_for_two();
    put_batch(WORTH_IT);
    wake();
    idle();
    take_batch(WORTH_IT);
    fall_asleep_and_call(false);
    assert_int_equal(queue->placement.patience, 1);
    /* A sleep from patience 1 leaves it at 1. */
    for (unsigned looks = 4; looks <= 128; looks *= 2) {
        fall_asleep_and_call(true);
        assert_int_equal(queue->placement.patience, looks);
    }
    fall_asleep_and_call(true);
    assert_int_equal(queue->placement.patience, 128);
    for (unsigned looks = 64; looks; looks /= 2) {
        fall_asleep_and_call(false);
        assert_int_equal(queue->placement.patience, looks);
    }
}

static void a_queue_that_is_watched_is_the_owner_s_at_any_time(void **state)
{
    for (enum taker taker = 0; taker < TAKERS; taker++) {
        open_for_two();
        put_batch(WORTH_IT);
        wake();
        idle();
        take_batch(WORTH_IT);
        assert_int_equal(queue->state, QUEUE_WATCHED);
        put_batch(2);
        switch (taker) {
        case OWNER_WAKES:
            run_owner();
            placement_wake(queue);
            take_batch(2);
            break;
        case OWNER_BLOCKS:
            placement_blocked(owner);
            check_waits_at_home();
            break;
        case OTHER_WAKES:
            placement_wake(queue);
            check_waits_at_home();
            break;
        default:
            thread_suspend(owner);
            thread_resume(owner);
            assert_int_equal(queue->state, QUEUE_WATCHED);
            continue;
        }
        assert_null(helper->idle.watched);
    }
}

static void what_is_watched_and_has_got_requests_competes_with_others(void **state)
{
    for (unsigned priority = 4; priority <= 6; priority++) {
        open_for_two();
        sched_set_priority(owner, 5);
        put_batch(WORTH_IT);
        wake();
        idle();
        take_batch(WORTH_IT);
        put_batch(1);
        struct tcb *rival = let_wait(home, priority, WORKER_AT_TAIL);
        be(helper);
        placement_idle(helper);
        assert_ptr_equal(helper->serving, priority < 5 ? owner : rival);
        assert_null(helper->idle.watched);
    }
}

static void get_work(void)
{
    be(home);
    put_batch(1);
    wake();
    helper->arch.sip |= INTERRUPT_IPI;
    host_meanwhile = NULL;
}

static unsigned sleeps;

static void get_work_later(void)
{
    if (++sleeps == 5) {
        get_work();
    } else {
        host_hart->arch.sip |= INTERRUPT_TIMER; /* which is nothing to do */
    }
}

static void a_hart_sleeps_until_there_is_something_to_do(void **state)
{
    open_for_two();
    home->pending.any = 0;
    sleeps = 0;
    host_meanwhile = get_work_later;
    idle();
    assert_int_equal(sleeps, 5);
    assert_int_equal(idle_harts, 0);
    idle();
    assert_int_equal(answers(), 1);
}

static unsigned looks_at_lock;

static bool is_taken_for_some_time(void)
{
    return looks_at_lock++ < 5;
}

static void have_own_work(void)
{
    let_wait(helper, 1, WORKER_AT_TAIL);
}

static void a_hart_without_work_does_not_queue_for_the_lock_to_serve_others(void **state)
{
    for (unsigned own = 0; own < 2; own++) {
        open_for_two();
        looks_at_lock = 0;
        host_lock_taken = is_taken_for_some_time;
        host_meanwhile = own ? have_own_work : get_work;
        be(helper);
        helper->current = &idle_thread;
        placement_idle(helper);
        assert_int_equal(host_lock_queued, own);
        assert_int_equal(looks_at_lock, own ? 0 : 6);
    }
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(a_hart_that_the_host_lets_stand_still_is_late),
        EACH(an_idle_hart_does_not_look_for_more_if_harts_were_late),
        EACH(an_idle_hart_looks_for_more_only_behind_a_batch_that_was_worth_calling_it),
        EACH(an_idle_hart_looks_longer_for_those_who_send_more),
        EACH(an_idle_hart_looks_longer_if_it_slept_too_early),
        EACH(a_queue_that_is_watched_is_the_owner_s_at_any_time),
        EACH(what_is_watched_and_has_got_requests_competes_with_others),
        EACH(a_hart_without_work_does_not_queue_for_the_lock_to_serve_others),
        EACH(a_hart_sleeps_until_there_is_something_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
