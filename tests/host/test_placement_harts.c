/*
 * What harts do for others that have nothing of their own to run: which are called, what they serve and for
 * how long, what they keep while they let others have the lock, how they look for more, and who is told of
 * answers.
 */
#include "arch/riscv64/csr.h"
#include "arch/riscv64/timer.h"
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "ring.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define WORTH_IT 16 /* requests */
#define LATE     30 /* times the time lost, for which a hart that was late is not called again */

static struct hart *const home = &harts_table[0], *const helper = &harts_table[1];

static bool is_wanted(void)
{
    return true;
}

/* Two harts, and a queue whose owner's hart runs a thread of its priority. */
static void open_for_two(void)
{
    open_queue(8, 8);
    harts_online = 2;
    home->locks = helper->locks = true;
    home->pending = 0;
}

/* The owner runs, on its hart. */
static void run_owner(void)
{
    owner->state = THREAD_RESTART;
    home->current = owner;
}

/* As this hart, so to speak. */
static void be(struct hart *hart)
{
    host_hart = hart;
}

/* The second hart goes through its idle loop once, or serves what it finds. */
static void idle(void)
{
    be(helper);
    helper->current = &idle_thread;
    placement_idle(helper);
    if (helper->serving) {
        placement_serve(helper);
    }
    helper->pending = 0;
    be(home);
}

/* A batch of requests waits, and the other hart wants the lock after each. */
static void wait_with(unsigned requests)
{
    open_for_two();
    host_lock_wanted = is_wanted;
    put_batch(requests);
    wake();
    home->pending = 0;
}

static word_t signals(void)
{
    return queue->statistics.signals;
}

/* It waits like any other worker of its hart, and nobody else has it. */
static void check_waits_at_home(void)
{
    assert_int_equal(queue->state, QUEUE_WAITING);
    assert_true(owner->worker.queued);
    assert_null(helper->idle.kept);
    assert_null(helper->serving);
    assert_int_equal(queue_highest(&home->ready[0]), owner->priority);
}

/* ---- What it serves ---- */

/* Another owner whose worker waits: its queue is only looked at. */
static struct tcb *let_wait(struct hart *hart, unsigned priority)
{
    struct tcb *rival = thread_of(build_thread());

    rival->hart = hart;
    rival->priority = (uint16_t)priority;
    rival->state = THREAD_BLOCKED_ON_REPLY;
    rival->worker.is_worker = true;
    worker_enqueue(rival, WORKER_AT_TAIL);
    return rival;
}

static void the_most_important_worker_of_all_harts_is_served(void **state)
{
    (void)state;
    for (unsigned priority = 0; priority < 3; priority++) {
        open_for_two();
        harts_online = 3;
        sched_set_priority(owner, 1);
        put_batch(1);
        wake();
        struct tcb *rival = let_wait(&harts_table[2], priority);
        be(helper);
        placement_idle(helper);
        assert_ptr_equal(helper->serving, priority > 1 ? rival : owner);
        assert_false(helper->serving->worker.queued);
        assert_true((priority > 1 ? owner : rival)->worker.queued);
    }
}

static void a_delayed_worker_is_served_too(void **state)
{
    (void)state;
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
        struct tcb *rival = thread_of(build_thread());
        rival->priority = (uint16_t)rival_priority;
        rival->state = THREAD_BLOCKED_ON_REPLY;
        rival->worker.is_worker = true;
        worker_enqueue(rival, rival_place);
        rival_is_there = true;
    }
    return false;
}

static void a_more_important_worker_of_others_comes_before_the_next_request(void **state)
{
    (void)state;
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
    (void)state;
    wait_with(20);
    times_let_in = 0;
    host_meanwhile = look_on;
    idle();
    assert_int_equal(times_let_in, 19);
    check_served(19);
    assert_int_equal(signals(), 1);
    assert_int_equal(*header(REL4_HEADER_USER_STATE), REL4_AWAKE);
}

static void an_idle_hart_hands_over_answers_every_64_requests(void **state)
{
    (void)state;
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
static enum {
    OWNER_WAKES,
    OWNER_BLOCKS,
    HOME_TICKS,
    OTHER_WAKES,
    KEPT_EVENTS
} event;
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
    switch (event) {
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
    } else if (event == OWNER_WAKES) {
        assert_int_equal(answers(), 20);
        assert_int_equal(queue->statistics.taken_back, 1);
    } else {
        check_waits_at_home();
    }
}

static void a_kept_queue_is_taken_back_when_its_hart_is_late_and_not_before(void **state)
{
    (void)state;
    for (event = 0; event < KEPT_EVENTS; event++) {
        for (unsigned late = 0; late < 2; late++) {
            wait_with(20);
            is_late = late;
            host_meanwhile = act_on_kept;
            idle();
            assert_null(helper->idle.kept);
            assert_null(helper->serving);
            assert_int_equal(answers(), late && event != OWNER_WAKES ? 1 : 20);
        }
    }
}

/* Then the keeper has it no longer, whatever it does with the queue afterwards. */
static void change_kept(void)
{
    be(home);
    host_lock_wanted = NULL;
    switch ((unsigned)event) {
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
    (void)state;
    for (event = 0; (unsigned)event < 4; event++) {
        wait_with(20);
        host_meanwhile = change_kept;
        idle();
        assert_null(helper->serving);
        assert_int_equal(answers(), (unsigned)event < 3);
    }
}

/* It sleeps until it is told of answers, which the change itself does. */
static void change_sleeper(void)
{
    be(home);
    host_lock_wanted = NULL;
    notification_receive(owner, cap_object(queue->notification.cap), RECEIVE_OR_BLOCK);
    if (event == 0) {
        sched_set_priority(owner, 7);
    } else {
        sched_set_hart(owner, helper);
    }
    assert_int_equal(owner->state, THREAD_RUNNING);
    assert_true(owner->ready.queued);
}

static void an_owner_that_is_told_when_it_changes_is_ready(void **state)
{
    (void)state;
    for (event = 0; (unsigned)event < 2; event++) {
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
    switch ((unsigned)event) {
    case 0: {
        struct tcb *own_thread = thread_of(build_thread());
        own_thread->hart = helper;
        own_thread->state = THREAD_RUNNING;
        sched_enqueue_tail(own_thread);
        break;
    }
    case 1:
        let_wait(helper, 0);
        break;
    default:
        let_wait(home, owner->priority + 1u);
        break;
    }
}

static void anything_of_its_own_and_anything_more_important_comes_first_and_who_sleeps_is_told(void **state)
{
    (void)state;
    for (event = 0; (unsigned)event < 3; event++) {
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

static bool was_told;

/* The other request is still under way. */
static bool is_told_already(void)
{
    was_told |= answers() == 1 && signals() == 1;
    return false;
}

static void who_sleeps_is_told_before_something_that_takes_long(void **state)
{
    (void)state;
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

/* ---- Calling ---- */

/* The second hart sleeps, and may be called. */
static void sleep_helper(void)
{
    idle_harts = bit(helper->id);
}

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

/* ---- Looking for more ---- */

static void an_idle_hart_looks_for_more_only_behind_a_batch_that_was_worth_calling_it(void **state)
{
    (void)state;
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
            assert_int_equal(*header(REL4_HEADER_KERNEL_STATE), looks ? REL4_AWAKE : REL4_ASLEEP);
        }
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
    assert_int_equal(*header(REL4_HEADER_KERNEL_STATE), REL4_ASLEEP);
}

static void an_idle_hart_looks_longer_for_those_who_send_more(void **state)
{
    unsigned patience = 1;

    (void)state;
    open_for_two();
    put_batch(WORTH_IT);
    wake();
    idle();
    for (unsigned n = 0; n < 10; n++) {
        take_batch(WORTH_IT);
        assert_ptr_equal(helper->idle.watched, owner);
        assert_int_equal(queue->placement.looks, patience);
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
    helper->idle.called = false;
    helper->idle.not_before = 0;
    sleep_helper();
    put_batch(WORTH_IT);
    wake();
    assert_true(helper->idle.called);
    home->pending = 0;
    idle();
    take_batch(WORTH_IT);
    assert_ptr_equal(helper->idle.watched, owner);
}

static void an_idle_hart_looks_longer_if_it_slept_too_early(void **state)
{
    (void)state;
    open_for_two();
    put_batch(WORTH_IT);
    wake();
    idle();
    take_batch(WORTH_IT);
    fall_asleep_and_call(false);
    assert_int_equal(queue->placement.looks, 1);
    /* A sleep from patience 1 leaves it at 1. */
    for (unsigned looks = 4; looks <= 128; looks *= 2) {
        fall_asleep_and_call(true);
        assert_int_equal(queue->placement.looks, looks);
    }
    fall_asleep_and_call(true);
    assert_int_equal(queue->placement.looks, 128);
    for (unsigned looks = 64; looks; looks /= 2) {
        fall_asleep_and_call(false);
        assert_int_equal(queue->placement.looks, looks);
    }
}

static void a_queue_that_is_watched_is_the_owner_s_at_any_time(void **state)
{
    (void)state;
    for (event = 0; event < KEPT_EVENTS; event++) {
        open_for_two();
        put_batch(WORTH_IT);
        wake();
        idle();
        take_batch(WORTH_IT);
        assert_int_equal(queue->state, QUEUE_WATCHED);
        put_batch(2);
        switch (event) {
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
    (void)state;
    for (unsigned priority = 4; priority <= 6; priority++) {
        open_for_two();
        sched_set_priority(owner, 5);
        put_batch(WORTH_IT);
        wake();
        idle();
        take_batch(WORTH_IT);
        put_batch(1);
        struct tcb *rival = let_wait(home, priority);
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
    helper->arch.sip |= SIP_SOFTWARE;
    host_meanwhile = NULL;
}

static unsigned sleeps;

static void get_work_later(void)
{
    if (++sleeps == 5) {
        get_work();
    } else {
        host_hart->arch.sip |= SIP_TIMER; /* which is nothing to do */
    }
}

static void a_hart_sleeps_until_there_is_something_to_do(void **state)
{
    (void)state;
    open_for_two();
    home->pending = 0;
    sleeps = 0;
    host_meanwhile = get_work_later;
    idle();
    assert_int_equal(sleeps, 5);
    assert_int_equal(idle_harts, 0);
    idle();
    assert_int_equal(answers(), 1);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(the_most_important_worker_of_all_harts_is_served),
        EACH(a_delayed_worker_is_served_too),
        EACH(a_more_important_worker_of_others_comes_before_the_next_request),
        EACH(who_sleeps_is_told_once_of_all_that_an_idle_hart_serves_while_it_lets_others_in),
        EACH(an_idle_hart_hands_over_answers_every_64_requests),
        EACH(a_kept_queue_is_taken_back_when_its_hart_is_late_and_not_before),
        EACH(whatever_changes_the_owner_or_ends_the_queue_takes_it_from_its_keeper),
        EACH(an_owner_that_is_told_when_it_changes_is_ready),
        EACH(anything_of_its_own_and_anything_more_important_comes_first_and_who_sleeps_is_told),
        EACH(who_sleeps_is_told_before_something_that_takes_long),
        EACH(a_wake_call_serves_what_is_not_worth_calling_an_idle_hart),
        EACH(a_call_moves_nothing_so_the_home_may_serve_it_at_any_time),
        EACH(a_hart_is_called_only_if_the_home_is_busy),
        EACH(a_hart_that_was_late_is_not_called_again_for_some_time),
        EACH(a_hart_is_not_late_before_the_requests_could_have_been_served),
        EACH(an_idle_hart_looks_for_more_only_behind_a_batch_that_was_worth_calling_it),
        EACH(an_idle_hart_looks_longer_for_those_who_send_more),
        EACH(an_idle_hart_looks_longer_if_it_slept_too_early),
        EACH(a_queue_that_is_watched_is_the_owner_s_at_any_time),
        EACH(what_is_watched_and_has_got_requests_competes_with_others),
        EACH(a_hart_sleeps_until_there_is_something_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
