/*
 * Runs the points of the experiment. Points take turns, repetition by repetition, so that changes of the
 * host's speed affect all of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sel4/runtime.h>
#include <sel4/simple.h>

#include "scenario.h"

#define ROUNDS_IN_ALL 2560

struct settings settings = { .scenarios = 1, .modes = 7, .repetitions = 10, .coroutines = 64 };

static const struct scenario *const scenarios[SCENARIOS] = { &pages,        &address_space, &threads,
                                                             &capabilities, &overlap,       &in_sequence };

static const struct {
    const char *name;
    seL4_Word *value;
    seL4_Word min, max;
} arguments[] = {
    { "scenarios", &settings.scenarios, 1, (1 << SCENARIOS) - 1 },
    { "frames", &settings.frames, 0, MAX_FRAMES },
    { "modes", &settings.modes, 1, (1 << MODES) - 1 },
    { "rounds", &settings.rounds, 0, 1000000 },
    { "units", &settings.units, 0, MAX_UNITS },
    { "coroutines", &settings.coroutines, 1, MAX_COROUTINES },
    { "repetitions", &settings.repetitions, 1, MAX_REPETITIONS },
    { "clock", &settings.clock, 0, CLOCKS - 1 },
    { "policy", &settings.policy, 0, REL4_POLICY_TICK },
    { "polls", &settings.polls, 0, 1000000000 },
    { "skip", &settings.skip, 0, 2 },
    { "records", &settings.records, 0, 1 },
};

#define ARGUMENTS (sizeof(arguments) / sizeof(arguments[0]))

static struct point points[ROWS][MODES];

static _Noreturn void refuse(const char *word, size_t length)
{
    printf("allocator: '%.*s' is no argument; there are, each with a number:", (int)length, word);
    for (unsigned i = 0; i < ARGUMENTS; i++) {
        printf(" %s=", arguments[i].name);
    }
    printf("\n");
    exit(1);
}

/* Ends the program unless the word is the name of an argument, "=" and a number. */
static void check_word(const char *word, size_t length)
{
    for (unsigned i = 0; i < ARGUMENTS; i++) {
        size_t name = strlen(arguments[i].name);
        char *end;

        if (length > name + 1 && strncmp(word, arguments[i].name, name) == 0 && word[name] == '=' &&
            word[name + 1] != '-' && (strtoul(word + name + 1, &end, 0), end == word + length)) {
            return;
        }
    }
    refuse(word, length);
}

static void read_arguments(void)
{
    /* An idle hart answers sooner than the thread can block and wake up. With one hart, polling is useless.
     */
    settings.polls = rel4_harts_of(seL4_GetBootInfo()) > 1 ? 10000 : 0;
    for (const char *at = sel4_arguments(); *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");

        check_word(at, length);
        at += length;
    }
    for (unsigned i = 0; i < ARGUMENTS; i++) {
        sel4_argument(arguments[i].name, arguments[i].value);
        if (*arguments[i].value < arguments[i].min || *arguments[i].value > arguments[i].max) {
            printf("allocator: %s is from %lu to %lu, not %lu\n", arguments[i].name, arguments[i].min,
                   arguments[i].max, *arguments[i].value);
            exit(1);
        }
    }
    if (settings.clock == CLOCK_CYCLES && !settings.records) {
        printf("allocator: clock=%d, cycles, is for bench/async.pl, with records=1\n", CLOCK_CYCLES);
        exit(1);
    }
}

/* Makes a point of the series of frames, if it was chosen. */
static bool make_frames_point(struct point *point, unsigned log, enum mode mode)
{
    unsigned frames = 1u << log, rounds = ROUNDS_IN_ALL / frames;

    if (!(settings.scenarios & 1) || (settings.frames && settings.frames != frames) ||
        !(settings.modes & 1ul << mode)) {
        return false;
    }
    if (rounds < 10) {
        rounds = 10;
    }
    if (settings.rounds) {
        rounds = (unsigned)settings.rounds;
    }
    *point = (struct point){
        .scenario = &pages, .mode = mode, .units = frames, .rounds = rounds, .coroutines = frames
    };
    return true;
}

/* Makes a point of another scenario, if it was chosen. */
static bool make_point(struct point *point, unsigned number, enum mode mode)
{
    const struct scenario *scenario = scenarios[number];
    unsigned units = scenario->units;

    if (!(settings.scenarios & 1ul << number) || !(settings.modes & 1ul << mode) || mode >= MODE_BATCH) {
        return false;
    }
    if (settings.units && settings.units < units) {
        units = (unsigned)settings.units;
    }
    *point =
        (struct point){ .scenario = scenario,
                        .mode = mode,
                        .units = units,
                        .rounds = scenario->rounds,
                        .coroutines = settings.coroutines < units ? (unsigned)settings.coroutines : units };
    return true;
}

/* Makes all chosen points. Returns how many there are. */
static unsigned make_points(void)
{
    unsigned count = 0;

    for (unsigned row = 0; row < ROWS; row++) {
        for (enum mode mode = 0; mode < MODES; mode++) {
            count += row < FRAMES_SERIES ? make_frames_point(&points[row][mode], row, mode)
                                         : make_point(&points[row][mode], row - FRAMES_SERIES + 1, mode);
        }
    }
    return count;
}

/* Returns the first chosen point of a row, or null. */
static struct point *first_of(struct point row[MODES])
{
    for (enum mode mode = 0; mode < MODES; mode++) {
        if (row[mode].scenario) {
            return &row[mode];
        }
    }
    return NULL;
}

/* Makes the objects of the chosen scenarios. */
static void make_objects(void)
{
    const struct scenario *made = NULL;

    simple_init(seL4_GetBootInfo());
    measure_init();
    for (unsigned row = 0; row < ROWS; row++) {
        const struct point *point = first_of(points[row]);

        if (!point || point->scenario == made) {
            continue;
        }
        made = point->scenario;
        made->init(point->units);
    }
}

/* Runs all points once. */
static bool repeat(int repetition)
{
    for (unsigned row = 0; row < ROWS; row++) {
        for (enum mode mode = 0; mode < MODES; mode++) {
            if (points[row][mode].scenario && !measure(&points[row][mode], repetition)) {
                return false;
            }
        }
    }
    return true;
}

int main(void)
{
    read_arguments();
    if (!make_points()) {
        printf("allocator: nothing to measure: frames is a power of two\n");
        return 1;
    }
    make_objects();
    for (int repetition = -1; repetition < (int)settings.repetitions; repetition++) {
        if (!repeat(repetition)) {
            return 1;
        }
    }
    if (settings.records) {
        for (unsigned row = 0; row < ROWS; row++) {
            for (enum mode mode = 0; mode < MODES; mode++) {
                if (points[row][mode].scenario) {
                    print_record(&points[row][mode]);
                }
            }
        }
    } else {
        print_table(points);
    }
    printf("allocator: done\n");
    return 0;
}
