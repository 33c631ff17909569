/*
 * Coroutines on the real machine: what they keep across a call, and what becomes of calls that nobody waits
 * for any more. tests/host/test_rel4_coroutine.c and test_rel4_calls.c have the rest.
 */
#include <string.h>

#include "lib.h"

#define COUNT 100

static seL4_CPtr frames;
static char trace[128];
static rel4_coroutine_id ids[COUNT];

/* Any call: asks for an address that the caller knows. */
static void call_anything(unsigned i)
{
    seL4_Word address = 1;

    CHECK_OK(rel4_page_get_address(frames + i, &address));
    CHECK_EQUAL(address % 4096, 0);
}

/* Keeps many integers and floating-point numbers across its calls. */
static void keep_values(void *arg)
{
    seL4_Word seed = (seL4_Word)arg, a = seed, b = seed * 3, c = seed * 5, d = seed * 7, e = seed * 11;
    seL4_Word f = seed * 13, g = seed * 17, h = seed * 19, i = seed * 23, j = seed * 29, k = seed * 31;
    double p = (double)seed, q = p * 0.5, r = p * 0.25, s = p * 0.125, t = p + 1, u = p + 2, v = p + 3;
    float w = (float)p, x = w * 0.5f;

    for (unsigned round = 0; round < 20; round++) {
        call_anything(round);
        a++, b++, c++, d++, e++, f++, g++, h++, i++, j++, k++;
        p += 1, q += 1, r += 1, s += 1, t += 1, u += 1, v += 1;
        w += 1, x += 1;
        if (round % 3 == 0) {
            rel4_coroutine_yield();
        }
    }
    CHECK_EQUAL(a + b + c + d + e + f + g + h + i + j + k, seed * (1 + 158) + 220);
    CHECK(p == (double)seed + 20 && q == (double)seed * 0.5 + 20 && r == (double)seed * 0.25 + 20);
    CHECK(s == (double)seed * 0.125 + 20 && t == (double)seed + 21 && u == (double)seed + 22);
    CHECK(v == (double)seed + 23 && w == (float)seed + 20 && x == (float)seed * 0.5f + 20);
}

TEST("async coroutines: integers and floating-point numbers survive calls and yields")
{
    LIB_SET_UP(.mode = REL4_ASYNC);
    frames = lib_pages(0, COUNT);
    for (seL4_Word i = 1; i <= COUNT; i++) {
        CHECK(rel4_coroutine_create(keep_values, (void *)i, i % 8));
    }
    CHECK_EQUAL(rel4_run(), 0);
}

static void note(const char *text)
{
    size_t length = strlen(trace);

    if (length < sizeof(trace) - 1) {
        trace[length] = *text;
        trace[length + 1] = 0;
    }
}

static void call_and_note(void *arg)
{
    call_anything(0);
    note(arg);
    call_anything(0);
    note(arg);
}

TEST("async coroutines: the important go first, and equals in the order of their calls")
{
    LIB_SET_UP(.mode = REL4_ASYNC);
    frames = lib_pages(0, COUNT);
    trace[0] = 0;
    rel4_coroutine_create(call_and_note, "-", 1);
    rel4_coroutine_create(call_and_note, "a", 5);
    rel4_coroutine_create(call_and_note, "b", 5);
    rel4_coroutine_create(call_and_note, "-", 1);
    rel4_coroutine_create(call_and_note, "+", 7);
    CHECK_EQUAL(rel4_run(), 0);
    if (test_nodes() == 1) {
        CHECK(!strcmp(trace, "+ab--+ab--"));
    }
    CHECK_EQUAL(strlen(trace), 10);
}

static void map_own_page(void *arg)
{
    seL4_Word i = (seL4_Word)arg;

    CHECK_OK(rel4_page_map(frames + i, seL4_CapInitThreadVSpace, LIB_PAGES(0) + i * 4096, seL4_ReadWrite,
                           seL4_RISCV_ExecuteNever));
    note("x");
}

static void cancel_all(void *arg)
{
    for (seL4_Word i = 0; i < 40; i++) {
        CHECK(rel4_coroutine_cancel(ids[i]));
        CHECK(!rel4_coroutine_cancel(ids[i]));
    }
}

TEST("async coroutines: a cancelled call is done, and its answer wakes nobody, even in the same place")
{
    LIB_SET_UP(.mode = REL4_ASYNC);
    frames = lib_pages(0, COUNT);
    trace[0] = 0;
    for (seL4_Word i = 0; i < 40; i++) {
        ids[i] = rel4_coroutine_create(map_own_page, (void *)i, 3);
    }
    lib_run(cancel_all, NULL);
    /* They get the places of the cancelled ones, and their answers come behind the stale ones. */
    for (seL4_Word i = 40; i < COUNT; i++) {
        CHECK(rel4_coroutine_create(map_own_page, (void *)i, 3));
    }
    CHECK_EQUAL(rel4_run(), 0);
    CHECK_EQUAL(strlen(trace), COUNT - 40);
    CHECK_EQUAL(lib_stats().stale, 40);
    CHECK_EQUAL(lib_stats().answered, COUNT);
    for (seL4_Word i = 0; i < COUNT; i++) {
        CHECK_EQUAL(*(volatile seL4_Word *)(LIB_PAGES(0) + i * 4096), 0);
    }
}

static void end_with(void *arg)
{
    call_anything((unsigned)(seL4_Word)arg);
}

static void join_all(void *arg)
{
    for (unsigned i = 0; i < COUNT; i++) {
        CHECK_OK(rel4_coroutine_join(ids[i]));
    }
    note(arg);
}

TEST("async coroutines: join waits for each of a hundred, and whoever is gone is not waited for")
{
    LIB_SET_UP(.mode = REL4_ASYNC);
    frames = lib_pages(0, COUNT);
    trace[0] = 0;
    rel4_coroutine_create(join_all, "j", 4);
    for (seL4_Word i = 0; i < COUNT; i++) {
        ids[i] = rel4_coroutine_create(end_with, (void *)i, (unsigned)i % 8);
    }
    CHECK_OK(rel4_coroutine_join(ids[COUNT - 1]));
    CHECK_EQUAL(rel4_run(), 0);
    CHECK(!strcmp(trace, "j"));
}

static unsigned overflows;

static void overflowed(rel4_coroutine_id id)
{
    CHECK_EQUAL(id, ids[0]);
    overflows++;
    rel4_coroutine_cancel(id);
}

static void end_at_once(void *arg)
{
}

/* Waits in a function that needs more than its stack has. */
static void use_too_much(void *arg)
{
    volatile char much[LIB_STACK] __attribute__((unused));

    much[LIB_STACK - 1] = 1;
    rel4_coroutine_yield();
    much[LIB_STACK - 1] = 2;
}

/* Has written over the end of its stack when it ends. */
static void have_used_too_much(void *arg)
{
    *(volatile seL4_Word *)rel4_executor_self->current->guard = 1;
}

TEST("async coroutines: an overflow of the stack is noticed when the coroutine waits, or at its end")
{
    LIB_SET_UP(.mode = REL4_ASYNC, .on_overflow = overflowed);
    frames = lib_pages(0, COUNT);
    for (unsigned way = 0; way < 2; way++) {
        overflows = 0;
        /* The overflow goes into the stack of the first one, which has ended. */
        CHECK(rel4_coroutine_create(end_at_once, NULL, 3) != 0);
        ids[0] = rel4_coroutine_create(way ? have_used_too_much : use_too_much, NULL, 3);
        ids[1] = rel4_coroutine_create(end_with, NULL, 3);
        CHECK_EQUAL(rel4_run(), 0);
        CHECK_EQUAL(overflows, 1);
    }
}

static void call_ten_times(void *arg)
{
    for (unsigned i = 0; i < 10; i++) {
        call_anything(i);
    }
}

TEST("async coroutines: adaptive calls are traps for one coroutine alone, and share the ring otherwise")
{
    LIB_SET_UP(.mode = REL4_ADAPTIVE);
    frames = lib_pages(0, COUNT);
    lib_run(call_ten_times, NULL);
    CHECK_EQUAL(lib_stats().by_trap, 10);
    CHECK_EQUAL(lib_stats().submitted, 0);
    for (unsigned i = 0; i < 20; i++) {
        rel4_coroutine_create(call_ten_times, NULL, 3);
    }
    CHECK_EQUAL(rel4_run(), 0);
    struct rel4_stats stats = lib_stats();
    CHECK_EQUAL(stats.by_trap + stats.submitted, 210);
    CHECK(stats.submitted > 100);
    if (test_nodes() == 1) {
        CHECK(lib_traps(&stats) < 60);
    }
}

static rel4_coroutine_id waiter;
static seL4_Word signals;
static seL4_CPtr signal_cap;

static void on_signals(seL4_Word bits, void *arg)
{
    CHECK_EQUAL((seL4_Word)arg, 5);
    signals |= bits;
    rel4_coroutine_wake(waiter);
}

static void wait_for_signal(void *arg)
{
    while (signals != 0x30) {
        rel4_coroutine_wait();
        call_anything(0);
    }
    note("s");
}

/* Below the test: runs when it blocks. */
static void send_signals(void *arg)
{
    seL4_Signal(signal_cap);
    seL4_Signal(signal_cap + 1);
}

TEST("async coroutines: other bits of the notification reach the program, also when no call is in flight")
{
    LIB_SET_UP(.mode = REL4_ASYNC);
    frames = lib_pages(0, COUNT);
    trace[0] = 0;
    signals = 0;
    lib_users[0].executor.on_signals = on_signals;
    lib_users[0].executor.arg = (void *)5;
    /* The notification itself is one slot before its badged copy. */
    signal_cap = test_mint(lib_users[0].executor.queue.notification - 1, seL4_AllRights, 0x10);
    CHECK_EQUAL(test_mint(lib_users[0].executor.queue.notification - 1, seL4_AllRights, 0x20),
                signal_cap + 1);
    test_thread_start(test_thread_create(send_signals, NULL, TEST_PRIORITY - 1, 0));
    waiter = rel4_coroutine_create(wait_for_signal, NULL, 3);
    CHECK_EQUAL(rel4_run(), 0);
    CHECK(!strcmp(trace, "s"));
    CHECK_EQUAL(signals, 0x30);
}
