/*
 * The ring of the running thread is served in its wake calls, and before it blocks; and what becomes of the
 * rest when such a call stops.
 */
#include "cap/delete.h"
#include "placement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- Wake calls ---- */

static bool owner_is_current(void)
{
    assert_ptr_equal(host_hart->current, owner);
    assert_ptr_equal(host_hart->serving, owner);
    return false;
}

static void a_wake_call_of_the_owner_serves_in_the_call(void **state)
{
    open_queue_of_priority(PRIORITY);
    host_lock_wanted = owner_is_current;
    run_owner();
    put_batch(32);
    assert_int_equal(placement_wake(queue), DONE);
    assert_int_equal(queue->statistics.served[REL4_PLACE_CALL], 32);
    assert_int_equal(queue->state, QUEUE_IDLE);
    assert_null(host_hart->serving);
    assert_ptr_equal(host_hart->current, owner);
    assert_int_equal(host_hart->pending.any, 0);
    take_batch(32);
}

static void what_a_wake_call_leaves_does_not_depend_on_its_repetition(void **state)
{
    for (unsigned repeats = 0; repeats < 2; repeats++) {
        open_queue_of_priority(PRIORITY);
        host_lock_wanted = is_wanted;
        make_ready(other, PRIORITY);
        run_owner();
        put_batch(3);
        assert_int_equal(placement_wake(queue), AGAIN);
        assert_int_equal(answers(), 1);
        assert_int_equal(queue->state, QUEUE_WAITING);
        assert_true(owner->worker.queued);
        if (repeats) {
            assert_int_equal(placement_wake(queue), AGAIN);
            assert_int_equal(queue->statistics.served[REL4_PLACE_CALL], 2);
        } else {
            /* It is stopped, and gets other registers, or never runs again. Its worker was first. */
            owner->state = THREAD_BLOCKED_ON_REPLY;
            serve_in_turn();
            assert_int_equal(queue->statistics.served[REL4_PLACE_BLOCK], 1);
        }
        assert_int_equal(answers(), 2);
    }
}

static bool refill(void)
{
    put_batch(1);
    return false;
}

static void a_wake_call_ends_after_as_many_requests_as_the_ring_is_long(void **state)
{
    open_queue(5, 7);
    host_hart->locks = true;
    host_hart->pending.any = 0;
    run_owner();
    host_lock_wanted = refill;
    put_batch(2);
    assert_int_equal(placement_wake(queue), DONE);
    assert_int_equal(answers(), 32);
    assert_int_equal(queue->state, QUEUE_WAITING);
    assert_true(owner->worker.queued);
}

static void a_wake_call_of_another_thread_is_no_faster_than_the_owner_is_important(void **state)
{
    open_queue_of_priority(PRIORITY);
    make_ready(other, PRIORITY + 1);
    assert_ptr_equal(choose(), other);
    put_batch(1);
    assert_int_equal(placement_wake(queue), DONE);
    assert_int_equal(answers(), 0);
    check_place(host_hart, PRIORITY);
    assert_int_equal(host_hart->pending.any, 0);
}

static void a_wake_in_the_queue_s_own_ring_does_nothing(void **state)
{
    for (unsigned in_call = 0; in_call < 2; in_call++) {
        open_queue_of_priority(PRIORITY);
        for (unsigned n = 0; n < 3; n++) {
            put(n, rel4_header(REL4_LABEL_QUEUE_WAKE, 0, 0, 0), OWN_QUEUE, words());
        }
        put_batch(1);
        if (in_call) {
            run_owner();
            assert_int_equal(placement_wake(queue), DONE);
        } else {
            wake();
            serve_in_turn();
        }
        for (unsigned n = 0; n < 3; n++) {
            check_answer(n, ERR_NONE, 0);
        }
        check_served(0);
        assert_int_equal(queue->state, QUEUE_IDLE);
        assert_false(owner->worker.queued);
    }
}

static void a_wake_call_stops_when_its_caller_changes(void **state)
{
    for (enum change change = 0; change < CHANGES; change++) {
        open_queue_of_priority(PRIORITY);
        harts_online = 2;
        make_ready(other, 5);
        run_owner();
        put_change(change);
        assert_int_equal(placement_wake(queue), AGAIN);
        check_answer(0, ERR_NONE, 0);
        assert_int_equal(answers(), 0);
        assert_int_equal(owner->worker.queued, change != CHANGE_STATE);
        assert_int_equal(host_hart->pending.reschedule || change == CHANGE_STATE, true);
        assert_ptr_equal(choose(), other);
    }
}

static void a_caller_that_its_own_ring_deletes_is_current_no_more(void **state)
{
    open_queue_of_priority(PRIORITY);
    assert_int_equal(slot_delete(thread), DONE);
    run_owner();
    put(0, rel4_header(LABEL_CNODE_DELETE, 0, 2, 0), ROOT, words(OWN_THREAD, WORD_BITS));
    put_batch(1);
    placement_wake(queue);
    assert_ptr_equal(host_hart->current, &idle_thread);
    assert_null(host_hart->serving);
    assert_int_equal(queue->state, QUEUE_STOPPED);
    assert_int_equal(answers(), 0);
    assert_ptr_equal(choose(), &idle_thread);
}

static void a_caller_that_gets_other_registers_gets_no_answer_also_if_its_queue_ends(void **state)
{
    for (unsigned ends = 0; ends < 2; ends++) {
        open_queue_of_priority(PRIORITY);
        assert_int_equal(slot_delete(queue_slot), DONE);
        run_owner();
        other->context.regs[ABI_REG_PC] = 0x1000;
        put(0, rel4_header(LABEL_TCB_COPY_REGISTERS, 0, 1, 1), OWN_THREAD, words(1 << 2, OTHER_THREAD));
        if (ends) {
            put(1, rel4_header(LABEL_CNODE_DELETE, 0, 2, 0), ROOT, words(OWN_QUEUE, WORD_BITS));
        }
        put_batch(1);
        assert_int_equal(placement_wake(queue), AGAIN);
        assert_int_equal(queue->state, ends ? QUEUE_NEW : QUEUE_IDLE);
        assert_ptr_equal(host_hart->current, owner);
        assert_int_equal(owner->context.regs[ABI_REG_PC], 0x1000);
        /* It has to do with no other call. */
        assert_false(host_hart->call_void);
    }
}

/* ---- Blocking ---- */

static void who_is_about_to_wait_serves_its_ring_first_if_it_may(void **state)
{
    for (unsigned at_tick = 0; at_tick < 2; at_tick++) {
        open_queue_of_priority(PRIORITY);
        queue->at_tick = at_tick;
        run_owner();
        owner->state = THREAD_RUNNING;
        assert_int_equal(placement_before_blocking(owner), BLOCK_NOW);
        put_batch(2);
        assert_int_equal(placement_before_blocking(owner), at_tick ? BLOCK_NOW : DECODE_AGAIN);
        assert_int_equal(answers(), at_tick ? 0 : 2);
        assert_int_equal(owner->state, THREAD_RUNNING);
    }
    /* It is stopped by a request, or the call by another hart. */
    for (unsigned suspends = 0; suspends < 2; suspends++) {
        open_queue_of_priority(PRIORITY);
        run_owner();
        owner->state = THREAD_RUNNING;
        host_lock_wanted = suspends ? NULL : is_wanted;
        put_change(suspends ? CHANGE_STATE : CHANGE_PRIORITY);
        put_batch(1);
        assert_int_equal(placement_before_blocking(owner), CALL_ENDS);
        assert_int_equal(owner->state, suspends ? THREAD_INACTIVE : THREAD_RESTART);
    }
}

static void the_requests_of_who_has_blocked_are_its_worker_s(void **state)
{
    for (unsigned requests = 0; requests < 2; requests++) {
        for (unsigned at_tick = 0; at_tick < 2; at_tick++) {
            open_queue_of_priority(PRIORITY);
            queue->at_tick = at_tick;
            if (at_tick) {
                reset_queue();
            }
            put_batch(requests);
            placement_blocked(owner);
            assert_int_equal(owner->worker.queued, requests && !at_tick);
        }
    }
    open_queue_of_priority(PRIORITY);
    put_batch(1);
    owner->state = THREAD_INACTIVE;
    placement_blocked(owner);
    assert_false(owner->worker.queued);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(a_wake_call_of_the_owner_serves_in_the_call),
        EACH(what_a_wake_call_leaves_does_not_depend_on_its_repetition),
        EACH(a_wake_call_ends_after_as_many_requests_as_the_ring_is_long),
        EACH(a_wake_call_of_another_thread_is_no_faster_than_the_owner_is_important),
        EACH(a_wake_in_the_queue_s_own_ring_does_nothing),
        EACH(a_wake_call_stops_when_its_caller_changes),
        EACH(a_caller_that_its_own_ring_deletes_is_current_no_more),
        EACH(a_caller_that_gets_other_registers_gets_no_answer_also_if_its_queue_ends),
        EACH(who_is_about_to_wait_serves_its_ring_first_if_it_may),
        EACH(the_requests_of_who_has_blocked_are_its_worker_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
