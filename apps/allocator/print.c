/*
 * The results: as records for bench/async.pl, or as a table.
 */
#include <stdio.h>
#include <stdlib.h>

#include "allocator.h"

static const char *const mode_names[MODES] = { "sync", "async", "adaptive" };

static void print_list(const char *name, const seL4_Word *values, unsigned count)
{
    printf(" %s=", name);
    for (unsigned i = 0; i < count; i++)
        printf("%s%lu", i ? "," : "", values[i]);
}

void print_record(const struct point *point)
{
    const struct counts *counts = &point->counts;

    printf("point mode=%s frames=%u rounds=%u calls=%lu traps=%lu user_interrupts=%lu ipis=%lu signals=%lu "
           "fences=%lu",
           mode_names[point->mode], point->frames, point->rounds, counts->calls, counts->traps,
           counts->user_interrupts, counts->kernel.ipis, counts->kernel.signals, counts->kernel.fences);
    print_list("served", counts->kernel.served, REL4_PLACES);
    print_list("batches", counts->kernel.batches, REL4_RING_MAX_BITS + 1);
    print_list("totals", point->totals, (unsigned)settings.repetitions);
    printf("\n");
}

static int compare(const void *a, const void *b)
{
    seL4_Word x = *(const seL4_Word *)a, y = *(const seL4_Word *)b;

    return (x > y) - (x < y);
}

/* The median, of one round, in hundredths of the clock's unit. */
static seL4_Word cost(struct point *point)
{
    qsort(point->totals, settings.repetitions, sizeof(seL4_Word), compare);
    return point->totals[settings.repetitions / 2] * 100 / point->frames / point->rounds;
}

void print_table(struct point points[POINTS][MODES])
{
    printf("\nA round is one Page Map and one Page Unmap; cost in %s, median of %lu runs.\n",
           settings.instructions ? "instructions" : "ticks of the time counter", settings.repetitions);
    printf("%8s %10s %18s %18s %16s\n", "frames", "one by one", "asynchronous", "adaptive", "traps per call");
    for (unsigned log = 0; log < POINTS; log++) {
        struct point *row = points[log];
        seL4_Word base = row[MODE_SYNC].frames ? cost(&row[MODE_SYNC]) : 0;
        seL4_Word frames = row[MODE_SYNC].frames | row[MODE_ASYNC].frames | row[MODE_ADAPTIVE].frames;

        if (!frames)
            continue;
        printf("%8lu %7lu.%02lu", frames, base / 100, base % 100);
        for (enum mode mode = MODE_ASYNC; mode < MODES; mode++) {
            seL4_Word own = row[mode].frames ? cost(&row[mode]) : 0, ratio = own ? base * 100 / own : 0;

            printf("  %7lu.%02lu (%2lu.%02lux)", own / 100, own % 100, ratio / 100, ratio % 100);
        }
        const struct counts *counts = &row[MODE_ASYNC].counts;
        printf("%13lu.%02lu %%\n", counts->calls ? counts->traps * 100 / counts->calls : 0,
               counts->calls ? counts->traps * 10000 / counts->calls % 100 : 0);
    }
}
