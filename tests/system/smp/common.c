/*
 * Counting threads.
 */
#include "smp.h"

struct smp_counter smp_counters[TEST_THREADS];

static void count(void *arg)
{
    struct smp_counter *counter = arg;

    for (;;) {
        counter->value++;
    }
}

struct test_thread *smp_thread(void (*entry)(void *), void *arg, seL4_Word node)
{
    struct test_thread *thread = test_thread_create(entry, arg, SMP_PRIORITY, 0);

    test_thread_set_node(thread, node);
    return thread;
}

struct test_thread *smp_counting(unsigned i, seL4_Word node)
{
    smp_counters[i].value = 0;
    return smp_thread(count, &smp_counters[i], node);
}

void smp_wait_progress(unsigned i)
{
    seL4_Word before = smp_counters[i].value;

    WAIT_FOR(smp_counters[i].value > before + 2);
}

void smp_check_ends(unsigned i, seL4_Word more)
{
    seL4_Word before = smp_counters[i].value;

    for (volatile unsigned spin = 0; spin < 20000; spin++) {
    }
    CHECK(smp_counters[i].value - before <= more);
}

void smp_check_stopped(unsigned i)
{
    smp_check_ends(i, 0);
}

seL4_Word smp_random(seL4_Word *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}
