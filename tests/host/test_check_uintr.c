/*
 * The kernel's checker, on user interrupts: each way to damage what receivers and senders need is found and
 * called by its name.
 */
#include "damage.h"
#include "ipc/receiver.h"
#include "object/sender_table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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

static void leave_ending(void)
{
    thread(READY)->uintr.ending = true;
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

static void count_receiver_twice(void)
{
    receivers_on[host_hart->id]++;
}

static void switch_quickly(void)
{
    host_hart->uintr_live = thread(RUNS);
    host_hart->switch_slowly = false;
}

static const struct damage damages[] = {
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
    { give_slot_0_away, "slot 0 has no owner" },
    { leave_bits_in_notification, "the bits of a receiver with a slot" },
    { forget_user, "a user receives or sends" },
    { leave_registers, "a thread that is no user has no state" },
    { leave_ending, "a thread that is no user has no state" },
    { leave_hardware_to_others, "the hardware serves those that it can" },
    { leave_loaded, "a hart has loaded the registers of the user that it runs" },
    { count_receiver_twice, "a hart is woken for the receivers with a slot that run on it" },
    { switch_quickly, "a hart knows when entries and switches take longer" },
};

static void every_damage_is_found(void **state)
{
    check_damages(damages, ARRAY_SIZE(damages));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_damage_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
