/*
 * What tests of kernel/worker/placement.h share: on one hart, who runs next; with a second one that has
 * nothing to run, what that does for the first.
 */
#pragma once

#include "ring.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

/* For host_lock_wanted: another hart always wants it. */
bool is_wanted(void);

/* The owner runs on the first hart, and makes a call. */
void run_owner(void);

/* ---- One hart ---- */

#define PRIORITY 10 /* of the owner, mostly */

extern struct tcb *other; /* another thread, which is inactive */

/* A queue whose owner has this priority. The hart idles. */
void open_queue_of_priority(unsigned priority);

void make_ready(struct tcb *tcb, unsigned priority);

/* Who runs next: a thread, or the owner if its worker is to be served. */
struct tcb *choose(void);

/* The worker has its turn. */
void serve_in_turn(void);

/* Requests about the owner itself, each followed by another request. */
enum change {
    CHANGE_STATE, /* it suspends itself */
    CHANGE_HART,
    CHANGE_PRIORITY,
    CHANGES
};
void put_change(enum change change);

/* The worker waits on that hart with this priority, and on no other. */
void check_place(const struct hart *hart, unsigned priority);

/* ---- Two harts ---- */

#define WORTH_IT 16 /* requests for which a hart is called, and which it looks for more behind */

extern struct hart *const home, *const helper;

/* Two harts, and a queue whose owner's hart runs a thread of its priority. */
void open_for_two(void);

/* As this hart, so to speak. */
void be(struct hart *hart);

/* The second hart goes through its idle loop once, and serves what it finds. */
void idle(void);

/* It sleeps, and may be called. */
void sleep_helper(void);

/* Another owner whose worker waits: its queue is only looked at. */
struct tcb *let_wait(struct hart *hart, unsigned priority, enum worker_place place);

/* The queue waits like any other of its hart, and nobody else has it. */
void check_waits_at_home(void);

/* What may take the queue from a hart that keeps or watches it. */
enum taker {
    OWNER_WAKES,
    OWNER_BLOCKS,
    HOME_TICKS,
    OTHER_WAKES,
    TAKERS
};
