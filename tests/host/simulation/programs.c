/*
 * Programs of the users.
 *
 * A program is what its registers say. At PC_ECALL is the instruction ecall, so a call that is to be repeated
 * is repeated, and one that gets other registers in between becomes another one. Anywhere else the thread
 * thinks of something to do.
 */
#include "host.h"
#include "ipc/message.h"
#include "object/request.h"
#include "simulation/harts.h"
#include "simulation/users.h"

#define PC_ECALL 0x2000
#define PAGE     (1u << ABI_PAGE_BITS)

static bool resting;

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

static struct op op(unsigned label, word_t cap)
{
    return (struct op){ .label = label, .cap = cap };
}

static struct op with_word(struct op op, word_t word)
{
    op.words[op.count++] = word;
    return op;
}

static struct op with_extra(struct op op, word_t pointer)
{
    op.extras[op.extra_count++] = pointer;
    return op;
}

static word_t any_thread(void)
{
    return AT_THREAD + any(user_count);
}

static word_t any_queue(void)
{
    return AT_QUEUE + any(ring_count);
}

static struct op any_print(void)
{
    unsigned length = any((WORDS_MAX - 1) * 8);
    struct op print = with_word(op(REL4_LABEL_QUEUE_PUT_STRING, any_queue()), length);

    print.count += (length + 7) / 8;
    return print;
}

/* An invocation of the CNode that names one of its slots. */
static struct op on_slot(unsigned label, word_t pointer)
{
    return with_word(with_word(op(label, AT_ROOT), pointer), WORD_BITS);
}

static struct op set_registers(word_t thread, bool resume)
{
    return with_word(with_word(with_word(op(LABEL_TCB_WRITE_REGISTERS, thread), resume), 1), PC_HOME);
}

/* The end of something, now and then. */
static struct op any_end(void)
{
    switch (any(16)) {
    case 0 ... 1:
        return on_slot(LABEL_CNODE_DELETE, any_thread());
    case 2 ... 3:
        return on_slot(LABEL_CNODE_DELETE, any_queue());
    case 4:
        return op(REL4_LABEL_QUEUE_RESET, any_queue());
    case 5:
        return op(REL4_LABEL_QUEUE_DETACH, any_queue());
    default:
        return op(LABEL_PAGE_GET_ADDRESS, AT_FRAME);
    }
}

static struct op any_op(void)
{
    switch (any(64)) {
    case 0 ... 7:
        return op(0, AT_SIGNALS);
    case 8 ... 13:
        return op(LABEL_TCB_RESUME, any_thread());
    case 14 ... 16:
        return op(LABEL_TCB_SUSPEND, any_thread());
    case 17 ... 20:
        return with_extra(with_word(op(LABEL_TCB_SET_PRIORITY, any_thread()), users_any_priority()),
                          AT_THREAD + GUARDIAN);
    case 21 ... 23:
        return with_word(op(LABEL_TCB_SET_AFFINITY, any_thread()), any(harts_online));
    case 24 ... 26:
        return with_extra(with_word(op(LABEL_DOMAIN_SET, AT_DOMAINS), any(REL4_NUM_DOMAINS)), any_thread());
    case 27 ... 31:
        return op(REL4_LABEL_QUEUE_WAKE, any_queue());
    case 32 ... 35:
        return any_print();
    case 36 ... 37:
        return on_slot(LABEL_CNODE_CANCEL_BADGED_SENDS, AT_ENDPOINT_2 + any(2));
    case 38:
        return set_registers(any_thread(), any(2));
    case 39:
        return with_word(with_word(op(LABEL_TCB_READ_REGISTERS, any_thread()), any(2)), 1 + any(32));
    case 40:
        return with_word(op(LABEL_TCB_SET_TLS_BASE, any_thread()), 0);
    case 41:
        return any_end();
    default:
        return op(LABEL_PAGE_GET_ADDRESS, AT_FRAME);
    }
}

/*
 * ---- By trap ----
 */

static void set_ecall(struct tcb *tcb, long number, word_t cap, word_t info)
{
    tcb->context.next_pc = PC_ECALL;
    tcb->context.regs[ABI_REG_A7] = (word_t)number;
    tcb->context.regs[ABI_REG_A0] = cap;
    tcb->context.regs[ABI_REG_A1] = info;
}

/* The next thing that the thread does is to make this call. */
static void call_by_trap(struct tcb *tcb, struct op op)
{
    struct user_words buffer = ipc_buffer(tcb, true);

    for (unsigned i = 0; i < op.count; i++) {
        if (i < ABI_MSG_REGISTERS) {
            tcb->context.regs[ABI_REG_A2 + i] = op.words[i];
        } else {
            user_store(buffer, i, op.words[i]);
        }
    }
    for (unsigned i = 0; i < op.extra_count; i++) {
        user_store(buffer, BUFFER_CAPS + i, op.extras[i]);
    }
    set_ecall(tcb, SYS_CALL, op.cap, info_make(op.label, 0, op.extra_count, op.count));
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
    return item_at(ring, REL4_HEADER_BYTES + (index & mask(ring->request_bits)) * REL4_ITEM_BYTES);
}

static struct rel4_unit *response_unit(const struct user_ring *ring, uint32_t index)
{
    return (struct rel4_unit *)(void *)item_at(ring,
                                               REL4_HEADER_BYTES + (REL4_ITEM_BYTES << ring->request_bits) +
                                                   (index & mask(ring->response_bits)) * REL4_UNIT_BYTES);
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
static bool put(struct user_ring *ring, struct op op)
{
    unsigned words = op.count + op.extra_count, items = rel4_items_for(words);
    uint32_t used = ring->produced - *header(ring, REL4_HEADER_REQUEST_CONSUMER);
    uint32_t head = rel4_header(op.label, 0, op.count, op.extra_count);

    if (used + items > bit(ring->request_bits) || ring->asked - ring->answered == ARRAY_SIZE(ring->headers)) {
        return false;
    }
    ring->headers[ring->asked % ARRAY_SIZE(ring->headers)] = head;
    *request_item(ring, ring->produced) = (struct rel4_item){ ring->asked++, head, op.cap, { 0 } };
    for (unsigned i = 0; i < words; i++) {
        word_t word = i < op.count ? op.words[i] : op.extras[i - op.count];
        unsigned at = i < REL4_ITEM_WORDS ? i + 2 : i - REL4_ITEM_WORDS;
        struct rel4_item *item =
            request_item(ring, ring->produced + (i < REL4_ITEM_WORDS ? 0 : 1 + at / REL4_MORE_WORDS));
        ((word_t *)(void *)item)[at % REL4_MORE_WORDS] = word;
    }
    ring->produced += items;
    return true;
}

/* Each request has one answer, in order. True if there is room again. */
static bool take_answers(struct user_ring *ring)
{
    uint32_t producer = *header(ring, REL4_HEADER_RESPONSE_PRODUCER), before = ring->consumed;

    check(producer - ring->consumed <= bit(ring->response_bits));
    while (ring->consumed != producer) {
        const struct rel4_unit *unit = response_unit(ring, ring->consumed);
        check(ring->answered != ring->asked && unit->cookie == ring->answered);
        uint32_t asked = ring->headers[ring->answered++ % ARRAY_SIZE(ring->headers)];
        check(rel4_header_label(unit->header) == rel4_header_label(asked));
        ring->consumed += rel4_units_for(rel4_header_words(unit->header));
    }
    *header(ring, REL4_HEADER_RESPONSE_CONSUMER) = ring->consumed;
    return ring->consumed != before;
}

/* Who sees that the kernel sleeps wakes it, or has promised to. */
static bool must_wake(struct user_ring *ring)
{
    if (!rel4_ring_must_wake(header(ring, REL4_HEADER_SERVER_STATE))) {
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
    while (count-- && put(ring, any_op())) {
    }
    *header(ring, REL4_HEADER_REQUEST_PRODUCER) = ring->produced;
    return must_wake(ring);
}

/* Takes answers, and sleeps perhaps. True if its queue has to be woken, as there is room again. */
static bool consume(struct user_ring *ring)
{
    if (!is_started(ring)) {
        return false;
    }
    follow_reset(ring);
    bool has_room = take_answers(ring);
    if (one_in(2)) {
        rel4_ring_sleep(header(ring, REL4_HEADER_REQUESTER_STATE));
    }
    return has_room && must_wake(ring);
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
    struct op call;

    if (!ring->exists || is_started(ring)) {
        return false;
    }
    if (ring->queue->state == QUEUE_NEW) {
        if (!users[i].exists || users[i].tcb->async_queue) {
            return false;
        }
        call = with_word(with_word(op(REL4_LABEL_QUEUE_BIND, AT_QUEUE + i), ring->request_bits),
                         ring->response_bits);
        call = with_word(call, ring->at_tick ? REL4_POLICY_TICK : REL4_POLICY_CALL);
        call = with_word(with_word(call, REL4_INTERFACE_VERSION), 0);
        call = with_word(with_word(call, -1ul), -1ul);
        call = with_extra(with_extra(call, AT_THREAD + i), AT_SIGNALS);
    } else if (!ring->queue->thread) {
        call = op(REL4_LABEL_QUEUE_DETACH, AT_QUEUE + i);
    } else if (slot_is_empty(&ring->queue->frames[0])) {
        call = with_word(with_word(op(REL4_LABEL_QUEUE_ADD_FRAMES, AT_QUEUE + i), 0), RING_FRAMES);
        call = with_extra(with_word(call, 0), AT_RING_FRAMES + i);
    } else {
        ring->produced = ring->consumed = ring->asked = ring->answered = 0;
        call = op(REL4_LABEL_QUEUE_START, AT_QUEUE + i);
    }
    call_by_trap(tcb, call);
    return true;
}

/* Somebody who was stopped goes on, or now and then one who waits; or is gone altogether, if the deletion was
 * interrupted. False: there is nobody. */
static bool resume(struct tcb *tcb, unsigned i)
{
    word_t thread = AT_THREAD + i;

    if (!users[i].exists) {
        return false;
    }
    if (!cap_is(users_root[thread].cap, CAP_TCB)) {
        call_by_trap(tcb, on_slot(LABEL_CNODE_DELETE, thread));
        return true;
    }
    if (thread_is_runnable(users[i].tcb) ||
        (users[i].tcb->state != THREAD_INACTIVE && (resting || one_in(2)))) {
        return false;
    }
    /* What it was about to do may be to stop itself. */
    call_by_trap(tcb, resting || one_in(2) ? set_registers(thread, true) : op(LABEL_TCB_RESUME, thread));
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
        users_revive();
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
        call_by_trap(tcb, any_op());
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

    if (tcb->context.next_pc != PC_ECALL) {
        if (self == GUARDIAN) {
            guard(tcb);
        } else if (resting) {
            set_ecall(tcb, SYS_RECV, AT_REST, 0);
        } else {
            think(tcb, self);
        }
    }
    return tcb->context.next_pc == PC_ECALL;
}

void programs_begin(void)
{
    resting = false;
}

void programs_rest(void)
{
    resting = true;
}

bool programs_are_served(void)
{
    for (unsigned i = 0; i < ring_count; i++) {
        struct user_ring *ring = &user_rings[i];
        if (is_started(ring) && users[i].exists && has_unserved(ring)) {
            return false;
        }
    }
    return true;
}
