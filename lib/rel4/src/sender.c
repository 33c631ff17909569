/*
 * Threads as senders: which capability has which entry of the thread's sender table.
 *
 * `owner` says which capability each index belongs to. It can be out of date, as the kernel clears entries
 * when capabilities go away and tells nobody. `cache` holds part of it, so that rel4_signal() need not
 * search. When the kernel hands out an index again, the capability that had it before has lost it.
 */
#include <string.h>

#include <rel4/uintr.h>

#include "resources.h"

/* Signals by system call after which registering a capability is tried again. */
#define TRY_AGAIN_AFTER 256

/* Content of an empty cache entry: a pointer that belongs to another entry, so that no pointer, not even 0,
 * matches. */
#define CACHE_EMPTY(place) ((place) == 0)

/* Record of threads without one of their own. Only its statistics are ever written. */
static struct rel4_thread no_thread = { .cache[0].notification = CACHE_EMPTY(0) };

__thread struct rel4_thread *rel4_self = &no_thread;

void rel4_thread_init(struct rel4_thread *thread, seL4_CPtr tcb)
{
    if (!thread->table_exists) {
        memset(thread->cache, 0, sizeof(thread->cache));
        memset(thread->owner, 0, sizeof(thread->owner));
        thread->cache[0].notification = CACHE_EMPTY(0);
    }
    memset(thread->refused, 0, sizeof(thread->refused));
    memset(&thread->statistics, 0, sizeof(thread->statistics));
    thread->tcb = tcb;
    thread->table_bound = false;
    thread->receiver = NULL;
    thread->woken = 0;
    thread->recorded = 0;
    rel4_self = thread;
}

/* Makes and binds the thread's sender table. After an error, the next call continues where this one stopped.
 */
static seL4_Error provide_table(struct rel4_thread *self)
{
    if (!self->table) {
        self->table = rel4_take_slot();
    }
    if (!self->table) {
        return seL4_NotEnoughMemory;
    }
    if (!self->table_exists) {
        seL4_Error error = seL4_Untyped_Retype(rel4_resources.untyped, REL4_TYPE_SENDER_TABLE, 0,
                                               rel4_resources.cnode, 0, 0, self->table, 1);
        if (error) {
            return error;
        }
        self->table_exists = true;
    }
    if (!self->table_bound) {
        seL4_Error error = rel4_SenderTable_Bind(self->table, self->tcb);
        if (error) {
            return error;
        }
        self->table_bound = true;
    }
    return seL4_NoError;
}

static void cache_forget(struct rel4_thread *self, seL4_CPtr notification)
{
    unsigned place = notification % REL4_SENDER_CACHE;

    if (self->cache[place].notification == notification) {
        self->cache[place].notification = CACHE_EMPTY(place);
    }
}

static void cache_fill(struct rel4_thread *self, seL4_CPtr notification, seL4_Word index)
{
    unsigned place = notification % REL4_SENDER_CACHE;

    self->cache[place].index = index;
    self->cache[place].notification = notification;
}

/* Returns the index of a capability, or -1. */
static int find(const struct rel4_thread *self, seL4_CPtr notification)
{
    for (int i = 0; i < REL4_SENDER_TABLE_ENTRIES; i++) {
        if (self->owner[i] == notification) {
            return i;
        }
    }
    return -1;
}

static int add(struct rel4_thread *self, seL4_CPtr notification)
{
    seL4_Word index;
    seL4_Error error = provide_table(self);

    if (!error) {
        error = rel4_SenderTable_Add(self->table, notification, &index);
    }
    if (error) {
        self->statistics.refusals++;
        return -(int)error;
    }
    if (self->owner[index]) {
        cache_forget(self, self->owner[index]);
    }
    self->owner[index] = notification;
    self->statistics.registrations++;
    return (int)index;
}

int rel4_uintr_register_sender(seL4_CPtr notification)
{
    struct rel4_thread *self = rel4_self;

    if (!self->tcb || rel4_resources.backend == REL4_BACKEND_NONE || !notification) {
        return -seL4_IllegalOperation;
    }
    int index = find(self, notification);
    if (index < 0) {
        index = add(self, notification);
    }
    if (index >= 0) {
        cache_fill(self, notification, (seL4_Word)index);
    }
    return index;
}

void rel4_uintr_forget_sender(seL4_CPtr notification)
{
    struct rel4_thread *self = rel4_self;
    unsigned place = notification % REL4_REFUSED_CACHE;
    int index = notification ? find(self, notification) : -1;

    if (self->refused[place].notification == notification) {
        self->refused[place].again_in = 0;
    }
    if (index < 0) {
        return;
    }
    cache_forget(self, notification);
    self->owner[index] = seL4_CapNull;
    /* An error means that the kernel has cleared the entry already. */
    rel4_SenderTable_Remove(self->table, (seL4_Word)index);
}

/* Returns whether it is too early to try a refused capability again. */
static bool is_refused(struct rel4_thread *self, seL4_CPtr notification)
{
    unsigned place = notification % REL4_REFUSED_CACHE;

    if (self->refused[place].notification != notification || self->refused[place].again_in == 0) {
        return false;
    }
    self->refused[place].again_in--;
    return true;
}

static void refuse(struct rel4_thread *self, seL4_CPtr notification)
{
    unsigned place = notification % REL4_REFUSED_CACHE;

    self->refused[place].notification = notification;
    self->refused[place].again_in = TRY_AGAIN_AFTER - 1;
}

/* Calls rel4_uintr_register_sender() and restores the IPC buffer, which a signal must not change. */
static int register_quietly(seL4_CPtr notification)
{
    seL4_IPCBuffer *buffer = seL4_GetIPCBuffer();
    seL4_Word words[6], cap = buffer->caps_or_badges[0];

    memcpy(words, buffer->msg, sizeof(words));
    int index = rel4_uintr_register_sender(notification);
    memcpy(buffer->msg, words, sizeof(words));
    buffer->caps_or_badges[0] = cap;
    return index;
}

void rel4_signal_slowly(seL4_CPtr notification)
{
    struct rel4_thread *self = rel4_self;

    if (self->tcb && rel4_sends_by_instruction() && !is_refused(self, notification)) {
        int index = register_quietly(notification);

        if (index >= 0) {
            rel4_uipi_send((seL4_Word)index);
            return;
        }
        refuse(self, notification);
    }
    self->statistics.signals_by_call++;
    seL4_Signal(notification);
}
