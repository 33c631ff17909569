/*
 * Computing while the kernel works: pages are mapped and unmapped as in pages.c, and a long sequence of
 * numbers is computed. Either both overlap, with a slice of the sequence computed while the kernel serves the
 * coroutines' requests; or, as a control, the mapping comes first and the computation afterwards.
 */
#include "scenario.h"

enum {
    STEPS = 1000, /* of the sequence, for each round */
    FRAMES = 64,
    ROUNDS = 20
};

/* The sequence: x, a x + c, ... modulo 2^64. */
#define FACTOR    6364136223846793005ul
#define INCREMENT 1442695040888963407ul

static seL4_Word result;

static seL4_Word go_on(seL4_Word x, seL4_Word steps)
{
    for (seL4_Word i = 0; i < steps; i++) {
        x = FACTOR * x + INCREMENT;
    }
    return x;
}

static seL4_Word steps_in_all(void)
{
    return (seL4_Word)work.units * work.rounds * STEPS;
}

/* Computes one slice for each call of every frame. */
static void compute(bool overlapped)
{
    unsigned slices = 2 * work.rounds;
    seL4_Word x = 0;

    for (unsigned i = settings.skip == 2; i < slices; i++) {
        if (overlapped) {
            rel4_flush();
        }
        x = go_on(x, steps_in_all() / slices);
        if (overlapped) {
            rel4_coroutine_yield();
        }
    }
    result = x;
}

/* Returns whether the sequence has the right end, which is computed by squaring: n steps at once are x ->
 * factor x + increment. */
static bool is_right(void)
{
    seL4_Word x = 0, factor = FACTOR, increment = INCREMENT, answer = result;

    for (seL4_Word steps = steps_in_all(); steps; steps >>= 1) {
        if (steps & 1) {
            x = factor * x + increment;
        }
        increment += factor * increment;
        factor *= factor;
    }
    result = 0;
    return answer == x;
}

const struct scenario overlap = {
    .name = "overlap",
    .round = "one Map and one Unmap, and 1000 steps of a computation, at the same time",
    .units = FRAMES,
    .rounds = ROUNDS,
    .init = pages_init,
    .phases = { &page_rounds },
    .overlapped = true,
    .compute = compute,
    .check = pages_check,
    .clean = is_right,
};

const struct scenario in_sequence = {
    .name = "in-sequence",
    .round = "the same, all calls before the computation",
    .units = FRAMES,
    .rounds = ROUNDS,
    .init = pages_init,
    .phases = { &page_rounds },
    .compute = compute,
    .check = pages_check,
    .clean = is_right,
};
