/*
 * Coroutines: functions with a stack of their own that take turns on one thread, and the executor that runs
 * them and waits for the kernel's answers (docs/async-library.md). A coroutine runs until it waits: for an
 * answer, for another coroutine, or for a wake-up.
 *
 * An executor and its coroutines belong to one thread. Other threads, and handlers of user interrupts, must
 * not call these functions for them. Code on the thread's own stack runs "outside of coroutines": it sets up
 * the executor, creates coroutines, and waits in rel4_run() or rel4_coroutine_join().
 */
#pragma once

#include <stddef.h>

#include <rel4/queue.h>

/* Id of a coroutine: its place and, in the upper half, how often that place was used. 0 is no id. */
typedef uint32_t rel4_coroutine_id;

/* Priorities are 0 to 7; 7 is the highest. */
#define REL4_PRIORITIES 8

/* Bytes of a line of a cache. */
#define REL4_LINE 64

/* The most words of an error answer: 0 and those of a failed lookup. */
#define REL4_ERROR_WORDS 5

#define REL4_MIN_COROUTINE_STACK     1024
#define REL4_DEFAULT_COROUTINE_STACK 4096
#define REL4_MAX_COROUTINES          32767

/* Functions that return an int return 0, an seL4_Error, or one of these. */
enum rel4_error {
    REL4_FAULTED = 16,   /* the queue is stopped until rel4_queue_reset(); the call may have been done */
    REL4_CANCELLED = 17, /* the joined coroutine was cancelled */
    REL4_STUCK = 18      /* all coroutines wait for each other, or for a wake-up that cannot come */
};

/* How calls reach the kernel. */
enum rel4_mode {
    REL4_ASYNC,   /* through the ring */
    REL4_SYNC,    /* by system call */
    REL4_ADAPTIVE /* by system call if no other coroutine is ready and nothing is in flight, else through the
                     ring */
};

/* How the thread waits when no coroutine can run. */
enum rel4_waiting {
    REL4_WAIT_BLOCK, /* in the kernel, for the notification */
    REL4_WAIT_YIELD, /* polls, and yields to other threads between two polls */
    REL4_WAIT_SPIN   /* polls without a pause */
};

struct rel4_coroutine;
struct rel4_executor;

/* A list of coroutines, first in, first out. */
struct rel4_list {
    struct rel4_coroutine *first; /* undefined while the list is empty */
    struct rel4_coroutine **last; /* link of the last one; &first while the list is empty */
};

/* State of a coroutine, apart from a wait for an answer. */
enum rel4_coroutine_state {
    REL4_COROUTINE_FREE,
    REL4_COROUTINE_ACTIVE, /* runs, is ready, or waits for an answer */
    REL4_COROUTINE_LISTED, /* waits in waits_in: for room in the ring, or for the end of a coroutine */
    REL4_COROUTINE_WAITING /* waits for rel4_coroutine_wake() */
};

/* A coroutine, or the thread outside of coroutines. Only the library uses the fields. A call uses those of
 * the first line of 64 bytes. The size is an odd number of lines, so that these lines of several coroutines
 * are in different sets of a cache. */
struct rel4_coroutine {
    struct rel4_coroutine *next;
    void *sp; /* where it resumes: <rel4/switch.h> */
    void *pc;
    void *s0;
    struct rel4_list *ready; /* the list of its priority */
    seL4_Word *guard;        /* lowest word of its stack, which holds its own address while intact; or null */
    union {
        uint32_t cookie;     /* of its call in flight, or of its next call; the upper half is its place */
        uint16_t generation; /* lower half of the cookie, which changes with each answer */
    };
    uint32_t awaited; /* the cookie while a call is in flight, else the executor's no_cookie */
    rel4_coroutine_id id;
    uint8_t state;               /* enum rel4_coroutine_state */
    bool woken;                  /* a wake-up came before it waited */
    uint8_t error;               /* what the wait returns */
    uint8_t needs;               /* items that it waits for room for */
    struct rel4_response *reply; /* receives the words of its answer, or null */
    struct rel4_list *waits_in;
    struct rel4_list joiners;
    union {
        struct { /* until it begins */
            void (*entry)(void *arg);
            void *arg;
        };
        seL4_Word error_words[REL4_ERROR_WORDS]; /* of its last error answer */
    };
} __attribute__((aligned(REL4_LINE)));

_Static_assert(offsetof(struct rel4_coroutine, reply) == REL4_LINE, "what a call uses is in one line");
_Static_assert(sizeof(struct rel4_coroutine) / REL4_LINE % 2 == 1, "an odd number of lines");

/* Counted since rel4_executor_init(); the kernel's part since AsyncQueue Start. */
struct rel4_stats {
    seL4_Word submitted; /* calls through the ring */
    seL4_Word answered;  /* answers taken */
    seL4_Word stale;     /* of these, answers that no coroutine waited for any more */
    seL4_Word by_trap;   /* calls that were system calls of their own */
    seL4_Word wakes;     /* AsyncQueue Wake */
    seL4_Word blocks;    /* waits in the kernel, some of which recorded bits may have ended without a trap */
    seL4_Word yields;    /* by REL4_WAIT_YIELD */
    seL4_Word full;      /* times that a coroutine waited for room in the request ring */
    seL4_Word user_interrupts; /* taken by this thread, since rel4_thread_init() */
    seL4_Word
        batches[REL4_RESPONSES_MAX_BITS + 1]; /* times that 2^i to 2^(i + 1) - 1 units were found at once */
    struct rel4_queue_statistics kernel;
};

/* How fast other harts serve the queue, by its statistics. */
struct rel4_pace {
    seL4_Word served, busy; /* of the statistics, when they were last read */
    seL4_Word time;         /* ticks of the time counter that a request should take */
    bool in_vain;           /* no answer came the last time that the executor polled for so long */
};

struct rel4_executor {
    struct rel4_queue queue;
    struct rel4_coroutine *current;
    struct rel4_list *top;   /* non-empty ready list of the highest priority, or null */
    seL4_Word extra_items;   /* request items, without the first item of each request that will be answered */
    seL4_Word extra_answers; /* response units, without the first unit of each answer */
    bool mixed; /* coroutines of several priorities exist, so that answers are polled for more often */
    uint8_t common_priority;
    uint8_t mode;
    uint8_t waiting;
    bool faulted;
    bool stuck;
    bool main_waits_for_all;
    uint32_t ready_bits; /* bit p: the ready list of priority p is not empty */
    uint32_t polls;
    uint32_t batch;
    struct rel4_pace pace;
    struct rel4_list lists[REL4_PRIORITIES];
    struct rel4_list room; /* coroutines that wait for room in the request ring */
    struct rel4_list free;
    struct rel4_batch *batches; /* that are not waited for yet: <rel4/batch.h> */
    uint32_t done;              /* requests that the kernel had done when batches were last looked at */
    uint16_t last_batch;        /* id */
    struct rel4_coroutine *coroutines;
    uint32_t count;     /* of coroutines that can exist */
    uint32_t no_cookie; /* lowest cookie that no coroutine can have */
    uint32_t live;
    uint32_t abandoned; /* calls in flight whose coroutine is gone; so many stale answers are not forged */
    size_t stack_bytes;
    size_t stack_stride; /* from one stack to the next */
    uint32_t busy; /* times that a coroutine made another one ready since the executor last polled for that
                      reason */
    struct rel4_coroutine main;
    void (*on_overflow)(rel4_coroutine_id id);
    void (*on_signals)(seL4_Word bits, void *arg);
    void *arg;
    seL4_Word answer_bit;
    struct rel4_stats stats;
};

/* The calling thread's executor, or an empty one without coroutines and queue. */
extern __thread struct rel4_executor *rel4_executor_self __attribute__((tls_model("local-exec")));

/* Bytes of memory that n coroutines with stacks of so many bytes take (rel4_executor_options.memory). Stacks
 * are an odd number of lines apart, so that their tops are in different sets of a cache. */
#define REL4_STACK_STRIDE(stack_bytes) ((((stack_bytes) + REL4_LINE - 1) / REL4_LINE | 1) * REL4_LINE)
#define REL4_COROUTINES_BYTES(n, stack_bytes) \
    ((n) * (sizeof(struct rel4_coroutine) + REL4_STACK_STRIDE(stack_bytes)) + REL4_LINE)

struct rel4_executor_options {
    void *memory; /* for the records and stacks of coroutines */
    size_t memory_bytes;
    size_t stack_bytes; /* of each coroutine: a multiple of 16, at least REL4_MIN_COROUTINE_STACK; 0: the
                           default */
    enum rel4_mode mode;
    enum rel4_waiting waiting;
    unsigned polls; /* of the ring before yielding or blocking, for answers of another hart */
    unsigned batch; /* requests that are published at once, even if coroutines can run; 0: no limit */
    /* Called, on that stack, when a coroutine has overwritten the end of its stack. Must not return. Null:
     * names the coroutine on stderr and calls abort(). */
    void (*on_overflow)(rel4_coroutine_id id);
    /* Called when a wait for the notification returned other bits than answer_bit. With this function, the
     * thread also waits when no answer will come, since the function may wake coroutines. */
    void (*on_signals)(seL4_Word bits, void *arg);
    void *arg;
    seL4_Word answer_bit; /* the badge by which the kernel signals answers */
};

/*
 * Makes executor the calling thread's. executor->queue stays as it is: zeroed, or made by
 * rel4_queue_create(), with no request in flight. Without a queue all calls are system calls. As many
 * coroutines can exist as fit into the memory, at most REL4_MAX_COROUTINES.
 *
 * seL4_InvalidArgument: the memory has no room for a coroutine, or stack_bytes is too small or no multiple
 * of 16.
 */
int rel4_executor_init(struct rel4_executor *executor, const struct rel4_executor_options *options);

/* Takes the executor away from the thread. Its coroutines never run again; their memory is the caller's
 * again. */
void rel4_executor_end(void);

/* Changes how calls reach the kernel, and how the thread waits, from now on. */
void rel4_set_mode(enum rel4_mode mode);
void rel4_set_waiting(enum rel4_waiting waiting, unsigned polls);

/*
 * Creates a coroutine that runs entry(arg) and ends when it returns. It is ready at once, but does not run
 * yet. Returns its id, or 0 if no record is free or priority is above 7.
 */
rel4_coroutine_id rel4_coroutine_create(void (*entry)(void *arg), void *arg, unsigned priority);

/* Returns the id of the calling coroutine, or 0 outside of coroutines. */
rel4_coroutine_id rel4_coroutine_self(void);

/* Returns whether the coroutine has neither ended nor been cancelled. */
bool rel4_coroutine_exists(rel4_coroutine_id id);

/* Lets all other ready coroutines of the same or a higher priority run. If none is ready, first polls for
 * answers, then publishes requests and polls again. */
void rel4_coroutine_yield(void);

/*
 * Waits for rel4_coroutine_wake(). Returns at once if a wake-up came before; several wake-ups count as one.
 * Outside of coroutines it returns at once.
 */
void rel4_coroutine_wait(void);

/* Wakes a coroutine from rel4_coroutine_wait(), or from its next one. Returns false if there is no such
 * coroutine. */
bool rel4_coroutine_wake(rel4_coroutine_id id);

/*
 * Waits until a coroutine has ended. Returns 0 then, and also if there is no such coroutine.
 *
 * REL4_CANCELLED: it was cancelled meanwhile. REL4_STUCK, only outside of coroutines: it can never end.
 * seL4_InvalidArgument: it is the caller.
 */
int rel4_coroutine_join(rel4_coroutine_id id);

/*
 * Ends a coroutine wherever it is, and frees its stack and record at once. The kernel still carries out its
 * call in flight, whose answer is dropped. Locks, slots and the like that the coroutine holds stay taken. A
 * coroutine may cancel itself. Returns false if there is no such coroutine.
 */
bool rel4_coroutine_cancel(rel4_coroutine_id id);

/*
 * Outside of coroutines: runs coroutines until none is left, or until all that are left wait for each other
 * or for wake-ups. Returns how many are left.
 */
unsigned rel4_run(void);

/* Publishes all requests so far and wakes the worker. The executor does so itself when no coroutine can run;
 * a coroutine may do it before it computes for long. */
void rel4_flush(void);

/* Copies the counts of the calling thread's executor. */
void rel4_stats(struct rel4_stats *stats);

/*
 * Empties both rings and lets the kernel serve the queue again, after REL4_FAULTED. Every call in flight
 * returns REL4_FAULTED.
 *
 * seL4_IllegalOperation: there is no queue, or AsyncQueue Reset refuses.
 */
int rel4_queue_reset(void);

/*
 * ---- For <rel4/async.h> ----
 */

#include <rel4/switch.h>

/* Waits until the request ring has room for so many items. Returns false if the call must be a system call.
 */
bool rel4_make_room(struct rel4_executor *executor, unsigned items);

/* Returns whether a request of one item can be written without rel4_make_room(). */
static inline bool rel4_has_room(const struct rel4_executor *executor)
{
    return executor->queue.request_producer != executor->queue.request_limit;
}

/* Notes that the current coroutine waits for an answer, and returns the cookie for its request. */
static inline uint32_t rel4_await(struct rel4_executor *executor)
{
    return executor->current->awaited = executor->current->cookie;
}

/* Begins a request of one item. There must be room; the caller writes the words and submits it. */
static inline struct rel4_item *rel4_begin(struct rel4_executor *executor, uint32_t header, seL4_CPtr cap)
{
    const struct rel4_queue *queue = &executor->queue;
    struct rel4_item *item = &queue->requests[queue->request_producer & queue->request_mask];

    item->cookie = rel4_await(executor);
    item->header = header;
    item->cap = cap;
    return item;
}

/* Submits the request, waits for the answer, and returns its error. */
static inline int rel4_submit(struct rel4_executor *executor)
{
    executor->queue.request_producer++;
    return rel4_suspend(executor);
}
