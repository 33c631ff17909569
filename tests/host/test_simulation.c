/*
 * Scheduler, placement and lock, by the kernel's own code on one to three harts, with random threads and
 * requests in every order that the lock permits; simulation/rules.c looks on. In the end no work is left
 * behind.
 *
 * SIMULATION_SEED and SIMULATION_RUNS in the environment choose other runs.
 */
#include "host.h"
#include "simulation/harts.h"
#include "simulation/rules.h"
#include "simulation/users.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define RUNS        100
#define STEPS       8000
#define REST_STEPS  500
#define REST_ROUNDS 80

static void run(unsigned long seed)
{
    unsigned harts = 1 + seed % HARTS_MAX;

    host_seed = seed;
    host_step = 0;
    harts_seed = seed * 2654435761ul + 1;
    users_build(harts);
    rules_begin();
    harts_chances = (struct harts_chances){ .late = true, .interrupts = true };
    harts_start(harts);
    harts_run(STEPS);
    programs_rest();
    harts_hurry();
    for (unsigned round = 0; !programs_are_served(); round++) {
        check(round < REST_ROUNDS);
        harts_run(REST_STEPS);
    }
    harts_stop();
}

/* A number of the environment; or else another one. */
static unsigned long option(const char *name, unsigned long otherwise)
{
    const char *value = getenv(name);

    return value ? strtoul(value, NULL, 0) : otherwise;
}

static void no_rule_is_broken_and_no_work_is_left_behind(void **state)
{
    unsigned long first = option("SIMULATION_SEED", 1);

    for (unsigned long runs = option("SIMULATION_RUNS", RUNS); runs; runs--) {
        run(first++);
    }
    host_seed = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(no_rule_is_broken_and_no_work_is_left_behind, host_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
