/*
 * User interrupts: a thread and its sender table name one another; an entry stands behind the capability that
 * it was made from, in the list of the receiver that it is for, and in the page for the controller as that
 * receiver's slot and its own vector; a slot of the controller serves one receiver, whose hart counts it.
 *
 * User-level registers are not checked: a hart that waits for the lock may be storing them.
 */
#include "check/internal.h"
#include "ipc/receiver.h"
#include "lib/bits.h"
#include "object/sender_table.h"
#include "thread/hart.h"

/* Entries, slots of the controller, and receivers with a slot by hart. */
static word_t entries, slots;
static unsigned receivers[MAX_HARTS];

static const struct tcb *receiver_for(const struct slot *entry)
{
    const struct notification *notification = cap_object(entry->cap);

    return is_found(&found.objects, notification) ? receiver_of(notification) : NULL;
}

/* The entries of one capability stand together, and the first and the last of them name each other. */
static void check_group(const struct slot *first)
{
    const struct slot *last = first;

    while (slot_next(last) && cap_is(slot_next(last)->cap, CAP_SENDER_ENTRY)) {
        last = slot_next(last);
    }
    require((first->cap.w1 & CAP_ADDRESS_MASK) == ptr_to_phys(last) &&
                (last->cap.w1 & CAP_ADDRESS_MASK) == ptr_to_phys(first),
            "the ends of a group of entries name each other", first);
}

static void check_entry(const struct sender_table *table, unsigned index)
{
    const struct slot *entry = &table->slots[index];
    unsigned vector = sender_entry_vector(entry->cap);
    const struct tcb *receiver = receiver_for(entry);
    const struct slot *before = entry->prev;

    require(cap_is(entry->cap, CAP_SENDER_ENTRY), "an index that is used has an entry", entry);
    require(receiver != NULL, "an entry names a receiver that exists", entry);
    require(slot_names_same_object(before, cap_make_ipc(CAP_NOTIFICATION, cap_object(entry->cap), 0, 0)),
            "an entry stands behind a capability for its notification", entry);
    struct cap owner = check_cap(before);
    if (cap_is(owner, CAP_NOTIFICATION)) {
        require(cap_badge(owner) == bit(vector), "an entry has the badge of its capability", entry);
        check_group(entry);
    } else {
        require(sender_entry_vector(before->cap) == vector, "an entry has the badge of its capability",
                entry);
    }
    require(table->page[index] == (receiver->uintr.slot ? entry_page_word(receiver->uintr.slot, vector) : 0),
            "the controller reads what an entry says", entry);
    entries++;
}

static void check_table(const struct sender_table *table)
{
    const struct tcb *thread = table->thread;

    require(!thread || (is_found(&found.threads, thread) && thread->uintr.table == table),
            "a sender table is bound to a thread that knows it", table);
    for (unsigned i = 0; i < REL4_SENDER_TABLE_ENTRIES; i++) {
        if (entry_is_used(table, i)) {
            check_entry(table, i);
        } else {
            require(slot_is_empty(&table->slots[i]) && table->page[i] == 0,
                    "an index that is not used is empty", &table->slots[i]);
        }
    }
}

/* Checks the list of all entries that name a receiver, and subtracts them from entries. */
static void check_list(const struct tcb *thread)
{
    const struct slot *last = NULL;

    for (const struct slot *entry = thread->uintr.entries; entry; entry = entry_links(entry)->next) {
        require(check_is_cap(entry) && cap_is(entry->cap, CAP_SENDER_ENTRY) && receiver_for(entry) == thread,
                "a receiver's list has the entries that name it", thread);
        require(entry_links(entry)->prev == last, "lists of entries are linked both ways", entry);
        require(entries-- > 0, "a list of entries ends", thread);
        last = entry;
    }
}

static bool is_zero(const struct uintr *uintr)
{
    const word_t all = uintr->uepc | uintr->utvec | uintr->uscratch | uintr->ucause | uintr->utval |
                       uintr->slot | uintr->status | uintr->enabled;

    return all == 0 && !uintr->receiver && !uintr->hardware && !uintr->active && !uintr->software &&
           !uintr->ending && !uintr->entries;
}

static void check_receiver(const struct tcb *thread)
{
    unsigned slot = thread->uintr.slot;

    require(thread->bound != NULL, "a receiver has a notification", thread);
    if (slot) {
        require(slot < UINTC_SLOTS && uintc_owners[slot] == thread, "a slot serves the receiver that has it",
                thread);
        require(wait_state(&thread->bound->queue) != NOTIFICATION_ACTIVE,
                "the bits of a receiver with a slot are in the slot", thread);
        slots++;
        receivers[thread->hart->id]++;
    }
}

static void check_user(const struct tcb *thread)
{
    const struct uintr *uintr = &thread->uintr;
    const struct sender_table *table = uintr->table;

    require(!table || (is_found(&found.objects, table) && table->thread == thread),
            "a thread has a sender table that knows it", thread);
    require(uintr->user == (uintr->receiver || table), "a user receives or sends", thread);
    require(uintr->hardware ==
                (uintr_backend == REL4_UINTR_HARDWARE && uintr->user && (uintr->slot || !uintr->receiver)),
            "the hardware serves those that it can", thread);
    require(uintr->user || is_zero(uintr), "a thread that is no user has no state", thread);
    require(uintr->receiver || (!uintr->slot && !uintr->entries && !uintr->ending),
            "slot and entries are a receiver's", thread);
    if (uintr->receiver) {
        check_receiver(thread);
    }
    check_list(thread);
}

static void check_slots(void)
{
    for (unsigned slot = 1; slot < UINTC_SLOTS; slot++) {
        bool used = uintc_used[slot / WORD_BITS] >> slot % WORD_BITS & 1;
        require(used == (uintc_owners[slot] != NULL), "slots that are used have an owner",
                &uintc_owners[slot]);
        slots -= used;
    }
    require(slots == 0, "a slot serves one receiver that exists", uintc_owners);
    require(uintc_used[0] & 1 && !uintc_owners[0], "slot 0 has no owner", uintc_owners);
}

static void check_hart(const struct hart *hart)
{
    const struct tcb *live = __atomic_load_n(&hart->uintr_live, __ATOMIC_RELAXED);

    require(!live || live == &idle_thread || (live == hart->current && live->uintr.hardware),
            "a hart has loaded the registers of the user that it runs", hart);
    require(hart->enter_slowly == (hart->locks || hart->console_watched) &&
                hart->switch_slowly == (hart->enter_slowly || live),
            "a hart knows when entries and switches take longer", hart);
    require(receivers_on[hart->id] == receivers[hart->id],
            "a hart is woken for the receivers with a slot that run on it", hart);
}

void check_uintr(void)
{
    entries = slots = 0;
    for_each_hart(hart) {
        receivers[hart->id] = 0;
    }
    for_each_object(slot, CAP_SENDER_TABLE) {
        check_table(cap_object(slot->cap));
    }
    for_each_found(struct tcb, thread, &found.threads) {
        check_user(thread);
    }
    require(entries == 0, "every entry is in the list of its receiver", NULL);
    check_slots();
    for_each_hart(hart) {
        check_hart(hart);
    }
}
