/*
 * The thread control block: 2 KiB of the user's untyped memory that hold everything the kernel knows of a
 * thread.
 */
#pragma once

#include "arch/riscv64/context.h"
#include "cap/lookup.h"
#include "cap/slot.h"
#include "lib/types.h"
#include "thread/uintr.h"

struct async_queue;
struct endpoint;
struct hart;
struct notification;
struct wait_queue;

/* Neighbours in a circular list of threads with one priority. */
struct ready_links {
    struct tcb *next, *prev;
};

enum thread_state {
    THREAD_INACTIVE,
    THREAD_RUNNING,
    THREAD_RESTART, /* runnable, and repeats the instruction at its fault pc */
    THREAD_BLOCKED_ON_RECEIVE,
    THREAD_BLOCKED_ON_SEND,
    THREAD_BLOCKED_ON_REPLY,
    THREAD_BLOCKED_ON_NOTIFICATION,
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

/* How far a thread is with CancelBadgedSends; see ipc/badged_sends.c. */
struct badged_pass {
    struct wait_queue *queue; /* NULL if it makes none */
    word_t badge;
    struct tcb *next, *last; /* senders to be looked at; NULL when all have been */
};

/* A fault that waits to be reported or answered. */
struct fault {
    word_t type; /* FAULT_... */
    /* CapFault: pointer, receive phase. UnknownSyscall: number. UserException: number, code. VMFault:
     * address, status, is instruction fault. */
    word_t words[3];
    struct lookup_failure lookup;
};

#define THREAD_NAME_MAX 768

struct tcb {
    struct context context;
    struct hart *hart; /* where it runs */
    struct fpu_context fpu;
    struct hart *fpu_hart; /* the last hart whose registers held fpu */

    struct slot slots[TCB_SLOTS] __attribute__((aligned(1 << ABI_SLOT_BITS)));

    /* The slot of the reply capability that answers this thread, while it is blocked on reply. */
    struct slot *reply_slot;

    struct ready_links ready;            /* while it is ready */
    struct ready_links work;             /* while its queue waits for the worker; see thread/work.h */
    struct ready_queue *work_in;         /* and in which list; NULL if it does not wait */
    struct async_queue *async_queue;     /* NULL if it has none */
    struct tcb *queue_next, *queue_prev; /* of an endpoint or notification */

    enum thread_state state;
    bool ready_queued;
    bool work_at_tick; /* its queue is to be served at a tick or on an idle hart only */
    bool work_retry;   /* nothing can be done for its queue now: the next tick tries again */
    uint16_t printed;  /* bytes of the PutString that the thread makes; see object/put_string.c */
    uint16_t priority;
    uint16_t max_priority;
    uint8_t domain;
    uint8_t flags;
    unsigned slice; /* ticks left */

    /* What a blocked thread waits for. */
    void *blocked_on; /* endpoint or notification */
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

    struct badged_pass pass;
    struct tcb *pass_owner; /* of the queue of an endpoint that this thread is the head of */

#if REL4_DEBUG
    struct tcb *debug_next, *debug_prev; /* all threads */
    char name[THREAD_NAME_MAX];
#endif
};

_Static_assert(sizeof(struct tcb) <= 1 << ABI_TCB_BITS, "binary interface");
_Static_assert(offsetof(struct tcb, hart) == TCB_HART, "offsets.h");

/* What runs when nothing else can. It has no registers: the hart waits inside the kernel. */
extern struct tcb idle_thread;

static inline bool thread_is_runnable(const struct tcb *thread)
{
    return thread->state == THREAD_RUNNING || thread->state == THREAD_RESTART;
}
