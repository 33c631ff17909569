/*
 * Deletion, case by case. What happens in all other orders is left to test_delete_random.
 */
#include "build.h"
#include "cap/delete.h"
#include "cap/zombie.h"
#include "object/irq.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MANY_WAITERS 100 /* more than are woken in one go */

/* Deletes or revokes to the end and inspects the world wherever the work can be interrupted. */
static unsigned long to_the_end(enum progress (*work)(struct slot *), struct slot *slot)
{
    unsigned long interruptions = 0;

    while (work(slot) == AGAIN) {
        world_check();
        interruptions++;
    }
    world_check();
    return interruptions;
}

static struct slot *ground(unsigned i)
{
    return &world.ground[WORLD_UNTYPEDS + i];
}

static struct object *new_cnode(unsigned untyped, struct slot *to)
{
    return world_create(&world.ground[untyped], ABI_TYPE_CNODE, 1, to);
}

static void put(struct slot *to, struct slot *from)
{
    slot_move(to, from->cap, from);
}

static void an_empty_slot_is_deleted_at_once(void **state)
{
    struct slot slot = { 0 };

    host_reset();
    host_preempt_every(1);
    assert_int_equal(slot_delete(&slot), DONE);
    slot_delete_simple(&slot);
    assert_int_equal(slot_revoke(&slot), DONE);
}

static void an_object_goes_with_its_last_capability_only(void **state)
{
    world_reset();
    struct object *cnode = new_cnode(0, ground(0));
    slot_insert(ground(1), ground(0)->cap, ground(0));
    new_cnode(1, &cnode->slots[1]);
    assert_int_equal(slot_delete(ground(0)), DONE);
    assert_false(slot_is_empty(&cnode->slots[1]));
    assert_int_equal(slot_delete(ground(1)), DONE);
    assert_true(slot_is_empty(&cnode->slots[1]));
    world_check_empty();
}

static void a_chain_of_cnodes_is_deleted_in_steps(void **state)
{
    unsigned depth = 0;

    world_reset();
    struct slot *slot = ground(0);
    for (struct object *next; (next = new_cnode(0, slot)) != NULL; depth++) {
        slot = &next->slots[depth % 2];
    }
    assert_int_equal(depth, 128);
    host_preempt_every(1);
    assert_true(to_the_end(slot_delete, ground(0)) > 2ul * depth);
    world_check_empty();
}

static void a_cnode_that_holds_its_own_last_capability_is_found_from_its_memory(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        world_reset();
        struct object *cnode = new_cnode(0, ground(0));
        put(&cnode->slots[i], ground(0));
        host_preempt_every(1);
        to_the_end(slot_revoke, &world.ground[0]);
        world_check_empty();
    }
}

static void a_thread_goes_with_its_space_and_whoever_waits_for_its_answer_is_forgotten(void **state)
{
    world_reset();
    struct tcb *thread = object_tcb(world_create(&world.ground[0], ABI_TYPE_TCB, 0, ground(0)));
    struct tcb *client = object_tcb(world_create(&world.ground[1], ABI_TYPE_TCB, 0, ground(1)));
    new_cnode(0, ground(2));
    put(&thread->slots[TCB_CSPACE], ground(2));
    client->state = THREAD_RUNNING;
    endpoint_wait_for_reply(client, thread, true);
    host_preempt_every(1);
    to_the_end(slot_delete, ground(0));
    assert_null(client->reply_slot);
    assert_int_equal(client->state, THREAD_BLOCKED_ON_REPLY);
    to_the_end(slot_delete, ground(1));
    world_check_empty();
}

static void a_reply_that_was_saved_goes_with_the_thread_it_would_answer(void **state)
{
    world_reset();
    struct tcb *server = object_tcb(world_create(&world.ground[0], ABI_TYPE_TCB, 0, ground(0)));
    struct tcb *client = object_tcb(world_create(&world.ground[1], ABI_TYPE_TCB, 0, ground(1)));
    client->state = THREAD_RUNNING;
    endpoint_wait_for_reply(client, server, false);
    put(ground(2), &server->slots[TCB_CALLER]);
    assert_ptr_equal(client->reply_slot, ground(2));
    assert_int_equal(slot_delete(ground(1)), DONE);
    assert_true(slot_is_empty(ground(2)));
    assert_int_equal(slot_delete(ground(0)), DONE);
    world_check_empty();
}

static void a_zombie_can_be_moved_and_deleted_elsewhere(void **state)
{
    world_reset();
    struct object *outer = new_cnode(0, ground(0));
    new_cnode(1, &outer->slots[0]);
    host_preempt_every(1);
    assert_int_equal(slot_delete(ground(0)), AGAIN);
    while (!zombie_next(ground(0))) {
        assert_int_equal(slot_delete(ground(0)), AGAIN);
    }
    put(ground(1), ground(0));
    world_check();
    assert_int_equal(slot_delete(ground(0)), DONE);
    to_the_end(slot_delete, ground(1));
    world_check_empty();
}

static void a_deletion_that_another_one_meets_is_taken_over(void **state)
{
    world_reset();
    struct object *inner = new_cnode(0, ground(0));
    struct object *outer = new_cnode(1, ground(1));
    new_cnode(2, &inner->slots[1]);
    put(&outer->slots[1], ground(0));
    host_preempt_every(1);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(slot_delete(&outer->slots[1]), AGAIN);
        world_check();
    }
    to_the_end(slot_delete, ground(1));
    world_check_empty();
}

/* x holds the last capability of y and y that of x, so that only their memory leads to them. */
static void tie_two(struct object **x, struct object **y, unsigned at)
{
    world_reset();
    *x = new_cnode(0, ground(0));
    *y = new_cnode(1, ground(1));
    put(&(*x)->slots[at], ground(1));
    put(&(*y)->slots[1], ground(0));
    host_preempt_every(1);
}

static void a_root_that_was_passed_by_is_not_left_in_freed_memory(void **state)
{
    for (unsigned at = 0; at < 2; at++) {
        for (unsigned steps = 0; steps < 20; steps++) {
            struct object *x;
            struct object *y;
            tie_two(&x, &y, at);
            new_cnode(2, &x->slots[1 - at]);
            for (unsigned i = 0; i < steps && slot_revoke(&world.ground[1]) == AGAIN; i++) {
                world_check();
            }
            to_the_end(slot_revoke, &world.ground[0]);
            assert_false(slot_has_children(&world.ground[0]));
            to_the_end(slot_revoke, &world.ground[1]);
            to_the_end(slot_revoke, &world.ground[2]);
            world_check_empty();
        }
    }
}

static void two_deletions_that_meet_each_other_both_end(void **state)
{
    for (unsigned head_start = 0; head_start < 12; head_start++) {
        struct object *x;
        struct object *y;
        tie_two(&x, &y, 0);
        new_cnode(2, &x->slots[1]);
        new_cnode(2, &y->slots[0]);
        enum progress first = AGAIN;
        enum progress second = AGAIN;
        for (unsigned turn = 0; first == AGAIN || second == AGAIN; turn++) {
            assert_true(turn < 200);
            first = slot_revoke(&world.ground[0]);
            world_check();
            if (turn >= head_start) {
                second = slot_revoke(&world.ground[1]);
                world_check();
            }
        }
        to_the_end(slot_revoke, &world.ground[2]);
        world_check_empty();
    }
}

/* Threads that wait on a notification or to send on an endpoint. */
static void let_wait(struct slot *object, struct tcb *threads[MANY_WAITERS])
{
    for (unsigned i = 0; i < MANY_WAITERS; i++) {
        threads[i] = thread_of(build_thread());
        threads[i]->state = THREAD_RUNNING;
        if (cap_is(object->cap, CAP_ENDPOINT)) {
            endpoint_send(threads[i], object->cap, SEND_BLOCKING);
        } else {
            notification_receive(threads[i], cap_object(object->cap), true);
        }
    }
}

static void check_woken(struct tcb *threads[MANY_WAITERS])
{
    for (unsigned i = 0; i < MANY_WAITERS; i++) {
        assert_int_equal(threads[i]->state, THREAD_RESTART);
    }
}

static void everybody_who_waits_repeats_the_call_when_the_object_goes(void **state)
{
    struct tcb *threads[MANY_WAITERS];

    for (unsigned i = 0; i < 2; i++) {
        build_reset();
        struct slot *object = i ? build_endpoint() : build_notification();
        let_wait(object, threads);
        host_preempt_every(1);
        assert_int_equal(slot_delete(object), AGAIN);
        assert_int_equal(threads[0]->state, THREAD_RESTART);
        assert_int_not_equal(threads[MANY_WAITERS - 1]->state, THREAD_RESTART);
        while (slot_delete(object) == AGAIN) {
        }
        assert_true(slot_is_empty(object));
        check_woken(threads);
    }
}

static void everybody_who_waits_on_an_object_inside_a_cnode_does_so_too(void **state)
{
    struct tcb *threads[MANY_WAITERS];

    build_reset();
    struct slot *cnode = build_cnode(2);
    struct slot *object = build_endpoint();
    let_wait(object, threads);
    put(&slots_of(cnode)[1], object);
    host_preempt_every(1);
    while (slot_delete(cnode) == AGAIN) {
    }
    check_woken(threads);
}

static struct slot *get_handler(struct slot *control, unsigned irq)
{
    struct slot *cnode = build_cnode(1);

    assert_int_equal(invoke(control, LABEL_IRQ_CONTROL_GET, words(irq, 1, 1), extras(cnode)), ERR_NONE);
    return &slots_of(cnode)[1];
}

/* The interrupt's own capability may be the last one that a crowded notification has. */
static void everybody_who_waits_for_an_interrupt_repeats_the_call_when_it_ends(void **state)
{
    struct tcb *threads[MANY_WAITERS];

    irq_init(ABI_IRQ_LAST_DEVICE, ABI_IRQ_MAX_SMP);
    for (unsigned i = 0; i < 3; i++) {
        build_reset();
        struct slot *control = build_root(cap_make(CAP_IRQ_CONTROL, 0));
        struct slot *handler = get_handler(control, 5);
        struct slot *notification = build_notification();
        struct slot *other = build_notification();
        let_wait(notification, threads);
        assert_int_equal(invoke(handler, LABEL_IRQ_HANDLER_SET_NOTIFICATION, words(), extras(notification)),
                         ERR_NONE);
        assert_int_equal(slot_delete(notification), DONE);
        host_preempt_every(1);
        if (i == 0) {
            assert_true(invoke_until_done(handler, LABEL_IRQ_HANDLER_CLEAR, words(), extras()) > 0);
        } else if (i == 1) {
            assert_true(
                invoke_until_done(handler, LABEL_IRQ_HANDLER_SET_NOTIFICATION, words(), extras(other)) > 0);
        }
        while (slot_revoke(control) == AGAIN) {
        }
        assert_true(slot_is_empty(handler));
        check_woken(threads);
        host_preempt_never();
        slot_delete_simple(get_handler(control, 5));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_slot_is_deleted_at_once),
        cmocka_unit_test(an_object_goes_with_its_last_capability_only),
        cmocka_unit_test(a_chain_of_cnodes_is_deleted_in_steps),
        cmocka_unit_test(a_cnode_that_holds_its_own_last_capability_is_found_from_its_memory),
        cmocka_unit_test(a_thread_goes_with_its_space_and_whoever_waits_for_its_answer_is_forgotten),
        cmocka_unit_test(a_reply_that_was_saved_goes_with_the_thread_it_would_answer),
        cmocka_unit_test(a_zombie_can_be_moved_and_deleted_elsewhere),
        cmocka_unit_test(a_deletion_that_another_one_meets_is_taken_over),
        cmocka_unit_test(a_root_that_was_passed_by_is_not_left_in_freed_memory),
        cmocka_unit_test(two_deletions_that_meet_each_other_both_end),
        cmocka_unit_test(everybody_who_waits_repeats_the_call_when_the_object_goes),
        cmocka_unit_test(everybody_who_waits_on_an_object_inside_a_cnode_does_so_too),
        cmocka_unit_test(everybody_who_waits_for_an_interrupt_repeats_the_call_when_it_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
