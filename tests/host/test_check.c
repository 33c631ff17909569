/*
 * The kernel's checker can fail: a world in which every kind of structure is in use is sound, and each way to
 * damage it is found and called by its name. Here: the derivation tree, threads, IPC and address spaces;
 * test_check_uintr.c has user interrupts, test_check_queue.c queues of asynchronous calls.
 */
#include "cap/revoke.h"
#include "cap/zombie.h"
#include "damage.h"
#include "thread/ready_queue.h"
#include "thread/scheduler.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void break_prev(void)
{
    at(CNODE)->prev = at(FREE);
}

static void break_next(void)
{
    at(ENDPOINT)->next = (word_t)at(FREE) | SLOT_MARKS;
}

static void close_ring(void)
{
    struct slot *last = at(UNTYPED);

    while (slot_next(last)) {
        last = slot_next(last);
    }
    last->next |= (word_t)at(UNTYPED);
    at(UNTYPED)->prev = last;
}

static void leave_rest_in_empty_slot(void)
{
    at(FREE)->next = SLOT_REVOCABLE;
}

static void change_type(void)
{
    at(ENDPOINT_2)->cap.w0 |= CAP_TYPE_MASK;
}

static void tear_copies_apart(void)
{
    slot_remove(at(ENDPOINT_COPY));
    slot_insert(at(ENDPOINT_COPY), at(ENDPOINT)->cap, at(UNTYPED));
}

static void overlap(void)
{
    slot_insert_created(at(FREE), 1, cap_make_ipc(CAP_ENDPOINT, thread(RUNS), ABI_RIGHTS_ALL, 0), 0,
                        at(UNTYPED));
}

static void name_no_memory(void)
{
    slot_insert_root(at(FREE), cap_make_object(CAP_ENDPOINT, phys_to_ptr(0x1000), 0));
}

static void use_after_free(void)
{
    struct slot *inside = cap_object(at(CNODE)->cap);

    slot_insert(inside, at(ENDPOINT)->cap, at(ENDPOINT));
    slot_remove(at(CNODE));
}

static void lower_free_index(void)
{
    at(UNTYPED)->cap.w1 = 16;
}

static void raise_free_index(void)
{
    at(PIECE)->cap.w1 = bit(untyped_size_bits(at(PIECE)->cap)) + 1;
}

static void take_child_away(void)
{
    struct cap cap = at(ENDPOINT_2)->cap;

    slot_remove(at(ENDPOINT_2));
    slot_insert_root(at(ENDPOINT_2), cap);
}

static void take_piece_away(void)
{
    struct cap cap = at(PIECE)->cap;

    slot_remove(at(CNODE));
    slot_remove(at(PIECE));
    slot_insert_root(at(PIECE), cap);
}

static void drop_revocable(void)
{
    at(UNTYPED)->next &= ~SLOT_REVOCABLE;
}

static void miscount_zombie(void)
{
    struct slot *inside = cap_object(at(CNODE)->cap);

    slot_insert(&inside[3], at(ENDPOINT)->cap, at(ENDPOINT));
    at(CNODE)->cap = cap_make_object(CAP_ZOMBIE, inside, 0);
    at(CNODE)->cap.w0 |= 2ul << ZOMBIE_RADIX_SHIFT;
    zombie_set_count(at(CNODE), 1);
}

static void close_cnode(void)
{
    at(CNODE)->cap = cap_close(at(CNODE)->cap);
}

static void remember_revoke_in_a_page(void)
{
    struct slot *slot = phys_to_ptr(frame_phys(at(PAGE)->cap));

    revoke_interrupted(slot);
}

static void forget_reply(void)
{
    thread(CALLER)->reply_slot = NULL;
}

static void answer_twice(void)
{
    thread(RUNS)->slots[TCB_CALLER] = (struct slot){ 0 };
}

static void lose_ready_thread(void)
{
    ready_remove(thread(READY));
}

static void queue_running_thread(void)
{
    sched_enqueue_tail(thread(RUNS));
}

static void queue_waiting_thread(void)
{
    sched_enqueue_tail(thread(CALLER));
}

static void clear_bitmap(void)
{
    host_hart->ready[0].bitmap[bitmap_word(0)] = 0;
}

static void clear_summary(void)
{
    host_hart->ready[0].summary = 0;
}

static void break_ready_list(void)
{
    thread(READY_2)->ready.prev = &thread(READY_2)->ready;
}

static void misplace_ready_thread(void)
{
    thread(READY)->priority = 7;
}

static void run_nobody(void)
{
    host_hart->current = (struct tcb *)cap_object(at(CNODE)->cap);
}

static void keep_candidate(void)
{
    host_hart->candidate = thread(WAITS);
}

static void wait_in_no_queue(void)
{
    wait_remove(&endpoint(ENDPOINT)->queue, thread(WAITS));
}

static void wait_elsewhere(void)
{
    thread(WAITS)->blocked_on = endpoint(ENDPOINT_2);
}

static void break_wait_queue(void)
{
    thread(WAITS_2)->queue_prev = NULL;
}

static void forget_tail(void)
{
    endpoint(ENDPOINT)->queue.tail = thread(WAITS);
}

static void misstate_queue(void)
{
    wait_set_state(&endpoint(ENDPOINT)->queue, ENDPOINT_RECEIVING);
}

static void unbind_half(void)
{
    thread(BOUND)->bound = NULL;
}

static void unbind_other_half(void)
{
    notification()->bound = NULL;
}

static void own_fpu(void)
{
    host_hart->fpu_owner = (struct tcb *)cap_object(at(CNODE)->cap);
}

static void misuse_own_slot(void)
{
    slot_insert(&thread(RUNS)->slots[TCB_BUFFER], at(ENDPOINT)->cap, at(ENDPOINT));
}

static void leave_page_mapped(void)
{
    at(PAGE)->cap.w1 = 0;
}

static void permit_too_much(void)
{
    at(PAGE)->cap = frame_set_rights(at(PAGE)->cap, FRAME_READ_ONLY);
}

static void leave_table_mapped(void)
{
    at(LAST)->cap = page_table_set_unmapped(at(LAST)->cap);
}

static void free_table(void)
{
    slot_remove(at(LAST));
}

static void free_root(void)
{
    slot_remove(at(ROOT));
}

static void free_pool(void)
{
    slot_remove(at(POOL));
}

static void lose_kernel_half(void)
{
    table(ROOT)[PT_ENTRIES - 1] = 0;
}

static void translate_with_nothing(void)
{
    host_hart->arch.space = 0x12345;
}

static void remember_nothing(void)
{
    host_hart->recent_spaces[3] = (struct recent_space){ at(ROOT)->cap.w0, satp_make(0x12345000, 1) };
}

static const struct damage damages[] = {
    { break_prev, "links to this one" },
    { break_next, "links to this one" },
    { close_ring, "each list of the derivation tree has a beginning" },
    { leave_rest_in_empty_slot, "an empty slot is all zero" },
    { change_type, "known type" },
    { tear_copies_apart, "the capabilities of one stand side by side" },
    { overlap, "objects do not overlap" },
    { name_no_memory, "an object lies in memory" },
    { use_after_free, "stands in memory of an object that exists" },
    { lower_free_index, "below the free index" },
    { raise_free_index, "its free index lies inside" },
    { take_child_away, "all objects that lie in an untyped follow it" },
    { take_piece_away, "all untypeds that lie in an untyped follow it" },
    { drop_revocable, "descends from it" },
    { miscount_zombie, "counted down past empty slots" },
    { close_cnode, "ends in steps" },
    { remember_revoke_in_a_page, "a Revoke that is under way" },
    { forget_reply, "a reply capability is for a thread that waits for it" },
    { answer_twice, "a caller knows the capability that answers it" },
    { lose_ready_thread, "a thread that can run is queued, or runs" },
    { queue_running_thread, "a thread that can run is queued, or runs" },
    { queue_waiting_thread, "a ready thread can run" },
    { clear_bitmap, "the bitmap marks" },
    { clear_summary, "the summary marks" },
    { break_ready_list, "lists by priority are linked both ways" },
    { misplace_ready_thread, "its hart, domain and priority" },
    { run_nobody, "a hart runs a thread" },
    { keep_candidate, "no hart has a candidate" },
    { wait_in_no_queue, "a thread that waits is in a queue" },
    { wait_elsewhere, "waits for it in the way" },
    { break_wait_queue, "queues are linked both ways" },
    { forget_tail, "a queue knows its last thread" },
    { misstate_queue, "waits for it in the way that the queue says" },
    { unbind_half, "a notification is bound to a thread that knows it" },
    { unbind_other_half, "a thread is bound to a notification that knows it" },
    { own_fpu, "floating-point registers belong" },
    { misuse_own_slot, "of their types" },
    { leave_page_mapped, "because of a capability" },
    { permit_too_much, "because of a capability" },
    { leave_table_mapped, "because of a capability" },
    { free_table, "an entry names a table that exists" },
    { free_root, "stands for a root that exists" },
    { free_pool, "a pool of address-space numbers exists" },
    { lose_kernel_half, "the kernel's half" },
    { translate_with_nothing, "a hart translates" },
    { remember_nothing, "a hart remembers" },
};

static void a_sound_world_passes_and_is_not_changed(void **state)
{
    make_world();
    struct host_snapshot *snapshot = host_snapshot_take();
    check_everything();
    assert_true(host_snapshot_matches(snapshot));
}

static void senders_that_are_being_cancelled_are_sound(void **state)
{
    uint32_t number = 0;

    make_world();
    host_preempt_every(1);
    assert_int_equal(endpoint_cancel_badged(&thread(RUNS)->pass, endpoint(ENDPOINT), 1, &number), AGAIN);
    check_everything();
}

/* The neighbours of its first and last slot lead to a thread before its capability does. */
static void all_slots_of_an_object_are_found_whatever_leads_to_it(void **state)
{
    make_world();
    slot_insert(&thread(RUNS)->slots[TCB_CSPACE], at(CNODE)->cap, at(CNODE));
    slot_insert(&thread(RUNS)->slots[TCB_BUFFER], at(PAGE)->cap, at(PAGE));
    slot_move(at(FREE), at(RUNS)->cap, at(RUNS));
    check_everything();
}

static void every_damage_is_found(void **state)
{
    check_damages(damages, ARRAY_SIZE(damages));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_world_passes_and_is_not_changed),
        cmocka_unit_test(senders_that_are_being_cancelled_are_sound),
        cmocka_unit_test(all_slots_of_an_object_are_found_whatever_leads_to_it),
        cmocka_unit_test(every_damage_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
