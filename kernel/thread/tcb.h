/*
 * The thread control block: 2 KiB of the user's untyped memory with all that the kernel knows of a thread.
 */
#pragma once

#include "arch/context.h"
#include "cap/lookup.h"
#include "cap/slot.h"
#include "lib/types.h"
#include "thread/uintr.h"

struct async_queue;
struct endpoint;
struct hart;
struct notification;
struct wait_queue;

/*
 * What competes for the time of a hart: a thread, or the worker that serves a thread's queue of asynchronous
 * calls. Both are in the thread's control block and share its priority, domain, hart and time slice.
 */
struct schedulable {
    struct schedulable *next, *prev;   /* neighbours in a circular list of one priority */
    struct schedulable *below, *above; /* had the console before it, and after it; object/console_turn.c */
    bool has_console;
    uint8_t late; /* ticks for which it has had the console without going on; object/console_turn.c */
    bool queued;  /* in a ready queue */
    bool is_worker;
};

enum thread_state {
    THREAD_INACTIVE,
    THREAD_RUNNING,
    THREAD_RESTART, /* runnable, and repeats the instruction at its fault pc */
    THREAD_BLOCKED_ON_RECEIVE,
    THREAD_BLOCKED_ON_SEND,
    THREAD_BLOCKED_ON_REPLY,
    THREAD_BLOCKED_ON_NOTIFICATION,
    THREAD_BLOCKED_ON_CONSOLE, /* in a system call, which it repeats when it is woken */
    THREAD_IDLE,
};

/* The capability slots inside a TCB. */
enum {
    TCB_CSPACE,
    TCB_VSPACE,
    TCB_CALLER,
    TCB_BUFFER,
    TCB_SLOTS
};

/* The progress of a CancelBadgedSends; see ipc/badged_sends.c. */
struct badged_pass {
    struct wait_queue *queue;
    word_t badge;
    struct tcb *next, *last; /* senders that are still to be examined; NULL when all are */
    uint32_t number;         /* kept in the registers of the interrupted call; 0 if there is none */
};

/* A fault that waits to be reported or answered. */
struct fault {
    word_t type; /* FAULT_...; NONE unless the thread is blocked on send or reply because of it */
    /* CapFault: pointer, receive phase. UnknownSyscall: number. UserException: number, code. VMFault:
     * address, is instruction fault, enum vm_access. */
    word_t words[3];
    struct lookup_failure lookup;
};

#define THREAD_NAME_MAX 768

/* Registers by which one call of a thread differs from another; see object/console_turn.c. */
#define CONSOLE_CALL_WORDS 5

struct tcb {
    struct context context;
    struct hart *hart; /* where it runs */
    struct fpu_context fpu;
    struct hart *fpu_hart; /* the last hart whose registers held fpu */

    struct slot slots[TCB_SLOTS] __attribute__((aligned(1 << ABI_SLOT_BITS)));

    /* The slot of the reply capability that answers this thread, while it is blocked on reply. */
    struct slot *reply_slot;

    struct schedulable ready;            /* the thread itself */
    struct schedulable worker;           /* of its queue of asynchronous calls */
    struct schedulable waiting;          /* the worker, in the list that idle harts choose from */
    struct async_queue *async_queue;     /* NULL if it has none */
    struct tcb *queue_next, *queue_prev; /* of an endpoint or notification */

    enum thread_state state;
    uint16_t priority;
    uint16_t max_priority;
    uint8_t domain;
    uint8_t flags;
    unsigned slice; /* ticks left */

    void *blocked_on; /* the endpoint or notification that a blocked thread waits for */
    word_t send_badge;
    bool send_can_grant;
    bool send_can_grant_reply;
    bool send_is_call;
    bool receive_can_grant;

    word_t fault_handler; /* capability pointer */
    word_t ipc_buffer;    /* user address */
    struct notification *bound;
    struct fault fault;
    struct uintr uintr;

    word_t console_call[CONSOLE_CALL_WORDS]; /* registers of the call in which the thread got the console */

    struct badged_pass pass;        /* of the thread's own call */
    struct badged_pass *queue_pass; /* over the queue of an endpoint that this thread is the head of */

#if REL4_DEBUG
    struct tcb *debug_next, *debug_prev; /* all threads */
    char name[THREAD_NAME_MAX];
#endif
};

_Static_assert(sizeof(struct tcb) <= 1 << ABI_TCB_BITS, "binary interface");
_Static_assert(offsetof(struct tcb, hart) == TCB_HART, "offsets.h");

/* Stands for "no thread" where a hart's current one is named: the hart runs a worker, or waits. */
extern struct tcb idle_thread;

static inline bool thread_is_runnable(const struct tcb *thread)
{
    return thread->state == THREAD_RUNNING || thread->state == THREAD_RESTART;
}

/* Makes a TCB of zeroed memory: inactive, on the hart and in the domain of the caller, with a full time
 * slice.
 */
void tcb_create(struct tcb *thread, const struct tcb *caller);

/* Stops a thread, wherever it runs or waits. */
void thread_suspend(struct tcb *thread);

/* Lets a stopped or waiting thread run again, from the instruction it stopped at. */
void thread_resume(struct tcb *thread);

/* A thread that neither runs nor waits any more becomes inactive, until it is resumed. */
void thread_deactivate(struct tcb *thread);
