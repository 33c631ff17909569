/*
 * Coroutines: functions with a stack of their own that take turns on one thread, and the executor that runs
 * them and waits for the kernel's answers (docs/async-library.md). A coroutine runs until it waits: for an
 * answer, for another coroutine, or for a wake-up.
 *
 * An executor and its coroutines belong to one thread; no other thread and no handler of user interrupts may
 * call anything here for them. The thread's own stack is "outside of coroutines": it sets up, creates, and
 * then waits in rel4_run() or rel4_coroutine_join().
 */
#pragma once

#include <stddef.h>

#include <rel4/queue.h>

/* What names a coroutine: its place and, in the upper half, how often that was used. 0 names none. */
typedef uint32_t rel4_coroutine_id;

/* 7 is the most important, as 255 is for threads. */
#define REL4_PRIORITIES 8

#define REL4_MIN_COROUTINE_STACK     1024
#define REL4_DEFAULT_COROUTINE_STACK 4096
#define REL4_MAX_COROUTINES          65535

/* What functions return that return an int: 0, an seL4_Error, or one of these. */
enum rel4_error {
    REL4_FAULTED = 16,   /* the queue serves nothing until rel4_queue_reset(); the call may have been done */
    REL4_CANCELLED = 17, /* the coroutine that was joined has been cancelled */
    REL4_STUCK = 18      /* all coroutines wait for one another, or for a wake-up that nobody can give */
};

/* How calls go. */
enum rel4_mode {
    REL4_ASYNC,   /* through the ring */
    REL4_SYNC,    /* by trap, each on its own */
    REL4_ADAPTIVE /* by trap if nothing else could run and nothing is in flight, otherwise through the ring */
};

/* How the thread waits when no coroutine can run. */
enum rel4_waiting {
    REL4_WAIT_BLOCK, /* in the kernel, for the notification */
    REL4_WAIT_YIELD, /* lets other threads run between two looks */
    REL4_WAIT_SPIN   /* looks again and again */
};

struct rel4_coroutine;
struct rel4_executor;

/* First in, first out. */
struct rel4_list {
    struct rel4_coroutine *first; /* meaningless when it is empty */
    struct rel4_coroutine **last; /* where the next one is linked to; &first when it is empty */
};

/* What a coroutine waits for, as far as that is not an answer. */
enum rel4_coroutine_state {
    REL4_COROUTINE_FREE,
    REL4_COROUTINE_ACTIVE, /* runs, is ready, or waits for an answer */
    REL4_COROUTINE_LISTED, /* waits in waits_in: for room in the ring, or for another one's end */
    REL4_COROUTINE_WAITING /* waits for rel4_coroutine_wake() */
};

/* One coroutine, or the thread outside of them. Its content is the library's business. */
struct rel4_coroutine {
    struct rel4_coroutine *next;
    void *sp; /* where it goes on: <rel4/switch.h> */
    void *pc;
    void *s0;
    struct rel4_list *ready; /* the list of its priority */
    seL4_Word *guard;        /* the lowest word of its stack, which holds its own address */
    union {
        uint32_t cookie; /* of its call in flight, otherwise of the next one; the upper half is its place */
        uint16_t generation; /* the lower half, which changes with each answer */
    };
    uint32_t awaited; /* that cookie while a call is in flight, otherwise the executor's no_cookie */
    rel4_coroutine_id id;
    uint8_t state;               /* enum rel4_coroutine_state */
    bool woken;                  /* a wake-up came before it waited */
    uint8_t error;               /* what it goes on with */
    uint8_t needs;               /* items, when it waits for room */
    struct rel4_response *reply; /* where the words of its answer go; null: nowhere */
    struct rel4_list *waits_in;
    struct rel4_list joiners;
    union {
        struct { /* until it begins */
            void (*entry)(void *arg);
            void *arg;
        };
        seL4_Word error_words[4]; /* of its last call that failed */
    };
};

/* Counted since rel4_executor_init(); what the kernel counts, since AsyncQueue Start. */
struct rel4_stats {
    seL4_Word submitted;       /* calls through the ring */
    seL4_Word answered;        /* answers taken */
    seL4_Word stale;           /* of these, answers that nobody waited for any more */
    seL4_Word by_trap;         /* calls that were traps of their own */
    seL4_Word wakes;           /* AsyncQueue Wake */
    seL4_Word blocks;          /* waits in the kernel; recorded bits may have ended some without a trap */
    seL4_Word yields;          /* by REL4_WAIT_YIELD */
    seL4_Word full;            /* times that a coroutine waited for room in the request ring */
    seL4_Word user_interrupts; /* taken by this thread, since rel4_thread_init() */
    seL4_Word batches[REL4_RING_MAX_BITS + 1]; /* of answers taken at once, by log2 rounded down */
    struct rel4_queue_statistics kernel;
};

/* How fast other harts serve the queue, as its statistics say. */
struct rel4_pace {
    seL4_Word served, busy; /* when that was last looked at */
    seL4_Word time;         /* of the time counter, in which a request should be served */
    bool in_vain;           /* it was looked for answers since, and none came */
};

struct rel4_executor {
    struct rel4_queue queue;
    struct rel4_coroutine *current;
    struct rel4_list *top;   /* the most important list that is not empty, or null */
    seL4_Word extra_items;   /* request items but for the first of each request that will be answered */
    seL4_Word extra_answers; /* the same of answers */
    seL4_Word answers_end;   /* up to this index there are answers, as far as we have looked */
    bool mixed;              /* coroutines of different priority exist: answers are looked for more often */
    uint8_t common_priority;
    uint8_t mode;
    uint8_t waiting;
    bool faulted;
    bool stuck;
    bool main_waits_for_all;
    uint32_t ready_bits; /* lists that are not empty */
    uint32_t polls;
    uint32_t batch;
    struct rel4_pace pace;
    struct rel4_list lists[REL4_PRIORITIES];
    struct rel4_list room; /* those that wait for room in the request ring */
    struct rel4_list free;
    struct rel4_coroutine *coroutines;
    uint32_t count; /* that can exist */
    uint32_t
        no_cookie; /* the lowest one that none of them can have, as their places are below its upper half */
    uint32_t live;
    uint32_t abandoned; /* calls in flight whose coroutine is gone: so many stale answers are the kernel's */
    size_t stack_bytes;
    uint32_t busy; /* coroutines made ready by others since the last look for answers on their behalf */
    seL4_Word main_guard;
    struct rel4_coroutine main;
    void (*on_overflow)(rel4_coroutine_id id);
    void (*on_signals)(seL4_Word bits, void *arg);
    void *arg;
    seL4_Word answer_bit;
    struct rel4_stats stats;
};

/* The calling thread's executor; one without coroutines and without a queue if it has none. */
extern __thread struct rel4_executor *rel4_executor_self __attribute__((tls_model("local-exec")));

struct rel4_executor_options {
    void *memory; /* for records and stacks */
    size_t memory_bytes;
    size_t stack_bytes; /* of each coroutine, a multiple of 16; 0: REL4_DEFAULT_COROUTINE_STACK */
    enum rel4_mode mode;
    enum rel4_waiting waiting;
    unsigned polls; /* at the ring, before yielding or blocking: for answers that another hart works on */
    unsigned batch; /* requests after which they are handed over, though coroutines can run; 0: no limit */
    /* Called, on that stack, when a coroutine has overwritten the end of its stack. Must not return. Null:
     * a line on stderr that names the coroutine, and abort(). */
    void (*on_overflow)(rel4_coroutine_id id);
    /* Called when the thread has waited for its notification and got other bits than answer_bit. With it, the
     * thread also waits when no answer will come, since a signal may make the callback wake somebody. */
    void (*on_signals)(seL4_Word bits, void *arg);
    void *arg;
    seL4_Word answer_bit; /* the badge by which the kernel signals answers */
};

/*
 * Makes the executor the calling thread's. Its queue is left as it is: null, or what rel4_queue_create() has
 * made of it; no request of it may be without its answer. Without a queue all calls are traps. As many
 * coroutines can exist as fit into the memory, at most REL4_MAX_COROUTINES. seL4_InvalidArgument: there is
 * not room for one, or the stack is too small.
 */
int rel4_executor_init(struct rel4_executor *executor, const struct rel4_executor_options *options);

/* Takes the executor from the thread: its coroutines never run again, and their memory is the caller's. */
void rel4_executor_end(void);

/* Changes how calls go and how the thread waits from now on. */
void rel4_set_mode(enum rel4_mode mode);
void rel4_set_waiting(enum rel4_waiting waiting, unsigned polls);

/*
 * Makes a coroutine that will run entry(arg), and end when it returns. Returns 0 if no record is free, or if
 * the priority is above 7.
 */
rel4_coroutine_id rel4_coroutine_create(void (*entry)(void *arg), void *arg, unsigned priority);

/* The calling coroutine, or 0 outside. */
rel4_coroutine_id rel4_coroutine_self(void);

/* Whether it has been created, and has neither ended nor been cancelled. */
bool rel4_coroutine_exists(rel4_coroutine_id id);

/* Lets all others run that are ready and as important, or more so. If none is ready, takes answers, or hands
 * over requests and takes answers, before. */
void rel4_coroutine_yield(void);

/*
 * Waits for rel4_coroutine_wake(). A wake-up that came before is not lost: then it returns at once. Several
 * of them are one. Only in coroutines; elsewhere it returns at once.
 */
void rel4_coroutine_wait(void);

/* Wakes a coroutine that is in rel4_coroutine_wait(), or will be. False: there is no such coroutine. */
bool rel4_coroutine_wake(rel4_coroutine_id id);

/*
 * Waits until a coroutine has ended; 0 also if it was gone before. REL4_CANCELLED: it was cancelled
 * meanwhile. REL4_STUCK: it can never end; only outside of coroutines. seL4_InvalidArgument: it is the
 * caller.
 */
int rel4_coroutine_join(rel4_coroutine_id id);

/*
 * Ends a coroutine wherever it is; its stack and record are free at once. A call of it that is in flight is
 * still done, and its answer is dropped. What the coroutine itself has taken, such as locks or slots, stays
 * taken. A coroutine may cancel itself. False: there is no such coroutine.
 */
bool rel4_coroutine_cancel(rel4_coroutine_id id);

/*
 * Outside of coroutines: runs them until none is left, or until those that are left all wait for each other,
 * or for wake-ups. Returns how many are left.
 */
unsigned rel4_run(void);

/* Hands over requests that coroutines have made so far, and wakes the worker. The executor does so itself
 * when nothing can run; a coroutine that is going to compute for long may do it first. */
void rel4_flush(void);

/* What was counted. */
void rel4_stats(struct rel4_stats *stats);

/*
 * After REL4_FAULTED: empties both rings and lets the kernel serve the queue again. Every call that still
 * waits returns REL4_FAULTED. Errors: those of AsyncQueue Reset.
 */
int rel4_queue_reset(void);

/*
 * ---- For <rel4/async.h> ----
 */

#include <rel4/switch.h>

/* Waits until the request ring has room for so many items. False: the call is to be made by trap instead. */
bool rel4_make_room(struct rel4_executor *executor, unsigned items);

/* Whether a request of one item can be written at once, without rel4_make_room(). */
static inline bool rel4_has_room(const struct rel4_executor *executor)
{
    return executor->queue.request_producer != executor->queue.request_limit;
}

/* The cookie of the call that the current coroutine is about to submit: waits for its answer from now on. */
static inline uint32_t rel4_await(struct rel4_executor *executor)
{
    return executor->current->awaited = executor->current->cookie;
}

/* Begins a request of one item, for which there is room, and which the caller fills with words and submits.
 */
static inline struct rel4_item *rel4_begin(struct rel4_executor *executor, uint32_t header, seL4_CPtr cap)
{
    const struct rel4_queue *queue = &executor->queue;
    struct rel4_item *item = &queue->requests[queue->request_producer & queue->request_mask];

    item->cookie = rel4_await(executor);
    item->header = header;
    item->cap = cap;
    return item;
}

/* Submits the request and waits for the answer, whose error it returns. */
static inline int rel4_submit(struct rel4_executor *executor)
{
    executor->queue.request_producer++;
    return rel4_suspend(executor);
}
