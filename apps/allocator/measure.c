/*
 * Runs points: a scenario in one mode. The measured time begins with the first call of a phase and ends with
 * its last answer; everything else is done before or after.
 */
#include <stdio.h>
#include <stdlib.h>

#include <rel4/setup.h>
#include <sel4/simple.h>

#include "scenario.h"

#define RINGS 0x2040000000

enum {
    STACK_BYTES = 1536,
    PRIORITY = 3,
    MAX_SAMPLES = 1 << 15,
    WANTED_SAMPLES = 200,       /* at least, of the time of single calls */
    EMULATED_TRAPS = 5,         /* instructions of an interrupt entry that trap on the emulated backend */
    EMULATED_RESTART_TRAPS = 2, /* further ones if it restarts a sequence */
};

/* What the model of cycles measures lies between two hints that do nothing otherwise. */
#define CYCLES_START() __asm__ volatile("xori x0, x0, 3" ::: "memory")
#define CYCLES_STOP()  __asm__ volatile("xori x0, x0, 4" ::: "memory")

struct work work;

static struct rel4_executor executor;
static struct rel4_queue_options queue_options;
static struct rel4_thread thread;
static char handler_stack[2048] __attribute__((aligned(16)));
static char pool[REL4_COROUTINES_BYTES(MAX_COROUTINES + 2, STACK_BYTES)] __attribute__((aligned(4096)));
static struct job jobs[MAX_COROUTINES];
static seL4_Word samples[MAX_SAMPLES];
static unsigned sample_count;
static seL4_Word reports; /* that the model of cycles has made */

void require(int error, const char *what)
{
    if (error) {
        printf("allocator: %s: error %d\n", what, error);
        exit(1);
    }
}

/* Makes the notification that signals answers, by user interrupts where they exist. Returns the badged copy.
 */
static seL4_CPtr make_notification(enum rel4_backend backend)
{
    seL4_CPtr notification = simple_object(seL4_NotificationObject, 0);

    rel4_init(&(struct rel4_resources){ .backend = backend });
    rel4_thread_init(&thread, seL4_CapInitThreadTCB);
    require(seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification), "BindNotification");
    if (backend != REL4_BACKEND_NONE) {
        require(rel4_uintr_register_receiver(
                    notification, &(struct rel4_receiver_options){ .stack = handler_stack,
                                                                   .stack_bytes = sizeof(handler_stack) }),
                "RegisterReceiver");
    }
    return simple_mint(notification, seL4_AllRights, 1);
}

void measure_init(void)
{
    seL4_CPtr notification = make_notification(rel4_backend_of(seL4_GetBootInfo()));
    unsigned most = MAX_FRAMES_LOG;

    queue_options = (struct rel4_queue_options){ .untyped = simple_object(seL4_UntypedObject, 18),
                                                 .cnode = seL4_CapInitThreadCNode,
                                                 .first_slot = slots(rel4_queue_slots(most, most + 1)),
                                                 .vspace = seL4_CapInitThreadVSpace,
                                                 .vaddr = RINGS,
                                                 .tcb = seL4_CapInitThreadTCB,
                                                 .notification = notification,
                                                 .policy = (unsigned)settings.policy };
}

/* Makes a queue with rings that are no longer than so many coroutines need, and an executor. */
static void make_queue(unsigned coroutines)
{
    unsigned bits = REL4_REQUESTS_MIN_BITS;

    while (1u << bits < coroutines) {
        bits++;
    }
    if (queue_options.request_bits == bits) {
        return;
    }
    if (queue_options.request_bits) {
        rel4_executor_end();
        rel4_queue_destroy(&executor.queue);
    }
    queue_options.request_bits = bits;
    queue_options.response_bits = bits + 1;
    require(rel4_queue_create(&executor.queue, &queue_options), "the queue");
    require(rel4_executor_init(&executor, &(struct rel4_executor_options){ .memory = pool,
                                                                           .memory_bytes = sizeof(pool),
                                                                           .stack_bytes = STACK_BYTES,
                                                                           .polls = (unsigned)settings.polls,
                                                                           .answer_bit = 1 }),
            "the executor");
}

void sample(seL4_Word time)
{
    if (sample_count < MAX_SAMPLES) {
        samples[sample_count] = time;
    }
    sample_count++;
}

void fail(int error, const char *what)
{
    if (work.error) {
        return;
    }
    work.error = error;
    work.failed = what;
}

static void compute(void *arg)
{
    work.scenario->compute(true);
}

/* Returns the number of units that the present phase works on. */
static unsigned last_unit(void)
{
    return work.units - (settings.skip == 1);
}

static seL4_Word start(void)
{
    CYCLES_START();
    return now();
}

/* Returns the time since the start. */
static seL4_Word stop(seL4_Word start)
{
    seL4_Word time = now() - start;

    CYCLES_STOP();
    reports++;
    return time;
}

static seL4_Word run_by_trap(const struct phase *phase, bool timed)
{
    struct job all = { 0, 1, last_unit() };
    seL4_Word started = start();

    phase->ways[true][timed](&all);
    return stop(started);
}

static seL4_Word run_by_ring(const struct phase *phase, enum mode mode, unsigned coroutines, bool timed)
{
    job_function *function = mode == MODE_BATCH    ? phase->batch
                             : mode == MODE_REPEAT ? phase->repeat
                                                   : phase->ways[false][timed];
    unsigned count = phase->alone || mode >= MODE_BATCH ? 1 : coroutines;

    for (unsigned i = 0; i < count; i++) {
        jobs[i] = (struct job){ i, count, last_unit() };
        if (!rel4_coroutine_create(function, &jobs[i], PRIORITY)) {
            fail(-1, "a coroutine could not be made");
        }
    }
    if (work.scenario->overlapped && !rel4_coroutine_create(compute, NULL, PRIORITY)) {
        fail(-1, "a coroutine could not be made");
    }
    seL4_Word started = start();
    unsigned left = rel4_run();
    seL4_Word time = stop(started);
    if (left) {
        fail(-1, "coroutines are left that nobody can wake");
    }
    return time;
}

/* Does the work once, and returns the time that it took. */
static seL4_Word run(const struct point *point, bool timed)
{
    const struct scenario *scenario = point->scenario;
    bool by_trap = point->mode == MODE_SYNC;
    seL4_Word time = 0;

    if (!by_trap) {
        rel4_set_mode(point->mode == MODE_ADAPTIVE ? REL4_ADAPTIVE : REL4_ASYNC);
    }
    for (unsigned i = 0; i < MAX_PHASES && scenario->phases[i] && !work.error; i++) {
        time += by_trap ? run_by_trap(scenario->phases[i], timed)
                        : run_by_ring(scenario->phases[i], point->mode, point->coroutines, timed);
        if (work.checks && scenario->check && !work.error && !scenario->check(i)) {
            fail(-1, "the work was not done");
        }
    }
    if (scenario->compute && (by_trap || !scenario->overlapped)) {
        seL4_Word started = start();

        scenario->compute(false);
        time += stop(started);
    }
    return time;
}

/* Checks after a run that everything is as before it. */
static void look_behind(const struct scenario *scenario)
{
    if (!work.error && scenario->clean && !scenario->clean()) {
        fail(-1, "a result was wrong, or something was left behind");
    }
}

/* Adds the differences between two copies of the statistics. The kernel's part is an array of words. */
static void add_counts(struct counts *counts, const struct rel4_stats *before, const struct rel4_stats *after)
{
    const seL4_Word *from = (const seL4_Word *)&before->kernel, *to = (const seL4_Word *)&after->kernel;
    seL4_Word *sum = (seL4_Word *)&counts->kernel;

    for (unsigned i = 0; i < sizeof(counts->kernel) / sizeof(seL4_Word); i++) {
        sum[i] += to[i] - from[i];
    }
    counts->user_interrupts += after->user_interrupts - before->user_interrupts;
    counts->calls += after->submitted - before->submitted + after->by_trap - before->by_trap;
    counts->traps += after->by_trap - before->by_trap + after->wakes - before->wakes + after->blocks -
                     before->blocks + after->yields - before->yields;
}

static void measure_run(struct point *point, int repetition)
{
    bool emulated = rel4_backend_of(seL4_GetBootInfo()) == REL4_BACKEND_EMULATED;
    struct rel4_statistics interrupts_before, interrupts_after;
    struct rel4_stats before, after;

    rel4_stats(&before);
    rel4_thread_statistics(&interrupts_before);
    seL4_Word first_report = reports, time = run(point, false);
    rel4_stats(&after);
    rel4_thread_statistics(&interrupts_after);
    look_behind(point->scenario);
    if (repetition < 0) {
        return;
    }
    point->totals[repetition] = settings.clock == CLOCK_CYCLES ? first_report : time;
    point->reports = reports - first_report;
    if (point->mode == MODE_SYNC) {
        return;
    }
    add_counts(&point->counts, &before, &after);
    if (emulated) {
        point->counts.traps +=
            EMULATED_TRAPS * (interrupts_after.interrupts - interrupts_before.interrupts) +
            EMULATED_RESTART_TRAPS * (interrupts_after.restarts - interrupts_before.restarts);
    }
}

static int compare(const void *a, const void *b)
{
    seL4_Word x = *(const seL4_Word *)a, y = *(const seL4_Word *)b;

    return (x > y) - (x < y);
}

/* Returns a percentile of the samples, by nearest rank. */
static seL4_Word percentile(unsigned count, unsigned percent)
{
    return samples[(count * percent + 99) / 100 - 1];
}

/* Measures the time of each call, in runs of their own, and counts the calls. */
static void measure_latency(struct point *point)
{
    sample_count = 0;
    run(point, true);
    look_behind(point->scenario);
    seL4_Word calls = sample_count;
    while (sample_count < WANTED_SAMPLES && sample_count && !work.error) {
        run(point, true);
        look_behind(point->scenario);
    }
    if (point->mode == MODE_SYNC) {
        point->counts.calls = point->counts.traps = calls * settings.repetitions;
    } else if (point->counts.calls != calls * settings.repetitions) {
        fail(-1, "there were more calls, or fewer, than in the runs that were measured");
    }
    unsigned count = sample_count < MAX_SAMPLES ? sample_count : MAX_SAMPLES;
    if (work.error || !count) {
        return;
    }
    qsort(samples, count, sizeof(samples[0]), compare);
    point->latency =
        (struct latency){ count, percentile(count, 50), percentile(count, 95), percentile(count, 99) };
}

bool measure(struct point *point, int repetition)
{
    static const char *const modes[MODES] = { "synchronous", "asynchronous", "adaptive", "batch", "repeat" };

    work = (struct work){ .scenario = point->scenario, .units = point->units, .rounds = point->rounds };
    make_queue(point->coroutines);
    measure_run(point, repetition);
    /* Calls of a batch or a repeated request have no time of their own. */
    if (repetition == (int)settings.repetitions - 1 && point->mode < MODE_BATCH) {
        measure_latency(point);
    }
    work.checks = true;
    if (!point->scenario->units) {
        work.rounds = 2;
    }
    run(point, false);
    look_behind(point->scenario);
    if (!work.error) {
        return true;
    }
    printf("allocator: NO: %s, %u units, %s: %s", point->scenario->name, point->units, modes[point->mode],
           work.failed);
    if (work.error > 0) {
        printf(": %s", rel4_error_name(work.error));
    }
    printf("\n");
    return false;
}

/*
 * ---- For the scenarios ----
 */

seL4_CPtr slots(seL4_Word count)
{
    seL4_CPtr first = simple_alloc_slots(count);

    if (!first) {
        require(seL4_NotEnoughMemory, "too few slots; root_cnode_bits=14 in front of -- makes more");
    }
    return first;
}

seL4_CPtr untyped_of(seL4_Word bytes, seL4_Word *bits)
{
    for (*bits = seL4_PageBits; bytes > 1ul << *bits; ++*bits) {
        ;
    }
    seL4_CPtr untyped = simple_object(seL4_UntypedObject, *bits);
    if (!untyped) {
        require(seL4_NotEnoughMemory, "memory");
    }
    return untyped;
}

bool are_empty(seL4_CPtr first, unsigned count)
{
    static seL4_CPtr spare;

    if (!spare) {
        spare = slots(1);
    }
    for (unsigned i = 0; i < count; i++) {
        /* Moving from an empty slot must fail. */
        if (trap_move(spare, first + i) != seL4_FailedLookup) {
            return false;
        }
    }
    return true;
}

bool is_whole(seL4_CPtr untyped, seL4_Word bits, seL4_CPtr slot)
{
    return trap_retype(untyped, seL4_UntypedObject, bits, slot, 1) == seL4_NoError &&
           trap_delete(slot) == seL4_NoError;
}

seL4_Fault_t next_fault(seL4_CPtr endpoint, seL4_Word *badge)
{
    seL4_MessageInfo_t info;

    do {
        info = rel4_recv(endpoint, badge);
    } while (seL4_MessageInfo_get_label(info) == seL4_Fault_NullFault);
    return seL4_getFault(info);
}
