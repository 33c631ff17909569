/*
 * The root task of the fuzzer: makes the sandboxes, handles what the workers do wrong, finds those that fell
 * silent, and at the end takes everything back and shows that nothing is missing.
 *
 * Arguments (tests/sysfuzz/README.md): seed=N calls=N keep=WORKER:FIRST-LAST,... list
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sel4/simple.h>

#include "sysfuzz.h"

#define CNODE seL4_CapInitThreadCNode

#ifdef TEST_SOAK
#define SOAK_FACTOR 10
#else
#define SOAK_FACTOR 1
#endif

#define ARENA_BITS 22
#define PAGES      (1u << (ARENA_BITS - seL4_PageBits))
#define POOLS      (ABI_ASID_POOLS - 1) /* that can be made besides the first one */

#define VIEW_OF_PLAN 0x2100000000ul
#define VIEW_OF_PAGE 0x2200000000ul

/* Badges: workers have their number plus one, and somebody who is not one of them has this. */
#define TICK_BADGE  0x100000ul
#define ALARM_BADGE 0x200000ul

#define MESSAGES_PER_LOOK    (4ul * WORKERS)
#define MESSAGES_PER_RESTOCK 48
#define TICK_LOOPS           2000
#define PATIENCE             2000 /* ticks without a single call */
#define CALLS_PER_LINE       1000000

static struct plan *const plan = (struct plan *)VIEW_OF_PLAN;
static seL4_CPtr arena, faults, ticks;
static struct dice dice;
static uint64_t calls_wanted;

static struct {
    uint64_t digest, messages, restored, replaced, restocked, lines;
    uint64_t last_made, idle_ticks;
} run;

/* Runs when nothing else does on the first hart: then somebody may have fallen silent. */
static void tick_main(void *arg)
{
    for (;;) {
        for (volatile unsigned i = 0; i < TICK_LOOPS; i++) {
        }
        seL4_Signal(ticks);
    }
}

static void probe_main(void *arg)
{
    seL4_DebugCapIdentify(0);
    seL4_Send(faults, seL4_MessageInfo_new(LABEL_DONE, 0, 0, 0));
}

static void start_thread(struct simple_thread *thread, void (*entry)(void *), seL4_CPtr fault_endpoint)
{
    check_call(simple_thread_create(thread,
                                    &(struct simple_thread_options){
                                        .entry = entry, .priority = 0, .fault_endpoint = fault_endpoint }),
               "a thread");
    check_call(simple_thread_start(thread), "starting a thread");
}

/* Whether the kernel has the debug calls of debug builds: others make the thread fault. */
static bool kernel_is_debug(void)
{
    struct simple_thread probe;

    start_thread(&probe, probe_main, faults);
    seL4_MessageInfo_t info = seL4_Recv(faults, NULL);
    seL4_TCB_Suspend(probe.tcb);
    return seL4_MessageInfo_get_label(info) == LABEL_DONE;
}

static bool add_range(unsigned worker, unsigned *last_worker, uint64_t first, uint64_t last)
{
    uint32_t count = plan->first_range[WORKERS];

    if (worker >= WORKERS || worker < *last_worker || first > last || count == PLAN_RANGES) {
        return false;
    }
    for (unsigned i = worker + 1; i <= WORKERS; i++) {
        plan->first_range[i] = count + 1;
    }
    plan->ranges[count] = (struct range){ first, last };
    *last_worker = worker;
    return true;
}

/* keep=WORKER:FIRST-LAST,... in ascending order: only these calls are made. */
static bool parse_keep(const char *at)
{
    unsigned last_worker = 0;

    do {
        char *end;
        unsigned long worker = strtoul(at, &end, 10);
        if (*end != ':') {
            return false;
        }
        uint64_t first = strtoull(end + 1, &end, 10);
        uint64_t last = *end == '-' ? strtoull(end + 1, &end, 10) : first;
        if (!add_range((unsigned)worker, &last_worker, first, last)) {
            return false;
        }
        at = end;
    } while (*at++ == ',');
    return at[-1] == '\0' || at[-1] == ' ';
}

static void make_plan(void)
{
    const char *keep = strstr(sel4_arguments(), "keep=");
    unsigned last_worker = 0;

    if (keep) {
        check_call(parse_keep(keep + 5) ? seL4_NoError : seL4_InvalidArgument, "keep= is not understood");
        return;
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        add_range(i, &last_worker, 0, UINT64_MAX - 1);
    }
}

/* Prints the planned calls in words, instead of making them. */
static void list_calls(void)
{
    struct call call;

    for (unsigned worker = 0; worker < WORKERS; worker++) {
        for (uint32_t i = plan->first_range[worker]; i < plan->first_range[worker + 1]; i++) {
            for (uint64_t n = plan->ranges[i].first; n <= plan->ranges[i].last; n++) {
                call_generate(&call, plan->seed, worker, n, plan->debug);
                printf("thread %u, call %lu: ", worker, n);
                call_print(&call);
            }
        }
    }
}

static uint64_t calls_made(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < WORKERS; i++) {
        sum += workers[i].state->made;
    }
    return sum;
}

static bool is_finished(void)
{
    bool all_done = true;

    for (unsigned i = 0; i < WORKERS; i++) {
        all_done &= workers[i].done;
    }
    return all_done || calls_made() >= calls_wanted;
}

static void restore(unsigned worker)
{
    run.restored++;
    run.replaced += worker_restore(worker, WORKER_PRIORITY - dice_below(&dice, 3),
                                   dice_below(&dice, (uint32_t)seL4_GetBootInfo()->numNodes));
}

/* Those that have not made a call since the last look have fallen silent. */
static void look(void)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *worker = &workers[i];
        if (!worker->done && worker->state->made == worker->seen) {
            restore(i);
        }
        worker->seen = worker->state->made;
    }
}

static void tick(void)
{
    uint64_t made = calls_made();

    run.idle_ticks = made == run.last_made ? run.idle_ticks + 1 : 0;
    run.last_made = made;
    if (run.idle_ticks > PATIENCE) {
        printf("Bail out! nobody makes progress after %lu calls\n", made);
        exit(1);
    }
    look();
}

static bool is_done(unsigned worker)
{
    uint32_t end = plan->first_range[worker + 1];

    return end == plan->first_range[worker] || workers[worker].state->next > plan->ranges[end - 1].last;
}

/* A fault or a report; or anything else that somebody who has the capability sends. */
static void attend(unsigned worker)
{
    run.messages++;
    if (run.messages % MESSAGES_PER_RESTOCK == 0) {
        run.restocked++;
        cell_restock((unsigned)(run.messages / MESSAGES_PER_RESTOCK % CELLS));
    }
    if (is_done(worker)) {
        workers[worker].done = true;
        seL4_TCB_Suspend(workers[worker].tcb);
    } else {
        worker_restart(worker);
    }
    if (run.messages % MESSAGES_PER_LOOK == 0) {
        look();
    }
}

static void work(void)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        restore(i);
    }
    while (!is_finished()) {
        seL4_Word badge;
        seL4_MessageInfo_t info = seL4_Recv(faults, &badge);

        run.digest = digest_mix(run.digest, badge ^ info.words[0] << 8);
        if (badge & (TICK_BADGE | ALARM_BADGE)) {
            tick();
        }
        if (badge & ALARM_BADGE) {
            alarm_set();
        }
        if (badge >= 1 && badge <= WORKERS) {
            attend((unsigned)badge - 1);
        }
        if (calls_made() / CALLS_PER_LINE > run.lines) {
            run.lines = calls_made() / CALLS_PER_LINE;
            printf("# %lu calls\n", calls_made());
        }
    }
}

static bool page_is_zero(seL4_CPtr frame)
{
    const volatile seL4_Word *words = (const volatile seL4_Word *)VIEW_OF_PAGE;
    seL4_Word all = 0;

    if (simple_map_page(seL4_CapInitThreadVSpace, frame, VIEW_OF_PAGE, seL4_ReadWrite,
                        seL4_RISCV_ExecuteNever)) {
        return false;
    }
    for (unsigned i = 0; i < 4096 / sizeof(seL4_Word); i++) {
        all |= words[i];
    }
    seL4_RISCV_Page_Unmap(frame);
    return all == 0;
}

/* Everything the workers had came from the arena; all of it is there again, as one piece and as pages of
 * zeroes. */
static bool memory_is_whole(seL4_CPtr first)
{
    bool whole = !seL4_CNode_Revoke(CNODE, arena, seL4_WordBits) &&
                 !seL4_Untyped_Retype(arena, seL4_UntypedObject, ARENA_BITS, CNODE, 0, 0, first, 1) &&
                 !seL4_CNode_Revoke(CNODE, arena, seL4_WordBits);

    for (unsigned i = 0; whole && i < PAGES; i += 256) {
        whole = !seL4_Untyped_Retype(arena, seL4_RISCV_4K_Page, 0, CNODE, 0, 0, first + i, 256);
    }
    for (unsigned i = 0; whole && i < PAGES; i++) {
        whole = page_is_zero(first + i);
    }
    return !seL4_CNode_Revoke(CNODE, arena, seL4_WordBits) && whole;
}

/* All pools of address-space numbers can be made. */
static bool pools_are_whole(seL4_CPtr first)
{
    seL4_CPtr to = first + POOLS + 1;
    unsigned pools = 0;

    for (unsigned i = 0; i <= POOLS; i++) {
        if (seL4_Untyped_Retype(arena, seL4_UntypedObject, seL4_PageBits, CNODE, 0, 0, first + i, 1)) {
            return false;
        }
        pools +=
            !seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, first + i, CNODE, to + i, seL4_WordBits);
    }
    return !seL4_CNode_Revoke(CNODE, arena, seL4_WordBits) && pools == POOLS;
}

static void create_supervisor(void)
{
    static struct simple_thread ticker;
    static seL4_CPtr frames[PLAN_PAGES];

    arena = simple_object(seL4_UntypedObject, ARENA_BITS);
    faults = simple_object(seL4_EndpointObject, 0);
    seL4_CPtr notification = simple_object(seL4_NotificationObject, 0);
    ticks = simple_mint(notification, seL4_AllRights, TICK_BADGE);
    for (unsigned i = 0; i < PLAN_PAGES; i++) {
        frames[i] = simple_object(seL4_RISCV_4K_Page, 0);
        check_call(simple_map_page(seL4_CapInitThreadVSpace, frames[i], VIEW_OF_PLAN + i * 4096ul,
                                   seL4_ReadWrite, seL4_RISCV_ExecuteNever),
                   "the plan");
    }
    plan->debug = kernel_is_debug();
    cells_create(arena, faults, frames);
    check_call(seL4_TCB_BindNotification(seL4_CapInitThreadTCB, notification), "ticks");
    start_thread(&ticker, tick_main, 0);
    alarm_create(simple_mint(notification, seL4_AllRights, ALARM_BADGE));
}

static void print_digest(void)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        run.digest = digest_mix(run.digest, workers[i].state->digest);
    }
    printf("# messages %lu, restored %lu, with a new TCB %lu, restocked %lu, digest %016lx\n", run.messages,
           run.restored, run.replaced, run.restocked, run.digest);
}

int main(void)
{
    const seL4_BootInfo *bi = seL4_GetBootInfo();
    seL4_Word seed = 1, calls = 100000;

    simple_init(bi);
    sel4_argument("seed", &seed);
    sel4_argument("calls", &calls);
    calls_wanted = calls ? calls * SOAK_FACTOR : UINT64_MAX;
    create_supervisor();
    plan->seed = seed;
    dice = dice_new(seed, WORKERS, 0);
    make_plan();
    if (strstr(sel4_arguments(), "list")) {
        list_calls();
        return 0;
    }
    printf("# seed %lu, %lu harts, %s kernel\n1..3\n", seed, bi->numNodes, plan->debug ? "debug" : "release");
    work();
    /* Output of the calls may stand in this line. */
    printf("\nok 1 - %lu calls of %d threads, and the kernel stands\n", calls_made(), WORKERS);
    print_digest();
    /* For the minimiser: what the calls left is inspected as it is. */
    if (strstr(sel4_arguments(), "halt")) {
        if (plan->debug) {
            seL4_DebugHalt();
        }
        return 0;
    }

    seL4_CPtr first = simple_alloc_slot();
    while (simple_alloc_slot() < first + PAGES) {
    }
    bool memory = memory_is_whole(first);
    printf("%s 2 - all memory can be taken back, is whole and cleared\n", memory ? "ok" : "not ok");
    bool pools = pools_are_whole(first);
    printf("%s 3 - all pools of address-space numbers can be made again\n", pools ? "ok" : "not ok");
    if (memory && pools && plan->debug) {
        seL4_DebugHalt();
    }
    return memory && pools ? 0 : 1;
}
