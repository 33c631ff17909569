/*
 * Sender tables: what a thread may send user interrupts to by index (docs/user-interrupts.md, entries).
 */
#pragma once

#include "cap/ops.h"
#include "thread/tcb.h"

extern const struct cap_ops sender_table_ops;
extern const struct cap_ops sender_entry_ops;

/* Takes a thread's table away, because the thread ends. */
void sender_table_unbind(struct tcb *thread);

/* Sends by the entry at an index, which may be anything, of a thread's table; nothing if there is none. */
void sender_table_send(const struct tcb *thread, word_t index);
