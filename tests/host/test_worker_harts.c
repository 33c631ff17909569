/*
 * Which hart serves a queue, and when: the wake call of its own thread, idle harts that stop, come back and
 * look for more, and who is told of answers meanwhile.
 */
#include "arch/riscv64/timer.h"
#include "ipc/endpoint.h"
#include "ring.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool is_wanted(void)
{
    return true;
}

/* A queue that waits for the worker with 20 requests, while another hart wants the lock. */
static void wait_with_20_requests(void)
{
    open_queue(5, 5);
    host_hart->locks = true;
    host_lock_wanted = is_wanted;
    put_batch(20);
    async_queue_wake(queue);
}

static void a_hart_that_wants_the_lock_waits_for_one_request(void **state)
{
    (void)state;
    wait_with_20_requests();
    for (unsigned n = 0; n < 20; n++) {
        assert_int_equal(answers(), 0);
        serve(REL4_PLACE_CALL);
        check_served(n);
    }
}

static void an_idle_hart_that_must_stop_keeps_the_rest(void **state)
{
    (void)state;
    wait_with_20_requests();
    harts_table[1].id = 1;
    harts_table[1].current = &idle_thread;
    idle_harts = bit(1);
    for (unsigned n = 0; n < 10; n++) {
        serve(REL4_PLACE_IDLE);
        check_served(n);
        assert_int_equal(queue->state, QUEUE_WAITING);
        assert_ptr_equal(owner->work_in, &host_hart->work[0].lists[WORK_ANY_TIME]);
        assert_int_equal(idle_harts, bit(1));
        assert_int_equal(host_hart->pending & mask(MAX_HARTS), 0);
    }
    /* Only when it has something else to do, the other one is asked. */
    work_hand_over(host_hart);
    assert_ptr_equal(owner->work_in, &harts_table[1].work[0].lists[WORK_ANY_TIME]);
    assert_int_equal(idle_harts, 0);
    assert_int_equal(host_hart->pending & mask(MAX_HARTS), bit(1));
    work_dequeue(owner);
}

static word_t signals(void)
{
    return queue->statistics.signals;
}

static void who_sleeps_is_woken_for_all_that_an_idle_hart_serves_at_once(void **state)
{
    (void)state;
    wait_with_20_requests();
    for (unsigned n = 0; n < 20; n++) {
        assert_int_equal(signals(), 0);
        assert_int_equal(*header(REL4_HEADER_USER_STATE), REL4_ASLEEP);
        serve(REL4_PLACE_IDLE);
        check_served(n); /* who looks sees them one by one */
    }
    assert_int_equal(signals(), 1);
    assert_int_equal(*header(REL4_HEADER_USER_STATE), REL4_AWAKE);
}

static void who_sleeps_is_woken_if_the_hart_does_not_go_on(void **state)
{
    (void)state;
    /* It has something else to do. */
    wait_with_20_requests();
    serve(REL4_PLACE_IDLE);
    assert_int_equal(signals(), 0);
    work_hand_over(host_hart);
    assert_int_equal(signals(), 1);
    assert_null(host_hart->kept);
    /* There is a more important queue, or the kept one is elsewhere by now. */
    wait_with_20_requests();
    serve(REL4_PLACE_IDLE);
    work_dequeue(owner);
    assert_null(work_take_any());
    assert_int_equal(signals(), 1);
    /* The queue, or its thread, ends. */
    wait_with_20_requests();
    serve(REL4_PLACE_IDLE);
    async_queue_stop(queue);
    assert_int_equal(signals(), 1);
    assert_null(host_hart->kept);
    wait_with_20_requests();
    serve(REL4_PLACE_IDLE);
    thread_suspend(owner);
    assert_ptr_equal(work_take_any(), owner);
    worker_run(owner, REL4_PLACE_IDLE);
    assert_int_equal(queue->state, QUEUE_SUSPENDED);
    assert_int_equal(signals(), 1);
    /* It is not an idle hart. */
    wait_with_20_requests();
    serve(REL4_PLACE_CALL);
    assert_int_equal(signals(), 1);
    /* What comes next takes long. */
    open_queue(5, 5);
    put_simple(0);
    put_long_revoke(1);
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
    async_queue_wake(queue);
    host_preempt_every(1);
    serve(REL4_PLACE_IDLE);
    check_served(0);
    assert_int_equal(signals(), 0);
    serve(REL4_PLACE_IDLE);
    assert_int_equal(answers(), 0);
    assert_int_equal(signals(), 1);
}

/* Otherwise each would stop the other after every request. */
static void nobody_else_takes_what_an_idle_hart_comes_back_for(void **state)
{
    struct ready_queue *kept;

    (void)state;
    wait_with_20_requests();
    harts_table[1].id = 1;
    harts_table[1].current = &idle_thread;
    harts_online = 2;
    kept = &host_hart->work[0].lists[WORK_ANY_TIME];
    serve(REL4_PLACE_IDLE);
    assert_ptr_equal(owner->work_in, kept);
    /* On another hart that idles, or where the owner blocks: */
    host_hart = &harts_table[1];
    assert_null(work_take_any());
    worker_blocked(owner);
    assert_ptr_equal(owner->work_in, kept);
    /* It comes back, and does so again. Then there is something else to do. */
    host_hart = &harts_table[0];
    assert_ptr_equal(work_take_any(), owner);
    worker_run(owner, REL4_PLACE_IDLE);
    assert_ptr_equal(owner->work_in, kept);
    work_hand_over(host_hart);
    assert_ptr_equal(owner->work_in, kept);
    host_hart = &harts_table[1];
    worker_blocked(owner);
    assert_ptr_equal(owner->work_in, &host_hart->work[0].lists[WORK_ANY_TIME]);
    assert_ptr_equal(work_take_any(), owner);
    assert_null(work_take_any());
}

static void what_a_hart_kept_goes_to_the_thread_s_hart_if_it_has_something_else_to_do(void **state)
{
    (void)state;
    wait_with_20_requests();
    harts_table[1].id = 1;
    harts_table[1].current = &idle_thread;
    harts_online = 2;
    owner->hart = &harts_table[1];
    owner->priority = 100;
    serve(REL4_PLACE_IDLE);
    assert_ptr_equal(host_hart->kept, owner);
    /* Its thread blocks: the other hart goes on with something of priority 1, and this one with 200. */
    host_hart = &harts_table[1];
    worker_blocked(owner);
    host_hart = &harts_table[0];
    work_hand_over(host_hart);
    assert_null(work_take(host_hart, 200));
    assert_ptr_equal(work_take(&harts_table[1], 1), owner);
}

/* Puts requests, and has the owner make the wake call, beside an idle hart or none. */
static void wake_in_a_call(unsigned requests, word_t idle)
{
    put_batch(requests);
    owner->state = THREAD_RESTART;
    host_hart->current = owner;
    harts_table[1].id = 1;
    harts_table[1].current = &idle_thread;
    idle_harts = idle;
    async_queue_wake(queue);
}

static void a_wake_call_of_the_thread_itself_serves_what_is_not_worth_waking_a_hart(void **state)
{
    (void)state;
    for (unsigned requests = 1; requests <= 32; requests++) {
        for (unsigned others = 0; others < 2; others++) {
            open_queue(5, 5);
            wake_in_a_call(requests, others ? bit(1) : 0);
            if (others && requests >= REQUESTS_WORTH_WAKING) {
                assert_int_equal(answers(), 0);
                assert_int_equal(idle_harts, 0);
                assert_int_equal(host_hart->pending & mask(MAX_HARTS), bit(1));
                assert_ptr_equal(owner->work_in, &harts_table[1].work[0].lists[WORK_ANY_TIME]);
                work_dequeue(owner);
                continue;
            }
            assert_int_equal(queue->state, QUEUE_IDLE);
            assert_int_equal(queue->statistics.served[REL4_PLACE_CALL], requests);
            assert_int_equal(host_hart->pending, 0);
            assert_null(owner->work_in);
            take_batch(requests);
        }
    }
}

static void what_the_wake_call_leaves_has_had_its_turn(void **state)
{
    (void)state;
    open_queue(5, 5);
    host_hart->locks = true;
    host_lock_wanted = is_wanted;
    wake_in_a_call(3, 0);
    assert_int_equal(answers(), 1);
    assert_int_equal(queue->state, QUEUE_WAITING);
    assert_ptr_equal(owner->work_in, &host_hart->work[0].lists[WORK_ANY_TIME]);
    assert_int_equal(host_hart->pending, PENDING_SERVED | PENDING_WORK);
}

static void a_wake_call_waits_for_what_comes_before_it(void **state)
{
    struct tcb other;

    (void)state;
    for (unsigned reason = 0; reason < 6; reason++) {
        open_queue(5, 5);
        switch (reason) {
        case 0:
            host_hart->candidate = &other;
            break;
        case 1:
            host_hart->pending = PENDING_WORK;
            break;
        case 2:
            host_hart->tlb_batch.open = true; /* another queue is served */
            break;
        case 3:
            owner->work_at_tick = true;
            break;
        case 4:
            owner->work_retry = true;
            break;
        }
        wake_in_a_call(1, 0);
        assert_int_equal(answers(), reason == 5);
        assert_int_equal(owner->work_in != NULL, reason != 5);
    }
}

/* Two runs that an idle hart makes of a batch, with another hart that wants the lock after the first. */
static void an_idle_hart_looks_for_more_only_behind_a_batch_that_was_worth_waking_it(void **state)
{
    (void)state;
    for (unsigned requests = 1; requests <= 32; requests++) {
        for (unsigned at_tick = 0; at_tick < 2; at_tick++) {
            open_queue(5, 5);
            owner->work_at_tick = at_tick;
            for (unsigned batch = 0; batch < 2; batch++) {
                put_batch(requests);
                async_queue_wake(queue);
                host_hart->locks = true;
                host_lock_wanted = is_wanted;
                serve(REL4_PLACE_IDLE);
                host_lock_wanted = NULL;
                if (requests > 1) {
                    serve(REL4_PLACE_IDLE);
                }
                take_batch(requests);
                bool looks = requests >= REQUESTS_WORTH_WAKING || at_tick;
                assert_ptr_equal(host_hart->watched, looks ? owner : NULL);
                assert_int_equal(queue->state, looks ? QUEUE_WATCHED : QUEUE_IDLE);
                assert_int_equal(*header(REL4_HEADER_KERNEL_STATE), looks ? REL4_AWAKE : REL4_ASLEEP);
                while (host_hart->watched) {
                    worker_look(host_hart);
                }
            }
        }
    }
}

static void an_idle_hart_hands_over_answers_every_64_requests(void **state)
{
    (void)state;
    open_queue(8, 8);
    put_batch(200);
    async_queue_wake(queue);
    for (unsigned served = 64; served < 200; served += 64) {
        serve(REL4_PLACE_IDLE);
        assert_int_equal(answers(), served);
        assert_int_equal(queue->state, QUEUE_WAITING);
        assert_ptr_equal(host_hart->kept, owner);
    }
    serve(REL4_PLACE_IDLE);
    assert_int_equal(queue->state, QUEUE_WATCHED);
    take_batch(200);
    worker_end_watch(host_hart);
}

static void an_idle_hart_looks_longer_for_those_who_send_more(void **state)
{
    (void)state;
    open_queue(5, 5);
    for (unsigned n = 0, patience = 1; n < 10; n++, patience = patience < 128 ? 2 * patience : 128) {
        put_batch(REQUESTS_WORTH_WAKING);
        if (n == 0) {
            async_queue_wake(queue);
            serve(REL4_PLACE_IDLE);
        } else {
            worker_look(host_hart);
        }
        take_batch(REQUESTS_WORTH_WAKING);
        assert_ptr_equal(host_hart->watched, owner);
        assert_int_equal(queue->state, QUEUE_WATCHED);
        assert_int_equal(queue->looks, patience);
        assert_int_equal(*header(REL4_HEADER_KERNEL_STATE), REL4_AWAKE);
    }
    for (unsigned n = 128; n; n--) {
        assert_ptr_equal(host_hart->watched, owner);
        worker_look(host_hart);
    }
    assert_null(host_hart->watched);
    assert_int_equal(queue->state, QUEUE_IDLE);
    assert_int_equal(queue->patience, 64);
    assert_int_equal(*header(REL4_HEADER_KERNEL_STATE), REL4_ASLEEP);
}

/* A queue that sleeps, after looks in vain that an idle hart was asked for, and that another one is woken
 * for. */
static void fall_asleep_and_wake(bool soon)
{
    while (host_hart->watched) {
        worker_look(host_hart);
    }
    assert_int_equal(queue->state, QUEUE_IDLE);
    queue->slept -= soon ? 0 : counts_per_tick;
    put_batch(REQUESTS_WORTH_WAKING);
    idle_harts = bit(1);
    async_queue_wake(queue);
    host_hart->pending = 0; /* the other one has got its interrupt */
    assert_ptr_equal(work_take_any(), owner);
    worker_run(owner, REL4_PLACE_IDLE);
    take_batch(REQUESTS_WORTH_WAKING);
    assert_ptr_equal(host_hart->watched, owner);
}

static void an_idle_hart_looks_longer_if_it_slept_too_early(void **state)
{
    (void)state;
    open_queue(5, 5);
    harts_table[1].id = 1;
    harts_table[1].current = &idle_thread;
    harts_online = 2;
    fall_asleep_and_wake(false);
    assert_int_equal(queue->looks, 1);
    /* A sleep from patience 1 leaves it at 1. */
    fall_asleep_and_wake(true);
    assert_int_equal(queue->looks, 4);
    for (unsigned looks = 8; looks <= 128; looks *= 2) {
        fall_asleep_and_wake(true);
        assert_int_equal(queue->looks, looks);
    }
    fall_asleep_and_wake(true);
    assert_int_equal(queue->looks, 128);
    for (unsigned looks = 64; looks; looks /= 2) {
        fall_asleep_and_wake(false);
        assert_int_equal(queue->looks, looks);
    }
    fall_asleep_and_wake(false);
    assert_int_equal(queue->looks, 1);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(a_hart_that_wants_the_lock_waits_for_one_request),
        EACH(an_idle_hart_that_must_stop_keeps_the_rest),
        EACH(who_sleeps_is_woken_for_all_that_an_idle_hart_serves_at_once),
        EACH(who_sleeps_is_woken_if_the_hart_does_not_go_on),
        EACH(nobody_else_takes_what_an_idle_hart_comes_back_for),
        EACH(what_a_hart_kept_goes_to_the_thread_s_hart_if_it_has_something_else_to_do),
        EACH(a_wake_call_of_the_thread_itself_serves_what_is_not_worth_waking_a_hart),
        EACH(what_the_wake_call_leaves_has_had_its_turn),
        EACH(a_wake_call_waits_for_what_comes_before_it),
        EACH(an_idle_hart_looks_for_more_only_behind_a_batch_that_was_worth_waking_it),
        EACH(an_idle_hart_hands_over_answers_every_64_requests),
        EACH(an_idle_hart_looks_longer_for_those_who_send_more),
        EACH(an_idle_hart_looks_longer_if_it_slept_too_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
