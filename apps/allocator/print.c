/*
 * The results: as records for bench/async.pl, or as a table.
 */
#include <stdio.h>
#include <stdlib.h>

#include "scenario.h"

static const char *const mode_names[MODES] = { "sync", "async", "adaptive", "batch", "repeat" };

static void print_list(const char *name, const seL4_Word *values, unsigned count)
{
    printf(" %s=", name);
    for (unsigned i = 0; i < count; i++) {
        printf("%s%lu", i ? "," : "", values[i]);
    }
}

void print_record(const struct point *point)
{
    const struct counts *counts = &point->counts;
    const struct latency *latency = &point->latency;

    printf("point scenario=%s mode=%s units=%u rounds=%u coroutines=%u calls=%lu traps=%lu "
           "user_interrupts=%lu ipis=%lu signals=%lu fences=%lu latency=%u,%lu,%lu,%lu",
           point->scenario->name, mode_names[point->mode], point->units, point->rounds, point->coroutines,
           counts->calls, counts->traps, counts->user_interrupts, counts->kernel.ipis, counts->kernel.signals,
           counts->kernel.fences, latency->samples, latency->p50, latency->p95, latency->p99);
    print_list("served", counts->kernel.served, REL4_PLACES);
    print_list("batches", counts->kernel.batches, REL4_REQUESTS_MAX_BITS + 1);
    print_list("busy", counts->kernel.busy, REL4_MAX_HARTS);
    print_list("totals", point->totals, (unsigned)settings.repetitions);
    print_list("reports", &point->reports, 1);
    printf("\n");
}

static const char *clock_unit(void)
{
    return settings.clock == CLOCK_TICKS ? "ticks of the time counter" : "instructions";
}

static int compare(const void *a, const void *b)
{
    seL4_Word x = *(const seL4_Word *)a, y = *(const seL4_Word *)b;

    return (x > y) - (x < y);
}

/* Returns the median cost of a round, in hundredths of the clock's unit. */
static seL4_Word cost(struct point *point)
{
    qsort(point->totals, settings.repetitions, sizeof(seL4_Word), compare);
    return point->totals[settings.repetitions / 2] * 100 / point->units / point->rounds;
}

/* Prints the rest of a line: the three modes of a row. */
static void print_row(struct point row[MODES])
{
    const struct counts *counts = &row[MODE_ASYNC].counts;
    seL4_Word base = row[MODE_SYNC].scenario ? cost(&row[MODE_SYNC]) : 0;

    printf(" %7lu.%02lu", base / 100, base % 100);
    for (enum mode mode = MODE_ASYNC; mode <= MODE_ADAPTIVE; mode++) {
        seL4_Word own = row[mode].scenario ? cost(&row[mode]) : 0, ratio = own ? base * 100 / own : 0;

        printf("  %7lu.%02lu (%2lu.%02lux)", own / 100, own % 100, ratio / 100, ratio % 100);
    }
    printf("%13lu.%02lu %%\n", counts->calls ? counts->traps * 100 / counts->calls : 0,
           counts->calls ? counts->traps * 10000 / counts->calls % 100 : 0);
}

/* Returns the scenario of a row, or null if it was not chosen. */
static const struct scenario *scenario_of(const struct point row[MODES])
{
    for (enum mode mode = 0; mode < MODES; mode++) {
        if (row[mode].scenario) {
            return row[mode].scenario;
        }
    }
    return NULL;
}

/* Returns the units of a row, which are the same in all its points. */
static unsigned units_of(const struct point row[MODES])
{
    unsigned units = 0;

    for (enum mode mode = 0; mode < MODES; mode++) {
        units |= row[mode].units;
    }
    return units;
}

static void print_head(const char *what)
{
    printf("%8s %10s %18s %18s %16s\n", what, "one by one", "asynchronous", "adaptive", "traps per call");
}

static void print_frames(struct point points[FRAMES_SERIES][MODES])
{
    printf("\nA round is %s; cost in %s, median of %lu runs.\n", pages.round, clock_unit(),
           settings.repetitions);
    print_head("frames");
    for (unsigned row = 0; row < FRAMES_SERIES; row++) {
        if (!scenario_of(points[row])) {
            continue;
        }
        printf("%8u", units_of(points[row]));
        print_row(points[row]);
    }
}

static void print_scenario(const struct scenario *scenario, struct point row[MODES])
{
    printf("\n%s: a round is %s; cost in %s, median of %lu runs.\n", scenario->name, scenario->round,
           clock_unit(), settings.repetitions);
    print_head("units");
    printf("%8u", units_of(row));
    print_row(row);
}

void print_table(struct point points[ROWS][MODES])
{
    if (settings.scenarios & 1) {
        print_frames(points);
    }
    for (unsigned row = FRAMES_SERIES; row < ROWS; row++) {
        const struct scenario *scenario = scenario_of(points[row]);

        if (scenario) {
            print_scenario(scenario, points[row]);
        }
    }
}
