/*
 * Sender tables and their entries.
 *
 * A used entry is a capability in the derivation tree, behind the one it was made from, and in the list of
 * entries for its receiver. It never moves, so that its table and index follow from its address.
 */
#include "object/sender_table.h"
#include "object/objects.h"

#include "cap/delete.h"
#include "ipc/receiver.h"
#include "lib/bits.h"
#include "object/request.h"
#include "thread/kernel.h"

#define ENTRIES REL4_SENDER_TABLE_ENTRIES

static void list_insert(struct slot **head, struct slot *entry)
{
    *entry_links(entry) = (struct entry_links){ .next = *head };
    if (*head) {
        entry_links(*head)->prev = entry;
    }
    *head = entry;
}

static void list_remove(struct slot **head, const struct slot *entry)
{
    const struct entry_links *links = entry_links(entry);

    if (links->prev) {
        entry_links(links->prev)->next = links->next;
    } else {
        *head = links->next;
    }
    if (links->next) {
        entry_links(links->next)->prev = links->prev;
    }
}

void sender_table_send(const struct tcb *thread, word_t index)
{
    const struct sender_table *table = thread->uintr.table;

    if (table && index < ENTRIES && entry_is_used(table, index)) {
        struct cap entry = table->slots[index].cap;
        notification_signal(cap_object(entry), bit(sender_entry_vector(entry)));
    }
}

/* The receiver exists as long as entries name it, as its end begins with deleting them. */
static struct remains finalise_entry(struct cap cap, struct slot *slot)
{
    struct sender_table *table = entry_table(slot);
    word_t index = (word_t)(slot - table->slots);
    struct tcb *receiver = receiver_of(cap_object(cap));

    assert(receiver && entry_is_used(table, index));
    __atomic_store_n(&table->page[index], 0, __ATOMIC_RELEASE); /* the controller may read it at any time */
    /* A send that has read the entry may still be in progress. It has arrived when the sender is stalled. */
    if (table->thread) {
        thread_stall(table->thread);
    }
    table->used[index / WORD_BITS] &= ~bit(index % WORD_BITS);
    list_remove(&receiver->uintr.entries, slot);
    slot_leave_group(slot);
    return (struct remains){ 0 };
}

void sender_table_unbind(struct tcb *thread)
{
    if (thread->uintr.table) {
        thread->uintr.table->thread = NULL;
        uintr_set_table(thread, NULL);
    }
}

static struct remains finalise_table(struct cap cap, struct slot *slot)
{
    struct sender_table *table = cap_object(cap);
    unsigned cleared = 0;

    if (!slot_is_last(slot)) {
        return (struct remains){ 0 };
    }
    if (table->thread) {
        sender_table_unbind(table->thread);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(table->used); i++) {
        while (table->used[i]) {
            if (cleared++ == ENTRIES_PER_BATCH) {
                preemption_soon();
                return (struct remains){ .again = true };
            }
            slot_delete_simple(&table->slots[i * WORD_BITS + lowest_bit(table->used[i])]);
        }
    }
    return (struct remains){ 0 };
}

static enum progress perform_bind(const struct request *request, const struct operation *operation)
{
    struct sender_table *table = cap_object(request->cap);

    table->thread = operation->thread;
    uintr_set_table(table->thread, table);
    return DONE;
}

static word_t decode_bind(const struct request *request, struct operation *operation, struct result *result)
{
    const struct sender_table *table = cap_object(request->cap);

    operation->thread = request_extra_object(request, 0, CAP_TCB);
    if (!operation->thread) {
        return error_invalid_capability(result, 1);
    }
    return table->thread || operation->thread->uintr.table ? ERR_ILLEGAL_OPERATION : ERR_NONE;
}

static enum progress perform_add(const struct request *request, const struct operation *operation)
{
    struct sender_table *table = cap_object(request->cap);
    struct slot *owner = request->extra[0];
    unsigned index = (unsigned)operation->index;
    struct slot *entry = &table->slots[index];
    struct uintr *receiver = &operation->thread->uintr;
    unsigned vector = lowest_bit(cap_badge(owner->cap));

    table->used[index / WORD_BITS] |= bit(index % WORD_BITS);
    slot_insert_entry(entry, cap_make_sender_entry(cap_object(owner->cap), vector), owner);
    list_insert(&receiver->entries, entry);
    if (receiver->slot) {
        __atomic_store_n(&table->page[index], entry_page_word(receiver->slot, vector), __ATOMIC_RELEASE);
    }
    result_set_word(operation->result, index);
    return DONE;
}

static word_t decode_add(const struct request *request, struct operation *operation, struct result *result)
{
    const struct sender_table *table = cap_object(request->cap);

    if (!slot_can_signal(request->extra[0])) {
        return error_invalid_capability(result, 1);
    }
    struct cap cap = request->extra[0]->cap;
    word_t badge = cap_badge(cap);
    if (badge == 0 || (badge & (badge - 1))) {
        return error_range(result, 0, REL4_VECTORS - 1);
    }
    operation->thread = receiver_of(cap_object(cap));
    if (!operation->thread || operation->thread->uintr.ending ||
        (uintr_backend == REL4_UINTR_HARDWARE && !operation->thread->uintr.slot)) {
        return error_missing_capability(result, 0, 0);
    }
    operation->index = lowest_clear_bit(table->used, ARRAY_SIZE(table->used));
    return operation->index == ENTRIES ? error_not_enough_memory(result, 0) : ERR_NONE;
}

static enum progress perform_remove(const struct request *request, const struct operation *operation)
{
    struct sender_table *table = cap_object(request->cap);

    slot_delete_simple(&table->slots[operation->index]);
    return DONE;
}

static word_t decode_remove(const struct request *request, struct operation *operation, struct result *result)
{
    operation->index = request_word(request, 0);
    if (operation->index >= ENTRIES) {
        return error_range(result, 0, ENTRIES - 1);
    }
    return entry_is_used(cap_object(request->cap), operation->index) ? ERR_NONE
                                                                     : error_invalid_argument(result, 0);
}

static const struct invocation invocations[] = {
    { REL4_LABEL_SENDER_TABLE_BIND, 0, 1, decode_bind, perform_bind },
    { REL4_LABEL_SENDER_TABLE_ADD, 0, 1, decode_add, perform_add },
    { REL4_LABEL_SENDER_TABLE_REMOVE, 1, 0, decode_remove, perform_remove },
};

const struct cap_ops sender_table_ops = {
    .name = "sender table",
    .invocations = invocations,
    OTHERS(invocations), /* request_find_other() checks for user interrupts */
    .finalise = finalise_table,
    .size_bits = REL4_SENDER_TABLE_BITS,
};

const struct cap_ops sender_entry_ops = {
    .name = "sender entry",
    .finalise = finalise_entry,
};
