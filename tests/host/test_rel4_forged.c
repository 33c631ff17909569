/*
 * Answers that the kernel has not given: whoever else can write the response ring may make them up, with any
 * cookie. They resume nobody but who waits for just this answer. Nothing here depends on time.
 */
#include "coroutines.h"

#include "../../lib/rel4/src/executor.h"

static unsigned forged;

static void forge(uint32_t cookie, unsigned error, unsigned words)
{
    assert_true(machine_forge(cookie, error, words));
    forged++;
}

/* Answers a coroutine with cookies that it does not wait for: of its next call, of its last one, and others.
 */
static void forge_for(rel4_coroutine_id id, unsigned error, unsigned words)
{
    const struct rel4_coroutine *coroutine = &executor.coroutines[id & 0xffff];

    if (!executor_awaits(&executor, coroutine)) {
        forge(coroutine->cookie, error, words);
    }
    forge(coroutine->cookie - 1, error, words);
    forge(coroutine->cookie + 1, error, words);
    forge(executor.no_cookie, error, words);
}

/* Answers all there can be so, and notes what it is given. Nobody becomes ready. */
static void forge_for_all(void *arg)
{
    uint32_t ready = executor.ready_bits;
    struct rel4_stats stats;

    for (unsigned words = 0; words < 3; words++) {
        for (uint32_t place = 0; place < executor.count; place++) {
            forge_for(place, words, words);
            executor_poll(&executor);
            /* Gives the room back. */
            rel4_queue_publish(&executor.queue);
        }
    }
    assert_int_equal(executor.ready_bits, ready);
    rel4_stats(&stats);
    assert_int_equal(stats.stale, forged);
    note(arg);
}

/* They wait for wake-ups and ends, are ready, run, or are gone; of one priority, or of two, when answers are
 * taken in another way. */
static void who_does_not_wait_for_an_answer_gets_none(void **state)
{
    forged = 0;
    for (unsigned other = 0; other < 2; other++) {
        trace[0] = 0;
        ids[0] = rel4_coroutine_create(wait_and_say, "woken", 1);
        rel4_coroutine_create(join_and_say, &ids[0], 1);
        rel4_coroutine_create(say, "ended ", 1);
        rel4_coroutine_create(forge_for_all, "forged ", 1);
        rel4_coroutine_create(say, "ready ", 1);
        rel4_coroutine_create(say, "last ", other);
        assert_int_equal(rel4_run(), 2);
        rel4_coroutine_wake(ids[0]);
        assert_int_equal(rel4_run(), 2);
        rel4_coroutine_wake(ids[0]);
        assert_int_equal(rel4_run(), 0);
        assert_string_equal(trace, "ended forged ready last woken!0");
    }
}

static void who_waits_for_room_gets_none(void **state)
{
    forged = 0;
    for (unsigned i = 0; i < 63; i++) {
        rel4_coroutine_create(call_once, GOOD, 1);
    }
    rel4_coroutine_create(forge_for_all, "forged ", 1);
    assert_int_equal(rel4_run(), 0);
    assert_int_equal(strspn(trace, "forged 0"), 7 + 63);
    assert_memory_equal(trace, "forged ", 7);
}

static void call_twice(void *arg)
{
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(call(0), 0);
        note("0");
    }
}

/* In front of the answer that is there next, and behind it. */
static void forge_around_an_answer(void *arg)
{
    rel4_coroutine_id id = *(rel4_coroutine_id *)arg;

    forge_for(id, 0, 0);
    rel4_flush();
    forge_for(id, 0, 0);
    forge_for(id, 2, 0);
    forge_for(id, 0, 1);
}

static void whoever_is_next_is_who_waits_for_an_answer(void **state)
{
    struct rel4_stats stats;

    forged = 0;
    ids[0] = rel4_coroutine_create(wait_and_say, "woken", 1);
    rel4_coroutine_create(call_twice, NULL, 1);
    rel4_coroutine_create(forge_around_an_answer, &ids[0], 1);
    assert_int_equal(rel4_run(), 1);
    assert_string_equal(trace, "00");
    rel4_stats(&stats);
    assert_int_equal(stats.stale, forged);
}

/* Each cookie that there is, but for one: the other coroutine's. */
static void forge_each(void *arg)
{
    const struct rel4_coroutine *awaits = &executor.coroutines[1];

    assert_true(executor_awaits(&executor, awaits));
    for (uint64_t cookie = 0; cookie < 1ul << 32; cookie += cookie < 3ul << 16 ? 1 : 0xffff) {
        if (cookie == awaits->cookie) {
            continue;
        }
        forge((uint32_t)cookie, 0, 0);
        if (forged % 16) {
            continue;
        }
        executor_poll(&executor);
        rel4_queue_publish(&executor.queue);
    }
    assert_int_equal(executor.ready_bits, 0);
    note("forged ");
}

static void no_other_cookie_is_an_answer(void **state)
{
    struct rel4_stats stats;

    forged = 0;
    ids[0] = rel4_coroutine_create(wait_and_say, "woken", 1);
    ids[1] = rel4_coroutine_create(call_once, GOOD, 1);
    ids[2] = rel4_coroutine_create(forge_each, NULL, 1);
    assert_int_equal(ids[1] & 0xffff, 1);
    assert_int_equal(rel4_run(), 1);
    assert_string_equal(trace, "forged 0");
    rel4_stats(&stats);
    assert_int_equal(stats.stale, forged);
}

/* With a kernel that serves one request at a time, and a call in flight whose coroutine is gone. */
static void cancel_and_forge(void *arg)
{
    unsigned words = *(unsigned *)arg;

    assert_true(rel4_coroutine_cancel(ids[1]));
    for (uint32_t place = 0; place < 2; place++) {
        forge_for(place, 0, words);
    }
}

static void calls_stay_in_flight_until_they_are_answered(void **state)
{
    struct rel4_stats stats;

    forged = 0;
    kernel.budget = 1;
    for (unsigned words = 0; words <= 7; words += 7) {
        trace[0] = 0;
        for (unsigned i = 0; i < 4; i++) {
            ids[i] = rel4_coroutine_create(i ? call_twice : call_once, GOOD, 1);
        }
        rel4_coroutine_create(cancel_and_forge, &words, 1);
        assert_int_equal(rel4_run(), 0);
        assert_string_equal(trace, "00000");
        assert_int_equal(executor_in_flight(&executor), 0);
    }
    rel4_stats(&stats);
    assert_int_equal(stats.stale, forged + 2);
    assert_int_equal(stats.submitted, 2 * 6);
    assert_int_equal(stats.answered, 2 * 6 + forged);
}

/* What nobody can know: that the answer with the right cookie is not the kernel's. */
static void forge_right_answer(void *arg)
{
    assert_true(machine_forge(executor.coroutines[0].cookie, 2, 0));
}

static void the_kernels_answer_to_a_call_that_was_answered_so_is_stale(void **state)
{
    struct rel4_stats stats;

    rel4_coroutine_create(call_once, GOOD, 1);
    rel4_coroutine_create(call_twice, NULL, 1);
    rel4_coroutine_create(forge_right_answer, NULL, 1);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "200");
    assert_int_equal(executor_in_flight(&executor), 0);
    rel4_stats(&stats);
    assert_int_equal(stats.submitted, 3);
    assert_int_equal(stats.answered, 4);
    assert_int_equal(stats.stale, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(who_does_not_wait_for_an_answer_gets_none),
        EACH(who_waits_for_room_gets_none),
        EACH(whoever_is_next_is_who_waits_for_an_answer),
        EACH(no_other_cookie_is_an_answer),
        EACH(calls_stay_in_flight_until_they_are_answered),
        EACH(the_kernels_answer_to_a_call_that_was_answered_so_is_stale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
