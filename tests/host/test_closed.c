/*
 * What is taken down in steps is closed at the first: between two steps nobody fills it again, so each end
 * comes after as many steps as there was work when it began. What a Revoke closes is in test_revoke.c.
 */
#include "build.h"
#include "cap/delete.h"
#include "cap/derive.h"
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "ipc/receiver.h"
#include "object/async_queue.h"
#include "object/irq.h"
#include "object/sender_table.h"
#include "thread/hart.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MANY    128 /* threads, address spaces, entries, frames: more than go in one step */
#define NOTHING words()

static struct slot *root; /* a CNode, for copies */
static struct slot *thread;
static struct slot *notification;
static struct slot *vector; /* of the notification */
static struct slot *table;
static struct slot *frames; /* a CNode full of them */

static struct slot *in_root(unsigned i)
{
    return slots_of(root) + i;
}

static void build(void)
{
    build_reset();
    uintr_backend = REL4_UINTR_EMULATED;
    root = build_cnode(4);
    thread = build_thread();
    notification = build_notification();
    vector = build_receiver(thread, notification);
    table = build_object(CAP_SENDER_TABLE, REL4_SENDER_TABLE_BITS, 0);
    frames = build_cnode(7);
    for (unsigned i = 0; i < MANY; i++) {
        word_t phys = ptr_to_phys(host_take(bit(ABI_PAGE_BITS)));
        slot_insert_root(slots_of(frames) + i, cap_make_frame(phys, FRAME_4K, FRAME_READ_WRITE, false));
    }
}

/* The ways to fill an object once more; true if that was possible. */

static bool send(struct slot *endpoint)
{
    if (!cap_is(endpoint->cap, CAP_ENDPOINT)) {
        return false;
    }
    struct tcb *sender = thread_of(build_thread());
    sender->state = THREAD_RUNNING;
    endpoint_send(sender, endpoint->cap, SEND_BLOCKING);
    return true;
}

static bool wait(struct slot *crowded)
{
    if (!cap_is(crowded->cap, CAP_NOTIFICATION)) {
        return false;
    }
    struct tcb *waiter = thread_of(build_thread());
    waiter->state = THREAD_RUNNING;
    notification_receive(waiter, cap_object(crowded->cap), true);
    return true;
}

static bool assign(struct slot *pool)
{
    return invoke_any(pool, LABEL_ASID_POOL_ASSIGN, words(), extras(build_page_table())) == ERR_NONE;
}

static bool make_entry(struct slot *owner)
{
    return invoke_any(table, REL4_LABEL_SENDER_TABLE_ADD, words(), extras(owner)) == ERR_NONE;
}

static bool name_receiver(struct slot *receiver)
{
    return make_entry(vector);
}

static bool put_entry(struct slot *into)
{
    return invoke_any(into, REL4_LABEL_SENDER_TABLE_ADD, words(), extras(vector)) == ERR_NONE;
}

static bool add_frame(struct slot *queue)
{
    for (word_t at = 0; at < MANY; at++) {
        if (invoke_any(queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(at, 1, at), extras(frames)) == ERR_NONE) {
            return true;
        }
    }
    return false;
}

static bool set_notification(struct slot *handler)
{
    return invoke_any(handler, LABEL_IRQ_HANDLER_SET_NOTIFICATION, words(), extras(notification)) == ERR_NONE;
}

static bool do_nothing(struct slot *slot)
{
    return false;
}

/* The objects whose end takes steps, full. */

static struct slot *many(struct slot *slot, bool (*fill)(struct slot *slot))
{
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(fill(slot));
    }
    return slot;
}

static struct slot *full_endpoint(void)
{
    return many(build_endpoint(), send);
}

static struct slot *full_notification(void)
{
    return many(build_notification(), wait);
}

static struct slot *full_pool(void)
{
    struct slot *control = build_root(cap_make(CAP_ASID_CONTROL, 0));

    assert_int_equal(
        invoke(control, LABEL_ASID_CONTROL_MAKE_POOL, words(0, 4), extras(build_untyped(12), root)),
        ERR_NONE);
    return many(in_root(0), assign);
}

static struct slot *owner_of_entries(void)
{
    return many(vector, make_entry);
}

static struct slot *last_owner_of_entries(void)
{
    many(vector, make_entry);
    assert_int_equal(slot_delete(notification), DONE);
    return vector;
}

static struct slot *full_table(void)
{
    many(vector, make_entry);
    return table;
}

static struct slot *busy_receiver(void)
{
    return many(thread, name_receiver);
}

static struct slot *full_queue(void)
{
    struct slot *queue = build_object(CAP_ASYNC_QUEUE, REL4_QUEUE_BITS(7), 7);

    assert_int_equal(invoke(queue, REL4_LABEL_QUEUE_BIND,
                            words(5, 6, 0, REL4_INTERFACE_VERSION, 0, -1ul, -1ul),
                            extras(thread, notification)),
                     ERR_NONE);
    assert_int_equal(invoke(queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(0, MANY, 0), extras(frames)), ERR_NONE);
    return queue;
}

static struct slot *handler_of_crowd(void)
{
    struct slot *control = build_root(cap_make(CAP_IRQ_CONTROL, 0));
    struct slot *crowded = full_notification();

    irq_init(ABI_IRQ_LAST_DEVICE, ABI_IRQ_MAX_SMP);
    assert_int_equal(invoke(control, LABEL_IRQ_CONTROL_GET, words(5, 1, 4), extras(root)), ERR_NONE);
    assert_int_equal(invoke(in_root(1), LABEL_IRQ_HANDLER_SET_NOTIFICATION, words(), extras(crowded)),
                     ERR_NONE);
    assert_int_equal(slot_delete(crowded), DONE);
    return in_root(1);
}

static const struct end {
    struct slot *(*build)(void);
    bool (*fill)(struct slot *slot);
    unsigned most; /* steps */
} ends[] = {
    { full_endpoint, send, MANY / 2 },
    { full_notification, wait, MANY / 2 },
    { full_pool, assign, MANY },
    { owner_of_entries, make_entry, MANY / ENTRIES_PER_BATCH },
    { last_owner_of_entries, make_entry, MANY / ENTRIES_PER_BATCH },
    { busy_receiver, name_receiver, MANY / ENTRIES_PER_BATCH + TCB_SLOTS + 1 },
    { full_table, put_entry, MANY / ENTRIES_PER_BATCH },
    { full_queue, add_frame, MANY / 16 },
    { handler_of_crowd, set_notification, MANY / 2 },
};

static void between_two_steps_nobody_fills_what_is_being_deleted(void **state)
{
    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        build();
        struct slot *victim = ends[i].build();
        host_preempt_every(1);
        assert_true(to_the_end_against(slot_delete, victim, ends[i].fill, victim, ends[i].most) > 2);
        assert_true(slot_is_empty(victim));
    }
}

static void what_is_closed_can_be_moved_and_deleted_and_nothing_else(void **state)
{
    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        build();
        struct slot *victim = ends[i].build();
        struct slot *place = in_root(2);
        struct cap derived;
        host_preempt_every(1);
        assert_int_equal(slot_delete(victim), AGAIN);
        slot_move(place, victim->cap, victim);
        assert_true(cap_is(place->cap, CAP_CLOSED));
        assert_false(cap_is_kernel_object(place->cap) || cap_is_ipc_object(place->cap));
        assert_true(cap_derive(place, place->cap, &derived) == ERR_NONE && cap_is_null(derived));
        refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_COPY, words(3, 4, 2, 4, ABI_RIGHTS_ALL),
                extras(root));
        refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_MINT, words(3, 4, 2, 4, ABI_RIGHTS_ALL, 0),
                extras(root));
        assert_int_equal(invoke(root, LABEL_CNODE_MOVE, words(3, 4, 2, 4), extras(root)), ERR_NONE);
        invoke_until_done(root, LABEL_CNODE_DELETE, words(3, 4), extras());
        assert_true(slot_is_empty(in_root(3)));
    }
}

static void a_copy_beside_what_is_closed_is_not_taken_for_the_last(void **state)
{
    build();
    struct slot *copy = build_slot();
    slot_insert(copy, vector->cap, vector);
    many(vector, make_entry);
    host_preempt_every(1);
    assert_int_equal(slot_delete(vector), AGAIN);
    assert_true(cap_is(vector->cap, CAP_CLOSED));
    assert_false(slot_is_last(copy) || slot_is_last(notification));
    /* It still descends from the original. */
    assert_true(slot_is_descendant(notification, vector));
    to_the_end_against(slot_revoke, notification, do_nothing, NULL, MANY);
    assert_true(slot_is_empty(vector) && slot_is_empty(copy));
    assert_ptr_equal(receiver_of(cap_object(notification->cap)), thread_of(thread));
}

static enum progress call_until_done(word_t label)
{
    assert_int_equal(invoke(thread, label, words(), extras()), ERR_NONE);
    return progress;
}

static enum progress unregister(struct slot *slot)
{
    return call_until_done(REL4_LABEL_TCB_UNREGISTER_RECEIVER);
}

static enum progress unbind(struct slot *slot)
{
    return call_until_done(LABEL_TCB_UNBIND_NOTIFICATION);
}

static void between_two_steps_nobody_makes_entries_for_a_receiver_that_ends(void **state)
{
    for (unsigned unbinds = 0; unbinds < 2; unbinds++) {
        build();
        many(vector, make_entry);
        host_preempt_every(1);
        assert_true(to_the_end_against(unbinds ? unbind : unregister, thread, make_entry, vector,
                                       MANY / ENTRIES_PER_BATCH) > 2);
        assert_false(thread_of(thread)->uintr.receiver || thread_of(thread)->uintr.ending);
        host_preempt_never();
        if (unbinds) {
            notification_bind(cap_object(notification->cap), thread_of(thread));
        }
        assert_int_equal(
            invoke(thread, REL4_LABEL_TCB_REGISTER_RECEIVER, words(0x1000, 0), extras(notification)),
            ERR_NONE);
        assert_true(make_entry(vector));
    }
}

static enum progress detach(struct slot *queue)
{
    assert_int_equal(invoke(queue, REL4_LABEL_QUEUE_DETACH, words(), extras()), ERR_NONE);
    return progress;
}

/* Also when a frame goes meanwhile, which stops a queue. */
static bool fill_queue(struct slot *queue)
{
    struct async_queue *object = cap_object(queue->cap);

    while (slot_revoke(slots_of(frames) + MANY - 1) == AGAIN) {
    }
    assert_int_equal(object->state, QUEUE_ENDING);
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, REL4_LABEL_QUEUE_BIND,
            words(5, 6, 0, REL4_INTERFACE_VERSION, 0, -1ul, -1ul), extras(thread, notification));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, REL4_LABEL_QUEUE_START, words(), extras());
    return add_frame(queue);
}

static void between_two_steps_nobody_fills_a_queue_that_is_detached(void **state)
{
    build();
    struct slot *queue = full_queue();
    host_preempt_every(1);
    assert_true(to_the_end_against(detach, queue, fill_queue, queue, MANY / 16) > 2);
    host_preempt_never();
    assert_int_equal(invoke(queue, REL4_LABEL_QUEUE_BIND,
                            words(5, 6, 0, REL4_INTERFACE_VERSION, 0, -1ul, -1ul),
                            extras(thread, notification)),
                     ERR_NONE);
    assert_true(add_frame(queue));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(between_two_steps_nobody_fills_what_is_being_deleted, host_teardown),
        cmocka_unit_test_teardown(what_is_closed_can_be_moved_and_deleted_and_nothing_else, host_teardown),
        cmocka_unit_test_teardown(a_copy_beside_what_is_closed_is_not_taken_for_the_last, host_teardown),
        cmocka_unit_test_teardown(between_two_steps_nobody_makes_entries_for_a_receiver_that_ends,
                                  host_teardown),
        cmocka_unit_test_teardown(between_two_steps_nobody_fills_a_queue_that_is_detached, host_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
