/*
 * Runs the points of the experiment, all repetitions of one and the other by turns, so that whatever changes
 * on the host meets all of them alike.
 */
#include <stdio.h>
#include <stdlib.h>

#include <sel4/runtime.h>
#include <sel4/simple.h>

#include "allocator.h"

#define ROUNDS_IN_ALL 2560

struct settings settings = { .modes = 7, .repetitions = 10 };

static const struct {
    const char *name;
    seL4_Word *value;
    seL4_Word max;
} arguments[] = {
    { "frames", &settings.frames, MAX_FRAMES },    { "modes", &settings.modes, 7 },
    { "rounds", &settings.rounds, 1000000 },       { "repetitions", &settings.repetitions, MAX_REPETITIONS },
    { "instructions", &settings.instructions, 1 }, { "policy", &settings.policy, REL4_POLICY_TICK },
    { "looks", &settings.looks, 1000000000 },      { "records", &settings.records, 1 },
};

static struct point points[POINTS][MODES];

static void read_arguments(void)
{
    /* An idle hart answers sooner than blocking and waking up takes. With one hart there is nobody. */
    settings.looks = seL4_GetBootInfo()->numNodes > 1 ? 2000 : 0;
    for (unsigned i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
        sel4_argument(arguments[i].name, arguments[i].value);
        if (*arguments[i].value > arguments[i].max) {
            printf("allocator: %s is at most %lu, not %lu\n", arguments[i].name, arguments[i].max,
                   *arguments[i].value);
            exit(1);
        }
    }
}

/* Whether the point was asked for. */
static bool make_point(struct point *point, unsigned log, enum mode mode)
{
    unsigned frames = 1u << log, rounds = ROUNDS_IN_ALL / frames;

    if ((settings.frames && settings.frames != frames) || !(settings.modes & 1ul << mode))
        return false;
    if (rounds < 10)
        rounds = 10;
    if (settings.rounds)
        rounds = (unsigned)settings.rounds;
    *point = (struct point){ .mode = mode, .frames = frames, .rounds = rounds };
    return true;
}

/* Runs all points once. */
static bool repeat(int repetition)
{
    for (unsigned log = 0; log < POINTS; log++) {
        for (enum mode mode = 0; mode < MODES; mode++) {
            struct point *point = &points[log][mode];
            if (point->frames && !load_run(point, repetition)) {
                printf("allocator: NO: %u frames, mode %d: a call failed, or a page lost what it held\n",
                       point->frames, (int)mode);
                return false;
            }
        }
    }
    return true;
}

int main(void)
{
    unsigned count = 0;

    read_arguments();
    for (unsigned log = 0; log < POINTS; log++)
        for (enum mode mode = 0; mode < MODES; mode++)
            count += make_point(&points[log][mode], log, mode);
    if (!count) {
        printf("allocator: nothing to measure: frames is a power of two, modes the sum of 1, 2 and 4\n");
        return 1;
    }
    simple_init(seL4_GetBootInfo());
    load_init();
    for (int repetition = -1; repetition < (int)settings.repetitions; repetition++)
        if (!repeat(repetition))
            return 1;
    if (settings.records) {
        for (unsigned i = 0; i < POINTS * MODES; i++)
            if (points[i / MODES][i % MODES].frames)
                print_record(&points[i / MODES][i % MODES]);
    } else {
        print_table(points);
    }
    printf("allocator: done\n");
    return 0;
}
