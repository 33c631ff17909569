/*
 * User interrupts for threads: receiving them, waiting without losing any, and signals that cost one
 * instruction. docs/user-interrupts.md is the manual.
 *
 *     static struct rel4_thread thread;
 *     static char stack[4096] __attribute__((aligned(16)));
 *
 *     rel4_thread_init(&thread, tcb);
 *     seL4_TCB_BindNotification(tcb, notification);
 *     rel4_uintr_register_receiver(notification, &(struct rel4_receiver_options){
 *         .handler = on_signal, .stack = stack, .stack_bytes = sizeof(stack) });
 *
 * All functions work on the calling thread. Handlers may call only those that say so. A handler must not make
 * system calls, use the IPC buffer, or change ustatus.UIE.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <rel4/instructions.h>
#include <rel4/invocations.h>
#include <rel4/rel4.h>

/* Entries of the cache that rel4_signal() finds indexes in. A power of two. */
#define REL4_SENDER_CACHE 128

/* Entries of the table of capabilities that cannot be sent by instruction. A power of two. */
#define REL4_REFUSED_CACHE 16

struct rel4_receiver;

/* Counted since rel4_thread_init(). Signals by instruction are not counted, as that would cost more than they
 * do. */
struct rel4_statistics {
    seL4_Word signals_by_call; /* calls of rel4_signal() that were system calls */
    seL4_Word registrations;   /* entries made in the sender table */
    seL4_Word refusals;        /* failed attempts to make one */
    seL4_Word interrupts;      /* calls of a handler */
    seL4_Word restarts; /* of these, calls that interrupted rel4_wait() between its check and blocking */
    seL4_Word waits_recorded; /* calls of rel4_wait() and rel4_recv() that returned recorded bits */
    seL4_Word waits_kernel;   /* those that returned what the kernel answered */
};

/* The library's record of one thread. Only the library uses the fields. */
struct rel4_thread {
    struct {
        seL4_CPtr notification;
        seL4_Word index;
    } cache[REL4_SENDER_CACHE]; /* entry i holds a capability pointer that is i modulo the length */
    seL4_CPtr
        owner[REL4_SENDER_TABLE_ENTRIES]; /* by index: the capability that the entry belongs to, or null */
    struct {
        seL4_CPtr notification;
        seL4_Word again_in; /* signals until the next attempt */
    } refused[REL4_REFUSED_CACHE];
    seL4_CPtr tcb;
    seL4_CPtr table; /* slot for its sender table */
    bool table_exists;
    bool table_bound;
    struct rel4_receiver *receiver; /* null if the thread is no receiver */
    seL4_Word woken;                /* 1: a handler has recorded bits, maybe none */
    seL4_Word recorded;
    struct rel4_statistics statistics;
};

/* The calling thread's record, or an empty one if it has not called rel4_thread_init(). */
extern __thread struct rel4_thread *rel4_self __attribute__((tls_model("local-exec")));

/*
 * Tells the library about the calling thread: memory for its record (about 7 KiB, zeroed before its first
 * use) and the thread's own TCB capability. The record of a thread that is gone may be given to another
 * thread, which then uses the same sender table with its entries.
 */
void rel4_thread_init(struct rel4_thread *thread, seL4_CPtr tcb);

/* Copies the calling thread's statistics. */
void rel4_thread_statistics(struct rel4_statistics *statistics);

/*
 * ---- Receiving ----
 */

/*
 * A handler: called with the bits that have arrived and the argument that was registered. Bits are 0 after a
 * signal of badge 0. It may interrupt the thread anywhere. User interrupts are off until it returns.
 */
typedef void rel4_handler(seL4_Word bits, void *arg);

struct rel4_receiver_options {
    rel4_handler *handler; /* null: bits are recorded, for rel4_wait() and rel4_poll() */
    void *arg;
    void *stack; /* the handler's own, aligned to 16 bytes, which must exist while the thread is registered */
    size_t stack_bytes; /* at least REL4_MIN_STACK, a multiple of 16 */
    bool saves_float;   /* the handler may use floating point */
};

#define REL4_MIN_STACK 1024

/*
 * Registers the calling thread as receiver of a notification, which must be bound to it. From then on the
 * handler may be called at any time, even before this function returns.
 *
 * Errors: those of rel4_TCB_RegisterReceiver() in <rel4/stubs.h>. seL4_InvalidArgument also if the stack is
 * null, too small or not aligned; seL4_IllegalOperation also without rel4_thread_init(); seL4_DeleteFirst
 * also if the stack is that of the present registration.
 */
seL4_Error rel4_uintr_register_receiver(seL4_CPtr notification, const struct rel4_receiver_options *options);

/*
 * Ends the registration. rel4_wait() and rel4_poll() still return recorded bits; other bits are in the
 * notification. Senders have lost their entries and must be told to call rel4_uintr_forget_sender().
 *
 * seL4_IllegalOperation: the thread is no receiver.
 */
seL4_Error rel4_uintr_unregister_receiver(void);

/* How a receiver's handler is called. */
enum rel4_delivery {
    REL4_DELIVERY_NONE = 0,                                /* never: the thread is no receiver */
    REL4_DELIVERY_CONTROLLER = REL4_RECEIVER_SLOT,         /* by the interrupt controller */
    REL4_DELIVERY_KERNEL = REL4_RECEIVER_KERNEL_DELIVERED, /* by the kernel, when it returns to the thread */
};

/* Returns how the calling thread's handler is called. */
enum rel4_delivery rel4_uintr_delivery(void);

/*
 * Turns the calling thread's user interrupts off, and returns whether they were on. Bits that arrive stay
 * pending. Only for receivers and threads with a sender table. A handler may call it.
 */
static inline bool rel4_uintr_disable(void)
{
    seL4_Word before;

    asm volatile("csrrci %0, " REL4_STRING(REL4_CSR_USTATUS) ", " REL4_STRING(REL4_USTATUS_UIE)
                 : "=r"(before)
                 :
                 : "memory");
    return before & REL4_USTATUS_UIE;
}

/* Turns user interrupts on again if on is true, as rel4_uintr_disable() returned it. */
static inline void rel4_uintr_restore(bool on)
{
    if (on) {
        asm volatile("csrsi " REL4_STRING(REL4_CSR_USTATUS) ", " REL4_STRING(REL4_USTATUS_UIE)
                     :
                     :
                     : "memory");
    }
}

/* For handlers: records bits for the next rel4_wait() or rel4_poll(), which returns even if bits is 0. */
void rel4_uintr_record(seL4_Word bits);

/*
 * Waits for the notification that the calling thread receives, or for any other. Returns the recorded bits if
 * a handler has recorded any, otherwise what seL4_Wait() returns. A handler that interrupts between the check
 * for recorded bits and blocking makes the thread check again, so that no bits are lost. A handler that does
 * not record does not end the wait. Returns 0 after a signal of badge 0.
 */
seL4_Word rel4_wait(seL4_CPtr notification);

/*
 * As rel4_wait(), but receives as seL4_Recv() does, for threads with a bound notification. Recorded bits are
 * returned like a signal: message info 0 and the bits in *sender. sender must not be null.
 */
seL4_MessageInfo_t rel4_recv(seL4_CPtr src, seL4_Word *sender);

/* Returns the recorded bits if there are any, otherwise the bits of the notification, or 0. Does not wait. */
seL4_Word rel4_poll(seL4_CPtr notification);

/*
 * ---- Sending ----
 */

/*
 * Enters a notification capability into the calling thread's sender table, which is made and bound if there
 * is none. Returns its index for rel4_uipi_send(), 0 to 511, or the negative error. A capability that has an
 * index keeps it.
 *
 * Errors: those of rel4_SenderTable_Add() and rel4_SenderTable_Bind(). seL4_NotEnoughMemory also when the
 * memory or the slots of rel4_init() are used up; seL4_IllegalOperation also for a null capability, without
 * rel4_thread_init(), and without a backend.
 */
int rel4_uintr_register_sender(seL4_CPtr notification);

/*
 * Forgets the index of a capability and clears its entry if it still exists. Must be called when another
 * capability is put into the slot, and when the receiver has changed: a sender is not told that its entry was
 * cleared, and what it sends then is lost.
 */
void rel4_uintr_forget_sender(seL4_CPtr notification);

/* The rest of rel4_signal(), for capabilities that are not in the cache. */
void rel4_signal_slowly(seL4_CPtr notification);

/*
 * Signals a notification. The first call registers the capability; later calls are one instruction. Where
 * registering is not possible, because the badge is not a single bit, there is no receiver, or no memory,
 * slot or entry is left, it calls seL4_Signal(), and tries to register again every 256th time. The IPC buffer
 * is unchanged. Handlers must use rel4_uipi_send() with an index instead.
 */
static inline void rel4_signal(seL4_CPtr notification)
{
    unsigned place = notification % REL4_SENDER_CACHE;

    if (__builtin_expect(rel4_self->cache[place].notification == notification, 1)) {
        rel4_uipi_send(rel4_self->cache[place].index);
    } else {
        rel4_signal_slowly(notification);
    }
}
