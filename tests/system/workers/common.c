/*
 * Waiting with an alarm, threads, queues and victims.
 */
#include "workers.h"

#include <string.h>

#include <rel4/invocations.h>
#include <rel4/setup.h>
#include <sel4/runtime.h>

/* Addresses that nothing else is near. */
#define RINGS      0x2000000000
#define RING_BYTES 0x200000ul
#define QUEUES     8

seL4_CPtr never;

static seL4_CPtr told, handler;
static seL4_Word kept;

/* ---- Time ---- */

seL4_Word instruction_nanoseconds(void)
{
    seL4_Word nanoseconds = 0;

    sel4_argument("nanoseconds", &nanoseconds);
    return nanoseconds;
}

bool on_instruction_clock(void)
{
    if (!instruction_nanoseconds()) {
        test_note("only where instructions are the clock");
    }
    return instruction_nanoseconds() > 0;
}

/* Waits for bits, or until the alarm; returns which of them have come. */
static seL4_Word collect(seL4_Word bits, seL4_Word nanoseconds)
{
    seL4_Word alarm = rtc_time() + nanoseconds;
    bool over = false;

    rtc_set_alarm(alarm);
    while (!over && (!bits || (kept & bits) != bits)) {
        seL4_Word badge;
        seL4_Wait(told, &badge);
        kept |= badge & ~(seL4_Word)ALARM;
        if (badge & ALARM) {
            over = rtc_time() >= alarm;
            *rtc(RTC_CLEAR_INTERRUPT) = 1;
            CHECK_OK(seL4_IRQHandler_Ack(handler));
        }
    }
    *rtc(RTC_CLEAR_ALARM) = 1;
    seL4_Word come = kept & bits;
    kept &= ~bits;
    return come;
}

bool await(const char *file, int line, seL4_Word bits, const char *what)
{
    seL4_Word come = collect(bits, patience());

    if (come != bits) {
        test_fail(file, line, "%s: only 0x%lx of 0x%lx came", what, come, bits);
    }
    return come == bits;
}

bool come_within(seL4_Word bits, seL4_Word nanoseconds)
{
    return collect(bits, nanoseconds) == bits;
}

void forget(seL4_Word bits)
{
    seL4_Word badge;

    seL4_Poll(told, &badge);
    kept = (kept | badge) & ~bits;
}

void let_run(seL4_Word nanoseconds)
{
    collect(0, nanoseconds);
}

void begin(void)
{
    told = test_object(seL4_NotificationObject, 0);
    never = test_object(seL4_NotificationObject, 0);
    handler = test_slot();
    kept = 0;
    CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, RTC_IRQ, CNODE, handler, DEPTH));
    CHECK_OK(seL4_IRQHandler_SetNotification(handler, teller(ALARM)));
    *rtc(RTC_CLEAR_ALARM) = 1;
    *rtc(RTC_CLEAR_INTERRUPT) = 1;
    *rtc(RTC_IRQ_ENABLED) = 1;
}

seL4_CPtr teller(seL4_Word bits)
{
    return test_mint(told, seL4_AllRights, bits);
}

seL4_Word patience(void)
{
    return (instruction_nanoseconds() ? 1000 : 10000) * MILLISECOND;
}

seL4_Word ticks(unsigned number)
{
    return instruction_nanoseconds() ? number * TICK * 100 + MILLISECOND / 4 : patience();
}

/* ---- Domains ---- */

struct answer domain_set(seL4_Word domain, seL4_CPtr tcb)
{
    return INVOKE(seL4_CapDomain, DomainSetSet, .length = 1, .words = { domain }, .extras = 1,
                  .caps = { tcb });
}

struct answer domain_schedule(seL4_Word index, seL4_Word domain, seL4_Word ticks)
{
    return INVOKE(seL4_CapDomain, DomainScheduleConfigure, .length = 3, .words = { index, domain, ticks });
}

struct answer domain_start(seL4_Word index)
{
    return INVOKE(seL4_CapDomain, DomainScheduleSetStart, .length = 1, .words = { index });
}

seL4_Word domains(void)
{
    return domain_schedule(0, ~0ul, 0).words[1] + 1;
}

/* ---- Threads ---- */

struct test_thread *make(void (*entry)(void *), void *arg, seL4_Word priority, seL4_Word node)
{
    struct test_thread *thread = test_thread_create(entry, arg, priority, 0);

    test_thread_set_node(thread, node);
    return thread;
}

struct test_thread *start(void (*entry)(void *), void *arg, seL4_Word priority, seL4_Word node)
{
    struct test_thread *thread = make(entry, arg, priority, node);

    test_thread_start(thread);
    return thread;
}

void count(void *counter)
{
    for (;;) {
        ++*(volatile seL4_Word *)counter;
    }
}

void sleep_for_ever(void *unused)
{
    for (;;) {
        seL4_Wait(never, NULL);
    }
}

static void spin(void *arg)
{
    struct spinner *spinner = arg;

    for (;;) {
        seL4_Wait(spinner->go, NULL);
        spinner->spins = true;
        while (!spinner->stop) {
        }
        spinner->spins = false;
    }
}

void spinner_start(struct spinner *spinner, seL4_Word priority, seL4_Word node)
{
    spinner->go = test_object(seL4_NotificationObject, 0);
    spinner->spins = spinner->stop = false;
    start(spin, spinner, priority, node);
}

void spinner_go(struct spinner *spinner)
{
    spinner->stop = false;
    seL4_Signal(spinner->go);
}

static void wait_until(struct spinner *spinner, bool spins)
{
    for (unsigned i = 0; spinner->spins != spins && i < patience() / MILLISECOND; i++) {
        let_run(MILLISECOND / 10);
    }
    CHECK_EQUAL(spinner->spins, spins);
}

void spinner_spin(struct spinner *spinner)
{
    spinner_go(spinner);
    wait_until(spinner, true);
}

void spinner_stop(struct spinner *spinner)
{
    spinner->stop = true;
    wait_until(spinner, false);
}

void occupy(seL4_Word node)
{
    static volatile seL4_Word counts[8];
    seL4_Word from = now();

    counts[node] = 0;
    start(count, (void *)&counts[node], LOWEST, node);
    /* On another hart it runs now: that does not count as idle any more. */
    while (node && !counts[node] && now() - from < patience() / 100) {
    }
}

void occupy_harts_but(seL4_Word node)
{
    for (seL4_Word i = 0; i < test_nodes(); i++) {
        if (i != node) {
            occupy(i);
        }
    }
}

static struct {
    seL4_CPtr go, ran;
} bystander;

static void stand_by(void *unused)
{
    for (;;) {
        seL4_Wait(bystander.go, NULL);
        seL4_Signal(bystander.ran);
    }
}

void make_bystander(seL4_Word node)
{
    bystander.go = test_object(seL4_NotificationObject, 0);
    bystander.ran = teller(BELOW);
    start(stand_by, NULL, LOW, node);
}

seL4_CPtr bystander_go(void)
{
    return bystander.go;
}

bool below_runs(const char *file, int line)
{
    forget(BELOW);
    seL4_Signal(bystander.go);
    return await(file, line, BELOW, "what is less important runs");
}

/* ---- Queues ---- */

struct rel4_queue *queue_new(seL4_CPtr tcb, unsigned bits, seL4_Word policy)
{
    static struct rel4_queue queues[QUEUES];
    static unsigned used; /* those of the last test are gone with its memory */
    unsigned i = used++ % QUEUES, memory_bits = 16;
    unsigned slots = rel4_queue_slots(bits, bits + 2);
    seL4_CPtr first = test_slot();

    while (slots-- > 1) {
        test_slot();
    }
    while (LIBSEL4_BIT(memory_bits) < rel4_queue_bytes(bits, bits + 2) + 0x8000) {
        memory_bits++;
    }
    CHECK_OK(rel4_queue_create(&queues[i], &(struct rel4_queue_options){
                                               .untyped = test_object(seL4_UntypedObject, memory_bits),
                                               .cnode = CNODE,
                                               .first_slot = first,
                                               .vspace = VSPACE,
                                               .vaddr = RINGS + i * RING_BYTES,
                                               .tcb = tcb,
                                               .notification = teller(ANSWERED),
                                               .request_bits = bits,
                                               .response_bits = bits + 2,
                                               .policy = (unsigned)policy,
                                           }));
    return &queues[i];
}

void put(struct rel4_queue *queue, seL4_CPtr cap, seL4_Word label, const struct arguments *arguments)
{
    CHECK(rel4_queue_put(queue, &(struct rel4_request){
                                    .cookie = (uint32_t)queue->request_producer,
                                    .cap = cap,
                                    .label = label,
                                    .word_count = (unsigned)arguments->length,
                                    .extra_count = (unsigned)arguments->extras,
                                    .words = arguments->words,
                                    .extras = arguments->caps,
                                }));
}

void put_many(struct rel4_queue *queue, unsigned number)
{
    while (number--) {
        PUT(queue, queue->first_slot + 1, RISCVPageGetAddress, .length = 0);
    }
}

#define KIDS 64

static struct {
    seL4_CPtr untyped, kids;
    unsigned number;
} slow;

void slow_begin(void)
{
    slow.untyped = test_object(seL4_UntypedObject, seL4_PageBits + 6);
    slow.kids = test_slot();
    for (unsigned i = 1; i < KIDS; i++) {
        test_slot();
    }
    slow.number = 0;
}

bool put_slow(struct rel4_queue *queue)
{
    static const seL4_CPtr extras[] = { CNODE };
    const seL4_Word retype[] = { seL4_RISCV_4K_Page, 0, 0, 0, slow.kids, KIDS };
    const seL4_Word revoke[] = { slow.untyped, DEPTH };
    struct rel4_request request = { .cap = CNODE, .label = CNodeRevoke, .word_count = 2, .words = revoke };

    if (slow.number % 2 == 0) {
        request = (struct rel4_request){ .cap = slow.untyped,
                                         .label = UntypedRetype,
                                         .word_count = 6,
                                         .words = retype,
                                         .extra_count = 1,
                                         .extras = extras };
    }
    return rel4_queue_put(queue, &request) && ++slow.number;
}

bool answered_within(struct rel4_queue *queue, unsigned number, seL4_Word nanoseconds)
{
    uint32_t *state = rel4_queue_header(queue, REL4_HEADER_REQUESTER_STATE);
    seL4_Word until = now() + nanoseconds / 100, time;

    for (;;) {
        rel4_ring_sleep(state);
        time = now();
        if (answers(queue) >= number || time >= until) {
            rel4_ring_stay(state);
            return answers(queue) >= number;
        }
        collect(ANSWERED, (until - time) * 100);
    }
}

bool take(const char *file, int line, struct rel4_queue *queue, unsigned number)
{
    uint32_t *state = rel4_queue_header(queue, REL4_HEADER_REQUESTER_STATE);
    seL4_Word word;
    struct rel4_response response = { .capacity = 1, .words = &word };

    for (unsigned taken = 0; taken < number;) {
        if (rel4_queue_take(queue, &response)) {
            if (response.error) {
                test_fail(file, line, "answer %u: error %u", taken, response.error);
            }
            taken++;
            continue;
        }
        rel4_ring_sleep(state);
        if (!answers(queue) && collect(ANSWERED, patience()) != ANSWERED) {
            test_fail(file, line, "only %u of %u answers", taken, number);
            return false;
        }
        rel4_ring_stay(state);
    }
    /* Their room, and nothing else: what is put is not published. */
    index_publish(rel4_queue_header(queue, REL4_HEADER_RESPONSE_CONSUMER),
                  (uint32_t)queue->response_consumer);
    return true;
}

/* ---- Victims ---- */

void victim_fill(struct victim *block)
{
    static seL4_Word value = 0x123456789abcdef;
    seL4_CPtr tells = teller(SEEN);

    memset(block, 0, sizeof(*block));
    for (unsigned i = 0; i < 32; i++) {
        block->x[i] = value += 0x9e3779b97f4a7c15;
        block->f[i] = value += 0x9e3779b97f4a7c15;
    }
    block->x[10] = tells;
    block->x[11] = 0;
    block->x[17] = (seL4_Word)seL4_SysSend;
    block->fcsr = 0x75; /* rounding mode 3, and three flags */
    block->uepc = value & 0x3ffffffff8;
    block->utval = value += 0x9e3779b97f4a7c15;
}

void victim_fill_like(struct victim *block, const struct victim *thread)
{
    victim_fill(block);
    memcpy(block->f, thread->f, sizeof(block->f));
    block->receiver = thread->receiver;
    block->utvec = thread->utvec;
    block->uscratch = thread->uscratch;
    block->uepc = thread->uepc;
    block->utval = thread->utval;
}

void victim_context(const struct victim *block, seL4_UserContext *context)
{
    /* By number from x1 on, in the order of the register block. */
    static const unsigned char numbers[] = { 1,  2,  3,  8,  9,  18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 10,
                                             11, 12, 13, 14, 15, 16, 17, 5,  6,  7,  28, 29, 30, 31, 4 };
    seL4_Word *registers = (seL4_Word *)context;

    for (unsigned i = 0; i < sizeof(numbers); i++) {
        registers[1 + i] = block->x[numbers[i]];
    }
    context->t6 = (seL4_Word)block;
    context->pc = (seL4_Word)victim_look;
}

void victim_start(struct victim_thread *thread, seL4_Word priority, seL4_Word node, bool receiver)
{
    static struct victim blocks[8];
    static unsigned used;
    struct victim *block = &blocks[used++ % 8];
    seL4_UserContext context;

    thread->untyped = test_object(seL4_UntypedObject, seL4_PageBits);
    thread->tcb = test_slot();
    thread->faults = test_object(seL4_EndpointObject, 0);
    thread->block = block;
    CHECK_OK(seL4_Untyped_Retype(thread->untyped, seL4_TCBObject, 0, CNODE, 0, 0, thread->tcb, 1));
    CHECK_OK(seL4_TCB_Configure(thread->tcb, thread->faults, CNODE, 0, VSPACE, 0, 0, 0));
    CHECK_OK(seL4_TCB_SetSchedParams(thread->tcb, SELF, priority, priority));
#if CONFIG_MAX_NUM_NODES > 1
    CHECK_OK(seL4_TCB_SetAffinity(thread->tcb, node));
#else
#endif
    victim_fill(block);
    if (receiver) {
        block->receiver = 1;
        block->utvec = (seL4_Word)victim_handler;
        block->uscratch = block->utval ^ block->x[1];
        thread->notification = test_object(seL4_NotificationObject, 0);
        CHECK_OK(seL4_TCB_BindNotification(thread->tcb, thread->notification));
        CHECK_OK(rel4_TCB_RegisterReceiver(thread->tcb, thread->notification, block->utvec, block->uscratch,
                                           NULL));
    }
    victim_context(block, &context);
    context.pc = (seL4_Word)victim_begin;
    CHECK_OK(seL4_TCB_WriteRegisters(thread->tcb, true, 0, ABI_REG_COUNT, &context));
}

void victim_call(struct victim *block, long number, seL4_Word a0, seL4_Word a1, seL4_Word then_a0,
                 seL4_Word then_a1)
{
    block->call_a7 = (seL4_Word)number;
    block->call_a0 = a0;
    block->call_a1 = a1;
    block->then_a0 = then_a0;
    block->then_a1 = then_a1;
    __atomic_store_n(&block->call, 1, __ATOMIC_RELEASE);
}

bool victim_runs(const char *file, int line, struct victim *block)
{
    forget(SEEN);
    __atomic_store_n(&block->tell, 1, __ATOMIC_RELEASE);
    if (!await(file, line, SEEN, "the thread runs")) {
        return false;
    }
    if (block->wrong) {
        test_fail(file, line, "the thread found something wrong: %lu (victim.h)", block->wrong);
    }
    return block->wrong == 0;
}
