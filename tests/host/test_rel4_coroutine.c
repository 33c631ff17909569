/*
 * Coroutines: order, waiting, wake-ups, joining, cancellation, stacks. Nothing here depends on time.
 */
#include "coroutines.h"

#include "../../lib/rel4/src/executor.h"

static void say_twice(void *arg)
{
    note(arg);
    rel4_coroutine_yield();
    note(arg);
}

static void coroutines_run_in_the_order_of_creation_the_important_ones_first(void **state)
{
    rel4_coroutine_create(say, "a", 3);
    rel4_coroutine_create(say, "b", 3);
    rel4_coroutine_create(say, "C", 7);
    rel4_coroutine_create(say, "d", 3);
    rel4_coroutine_create(say, "-", 0);
    rel4_coroutine_create(say, "D", 7);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "CDabd-");
}

static void yield_lets_the_equally_important_run_and_not_the_others(void **state)
{
    rel4_coroutine_create(say_twice, "a", 3);
    rel4_coroutine_create(say_twice, "-", 2);
    rel4_coroutine_create(say_twice, "b", 3);
    rel4_run();
    assert_string_equal(trace, "abab--");
}

static void as_many_exist_as_there_is_memory_for_and_ids_are_not_used_again(void **state)
{
    rel4_coroutine_id first[64];

    assert_int_equal(executor.count, 64);
    for (unsigned i = 0; i < 64; i++) {
        first[i] = rel4_coroutine_create(say, "x", 1);
        assert_int_not_equal(first[i], 0);
    }
    assert_int_equal(rel4_coroutine_create(say, "y", 1), 0);
    assert_int_equal(rel4_coroutine_create(say, "y", 8), 0);
    rel4_run();
    assert_int_equal(strlen(trace), 64);
    for (unsigned i = 0; i < 64; i++) {
        rel4_coroutine_id id = rel4_coroutine_create(say, "z", 1);

        assert_int_not_equal(id, 0);
        for (unsigned j = 0; j < 64; j++) {
            assert_int_not_equal(id, first[j]);
        }
        assert_false(rel4_coroutine_exists(first[i]));
        assert_true(rel4_coroutine_exists(id));
    }
    rel4_run();
}

static void too_little_memory_or_stack_is_refused(void **state)
{
    struct rel4_executor other = { 0 };
    struct rel4_executor_options options = { .memory = memory, .memory_bytes = 4000, .stack_bytes = 4096 };

    assert_int_equal(rel4_executor_init(&other, &options), seL4_InvalidArgument);
    options.memory_bytes = 10000;
    options.stack_bytes = REL4_MIN_COROUTINE_STACK - 16;
    assert_int_equal(rel4_executor_init(&other, &options), seL4_InvalidArgument);
    options.stack_bytes = REL4_MIN_COROUTINE_STACK + 8;
    assert_int_equal(rel4_executor_init(&other, &options), seL4_InvalidArgument);
    assert_ptr_equal(rel4_executor_self, &executor);
}

static void a_wakeup_is_not_lost_and_several_are_one(void **state)
{
    rel4_coroutine_id id = rel4_coroutine_create(wait_and_say, "w", 1);

    assert_true(rel4_coroutine_wake(id));
    assert_true(rel4_coroutine_wake(id));
    assert_int_equal(rel4_run(), 1);
    assert_string_equal(trace, "w");
    assert_int_equal(rel4_run(), 1);
    assert_true(rel4_coroutine_wake(id));
    assert_true(rel4_coroutine_wake(id));
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "w!");
    assert_false(rel4_coroutine_wake(id));
}

static void stale_ids_wake_join_and_cancel_nobody(void **state)
{
    rel4_coroutine_id old = rel4_coroutine_create(say, "x", 1), id = 0;

    rel4_run();
    for (unsigned i = 0; i < 64; i++) {
        id = rel4_coroutine_create(wait_and_say, "w", 1);
    }
    assert_int_equal(id & 0xffff, old & 0xffff);
    rel4_run();
    assert_false(rel4_coroutine_wake(old));
    assert_false(rel4_coroutine_cancel(old));
    assert_int_equal(rel4_coroutine_join(old), 0);
    assert_false(rel4_coroutine_wake(0));
    assert_false(rel4_coroutine_wake(64 + 0x10000));
    assert_int_equal(rel4_run(), 64);
    assert_string_equal(trace, "x");
}

static void join_returns_when_the_other_has_ended_or_was_cancelled(void **state)
{
    ids[0] = rel4_coroutine_create(wait_and_say, "a", 1);
    ids[1] = rel4_coroutine_create(wait_and_say, "b", 1);
    for (unsigned i = 0; i < 3; i++) {
        rel4_coroutine_create(join_and_say, &ids[0], 1);
        rel4_coroutine_create(join_and_say, &ids[1], 1);
    }
    assert_int_equal(rel4_run(), 8);
    rel4_coroutine_wake(ids[0]);
    assert_int_equal(rel4_run(), 8);
    rel4_coroutine_cancel(ids[1]);
    assert_int_equal(rel4_run(), 4);
    assert_string_equal(trace, "accc");
    rel4_coroutine_wake(ids[0]);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "accc!000");
    ids[0] = rel4_coroutine_create(join_and_say, &ids[0], 1);
    rel4_run();
    assert_string_equal(trace, "accc!000i");
}

static void outside_join_says_when_it_would_wait_for_ever(void **state)
{
    ids[0] = rel4_coroutine_create(wait_and_say, "a", 1);
    assert_int_equal(rel4_coroutine_join(ids[0]), REL4_STUCK);
    rel4_coroutine_wake(ids[0]);
    assert_int_equal(rel4_coroutine_join(ids[0]), REL4_STUCK);
    rel4_coroutine_wake(ids[0]);
    assert_int_equal(rel4_coroutine_join(ids[0]), 0);
    assert_string_equal(trace, "a!");
}

static void cancel_ends_a_coroutine_wherever_it_is(void **state)
{
    /* Ready: never runs. */
    ids[0] = rel4_coroutine_create(say, "x", 2);
    assert_true(rel4_coroutine_cancel(ids[0]));
    /* Waiting. */
    ids[1] = rel4_coroutine_create(wait_and_say, "x", 2);
    /* Joining. */
    ids[2] = rel4_coroutine_create(join_and_say, &ids[1], 2);
    rel4_coroutine_create(say, "ok", 2);
    assert_int_equal(rel4_run(), 2);
    assert_true(rel4_coroutine_cancel(ids[2]));
    assert_true(rel4_coroutine_cancel(ids[1]));
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "ok");
    assert_int_equal(executor.live, 0);
}

static void cancel_self(void *arg)
{
    note(arg);
    rel4_coroutine_cancel(rel4_coroutine_self());
    note("never");
}

static void a_coroutine_can_cancel_itself(void **state)
{
    ids[0] = rel4_coroutine_create(cancel_self, "s", 2);
    rel4_coroutine_create(join_and_say, &ids[0], 3);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "sc");
    assert_int_equal(rel4_coroutine_self(), 0);
}

static void overflowed(rel4_coroutine_id id)
{
    assert_int_equal(id, ids[0]);
    note("overflow");
    rel4_coroutine_cancel(id);
}

static void overwrite_guard(void *arg)
{
    *executor.current->guard = 0;
    rel4_coroutine_yield();
}

static void the_end_of_a_stack_is_watched(void **state)
{
    executor.on_overflow = overflowed;
    ids[0] = rel4_coroutine_create(overwrite_guard, NULL, 1);
    rel4_coroutine_create(say, "ok ", 1);
    rel4_run();
    assert_string_equal(trace, "ok overflow");
}

static uint64_t seed = 11;
static unsigned finished;

/* An answer that the kernel has not given to whoever does not wait for it. */
static void forge(unsigned place)
{
    const struct rel4_coroutine *coroutine = &executor.coroutines[place];

    if (!executor_awaits(&executor, coroutine)) {
        machine_forge(coroutine->cookie, 0, place % 3);
    }
    executor_poll(&executor);
}

/* Does things at random to others, some of which may be gone. */
static void wander(void *arg)
{
    unsigned steps = 1 + random_below(&seed, 60);

    for (unsigned i = 0; i < steps; i++) {
        rel4_coroutine_id other = ids[random_below(&seed, 100)];
        seL4_Word word = random_below(&seed, 1000);

        switch (random_below(&seed, 10)) {
        case 0:
            rel4_coroutine_yield();
            break;
        case 1:
            rel4_coroutine_wake(other);
            break;
        case 2:
            if (random_below(&seed, 40) == 0) {
                rel4_coroutine_cancel(other);
            }
            break;
        case 3:
            if (random_below(&seed, 10) == 0) {
                rel4_coroutine_join(other);
            }
            break;
        case 4:
            if (random_below(&seed, 20) == 0) {
                rel4_coroutine_wait();
            }
            break;
        case 5:
            forge(random_below(&seed, 100));
            break;
        default:
            assert_int_equal(call_for_word(word), 2 * word);
        }
    }
    finished++;
}

static void random_coroutines_end_or_wait_and_none_is_lost(void **state)
{
    unsigned left;

    start(100, 5, true);
    for (unsigned round = 0; round < 60; round++) {
        for (unsigned i = 0; i < 100; i++) {
            if (!rel4_coroutine_exists(ids[i])) {
                ids[i] = rel4_coroutine_create(wander, NULL, random_below(&seed, 8));
            }
        }
        assert_int_equal(executor.live, 100);
        left = rel4_run();
        assert_int_equal(left, executor.live);
        /* Whoever is left waits for a wake-up, or for one that does. */
        for (unsigned i = 0; i < 100; i++) {
            rel4_coroutine_wake(ids[i]);
        }
    }
    for (unsigned rounds = 1; rel4_run() > 0 && rounds <= 1000; rounds++) {
        for (unsigned i = 0; i < 100; i++) {
            rel4_coroutine_wake(ids[i]);
        }
        /* Two can join each other. */
        if (rounds % 100 == 0) {
            rel4_coroutine_cancel(ids[random_below(&seed, 100)]);
        }
    }
    for (unsigned i = 0; i < 100; i++) {
        rel4_coroutine_cancel(ids[i]);
    }
    assert_int_equal(executor.live, 0);
    rel4_flush();
    executor_poll(&executor);
    assert_int_equal(executor_in_flight(&executor), 0);
    assert_true(finished > 1000);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(coroutines_run_in_the_order_of_creation_the_important_ones_first),
        EACH(yield_lets_the_equally_important_run_and_not_the_others),
        EACH(as_many_exist_as_there_is_memory_for_and_ids_are_not_used_again),
        EACH(too_little_memory_or_stack_is_refused),
        EACH(a_wakeup_is_not_lost_and_several_are_one),
        EACH(stale_ids_wake_join_and_cancel_nobody),
        EACH(join_returns_when_the_other_has_ended_or_was_cancelled),
        EACH(outside_join_says_when_it_would_wait_for_ever),
        EACH(cancel_ends_a_coroutine_wherever_it_is),
        EACH(a_coroutine_can_cancel_itself),
        EACH(the_end_of_a_stack_is_watched),
        cmocka_unit_test(random_coroutines_end_or_wait_and_none_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
