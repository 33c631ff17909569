/*
 * Users of the simulation: their objects, and their programs.
 *
 * A program is what its registers say. At AT_ECALL is the instruction ecall, so a call that is to be repeated
 * is repeated, and one that gets other registers in between becomes another one. Anywhere else the thread
 * thinks of something to do.
 */
#include "simulation/users.h"

#include "arch/riscv64/asid.h"
#include "host.h"
#include "ipc/endpoint.h"
#include "ipc/message.h"
#include "ipc/notification.h"
#include "object/irq.h"
#include "object/request.h"
#include "object/tcb.h"
#include "random.h"
#include "simulation/harts.h"
#include "thread/domain.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"

#include <sanitizer/asan_interface.h>
#include <string.h>

#define ROOT_RADIX 6
#define AT_HOME    0x1000
#define AT_ECALL   0x2000
#define PAGE       (1u << ABI_PAGE_BITS)
#define QUEUE_BITS 2   /* log2 of the frames that a queue may hold */
#define GUARDIANS  200 /* priority */

/* Capabilities, by pointer. */
enum {
    AT_ROOT = 1,
    AT_FRAME,
    AT_SIGNALS,
    AT_REST,  /* a notification that nobody signals */
    AT_ALARM, /* and one of the device's */
    AT_ENDPOINT,
    AT_ENDPOINT_2, /* with other badges */
    AT_ENDPOINT_3,
    AT_DOMAINS,
    AT_RING_FRAMES, /* CNodes with the frames of each queue */
    AT_QUEUE = AT_RING_FRAMES + QUEUES_MAX,
    AT_THREAD = AT_QUEUE + QUEUES_MAX,
    POINTERS = AT_THREAD + THREADS_MAX
};

struct user users[THREADS_MAX];
unsigned user_count;
struct user_ring user_rings[QUEUES_MAX];
unsigned ring_count;

static struct slot *ground, *root;
static bool resting;

static uint32_t any(uint32_t limit)
{
    return random_below(&harts_seed, limit);
}

static bool one_in(uint32_t n)
{
    return any(n) == 0;
}

/*
 * ---- Objects ----
 */

static void put_new(unsigned at, struct cap cap)
{
    slot_insert_root(&root[at], cap);
}

static struct cap new_frame(char **memory)
{
    *memory = host_take(PAGE);
    return cap_make_frame(ptr_to_phys(*memory), FRAME_4K, FRAME_READ_WRITE, false);
}

static unsigned any_priority(void)
{
    static const unsigned priorities[] = { 20, 50, 50, 50, 80 };

    return priorities[any(ARRAY_SIZE(priorities))];
}

static struct slot *buffer_of(unsigned i)
{
    return &ground[1 + i];
}

static void make_thread(unsigned i, unsigned harts)
{
    struct tcb *tcb = users[i].tcb;

    tcb_create(tcb, &idle_thread);
    put_new(AT_THREAD + i, cap_make_object(CAP_TCB, tcb, 0));
    slot_insert(&tcb->slots[TCB_CSPACE], ground->cap, ground);
    slot_insert(&tcb->slots[TCB_BUFFER], buffer_of(i)->cap, buffer_of(i));
    tcb->max_priority = 255;
    tcb->priority = (uint16_t)(i == GUARDIAN ? GUARDIANS : any_priority());
    tcb->hart = &harts_table[i == GUARDIAN ? 0 : any(harts)];
    tcb->context.next_pc = tcb->context.regs[ABI_REG_PC] = AT_HOME;
    users[i].exists = true;
}

static void make_queue(unsigned i)
{
    struct user_ring *ring = &user_rings[i];

    put_new(AT_QUEUE + i, cap_make_object(CAP_ASYNC_QUEUE, ring->queue, QUEUE_BITS));
    ring->exists = true;
    ring->at_tick = one_in(4);
}

static void build_rings(void)
{
    for (unsigned i = 0; i < ring_count; i++) {
        struct slot *frames = host_take(4 * sizeof(struct slot));
        user_rings[i] = (struct user_ring){
            .queue = host_take(bit(REL4_QUEUE_BITS(QUEUE_BITS))),
            .request_bits = REL4_RING_MIN_BITS,
            .response_bits = REL4_RING_MIN_BITS,
        };
        for (unsigned k = 0; k < ARRAY_SIZE(user_rings[i].pages); k++) {
            slot_insert_root(&frames[k], new_frame(&user_rings[i].pages[k]));
        }
        put_new(AT_RING_FRAMES + i, cap_make_cnode(frames, 2, 0, 0));
        make_queue(i);
    }
}

static void build_ipc(void)
{
    struct endpoint *endpoint = host_take(bit(ABI_ENDPOINT_BITS));
    struct slot *device = irq_notification_slot(1);
    char *page;

    put_new(AT_FRAME, new_frame(&page));
    for (unsigned i = AT_SIGNALS; i <= AT_ALARM; i++) {
        put_new(i, cap_make_ipc(CAP_NOTIFICATION, host_take(bit(ABI_NOTIFICATION_BITS)), ABI_RIGHTS_ALL, 1));
    }
    put_new(AT_ENDPOINT, cap_make_ipc(CAP_ENDPOINT, endpoint, ABI_RIGHTS_ALL, 0));
    for (unsigned badge = 1; badge <= 2; badge++) {
        slot_insert(&root[AT_ENDPOINT + badge], cap_make_ipc(CAP_ENDPOINT, endpoint, ABI_RIGHTS_ALL, badge),
                    &root[AT_ENDPOINT]);
    }
    put_new(AT_DOMAINS, cap_make(CAP_DOMAIN, 0));
    irq_init(1, 2);
    *device = (struct slot){ 0 };
    slot_insert(device, root[AT_ALARM].cap, &root[AT_ALARM]);
}

/* The schedule begins anew. */
static void build_domains(void)
{
    for (unsigned i = 0; REL4_NUM_DOMAINS > 1 && i < 4; i++) {
        domain_schedule[i] = (struct domain_entry){ i % REL4_NUM_DOMAINS, 3 + any(12) };
    }
    domain_schedule[0].ticks = 3 + any(12);
    domain_set_start(0);
    host_hart->pending = 0;
}

void users_build(unsigned harts)
{
    host_reset();
    resting = false;
    user_count = 2 + any(THREADS_MAX - 2);
    ring_count = 1 + any((uint32_t)min_word(user_count, QUEUES_MAX));
    ground = host_take(16 * sizeof(struct slot));
    root = host_take(sizeof(struct slot) << ROOT_RADIX);
    host_check_init(ground, 16);
    slot_insert_root(ground, cap_make_cnode(root, ROOT_RADIX, WORD_BITS - ROOT_RADIX, 0));
    build_ipc();
    build_rings();
    build_domains();
    memset(users, 0, sizeof(users));
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        char *page;
        users[i].tcb = host_take(bit(ABI_TCB_BITS));
        slot_insert_root(buffer_of(i), new_frame(&page));
        if (i < user_count || i == GUARDIAN) {
            make_thread(i, harts);
            users[i].tcb->state = THREAD_RESTART;
            sched_enqueue_tail(users[i].tcb);
        }
    }
}

/* What is gone is poisoned, so whoever follows a pointer that was left is caught. */
void users_notice_deaths(void)
{
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        if (users[i].exists && slot_is_empty(&root[AT_THREAD + i])) {
            users[i].exists = false;
            ASAN_POISON_MEMORY_REGION(users[i].tcb, bit(ABI_TCB_BITS));
        }
    }
    for (unsigned i = 0; i < ring_count; i++) {
        if (user_rings[i].exists && slot_is_empty(&root[AT_QUEUE + i])) {
            user_rings[i].exists = false;
            ASAN_POISON_MEMORY_REGION(user_rings[i].queue, bit(REL4_QUEUE_BITS(QUEUE_BITS)));
        }
    }
}

static void *live_again(void *memory, word_t bytes)
{
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
    return memset(memory, 0, bytes);
}

/* Somebody has retyped the memory of what is gone. */
static void revive(void)
{
    for (unsigned i = 0; i < user_count; i++) {
        if (!users[i].exists && slot_is_empty(&root[AT_THREAD + i])) {
            live_again(users[i].tcb, bit(ABI_TCB_BITS));
            make_thread(i, harts_online);
        }
    }
    for (unsigned i = 0; i < ring_count; i++) {
        if (!user_rings[i].exists && slot_is_empty(&root[AT_QUEUE + i])) {
            live_again(user_rings[i].queue, bit(REL4_QUEUE_BITS(QUEUE_BITS)));
            make_queue(i);
        }
    }
}

/*
 * ---- Calls ----
 */

#define WORDS_MAX 48

/* An invocation. */
struct op {
    unsigned label;
    word_t cap;
    unsigned count;
    word_t words[WORDS_MAX];
    unsigned extra_count;
    word_t extras[2];
};

static word_t any_thread(void)
{
    return AT_THREAD + any(user_count);
}

static void make_print(struct op *op)
{
    unsigned length = any((WORDS_MAX - 1) * 8);

    op->label = REL4_LABEL_QUEUE_PUT_STRING;
    op->cap = AT_QUEUE + any(ring_count);
    op->words[0] = length;
    op->count = 1 + (length + 7) / 8;
}

static void make_deletion(struct op *op)
{
    word_t victim = one_in(2) ? any_thread() : AT_QUEUE + any(ring_count);

    *op = (struct op){ LABEL_CNODE_DELETE, AT_ROOT, 2, { victim, WORD_BITS }, 0, { 0 } };
}

static void make_write(struct op *op)
{
    *op = (struct op){ LABEL_TCB_WRITE_REGISTERS, any_thread(), 3, { any(2), 1, AT_HOME }, 0, { 0 } };
}

/* One in some hundred is the end of something. */
static struct op any_op(void)
{
    struct op op = { .label = LABEL_PAGE_GET_ADDRESS, .cap = AT_FRAME };

    switch (any(64)) {
    case 0 ... 7:
        op = (struct op){ 0, AT_SIGNALS, 0, { 0 }, 0, { 0 } };
        break;
    case 8 ... 13:
        op = (struct op){ LABEL_TCB_RESUME, any_thread(), 0, { 0 }, 0, { 0 } };
        break;
    case 14 ... 16:
        op = (struct op){ LABEL_TCB_SUSPEND, any_thread(), 0, { 0 }, 0, { 0 } };
        break;
    case 17 ... 20:
        op = (struct op){ LABEL_TCB_SET_PRIORITY,  any_thread(), 1, { any_priority() }, 1,
                          { AT_THREAD + GUARDIAN } };
        break;
    case 21 ... 23:
        op = (struct op){ LABEL_TCB_SET_AFFINITY, any_thread(), 1, { any(harts_online) }, 0, { 0 } };
        break;
    case 24 ... 26:
        op = (struct op){ LABEL_DOMAIN_SET, AT_DOMAINS, 1, { any(REL4_NUM_DOMAINS) }, 1, { any_thread() } };
        break;
    case 27 ... 31:
        op = (struct op){ REL4_LABEL_QUEUE_WAKE, AT_QUEUE + any(ring_count), 0, { 0 }, 0, { 0 } };
        break;
    case 32 ... 35:
        make_print(&op);
        break;
    case 36 ... 37:
        op = (struct op){ LABEL_CNODE_CANCEL_BADGED_SENDS,       AT_ROOT, 2,
                          { AT_ENDPOINT_2 + any(2), WORD_BITS }, 0,       { 0 } };
        break;
    case 38:
        make_write(&op);
        break;
    case 39:
        op = (struct op){ LABEL_TCB_READ_REGISTERS, any_thread(), 2, { any(2), 1 + any(32) }, 0, { 0 } };
        break;
    case 40:
        if (one_in(4)) {
            make_deletion(&op);
        } else if (one_in(4)) {
            op = (struct op){ one_in(2) ? REL4_LABEL_QUEUE_RESET : REL4_LABEL_QUEUE_DETACH,
                              AT_QUEUE + any(ring_count),
                              0,
                              { 0 },
                              0,
                              { 0 } };
        }
        break;
    default:
        break;
    }
    return op;
}

/*
 * ---- By trap ----
 */

static void set_ecall(struct tcb *tcb, long number, word_t cap, word_t info)
{
    tcb->context.next_pc = AT_ECALL;
    tcb->context.regs[ABI_REG_A7] = (word_t)number;
    tcb->context.regs[ABI_REG_A0] = cap;
    tcb->context.regs[ABI_REG_A1] = info;
}

/* The next thing that the thread does is to make this call. */
static void call_by_trap(struct tcb *tcb, const struct op *op)
{
    struct user_words buffer = ipc_buffer(tcb, true);

    for (unsigned i = 0; i < op->count; i++) {
        if (i < ABI_MSG_REGISTERS) {
            tcb->context.regs[ABI_REG_A2 + i] = op->words[i];
        } else {
            user_store(buffer, i, op->words[i]);
        }
    }
    for (unsigned i = 0; i < op->extra_count; i++) {
        user_store(buffer, BUFFER_CAPS + i, op->extras[i]);
    }
    set_ecall(tcb, SYS_CALL, op->cap, info_make(op->label, 0, op->extra_count, op->count));
}

static void communicate(struct tcb *tcb)
{
    word_t endpoint = AT_ENDPOINT + any(3);

    switch (any(8)) {
    case 0:
        set_ecall(tcb, SYS_CALL, endpoint, any(3));
        break;
    case 1:
        set_ecall(tcb, SYS_REPLY_RECV, endpoint, any(3));
        break;
    case 2:
        set_ecall(tcb, one_in(2) ? SYS_SEND : SYS_NB_SEND, endpoint, any(3));
        break;
    case 3:
        set_ecall(tcb, SYS_REPLY, 0, any(3));
        break;
    case 4:
        set_ecall(tcb, one_in(2) ? SYS_RECV : SYS_NB_RECV, endpoint, 0);
        break;
    case 5:
        set_ecall(tcb, SYS_YIELD, 0, 0);
        break;
    default:
        set_ecall(tcb, SYS_RECV, AT_SIGNALS, 0);
        break;
    }
}

/*
 * ---- Rings ----
 */

static uint32_t *header(const struct user_ring *ring, unsigned line)
{
    return (uint32_t *)(void *)(ring->pages[0] + line);
}

static struct rel4_item *item_at(const struct user_ring *ring, word_t offset)
{
    return (struct rel4_item *)(void *)(ring->pages[offset / PAGE] + offset % PAGE);
}

static struct rel4_item *request_item(const struct user_ring *ring, uint32_t index)
{
    return item_at(ring, REL4_RINGS + (index & mask(ring->request_bits)) * REL4_ITEM_BYTES);
}

static struct rel4_item *response_item(const struct user_ring *ring, uint32_t index)
{
    return item_at(ring, REL4_RINGS + (REL4_ITEM_BYTES << ring->request_bits) +
                             (index & mask(ring->response_bits)) * REL4_ITEM_BYTES);
}

static bool is_started(const struct user_ring *ring)
{
    return ring->exists && async_queue_is_started(ring->queue);
}

/* The kernel has begun anew, by Reset or Start. */
static void follow_reset(struct user_ring *ring)
{
    if (ring->produced && !*header(ring, REL4_HEADER_REQUEST_PRODUCER)) {
        ring->produced = ring->consumed = ring->asked = ring->answered = 0;
    }
}

/* Writes a request, if there is room. */
static bool put(struct user_ring *ring, const struct op *op)
{
    unsigned words = op->count + op->extra_count, items = rel4_items_for(words);
    uint32_t used = ring->produced - *header(ring, REL4_HEADER_REQUEST_CONSUMER);
    uint32_t head = rel4_header(op->label, 0, op->count, op->extra_count);

    if (used + items > bit(ring->request_bits) || ring->asked - ring->answered == ARRAY_SIZE(ring->headers)) {
        return false;
    }
    ring->headers[ring->asked % ARRAY_SIZE(ring->headers)] = head;
    *request_item(ring, ring->produced) = (struct rel4_item){ ring->asked++, head, op->cap, { 0 } };
    for (unsigned i = 0; i < words; i++) {
        word_t word = i < op->count ? op->words[i] : op->extras[i - op->count];
        unsigned at = i < REL4_ITEM_WORDS ? i + 2 : i - REL4_ITEM_WORDS;
        struct rel4_item *item =
            request_item(ring, ring->produced + (i < REL4_ITEM_WORDS ? 0 : 1 + at / REL4_MORE_WORDS));
        ((word_t *)(void *)item)[at % REL4_MORE_WORDS] = word;
    }
    ring->produced += items;
    return true;
}

/* Each request has one answer, in order. */
static void take_answers(struct user_ring *ring)
{
    uint32_t producer = *header(ring, REL4_HEADER_RESPONSE_PRODUCER);

    check(producer - ring->consumed <= bit(ring->response_bits));
    while (ring->consumed != producer) {
        const struct rel4_item *item = response_item(ring, ring->consumed);
        check(ring->answered != ring->asked && item->cookie == ring->answered);
        uint32_t asked = ring->headers[ring->answered++ % ARRAY_SIZE(ring->headers)];
        check(rel4_header_label(item->header) == rel4_header_label(asked));
        ring->consumed += rel4_items_for(rel4_header_words(item->header));
    }
    *header(ring, REL4_HEADER_RESPONSE_CONSUMER) = ring->consumed;
}

/* Who sees that the kernel sleeps wakes it, or has promised to. */
static bool must_wake(struct user_ring *ring)
{
    if (!rel4_ring_must_wake(header(ring, REL4_HEADER_KERNEL_STATE))) {
        return false;
    }
    ring->promised = ring->queue->statistics.wakes + 1;
    return true;
}

static bool is_promised(const struct user_ring *ring)
{
    return ring->queue->statistics.wakes < ring->promised;
}

/* Publishes some requests into a ring. True if its queue has to be woken. */
static bool publish(struct user_ring *ring)
{
    unsigned count = one_in(3) ? 1 + any(30) : 1 + any(3);

    if (!is_started(ring)) {
        return false;
    }
    follow_reset(ring);
    for (struct op op = any_op(); count-- && put(ring, &op); op = any_op()) {
    }
    rel4_ring_publish(header(ring, REL4_HEADER_REQUEST_PRODUCER), ring->produced);
    return must_wake(ring);
}

/* Takes answers, and sleeps perhaps. True if its queue has to be woken, as there is room again. */
static bool consume(struct user_ring *ring)
{
    if (!is_started(ring)) {
        return false;
    }
    follow_reset(ring);
    take_answers(ring);
    if (one_in(2)) {
        rel4_ring_sleep(header(ring, REL4_HEADER_USER_STATE));
    }
    return must_wake(ring);
}

static void wake(struct tcb *tcb, unsigned i)
{
    set_ecall(tcb, one_in(2) ? SYS_CALL : SYS_SEND, AT_QUEUE + i, info_make(REL4_LABEL_QUEUE_WAKE, 0, 0, 0));
}

/*
 * ---- The guardian ----
 */

/* The next call that a queue needs to be of use. False: none. */
static bool repair(struct tcb *tcb, unsigned i)
{
    struct user_ring *ring = &user_rings[i];
    struct op op = { .cap = AT_QUEUE + i };

    if (!ring->exists || is_started(ring)) {
        return false;
    }
    if (ring->queue->state == QUEUE_NEW) {
        if (!users[i].exists || users[i].tcb->async_queue) {
            return false;
        }
        op = (struct op){ REL4_LABEL_QUEUE_BIND,
                          AT_QUEUE + i,
                          3,
                          { ring->request_bits, ring->response_bits,
                            ring->at_tick ? REL4_POLICY_TICK : REL4_POLICY_CALL },
                          2,
                          { AT_THREAD + i, AT_SIGNALS } };
    } else if (!ring->queue->thread) {
        op.label = REL4_LABEL_QUEUE_DETACH;
    } else if (slot_is_empty(&ring->queue->frames[0])) {
        op = (struct op){
            REL4_LABEL_QUEUE_ADD_FRAMES, AT_QUEUE + i, 3, { 0, 2, 0 }, 1, { AT_RING_FRAMES + i }
        };
    } else {
        ring->produced = ring->consumed = ring->asked = ring->answered = 0;
        op.label = REL4_LABEL_QUEUE_START;
    }
    call_by_trap(tcb, &op);
    return true;
}

/* Somebody who was stopped goes on, or now and then one who waits. False: there is nobody. */
static bool resume(struct tcb *tcb, unsigned i)
{
    struct op op = { LABEL_TCB_RESUME, AT_THREAD + i, 0, { 0 }, 0, { 0 } };

    if (!users[i].exists || thread_is_runnable(users[i].tcb) ||
        (users[i].tcb->state != THREAD_INACTIVE && (resting || one_in(2)))) {
        return false;
    }
    /* What it was about to do may be to stop itself. */
    if (resting || one_in(2)) {
        op = (struct op){ LABEL_TCB_WRITE_REGISTERS, AT_THREAD + i, 3, { 1, 1, AT_HOME }, 0, { 0 } };
    }
    call_by_trap(tcb, &op);
    return true;
}

/* Requests that are published, and not served, with room for their answers. */
static bool has_unserved(const struct user_ring *ring)
{
    return ring->produced != *header(ring, REL4_HEADER_REQUEST_CONSUMER) || ring->asked != ring->answered;
}

/* In the end everything that is there has to be served by itself. */
static bool look_after_rest(struct tcb *tcb)
{
    for (unsigned i = 0; i < ring_count; i++) {
        struct user_ring *ring = &user_rings[i];
        if (is_started(ring) && (consume(ring) || is_promised(ring))) {
            wake(tcb, i);
            return true;
        }
    }
    return false;
}

static void guard(struct tcb *tcb)
{
    unsigned first = any(THREADS_MAX);

    if (harts_lock_is_idle() && !resting) {
        revive();
    }
    for (unsigned k = 0; k < THREADS_MAX; k++) {
        unsigned i = (first + k) % THREADS_MAX;
        if ((i < ring_count && !resting && repair(tcb, i)) || (i < user_count && resume(tcb, i))) {
            return;
        }
    }
    if (!resting || !look_after_rest(tcb)) {
        set_ecall(tcb, SYS_RECV, AT_ALARM, 0);
    }
}

/*
 * ---- Programs ----
 */

static void think(struct tcb *tcb, unsigned self)
{
    unsigned i = self < ring_count && one_in(2) ? self : any(ring_count);
    struct op op;

    switch (any(16)) {
    case 0 ... 2:
        break;
    case 3 ... 7:
        if (publish(&user_rings[i])) {
            wake(tcb, i);
        }
        break;
    case 8 ... 10:
        if (consume(&user_rings[i])) {
            wake(tcb, i);
        }
        break;
    case 11:
        wake(tcb, i);
        break;
    case 12 ... 13:
        communicate(tcb);
        break;
    default:
        op = any_op();
        call_by_trap(tcb, &op);
        break;
    }
}

static unsigned number_of(const struct tcb *tcb)
{
    unsigned i = 0;

    while (users[i].tcb != tcb) {
        i++;
    }
    return i;
}

bool user_runs(struct tcb *tcb)
{
    unsigned self = number_of(tcb);

    if (tcb->context.next_pc != AT_ECALL) {
        if (self == GUARDIAN) {
            guard(tcb);
        } else if (resting) {
            set_ecall(tcb, SYS_RECV, AT_REST, 0);
        } else {
            think(tcb, self);
        }
    }
    if (tcb->context.next_pc != AT_ECALL) {
        return false;
    }
    return true;
}

void users_rest(void)
{
    resting = true;
}

bool users_are_served(void)
{
    for (unsigned i = 0; i < ring_count; i++) {
        struct user_ring *ring = &user_rings[i];
        if (is_started(ring) && users[i].exists && has_unserved(ring)) {
            return false;
        }
    }
    return true;
}
