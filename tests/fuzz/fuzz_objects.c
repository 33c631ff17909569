/*
 * Decode and perform of every invocation, and IPC between them: the input is a program for threads of a small
 * world with all types of objects. Whichever thread the scheduler chose does what the next bytes say. Every
 * byte string is a program; seeds.pl has an assembler for it.
 *
 * Operations are interrupted wherever the kernel lets them be, and repeated later, or never, with others in
 * between. After each step the whole world is inspected, and a refused invocation must have changed nothing.
 * In the end all is deleted, and nothing may be left.
 */
#include "fuzz.h"

#include "arch/riscv64/asid.h"
#include "cap/delete.h"
#include "ipc/endpoint.h"
#include "ipc/fault.h"
#include "ipc/message.h"
#include "ipc/notification.h"
#include "object/irq.h"
#include "object/request.h"
#include "object/tcb.h"
#include "object/vspace.h"
#include "thread/domain.h"
#include "thread/scheduler.h"
#include "thread/switch.h"
#include "world.h"

#include <string.h>

#define MAX_STEPS   60
#define MAX_PENDING 4
#define MAX_WORDS   15
#define PATIENCE    20000 /* calls after which a deletion counts as stuck */
#define IRQS        3

/* What lies on the ground: nothing of it can be moved or deleted, but it can be invoked and copied from. */
enum {
    ROOT_CNODE,
    MEMORY_LARGE,
    MEMORY_SMALL,
    MEMORY_PAGE,
    MEMORY_DEVICE,
    MAIN_THREAD,
    IRQ_CONTROL,
    ASID_CONTROL,
    DOMAIN,
    GROUND_CAPS
};

#define ROOT_RADIX      5
#define LARGE_BITS      15
#define SMALL_BITS      13
#define DEVICE_ADDRESS  0x40000000ul
#define DEVICE_BITS     30
#define GROUND_OPERANDS 0xf0 /* the first byte of an operand that names a slot of the ground */

struct input {
    const uint8_t *at;
    const uint8_t *end;
};

/* Interrupted operations, as the bytes that say what they are. */
static struct input pending[MAX_PENDING];
static unsigned pending_count;

static struct tcb *main_thread(void)
{
    return cap_object(world.ground[MAIN_THREAD].cap);
}

static struct tcb *actor(void)
{
    return this_hart()->current;
}

static uint8_t take(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* A slot: on the ground, or of the root CNode, or up to seven bits further, behind a CNode. NULL if there is
 * none. */
static struct slot *take_slot(struct input *in)
{
    struct lookup_result result;
    word_t first = take(in);

    if (first >= GROUND_OPERANDS) {
        return &world.ground[(first - GROUND_OPERANDS) % GROUND_CAPS];
    }
    unsigned more_bits = first & 7;
    word_t index = (first >> 3) << more_bits | (more_bits ? take(in) & mask(more_bits) : 0);
    cap_lookup_bits(world.ground[ROOT_CNODE].cap, index, ROOT_RADIX + more_bits, &result);
    return result.slot;
}

/* A message word: small, or a depth that resolves a slot, or a power of two or one less, or a capability
 * pointer, or anything. */
static word_t take_word(struct input *in)
{
    word_t first = take(in);
    word_t word = 0;

    if (first < 0x60) {
        return first;
    }
    if (first < 0xa0) {
        return ROOT_RADIX + first % 4;
    }
    if (first < 0xe0) {
        return bit(take(in) & 63) - (first & 1);
    }
    if (first < 0xf8) {
        word = (word_t)take(in) << 56;
        return word | (word_t)take(in) << 48;
    }
    for (unsigned i = 0; i < sizeof(word); i++) {
        word = word << 8 | take(in);
    }
    return word;
}

/* One of the labels that the type knows, or, as every so often, another. */
static word_t take_label(struct input *in, enum cap_type type)
{
    static const struct {
        uint16_t first, count;
    } labels[CAP_TYPES] = {
        [CAP_UNTYPED] = { LABEL_UNTYPED_RETYPE, 1 },
        [CAP_TCB] = { LABEL_TCB_READ_REGISTERS, LABEL_TCB_SET_FLAGS - LABEL_TCB_READ_REGISTERS + 1 },
        [CAP_CNODE] = { LABEL_CNODE_REVOKE, LABEL_CNODE_SAVE_CALLER - LABEL_CNODE_REVOKE + 1 },
        [CAP_IRQ_CONTROL] = { LABEL_IRQ_CONTROL_GET, 1 },
        [CAP_IRQ_HANDLER] = { LABEL_IRQ_HANDLER_ACK, 3 },
        [CAP_DOMAIN] = { LABEL_DOMAIN_SET, 3 },
        [CAP_PAGE_TABLE] = { LABEL_PAGE_TABLE_MAP, 2 },
        [CAP_FRAME] = { LABEL_PAGE_MAP, 3 },
        [CAP_ASID_CONTROL] = { LABEL_ASID_CONTROL_MAKE_POOL, 1 },
        [CAP_ASID_POOL] = { LABEL_ASID_POOL_ASSIGN, 1 },
        [CAP_ASYNC_QUEUE] = { REL4_LABEL_QUEUE_BIND, 8 },
    };
    unsigned choice = take(in);

    if (choice >= 0xc0) {
        return choice - 0xc0; /* any */
    }
    return labels[type].count ? labels[type].first + choice % labels[type].count : choice;
}

/* Makes the request. An error leaves no trace, neither does a word beyond the message get read. */
static enum progress serve(struct request *request, const word_t *words)
{
    word_t *copy = fuzz_copy(words, request->length * sizeof(word_t));
    enum progress progress;
    struct result result;

    request->first = copy;
    request->words = (struct user_words){ copy };
    request->thread->state = THREAD_RESTART;

    struct host_snapshot *before = host_snapshot_take();
    word_t error = request_serve(request, &result, &progress);
    if (error == ERR_NONE) {
        host_snapshot_drop(before);
    } else {
        require(progress == DONE && error <= ERR_NOT_ENOUGH_MEMORY);
        require(host_snapshot_matches(before));
    }
    require(result.length <= ABI_MSG_MAX_LENGTH);
    if (progress == DONE && request->thread->state == THREAD_RESTART) {
        request->thread->state = THREAD_RUNNING;
    }
    free(copy);
    return progress;
}

/* slot, label, counts, extra capabilities, words */
static void invoke(struct input *in)
{
    static const unsigned interruptions[] = { 0, 1, 2, 7 }; /* at every so many preemption points */
    struct input start = { in->at - 1, in->end };
    struct slot *slot = take_slot(in);
    word_t words[MAX_WORDS];

    if (!slot || !cap_is_kernel_object(slot->cap)) {
        return;
    }
    struct request request = { .thread = actor(), .slot = slot, .cap = slot->cap };
    request.label = take_label(in, cap_type(slot->cap));
    unsigned counts = take(in);
    request.length = counts & 15;
    request.extra_count = counts >> 4 & 3;
    for (unsigned i = 0; i < request.extra_count; i++) {
        request.extra[i] = take_slot(in);
        if (!request.extra[i]) {
            return;
        }
    }
    for (unsigned i = 0; i < request.length; i++) {
        words[i] = take_word(in);
    }
    host_preempt_every(interruptions[counts >> 6]);
    if (serve(&request, words) == AGAIN && pending_count < MAX_PENDING) {
        pending[pending_count++] = start;
    }
    host_preempt_never();
}

static void repeat(struct input *in)
{
    if (pending_count) {
        unsigned choice = take(in) % pending_count;
        struct input again = pending[choice];
        pending[choice] = pending[--pending_count];
        again.at++; /* the step's kind */
        invoke(&again);
    }
}

/* Send, NBSend and Call, as the front door does it. */
static void send(struct input *in)
{
    unsigned flags = take(in) & (SEND_BLOCKING | SEND_CALL);
    struct slot *slot = take_slot(in);

    if (!slot) {
        return;
    }
    if (cap_is(slot->cap, CAP_REPLY)) {
        reply_send(actor(), slot);
    } else if (cap_is(slot->cap, CAP_NOTIFICATION) && cap_allows(slot->cap, ABI_RIGHT_WRITE)) {
        notification_signal(cap_object(slot->cap), cap_badge(slot->cap));
    } else if (cap_is(slot->cap, CAP_ENDPOINT) && cap_allows(slot->cap, ABI_RIGHT_WRITE)) {
        endpoint_send(actor(), slot->cap, flags);
    }
}

/* Reply, Recv, NBRecv and ReplyRecv. */
static void receive(struct input *in)
{
    unsigned flags = take(in);

    if (flags & 1) {
        reply_to_caller(actor());
    }
    const struct slot *slot = flags & 2 ? take_slot(in) : NULL;
    if (!slot || !cap_allows(slot->cap, ABI_RIGHT_READ)) {
        return;
    }
    if (cap_is(slot->cap, CAP_ENDPOINT)) {
        endpoint_receive(actor(), slot->cap, flags & 4);
    } else if (cap_is(slot->cap, CAP_NOTIFICATION)) {
        struct notification *notification = cap_object(slot->cap);
        if (!notification->bound || notification->bound == actor()) {
            notification_receive(actor(), notification, flags & 4);
        }
    }
}

/* The next message that the thread sends: its info word, and a word in memory if the thread has a buffer. */
static void compose(struct input *in)
{
    word_t info = (word_t)take(in) << 8 | take(in);
    struct user_words buffer = ipc_buffer(actor(), true);
    unsigned at = take(in) % (BUFFER_RECEIVE_PATH + 3);
    word_t word = take_word(in);

    actor()->context.regs[ABI_REG_A1] = info;
    if (user_words_exist(buffer)) {
        user_store(buffer, at, word);
    }
}

static void fault(struct input *in)
{
    struct lookup_failure failure = { .type = LOOKUP_MISSING_CAPABILITY };

    switch (take(in) & 3) {
    case 0:
        fault_raise_vm(actor(), take(in), 5, false);
        break;
    case 1:
        fault_raise_exception(actor(), take(in));
        break;
    case 2:
        fault_raise_unknown_syscall(actor(), take(in));
        break;
    default:
        fault_raise_cap(actor(), take(in), false, &failure);
        break;
    }
}

static void interrupt(struct input *in)
{
    host_machine.irq_waiting = take(in) % (IRQS + 2);
    irq_deliver(this_hart());
}

static void tick(struct input *in)
{
    if (take(in) & 1) {
        sched_yield(this_hart());
    } else {
        sched_tick(this_hart());
    }
}

static void (*const steps[])(struct input *in) = {
    invoke, invoke, invoke, repeat, send, receive, compose, fault, interrupt, tick,
};

/* As kernel_exit(). When nothing can run, somebody resumes the main thread. */
static void leave_kernel(void)
{
    struct hart *hart = this_hart();
    struct tcb *next = sched_choose(hart);

    if (next != hart->current) {
        thread_switch(hart, next);
    }
    if (next == &idle_thread) {
        thread_suspend(main_thread());
        thread_resume(main_thread());
        next = sched_choose(hart);
        if (next != hart->current) {
            thread_switch(hart, next);
        }
    }
    if (next->state == THREAD_RESTART) {
        next->context.next_pc = next->context.regs[ABI_REG_PC];
        next->state = THREAD_RUNNING;
    }
    require(next->state == THREAD_RUNNING && !next->ready_queued && hart->candidate != next);
}

static void inspect(void)
{
    world_discover();
    world_check();
    world_forget_dead();
}

static void put_on_ground(unsigned at, struct cap cap)
{
    slot_insert_root(&world.ground[at], cap);
}

static void put_memory(unsigned at, unsigned bits)
{
    put_on_ground(at, cap_make_untyped(ptr_to_phys(host_take(bit(bits))), bits, false, 0));
}

/* What the root CNode holds at first; its other slots are empty. */
enum {
    AT_CNODE = 1, /* itself */
    AT_MEMORY,
    AT_THREAD,
    AT_THREAD_2,
    AT_ENDPOINT,
    AT_NOTIFICATION,
    AT_CNODE_4,
    AT_CNODE_2,
    AT_FRAME,
    AT_VSPACE,
    AT_TABLE,
    AT_TABLE_2,
    AT_POOL,
    AT_IRQ,
    AT_DEVICE_FRAME,
};

#define BUFFER_ADDRESS 0x400000ul

static struct slot *root_slot(unsigned index)
{
    return (struct slot *)cap_object(world.ground[ROOT_CNODE].cap) + index;
}

/* An invocation that succeeds, with up to three extra capabilities. */
static void must(struct slot *slot, word_t label, struct slot *const extra[3], unsigned length,
                 const word_t *words)
{
    struct request request = {
        .thread = main_thread(),
        .slot = slot,
        .cap = slot->cap,
        .label = label,
        .length = length,
        .extra_count = 3,
        .extra = { extra[0], extra[1], extra[2] },
        .first = words,
        .words = { (word_t *)words },
    };
    enum progress progress;
    struct result result;

    require(request_serve(&request, &result, &progress) == ERR_NONE && progress == DONE);
}

#define EXTRA(a, b, c) ((struct slot *const[3]){ (a), (b), (c) })
#define WORDS(...)                                                       \
    sizeof((word_t[]){ __VA_ARGS__ }) / sizeof(word_t), (const word_t[]) \
    {                                                                    \
        __VA_ARGS__                                                      \
    }

static void make(word_t type, word_t size_bits, unsigned at, unsigned count)
{
    struct slot *memory = &world.ground[type == ABI_TYPE_GIGA_PAGE ? MEMORY_DEVICE : MEMORY_LARGE];
    struct slot *root = &world.ground[ROOT_CNODE];

    must(memory, LABEL_UNTYPED_RETYPE, EXTRA(root, root, root), WORDS(type, size_bits, 0, 0, at, count));
}

static void make_objects(void)
{
    struct slot *root = &world.ground[ROOT_CNODE];

    make(ABI_TYPE_UNTYPED, SMALL_BITS, AT_MEMORY, 1);
    make(ABI_TYPE_TCB, 0, AT_THREAD, 2);
    make(ABI_TYPE_ENDPOINT, 0, AT_ENDPOINT, 1);
    make(ABI_TYPE_NOTIFICATION, 0, AT_NOTIFICATION, 1);
    make(ABI_TYPE_CNODE, 2, AT_CNODE_4, 1);
    make(ABI_TYPE_CNODE, 1, AT_CNODE_2, 1);
    make(ABI_TYPE_4K_PAGE, 0, AT_FRAME, 1);
    make(ABI_TYPE_PAGE_TABLE, 0, AT_VSPACE, 3);
    make(ABI_TYPE_GIGA_PAGE, 0, AT_DEVICE_FRAME, 1);
    must(&world.ground[ASID_CONTROL], LABEL_ASID_CONTROL_MAKE_POOL,
         EXTRA(&world.ground[MEMORY_PAGE], root, root), WORDS(AT_POOL, ROOT_RADIX));
    must(&world.ground[IRQ_CONTROL], LABEL_IRQ_CONTROL_GET, EXTRA(root, root, root),
         WORDS(1, AT_IRQ, ROOT_RADIX));
    slot_insert(root_slot(AT_CNODE), root->cap, root);
}

/* An address space with one page, which is also the IPC buffer of two threads, who share all. */
static void connect_objects(void)
{
    struct slot *vspace = root_slot(AT_VSPACE);
    struct slot *main_slot = &world.ground[MAIN_THREAD];
    struct slot *threads[] = { root_slot(AT_THREAD), main_slot };

    must(root_slot(AT_POOL), LABEL_ASID_POOL_ASSIGN, EXTRA(vspace, vspace, vspace), WORDS(0));
    must(root_slot(AT_TABLE), LABEL_PAGE_TABLE_MAP, EXTRA(vspace, vspace, vspace), WORDS(BUFFER_ADDRESS, 0));
    must(root_slot(AT_TABLE_2), LABEL_PAGE_TABLE_MAP, EXTRA(vspace, vspace, vspace),
         WORDS(BUFFER_ADDRESS, 0));
    must(root_slot(AT_FRAME), LABEL_PAGE_MAP, EXTRA(vspace, vspace, vspace), WORDS(BUFFER_ADDRESS, 3, 0));
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
        must(threads[i], LABEL_TCB_CONFIGURE, EXTRA(&world.ground[ROOT_CNODE], vspace, root_slot(AT_FRAME)),
             WORDS((word_t)AT_ENDPOINT << (WORD_BITS - ROOT_RADIX), 0, 0, BUFFER_ADDRESS));
    }
    must(threads[0], LABEL_TCB_SET_SCHED_PARAMS, EXTRA(main_slot, vspace, vspace), WORDS(200, 100));
    must(threads[0], LABEL_TCB_RESUME, EXTRA(vspace, vspace, vspace), WORDS(0));
}

static void build_world(void)
{
    host_reset();
    memset(&world, 0, sizeof(world));
    irq_init(IRQS, IRQS + 1);
    world.irqs = IRQS;
    world.ground = host_take(sizeof(struct slot) << GROUND_RADIX);
    host_check_init(world.ground, GROUND_SLOTS);
    put_on_ground(ROOT_CNODE, cap_make_cnode(host_take(sizeof(struct slot) << ROOT_RADIX), ROOT_RADIX, 0, 0));
    put_memory(MEMORY_LARGE, LARGE_BITS);
    put_memory(MEMORY_SMALL, SMALL_BITS);
    put_memory(MEMORY_PAGE, ABI_ASID_POOL_BITS);
    put_on_ground(MEMORY_DEVICE, cap_make_untyped(DEVICE_ADDRESS, DEVICE_BITS, true, 0));
    put_on_ground(IRQ_CONTROL, cap_make(CAP_IRQ_CONTROL, 0));
    put_on_ground(ASID_CONTROL, cap_make(CAP_ASID_CONTROL, 0));
    put_on_ground(DOMAIN, cap_make(CAP_DOMAIN, 0));

    struct tcb *thread = host_take(bit(ABI_TCB_BITS));
    tcb_create(thread, &idle_thread);
    thread->priority = 100;
    thread->max_priority = NUM_PRIORITIES - 1;
    put_on_ground(MAIN_THREAD, cap_make_object(CAP_TCB, thread, 0));
    thread_resume(thread);
    leave_kernel();
    make_objects();
    connect_objects();
    leave_kernel();
    inspect();
    pending_count = 0;
}

static void revoke(struct slot *slot)
{
    for (unsigned patience = PATIENCE; slot_revoke(slot) == AGAIN;) {
        require(patience--);
    }
}

/* All capabilities are children of those on the ground. */
static void delete_everything(void)
{
    thread_suspend(main_thread());
    /* Whoever ran is put aside as at any kernel exit; nobody runs from here on. */
    if (thread_is_runnable(this_hart()->current)) {
        sched_enqueue_head(this_hart()->current);
    }
    this_hart()->current = &idle_thread;
    for (unsigned i = 0; i < GROUND_CAPS; i++) {
        revoke(&world.ground[i]);
        inspect();
        require(!slot_has_children(&world.ground[i]));
    }
    for (unsigned i = 0; i < TCB_SLOTS; i++) {
        slot_delete(&main_thread()->slots[i]);
    }
    for (unsigned i = 0; i < bit(ROOT_RADIX); i++) {
        require(slot_is_empty(root_slot(i)));
    }
    inspect();
    require(world.count == 2); /* the root CNode and the main thread */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, data + size };

    build_world();
    for (unsigned step = 0; step < MAX_STEPS && in.at < in.end; step++) {
        steps[take(&in) % ARRAY_SIZE(steps)](&in);
        leave_kernel();
        inspect();
    }
    delete_everything();
    return 0;
}
