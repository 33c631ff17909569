/*
 * Decode and perform of every invocation, and IPC between them: the input is a program for threads of a small
 * world with all types of objects. Whichever thread the scheduler chose does what the next bytes say. Every
 * byte string is a program; seeds.pl has an assembler for it.
 *
 * Threads may have queues of asynchronous calls: they write requests, or anything, into their memory, and the
 * worker serves them as at each kernel exit.
 *
 * Operations are interrupted wherever the kernel lets them be, and repeated later, or never, with others in
 * between. After each step the whole world is inspected, and a refused invocation must have changed nothing.
 * In the end all is deleted, and nothing may be left.
 */
#include "furniture.h"
#include "fuzz.h"

#include "arch/asid.h"
#include "cap/delete.h"
#include "ipc/endpoint.h"
#include "ipc/fault.h"
#include "ipc/message.h"
#include "ipc/notification.h"
#include "object/async_queue.h"
#include "object/console_turn.h"
#include "object/irq.h"
#include "object/request.h"
#include "object/vspace.h"
#include "thread/domain.h"
#include "thread/scheduler.h"
#include "thread/switch.h"
#include "worker/placement.h"

#include <string.h>

#define MAX_STEPS   60
#define MAX_PENDING 4
#define MAX_WORDS   15
#define PATIENCE    20000 /* calls after which a deletion counts as stuck */

#define GROUND_OPERANDS 0xf0 /* the first byte of an operand that names a slot of the ground */

struct input {
    const uint8_t *at;
    const uint8_t *end;
};

/* Interrupted operations, as the bytes that say what they are. */
static struct input pending[MAX_PENDING];
static unsigned pending_count;

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

/* The labels that each type knows. */
static const struct {
    unsigned count;
    const uint16_t *labels;
} known[CAP_TYPES] = {
#include <interface/labels.inc>
};

/* One of the labels that the type knows, or, as every so often, another. */
static word_t take_label(struct input *in, enum cap_type type)
{
    unsigned choice = take(in);

    if (choice >= 0xc0) {
        return choice - 0xc0; /* any */
    }
    return known[type].count ? known[type].labels[choice % known[type].count] : choice;
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
    /* It may have been deleted, and be something else. */
    if (progress == DONE && request->thread == actor() && actor()->state == THREAD_RESTART) {
        actor()->state = THREAD_RUNNING;
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
    enum receive_mode mode = flags & 4 ? RECEIVE_OR_BLOCK : RECEIVE_OR_FAIL;
    if (cap_is(slot->cap, CAP_ENDPOINT)) {
        endpoint_receive(actor(), slot->cap, mode);
    } else if (cap_is(slot->cap, CAP_NOTIFICATION)) {
        struct notification *notification = cap_object(slot->cap);
        if (!notification->bound || notification->bound == actor()) {
            notification_receive(actor(), notification, mode);
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
        fault_raise_vm(actor(), take(in), VM_LOAD);
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
        placement_tick(this_hart());
        console_tick(this_hart());
    }
}

/* A thread writes a word into a frame: one that a ring's header has, or any other. */
static void scribble(struct input *in)
{
    const struct slot *slot = take_slot(in);
    unsigned place = take(in);
    word_t word = take_word(in);

    if (slot && cap_is(slot->cap, CAP_FRAME) && !frame_is_device(slot->cap) &&
        frame_rights(slot->cap) == FRAME_READ_WRITE && frame_phys(slot->cap) >= ARENA_PHYS) {
        user_store(user_words_in_frame(slot->cap, 0), place < 0x80 ? place % 16 * 8 : place % 0x80, word);
    }
}

/* A request into the ring of a queue: slots by their place in the root CNode. Published, or not; the worker
 * woken, or not. */
static void submit(struct input *in)
{
    const struct slot *slot = take_slot(in);
    unsigned flags = take(in), counts = take(in), extras = counts >> 4 & 3, length = counts & 15;
    word_t target = (word_t)take(in) << (WORD_BITS - 8);
    word_t label = take_label(in, cap_type(root_slot(target >> (WORD_BITS - ROOT_RADIX))->cap));

    if (!slot || !cap_is(slot->cap, CAP_ASYNC_QUEUE) || !async_queue_is_started(cap_object(slot->cap))) {
        return;
    }
    struct async_queue *queue = cap_object(slot->cap);
    struct user_words producer = async_queue_header(queue, REL4_HEADER_REQUEST_PRODUCER);
    uint32_t index = user_ring_peer(producer, 0);
    for (unsigned i = 0; i < 2 + length + extras; i++) {
        word_t item = (index + i / REL4_MORE_WORDS) & mask(queue->request_bits);
        word_t word = i < 2 ? target : i < 2 + length ? take_word(in) : (word_t)take(in) << (WORD_BITS - 8);
        if (i == 0) {
            word = (word_t)rel4_header((unsigned)label & 0xfff, 0, length, extras) << 32 | flags;
        }
        user_store(async_queue_line(queue, REL4_HEADER_BYTES + item * REL4_ITEM_BYTES), i % REL4_MORE_WORDS,
                   word);
    }
    if (flags & 1) {
        user_ring_publish(producer, 0, index + (flags & 2 ? 1 : rel4_items_for(length + extras)));
    }
    if (flags & 4 && queue->state != QUEUE_FAULTED) {
        placement_wake(queue);
    }
    host_preempt_every(flags >> 6);
}

static void (*const steps[])(struct input *in) = {
    invoke, invoke, invoke, repeat, send, receive, compose, fault, interrupt, tick,
};

/* The first byte of a step from here on; others are numbers of steps. */
#define RING_STEPS 0xf0

static void make_step(struct input *in)
{
    unsigned kind = take(in);

    console_check_call(actor());
    if (kind >= RING_STEPS) {
        (kind & 1 ? submit : scribble)(in);
    } else {
        steps[kind % ARRAY_SIZE(steps)](in);
    }
    if (actor()->state == THREAD_RUNNING) {
        console_leave(&actor()->ready);
    }
}

/* As in kernel/syscall/exit.c. */
static struct tcb *switch_to_best(void)
{
    struct hart *hart = this_hart();
    struct tcb *next = sched_choose(hart);

    if (next == &idle_thread) {
        thread_leave(hart);
    } else if (next != actor()) {
        thread_switch(hart, next);
    }
    return next;
}

/* Queues that deserve the hart more than the thread that would run. */
static struct tcb *serve_queues(struct tcb *next)
{
    struct hart *hart = this_hart();

    for (unsigned patience = PATIENCE; next == &idle_thread && hart->serving; patience--) {
        require(patience);
        placement_serve(hart);
        next = switch_to_best();
    }
    return next;
}

/* As kernel_exit(). When nothing can run, somebody resumes the main thread. */
static void leave_kernel(void)
{
    struct hart *hart = this_hart();

    if (actor()->async_queue && !thread_is_runnable(actor())) {
        placement_blocked(actor());
    }
    struct tcb *next = serve_queues(switch_to_best());
    for (unsigned patience = PATIENCE; next == &idle_thread; patience--) {
        require(patience);
        thread_suspend(main_thread());
        thread_resume(main_thread());
        next = serve_queues(switch_to_best());
    }
    hart->pending.any = 0;
    host_preempt_never();
    if (next->state == THREAD_RESTART) {
        next->context.next_pc = next->context.regs[ABI_REG_PC];
        next->state = THREAD_RUNNING;
    }
    require(next->state == THREAD_RUNNING && !next->ready.queued && hart->candidate != next);
}

static void inspect(void)
{
    world_discover();
    world_check();
    world_forget_dead();
}

static void build_world(void)
{
    world_lay_ground();
    leave_kernel();
    world_furnish();
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
        make_step(&in);
        leave_kernel();
        inspect();
    }
    delete_everything();
    return 0;
}
