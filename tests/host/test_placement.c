/*
 * A worker is scheduled like a thread: when its turn comes, what stops it, whose time it uses, and that it
 * moves with its owner. What wake calls and blocking have to do with that is in test_placement_calls.c; what
 * harts do that have nothing of their own to run, in test_idle.c and its neighbours.
 */
#include "ipc/endpoint.h"
#include "placement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- Its turn ---- */

static void a_worker_that_becomes_ready_runs_behind_its_equals(void **state)
{
    for (unsigned priority = PRIORITY - 1; priority <= PRIORITY + 1; priority++) {
        open_queue_of_priority(PRIORITY);
        put_batch(1);
        wake();
        make_ready(other, PRIORITY);
        assert_ptr_equal(choose(), owner);
        open_queue_of_priority(PRIORITY);
        make_ready(other, priority);
        put_batch(1);
        wake();
        assert_ptr_equal(choose(), priority >= PRIORITY ? other : owner);
    }
}

static void a_worker_that_is_woken_displaces_what_is_less_important_and_nothing_else(void **state)
{
    for (unsigned priority = PRIORITY - 1; priority <= PRIORITY + 1; priority++) {
        open_queue_of_priority(PRIORITY);
        make_ready(other, priority);
        assert_ptr_equal(choose(), other);
        put_batch(1);
        wake();
        assert_int_equal(host_hart->pending.reschedule, priority < PRIORITY);
        assert_int_equal(host_hart->pending.interrupts, 0);
        host_hart->pending.any = 0;
        host_hart->current = &idle_thread;
        ready_insert(other, true);
    }
}

static bool nobody_else_is_current(void)
{
    assert_ptr_equal(host_hart->current, &idle_thread);
    assert_ptr_equal(host_hart->serving, owner);
    assert_false(owner->worker.queued);
    return false;
}

static void nobody_is_current_while_a_worker_is_served(void **state)
{
    open_queue_of_priority(PRIORITY);
    host_lock_wanted = nobody_else_is_current;
    put_batch(3);
    wake();
    make_ready(owner, PRIORITY); /* it may be runnable, too */
    serve_in_turn();
    take_batch(3);
}

static void a_hart_that_wants_the_lock_waits_for_one_request(void **state)
{
    open_queue_of_priority(PRIORITY);
    host_lock_wanted = is_wanted;
    put_batch(20);
    wake();
    for (unsigned n = 0; n < 20; n++) {
        assert_int_equal(answers(), 0);
        serve_in_turn();
        check_served(n);
    }
}

static unsigned
    waking; /* the priority of the other thread, which wakes up between two requests, once; or 0 */

static bool wake_the_other(void)
{
    if (waking) {
        other->priority = (uint16_t)waking;
        waking = 0;
        other->state = THREAD_RUNNING;
        sched_wake(other);
    }
    return false;
}

static void only_what_is_more_important_stops_a_worker_and_then_it_goes_on_before_its_equals(void **state)
{
    for (unsigned priority = PRIORITY - 1; priority <= PRIORITY + 1; priority++) {
        open_queue_of_priority(PRIORITY);
        waking = priority;
        host_lock_wanted = wake_the_other;
        put_batch(3);
        wake();
        caller->max_priority = 255;
        make_ready(caller, PRIORITY);
        serve_in_turn();
        if (priority <= PRIORITY) {
            assert_int_equal(answers(), 3);
            assert_true(other->ready.queued);
            continue;
        }
        assert_int_equal(answers(), 1);
        assert_ptr_equal(choose(), other);
        other->state = THREAD_INACTIVE;
        serve_in_turn();
        assert_int_equal(answers(), 3);
        assert_true(caller->ready.queued);
    }
}

static void a_worker_is_not_served_while_its_owner_is_inactive_however_else_that_waits(void **state)
{
    static const enum thread_state states[] = { THREAD_BLOCKED_ON_REPLY, THREAD_BLOCKED_ON_NOTIFICATION,
                                                THREAD_BLOCKED_ON_RECEIVE, THREAD_RUNNING };

    for (unsigned i = 0; i < ARRAY_SIZE(states); i++) {
        open_queue_of_priority(PRIORITY);
        owner->state = states[i];
        put_batch(1);
        wake();
        serve_in_turn();
        take_batch(1);
    }
    for (unsigned woken_before = 0; woken_before < 2; woken_before++) {
        open_queue_of_priority(PRIORITY);
        put_batch(1);
        if (woken_before) {
            wake();
        }
        thread_suspend(owner);
        if (!woken_before) {
            wake();
        }
        assert_int_equal(queue->state, QUEUE_WAITING);
        assert_ptr_equal(choose(), &idle_thread);
        thread_resume(owner);
        assert_true(owner->worker.queued);
        thread_suspend(owner);
        assert_false(owner->worker.queued);
    }
}

/* ---- Changes ---- */

static void a_worker_that_waits_moves_with_its_owner(void **state)
{
    open_queue_of_priority(PRIORITY);
    harts_online = 2;
    put_batch(1);
    wake();
    check_place(&harts_table[0], PRIORITY);
    sched_set_priority(owner, 20);
    check_place(&harts_table[0], 20);
    sched_set_hart(owner, &harts_table[1]);
    check_place(&harts_table[1], 20);
    sched_set_priority(owner, 5);
    check_place(&harts_table[1], 5);
    sched_set_hart(owner, &harts_table[0]);
    check_place(&harts_table[0], 5);
    serve_in_turn();
    take_batch(1);
}

static void a_worker_that_runs_stops_when_its_owner_changes_and_is_chosen_anew(void **state)
{
    for (enum change change = 0; change < CHANGES; change++) {
        open_queue_of_priority(PRIORITY);
        harts_online = 2;
        make_ready(other, 5);
        put_change(change);
        wake();
        serve_in_turn();
        check_answer(0, ERR_NONE, 0);
        assert_int_equal(answers(), 0);
        assert_int_equal(owner->worker.queued, change != CHANGE_STATE);
        assert_ptr_equal(choose(), other);
        assert_int_equal(harts_table[1].waiting[0].summary != 0, change == CHANGE_HART);
    }
}

/* ---- Time ---- */

/* A tick comes while somebody runs. A worker has stopped for it, and there is more. Returns who runs next. */
static void *tick(void *running)
{
    struct hart *hart = host_hart;

    if (running == &owner->worker) {
        queue->state = QUEUE_WAITING;
        worker_enqueue(owner, WORKER_AT_HEAD);
    }
    sched_tick(hart);
    hart->serving = NULL;
    struct tcb *next = sched_choose(hart);
    hart->current = next;
    return hart->serving ? (void *)&owner->worker : next;
}

#define ROUNDS 20

/* n threads, and the owner: its worker always has something to do, and it may want to run, too. */
static void share(unsigned n, bool owner_runs)
{
    struct tcb *equals[4];
    unsigned ticks[4] = { 0 }, owner_ticks = 0, worker_ticks = 0, in_a_row = 0;
    void *before = NULL, *ran = NULL;

    open_queue_of_priority(PRIORITY);
    for (unsigned i = 0; i < n; i++) {
        equals[i] = thread_of(build_thread());
        equals[i]->slice = TIME_SLICE_TICKS;
        make_ready(equals[i], PRIORITY);
    }
    owner->slice = TIME_SLICE_TICKS;
    if (owner_runs) {
        make_ready(owner, PRIORITY);
    }
    wake();
    choose();
    void *running = host_hart->serving ? (void *)&owner->worker : host_hart->current;
    for (unsigned i = 0; i < ROUNDS * (n + 1) * TIME_SLICE_TICKS; i++) {
        void *side = running == &owner->worker ? owner : running;
        worker_ticks += running == &owner->worker;
        owner_ticks += running == owner;
        for (unsigned k = 0; k < n; k++) {
            ticks[k] += running == equals[k];
        }
        in_a_row = side == before ? in_a_row + 1 : 1;
        assert_true(in_a_row <= TIME_SLICE_TICKS);
        /* Within the slice owner and worker take turns. */
        assert_true(running != ran || side != owner || !owner_runs);
        ran = running;
        before = side;
        running = tick(running);
    }
    for (unsigned k = 0; k < n; k++) {
        assert_int_equal(ticks[k], ROUNDS * TIME_SLICE_TICKS);
    }
    assert_int_equal(owner_ticks + worker_ticks, ROUNDS * TIME_SLICE_TICKS);
    assert_int_equal(owner_ticks != 0, owner_runs);
    assert_true(worker_ticks >= ROUNDS);
}

static void thread_and_worker_share_one_slice_and_one_place_among_their_equals(void **state)
{
    for (unsigned n = 1; n <= 4; n++) {
        share(n, false);
        share(n, true);
    }
}

static void serving_in_a_call_uses_the_caller_s_slice(void **state)
{
    open_queue_of_priority(PRIORITY);
    run_owner();
    owner->slice = TIME_SLICE_TICKS;
    host_hart->serving = owner;
    sched_tick(host_hart);
    assert_int_equal(owner->slice, TIME_SLICE_TICKS - 1);
}

static void what_another_hart_serves_costs_the_owner_nothing(void **state)
{
    open_queue_of_priority(PRIORITY);
    harts_online = 2;
    owner->slice = TIME_SLICE_TICKS;
    host_hart = &harts_table[1];
    host_hart->serving = owner;
    sched_tick(host_hart);
    assert_int_equal(owner->slice, TIME_SLICE_TICKS);
}

/* ---- The tick policy ---- */

static void a_queue_with_the_tick_policy_waits_for_the_next_tick(void **state)
{
    open_queue_of_priority(PRIORITY);
    queue->at_tick = true;
    put_batch(3);
    run_owner();
    assert_int_equal(placement_wake(queue), DONE);
    assert_int_equal(answers(), 0);
    host_hart->current = &idle_thread;
    owner->state = THREAD_BLOCKED_ON_REPLY;
    assert_ptr_equal(choose(), &idle_thread);
    sched_tick(host_hart);
    serve_in_turn();
    assert_int_equal(queue->statistics.served[REL4_PLACE_TICK], 3);
    take_batch(3);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(a_worker_that_becomes_ready_runs_behind_its_equals),
        EACH(a_worker_that_is_woken_displaces_what_is_less_important_and_nothing_else),
        EACH(nobody_is_current_while_a_worker_is_served),
        EACH(a_hart_that_wants_the_lock_waits_for_one_request),
        EACH(only_what_is_more_important_stops_a_worker_and_then_it_goes_on_before_its_equals),
        EACH(a_worker_is_not_served_while_its_owner_is_inactive_however_else_that_waits),
        EACH(a_worker_that_waits_moves_with_its_owner),
        EACH(a_worker_that_runs_stops_when_its_owner_changes_and_is_chosen_anew),
        EACH(thread_and_worker_share_one_slice_and_one_place_among_their_equals),
        EACH(serving_in_a_call_uses_the_caller_s_slice),
        EACH(what_another_hart_serves_costs_the_owner_nothing),
        EACH(a_queue_with_the_tick_policy_waits_for_the_next_tick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
