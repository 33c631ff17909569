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
 * All functions work on the calling thread, and none but those marked so may be called by a handler. A
 * handler makes no system call, does not touch the IPC buffer, and leaves ustatus.UIE alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <rel4/instructions.h>
#include <rel4/invocations.h>
#include <rel4/rel4.h>

/* Entries of the cache by which rel4_signal() finds an index. A power of two. */
#define REL4_SENDER_CACHE 128

/* Capabilities remembered for not being able to be sent by instruction. A power of two. */
#define REL4_REFUSED_CACHE 16

struct rel4_receiver;

/* Counted since rel4_thread_init(). Signals by instruction are not: counting would cost more than they do. */
struct rel4_statistics {
    seL4_Word signals_by_call; /* rel4_signal() that went to the kernel */
    seL4_Word registrations;   /* entries made in the sender table */
    seL4_Word refusals;        /* attempts to make one that failed */
    seL4_Word interrupts;      /* times that a handler was called */
    seL4_Word restarts;        /* times that it found rel4_wait() between looking and blocking */
    seL4_Word waits_recorded;  /* rel4_wait() and alike that returned bits which a handler had recorded */
    seL4_Word waits_kernel;    /* that were answered by the kernel */
};

/* What the library knows about one thread. Its content is the library's business. */
struct rel4_thread {
    struct {
        seL4_CPtr notification;
        seL4_Word index;
    } cache[REL4_SENDER_CACHE]; /* entry i is for capability pointers that are i modulo its length */
    seL4_CPtr owner[REL4_SENDER_TABLE_ENTRIES]; /* by index: whose entry it is, or null */
    struct {
        seL4_CPtr notification;
        seL4_Word again_in; /* signals until the next attempt */
    } refused[REL4_REFUSED_CACHE];
    seL4_CPtr tcb;
    seL4_CPtr table; /* the slot that is for its sender table */
    bool table_exists;
    bool table_bound;
    struct rel4_receiver *receiver; /* null if it is none */
    seL4_Word woken;                /* whether a handler has recorded something, perhaps no bits */
    seL4_Word recorded;
    struct rel4_statistics statistics;
};

/* The calling thread's record; one without anything if it has not called rel4_thread_init(). */
extern __thread struct rel4_thread *rel4_self __attribute__((tls_model("local-exec")));

/*
 * Tells the library about the calling thread: where it may keep its record (about 7 KiB, zeroed before it
 * is used for the first time) and the thread's own TCB capability. A record whose thread is gone may be
 * given to another one, which then uses the same sender table, with its entries.
 */
void rel4_thread_init(struct rel4_thread *thread, seL4_CPtr tcb);

/* Copies the calling thread's statistics. */
void rel4_thread_statistics(struct rel4_statistics *statistics);

/*
 * ---- Receiving ----
 */

/*
 * What a handler is: called with the bits that have arrived, and what was registered with it. Bits may be 0,
 * after a signal of badge 0. The thread may have been anywhere; user interrupts are off until it returns.
 */
typedef void rel4_handler(seL4_Word bits, void *arg);

struct rel4_receiver_options {
    rel4_handler *handler; /* null: bits are only recorded, for rel4_wait() and rel4_poll() */
    void *arg;
    void *stack;        /* the handler's own, aligned to 16 bytes, as long as the thread is registered */
    size_t stack_bytes; /* at least REL4_MIN_STACK, a multiple of 16 */
    bool saves_float;   /* the handler may use floating point */
};

#define REL4_MIN_STACK 1024

/*
 * Registers the calling thread as receiver of a notification, which must be bound to it. From then on its
 * handler may be called at any time, also before this returns.
 *
 * Errors: those of TCB RegisterReceiver (docs/user-interrupts.md); seL4_InvalidArgument also for an unfit
 * stack, seL4_IllegalOperation also without rel4_thread_init().
 */
seL4_Error rel4_uintr_register_receiver(seL4_CPtr notification, const struct rel4_receiver_options *options);

/*
 * Ends it. Bits that a handler has recorded can still be had by rel4_wait() and rel4_poll(), others are in
 * the notification. Senders have lost their entries, and must be told: rel4_uintr_forget_sender().
 * seL4_IllegalOperation: it is no receiver.
 */
seL4_Error rel4_uintr_unregister_receiver(void);

/* Who calls a receiver's handler. */
enum rel4_delivery {
    REL4_DELIVERY_NONE = 0, /* nobody: it is no receiver */
    REL4_DELIVERY_CONTROLLER = REL4_RECEIVER_SLOT,
    REL4_DELIVERY_KERNEL = REL4_RECEIVER_KERNEL_DELIVERED, /* when it returns to the thread */
};

/* Who calls the calling thread's handler. */
enum rel4_delivery rel4_uintr_delivery(void);

/*
 * Turns the calling receiver's user interrupts off, and returns whether they were on. Bits are kept. Only for
 * receivers and threads with a sender table; a handler may call it.
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

/* Turns them on again, if they were on. */
static inline void rel4_uintr_restore(bool on)
{
    if (on) {
        asm volatile("csrsi " REL4_STRING(REL4_CSR_USTATUS) ", " REL4_STRING(REL4_USTATUS_UIE)
                     :
                     :
                     : "memory");
    }
}

/* For handlers: leaves bits, or the mere fact of a signal, to the next rel4_wait() or rel4_poll(). */
void rel4_uintr_record(seL4_Word bits);

/*
 * Waits for the notification that the calling thread receives, or for any other. Returns recorded bits, if
 * there are any, otherwise what seL4_Wait() does. No bits are lost between looking and blocking: a handler
 * that comes in between makes the thread look again. A handler that does not record wakes nobody. Returns
 * 0 after a signal of badge 0.
 */
seL4_Word rel4_wait(seL4_CPtr notification);

/*
 * The same for seL4_Recv() on an endpoint, by a thread with a bound notification. Recorded bits are returned
 * as a signal is: message info 0, the bits in *sender, which must not be null.
 */
seL4_MessageInfo_t rel4_recv(seL4_CPtr src, seL4_Word *sender);

/* The same for seL4_Poll(): recorded bits, if there are any, otherwise what is in the notification, or 0. */
seL4_Word rel4_poll(seL4_CPtr notification);

/*
 * ---- Sending ----
 */

/*
 * Enters a notification capability into the calling thread's sender table, which is made and bound if there
 * is none. Returns its index for rel4_uipi_send(), 0 to 511, or minus the error: those of SenderTable Add and
 * Bind; -seL4_NotEnoughMemory also when memory or slots of rel4_init() are used up, -seL4_IllegalOperation
 * also without rel4_thread_init() or without a backend. A capability that has an index keeps it.
 */
int rel4_uintr_register_sender(seL4_CPtr notification);

/*
 * Forgets the index of a capability, and clears its entry if it is still there. To be called when another
 * capability is put into the slot, and when the receiver has changed: nothing tells a sender that its entry
 * has been cleared, and what it sends by it goes nowhere.
 */
void rel4_uintr_forget_sender(seL4_CPtr notification);

/* The rest of rel4_signal(), for a capability without an entry in the cache. */
void rel4_signal_slowly(seL4_CPtr notification);

/*
 * Signals a notification. The first time, the capability is registered; from then on it is one instruction.
 * Where that is not possible, because the badge is not a single bit, there is no receiver, or no memory, slot
 * or entry is left, it is seL4_Signal(), and every 256th time registration is tried again. The IPC buffer is
 * left as it was. Handlers use rel4_uipi_send() with an index.
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
