/*
 * Many coroutines at once: the load that asynchronous calls are made for, in every way to wait.
 */
#include "lib.h"

TEST("async load: 64 coroutines that map and unmap trap once for 64 calls, on one hart")
{
    enum {
        COUNT = 64,
        ROUNDS = SOAK_OR(2000, 50),
        CALLS = 2 * COUNT * ROUNDS
    };

    LIB_SET_UP(.mode = REL4_ASYNC);
    lib_run_mappers(0, COUNT, ROUNDS);
    struct rel4_stats stats = lib_stats();
    test_note("%d calls, %lu traps, of which %lu wakes; %lu served in wake calls, %lu on idle harts", CALLS,
              lib_traps(&stats), stats.wakes, stats.kernel.served[REL4_PLACE_CALL],
              stats.kernel.served[REL4_PLACE_IDLE]);
    lib_check_answered(CALLS);
    CHECK_EQUAL(stats.kernel.wakes, stats.wakes);
    if (test_nodes() == 1) {
        CHECK(lib_traps(&stats) * COUNT * 10 <= CALLS * 12 + 2 * COUNT * 10);
    }
}

TEST("async load: 500 coroutines wait for room in a ring of 32, and nothing is lost")
{
    LIB_SET_UP(.ring_bits = 5);
    lib_run_mappers(0, 500, 4);
    lib_check_answered(4000);
    CHECK(lib_stats().full >= 468);
}

TEST("async load: 300 coroutines in each way to wait, with each policy of the kernel")
{
    static const struct lib_options options[] = {
        { .waiting = REL4_WAIT_BLOCK },
        { .waiting = REL4_WAIT_BLOCK, .polls = 1000 },
        { .waiting = REL4_WAIT_BLOCK, .batch = 16, .polls = 1000 },
        { .waiting = REL4_WAIT_YIELD },
        { .waiting = REL4_WAIT_SPIN },
        { .waiting = REL4_WAIT_SPIN, .batch = 1 },
        { .waiting = REL4_WAIT_BLOCK, .policy = REL4_POLICY_TICK },
        { .waiting = REL4_WAIT_YIELD, .policy = REL4_POLICY_TICK },
        { .waiting = REL4_WAIT_SPIN, .policy = REL4_POLICY_TICK },
    };

    for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        test_reset();
        lib_set_up(&options[i]);
        lib_run_mappers(0, 300, SOAK_OR(100, 5));
        lib_check_answered(600ul * SOAK_OR(100, 5));
    }
}

TEST("async load: one coroutine gets every answer, in each way to wait")
{
    static const enum rel4_waiting ways[] = { REL4_WAIT_BLOCK, REL4_WAIT_YIELD, REL4_WAIT_SPIN };

    for (unsigned i = 0; i < 3; i++) {
        test_reset();
        LIB_SET_UP(.waiting = ways[i]);
        lib_run_mappers(0, 1, SOAK_OR(20000, 500));
        lib_check_answered(2ul * SOAK_OR(20000, 500));
    }
}
