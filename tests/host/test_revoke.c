/*
 * Nothing is derived from what a Revoke is about to delete, until it is done or given up.
 */
#include "build.h"
#include "cap/delete.h"
#include "cap/derive.h"
#include "object/async_queue.h"
#include "object/irq.h"
#include "object/sender_table.h"
#include "thread/hart.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOTHING words()

#define CHILDREN 64 /* of what is revoked */

static struct slot *root;   /* a CNode, for copies */
static struct slot *vector; /* of a notification with a receiver */

/* For each way to derive something: what that is given to. */
static struct slot *new_queue;
static struct slot *new_table;
static struct slot *new_thread;
static struct slot *new_handler;

static struct slot *in_root(unsigned i)
{
    return slots_of(root) + i;
}

static void build(void)
{
    build_reset();
    uintr_backend = REL4_UINTR_EMULATED;
    root = build_cnode(4);
    vector = build_receiver(build_thread(), build_notification());
    new_queue = build_object(CAP_ASYNC_QUEUE, REL4_QUEUE_BITS(0), 0);
    new_table = build_object(CAP_SENDER_TABLE, REL4_SENDER_TABLE_BITS, 0);
    new_thread = build_thread();
    new_handler = build_root(cap_make(CAP_IRQ_HANDLER, 7));
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
        { new_queue, REL4_LABEL_QUEUE_BIND, words(5, 6, 0, REL4_INTERFACE_VERSION, 0, -1ul, -1ul),
          extras(new_thread, source), &queue->notification },
        { new_queue, REL4_LABEL_QUEUE_ADD_FRAMES, words(0, 1, 0), extras(&source_node), queue->frames },
    };
    struct cap cap;
    unsigned derived = cap_derive(source, source->cap, &cap) == ERR_NONE && !cap_is_null(cap);

    for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
        queue->state = ways[i].label == REL4_LABEL_QUEUE_BIND ? QUEUE_NEW : QUEUE_STOPPED;
        if (invoke_any(ways[i].slot, ways[i].label, ways[i].words, ways[i].extras) == ERR_NONE) {
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
        assert_int_equal(to_the_end_against(slot_revoke, &slots[0], derive_any, &slots[1], CHILDREN),
                         CHILDREN - 1);
        host_preempt_never();
        assert_int_equal(derive(&slots[0]), kinds[i].ways);
    }
}

static void no_memory_is_given_away_while_it_is_revoked(void **state)
{
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
        cmocka_unit_test_teardown(nothing_is_derived_from_what_a_revoke_is_about_to_delete, host_teardown),
        cmocka_unit_test_teardown(no_memory_is_given_away_while_it_is_revoked, host_teardown),
        cmocka_unit_test_teardown(a_revoke_that_is_given_up_closes_nothing_any_more, host_teardown),
        cmocka_unit_test_teardown(what_stands_in_memory_that_is_no_cnode_any_more_closes_nothing,
                                  host_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
