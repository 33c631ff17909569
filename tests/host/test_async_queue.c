/*
 * Queues of asynchronous calls: what their invocations refuse, in the order in which they do, what a queue
 * holds, and how it ends. What is in the rings: test_worker.c.
 */
#include "arch/console.h"
#include "build.h"
#include "cap/delete.h"
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "object/async_queue.h"
#include "object/console_turn.h"
#include "thread/scheduler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOTHING words()

#define QUEUE_SLOT_BITS 2
#define QUEUE_SLOTS     (1u << QUEUE_SLOT_BITS)
#define CNODE_RADIX     4

static struct slot *thread;
static struct slot *notification;
static struct slot *endpoint;
static struct slot *queue;
static struct slot *cnode; /* with frames in its slots */

/* What stands in the CNode. */
enum {
    FRAMES, /* of 4 KiB, */
    READ_ONLY = FRAMES + 8,
    DEVICE,
    MEGA,
    NO_FRAME,
    EMPTY
};

static struct async_queue *object(void)
{
    return cap_object(queue->cap);
}

static struct slot *build_queue(unsigned slot_bits)
{
    return build_root(
        cap_make_object(CAP_ASYNC_QUEUE, host_take(bit(REL4_QUEUE_BITS(slot_bits))), slot_bits));
}

static struct cap new_frame(void)
{
    return cap_make_frame(ptr_to_phys(host_take(bit(ABI_PAGE_BITS))), FRAME_4K, FRAME_READ_WRITE, false);
}

static struct slot *in_cnode(unsigned i)
{
    return slots_of(cnode) + i;
}

static int prepare(void **state)
{
    build_reset();
    thread = build_thread();
    thread_of(thread)->state = THREAD_BLOCKED_ON_REPLY;
    notification = build_notification();
    endpoint = build_endpoint();
    queue = build_queue(QUEUE_SLOT_BITS);
    cnode = build_cnode(CNODE_RADIX);
    for (unsigned i = FRAMES; i < READ_ONLY; i++) {
        slot_insert_root(in_cnode(i), new_frame());
    }
    slot_insert_root(in_cnode(READ_ONLY), frame_set_rights(new_frame(), FRAME_READ_ONLY));
    slot_insert_root(in_cnode(DEVICE), cap_make_frame(bit(31), FRAME_4K, FRAME_READ_WRITE, true));
    word_t mega = ptr_to_phys(host_take(bit(ABI_MEGA_PAGE_BITS)));
    slot_insert_root(in_cnode(MEGA), cap_make_frame(mega, FRAME_2M, FRAME_READ_WRITE, false));
    slot_insert(in_cnode(NO_FRAME), endpoint->cap, endpoint);
    return 0;
}

static void must(struct slot *slot, word_t label, struct words words, struct extras extras)
{
    assert_int_equal(invoke(slot, label, words, extras), ERR_NONE);
    assert_int_equal(progress, DONE);
    assert_int_equal(result.length, 0);
}

static void bind(word_t request_bits, word_t response_bits)
{
    must(queue, REL4_LABEL_QUEUE_BIND,
         words(request_bits, response_bits, REL4_POLICY_CALL, REL4_INTERFACE_VERSION, 0, -1ul, -1ul),
         extras(thread, notification));
}

/* Rings of 32 items and 128 units, in two pages. */
static void start(void)
{
    bind(5, 7);
    must(queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(0, 2, FRAMES), extras(cnode));
    must(queue, REL4_LABEL_QUEUE_START, words(), extras());
}

static void bind_is_refused_in_order(void **state)
{
    word_t label = REL4_LABEL_QUEUE_BIND;
    struct slot *read_only = build_copy(notification);

    read_only->cap = cap_make_ipc(CAP_NOTIFICATION, cap_object(notification->cap), ABI_RIGHT_READ, 0);
    const word_t v = REL4_INTERFACE_VERSION;
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, queue, label, words(4, 13), extras(endpoint, endpoint));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, queue, label, words(4, 13, 2), extras(endpoint));
    refuses(ERR_RANGE, words(v, v), queue, label, words(4, 13, 2), extras(endpoint, endpoint));
    refuses(ERR_RANGE, words(v, v), queue, label, words(4, 13, 2, v + 1, 0, 0, 0),
            extras(endpoint, endpoint));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, queue, label, words(4, 13, 2, v, 0, 0),
            extras(endpoint, endpoint));
    refuses(ERR_INVALID_CAPABILITY, words(1), queue, label, words(4, 13, 2, v, 8, 0, 0),
            extras(endpoint, endpoint));
    refuses(ERR_INVALID_CAPABILITY, words(1), queue, label, words(4, 13, 2, v, 8, 0, 0),
            extras(build_slot(), endpoint));
    refuses(ERR_INVALID_CAPABILITY, words(2), queue, label, words(4, 13, 2, v, 8, 0, 0),
            extras(thread, endpoint));
    refuses(ERR_INVALID_CAPABILITY, words(2), queue, label, words(4, 13, 2, v, 8, 0, 0),
            extras(thread, read_only));
    const word_t wrong[] = { 0, 4, 15, 37, bit(32) + 6, -1ul };
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        refuses(ERR_RANGE, words(5, 12), queue, label, words(wrong[i], 15, 2, v, 8, 0, 0),
                extras(thread, notification));
        refuses(ERR_RANGE, words(6, 14), queue, label, words(5, wrong[i], 2, v, 8, 0, 0),
                extras(thread, notification));
    }
    refuses(ERR_INVALID_ARGUMENT, words(2), queue, label, words(5, 14, 2, v, 8, 0, 0),
            extras(thread, notification));
    refuses(ERR_INVALID_ARGUMENT, words(2), queue, label, words(5, 14, -1ul, v, 8, 0, 0),
            extras(thread, notification));
    refuses(ERR_RANGE, words(0, REL4_HEADER_MAX_OFFSET), queue, label, words(5, 14, 0, v, 4096, 0, 0),
            extras(thread, notification));
    refuses(ERR_ALIGNMENT, NOTHING, queue, label, words(5, 14, 0, v, 96, 0, 0), extras(thread, notification));
    bind(5, 14);
    /* It has a thread, the thread has a queue. */
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, label, words(5, 6, 0, v, 0, 0, 0),
            extras(build_thread(), notification));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, build_queue(0), label, words(5, 6, 0, v, 0, 0, 0),
            extras(thread, notification));
}

static void frames_are_refused_in_order(void **state)
{
    word_t label = REL4_LABEL_QUEUE_ADD_FRAMES;
    word_t slots = bit(CNODE_RADIX);

    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, queue, label, words(QUEUE_SLOTS, 0), extras(endpoint));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, queue, label, words(QUEUE_SLOTS, 0, slots), extras());
    refuses(ERR_INVALID_CAPABILITY, words(1), queue, label, words(QUEUE_SLOTS, 0, slots), extras(endpoint));
    refuses(ERR_RANGE, words(0, QUEUE_SLOTS - 1), queue, label, words(QUEUE_SLOTS, 0, slots), extras(cnode));
    refuses(ERR_RANGE, words(0, QUEUE_SLOTS - 1), queue, label, words(-1ul, 0, slots), extras(cnode));
    refuses(ERR_RANGE, words(1, QUEUE_SLOTS - 1), queue, label, words(1, 0, slots), extras(cnode));
    refuses(ERR_RANGE, words(1, QUEUE_SLOTS - 1), queue, label, words(1, QUEUE_SLOTS, slots), extras(cnode));
    refuses(ERR_RANGE, words(1, QUEUE_SLOTS - 1), queue, label, words(1, -1ul, slots), extras(cnode));
    refuses(ERR_RANGE, words(0, slots - 1), queue, label, words(1, 2, slots), extras(cnode));
    refuses(ERR_RANGE, words(0, slots - 1), queue, label, words(1, 2, -1ul), extras(cnode));
    refuses(ERR_RANGE, words(1, 1), queue, label, words(1, 2, slots - 1), extras(cnode));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, label, words(0, 1, EMPTY), extras(cnode));
    bind(5, 7);
    for (unsigned i = READ_ONLY; i <= EMPTY; i++) {
        if (i != MEGA) {
            refuses(ERR_INVALID_CAPABILITY, words(2), queue, label, words(0, 1, i), extras(cnode));
        }
    }
    refuses(ERR_INVALID_CAPABILITY, words(3), queue, label, words(0, 2, READ_ONLY - 1), extras(cnode));
    /* The first frame says of which size all are. */
    must(queue, label, words(1, 1, FRAMES + 7), extras(cnode));
    refuses(ERR_INVALID_CAPABILITY, words(2), queue, label, words(0, 1, MEGA), extras(cnode));
    refuses(ERR_DELETE_FIRST, NOTHING, queue, label, words(1, 1, EMPTY), extras(cnode));
    refuses(ERR_DELETE_FIRST, NOTHING, queue, label, words(0, 2, FRAMES), extras(cnode));
    refuses(ERR_INVALID_CAPABILITY, words(2), queue, label, words(0, 2, NO_FRAME), extras(cnode));
    must(queue, label, words(0, 1, FRAMES), extras(cnode));
    must(queue, REL4_LABEL_QUEUE_START, words(), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, label, words(2, 1, FRAMES), extras(cnode));
    /* Not more at a time, however many there are. */
    refuses(ERR_RANGE, words(1, REL4_QUEUE_FRAMES_PER_CALL), build_queue(8), label, words(0, 129, 0),
            extras(cnode));
}

static void start_wants_all_of_the_memory(void **state)
{
    word_t bytes = REL4_HEADER_BYTES + (REL4_ITEM_BYTES << 7) + (REL4_UNIT_BYTES << 6);

    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, REL4_LABEL_QUEUE_START, words(), extras());
    bind(7, 6);
    refuses(ERR_NOT_ENOUGH_MEMORY, words(bytes), queue, REL4_LABEL_QUEUE_START, words(), extras());
    must(queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(0, 2, FRAMES), extras(cnode));
    refuses(ERR_NOT_ENOUGH_MEMORY, words(bytes), queue, REL4_LABEL_QUEUE_START, words(), extras());
    must(queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(3, 1, FRAMES + 2), extras(cnode));
    refuses(ERR_NOT_ENOUGH_MEMORY, words(bytes), queue, REL4_LABEL_QUEUE_START, words(), extras());
    must(queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(2, 1, FRAMES + 3), extras(cnode));
    must(queue, REL4_LABEL_QUEUE_START, words(), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, REL4_LABEL_QUEUE_START, words(), extras());
    /* More than the queue has places for. */
    must(queue, REL4_LABEL_QUEUE_DETACH, words(), extras());
    bind(12, 12);
    must(queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(0, 4, FRAMES), extras(cnode));
    bytes = REL4_HEADER_BYTES + (REL4_ITEM_BYTES << 12) + (REL4_UNIT_BYTES << 12);
    refuses(ERR_NOT_ENOUGH_MEMORY, words(bytes), queue, REL4_LABEL_QUEUE_START, words(), extras());
    /* A large page is enough for that. */
    must(queue, REL4_LABEL_QUEUE_DETACH, words(), extras());
    bind(12, 12);
    must(queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(0, 1, MEGA), extras(cnode));
    must(queue, REL4_LABEL_QUEUE_START, words(), extras());
}

static void start_writes_the_header_and_nothing_else(void **state)
{
    char *pages[2] = { phys_to_ptr(frame_phys(in_cnode(FRAMES)->cap)),
                       phys_to_ptr(frame_phys(in_cnode(FRAMES + 1)->cap)) };

    for (unsigned i = 0; i < 2; i++) {
        memset(pages[i], 0x5a, bit(ABI_PAGE_BITS));
    }
    start();
    const uint32_t *words = (const uint32_t *)(const void *)pages[0];
    assert_int_equal(words[0], REL4_INTERFACE_VERSION);
    assert_int_equal(words[1], 5);
    assert_int_equal(words[2], 7);
    for (unsigned line = REL4_HEADER_REQUESTER; line <= REL4_HEADER_SERVER; line += 64) {
        for (unsigned offset = line; offset < line + 16; offset += 4) {
            assert_int_equal(words[offset / 4], 0);
        }
        assert_int_equal(words[line / 4 + 6], 0x5a5a5a5a);
    }
    assert_int_equal(words[REL4_HEADER_FAULT / 4], 0);
    for (unsigned i = 0; i < sizeof(struct rel4_queue_statistics); i++) {
        assert_int_equal(pages[0][REL4_HEADER_STATISTICS + i], 0);
    }
    for (size_t i = REL4_HEADER_STATISTICS + sizeof(struct rel4_queue_statistics); i < 2 * bit(ABI_PAGE_BITS);
         i++) {
        assert_int_equal(pages[i >> ABI_PAGE_BITS][i & mask(ABI_PAGE_BITS)], 0x5a);
    }
}

/* A queue that is started, with all that goes with a state. */
static void bring_into(enum queue_state state)
{
    struct tcb *owner = thread_of(thread);
    struct idle_work *idle = &harts_table[1].idle;

    harts_online = 2;
    object()->state = state;
    if (state == QUEUE_WAITING) {
        worker_enqueue(owner, WORKER_AT_TAIL);
    } else if (state == QUEUE_BLOCKED) {
        assert_true(console_take(&caller->ready));
        assert_false(console_take(&owner->worker));
    }
    idle->kept = state == QUEUE_KEPT ? owner : NULL;
    idle->watched = state == QUEUE_WATCHED ? owner : NULL;
}

/* Nobody serves it, or comes back for it, and it waits for nothing. */
static bool is_nowhere(void)
{
    const struct idle_work *idle = &harts_table[1].idle;

    return !thread_of(thread)->worker.queued && !idle->kept && !idle->watched && !console_waiters[0].summary;
}

static void each_state_permits_what_it_permits(void **state)
{
    static const struct {
        enum queue_state state;
        bool wake, reset, detach;
    } rows[] = {
        { QUEUE_NEW, false, false, false },    { QUEUE_ENDING, false, false, true },
        { QUEUE_STOPPED, false, false, true }, { QUEUE_IDLE, true, true, true },
        { QUEUE_WAITING, true, true, true },   { QUEUE_RUNNING, true, false, false },
        { QUEUE_KEPT, true, true, true },      { QUEUE_WATCHED, true, true, true },
        { QUEUE_FULL, true, true, true },      { QUEUE_BLOCKED, true, true, true },
        { QUEUE_FAULTED, false, true, true },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct {
            word_t label;
            bool permitted;
        } calls[] = {
            { REL4_LABEL_QUEUE_WAKE, rows[i].wake },
            { REL4_LABEL_QUEUE_RESET, rows[i].reset },
            { REL4_LABEL_QUEUE_DETACH, rows[i].detach },
        };
        for (unsigned n = 0; n < ARRAY_SIZE(calls); n++) {
            prepare(state);
            if (rows[i].state != QUEUE_NEW) {
                start();
                bring_into(rows[i].state);
            }
            if (calls[n].permitted) {
                must(queue, calls[n].label, words(), extras());
                assert_true(calls[n].label == REL4_LABEL_QUEUE_WAKE || is_nowhere());
            } else {
                refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, calls[n].label, words(), extras());
            }
        }
    }
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, REL4_LABEL_QUEUE_BIND - 1, words(), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, REL4_LABEL_QUEUE_PUT_STRING + 1, words(), extras());
}

static void printing_is_refused_in_order(void **state)
{
    word_t string = REL4_LABEL_QUEUE_PUT_STRING;

    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, queue, REL4_LABEL_QUEUE_PUT_CHAR, words(), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, queue, string, words(), extras());
    console_enabled = false;
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, queue, string, words(), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, REL4_LABEL_QUEUE_PUT_CHAR, words('x'), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, string, words(-1ul), extras());
    console_enabled = true;
    refuses(ERR_RANGE, words(0, 952), queue, string, words(953), extras());
    refuses(ERR_RANGE, words(0, 952), queue, string, words(-1ul, 0, 0), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, queue, string, words(9, 0), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, queue, string, words(1), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, queue, string, words(952, 0), extras());
}

static void a_queue_holds_copies_of_what_it_was_shown(void **state)
{
    start();
    for (unsigned i = 0; i < 2; i++) {
        struct slot *shown = in_cnode(FRAMES + i);
        struct slot *held = &object()->frames[i];
        assert_true(slot_has_children(shown) && slot_is_descendant(shown, held));
        assert_ptr_equal(frame_queue(held->cap), object());
        assert_int_equal(frame_phys(held->cap), frame_phys(shown->cap));
    }
    assert_true(slot_is_descendant(notification, &object()->notification));
    /* What was shown may go. */
    assert_int_equal(slot_delete(in_cnode(FRAMES)), DONE);
    assert_int_equal(slot_delete(notification), DONE);
    assert_int_equal(object()->state, QUEUE_IDLE);
    assert_false(slot_is_empty(&object()->frames[0]) || slot_is_empty(&object()->notification));
}

static void a_revoked_frame_stops_the_queue_until_there_is_another(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        prepare(state);
        start();
        must(queue, REL4_LABEL_QUEUE_WAKE, words(), extras());
        assert_true(thread_of(thread)->worker.queued);
        assert_int_equal(slot_revoke(in_cnode(FRAMES + i)), DONE);
        assert_int_equal(object()->state, QUEUE_STOPPED);
        assert_false(thread_of(thread)->worker.queued);
        assert_true(slot_is_empty(&object()->frames[i]));
        refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, REL4_LABEL_QUEUE_WAKE, words(), extras());
        refuses(ERR_NOT_ENOUGH_MEMORY, words(REL4_HEADER_BYTES + 2048 + 2048), queue, REL4_LABEL_QUEUE_START,
                words(), extras());
        must(queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(i, 1, FRAMES + 5), extras(cnode));
        must(queue, REL4_LABEL_QUEUE_START, words(), extras());
    }
}

static void a_revoked_notification_is_signalled_no_more(void **state)
{
    start();
    assert_int_equal(slot_revoke(notification), DONE);
    assert_true(slot_is_empty(&object()->notification));
    assert_int_equal(object()->state, QUEUE_IDLE);
}

static void a_queue_whose_thread_has_gone_is_nobodys_and_can_be_bound_anew(void **state)
{
    start();
    must(queue, REL4_LABEL_QUEUE_WAKE, words(), extras());
    assert_int_equal(slot_delete(thread), DONE);
    assert_null(object()->thread);
    assert_int_equal(object()->state, QUEUE_STOPPED);
    assert_int_equal(host_hart->ready[0].summary, 0);
    assert_int_equal(host_hart->waiting[0].summary, 0);
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, REL4_LABEL_QUEUE_START, words(), extras());
    must(queue, REL4_LABEL_QUEUE_DETACH, words(), extras());
    thread = build_thread();
    start();
}

static void full_of_frames_it_ends_in_pieces_and_lets_go_of_all(void **state)
{
    struct slot *frames[2];

    for (unsigned by_detach = 0; by_detach < 2; by_detach++) {
        prepare(state);
        queue = build_queue(REL4_QUEUE_MAX_SIZE_BITS);
        bind(12, 12);
        for (unsigned half = 0; half < 2; half++) {
            frames[half] = build_cnode(7);
            for (unsigned i = 0; i < 128; i++) {
                slot_insert_root(slots_of(frames[half]) + i, new_frame());
            }
            must(queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(128ul * half, 128, 0), extras(frames[half]));
        }
        must(queue, REL4_LABEL_QUEUE_START, words(), extras());
        host_preempt_every(1);
        unsigned attempts = 1;
        if (by_detach) {
            attempts += invoke_until_done(queue, REL4_LABEL_QUEUE_DETACH, words(), extras());
        } else {
            while (slot_delete(queue) == AGAIN) {
                attempts++;
            }
        }
        assert_in_range(attempts, 8, 64);
        assert_null(thread_of(thread)->async_queue);
        assert_false(slot_has_children(notification));
        for (unsigned i = 0; i < 256; i++) {
            assert_false(slot_has_children(slots_of(frames[i / 128]) + i % 128));
        }
        assert_int_equal(slot_is_empty(queue), !by_detach);
        host_preempt_never();
    }
    assert_int_equal(object()->state, QUEUE_NEW);
    start();
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, prepare, host_teardown)
    const struct CMUnitTest tests[] = {
        EACH(bind_is_refused_in_order),
        EACH(frames_are_refused_in_order),
        EACH(start_wants_all_of_the_memory),
        EACH(start_writes_the_header_and_nothing_else),
        EACH(each_state_permits_what_it_permits),
        EACH(printing_is_refused_in_order),
        EACH(a_queue_holds_copies_of_what_it_was_shown),
        EACH(a_revoked_frame_stops_the_queue_until_there_is_another),
        EACH(a_revoked_notification_is_signalled_no_more),
        EACH(a_queue_whose_thread_has_gone_is_nobodys_and_can_be_bound_anew),
        EACH(full_of_frames_it_ends_in_pieces_and_lets_go_of_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
