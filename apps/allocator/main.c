/*
 * The allocator: holds frames and a range of addresses, and maps and unmaps each frame at its own page, again
 * and again. Synchronously that is a loop of system calls; asynchronously there is a coroutine for each
 * frame; adaptive coroutines choose. The same program measures all three, interleaved, and checks after each
 * run what was written through the mappings.
 *
 * Arguments, behind "--": frames=N (default 64; 0: 1, 2, 4 to 1024), mode=1 sync, 2 async, 4 adaptive or a
 * sum of them (7), repetitions=N (5), policy=0 (call) or 1 (tick), clock=0 (time-stamp ticks) or 1
 * (instructions). Each run ends with a line async|MODE|FRAMES|ROUNDS|CLOCK UNITS|TRAPS|USER
 * INTERRUPTS|IPIS|SERVED BY PLACE|BATCHES BY LOG2
 */
#include "allocator.h"

#include <stdio.h>

#include <rel4/async.h>
#include <rel4/setup.h>
#include <rel4/uintr.h>

#define RINGS     0x2000000000
#define RING_BITS 11 /* room for a request of every coroutine */

enum {
    STACK_BYTES = 1024,
    COROUTINES = MAX_FRAMES + 8,
    LOOKS = 20000,             /* on several harts: longer than the worker takes for one request */
    BATCH = 64,                /* on several harts, so that the worker begins early */
    TRAPS_OF_AN_INTERRUPT = 5, /* emulated instructions of the library's handler entry and exit */
    TRAPS_OF_A_RESTART = 2
};

static const char *const mode_names[] = {
    [REL4_SYNC] = "sync", [REL4_ASYNC] = "async", [REL4_ADAPTIVE] = "adaptive"
};

static struct rel4_executor executor;
static struct rel4_thread thread;
static char handler_stack[2048] __attribute__((aligned(16)));
static char pool[COROUTINES * (STACK_BYTES + sizeof(struct rel4_coroutine)) + 64];

static seL4_Word argument(const char *name, seL4_Word otherwise)
{
    seL4_Word value;

    return sel4_argument(name, &value) ? value : otherwise;
}

/* That many slots in a row. */
static seL4_CPtr take_slots(unsigned number)
{
    seL4_CPtr first = simple_alloc_slot();

    while (--number)
        simple_alloc_slot();
    return first;
}

static seL4_CPtr make_notification(enum rel4_backend backend)
{
    seL4_CPtr notification = simple_object(seL4_NotificationObject, 0);

    rel4_init(&(struct rel4_resources){ .backend = backend });
    rel4_thread_init(&thread, seL4_CapInitThreadTCB);
    stop_on(seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification), "binding the notification");
    if (backend != REL4_BACKEND_NONE)
        stop_on(rel4_uintr_register_receiver(
                    notification, &(struct rel4_receiver_options){ .stack = handler_stack,
                                                                   .stack_bytes = sizeof(handler_stack) }),
                "registering for user interrupts");
    return simple_mint(notification, seL4_AllRights, 1);
}

static void make_executor(enum rel4_backend backend)
{
    bool alone = seL4_GetBootInfo()->numNodes == 1;
    struct rel4_queue_options queue = {
        .untyped = simple_object(seL4_UntypedObject, 20),
        .cnode = seL4_CapInitThreadCNode,
        .first_slot = take_slots(rel4_queue_slots(RING_BITS, RING_BITS)),
        .vspace = seL4_CapInitThreadVSpace,
        .vaddr = RINGS,
        .tcb = seL4_CapInitThreadTCB,
        .notification = make_notification(backend),
        .request_bits = RING_BITS,
        .response_bits = RING_BITS,
        .policy = (unsigned)argument("policy", REL4_POLICY_CALL),
    };

    stop_on(rel4_queue_create(&executor.queue, &queue), "making the queue");
    stop_on(rel4_executor_init(&executor, &(struct rel4_executor_options){ .memory = pool,
                                                                           .memory_bytes = sizeof(pool),
                                                                           .stack_bytes = STACK_BYTES,
                                                                           .looks = alone ? 0 : LOOKS,
                                                                           .batch = alone ? 0 : BATCH,
                                                                           .answer_bit = 1 }),
            "making the executor");
}

/* Traps of this thread since the start, but for those of synchronous runs, which make one for each call. */
static seL4_Word traps(enum rel4_backend backend, const struct rel4_stats *stats)
{
    struct rel4_statistics interrupts;
    seL4_Word emulated = 0;

    rel4_thread_statistics(&interrupts);
    if (backend == REL4_BACKEND_EMULATED)
        emulated = interrupts.interrupts * TRAPS_OF_AN_INTERRUPT + interrupts.restarts * TRAPS_OF_A_RESTART;
    return stats->wakes + stats->blocks + stats->yields + stats->by_trap + emulated;
}

static void print_differences(const uint64_t *before, const uint64_t *after, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        printf("%c%lu", i ? ',' : '|', after[i] - before[i]);
}

static void run(enum rel4_backend backend, enum rel4_mode mode, unsigned frames, seL4_Word rounds,
                enum clock clock)
{
    struct rel4_stats before, after;
    seL4_Word traps_before, traps_made, units;

    rel4_set_mode(mode);
    rel4_stats(&before);
    traps_before = traps(backend, &before);
    units = mode == REL4_SYNC ? run_loop(frames, rounds, clock) : run_coroutines(frames, rounds, clock);
    rel4_stats(&after);
    traps_made = mode == REL4_SYNC ? frames * rounds * 2 : traps(backend, &after) - traps_before;

    if (!check_pages(frames)) {
        printf("allocator: a page does not hold what was written (%s, %u frames)\n", mode_names[mode],
               frames);
        exit(1);
    }
    printf("async|%s|%u|%lu|%lu|%lu|%lu|%lu", mode_names[mode], frames, rounds, units, traps_made,
           after.user_interrupts - before.user_interrupts, after.kernel.ipis - before.kernel.ipis);
    print_differences(before.kernel.served, after.kernel.served, REL4_PLACES);
    print_differences(before.kernel.batches, after.kernel.batches, REL4_RING_MAX_BITS + 1);
    printf("\n");
}

/* Every mode once, and again; the first time only warms up. */
static void measure(enum rel4_backend backend, unsigned frames, seL4_Word modes, seL4_Word repetitions)
{
    static const enum rel4_mode order[] = { REL4_SYNC, REL4_ASYNC, REL4_ADAPTIVE };
    seL4_Word at_least = argument("rounds", 10);
    seL4_Word rounds = MAX_FRAMES / frames > at_least ? MAX_FRAMES / frames : at_least;

    /* What is left to the tick takes a tick each time. */
    if (argument("policy", REL4_POLICY_CALL) == REL4_POLICY_TICK)
        rounds = at_least;
    for (seL4_Word i = 0; i < repetitions; i++)
        for (unsigned j = 0; j < sizeof(order) / sizeof(order[0]); j++)
            if (modes & 1U << j)
                run(backend, order[j], frames, rounds, (enum clock)argument("clock", CLOCK_TICKS));
}

int main(void)
{
    const seL4_BootInfo *bi = seL4_GetBootInfo();
    enum rel4_backend backend = rel4_backend_of(bi);
    seL4_Word only = argument("frames", 64), modes = argument("mode", 7);
    seL4_Word repetitions = argument("repetitions", 5);

    simple_init(bi);
    if (only > MAX_FRAMES) {
        printf("allocator: at most %d frames\n", MAX_FRAMES);
        return 1;
    }
    make_executor(backend);
    stop_on(make_frames(only ? (unsigned)only : MAX_FRAMES), "making frames");
    printf("allocator: %lu hart(s), user interrupts: %s\n", bi->numNodes, rel4_backend_name(backend));
    if (only) {
        measure(backend, (unsigned)only, modes, repetitions);
    } else {
        for (unsigned frames = 1; frames <= MAX_FRAMES; frames *= 2)
            measure(backend, frames, modes, repetitions);
    }
    printf("allocator: done\n");
    return 0;
}
