/*
 * Ready queues against a plain list that is searched from its beginning, and the rules for who runs next.
 */
#include "build.h"
#include "random.h"
#include "thread/scheduler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 40

static struct tcb *threads[THREADS];

/* All ready threads; among equals, the first of the list runs first. */
static struct tcb *model[THREADS];
static unsigned length;

static void build_threads(void)
{
    build_reset();
    host_hart->current = &idle_thread;
    length = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = thread_of(build_thread());
        threads[i]->state = THREAD_RUNNING;
    }
}

static unsigned place_of(const struct tcb *thread)
{
    unsigned i = 0;

    while (i < length && model[i] != thread) {
        i++;
    }
    return i;
}

static void model_remove(const struct tcb *thread)
{
    unsigned i = place_of(thread);

    check(i < length);
    length--;
    memmove(&model[i], &model[i + 1], (length - i) * sizeof(struct tcb *));
}

static void model_insert(struct tcb *thread, bool at_head)
{
    unsigned at = at_head ? 0 : length;

    memmove(&model[at + 1], &model[at], (length - at) * sizeof(struct tcb *));
    model[at] = thread;
    length++;
}

static struct tcb *model_best(void)
{
    struct tcb *best = NULL;

    for (unsigned i = 0; i < length; i++) {
        if (!best || model[i]->priority > best->priority) {
            best = model[i];
        }
    }
    return best;
}

static void act(uint64_t *seed)
{
    struct tcb *thread = threads[random_below(seed, THREADS)];
    bool is_ready = place_of(thread) < length;

    switch (random_below(seed, 5)) {
    case 0:
    case 1:
    case 2: {
        bool at_head = random_below(seed, 2);
        if (!is_ready) {
            thread->priority =
                (uint16_t)(random_below(seed, 2) ? random_below(seed, 256) : 60 + random_below(seed, 8));
            (at_head ? sched_enqueue_head : sched_enqueue_tail)(thread);
            model_insert(thread, at_head);
        }
        break;
    }
    case 3:
        sched_dequeue(thread);
        if (is_ready) {
            model_remove(thread);
        }
        break;
    default: {
        struct tcb *best = model_best();
        host_hart->pending.reschedule = true;
        check(sched_choose(host_hart) == (best ? best : &idle_thread));
        check(!host_hart->pending.reschedule);
        if (best) {
            model_remove(best);
        }
        break;
    }
    }
}

static void the_best_and_longest_waiting_thread_is_chosen(void **state)
{
    uint64_t seed = 11;

    for (host_seed = 1; host_seed < 200; host_seed++) {
        build_threads();
        for (host_step = 0; host_step < 1000; host_step++) {
            act(&seed);
            const struct tcb *best = model_best();
            check(sched_highest(host_hart) == (best ? best->priority : -1));
            unsigned priority = host_step % NUM_PRIORITIES;
            check(sched_has_above(host_hart, priority) == (best && best->priority > priority));
            for (unsigned i = 0; i < THREADS; i++) {
                check(threads[i]->ready.queued == (place_of(threads[i]) < length));
            }
        }
        while (length) {
            host_hart->pending.reschedule = true;
            struct tcb *best = model_best();
            check(sched_choose(host_hart) == best);
            model_remove(best);
        }
        check(host_hart->ready[0].summary == 0);
    }
    host_seed = 0;
}

static void every_priority_has_its_queue(void **state)
{
    build_threads();
    for (unsigned priority = 0; priority < NUM_PRIORITIES; priority++) {
        threads[0]->priority = (uint16_t)priority;
        sched_enqueue_tail(threads[0]);
        assert_int_equal(sched_highest(host_hart), priority);
        sched_dequeue(threads[0]);
        assert_int_equal(sched_highest(host_hart), -1);
    }
}

static void run(struct tcb *thread, unsigned priority)
{
    thread->priority = (uint16_t)priority;
    host_hart->current = thread;
}

static void a_thread_that_wakes_up_runs_only_if_it_is_more_important(void **state)
{
    for (unsigned priority = 9; priority <= 11; priority++) {
        build_threads();
        run(threads[0], 10);
        threads[1]->priority = (uint16_t)priority;
        sched_wake(threads[1]);
        assert_ptr_equal(sched_choose(host_hart), threads[priority > 10]);
        assert_true(threads[priority <= 10]->ready.queued && !threads[priority > 10]->ready.queued);
        assert_null(host_hart->candidate);
    }
}

static void of_several_that_wake_up_the_best_runs(void **state)
{
    build_threads();
    run(threads[0], 10);
    for (unsigned i = 1; i < 5; i++) {
        threads[i]->priority = (uint16_t)(20 + i % 3);
        sched_wake(threads[i]);
    }
    assert_ptr_equal(sched_choose(host_hart), threads[2]);
    assert_int_equal(sched_highest(host_hart), 21);
}

static void yielding_lets_equals_run_and_others_not(void **state)
{
    build_threads();
    run(threads[0], 10);
    threads[1]->priority = 9;
    threads[2]->priority = 10;
    sched_enqueue_tail(threads[1]);
    sched_yield(host_hart);
    assert_ptr_equal(sched_choose(host_hart), threads[0]);
    sched_enqueue_tail(threads[2]);
    sched_yield(host_hart);
    assert_ptr_equal(sched_choose(host_hart), threads[2]);
}

static void a_thread_that_used_up_its_time_goes_to_the_end(void **state)
{
    build_threads();
    run(threads[0], 10);
    threads[1]->priority = 10;
    sched_enqueue_tail(threads[1]);
    for (unsigned i = 1; i < TIME_SLICE_TICKS; i++) {
        sched_tick(host_hart);
        assert_int_equal(host_hart->pending.any, 0);
    }
    sched_tick(host_hart);
    assert_ptr_equal(sched_choose(host_hart), threads[1]);
    assert_true(threads[0]->ready.queued);
    assert_int_equal(threads[0]->slice, TIME_SLICE_TICKS);
}

static void a_new_priority_moves_a_thread_that_waits(void **state)
{
    build_threads();
    run(threads[0], 10);
    threads[1]->priority = 5;
    sched_enqueue_tail(threads[1]);
    sched_set_priority(threads[1], 12);
    assert_ptr_equal(sched_choose(host_hart), threads[1]);
    host_hart->current = threads[1];
    sched_set_priority(threads[1], 3);
    assert_ptr_equal(sched_choose(host_hart), threads[0]);
}

static void a_thread_of_another_hart_is_left_to_that_hart(void **state)
{
    build_threads();
    harts_table[1].id = 1;
    harts_table[1].current = threads[1];
    threads[1]->priority = 10;
    threads[2]->hart = &harts_table[1];
    threads[2]->priority = 10;
    sched_wake(threads[2]);
    assert_int_equal(host_hart->pending.any, 0);
    threads[3]->hart = &harts_table[1];
    threads[3]->priority = 11;
    sched_wake(threads[3]);
    assert_int_equal(host_hart->pending.interrupts, bit(1));
    assert_false(host_hart->pending.reschedule);
    assert_int_equal(sched_highest(&harts_table[1]), 11);
    assert_int_equal(sched_highest(host_hart), -1);
}

static void moving_a_thread_interrupts_the_other_hart_only_if_the_thread_is_to_run_there(void **state)
{
    for (unsigned priority = 9; priority <= 11; priority++) {
        build_threads();
        harts_online = 2;
        harts_table[1].id = 1;
        harts_table[1].current = threads[1];
        threads[1]->hart = &harts_table[1];
        threads[1]->priority = 10;
        struct slot *moved = build_thread();
        thread_of(moved)->priority = (uint16_t)priority;
        thread_of(moved)->state = THREAD_RUNNING;
        sched_enqueue_tail(thread_of(moved));
        assert_int_equal(invoke(moved, LABEL_TCB_SET_AFFINITY, words(1), extras()), ERR_NONE);
        assert_int_equal(host_hart->pending.interrupts, priority > 10 ? bit(1) : 0);
        assert_int_equal(sched_highest(&harts_table[1]), priority);
    }
    harts_online = 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_best_and_longest_waiting_thread_is_chosen, host_teardown),
        cmocka_unit_test(every_priority_has_its_queue),
        cmocka_unit_test(a_thread_that_wakes_up_runs_only_if_it_is_more_important),
        cmocka_unit_test(of_several_that_wake_up_the_best_runs),
        cmocka_unit_test(yielding_lets_equals_run_and_others_not),
        cmocka_unit_test(a_thread_that_used_up_its_time_goes_to_the_end),
        cmocka_unit_test(a_new_priority_moves_a_thread_that_waits),
        cmocka_unit_test(a_thread_of_another_hart_is_left_to_that_hart),
        cmocka_unit_test(moving_a_thread_interrupts_the_other_hart_only_if_the_thread_is_to_run_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
