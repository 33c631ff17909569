/*
 * Random signals between eight threads in three address spaces, which run, poll, block, have user interrupts
 * off, move from hart to hart, and are preempted in their handlers; a ninth, the test itself, signals,
 * suspends and moves them all.
 *
 * Everything is counted. A bit of a notification belongs to one sender, or to its handler, which sends it
 * again only after the receiver has counted the one before. So signals never fall together, and at each
 * delivery exactly one is under way: more would be lost ones, fewer invented ones.
 */
#include "uintr.h"

#define THREADS  UINTR_THREADS
#define SENDERS  (THREADS + 1)
#define VECTORS  3 /* of each sender at each receiver; the last one is for its handler */
#define SPACES   3
#define QUOTA    SOAK_OR(1000000 / THREADS, 100000 / THREADS) /* a million in all jobs of `make test` */
#define HANDLERS (VECTORS - 1)

/* Looks of the test, without any progress, until something must have been lost. */
#define NO_CHANGE 1000000ul

extern char __image_start[], __stack_guard[];

static volatile seL4_Word sent[THREADS][64], taken[THREADS][64];
static seL4_CPtr caps[THREADS][64];
static seL4_CPtr endpoint;
static seL4_Word lost_or_invented, total[SENDERS];
static volatile seL4_Word ready, finished;
static seL4_Word nodes; /* BootInfo is in one address space only */

static struct worker {
    seL4_Word random;         /* of the thread */
    seL4_Word handler_random; /* of its handler, which may come while the other is in use */
    seL4_Word index[THREADS][VECTORS];
    bool may_send; /* all indexes are known */
    seL4_Word handled;
} workers[THREADS];

static unsigned bit_of(unsigned sender, unsigned vector)
{
    return sender * 7 + vector * 3;
}

static void spin(seL4_Word turns)
{
    for (volatile seL4_Word i = 0; i < turns; i++) {
    }
}

/* Counts bits that have been delivered to a receiver, by whatever way. */
static void take(unsigned receiver, seL4_Word bits)
{
    while (bits) {
        unsigned bit = (unsigned)__builtin_ctzl(bits);
        seL4_Word before = taken[receiver][bit];

        bits &= bits - 1;
        if (__atomic_load_n(&sent[receiver][bit], __ATOMIC_ACQUIRE) != before + 1) {
            __atomic_fetch_add(&lost_or_invented, 1, __ATOMIC_RELAXED);
        }
        __atomic_store_n(&taken[receiver][bit], before + 1, __ATOMIC_RELEASE); /* pairs with may_signal() */
    }
}

/* Whether the last signal of this bit has arrived, so that the next may go; counts that one. */
static bool may_signal(unsigned sender, unsigned receiver, unsigned bit)
{
    seL4_Word before = sent[receiver][bit];

    if (__atomic_load_n(&taken[receiver][bit], __ATOMIC_ACQUIRE) != before) {
        return false;
    }
    __atomic_store_n(&sent[receiver][bit], before + 1, __ATOMIC_RELEASE);
    __atomic_fetch_add(&total[sender], 1, __ATOMIC_RELAXED);
    return true;
}

/* Half of the threads count in their handler, half leave that to rel4_wait() and rel4_poll(). */
static void handle(seL4_Word bits, void *arg)
{
    const struct uintr_thread *self = arg;
    unsigned i = (unsigned)(self - uintr_threads);
    struct worker *worker = &workers[i];
    unsigned target = (unsigned)(uintr_random(&worker->handler_random) % THREADS);

    if (i % 2) {
        rel4_uintr_record(bits);
    } else {
        take(i, bits);
    }
    if (worker->may_send && may_signal(i, target, bit_of(i, HANDLERS))) {
        rel4_uipi_send(worker->index[target][HANDLERS]);
    }
    worker->handled++;
    spin(worker->handled % 64 == 0 ? 20000 : worker->handler_random % 64);
}

static void send_one(unsigned self, seL4_Word *random)
{
    seL4_Word r = uintr_random(random);
    unsigned target = (unsigned)(r % THREADS), vector = (unsigned)(r >> 8) % HANDLERS,
             bit = bit_of(self, vector);

    if (!may_signal(self, target, bit)) {
        return;
    }
    switch (r >> 16 & 3) {
    case 0:
        seL4_Signal(caps[target][bit]);
        break;
    case 1:
        rel4_uipi_send(workers[self].index[target][vector]);
        break;
    default:
        rel4_signal(caps[target][bit]);
        break;
    }
}

/* Blocks with a long way between looking and blocking. */
static seL4_Word wait_widely(struct uintr_thread *self, seL4_Word loops)
{
    seL4_Word *control = (seL4_Word *)(self->stack + sizeof(self->stack)) - 8, badge = 0;

    control[0] = (seL4_Word)uintr_wide_start;
    control[1] = (seL4_Word)uintr_wide_end;
    bool received = uintr_wide_sequence(self->notification, &self->record.woken, &badge, loops, SYS_RECV);
    control[1] = 0;
    return received ? badge : rel4_poll(self->notification);
}

static void move(const struct uintr_thread *thread, seL4_Word random)
{
#if CONFIG_MAX_NUM_NODES > 1
    seL4_TCB_SetAffinity(thread->thread->tcb, random % nodes);
#endif
}

static void act(struct uintr_thread *self, seL4_Word *random)
{
    unsigned i = (unsigned)(self - uintr_threads);
    seL4_Word r = uintr_random(random), badge = 0;
    bool on;

    switch (r % 16) {
    case 0:
        take(i, rel4_wait(self->notification));
        break;
    case 1:
        take(i, wait_widely(self, r >> 8 & 4095));
        break;
    case 2:
        rel4_recv(endpoint, &badge);
        take(i, badge);
        break;
    case 3:
        take(i, rel4_poll(self->notification));
        break;
    case 4:
        on = rel4_uintr_disable();
        spin(r >> 8 & 1023);
        send_one(i, random);
        rel4_uintr_restore(on);
        break;
    case 5:
        spin(r >> 8 & 8191);
        break;
    case 6:
        move(r >> 8 & 1 ? self : &uintr_threads[r >> 9 & (THREADS - 1)], r >> 16);
        break;
    case 7:
        seL4_Yield();
        break;
    default:
        send_one(i, random);
        break;
    }
}

static void work(void *arg)
{
    struct uintr_thread *self = arg;
    unsigned i = (unsigned)(self - uintr_threads);
    struct worker *worker = &workers[i];
    seL4_Word badge;

    uintr_register(self, handle, self);
    bool on = rel4_uintr_disable();
    __atomic_fetch_add(&ready, 1, __ATOMIC_RELEASE);
    seL4_Wait(self->notification, &badge); /* the test has seen that all are ready */
    take(i, badge);
    for (unsigned target = 0; target < THREADS; target++) {
        for (unsigned vector = 0; vector < VECTORS; vector++) {
            int index = rel4_uintr_register_sender(caps[target][bit_of(i, vector)]);
            CHECK(index >= 0);
            worker->index[target][vector] = (seL4_Word)index;
        }
    }
    worker->may_send = true;
    rel4_uintr_restore(on);

    while (__atomic_load_n(&total[i], __ATOMIC_RELAXED) < QUOTA) {
        act(self, &worker->random);
    }
    rel4_uintr_disable();
    worker->may_send = false;
    rel4_uintr_restore(true);
    __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
    for (;;) {
        take(i, rel4_wait(self->notification));
    }
}

/* Another address space with all of the program in it, at the same addresses. */
static seL4_CPtr new_space(void)
{
    seL4_CPtr space = test_object(seL4_RISCV_PageTableObject, 0);

    CHECK_OK(seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, space));
    for (unsigned i = 0; i < 2; i++) {
        CHECK_OK(seL4_RISCV_PageTable_Map(test_object(seL4_RISCV_PageTableObject, 0), space,
                                          (seL4_Word)__image_start, seL4_RISCV_Default_VMAttributes));
    }
    for (seL4_Word page = (seL4_Word)__image_start; page < (seL4_Word)__stack_guard;
         page += LIBSEL4_BIT(seL4_PageBits)) {
        CHECK_OK(seL4_RISCV_Page_Map(test_mint(sel4_image_frame((void *)page), seL4_AllRights, 0), space,
                                     page, seL4_AllRights, seL4_RISCV_Default_VMAttributes));
    }
    return space;
}

static void make_caps(unsigned receiver)
{
    for (unsigned sender = 0; sender < SENDERS; sender++) {
        for (unsigned vector = 0; vector < VECTORS; vector++) {
            unsigned bit = bit_of(sender, vector);
            caps[receiver][bit] = test_mint(uintr_threads[receiver].notification, seL4_AllRights, 1ul << bit);
        }
    }
}

static void set_up(void)
{
    seL4_CPtr spaces[SPACES] = { seL4_CapInitThreadVSpace };

    uintr_set_up(REL4_SEND_INSTRUCTION, THREADS + 1);
    endpoint = test_object(seL4_EndpointObject, 0);
    for (unsigned i = 1; i < SPACES; i++) {
        spaces[i] = new_space();
    }
    nodes = test_nodes();
    ready = finished = lost_or_invented = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        struct uintr_thread *thread = uintr_thread_new(i, work, UINTR_PRIORITY + i % 3);

        CHECK_OK(
            seL4_TCB_SetSpace(thread->thread->tcb, 0, seL4_CapInitThreadCNode, 0, spaces[i % SPACES], 0));
        test_thread_set_node(thread->thread, i % nodes);
        workers[i] = (struct worker){ .random = i + 1, .handler_random = i + 101 };
        for (unsigned bit = 0; bit < 64; bit++) {
            sent[i][bit] = taken[i][bit] = 0;
        }
        make_caps(i);
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        total[i] = 0;
    }
}

static seL4_Word sum(volatile seL4_Word counts[THREADS][64])
{
    seL4_Word result = 0;

    for (unsigned i = 0; i < THREADS; i++) {
        for (unsigned bit = 0; bit < 64; bit++) {
            result += counts[i][bit];
        }
    }
    return result;
}

static void report(void)
{
    for (unsigned i = 0; i < THREADS; i++) {
        for (unsigned bit = 0; bit < 64; bit++) {
            if (sent[i][bit] != taken[i][bit]) {
                test_note("bit %u of thread %u: sent %lu, taken %lu", bit, i, sent[i][bit], taken[i][bit]);
            }
        }
    }
}

/* One action of the test's own, which also gets threads going again when all of them have blocked. */
static void disturb(seL4_Word *random)
{
    seL4_Word r = uintr_random(random);
    const struct uintr_thread *thread = &uintr_threads[r % THREADS];

    if ((r >> 8) % 64 == 0) {
        CHECK_OK(seL4_TCB_Suspend(thread->thread->tcb));
        CHECK_OK(seL4_TCB_Resume(thread->thread->tcb));
    } else if ((r >> 8) % 64 == 1) {
        move(thread, r >> 16);
    } else {
        unsigned bit = bit_of(THREADS, (unsigned)(r >> 16) % HANDLERS);
        if (may_signal(THREADS, (unsigned)(r % THREADS), bit)) {
            rel4_signal(caps[r % THREADS][bit]);
        }
    }
}

TEST("uintr traffic: of random signals between eight threads in three address spaces, none is lost or "
     "invented")
{
    seL4_Word random = 4711, last = 0, still = 0;

    set_up();
    for (unsigned i = 0; i < THREADS; i++) {
        test_thread_start(uintr_threads[i].thread);
    }
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, UINTR_PRIORITY - 1));
    WAIT_FOR(ready == THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        may_signal(THREADS, i, bit_of(THREADS, 0));
        rel4_signal(caps[i][bit_of(THREADS, 0)]);
    }
    while (finished < THREADS && still < NO_CHANGE) {
        disturb(&random);
        uintr_pause();
        seL4_Word now = sum(taken);
        still = now == last ? still + 1 : 0;
        last = now;
    }
    for (still = 0; sum(taken) != sum(sent) && still < NO_CHANGE; still++) {
        uintr_pause();
    }
    CHECK_EQUAL(finished, THREADS);
    CHECK_EQUAL(lost_or_invented, 0);
    CHECK_EQUAL(sum(taken), sum(sent));
    CHECK(sum(sent) >= (seL4_Word)QUOTA * THREADS);
    report();
    seL4_Word interrupts = 0, restarts = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        const seL4_Word *control = (const seL4_Word *)(uintr_threads[i].stack + 2048) - 8;
        interrupts += control[4];
        restarts += control[5];
    }
    test_note("%lu signals, %lu times into a handler, %lu of them between looking and blocking", sum(sent),
              interrupts, restarts);
    CHECK(interrupts > 0);
}
