/*
 * The kernel's checker can fail: a world in which every kind of structure is in use is sound, and each way to
 * damage it is found and called by its name.
 */
#include "arch/riscv64/asid.h"
#include "cap/zombie.h"
#include "check/check.h"
#include "ipc/receiver.h"
#include "object/sender_table.h"
#include "thread/ready_queue.h"
#include "thread/scheduler.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What stands where on the ground. */
enum {
    UNTYPED,
    PIECE = WORLD_UNTYPEDS, /* a smaller untyped */
    CNODE,
    ENDPOINT,
    ENDPOINT_COPY,
    NOTIFICATION,
    RUNS,    /* the threads: one runs, */
    READY,   /* two are ready, */
    READY_2, /* of one priority, */
    WAITS,   /* one waits to send, and then another one, */
    WAITS_2,
    BOUND,  /* one waits for messages on the second endpoint, with a notification, */
    CALLER, /* one for a reply */
    ENDPOINT_2,
    ROOT, /* an address space: three tables and a page */
    MIDDLE,
    LAST,
    PAGE,
    POOL,
    VECTOR_0, /* capabilities to signal with, */
    VECTOR_9,
    ENTRIES, /* a sender table with entries made from them */
    FREE
};

static struct slot *at(unsigned place)
{
    return &world.ground[place];
}

static struct tcb *thread(unsigned place)
{
    return cap_object(at(place)->cap);
}

static struct endpoint *endpoint(unsigned place)
{
    return cap_object(at(place)->cap);
}

static struct notification *notification(void)
{
    return cap_object(at(NOTIFICATION)->cap);
}

static pte_t *table(unsigned place)
{
    return cap_object(at(place)->cap);
}

static void wait_on(unsigned place, unsigned queue, enum thread_state state, unsigned queue_state)
{
    struct tcb *waits = thread(place);

    waits->state = state;
    waits->blocked_on = endpoint(queue);
    wait_append(&endpoint(queue)->queue, waits);
    wait_set_state(&endpoint(queue)->queue, queue_state);
}

static void make_ready(unsigned place)
{
    thread(place)->state = THREAD_RUNNING;
    sched_enqueue_tail(thread(place));
}

static void make_threads(void)
{
    for (unsigned i = RUNS; i <= CALLER; i++) {
        assert_non_null(world_create(at(i < RUNS + 4 ? 1 : 2), ABI_TYPE_TCB, 0, at(i)));
    }
    thread(RUNS)->state = THREAD_RUNNING;
    host_hart->current = thread(RUNS);
    make_ready(READY);
    make_ready(READY_2);
    wait_on(WAITS, ENDPOINT, THREAD_BLOCKED_ON_SEND, ENDPOINT_SENDING);
    wait_on(WAITS_2, ENDPOINT, THREAD_BLOCKED_ON_SEND, ENDPOINT_SENDING);
    wait_on(BOUND, ENDPOINT_2, THREAD_BLOCKED_ON_RECEIVE, ENDPOINT_RECEIVING);
    notification_bind(notification(), thread(BOUND));
    endpoint_wait_for_reply(thread(CALLER), thread(RUNS), true);
}

/* As at boot: not from untyped memory. */
static void make_page(unsigned place, enum cap_type type)
{
    void *memory = host_take(1 << ABI_PAGE_BITS);

    slot_insert_root(at(place), type == CAP_FRAME
                                    ? cap_make_frame(ptr_to_phys(memory), FRAME_4K, FRAME_READ_WRITE, false)
                                    : cap_make_object(type, memory, 0));
}

static void make_address_space(void)
{
    make_page(ROOT, CAP_PAGE_TABLE);
    make_page(MIDDLE, CAP_PAGE_TABLE);
    make_page(LAST, CAP_PAGE_TABLE);
    make_page(PAGE, CAP_FRAME);
    make_page(POOL, CAP_ASID_POOL);
    asid_pools[0] = cap_object(at(POOL)->cap);
    asid_pools[0]->entries[1] = ptr_to_phys(table(ROOT));
    vm_install_kernel_half(table(ROOT));
    for (unsigned i = ROOT; i <= LAST; i++) {
        at(i)->cap = page_table_set_mapped(at(i)->cap, 1, 0);
    }
    at(PAGE)->cap.w1 = cap_mapping(1, 0x1000);
    table(ROOT)[0] = pte_make(ptr_to_phys(table(MIDDLE)), PTE_VALID);
    table(MIDDLE)[0] = pte_make(ptr_to_phys(table(LAST)), PTE_VALID);
    table(LAST)[1] = pte_make(frame_phys(at(PAGE)->cap), PTE_VALID | PTE_USER | PTE_READ | PTE_WRITE);
}

static struct sender_table *sender_table(void)
{
    return cap_object(at(ENTRIES)->cap);
}

static void add_entry(unsigned index, unsigned place)
{
    struct sender_table *table = sender_table();
    struct tcb *receiver = thread(BOUND);
    unsigned vector = place == VECTOR_0 ? 0 : 9;

    table->used[0] |= bit(index);
    table->page[index] = entry_page_word(receiver->uintr.slot, vector);
    slot_insert_entry(&table->slots[index], cap_make_sender_entry(notification(), vector), at(place));
    if (receiver->uintr.entries) {
        entry_links(receiver->uintr.entries)->prev = &table->slots[index];
    }
    *entry_links(&table->slots[index]) = (struct entry_links){ .next = receiver->uintr.entries };
    receiver->uintr.entries = &table->slots[index];
}

/* The bound thread is a receiver with a slot; the one that runs may send to it, by three entries. */
static void make_user_interrupts(void)
{
    uintr_backend = REL4_UINTR_HARDWARE;
    receiver_register(thread(BOUND), 0x1000, 0x2000);
    slot_insert(at(VECTOR_0), cap_make_ipc(CAP_NOTIFICATION, notification(), ABI_RIGHTS_ALL, 1),
                at(NOTIFICATION));
    slot_insert(at(VECTOR_9), cap_make_ipc(CAP_NOTIFICATION, notification(), ABI_RIGHTS_ALL, bit(9)),
                at(NOTIFICATION));
    slot_insert_root(at(ENTRIES),
                     cap_make_object(CAP_SENDER_TABLE, host_take(bit(REL4_SENDER_TABLE_BITS)), 0));
    sender_table()->thread = thread(RUNS);
    uintr_set_table(thread(RUNS), sender_table());
    add_entry(0, VECTOR_0);
    add_entry(1, VECTOR_9);
    add_entry(2, VECTOR_9);
    /* What the hart is to do before it goes on is no damage. */
    host_hart->pending = 0;
}

static void make_world(void)
{
    world_reset();
    world_create(at(UNTYPED), ABI_TYPE_UNTYPED, 9, at(PIECE));
    world_create(at(PIECE), ABI_TYPE_CNODE, 2, at(CNODE));
    world_create(at(UNTYPED), ABI_TYPE_ENDPOINT, 0, at(ENDPOINT));
    world_create(at(UNTYPED), ABI_TYPE_ENDPOINT, 0, at(ENDPOINT_2));
    world_create(at(UNTYPED), ABI_TYPE_NOTIFICATION, 0, at(NOTIFICATION));
    slot_insert(at(ENDPOINT_COPY), at(ENDPOINT)->cap, at(ENDPOINT));
    make_threads();
    make_address_space();
    make_user_interrupts();
}

/* The ways to damage it. */

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
    thread(READY_2)->ready.prev = thread(READY_2);
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
    host_hart->arch.satp = 0x12345;
}

static void remember_nothing(void)
{
    host_hart->recent_spaces[3] = (struct recent_space){ at(ROOT)->cap.w0, satp_make(0x12345000, 1) };
}

static void share_table(void)
{
    thread(READY)->uintr.table = sender_table();
}

static void bind_table_elsewhere(void)
{
    sender_table()->thread = thread(READY);
}

static void forget_entry(void)
{
    sender_table()->used[0] = 3;
}

static void mark_empty_entry(void)
{
    sender_table()->used[0] = 15;
}

static void end_receiver(void)
{
    thread(BOUND)->uintr.receiver = false;
}

static void misplace_entry(void)
{
    struct slot *entry = &sender_table()->slots[0];
    struct cap cap = entry->cap;

    slot_remove(entry);
    slot_insert_root(entry, cap);
}

static void confuse_badges(void)
{
    at(VECTOR_0)->cap.w1 = at(VECTOR_9)->cap.w1;
}

static void break_group(void)
{
    sender_table()->slots[1].cap.w1 ^= 1 << ABI_SLOT_BITS;
}

static void leave_valid_word(void)
{
    sender_table()->page[511] = entry_page_word(1, 1);
}

static void send_to_other_slot(void)
{
    sender_table()->page[0] = entry_page_word(2, 0);
}

static void lose_entry_from_list(void)
{
    thread(BOUND)->uintr.entries = &sender_table()->slots[1];
    entry_links(&sender_table()->slots[1])->prev = NULL;
}

static void break_entry_list(void)
{
    entry_links(&sender_table()->slots[0])->prev = NULL;
}

static void close_entry_list(void)
{
    entry_links(&sender_table()->slots[0])->next = &sender_table()->slots[2];
    entry_links(&sender_table()->slots[2])->prev = &sender_table()->slots[0];
}

static void share_slot(void)
{
    uintc_owners[2] = thread(BOUND);
    uintc_used[0] |= bit(2);
}

static void take_slot_twice(void)
{
    thread(RUNS)->uintr.slot = 1;
}

static void mislay_slot(void)
{
    uintc_owners[1] = NULL;
}

static void give_slot_0_away(void)
{
    uintc_used[0] &= ~1ul;
}

static void leave_bits_in_notification(void)
{
    wait_set_state(&notification()->queue, NOTIFICATION_ACTIVE);
}

static void forget_user(void)
{
    thread(RUNS)->uintr.user = false;
}

static void leave_registers(void)
{
    thread(READY)->uintr.uscratch = 1;
}

static void leave_hardware_to_others(void)
{
    thread(READY)->uintr.hardware = true;
}

static void leave_loaded(void)
{
    host_hart->uintr_live = thread(BOUND);
    host_hart->switch_slowly = true;
}

static void switch_quickly(void)
{
    host_hart->uintr_live = thread(RUNS);
}

static const struct {
    void (*damage)(void);
    const char *found;
} damages[] = {
    { break_prev, "points here" },
    { break_next, "points here" },
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
    { forget_reply, "a reply capability is for a thread that waits for it" },
    { answer_twice, "a caller knows the capability that answers it" },
    { lose_ready_thread, "a thread that can run is queued, or runs" },
    { queue_running_thread, "a thread that can run is queued, or runs" },
    { queue_waiting_thread, "a ready thread can run" },
    { clear_bitmap, "the bitmap marks" },
    { clear_summary, "the summary marks" },
    { break_ready_list, "ready lists are linked both ways" },
    { misplace_ready_thread, "its hart, domain and priority" },
    { run_nobody, "a hart runs a thread" },
    { keep_candidate, "a candidate is" },
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
    { share_table, "a thread has a sender table that knows it" },
    { bind_table_elsewhere, "a sender table is bound to a thread that knows it" },
    { forget_entry, "an index that is not used is empty" },
    { mark_empty_entry, "an index that is used has an entry" },
    { end_receiver, "an entry names a receiver that exists" },
    { misplace_entry, "an entry stands behind a capability for its notification" },
    { confuse_badges, "an entry has the badge of its capability" },
    { break_group, "the ends of a group" },
    { leave_valid_word, "an index that is not used is empty" },
    { send_to_other_slot, "the controller reads what an entry says" },
    { lose_entry_from_list, "every entry is in the list of its receiver" },
    { break_entry_list, "lists of entries are linked both ways" },
    { close_entry_list, "lists of entries are linked both ways" },
    { share_slot, "a slot serves one receiver" },
    { take_slot_twice, "slot and entries are a receiver's" },
    { mislay_slot, "a slot serves the receiver that has it" },
    { give_slot_0_away, "slot 0 is nobody's" },
    { leave_bits_in_notification, "the bits of a receiver with a slot" },
    { forget_user, "a user receives or sends" },
    { leave_registers, "who is no user has nothing" },
    { leave_hardware_to_others, "the hardware serves those that it can" },
    { leave_loaded, "a hart has loaded the registers of the user that it runs" },
    { switch_quickly, "a hart knows when a switch takes longer" },
};

static void a_sound_world_passes_and_is_not_changed(void **state)
{
    (void)state;
    make_world();
    struct host_snapshot *snapshot = host_snapshot_take();
    check_everything();
    assert_true(host_snapshot_matches(snapshot));
}

/* The neighbours of its first and last slot lead to a thread before its capability does. */
static void all_slots_of_an_object_are_found_whatever_leads_to_it(void **state)
{
    (void)state;
    make_world();
    slot_insert(&thread(RUNS)->slots[TCB_CSPACE], at(CNODE)->cap, at(CNODE));
    slot_insert(&thread(RUNS)->slots[TCB_BUFFER], at(PAGE)->cap, at(PAGE));
    slot_move(at(FREE), at(RUNS)->cap, at(RUNS));
    check_everything();
}

static void every_damage_is_found(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(damages); i++) {
        make_world();
        check_everything();
        damages[i].damage();
        host_expect_panic(check_everything, damages[i].found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_world_passes_and_is_not_changed),
        cmocka_unit_test(all_slots_of_an_object_are_found_whatever_leads_to_it),
        cmocka_unit_test(every_damage_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
