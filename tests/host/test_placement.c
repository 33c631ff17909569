/*
 * A worker is scheduled like a thread: when its turn comes, what stops it, whose time it uses, that it moves
 * with its owner, and what wake calls and blocking have to do with that. What harts do that have nothing of
 * their own to run is in test_placement_harts.c.
 */
#include "cap/delete.h"
#include "ipc/endpoint.h"
#include "ring.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PRIORITY 10 /* of the owner */

static struct tcb *other; /* another thread, which is inactive */

static void open_queue_of_priority(unsigned priority)
{
    open_queue(5, 5);
    host_hart->locks = true;
    owner->max_priority = 255;
    sched_set_priority(owner, priority);
    other = thread_of(own(OTHER_THREAD));
    other->max_priority = 255;
    host_hart->current = &idle_thread;
    caller->state = THREAD_INACTIVE;
    host_hart->pending = 0;
}

static void make_ready(struct tcb *tcb, unsigned priority)
{
    tcb->priority = (uint16_t)priority;
    tcb->state = THREAD_RUNNING;
    sched_enqueue_tail(tcb);
}

/* Who runs next: a thread, or the owner if its worker is to be served. */
static struct tcb *choose(void)
{
    host_hart->pending |= PENDING_RESCHEDULE;
    struct tcb *next = sched_choose(host_hart);

    host_hart->current = next;
    return host_hart->serving ? host_hart->serving : next;
}

/* The worker has its turn. */
static void serve_in_turn(void)
{
    assert_ptr_equal(choose(), owner);
    assert_ptr_equal(host_hart->current, &idle_thread);
    placement_serve(host_hart);
    assert_null(host_hart->serving);
}

/* The owner runs, and makes a call. */
static void run_owner(void)
{
    sched_dequeue(owner);
    owner->state = THREAD_RESTART;
    host_hart->current = owner;
}

static bool is_wanted(void)
{
    return true;
}

/* ---- Its turn ---- */

static void a_worker_that_becomes_ready_runs_behind_its_equals(void **state)
{
    (void)state;
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
    (void)state;
    for (unsigned priority = PRIORITY - 1; priority <= PRIORITY + 1; priority++) {
        open_queue_of_priority(PRIORITY);
        make_ready(other, priority);
        assert_ptr_equal(choose(), other);
        put_batch(1);
        wake();
        assert_int_equal(host_hart->pending, priority < PRIORITY ? PENDING_RESCHEDULE : 0);
        host_hart->pending = 0;
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
    (void)state;
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
    (void)state;
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
    (void)state;
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

    (void)state;
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

static void check_place(const struct hart *hart, unsigned priority)
{
    for (unsigned id = 0; id < harts_online; id++) {
        bool there = &harts_table[id] == hart;
        assert_int_equal(queue_highest(&harts_table[id].ready[0]), there ? (int)priority : -1);
        assert_int_equal(queue_highest(&harts_table[id].waiting[0]), there ? (int)priority : -1);
    }
}

static void a_worker_that_waits_moves_with_its_owner(void **state)
{
    (void)state;
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

/* Requests about the owner itself, each followed by another request. */
static void put_change(unsigned change)
{
    switch (change) {
    case 0:
        put(0, rel4_header(LABEL_TCB_SUSPEND, 0, 0, 0), OWN_THREAD, words());
        break;
    case 1:
        put(0, rel4_header(LABEL_TCB_SET_AFFINITY, 0, 1, 0), OWN_THREAD, words(1));
        break;
    default:
        put(0, rel4_header(LABEL_TCB_SET_PRIORITY, 0, 1, 1), OWN_THREAD, words(3, OWN_THREAD));
        break;
    }
    put_batch(1);
}

static void a_worker_that_runs_stops_when_its_owner_changes_and_is_chosen_anew(void **state)
{
    (void)state;
    for (unsigned change = 0; change < 3; change++) {
        open_queue_of_priority(PRIORITY);
        harts_online = 2;
        make_ready(other, 5);
        put_change(change);
        wake();
        serve_in_turn();
        check_answer(0, ERR_NONE, 0);
        assert_int_equal(answers(), 0);
        assert_int_equal(owner->worker.queued, change != 0);
        assert_ptr_equal(choose(), other);
        assert_int_equal(harts_table[1].waiting[0].summary != 0, change == 1);
    }
}

static void a_wake_call_stops_when_its_caller_changes(void **state)
{
    (void)state;
    for (unsigned change = 0; change < 3; change++) {
        open_queue_of_priority(PRIORITY);
        harts_online = 2;
        make_ready(other, 5);
        run_owner();
        put_change(change);
        assert_int_equal(placement_wake(queue), AGAIN);
        check_answer(0, ERR_NONE, 0);
        assert_int_equal(answers(), 0);
        assert_int_equal(owner->worker.queued, change != 0);
        assert_int_equal(host_hart->pending & PENDING_RESCHEDULE || change == 0, true);
        assert_ptr_equal(choose(), other);
    }
}

static void a_caller_that_its_own_ring_deletes_is_current_no_more(void **state)
{
    (void)state;
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

/* ---- Wake calls ---- */

static bool owner_is_current(void)
{
    assert_ptr_equal(host_hart->current, owner);
    assert_ptr_equal(host_hart->serving, owner);
    return false;
}

static void a_wake_call_of_the_owner_serves_in_the_call(void **state)
{
    (void)state;
    open_queue_of_priority(PRIORITY);
    host_lock_wanted = owner_is_current;
    run_owner();
    put_batch(32);
    assert_int_equal(placement_wake(queue), DONE);
    assert_int_equal(queue->statistics.served[REL4_PLACE_CALL], 32);
    assert_int_equal(queue->state, QUEUE_IDLE);
    assert_null(host_hart->serving);
    assert_ptr_equal(host_hart->current, owner);
    assert_int_equal(host_hart->pending, 0);
    take_batch(32);
}

static void what_a_wake_call_leaves_does_not_depend_on_its_repetition(void **state)
{
    (void)state;
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
    (void)state;
    open_queue(5, 7);
    host_hart->locks = true;
    host_hart->pending = 0;
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
    (void)state;
    open_queue_of_priority(PRIORITY);
    make_ready(other, PRIORITY + 1);
    assert_ptr_equal(choose(), other);
    put_batch(1);
    assert_int_equal(placement_wake(queue), DONE);
    assert_int_equal(answers(), 0);
    check_place(host_hart, PRIORITY);
    assert_int_equal(host_hart->pending, 0);
}

static void a_wake_in_the_queue_s_own_ring_does_nothing(void **state)
{
    (void)state;
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

/* ---- Blocking ---- */

static void who_is_about_to_wait_serves_its_ring_first_if_it_may(void **state)
{
    (void)state;
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
        put_change(suspends ? 0 : 2);
        put_batch(1);
        assert_int_equal(placement_before_blocking(owner), CALL_ENDS);
        assert_int_equal(owner->state, suspends ? THREAD_INACTIVE : THREAD_RESTART);
    }
}

static void the_requests_of_who_has_blocked_are_its_worker_s(void **state)
{
    (void)state;
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
    void *before = NULL;

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
    (void)state;
    for (unsigned n = 1; n <= 4; n++) {
        share(n, false);
        share(n, true);
    }
}

static void serving_in_a_call_uses_the_caller_s_slice(void **state)
{
    (void)state;
    open_queue_of_priority(PRIORITY);
    run_owner();
    owner->slice = TIME_SLICE_TICKS;
    host_hart->serving = owner;
    sched_tick(host_hart);
    assert_int_equal(owner->slice, TIME_SLICE_TICKS - 1);
}

static void what_another_hart_serves_costs_the_owner_nothing(void **state)
{
    (void)state;
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
    (void)state;
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
        EACH(a_wake_call_stops_when_its_caller_changes),
        EACH(a_caller_that_its_own_ring_deletes_is_current_no_more),
        EACH(a_wake_call_of_the_owner_serves_in_the_call),
        EACH(what_a_wake_call_leaves_does_not_depend_on_its_repetition),
        EACH(a_wake_call_ends_after_as_many_requests_as_the_ring_is_long),
        EACH(a_wake_call_of_another_thread_is_no_faster_than_the_owner_is_important),
        EACH(a_wake_in_the_queue_s_own_ring_does_nothing),
        EACH(who_is_about_to_wait_serves_its_ring_first_if_it_may),
        EACH(the_requests_of_who_has_blocked_are_its_worker_s),
        EACH(thread_and_worker_share_one_slice_and_one_place_among_their_equals),
        EACH(serving_in_a_call_uses_the_caller_s_slice),
        EACH(what_another_hart_serves_costs_the_owner_nothing),
        EACH(a_queue_with_the_tick_policy_waits_for_the_next_tick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
