/*
 * What is taken down in steps is closed at the first: between two steps nobody fills it again, so each end
 * comes after as many steps as there was work when it began. And nothing is derived from what a Revoke is
 * about to delete.
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
#include <string.h>

#include <cmocka.h>

#define MANY    128 /* threads, address spaces, entries, frames: more than go in one step */
#define NOTHING words()

#define CHILDREN 64 /* of what is revoked */

static struct slot *root; /* a CNode, for copies */
static struct slot *thread;
static struct slot *notification;
static struct slot *vector; /* of the notification */
static struct slot *table;
static struct slot *frames; /* a CNode full of them */

/* For each way to derive something: what that is given to. */
static struct slot *new_queue;
static struct slot *new_table;
static struct slot *new_thread;
static struct slot *new_handler;

static struct slot *in_root(unsigned i)
{
    return slots_of(root) + i;
}

/* As the front door does: the error of an invocation, also of what cannot be invoked. */
static word_t call(struct slot *slot, word_t label, struct words words, struct extras extras)
{
    return cap_is_kernel_object(slot->cap) ? invoke(slot, label, words, extras) : ERR_INVALID_CAPABILITY;
}

static struct slot *build_object(enum cap_type type, unsigned size_bits, word_t w1)
{
    return build_root(cap_make_object(type, host_take(bit(size_bits)), w1));
}

static void build(void)
{
    build_reset();
    uintr_backend = REL4_UINTR_EMULATED;
    root = build_cnode(4);
    thread = build_thread();
    notification = build_notification();
    table = build_object(CAP_SENDER_TABLE, REL4_SENDER_TABLE_BITS, 0);
    frames = build_cnode(7);
    for (unsigned i = 0; i < MANY; i++) {
        word_t phys = ptr_to_phys(host_take(bit(ABI_PAGE_BITS)));
        slot_insert_root(slots_of(frames) + i, cap_make_frame(phys, FRAME_4K, FRAME_READ_WRITE, false));
    }
    new_queue = build_object(CAP_ASYNC_QUEUE, REL4_QUEUE_BITS(0), 0);
    new_table = build_object(CAP_SENDER_TABLE, REL4_SENDER_TABLE_BITS, 0);
    new_thread = build_thread();
    new_handler = build_root(cap_make(CAP_IRQ_HANDLER, 7));
    vector = build_slot();
    slot_insert(vector, cap_apply_data(notification->cap, 1, false), notification);
    notification_bind(cap_object(notification->cap), thread_of(thread));
    assert_int_equal(invoke(thread, REL4_LABEL_TCB_REGISTER_RECEIVER, words(0x1000, 0), extras(notification)),
                     ERR_NONE);
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
    return call(pool, LABEL_ASID_POOL_ASSIGN, words(), extras(build_page_table())) == ERR_NONE;
}

static bool make_entry(struct slot *owner)
{
    return call(table, REL4_LABEL_SENDER_TABLE_ADD, words(), extras(owner)) == ERR_NONE;
}

static bool name_receiver(struct slot *receiver)
{
    (void)receiver;
    return make_entry(vector);
}

static bool put_entry(struct slot *into)
{
    return call(into, REL4_LABEL_SENDER_TABLE_ADD, words(), extras(vector)) == ERR_NONE;
}

static bool add_frame(struct slot *queue)
{
    for (word_t at = 0; at < MANY; at++) {
        if (call(queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(at, 1, at), extras(frames)) == ERR_NONE) {
            return true;
        }
    }
    return false;
}

static bool set_notification(struct slot *handler)
{
    return call(handler, LABEL_IRQ_HANDLER_SET_NOTIFICATION, words(), extras(notification)) == ERR_NONE;
}

static bool do_nothing(struct slot *slot)
{
    (void)slot;
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

    assert_int_equal(invoke(queue, REL4_LABEL_QUEUE_BIND, words(5, 5, 0), extras(thread, notification)),
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

/* A step is at most what a preemption point comes behind. Returns how often the work was interrupted. */
static unsigned to_the_end(enum progress (*work)(struct slot *slot), struct slot *slot,
                           bool (*attack)(struct slot *slot), struct slot *victim, unsigned most)
{
    unsigned interruptions = 0;

    while (work(slot) == AGAIN) {
        assert_false(attack(victim));
        assert_in_range(++interruptions, 1, most);
    }
    return interruptions;
}

static void between_two_steps_nobody_fills_what_is_being_deleted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        build();
        struct slot *victim = ends[i].build();
        host_preempt_every(1);
        assert_true(to_the_end(slot_delete, victim, ends[i].fill, victim, ends[i].most) > 2);
        assert_true(slot_is_empty(victim));
    }
}

static void what_is_closed_can_be_moved_and_deleted_and_nothing_else(void **state)
{
    (void)state;
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
    (void)state;
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
    to_the_end(slot_revoke, notification, do_nothing, NULL, MANY);
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
    (void)slot;
    return call_until_done(REL4_LABEL_TCB_UNREGISTER_RECEIVER);
}

static enum progress unbind(struct slot *slot)
{
    (void)slot;
    return call_until_done(LABEL_TCB_UNBIND_NOTIFICATION);
}

static void between_two_steps_nobody_makes_entries_for_a_receiver_that_ends(void **state)
{
    (void)state;
    for (unsigned unbinds = 0; unbinds < 2; unbinds++) {
        build();
        many(vector, make_entry);
        host_preempt_every(1);
        assert_true(to_the_end(unbinds ? unbind : unregister, thread, make_entry, vector,
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
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, REL4_LABEL_QUEUE_BIND, words(5, 5, 0),
            extras(thread, notification));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, queue, REL4_LABEL_QUEUE_START, words(), extras());
    return add_frame(queue);
}

static void between_two_steps_nobody_fills_a_queue_that_is_detached(void **state)
{
    (void)state;
    build();
    struct slot *queue = full_queue();
    host_preempt_every(1);
    assert_true(to_the_end(detach, queue, fill_queue, queue, MANY / 16) > 2);
    host_preempt_never();
    assert_int_equal(invoke(queue, REL4_LABEL_QUEUE_BIND, words(5, 5, 0), extras(thread, notification)),
                     ERR_NONE);
    assert_true(add_frame(queue));
}

/* Every way to derive something from a capability, also by message. Returns in how many that was possible;
 * what was derived is deleted again. */
static unsigned derive(struct slot *source)
{
    struct async_queue *queue = cap_object(new_queue->cap);
    struct sender_table *senders = cap_object(new_table->cap);
    struct slot source_node = { .cap = cap_make_cnode(source, 1, 0, 0) }; /* of which it is the first slot */
    const struct {
        struct slot *slot;
        word_t label;
        struct words words;
        struct extras extras;
        struct slot *derived;
    } ways[] = {
        { root, LABEL_CNODE_COPY, words(9, 4, 0, 1, ABI_RIGHTS_ALL), extras(&source_node), in_root(9) },
        { root, LABEL_CNODE_MINT, words(9, 4, 0, 1, ABI_RIGHTS_ALL, 7), extras(&source_node), in_root(9) },
        { source, LABEL_UNTYPED_RETYPE, words(ABI_TYPE_ENDPOINT, 0, 0, 0, 9, 1), extras(root), in_root(9) },
        { source, LABEL_IRQ_CONTROL_GET, words(9, 9, 4), extras(root), in_root(9) },
        { new_table, REL4_LABEL_SENDER_TABLE_ADD, words(), extras(source), senders->slots },
        { new_handler, LABEL_IRQ_HANDLER_SET_NOTIFICATION, words(), extras(source),
          irq_notification_slot(7) },
        { new_thread, LABEL_TCB_SET_IPC_BUFFER, words(0x10000), extras(source),
          &thread_of(new_thread)->slots[TCB_BUFFER] },
        { new_queue, REL4_LABEL_QUEUE_BIND, words(5, 5, 0), extras(new_thread, source),
          &queue->notification },
        { new_queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(0, 1, 0), extras(&source_node), queue->frames },
    };
    struct cap cap;
    unsigned derived = cap_derive(source, source->cap, &cap) == ERR_NONE && !cap_is_null(cap);

    for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
        queue->state = ways[i].label == REL4_LABEL_QUEUE_BIND ? QUEUE_NEW : QUEUE_STOPPED;
        if (call(ways[i].slot, ways[i].label, ways[i].words, ways[i].extras) == ERR_NONE) {
            assert_false(slot_is_empty(ways[i].derived));
            assert_int_equal(slot_delete(ways[i].derived), DONE);
            derived++;
        }
        async_queue_unbind(thread_of(new_thread));
        queue->frame_bits = 0;
    }
    return derived;
}

static bool derive_any(struct slot *source)
{
    return derive(source) > 0;
}

/* Capabilities that something can be derived from in as many ways; the first two slots of a CNode are one
 * that is revoked and one of its descendants. */
static const struct kind {
    struct cap (*make)(void);
    unsigned ways, ways_of_child;
} kinds[];

static struct cap some_endpoint(void)
{
    return build_endpoint()->cap;
}

static struct cap some_vector(void)
{
    return vector->cap;
}

static struct cap some_frame(void)
{
    return build_frame()->cap;
}

static struct cap some_irq_control(void)
{
    return cap_make(CAP_IRQ_CONTROL, 0);
}

static const struct kind kinds[] = {
    { some_endpoint, 3, 3 },    /* a message, Copy, Mint */
    { some_vector, 5, 5 },      /* a message, Copy, Add, SetNotification, Bind; it has a badge already */
    { some_frame, 5, 5 },       /* a message, Copy, Mint, SetIPCBuffer, AddFrames */
    { some_irq_control, 1, 3 }, /* Get; a handler like an endpoint */
};

/* A node with a capability in slot 0, and CHILDREN that descend from it in its slots from 1 on. */
static struct slot *build_family(const struct kind *kind)
{
    struct slot *node = build_cnode(8);
    struct slot *slots = slots_of(node);

    slot_insert_root(&slots[0], kind->make());
    for (unsigned i = 1; i <= CHILDREN; i++) {
        struct cap cap = slots[0].cap;
        slot_insert(&slots[i], cap_is(cap, CAP_IRQ_CONTROL) ? cap_make(CAP_IRQ_HANDLER, 10 + i) : cap,
                    &slots[0]);
    }
    return slots;
}

static void nothing_is_derived_from_what_a_revoke_is_about_to_delete(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
        build();
        struct slot *slots = build_family(&kinds[i]);
        struct slot *others = build_family(&kinds[0]);
        irq_init(ABI_IRQ_LAST_DEVICE, ABI_IRQ_MAX_SMP);
        assert_int_equal(derive(&slots[0]), kinds[i].ways);
        assert_int_equal(derive(&slots[1]), kinds[i].ways_of_child);
        host_preempt_every(1);
        assert_int_equal(slot_revoke(&slots[0]), AGAIN);
        host_preempt_never();
        assert_int_equal(derive(&slots[0]), 0);
        assert_int_equal(derive(&slots[1]), 0);
        /* Of others everything. */
        assert_int_equal(derive(&others[0]), kinds[0].ways);
        assert_int_equal(derive(&others[1]), kinds[0].ways_of_child);
        host_preempt_every(1);
        assert_int_equal(to_the_end(slot_revoke, &slots[0], derive_any, &slots[1], CHILDREN), CHILDREN - 1);
        host_preempt_never();
        assert_int_equal(derive(&slots[0]), kinds[i].ways);
    }
}

static void no_memory_is_given_away_while_it_is_revoked(void **state)
{
    (void)state;
    build();
    struct slot *untyped = build_untyped(16);
    struct words one_piece = words(ABI_TYPE_UNTYPED, 4, 0, 0, 9, 1);
    assert_int_equal(
        invoke(untyped, LABEL_UNTYPED_RETYPE, words(ABI_TYPE_UNTYPED, 12, 0, 0, 0, 8), extras(root)),
        ERR_NONE);
    struct slot *piece = in_root(0);
    host_preempt_every(1);
    assert_int_equal(slot_revoke(untyped), AGAIN);
    host_preempt_never();
    struct slot *copy_from[] = { untyped, piece };
    for (unsigned i = 0; i < 2; i++) {
        refuses(ERR_REVOKE_FIRST, NOTHING, copy_from[i], LABEL_UNTYPED_RETYPE, one_piece, extras(root));
        assert_int_equal(derive(copy_from[i]), 0);
    }
    assert_int_equal(slot_revoke(untyped), DONE);
    assert_int_equal(invoke(untyped, LABEL_UNTYPED_RETYPE, one_piece, extras(root)), ERR_NONE);
}

static void a_revoke_that_is_given_up_closes_nothing_any_more(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        build();
        struct slot *slots = build_family(&kinds[0]);
        struct slot *others = build_family(&kinds[0]);
        struct slot *elsewhere = build_slot();
        struct slot *third = build_family(&kinds[0]);
        host_preempt_every(1);
        while (slot_revoke(&third[0]) == AGAIN) {
        }
        assert_int_equal(slot_revoke(&slots[0]), AGAIN);
        host_preempt_never();
        assert_true(slot_is_revoked(&slots[1]));
        switch (i) {
        case 0: /* moved */
            slot_move(elsewhere, slots[0].cap, &slots[0]);
            break;
        case 1:
            assert_int_equal(slot_delete(&slots[0]), DONE);
            break;
        case 2: /* the hart remembers another */
            host_preempt_every(1);
            assert_int_equal(slot_revoke(&others[0]), AGAIN);
            break;
        case 3: /* all are gone, by other ways */
            for (unsigned n = 2; n <= CHILDREN; n++) {
                assert_int_equal(slot_delete(&slots[n]), DONE);
            }
            assert_int_equal(slot_delete(&slots[1]), DONE);
            slot_insert(&slots[1], slots[0].cap, &slots[0]);
            break;
        case 4: /* in its place stands another, which was revoked before */
            slot_insert(&third[1], third[0].cap, &third[0]);
            slot_swap(&slots[0], slots[0].cap, &third[0], third[0].cap);
            assert_false(slot_is_revoked(&third[1]));
            break;
        default: /* done, by somebody else */
            assert_int_equal(slot_revoke(&slots[0]), DONE);
            slot_insert(&slots[1], slots[0].cap, &slots[0]);
            break;
        }
        assert_false(slot_is_revoked(&slots[1]));
    }
}

/* The CNode of the Revoke becomes a frame, in which a program writes what it likes. */
static void what_stands_in_memory_that_is_no_cnode_any_more_closes_nothing(void **state)
{
    (void)state;
    for (unsigned as_pool = 0; as_pool < 2; as_pool++) {
        build();
        struct slot *others = build_family(&kinds[0]);
        struct slot *untyped = build_untyped(12);
        assert_int_equal(
            invoke(untyped, LABEL_UNTYPED_RETYPE, words(ABI_TYPE_CNODE, 7, 0, 0, 0, 1), extras(root)),
            ERR_NONE);
        struct slot *inside = slots_of(in_root(0)) + 3;
        slot_insert_root(inside, build_endpoint()->cap);
        slot_insert(in_root(1), inside->cap, inside);
        slot_insert(in_root(2), inside->cap, inside);
        host_preempt_every(1);
        assert_int_equal(slot_revoke(inside), AGAIN);
        host_preempt_never();
        assert_int_equal(slot_delete(in_root(0)), DONE);
        if (as_pool) {
            struct slot *control = build_root(cap_make(CAP_ASID_CONTROL, 0));
            assert_int_equal(
                invoke(control, LABEL_ASID_CONTROL_MAKE_POOL, words(0, 4), extras(untyped, root)), ERR_NONE);
        } else {
            assert_int_equal(
                invoke(untyped, LABEL_UNTYPED_RETYPE, words(ABI_TYPE_4K_PAGE, 0, 0, 0, 0, 1), extras(root)),
                ERR_NONE);
        }
        *inside = (struct slot){ others[0].cap, NULL, (word_t)&others[1] | SLOT_MARKS };
        assert_false(slot_is_revoked(&others[1]));
    }
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
        cmocka_unit_test_teardown(nothing_is_derived_from_what_a_revoke_is_about_to_delete, host_teardown),
        cmocka_unit_test_teardown(no_memory_is_given_away_while_it_is_revoked, host_teardown),
        cmocka_unit_test_teardown(a_revoke_that_is_given_up_closes_nothing_any_more, host_teardown),
        cmocka_unit_test_teardown(what_stands_in_memory_that_is_no_cnode_any_more_closes_nothing,
                                  host_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
