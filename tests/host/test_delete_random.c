/*
 * Deletion under all circumstances: worlds full of capabilities that name each other in every way, in which
 * several threads copy, move, send, delete and revoke at the same time, each interrupted wherever the kernel
 * lets itself be interrupted, and taking up its work again for as long as it can still name the slot. After
 * each step the whole world is inspected.
 *
 *   test_delete_random [FIRST_SEED [COUNT]]
 */
#include "cap/delete.h"
#include "cap/derive.h"
#include "cap/ops.h"
#include "cap/zombie.h"
#include "random.h"
#include "thread/scheduler.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SEEDS       4000
#define ACTIONS     120
#define MAX_WORKERS 5
#define MAX_SLOTS   1024
#define PATIENCE    20000 /* calls after which a deletion counts as stuck */

static unsigned long first_seed = 1;
static unsigned long seed_count = SEEDS;
static uint64_t dice;

/* A thread that deletes or revokes. */
struct worker {
    struct slot *slot; /* NULL: idle */
    bool revokes;
    struct cap cap; /* that is revoked */
};

static struct worker workers[MAX_WORKERS];

/* Somebody gave up, or a zombie or what was being revoked was carried away: unfinished work may lie about
 * with nobody working on it. */
static bool work_abandoned;

static struct slot *addressable[MAX_SLOTS];
static unsigned addressable_count;

static uint32_t below(uint32_t limit)
{
    return random_below(&dice, limit);
}

static bool is_root_untyped(const struct slot *slot)
{
    return slot >= world.ground && slot < world.ground + WORLD_UNTYPEDS;
}

/* A slot that a thread could name; NULL after some vain attempts. */
static struct slot *any_slot(bool empty)
{
    addressable_count = world_addressable(addressable, MAX_SLOTS);
    for (unsigned attempt = 0; attempt < 20; attempt++) {
        struct slot *slot = addressable[below(addressable_count)];
        if (slot_is_empty(slot) == empty) {
            return slot;
        }
    }
    return NULL;
}

static struct slot *any_cap(enum cap_type type)
{
    addressable_count = world_addressable(addressable, MAX_SLOTS);
    unsigned start = below(addressable_count);

    for (unsigned i = 0; i < addressable_count; i++) {
        struct slot *slot = addressable[(start + i) % addressable_count];
        if (cap_is(slot->cap, type)) {
            return slot;
        }
    }
    return NULL;
}

static void act_create(void)
{
    static const word_t types[] = {
        ABI_TYPE_CNODE, ABI_TYPE_CNODE,    ABI_TYPE_CNODE,        ABI_TYPE_TCB,
        ABI_TYPE_CNODE, ABI_TYPE_ENDPOINT, ABI_TYPE_NOTIFICATION, ABI_TYPE_UNTYPED
    };
    struct slot *untyped = any_cap(CAP_UNTYPED);
    struct slot *to = any_slot(true);
    word_t type = types[below(ARRAY_SIZE(types))];

    if (to) {
        world_create(untyped, type, type == ABI_TYPE_UNTYPED ? 9 + below(4) : 1 + below(3), to);
    }
}

/* Away from the ground, into an object: that makes the knots. */
static void act_ground(void)
{
    struct slot *from = &world.ground[below(GROUND_SLOTS)];
    struct slot *to = any_slot(true);

    if (!slot_is_empty(from) && !is_root_untyped(from) && to && world_owner(to)) {
        work_abandoned |= slot_is_zombie(from);
        slot_move(to, from->cap, from);
    }
}

static void act_copy(void)
{
    struct slot *from = any_slot(false);
    struct slot *to = any_slot(true);
    struct cap cap;

    if (!from || !to) {
        return;
    }
    cap = cap_reduce_rights(from->cap, below(3) ? ABI_RIGHTS_ALL : below(16));
    if (below(2)) {
        cap = cap_apply_data(cap, below(3), false);
    }
    if (!cap_is_null(cap) && cap_derive(from, cap, &cap) == ERR_NONE && !cap_is_null(cap)) {
        slot_insert(to, cap, from);
    }
}

static void act_move(void)
{
    struct slot *from = any_slot(false);
    struct slot *to = any_slot(true);

    if (from && to && !is_root_untyped(from)) {
        work_abandoned |= slot_is_zombie(from);
        slot_move(to, from->cap, from);
    }
}

static void act_swap(void)
{
    struct slot *a = any_slot(false);
    struct slot *b = any_slot(false);

    if (a && b && a != b && !is_root_untyped(a) && !is_root_untyped(b)) {
        work_abandoned |= slot_is_zombie(a) || slot_is_zombie(b);
        slot_swap(a, a->cap, b, b->cap);
    }
}

/* As SetSpace does, which refuses to destroy a CNode on the way. */
static void act_set_cspace(void)
{
    struct slot *tcb = any_cap(CAP_TCB);
    struct slot *cnode = any_cap(CAP_CNODE);
    struct cap cap;

    if (tcb && cnode && cap_derive(cnode, cnode->cap, &cap) == ERR_NONE && !cap_is_null(cap)) {
        struct slot *slot = &((struct tcb *)cap_object(tcb->cap))->slots[TCB_CSPACE];
        if (slot_is_empty(slot) || (cap_is(slot->cap, CAP_CNODE) && !slot_is_last(slot))) {
            slot_delete_simple(slot);
            slot_insert(slot, cap, cnode);
        }
    }
}

/* A thread that could be running. */
static struct tcb *any_thread(void)
{
    const struct slot *slot = any_cap(CAP_TCB);
    struct tcb *thread = slot ? cap_object(slot->cap) : NULL;

    if (!thread || (thread->state != THREAD_INACTIVE && !thread_is_runnable(thread))) {
        return NULL;
    }
    sched_dequeue(thread);
    thread->state = THREAD_RUNNING;
    return thread;
}

static void act_communicate(void)
{
    struct tcb *thread = any_thread();

    if (!thread) {
        return;
    }
    const struct slot *endpoint = any_cap(CAP_ENDPOINT);
    const struct slot *notification = any_cap(CAP_NOTIFICATION);
    switch (below(4)) {
    case 0:
        if (endpoint) {
            endpoint_receive(thread, endpoint->cap, true);
        }
        break;
    case 1:
        if (notification && !((struct notification *)cap_object(notification->cap))->bound) {
            notification_receive(thread, cap_object(notification->cap), true);
        }
        break;
    default:
        if (endpoint) {
            endpoint_send(thread, endpoint->cap, SEND_BLOCKING | (below(3) ? SEND_CALL : 0));
        }
        break;
    }
    if (thread->state == THREAD_RUNNING) {
        sched_enqueue_tail(thread);
    }
}

static void act_save_caller(void)
{
    const struct slot *tcb = any_cap(CAP_TCB);
    struct slot *to = any_slot(true);

    if (tcb && to) {
        struct slot *caller = &((struct tcb *)cap_object(tcb->cap))->slots[TCB_CALLER];
        if (!slot_is_empty(caller)) {
            slot_move(to, caller->cap, caller);
        }
    }
}

static void act_bind(void)
{
    const struct slot *tcb = any_cap(CAP_TCB);
    const struct slot *slot = any_cap(CAP_NOTIFICATION);

    if (tcb && slot) {
        struct tcb *thread = cap_object(tcb->cap);
        struct notification *notification = cap_object(slot->cap);
        if (!thread->bound && !notification->bound && !wait_head(&notification->queue)) {
            notification_bind(notification, thread);
        }
    }
}

static void start_worker(void)
{
    struct worker *worker = &workers[below(MAX_WORKERS)];
    struct slot *slot = any_slot(false);

    if (!worker->slot && slot) {
        bool revokes = is_root_untyped(slot) ? below(4) == 0 : below(3) == 0;
        if (revokes || !is_root_untyped(slot)) {
            *worker = (struct worker){ slot, revokes, slot->cap };
        }
    }
}

/* A system call that was interrupted is made again, if its slot can still be named. */
static void work(struct worker *worker)
{
    if (!worker->slot) {
        return;
    }
    if (!world_is_addressable(worker->slot)) {
        worker->slot = NULL;
        work_abandoned = true;
        return;
    }
    work_abandoned |= worker->revokes && worker->cap.w0 != worker->slot->cap.w0;
    if ((worker->revokes ? slot_revoke(worker->slot) : slot_delete(worker->slot)) == DONE) {
        worker->slot = NULL;
    }
}

/* Each run does other things more often than others, so that there are worlds with hardly a copy in them, or
 * with nothing but knots of CNodes. */
static void (*const actions[])(void) = {
    act_create,      act_copy, act_move,     act_swap,   act_set_cspace,
    act_communicate, act_bind, start_worker, act_ground, act_save_caller,
};

static uint32_t weights[ARRAY_SIZE(actions)];
static uint32_t total_weight;
static uint32_t work_percentage;

static void choose_weights(void)
{
    total_weight = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(actions); i++) {
        weights[i] = below(3) ? below(10) : 0;
        total_weight += weights[i];
    }
    weights[0] += 3;
    total_weight += 3;
    work_percentage = below(90);
}

static void act(void)
{
    if (below(100) < work_percentage) {
        work(&workers[below(MAX_WORKERS)]);
        return;
    }
    uint32_t choice = below(total_weight);
    unsigned i = 0;

    while (choice >= weights[i]) {
        choice -= weights[i++];
    }
    actions[i]();
}

static void finish_workers(void)
{
    for (unsigned patience = PATIENCE; patience; patience--) {
        bool busy = false;
        for (unsigned i = 0; i < MAX_WORKERS; i++) {
            work(&workers[i]);
            busy |= workers[i].slot != NULL;
        }
        if (patience % 16 == 0) {
            world_check();
        }
        if (!busy) {
            return;
        }
    }
    check(!"a deletion does not end");
}

static void revoke_everything(void)
{
    unsigned patience = PATIENCE;
    unsigned unfinished = 0;

    for (unsigned i = 0; i < WORLD_UNTYPEDS; i++) {
        while (slot_revoke(&world.ground[i]) == AGAIN) {
            check(patience--);
            if (unfinished++ % 8 == 0) {
                world_check();
            }
        }
        check(!slot_has_children(&world.ground[i]));
        world_check();
    }
}

static void choose_preemption(void)
{
    switch (below(4)) {
    case 0:
        host_preempt_every(1);
        break;
    case 1:
        host_preempt_every(2 + below(20));
        break;
    default:
        host_preempt_randomly((uint32_t)dice, 1 + below(8));
        break;
    }
}

static void begin(unsigned long seed)
{
    host_seed = seed;
    host_step = 0;
    dice = seed * 0x9e3779b97f4a7c15;
    world_reset();
    choose_preemption();
    choose_weights();
    work_abandoned = false;
    for (unsigned i = 0; i < MAX_WORKERS; i++) {
        workers[i].slot = NULL;
    }
}

static void end(void)
{
    finish_workers();
    check(work_abandoned || world_zombies() == 0);
    revoke_everything();
    world_check_empty();
}

static void whatever_is_deleted_in_whatever_order_is_gone_and_nothing_else(void **state)
{
    for (unsigned long seed = first_seed; seed < first_seed + seed_count; seed++) {
        begin(seed);
        for (host_step = 1; host_step <= ACTIONS; host_step++) {
            act();
            world_check();
        }
        end();
    }
    host_seed = 0;
}

/* A slot that may hold the capability: any of a CNode, and of a thread the one for its CSpace. */
static struct slot *any_object_slot(struct cap cap)
{
    const struct object *object = &world.objects[below(world.count)];

    if (object->type == ABI_TYPE_TCB) {
        return cap_is(cap, CAP_CNODE) ? &object->slots[TCB_CSPACE] : NULL;
    }
    return object->slot_count ? &object->slots[below(object->slot_count)] : NULL;
}

/* CNodes and threads, each from a piece of untyped memory that is named on the ground. Most of them are then
 * named from inside one another only. */
static void tie_knot(void)
{
    struct slot *pieces = &world.ground[WORLD_UNTYPEDS];
    unsigned piece_count = 2 + below(5);
    struct slot *caps = pieces + piece_count;
    unsigned count = 0;

    for (unsigned i = 0; i < piece_count; i++) {
        struct slot *piece = &pieces[i];
        world_create(&world.ground[below(WORLD_UNTYPEDS)], ABI_TYPE_UNTYPED, ABI_TCB_BITS, piece);
        for (unsigned n = below(3); n < 3 && !slot_is_empty(piece); n++) {
            word_t type = below(4) ? ABI_TYPE_CNODE : ABI_TYPE_TCB;
            count += world_create(piece, type, 1 + below(2), caps + count) != NULL;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned attempt = below(12); attempt; attempt--) {
            struct slot *to = any_object_slot(caps[i].cap);
            if (to && slot_is_empty(to)) {
                slot_move(to, caps[i].cap, &caps[i]);
                break;
            }
        }
    }
}

static void whoever_cuts_a_knot_of_cnodes_first_or_last_it_falls_apart(void **state)
{
    for (unsigned long seed = first_seed; seed < first_seed + seed_count; seed++) {
        begin(seed);
        if (below(4)) {
            host_preempt_every(1);
        }
        tie_knot();
        for (host_step = 1; host_step <= ACTIONS / 2; host_step++) {
            if (below(4)) {
                work(&workers[below(MAX_WORKERS)]);
            } else {
                start_worker();
            }
            world_check();
        }
        end();
    }
    host_seed = 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(whatever_is_deleted_in_whatever_order_is_gone_and_nothing_else,
                                  host_teardown),
        cmocka_unit_test_teardown(whoever_cuts_a_knot_of_cnodes_first_or_last_it_falls_apart, host_teardown),
    };

    if (argc > 1) {
        first_seed = strtoul(argv[1], NULL, 0);
        seed_count = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
