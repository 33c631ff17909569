/*
 * A queue with its rings, for tests of the worker.
 */
#include "ring.h"

#include "cap/cap.h"
#include "random.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sanitizer/asan_interface.h>

#define PAGE       (1u << ABI_PAGE_BITS)
#define MAX_PAGES  32
#define MAX_GUARDS (MAX_PAGES + 2)

struct slot *thread, *queue_slot;
struct tcb *owner;
struct async_queue *queue;
uint32_t produced, consumed;
static uint32_t taken; /* where the answer begins that was checked last */
uint64_t seed;

static struct slot *cnode;
static char *pages[MAX_PAGES];

static char *guards[MAX_GUARDS];
static unsigned guard_count;

/* Objects do not lie side by side. */
static void *take_guarded(word_t bytes)
{
    void *object = host_take(bytes);

    guards[guard_count] = host_take(PAGE);
    ASAN_POISON_MEMORY_REGION(guards[guard_count], PAGE);
    guard_count++;
    return object;
}

static void drop_guards(void)
{
    while (guard_count) {
        guard_count--;
        ASAN_UNPOISON_MEMORY_REGION(guards[guard_count], PAGE);
    }
}

int close_queue(void **state)
{
    drop_guards();
    return host_teardown(state);
}

struct slot *own(unsigned pointer)
{
    return slots_of(cnode) + pointer;
}

static void give(unsigned pointer, struct slot *slot)
{
    slot_insert(own(pointer), slot->cap, slot);
}

void open_queue(unsigned request_bits, unsigned response_bits)
{
    word_t bytes = REL4_HEADER_BYTES + ((word_t)REL4_ITEM_BYTES << request_bits) +
                   ((word_t)REL4_UNIT_BYTES << response_bits);
    unsigned count = (unsigned)((bytes + PAGE - 1) / PAGE);

    drop_guards();
    build_reset();
    seed = 0x5eed;
    produced = consumed = 0;
    thread = build_thread();
    owner = thread_of(thread);
    owner->state = THREAD_BLOCKED_ON_REPLY;
    struct slot *notification = build_notification();
    cnode = build_cnode(4);
    cnode->cap = cap_make_cnode(slots_of(cnode), 4, WORD_BITS - 4, 0);
    slot_insert(&owner->slots[TCB_CSPACE], cnode->cap, cnode);
    queue_slot = build_root(cap_make_object(CAP_ASYNC_QUEUE, take_guarded(bit(REL4_QUEUE_BITS(5))), 5));
    queue = cap_object(queue_slot->cap);
    slot_insert(own(NOTIFICATION),
                cap_make_ipc(CAP_NOTIFICATION, cap_object(notification->cap), ABI_RIGHTS_ALL, 8),
                notification);
    give(FRAME, build_frame());
    give(OWN_THREAD, thread);
    give(OWN_QUEUE, queue_slot);
    give(ROOT, cnode);
    give(UNTYPED, build_untyped(12));
    give(OTHER_THREAD, build_thread());
    assert_int_equal(
        invoke(queue_slot, REL4_LABEL_QUEUE_BIND,
               words(request_bits, response_bits, REL4_POLICY_CALL, REL4_INTERFACE_VERSION, 0, -1ul, -1ul),
               extras(thread, notification)),
        ERR_NONE);
    struct slot *frames = build_cnode(5);
    for (unsigned i = 0; i < count; i++) {
        pages[i] = take_guarded(PAGE);
        slot_insert_root(slots_of(frames) + i,
                         cap_make_frame(ptr_to_phys(pages[i]), FRAME_4K, FRAME_READ_WRITE, false));
    }
    assert_int_equal(invoke(queue_slot, REL4_LABEL_QUEUE_ADD_FRAMES, words(0, count, 0), extras(frames)),
                     ERR_NONE);
    assert_int_equal(invoke(queue_slot, REL4_LABEL_QUEUE_START, words(), extras()), ERR_NONE);
}

char *header_page(void)
{
    return pages[0];
}

uint32_t *header(unsigned line)
{
    return (uint32_t *)(void *)(pages[0] + line);
}

static char *at_offset(word_t offset)
{
    return pages[offset / PAGE] + offset % PAGE;
}

struct rel4_item *request_at(uint32_t index)
{
    return (void *)at_offset(REL4_HEADER_BYTES + (index & mask(queue->request_bits)) * REL4_ITEM_BYTES);
}

struct rel4_unit *response_at(uint32_t index)
{
    return (void *)at_offset(REL4_HEADER_BYTES + (REL4_ITEM_BYTES << queue->request_bits) +
                             (index & mask(queue->response_bits)) * REL4_UNIT_BYTES);
}

uint64_t response_word(unsigned i)
{
    /* The answer that was taken last begins at taken. */
    return ((uint64_t *)response_at(taken + (i + 1) / 2))[(i + 1) % 2];
}

void put(uint32_t cookie, uint32_t head, word_t cap, struct words words)
{
    struct rel4_item *item = request_at(produced++);

    *item = (struct rel4_item){ .cookie = cookie, .header = head, .cap = cap };
    for (unsigned i = 0; i < words.count; i++) {
        item->words[i] = words.list[i];
    }
}

void put_simple(uint32_t cookie)
{
    put(cookie, rel4_header(LABEL_PAGE_GET_ADDRESS, 0, 0, 0), FRAME, words());
}

struct slot *put_long_revoke(uint32_t cookie)
{
    struct slot *children = build_cnode(8), *victim = build_endpoint();

    slot_move(own(NOBODY), victim->cap, victim);
    for (unsigned i = 0; i < 256; i++) {
        slot_insert(slots_of(children) + i, own(NOBODY)->cap, own(NOBODY));
    }
    put(cookie, rel4_header(LABEL_CNODE_REVOKE, 0, 2, 0), ROOT, words(NOBODY, WORD_BITS));
    return children;
}

void put_batch(unsigned requests)
{
    for (unsigned n = 0; n < requests; n++) {
        put_simple(n);
    }
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
}

void take_batch(unsigned requests)
{
    for (unsigned n = 0; n < requests; n++) {
        check_served(n);
    }
    give_room(0);
}

void wake(void)
{
    if (async_queue_is_started(queue) && queue->state != QUEUE_FAULTED) {
        placement_wake(queue);
    }
}

static void serve_at_home(struct hart *hart)
{
    hart->current = &idle_thread;
    if (owner->worker.queued) {
        worker_dequeue(owner);
        hart->serving = owner;
        placement_serve(hart);
    }
}

static void serve_elsewhere(struct hart *hart)
{
    harts_online = 2;
    host_hart = hart;
    if (owner->hart->waiting[0].summary) {
        placement_idle(hart);
        placement_serve(hart);
    }
}

static void serve_in_call(struct hart *hart)
{
    if (!owner->async_queue) {
        return;
    }
    sched_dequeue(owner);
    owner->state = THREAD_RESTART;
    hart->current = owner;
    wake();
    if (hart->current == owner && thread_is_runnable(owner)) {
        owner->state = THREAD_BLOCKED_ON_REPLY;
    }
}

void serve(enum rel4_place place)
{
    struct hart *hart = host_hart;

    switch (place) {
    case REL4_PLACE_IDLE:
        serve_elsewhere(&harts_table[1]);
        break;
    case REL4_PLACE_CALL:
        serve_in_call(hart);
        break;
    default:
        serve_at_home(hart);
        break;
    }
    host_hart->pending.any = 0;
    host_hart = hart;
    hart->current = caller;
    hart->pending.any = 0;
}

void wake_and_serve(void)
{
    wake();
    serve(REL4_PLACE_BLOCK);
}

void publish_and_serve(void)
{
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
    wake_and_serve();
}

unsigned answers(void)
{
    return *header(REL4_HEADER_RESPONSE_PRODUCER) - consumed;
}

void give_room(uint32_t units)
{
    consumed += units;
    *header(REL4_HEADER_RESPONSE_CONSUMER) = consumed;
}

void check_answer(uint32_t cookie, word_t error, unsigned length)
{
    const struct rel4_unit *unit = response_at(consumed);

    assert_int_not_equal(answers(), 0);
    assert_int_equal(unit->cookie, cookie);
    assert_int_equal(rel4_header_error(unit->header), error);
    assert_int_equal(rel4_header_words(unit->header), length);
    assert_int_equal(unit->header >> 23 & ~(REL4_DATA >> 23), 0);
    taken = consumed;
    give_room(rel4_units_for(length + (unit->header & REL4_DATA ? 1 : 0)));
}

void check_served(uint32_t cookie)
{
    check_answer(cookie, ERR_NONE, 1);
    assert_int_equal(response_word(0), frame_phys(own(FRAME)->cap));
}

void reset_queue(void)
{
    assert_int_equal(invoke(queue_slot, REL4_LABEL_QUEUE_RESET, words(), extras()), ERR_NONE);
    produced = consumed = 0;
}

void check_works(void)
{
    put_simple(0xc00c1e);
    publish_and_serve();
    assert_int_equal(queue->state, QUEUE_IDLE);
    check_served(0xc00c1e);
}

void check_fault(enum rel4_ring_fault reason)
{
    assert_int_equal(queue->state, QUEUE_FAULTED);
    assert_int_equal(*header(REL4_HEADER_FAULT), reason);
    wake_and_serve();
    assert_int_equal(queue->state, QUEUE_FAULTED);
    reset_queue();
    check_works();
}

uint32_t nearly(uint32_t right, uint32_t length)
{
    const uint32_t values[] = { right,
                                right + 1,
                                right - 1,
                                right + length,
                                right + length + 1,
                                right - length,
                                right - length - 1,
                                right ^ 0x80000000,
                                right ^ 1u << random_below(&seed, 32),
                                random_below(&seed, 1u << 31) * 2 + 1 };

    return values[random_below(&seed, ARRAY_SIZE(values))];
}
