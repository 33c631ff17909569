/*
 * What the tests of the worker share: threads and queues on chosen harts, a thread that looks on and never
 * waits for ever, and victims, which notice when a register is not theirs.
 *
 * The thread of the test is more important than all others. It waits for them with AWAIT(), by bits that they
 * signal, and what has not happened after patience() fails the test.
 */
#pragma once

#include <rel4/queue.h>

#include "actor.h"
#include "answer.h"
#include "clock.h"
#include "indices.h"
#include "victim.h"

#define CNODE  seL4_CapInitThreadCNode
#define VSPACE seL4_CapInitThreadVSpace
#define SELF   seL4_CapInitThreadTCB
#define DEPTH  seL4_WordBits

/* Priorities of all but the test. */
enum priority {
    LOWEST = 1,
    LOW = 20,
    MIDDLE = 40,
    HIGH = 60,
    HIGHER = 80
};

/* An address for a page of the test. */
#define PAGE 0x2200000000

/* In counts of the time counter. */
#define TICK  20000ul
#define SLICE (5 * TICK)

#define MILLISECOND 1000000ul

/* Bits of AWAIT(). ALARM is the test's own. */
enum bit {
    SEEN = 1,     /* a victim has made a turn */
    BELOW = 2,    /* something of priority LOW has run */
    ANSWERED = 4, /* a queue has answers */
    FIRST = 8,    /* and what a test wants */
    SECOND = 16,
    THIRD = 32,
    ALARM = 64
};

/* Nanoseconds of one instruction where instructions are the clock, as the argument nanoseconds= says, else 0:
 * then times and shares depend on the host. */
seL4_Word instruction_nanoseconds(void);

/* The same as a condition. Notes that the test needs it. */
bool on_instruction_clock(void);

/* The number of domains of the kernel. */
seL4_Word domains(void);
struct answer domain_set(seL4_Word domain, seL4_CPtr tcb);
struct answer domain_schedule(seL4_Word index, seL4_Word domain, seL4_Word ticks);
struct answer domain_start(seL4_Word index);

/* Every test begins so. May be called again after test_reset(). */
void begin(void);

/* A capability that signals bits to the test. */
seL4_CPtr teller(seL4_Word bits);

/* Waits until all of these bits have come since they were last awaited or forgotten. False, and the test has
 * failed: they did not. */
bool await(const char *file, int line, seL4_Word bits, const char *what);
#define AWAIT(bits) await(__FILE__, __LINE__, bits, #bits)

/* Whether they have come within so many nanoseconds. */
bool come_within(seL4_Word bits, seL4_Word nanoseconds);

void forget(seL4_Word bits);

/* Lets the others run for so many nanoseconds. */
void let_run(seL4_Word nanoseconds);

/* In nanoseconds: more than anything needs, on a busy host, too. */
seL4_Word patience(void);

/* Nanoseconds of so many ticks and a little more, or patience() where times depend on the host. */
seL4_Word ticks(unsigned number);

/* A thread that is started at once. */
struct test_thread *start(void (*entry)(void *), void *arg, seL4_Word priority, seL4_Word node);

/* The same before it is started. */
struct test_thread *make(void (*entry)(void *), void *arg, seL4_Word priority, seL4_Word node);

/* A notification that nobody signals. */
extern seL4_CPtr never;

/* Entries of threads: one that only counts in a word, and one that only waits. */
void count(void *counter);
void sleep_for_ever(void *unused);

/* A thread that waits, spins from a signal on until it is told to stop, and waits again. */
struct spinner {
    seL4_CPtr go;
    volatile bool spins, stop;
};
void spinner_start(struct spinner *spinner, seL4_Word priority, seL4_Word node);

/* Lets it spin. The second one waits until it does; nothing else must keep it from that. */
void spinner_go(struct spinner *spinner);
void spinner_spin(struct spinner *spinner);

/* Lets it stop, and waits until it has. */
void spinner_stop(struct spinner *spinner);

/* A thread that only spins, less important than all others, on a hart that would idle. Or on all harts but
 * one. */
void occupy(seL4_Word node);
void occupy_harts_but(seL4_Word node);

/* A thread of priority LOW on a node, which runs if nothing more important can. Once in a test. */
void make_bystander(seL4_Word node);

/* What makes it run once. */
seL4_CPtr bystander_go(void);

/* Whether it does. The test fails if it does not. */
bool below_runs(const char *file, int line);
#define BELOW_RUNS() below_runs(__FILE__, __LINE__)

/* ---- Queues ---- */

/* A started queue with rings of 2^bits items; its answers signal ANSWERED. */
struct rel4_queue *queue_new(seL4_CPtr tcb, unsigned bits, seL4_Word policy);

/* Writes a request. Cookies count from 0. */
void put(struct rel4_queue *queue, seL4_CPtr cap, seL4_Word label, const struct arguments *arguments);
#define PUT(queue, cap, label, ...) put(queue, cap, label, &(struct arguments){ __VA_ARGS__ })

/* So many requests that change nothing, and whose answers need no room but their items. */
void put_many(struct rel4_queue *queue, unsigned number);

/* Requests that take long, and can be interrupted: they make pages and take them back. One queue at a time,
 * and slow_begin() comes first. False: the ring is full. */
void slow_begin(void);
bool put_slow(struct rel4_queue *queue);

static inline seL4_Error wake(const struct rel4_queue *queue)
{
    return INVOKE(queue->cap, REL4_LABEL_QUEUE_WAKE, .length = 0).error;
}

/* Answers that the kernel has published, and nobody has taken. */
static inline unsigned answers(struct rel4_queue *queue)
{
    return rel4_queue_pending(queue);
}

/* Whether so many answers are there within so many nanoseconds. They are not taken. */
bool answered_within(struct rel4_queue *queue, unsigned number, seL4_Word nanoseconds);

/* Waits for so many answers, the test being told of them, and takes them: in order, and without an error. */
bool take(const char *file, int line, struct rel4_queue *queue, unsigned number);
#define TAKE(queue, number) take(__FILE__, __LINE__, queue, number)

static inline struct rel4_queue_statistics *statistics(const struct rel4_queue *queue)
{
    return (struct rel4_queue_statistics *)(queue->header + REL4_HEADER_STATISTICS);
}

/* ---- Victims ---- */

/* A thread that does nothing but compare its registers with what they were, in memory of its own that can
 * become something else. */
struct victim_thread {
    seL4_CPtr untyped; /* of a page, the thread is in it */
    seL4_CPtr tcb;
    seL4_CPtr notification; /* bound to it, if it is a receiver of user interrupts */
    seL4_CPtr faults;       /* an endpoint */
    struct victim *block;
};

/* Starts one. receiver: with registers of user interrupts, too; its handler only spins. */
void victim_start(struct victim_thread *thread, seL4_Word priority, seL4_Word node, bool receiver);

/* Fills a block with values that no other one has. */
void victim_fill(struct victim *block);

/* The registers of a thread that goes on behind the victim's look at them. */
void victim_context(const struct victim *block, seL4_UserContext *context);

/* Another block for the same thread: what registers that can be written hold is other, and the rest as it is.
 */
void victim_fill_like(struct victim *block, const struct victim *thread);

/* Makes a system call in the victim's next turn, which must come back with these a0 and a1. */
void victim_call(struct victim *block, long number, seL4_Word a0, seL4_Word a1, seL4_Word then_a0,
                 seL4_Word then_a1);

/* Whether it runs, and every register is as it was. The test fails if not. */
bool victim_runs(const char *file, int line, struct victim *block);
#define VICTIM_RUNS(block) victim_runs(__FILE__, __LINE__, block)
