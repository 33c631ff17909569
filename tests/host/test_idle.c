/*
 * What a hart that has nothing of its own to run does for others: what it serves and for how long, what it
 * keeps while it lets others have the lock, and who is told of answers. Which harts are called is in
 * test_idle_called.c, how they look for more in test_idle_watch.c.
 */
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "placement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- What it serves ---- */

static void the_most_important_worker_of_all_harts_is_served(void **state)
{
    for (unsigned priority = 0; priority < 3; priority += 2) {
        open_for_two();
        harts_online = 3;
        sched_set_priority(owner, 1);
        put_batch(1);
        wake();
        struct tcb *rival = let_wait(&harts_table[2], priority, WORKER_AT_TAIL);
        be(helper);
        placement_idle(helper);
        assert_ptr_equal(helper->serving, priority > 1 ? rival : owner);
        assert_false(helper->serving->worker.queued);
        assert_true((priority > 1 ? owner : rival)->worker.queued);
    }
}

static void equals_of_several_harts_are_served_in_turns(void **state)
{
    for (unsigned last = 0; last < 3; last++) {
        open_for_two();
        harts_online = 3;
        put_batch(1);
        wake();
        struct tcb *rival = let_wait(&harts_table[2], owner->priority, WORKER_AT_TAIL);
        helper->idle.last_home = last;
        be(helper);
        placement_idle(helper);
        assert_ptr_equal(helper->serving, last == 2 ? owner : rival);
        if (last == 2) {
            placement_serve(helper);
            assert_int_equal(helper->idle.last_home, 0);
        }
    }
}

static unsigned refills;

/* The batch goes on for long, and there is a tick in it. */
static bool refill_and_tick(void)
{
    if (refills < 300) {
        put_batch(1);
        give_room(1);
        if (++refills == 100) {
            helper->arch.sip |= INTERRUPT_TIMER;
        }
    }
    if (refills == 200) {
        assert_int_equal(queue->statistics.signals, 1);
    }
    return false;
}

static void who_sleeps_is_told_at_a_tick_that_a_batch_without_end_goes_on(void **state)
{
    open_for_two();
    put_batch(20);
    wake();
    refills = 0;
    host_lock_wanted = refill_and_tick;
    idle();
    assert_int_equal(refills, 300);
}

static void a_delayed_worker_is_served_too(void **state)
{
    open_for_two();
    queue->at_tick = true;
    put_batch(3);
    wake();
    idle();
    assert_int_equal(queue->statistics.served[REL4_PLACE_IDLE], 3);
    take_batch(3);
}

static unsigned rival_priority;
static enum worker_place rival_place;
static bool rival_is_there;

/* Another queue of the first hart is woken in the middle of a batch. */
static bool wake_rival(void)
{
    if (!rival_is_there) {
        let_wait(home, rival_priority, rival_place);
        rival_is_there = true;
    }
    return false;
}

static void a_more_important_worker_of_others_comes_before_the_next_request(void **state)
{
    for (rival_priority = 4; rival_priority <= 6; rival_priority++) {
        for (rival_place = WORKER_AT_HEAD; rival_place <= WORKER_DELAYED; rival_place++) {
            open_for_two();
            home->current->priority = 200; /* it does not want to be interrupted */
            sched_set_priority(owner, 5);
            put_batch(3);
            wake();
            host_lock_wanted = wake_rival;
            rival_is_there = false;
            idle();
            /* It came when the hart had just looked. */
            assert_int_equal(answers(), rival_priority > 5 ? 2 : 3);
            assert_int_equal(owner->worker.queued, rival_priority > 5);
        }
    }
}

/* ---- Letting others in ---- */

/* A batch of requests waits, and the other hart wants the lock after each. */
static void wait_with(unsigned requests)
{
    open_for_two();
    host_lock_wanted = is_wanted;
    put_batch(requests);
    wake();
    home->pending.any = 0;
}

static word_t signals(void)
{
    return queue->statistics.signals;
}

static unsigned times_let_in;

static void look_on(void)
{
    times_let_in++;
    assert_int_equal(queue->state, QUEUE_KEPT);
    assert_ptr_equal(helper->idle.kept, owner);
    assert_false(owner->worker.queued);
    assert_int_equal(signals(), 0);
    check_served(times_let_in - 1); /* who looks sees them one by one */
}

static void who_sleeps_is_told_once_of_all_that_an_idle_hart_serves_while_it_lets_others_in(void **state)
{
    wait_with(20);
    times_let_in = 0;
    host_meanwhile = look_on;
    idle();
    assert_int_equal(times_let_in, 19);
    check_served(19);
    assert_int_equal(signals(), 1);
    assert_int_equal(*header(REL4_HEADER_REQUESTER_STATE), REL4_AWAKE);
}

static void an_idle_hart_hands_over_answers_every_64_requests(void **state)
{
    open_for_two();
    host_hart = home;
    put_batch(200);
    wake();
    idle();
    assert_int_equal(queue->statistics.batches[6], 3);
    assert_int_equal(queue->statistics.batches[3], 1);
    assert_int_equal(queue->state, QUEUE_WATCHED);
    take_batch(200);
}

/* What happens while the hart that keeps the queue lets others in. */
static enum taker taker;
static bool is_late;

static void act_on_kept(void)
{
    be(home);
    if (is_late) {
        host_time += placement_expected(queue);
    } else {
        host_time += placement_expected(queue) - 1;
    }
    host_lock_wanted = NULL;
    switch (taker) {
    case OWNER_WAKES:
        run_owner();
        placement_wake(queue);
        break;
    case OWNER_BLOCKS:
        placement_blocked(owner);
        break;
    case HOME_TICKS:
        placement_tick(home);
        break;
    default:
        placement_wake(queue);
        break;
    }
    if (!is_late) {
        assert_int_equal(queue->state, QUEUE_KEPT);
        assert_int_equal(answers(), 1);
    } else if (taker == OWNER_WAKES) {
        assert_int_equal(answers(), 20);
        assert_int_equal(queue->statistics.taken_back, 1);
    } else {
        check_waits_at_home();
    }
}

static void a_kept_queue_is_taken_back_when_its_hart_is_late_and_not_before(void **state)
{
    for (taker = 0; taker < TAKERS; taker++) {
        for (unsigned late = 0; late < 2; late++) {
            wait_with(20);
            is_late = late;
            host_meanwhile = act_on_kept;
            idle();
            assert_null(helper->idle.kept);
            assert_null(helper->serving);
            assert_int_equal(answers(), late && taker != OWNER_WAKES ? 1 : 20);
        }
    }
}

/* Which one of the cases of a test. */
static unsigned way;

/* The home takes it back, or the keeper gets something else to do. */
static void end_keeping(void)
{
    if (way == 0) {
        host_time += placement_expected(queue);
        be(home);
        placement_tick(home);
    } else {
        struct tcb *own_thread = thread_of(build_thread());
        own_thread->hart = helper;
        own_thread->state = THREAD_RUNNING;
        sched_enqueue_tail(own_thread);
    }
    host_lock_wanted = NULL;
}

static void a_queue_that_comes_back_home_waits_behind_its_equals(void **state)
{
    for (way = 0; way < 2; way++) {
        wait_with(20);
        struct tcb *equal = let_wait(home, owner->priority, WORKER_AT_TAIL);
        host_meanwhile = end_keeping;
        idle();
        check_waits_at_home();
        assert_ptr_equal(home->ready[0].head[owner->priority], &equal->worker);
    }
}

/* Then the keeper has it no longer, whatever it does with the queue afterwards. */
static void change_kept(void)
{
    be(home);
    host_lock_wanted = NULL;
    switch (way) {
    case 0:
        thread_suspend(owner);
        assert_false(owner->worker.queued);
        assert_int_equal(queue->state, QUEUE_WAITING);
        break;
    case 1:
        sched_set_priority(owner, 7);
        check_waits_at_home();
        break;
    case 2:
        async_queue_stop(queue);
        assert_int_equal(queue->state, QUEUE_STOPPED);
        assert_int_equal(signals(), 1);
        break;
    default:
        reset_queue();
        assert_int_equal(queue->state, QUEUE_IDLE);
        break;
    }
    assert_null(helper->idle.kept);
}

static void whatever_changes_the_owner_or_ends_the_queue_takes_it_from_its_keeper(void **state)
{
    for (way = 0; way < 4; way++) {
        wait_with(20);
        host_meanwhile = change_kept;
        idle();
        assert_null(helper->serving);
        assert_int_equal(answers(), way < 3);
    }
}

/* It sleeps until it is told of answers, which the change itself does. */
static void change_sleeper(void)
{
    be(home);
    host_lock_wanted = NULL;
    notification_receive(owner, cap_object(queue->notification.cap), RECEIVE_OR_BLOCK);
    if (way == 0) {
        sched_set_priority(owner, 7);
    } else {
        sched_set_hart(owner, helper);
    }
    assert_int_equal(owner->state, THREAD_RUNNING);
    assert_true(owner->ready.queued);
}

static void an_owner_that_is_told_when_it_changes_is_ready(void **state)
{
    for (way = 0; way < 2; way++) {
        wait_with(20);
        host_meanwhile = change_sleeper;
        idle();
        assert_int_equal(signals(), 1);
    }
}

/* Something that it does rather. */
static void come_in_between(void)
{
    be(home);
    host_lock_wanted = NULL;
    switch (way) {
    case 0: {
        struct tcb *own_thread = thread_of(build_thread());
        own_thread->hart = helper;
        own_thread->state = THREAD_RUNNING;
        sched_enqueue_tail(own_thread);
        break;
    }
    case 1:
        let_wait(helper, 0, WORKER_AT_TAIL);
        break;
    default:
        let_wait(home, owner->priority + 1u, WORKER_AT_TAIL);
        break;
    }
}

static void anything_of_its_own_and_anything_more_important_comes_first_and_who_sleeps_is_told(void **state)
{
    for (way = 0; way < 3; way++) {
        wait_with(20);
        sched_set_priority(owner, 5);
        host_meanwhile = come_in_between;
        idle();
        assert_int_equal(answers(), 1);
        assert_int_equal(signals(), 1);
        assert_int_equal(queue->state, QUEUE_WAITING);
        assert_true(owner->worker.queued);
    }
}

/* The tick of the hart that lets others in. Nothing else is different then, but that an equal may wait. */
static void tick_meanwhile(void)
{
    if (way == 0) {
        let_wait(home, owner->priority, WORKER_AT_TAIL);
    }
    host_lock_wanted = NULL;
    helper->arch.sip |= INTERRUPT_TIMER;
}

static void a_tick_while_others_are_let_in_is_a_tick(void **state)
{
    for (way = 0; way < 2; way++) {
        wait_with(20);
        host_meanwhile = tick_meanwhile;
        idle();
        assert_int_equal(answers(), way ? 20 : 1);
        assert_int_equal(owner->worker.queued, !way);
        /* Who sleeps is told at the tick, and then at the end only if it sleeps again. */
        assert_int_equal(signals(), 1);
    }
}

static bool was_told;

/* The other request is still under way. */
static bool is_told_already(void)
{
    was_told |= answers() == 1 && signals() == 1;
    return false;
}

static void who_sleeps_is_told_before_something_that_takes_long(void **state)
{
    open_for_two();
    put_simple(0);
    put_long_revoke(1);
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
    wake();
    host_preempt_every(1);
    host_lock_wanted = is_told_already;
    was_told = false;
    idle();
    check_served(0);
    check_answer(1, ERR_NONE, 0);
    assert_true(was_told);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(the_most_important_worker_of_all_harts_is_served),
        EACH(equals_of_several_harts_are_served_in_turns),
        EACH(who_sleeps_is_told_at_a_tick_that_a_batch_without_end_goes_on),
        EACH(a_delayed_worker_is_served_too),
        EACH(a_more_important_worker_of_others_comes_before_the_next_request),
        EACH(who_sleeps_is_told_once_of_all_that_an_idle_hart_serves_while_it_lets_others_in),
        EACH(an_idle_hart_hands_over_answers_every_64_requests),
        EACH(a_kept_queue_is_taken_back_when_its_hart_is_late_and_not_before),
        EACH(a_queue_that_comes_back_home_waits_behind_its_equals),
        EACH(whatever_changes_the_owner_or_ends_the_queue_takes_it_from_its_keeper),
        EACH(an_owner_that_is_told_when_it_changes_is_ready),
        EACH(anything_of_its_own_and_anything_more_important_comes_first_and_who_sleeps_is_told),
        EACH(a_tick_while_others_are_let_in_is_a_tick),
        EACH(who_sleeps_is_told_before_something_that_takes_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
