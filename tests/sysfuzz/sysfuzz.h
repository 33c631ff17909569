/*
 * The fuzzer: threads that make random system calls, and a supervisor that puts them back to work.
 *
 * tests/sysfuzz/README.md says what it does and how it is used. The parts:
 *
 *   tables.c      what there is to call: kinds of objects, their places in a CSpace, their invocations
 *   generate.c    one call from (seed, thread, number), and the same in words
 *   worker.c      what the threads run
 *   uintr.S       the instructions of user interrupts
 *   cell.c        the sandboxes that they run in
 *   alarm.c       a clock, against threads that go round in circles
 *   supervisor.c  the root task
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rel4/abi.h>
#include <sel4/sel4.h>

#define WORKERS 9
#define CELLS   3

/* Kinds of capabilities. Each has slots of its own in every cell's CNode: some that the supervisor fills, the
 * stock, and some where what the threads make of this kind goes. */
enum kind {
    KIND_UNTYPED,
    KIND_TCB,
    KIND_ENDPOINT,
    KIND_NOTIFICATION,
    KIND_CNODE,
    KIND_FRAME,
    KIND_TABLE,
    KIND_VSPACE,
    KIND_POOL,
    KIND_ASID_CONTROL,
    KIND_IRQ,
    KIND_DOMAIN,
    KIND_REPLY,
    KIND_SENDER_TABLE,
    KIND_QUEUE,
    KIND_RING, /* the memory of a worker's queue: frames that are mapped for it */
    KINDS
};

/* What a message word means, so that a nearly right value can be chosen: ARG_ANY and others. */
enum argument {
#include <interface/arguments.inc>
};

#define METHOD_WORDS  8
#define METHOD_EXTRAS 3

struct method {
    const char *name;
    uint16_t label;
    uint8_t weight;
    uint8_t word_count;
    uint8_t extra_count;
    uint8_t words[METHOD_WORDS];   /* enum argument */
    uint8_t extras[METHOD_EXTRAS]; /* enum kind */
};

struct kind_info {
    const char *name;
    uint8_t weight; /* of invocations */
    uint8_t first;  /* slot */
    uint8_t stock;  /* slots from there that the supervisor fills */
    uint8_t slots;  /* all of them */
    const struct method *methods;
    unsigned method_count;
};

extern const struct kind_info kinds[KINDS];

/* What a call does. */
enum action {
    ACTION_INVOKE,
    ACTION_IPC,
    ACTION_READ,
    ACTION_WRITE,
    ACTION_JUMP,
    ACTION_ILLEGAL,
    ACTION_FLOAT,
    ACTION_UINTR,
    ACTION_RING,
};

#define CALL_WORDS 36

/* What PutString gets: the kernel looks several times for something else to do while it prints so much. */
#define STRING_WORDS 25

/* What ACTION_RING does with the thread's own ring: call->number. */
enum ring_action {
    RING_PUT, /* a request: receive[0] is the header, receive[1] how far to move the index, receive[2] whether
                 to wake */
    RING_TAKE,     /* all answers, without a look at them */
    RING_SCRIBBLE, /* words[0] to the offset a0 */
};

/* One call, ready to be made. */
struct call {
    enum action action;
    long number;     /* a7; or which instruction of user interrupts */
    seL4_Word a0;    /* capability pointer; or the address, or the instruction's operand */
    seL4_Word info;  /* message info */
    unsigned length; /* words that are set; more may be announced */
    seL4_Word words[CALL_WORDS];
    seL4_Word extras[3];
    seL4_Word receive[3];
    const char *kind;   /* names, for call_print() */
    const char *method; /* may be null */
};

/* Instructions of user interrupts, by call.number, as functions of UINTR_STUB_BYTES; and a handler. */
#define UINTR_STUB_BYTES 8
extern const char uintr_stubs[], uintr_handler[];

/* Slots of a cell's CNode. */
#define CELL_RADIX   8
#define SLOT_HANDLER 240 /* of the fault handler of worker w, at SLOT_HANDLER + w */

/* The capability pointer of a slot, in a cell's CSpace. */
seL4_Word cell_pointer(unsigned cell, seL4_Word slot);

static inline unsigned cell_of(unsigned worker)
{
    return worker % CELLS;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Among the workers of its cell. */
static inline unsigned place_of(unsigned worker)
{
    return worker / CELLS;
}

/* Sequences of numbers that depend on nothing but where they start. */
struct dice {
    uint64_t state;
};

struct dice dice_new(uint64_t seed, uint64_t thread, uint64_t number);
uint64_t dice_roll(struct dice *dice);
uint32_t dice_below(struct dice *dice, uint32_t limit);
bool dice_one_in(struct dice *dice, uint32_t odds);

/* A word that is special to somebody. */
seL4_Word dice_any_word(struct dice *dice);

/* Nearly this value. */
seL4_Word dice_bend(struct dice *dice, seL4_Word value);

/* The call with this number of this thread; the same whatever else has happened. debug: the kernel has the
 * debug calls that end the machine or print without end, which are left out. */
void call_generate(struct call *call, uint64_t seed, unsigned thread, uint64_t number, bool debug);

/* Prints it in one line of words. */
void call_print(const struct call *call);

/* Addresses in a worker's address space. */
#define WORKER_BLOCKS 0x10000000ul
#define WORKER_BLOCK  0x10000ul
#define WORKER_STATE  0x0ul    /* in its block: struct worker_state */
#define WORKER_STACK  0x2000ul /* one page */
#define WORKER_BUFFER 0x4000ul /* the IPC buffer */
#define WORKER_RING   0x6000ul /* RING_PAGES pages, for a queue */
#define RING_PAGES    2
#define RING_BITS     5 /* of the request ring */
#define PLAN_ADDRESS  0x10100000ul
#define SANDBOX       0x40000000ul /* where the workers map pages */

/* What a worker keeps for itself; others may scribble over it, so nobody trusts it. */
struct worker_state {
    uint64_t next; /* number of its next call */
    uint64_t made; /* calls so far */
    uint64_t digest;
};

struct range {
    uint64_t first, last;
};

/* What to do, the same for all workers, who can only read it. */
#define PLAN_PAGES  64
#define PLAN_RANGES ((PLAN_PAGES * 4096 - 256) / sizeof(struct range))
struct plan {
    uint64_t seed;
    uint64_t debug;
    uint32_t first_range[WORKERS + 1]; /* those of worker w end where those of w + 1 begin */
    struct range ranges[PLAN_RANGES];  /* of call numbers, ascending for each worker */
};

/* Labels of a worker's messages to the supervisor. Anybody may send them; they say nothing that matters. */
#define LABEL_REPORT 0x5e0
#define LABEL_DONE   0x5e1

/* Calls between two reports. */
#define REPORT_INTERVAL 64

/* Where a worker starts, again and again. */
_Noreturn void worker_main(struct worker_state *state, const struct plan *plan, unsigned worker);

static inline uint64_t digest_mix(uint64_t digest, uint64_t value)
{
    return (digest ^ value) * 0x9e3779b97f4a7c15 + (digest >> 29);
}

/* Workers, as the supervisor knows them. */
struct worker {
    seL4_CPtr untyped; /* of its TCB */
    seL4_CPtr tcb;
    seL4_CPtr buffer_frame;
    seL4_CPtr queue;
    seL4_CPtr ring_frames[RING_PAGES];
    volatile struct worker_state *state;
    uint64_t seen; /* state->made at the last look */
    bool done;
};

extern struct worker workers[WORKERS];

/* Makes everything from one untyped; faults go to the endpoint. */
void cells_create(seL4_CPtr all_memory, seL4_CPtr fault_endpoint, const seL4_CPtr plan_frames[PLAN_PAGES]);

/* Takes back all that the threads of a cell made, and fills its CNode anew. */
void cell_restock(unsigned number);

/* Makes a worker go on with its next call, wherever it is. False if its TCB has to be restored first. */
bool worker_restart(unsigned number);

/* Gives the worker back what others may have taken, and restarts it at a priority and on a hart of choice.
 * Returns true if it needed a new TCB. */
bool worker_restore(unsigned number, unsigned priority, unsigned hart);

/* Priorities: workers up to this, the supervisor above. */
#define WORKER_PRIORITY 100

/* Signals a notification once, after this time; alarm_set() winds the clock again. */
#define ALARM_NANOSECONDS 10000000
void alarm_create(seL4_CPtr notification);
void alarm_set(void);

/* Ends the run, saying what could not be done, if there is an error. */
void check_call(seL4_Error error, const char *what);
