/*
 * Actors: threads that make one system call, with every register chosen by the test, and then stop so that
 * every register can be looked at. What an actor runs is an ecall and a breakpoint behind it; the breakpoint
 * comes to the test as a fault message. Actors start above the priority of the test, so on the test's own
 * hart they have run, and stopped or blocked, when actor_start() returns.
 *
 *     struct actor receiver = actor_new();
 *     actor_start(&receiver, SYS_RECV, endpoint, 0);
 *     ...
 *     CHECK_DONE(&receiver);
 *     CHECK_EQUAL(receiver.got.a0, badge);
 *     CHECK_KEPT(&receiver, ACTOR_A0 | ACTOR_A1);
 */
#pragma once

#include "test.h"

#define ACTOR_PRIORITY (TEST_PRIORITY + 20)

/* The badge of the endpoint that an actor's faults come through. */
#define ACTOR_BADGE 0xac70

struct actor {
    struct test_thread *thread;
    seL4_CPtr tcb;
    seL4_CPtr faults;        /* all rights, no badge */
    seL4_CPtr fault_handler; /* badged */
    seL4_IPCBuffer *buffer;
    seL4_UserContext set; /* what it started with */
    seL4_UserContext got; /* what it had when looked at last */
    seL4_Word label;      /* of its fault, with length and words */
    seL4_Word length;
    seL4_Word words[seL4_UnknownSyscall_Length];
};

enum actor_state {
    ACTOR_DONE,    /* the system call has returned */
    ACTOR_FAULTED, /* it made a fault instead, see label and words */
    ACTOR_WAITS    /* neither yet */
};

/* Registers by their place in the register block, to say which may change. */
#define ACTOR_A0   (1ul << ABI_REG_A0)
#define ACTOR_A1   (1ul << (ABI_REG_A0 + 1))
#define ACTOR_A2   (1ul << (ABI_REG_A0 + 2))
#define ACTOR_A3   (1ul << (ABI_REG_A0 + 3))
#define ACTOR_A4   (1ul << (ABI_REG_A0 + 4))
#define ACTOR_A5   (1ul << (ABI_REG_A0 + 5))
#define ACTOR_INFO (ACTOR_A0 | ACTOR_A1)
#define ACTOR_ALL  (ACTOR_A0 | ACTOR_A1 | ACTOR_A2 | ACTOR_A3 | ACTOR_A4 | ACTOR_A5)

/* The ecall that actors run and the breakpoint behind it. */
extern const char actor_ecall[], actor_done[];

/* Code for other ends, each followed by a breakpoint: load, store and jump use a0 as the address. */
extern const char actor_load[], actor_store[], actor_jump[], actor_illegal[], actor_float[], actor_spin[];

struct actor actor_new(void);
struct actor actor_new_at(seL4_Word priority);

/* Fills actor->set with a value of its own for each register, and the IPC buffer's message words too. */
void actor_fill(struct actor *actor);

/* Starts code with the registers in actor->set. */
void actor_run(struct actor *actor, const char *code);

/* actor_fill(), then the system call with these registers. a2 to a5 keep the values of actor_fill(). */
void actor_start(struct actor *actor, long number, seL4_Word a0, seL4_Word a1);

/* The same with a2 to a5, too. */
void actor_start_with(struct actor *actor, long number, seL4_Word a0, seL4_Word a1, seL4_Word mr0,
                      seL4_Word mr1, seL4_Word mr2, seL4_Word mr3);

/* What has become of it: fetches its fault message, if there is one, and its registers. Every message is
 * reported once. */
enum actor_state actor_look(struct actor *actor);

/* The same, but waits until the system call has returned or has made a fault. */
enum actor_state actor_wait(struct actor *actor);

/* Reads the registers into actor->got. */
void actor_read(struct actor *actor);

/* Registers, as ACTOR_ bits, that differ from actor->set; the program counter counts as changed if the actor
 * is not at the end of its system call. */
seL4_Word actor_changed(const struct actor *actor);

/* Message register i, 0 to 3, of a register block. */
static inline seL4_Word actor_word(const seL4_UserContext *registers, unsigned i)
{
    return ((const seL4_Word *)registers)[ABI_REG_A0 + 2 + i];
}

/* The message info of a message without capabilities, or with some. */
static inline seL4_Word info(seL4_Word label, seL4_Word extra_caps, seL4_Word length)
{
    return seL4_MessageInfo_new(label, 0, extra_caps, length).words[0];
}

/* Whether a slot of the root CNode holds a capability. */
bool test_slot_used(seL4_CPtr slot);

/* Whether the kernel has the debug calls of debug builds. Uses a thread. */
bool test_debug_kernel(void);

#define CHECK_DONE(actor)    CHECK_EQUAL(actor_look(actor), ACTOR_DONE)
#define CHECK_WAITS(actor)   CHECK_EQUAL(actor_look(actor), ACTOR_WAITS)
#define CHECK_FAULTED(actor) CHECK_EQUAL(actor_look(actor), ACTOR_FAULTED)

/* The system call has returned, and wrote no register except, perhaps, those listed. */
#define CHECK_KEPT(actor, except) CHECK_EQUAL(actor_changed(actor) & ~(except), 0)
