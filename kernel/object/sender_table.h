/*
 * Sender tables: what a thread may send user interrupts to by index (docs/user-interrupts.md, entries).
 */
#pragma once

#include "cap/slot.h"
#include "thread/tcb.h"

/* Of the list of entries that name one receiver. */
struct entry_links {
    struct slot *next, *prev;
};

struct sender_table {
    word_t page[REL4_SENDER_TABLE_ENTRIES]; /* what the controller reads */
    struct slot slots[REL4_SENDER_TABLE_ENTRIES];
    struct entry_links links[REL4_SENDER_TABLE_ENTRIES];
    word_t used[REL4_SENDER_TABLE_ENTRIES / WORD_BITS];
    struct tcb *thread; /* that sends with it */
};

_Static_assert(offsetof(struct sender_table, page) == 0, "the controller reads the first page");
_Static_assert(sizeof(struct sender_table) <= 1 << REL4_SENDER_TABLE_BITS, "fits");
_Static_assert(sizeof(((struct sender_table *)0)->page) == 1 << ABI_PAGE_BITS, "one page for the controller");

/* The table that an entry's slot is in. */
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

/* An entry as the controller reads it; bit 0 says that it is valid. */
static inline word_t entry_page_word(unsigned slot, unsigned vector)
{
    return (word_t)slot << 48 | (word_t)vector << 16 | 1;
}

/* Takes a thread's table away, because the thread ends. */
void sender_table_unbind(struct tcb *thread);

/* Sends by the entry at an index, which may be anything, of a thread's table; nothing if there is none. */
void sender_table_send(const struct tcb *thread, word_t index);
