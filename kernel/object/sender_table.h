/*
 * Sender tables: the receivers to which a thread may send user interrupts, by index (docs/user-interrupts.md,
 * entries).
 */
#pragma once

#include "cap/slot.h"
#include "thread/tcb.h"

/* Links of the list of entries for one receiver. */
struct entry_links {
    struct slot *next, *prev;
};

struct sender_table {
    word_t page[REL4_SENDER_TABLE_ENTRIES]; /* read by the controller */
    struct slot slots[REL4_SENDER_TABLE_ENTRIES];
    struct entry_links links[REL4_SENDER_TABLE_ENTRIES];
    word_t used[REL4_SENDER_TABLE_ENTRIES / WORD_BITS];
    struct tcb *thread; /* the sender */
};

_Static_assert(offsetof(struct sender_table, page) == 0, "the controller reads the first page");
_Static_assert(sizeof(struct sender_table) <= 1 << REL4_SENDER_TABLE_BITS, "fits");
_Static_assert(sizeof(((struct sender_table *)0)->page) == 1 << ABI_PAGE_BITS, "one page for the controller");

/* Returns the table that holds an entry's slot. */
static inline struct sender_table *entry_table(const struct slot *entry)
{
    /* Made from a pointer. NOLINTNEXTLINE(performance-no-int-to-ptr) */
    return (struct sender_table *)align_down((word_t)entry, REL4_SENDER_TABLE_BITS);
}

static inline struct entry_links *entry_links(const struct slot *entry)
{
    struct sender_table *table = entry_table(entry);

    return &table->links[entry - table->slots];
}

static inline bool entry_is_used(const struct sender_table *table, word_t index)
{
    return table->used[index / WORD_BITS] >> index % WORD_BITS & 1;
}

/* Returns an entry as the controller reads it; bit 0: valid. */
static inline word_t entry_page_word(unsigned slot, unsigned vector)
{
    return (word_t)slot << 48 | (word_t)vector << 16 | 1;
}

/* Unbinds the table of a thread that is destroyed, if it has one. */
void sender_table_unbind(struct tcb *thread);

/* Sends a user interrupt by an index, which the user chose, in a thread's table. Does nothing if there is no
 * entry. */
void sender_table_send(const struct tcb *thread, word_t index);
