/*
 * Coroutines and their executor, against a kernel that only serves rings: order, waiting, wake-ups,
 * cancellation, back-pressure and faults. Nothing here depends on time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sel4/errors.h>

#include "random.h"
#include "rel4_machine.h"

#define STACK 65536 /* the sanitizers need it */

static struct machine kernel;
static struct rel4_executor executor;
static char *memory;
static char trace[1024];
static rel4_coroutine_id ids[MACHINE_COROUTINES];

/* The error of an answer is its request's capability; its word is twice the request's. */
static unsigned twice(const struct rel4_item *request, seL4_Word *words, unsigned *word_count)
{
    *word_count = rel4_header_words(request->header);
    if (*word_count)
        words[0] = 2 * request->words[0];
    return (unsigned)request->cap;
}

static void start(unsigned coroutines, unsigned request_bits, bool threaded)
{
    struct rel4_executor_options options = {
        .memory_bytes = coroutines * (STACK + sizeof(struct rel4_coroutine)) + 64,
        .stack_bytes = STACK,
    };

    trace[0] = 0;
    options.memory = memory = malloc(options.memory_bytes);
    machine_start(&kernel, &executor.queue, request_bits, request_bits, threaded, twice);
    assert_int_equal(rel4_executor_init(&executor, &options), 0);
}

static void stop(void)
{
    rel4_executor_end();
    machine_stop();
    free(memory);
}

static int set_up(void **state)
{
    (void)state;
    start(64, 5, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stop();
    return 0;
}

static void note(const char *text)
{
    size_t length = strlen(trace);

    (void)snprintf(trace + length, sizeof(trace) - length, "%s", text);
}

/* A call through the ring. -1: it would go by trap, which fails if the queue is faulted. */
static int call(seL4_CPtr cap)
{
    struct rel4_item *item = rel4_begin(&executor, rel4_header(1, 0, 0, 0), cap);

    if (!item)
        return executor.faulted ? REL4_FAULTED : -1;
    return rel4_submit(&executor);
}

/* A call whose answer is a word; -1 as if nobody had answered. */
static seL4_Word call_for_word(seL4_Word word)
{
    struct rel4_item *item = rel4_begin(&executor, rel4_header(1, 0, 1, 0), 0);
    seL4_Word answer = -1ul;
    struct rel4_response reply = { .words = &answer, .capacity = 1 };

    assert_non_null(item);
    item->words[0] = word;
    executor.current->reply = &reply;
    assert_int_equal(rel4_submit(&executor), 0);
    executor.current->reply = NULL;
    return answer;
}

static void say(void *arg)
{
    note(arg);
}

static void say_twice(void *arg)
{
    note(arg);
    rel4_coroutine_yield();
    note(arg);
}

static void coroutines_run_in_the_order_of_creation_the_important_ones_first(void **state)
{
    (void)state;
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
    (void)state;
    rel4_coroutine_create(say_twice, "a", 3);
    rel4_coroutine_create(say_twice, "-", 2);
    rel4_coroutine_create(say_twice, "b", 3);
    rel4_run();
    assert_string_equal(trace, "abab--");
}

static void as_many_exist_as_there_is_memory_for_and_ids_are_not_used_again(void **state)
{
    rel4_coroutine_id first[64];

    (void)state;
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
        for (unsigned j = 0; j < 64; j++)
            assert_int_not_equal(id, first[j]);
        assert_false(rel4_coroutine_exists(first[i]));
        assert_true(rel4_coroutine_exists(id));
    }
    rel4_run();
}

static void too_little_memory_or_stack_is_refused(void **state)
{
    struct rel4_executor other = { 0 };
    struct rel4_executor_options options = { .memory = memory, .memory_bytes = 4000, .stack_bytes = 4096 };

    (void)state;
    assert_int_equal(rel4_executor_init(&other, &options), seL4_InvalidArgument);
    options.memory_bytes = 10000;
    options.stack_bytes = REL4_MIN_COROUTINE_STACK - 16;
    assert_int_equal(rel4_executor_init(&other, &options), seL4_InvalidArgument);
    options.stack_bytes = REL4_MIN_COROUTINE_STACK + 8;
    assert_int_equal(rel4_executor_init(&other, &options), seL4_InvalidArgument);
    assert_ptr_equal(rel4_executor_self, &executor);
}

static void wait_and_say(void *arg)
{
    rel4_coroutine_wait();
    note(arg);
    rel4_coroutine_wait();
    note("!");
}

static void a_wakeup_is_not_lost_and_several_are_one(void **state)
{
    rel4_coroutine_id id = rel4_coroutine_create(wait_and_say, "w", 1);

    (void)state;
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

    (void)state;
    rel4_run();
    for (unsigned i = 0; i < 64; i++)
        id = rel4_coroutine_create(wait_and_say, "w", 1);
    assert_int_equal(id & 0xffff, old & 0xffff);
    rel4_run();
    assert_false(rel4_coroutine_wake(old));
    assert_false(rel4_coroutine_cancel(old));
    assert_int_equal(rel4_coroutine_join(old), 0);
    assert_false(rel4_coroutine_wake(0));
    assert_false(rel4_coroutine_wake(64 + REL4_MAX_COROUTINES));
    assert_int_equal(rel4_run(), 64);
    assert_string_equal(trace, "x");
}

static void join_and_say(void *arg)
{
    static const char *const results[] = { [0] = "0", [REL4_CANCELLED] = "c", [seL4_InvalidArgument] = "i" };

    note(results[rel4_coroutine_join(*(rel4_coroutine_id *)arg)]);
}

static void join_returns_when_the_other_has_ended_or_was_cancelled(void **state)
{
    (void)state;
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
    (void)state;
    ids[0] = rel4_coroutine_create(wait_and_say, "a", 1);
    assert_int_equal(rel4_coroutine_join(ids[0]), REL4_STUCK);
    rel4_coroutine_wake(ids[0]);
    assert_int_equal(rel4_coroutine_join(ids[0]), REL4_STUCK);
    rel4_coroutine_wake(ids[0]);
    assert_int_equal(rel4_coroutine_join(ids[0]), 0);
    assert_string_equal(trace, "a!");
}

static void call_once(void *arg)
{
    int error = call((seL4_CPtr)arg);

    assert_true(error == 0 || error == 2 || error == REL4_FAULTED);
    note(error == 0 ? "0" : error == 2 ? "2" : "F");
}

/* Capabilities, and so errors. */
#define GOOD NULL
#define BAD  ((void *)2)

static void calls_return_the_error_of_their_answer_and_one_wake_serves_all(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++)
        rel4_coroutine_create(call_once, i % 3 ? GOOD : BAD, 1);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "2002002002");
    assert_int_equal(kernel.wakes, 1);
    assert_int_equal(kernel.waits, 0);
}

static void count_calls(void *arg)
{
    seL4_Word word = (seL4_Word)arg;

    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(call_for_word(word + i), 2 * (word + i));
}

static void check_counts(seL4_Word calls)
{
    struct rel4_stats stats;

    rel4_stats(&stats);
    assert_int_equal(stats.submitted, calls);
    assert_int_equal(stats.answered, calls);
    assert_int_equal(stats.stale, 0);
}

static void a_ring_of_32_serves_500_coroutines(void **state)
{
    struct rel4_stats stats;

    (void)state;
    start(500, 5, false);
    for (seL4_Word i = 0; i < 500; i++)
        assert_int_not_equal(rel4_coroutine_create(count_calls, (void *)(i * 1000), i % 8), 0);
    assert_int_equal(rel4_run(), 0);
    check_counts(10000);
    rel4_stats(&stats);
    assert_true(stats.full > 500);
    stop();
}

static void a_kernel_in_another_thread_answers_everything_once(void **state)
{
    static const enum rel4_waiting ways[] = { REL4_WAIT_BLOCK, REL4_WAIT_YIELD, REL4_WAIT_SPIN };

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        start(300, 5 + i / 3 * 5, true);
        rel4_set_waiting(ways[i % 3], i);
        kernel.budget = i % 2 ? 7 : 0;
        for (seL4_Word j = 0; j < 300; j++)
            rel4_coroutine_create(count_calls, (void *)(j * 1000), 4);
        assert_int_equal(rel4_run(), 0);
        check_counts(6000);
        stop();
    }
}

static void cancel_ends_a_coroutine_wherever_it_is(void **state)
{
    (void)state;
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

/* Cancels all of ids[] that the test has made, while their calls are in flight or wait for room. */
static void cancel_all(void *arg)
{
    for (unsigned i = 0; i < *(unsigned *)arg; i++)
        assert_true(rel4_coroutine_cancel(ids[i]));
    for (unsigned i = 0; i < *(unsigned *)arg; i++)
        ids[i] = rel4_coroutine_create(call_once, GOOD, 2);
}

static void answers_of_cancelled_calls_wake_nobody_even_in_the_same_place(void **state)
{
    unsigned count = 63;
    struct rel4_stats stats;

    (void)state;
    for (unsigned i = 0; i < count; i++)
        ids[i] = rel4_coroutine_create(call_once, BAD, 2);
    rel4_coroutine_create(cancel_all, &count, 2);
    assert_int_equal(rel4_run(), 0);
    /* 32 were in flight, the others waited for room. */
    rel4_stats(&stats);
    assert_int_equal(stats.stale, 32);
    assert_int_equal(stats.answered, 32 + 63);
    assert_int_equal(strlen(trace), 63);
    assert_int_equal(strspn(trace, "0"), 63);
}

static void cancel_self(void *arg)
{
    note(arg);
    rel4_coroutine_cancel(rel4_coroutine_self());
    note("never");
}

static void a_coroutine_can_cancel_itself(void **state)
{
    (void)state;
    ids[0] = rel4_coroutine_create(cancel_self, "s", 2);
    rel4_coroutine_create(join_and_say, &ids[0], 3);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "sc");
    assert_int_equal(rel4_coroutine_self(), 0);
}

static void fault(void *arg)
{
    (void)arg;
    machine_fault();
}

static void a_faulted_queue_fails_every_call_until_it_is_reset(void **state)
{
    (void)state;
    /* 32 in flight, 18 waiting for room, then the fault; and one that calls afterwards. */
    for (unsigned i = 0; i < 50; i++)
        rel4_coroutine_create(call_once, GOOD, 2);
    rel4_coroutine_create(fault, NULL, 2);
    rel4_coroutine_create(say, ".", 2);
    assert_int_equal(rel4_run(), 0);
    assert_int_equal(strspn(trace, ".F"), 51);
    rel4_coroutine_create(call_once, GOOD, 2);
    assert_int_equal(rel4_run(), 0);
    assert_int_equal(rel4_queue_reset(), 0);
    trace[0] = 0;
    for (unsigned i = 0; i < 50; i++)
        rel4_coroutine_create(call_once, GOOD, 2);
    assert_int_equal(rel4_run(), 0);
    assert_int_equal(strspn(trace, "0"), 50);
}

static void reset_and_say(void *arg)
{
    (void)arg;
    assert_int_equal(rel4_queue_reset(), 0);
    note("R");
}

static void reset_fails_the_calls_that_wait_and_not_the_caller(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++)
        rel4_coroutine_create(call_once, GOOD, 2);
    rel4_coroutine_create(reset_and_say, NULL, 2);
    rel4_coroutine_create(call_once, GOOD, 2);
    assert_int_equal(rel4_run(), 0);
    assert_int_equal(trace[0], 'R');
    /* Those that waited for room had no call yet: it goes out afterwards. */
    assert_int_equal(strspn(trace + 1, "F0"), 41);
    assert_int_equal(strlen(trace), 42);
}

static void indices_that_cannot_be_are_a_fault(void **state)
{
    (void)state;
    rel4_coroutine_create(call_once, GOOD, 2);
    rel4_coroutine_create(call_once, GOOD, 2);
    __atomic_store_n(rel4_queue_header(&executor.queue, REL4_HEADER_RESPONSE_PRODUCER), 33, __ATOMIC_RELEASE);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "FF");
    assert_int_equal(rel4_queue_reset(), 0);
    rel4_coroutine_create(call_once, GOOD, 2);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "FF0");
}

static void answer_too_long(void *arg)
{
    struct rel4_item *item = executor.queue.responses;

    (void)arg;
    item->header = rel4_header(1, 0, 7, 0);
    __atomic_store_n(rel4_queue_header(&executor.queue, REL4_HEADER_RESPONSE_PRODUCER), 1, __ATOMIC_RELEASE);
}

static void an_answer_that_is_longer_than_what_is_there_is_a_fault(void **state)
{
    (void)state;
    rel4_coroutine_create(call_once, GOOD, 2);
    rel4_coroutine_create(call_once, GOOD, 2);
    rel4_coroutine_create(answer_too_long, NULL, 2);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "FF");
    assert_int_equal(rel4_queue_reset(), 0);
    rel4_coroutine_create(call_once, GOOD, 2);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "FF0");
}

static void call_and_say_how(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 5; i++)
        note(call(0) ? "t" : "r");
}

static void adaptive_calls_trap_when_nothing_else_could_run(void **state)
{
    (void)state;
    rel4_set_mode(REL4_ADAPTIVE);
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_run();
    assert_string_equal(trace, "ttttt");
    trace[0] = 0;
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_run();
    /* The first one finds another one ready, the other one a call in flight; so to the end. */
    assert_string_equal(trace, "rrrrrrrrrr");
}

static void modes_decide_how_calls_go(void **state)
{
    (void)state;
    rel4_set_mode(REL4_SYNC);
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_run();
    assert_string_equal(trace, "tttttttttt");
    trace[0] = 0;
    rel4_set_mode(REL4_ASYNC);
    rel4_coroutine_create(call_and_say_how, NULL, 2);
    rel4_run();
    assert_string_equal(trace, "rrrrr");
    /* Outside of coroutines nobody could run meanwhile. */
    assert_int_equal(call(0), -1);
}

static bool done;

static void yield_until_done(void *arg)
{
    (void)arg;
    while (!done)
        rel4_coroutine_yield();
    note("y");
}

static void call_then_done(void *arg)
{
    (void)arg;
    assert_int_equal(call(0), 0);
    done = true;
}

static void coroutines_that_yield_do_not_keep_others_from_their_answers(void **state)
{
    (void)state;
    done = false;
    for (unsigned i = 0; i < 5; i++)
        rel4_coroutine_create(yield_until_done, NULL, 2);
    rel4_coroutine_create(call_then_done, NULL, 2);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "yyyyy");
}

static unsigned answered;

static void call_and_count(void *arg)
{
    (void)arg;
    assert_int_equal(call(0), 0);
    answered++;
}

static void compute_until_answered(void *arg)
{
    unsigned *yields = arg;

    while (answered < 10) {
        rel4_coroutine_yield();
        ++*yields;
    }
}

static void one_that_yields_alone_lets_the_others_have_their_answers_at_once(void **state)
{
    unsigned yields = 0;

    (void)state;
    answered = 0;
    for (unsigned i = 0; i < 10; i++)
        rel4_coroutine_create(call_and_count, NULL, 2);
    rel4_coroutine_create(compute_until_answered, &yields, 2);
    assert_int_equal(rel4_run(), 0);
    assert_int_equal(yields, 1);
    assert_int_equal(kernel.wakes, 1);
}

static void wake_until_done(void *arg)
{
    while (!done) {
        rel4_coroutine_wake(*(rel4_coroutine_id *)arg);
        rel4_coroutine_wait();
    }
    rel4_coroutine_wake(*(rel4_coroutine_id *)arg);
    note("w");
}

static void coroutines_that_wake_each_other_do_not_keep_others_from_their_answers(void **state)
{
    (void)state;
    done = false;
    ids[0] = rel4_coroutine_create(wake_until_done, &ids[1], 2);
    ids[1] = rel4_coroutine_create(wake_until_done, &ids[0], 2);
    rel4_coroutine_create(call_then_done, NULL, 2);
    assert_int_equal(rel4_run(), 0);
    assert_string_equal(trace, "ww");
}

static void call_and_note(void *arg)
{
    call(0);
    note(arg);
    call(0);
    note(arg);
}

static void the_more_important_goes_on_first_when_both_have_their_answers(void **state)
{
    (void)state;
    rel4_coroutine_create(call_and_note, "-", 1);
    rel4_coroutine_create(call_and_note, "+", 5);
    rel4_coroutine_create(call_and_note, "-", 1);
    rel4_run();
    assert_string_equal(trace, "+--+--");
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
    note(arg);
}

static void the_end_of_a_stack_is_watched(void **state)
{
    (void)state;
    executor.on_overflow = overflowed;
    ids[0] = rel4_coroutine_create(overwrite_guard, "x", 1);
    rel4_coroutine_create(say, " ok", 1);
    rel4_run();
    assert_string_equal(trace, "overflow ok");
}

static uint64_t seed = 11;
static unsigned finished;

/* Does things at random to others, some of which may be gone. */
static void wander(void *arg)
{
    unsigned steps = 1 + random_below(&seed, 60);

    (void)arg;
    for (unsigned i = 0; i < steps; i++) {
        rel4_coroutine_id other = ids[random_below(&seed, 100)];
        seL4_Word word = random_below(&seed, 1000);

        switch (random_below(&seed, 9)) {
        case 0:
            rel4_coroutine_yield();
            break;
        case 1:
            rel4_coroutine_wake(other);
            break;
        case 2:
            if (random_below(&seed, 40) == 0)
                rel4_coroutine_cancel(other);
            break;
        case 3:
            if (random_below(&seed, 10) == 0)
                rel4_coroutine_join(other);
            break;
        case 4:
            if (random_below(&seed, 20) == 0)
                rel4_coroutine_wait();
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

    (void)state;
    start(100, 5, true);
    for (unsigned round = 0; round < 60; round++) {
        for (unsigned i = 0; i < 100; i++) {
            if (!rel4_coroutine_exists(ids[i]))
                ids[i] = rel4_coroutine_create(wander, NULL, random_below(&seed, 8));
        }
        assert_int_equal(executor.live, 100);
        left = rel4_run();
        assert_int_equal(left, executor.live);
        /* Whoever is left waits for a wake-up, or for one that does. */
        for (unsigned i = 0; i < 100; i++)
            rel4_coroutine_wake(ids[i]);
    }
    for (unsigned rounds = 1; rel4_run() > 0 && rounds <= 1000; rounds++) {
        for (unsigned i = 0; i < 100; i++)
            rel4_coroutine_wake(ids[i]);
        /* Two can join each other. */
        if (rounds % 100 == 0)
            rel4_coroutine_cancel(ids[random_below(&seed, 100)]);
    }
    for (unsigned i = 0; i < 100; i++)
        rel4_coroutine_cancel(ids[i]);
    assert_int_equal(executor.live, 0);
    assert_true(finished > 1000);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        EACH(coroutines_run_in_the_order_of_creation_the_important_ones_first),
        EACH(yield_lets_the_equally_important_run_and_not_the_others),
        EACH(as_many_exist_as_there_is_memory_for_and_ids_are_not_used_again),
        EACH(too_little_memory_or_stack_is_refused),
        EACH(a_wakeup_is_not_lost_and_several_are_one),
        EACH(stale_ids_wake_join_and_cancel_nobody),
        EACH(join_returns_when_the_other_has_ended_or_was_cancelled),
        EACH(outside_join_says_when_it_would_wait_for_ever),
        EACH(calls_return_the_error_of_their_answer_and_one_wake_serves_all),
        cmocka_unit_test(a_ring_of_32_serves_500_coroutines),
        cmocka_unit_test(a_kernel_in_another_thread_answers_everything_once),
        EACH(cancel_ends_a_coroutine_wherever_it_is),
        EACH(answers_of_cancelled_calls_wake_nobody_even_in_the_same_place),
        EACH(a_coroutine_can_cancel_itself),
        EACH(a_faulted_queue_fails_every_call_until_it_is_reset),
        EACH(reset_fails_the_calls_that_wait_and_not_the_caller),
        EACH(indices_that_cannot_be_are_a_fault),
        EACH(an_answer_that_is_longer_than_what_is_there_is_a_fault),
        EACH(coroutines_that_wake_each_other_do_not_keep_others_from_their_answers),
        EACH(adaptive_calls_trap_when_nothing_else_could_run),
        EACH(modes_decide_how_calls_go),
        EACH(coroutines_that_yield_do_not_keep_others_from_their_answers),
        EACH(one_that_yields_alone_lets_the_others_have_their_answers_at_once),
        EACH(the_more_important_goes_on_first_when_both_have_their_answers),
        EACH(the_end_of_a_stack_is_watched),
        cmocka_unit_test(random_coroutines_end_or_wait_and_none_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
