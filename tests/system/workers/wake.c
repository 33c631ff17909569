/*
 * The wake call. Its caller is served inside it; what is left when it stops does not depend on whether the
 * caller makes it again. Somebody else's queue is as important as its own thread, whoever wakes it.
 */
#include "workers.h"

#define ROUNDS      SOAK_OR(40, 1)
#define FIRST_PART  10 /* requests before the one that stops the call */
#define SECOND_PART 40
#define SLOW        250 /* slow requests: more than a slice, where instructions are the clock */

/* What stops a call. */
enum stop {
    BY_MORE_IMPORTANT,
    BY_INTERRUPT,
    BY_SLICE,
    STOPS
};
static const char *const names[] = { "something more important", "an interrupt", "the end of the slice" };

#define WAKER_BADGE 0x77

static struct {
    enum stop stop;
    bool waits; /* it calls Wait, and not Wake */
    seL4_Word node;
    seL4_CPtr wait, waker;
    struct victim_thread caller;
    struct victim *block, *other_block;
    struct rel4_queue *queue;
    unsigned requests;
    seL4_CPtr middle, acted;
    void (*volatile act)(void);
    seL4_Error then; /* what the call has to answer in the end */
} trial;

/* The call cannot have returned before it is stopped. */
static bool is_exact(void)
{
    return trial.stop == BY_MORE_IMPORTANT || instruction_nanoseconds();
}

static void act_when_woken(void *unused)
{
    for (;;) {
        seL4_Wait(trial.middle, NULL);
        trial.act();
        seL4_Signal(trial.acted);
    }
}

static void act_when_begun(void *unused)
{
    /* When this runs, the call has stopped; or it is on another hart. */
    while (!trial.act || answers(trial.queue) == 0) {
    }
    trial.act();
    seL4_Signal(trial.acted);
}

static void prepare(enum stop stop, bool waits, seL4_Word node)
{
    test_reset();
    begin();
    trial.stop = stop;
    trial.waits = waits;
    trial.wait = test_object(seL4_NotificationObject, 0);
    trial.waker = test_mint(trial.wait, seL4_AllRights, WAKER_BADGE);
    trial.node = node;
    trial.middle = test_object(seL4_NotificationObject, 0);
    trial.acted = teller(FIRST);
    trial.then = seL4_NoError;
    occupy_harts_but(node);
    make_bystander(node);
    victim_start(&trial.caller, MIDDLE, node, true);
    trial.block = trial.caller.block;
    trial.queue = queue_new(trial.caller.tcb, 10, REL4_POLICY_CALL);
    VICTIM_RUNS(trial.block);
    if (stop == BY_MORE_IMPORTANT) {
        start(act_when_woken, NULL, HIGHER, node);
        put_many(trial.queue, FIRST_PART);
        PUT(trial.queue, trial.middle, 0, .length = 0);
        put_many(trial.queue, SECOND_PART);
        trial.requests = FIRST_PART + 1 + SECOND_PART;
        return;
    }
    slow_begin();
    trial.requests = instruction_nanoseconds() ? SLOW : SLOW / 4;
    for (unsigned i = 0; i < trial.requests; i++) {
        put_slow(trial.queue);
    }
    if (stop == BY_SLICE) {
        start(act_when_begun, NULL, MIDDLE, node);
    }
}

/* Lets the caller make the call, and act() happen when it has stopped. */
static bool stop_call(void (*act)(void))
{
    forget(ANSWERED | BELOW | FIRST);
    trial.act = trial.stop == BY_INTERRUPT ? NULL : act;
    rel4_queue_publish(trial.queue);
    if (trial.waits) {
        victim_call(trial.block, seL4_SysRecv, trial.wait, 0, WAKER_BADGE, 0);
    } else {
        CHECK(rel4_queue_must_wake(trial.queue));
        victim_call(trial.block, seL4_SysCall, trial.queue->cap, info(REL4_LABEL_QUEUE_WAKE, 0, 0), 0,
                    info(trial.then, 0, 0));
    }
    if (trial.stop == BY_INTERRUPT) {
        for (unsigned i = 0; answers(trial.queue) == 0 && i < 1000; i++) {
            let_run(MILLISECOND);
        }
        act();
        return true;
    }
    return AWAIT(FIRST);
}

/* The call returns, if that is Wait after a signal, and does so once. */
static void check_returns(void)
{
    CHECK(!trial.waits || trial.block->called == 0);
    if (trial.waits) {
        seL4_Signal(trial.waker);
    }
    VICTIM_RUNS(trial.block);
    CHECK_EQUAL(trial.block->called, 1);
}

/* Whatever it is that stops the call; by turns on the first hart and on the last. */
static void try_all(void (*deed)(void))
{
    for (unsigned i = 0; i < ROUNDS * 2 * STOPS && !test_has_failed(); i++) {
        enum stop stop = i / 2 % STOPS;
        seL4_Word node = (i + stop + i / (2 * STOPS)) % 2 ? test_nodes() - 1 : 0;
        prepare(stop, i % 2, node);
        deed();
        if (test_has_failed()) {
            test_note("%s, stopped by %s, on hart %lu", trial.waits ? "Wait" : "Wake", names[stop], node);
        }
    }
}

static void do_nothing(void)
{
}

static void go_on(void)
{
    if (stop_call(do_nothing) && TAKE(trial.queue, trial.requests)) {
        check_returns();
    }
}

TEST("workers wake: a call that is stopped goes on, serves everything and answers once")
{
    try_all(go_on);
}

static void wake_as_well(void)
{
    wake(trial.queue);
}

static void be_woken_as_well(void)
{
    if (stop_call(wake_as_well) && TAKE(trial.queue, trial.requests)) {
        check_returns();
    }
}

TEST("workers wake: the same when somebody else wakes the queue meanwhile")
{
    try_all(be_woken_as_well);
}

static void suspend_caller(void)
{
    CHECK_OK(seL4_TCB_Suspend(trial.caller.tcb));
}

static void suspended(void)
{
    if (!stop_call(suspend_caller) || !BELOW_RUNS()) {
        return;
    }
    unsigned before = answers(trial.queue);
    let_run(5 * MILLISECOND);
    CHECK_EQUAL(answers(trial.queue), before);
    CHECK(before < trial.requests || !is_exact());
    CHECK_OK(seL4_TCB_Resume(trial.caller.tcb));
    if (TAKE(trial.queue, trial.requests)) {
        check_returns();
    }
}

TEST("workers wake: the caller is suspended: its queue is not served, and goes on with it when it is resumed")
{
    try_all(suspended);
}

static void write_registers(void)
{
    static struct victim other;
    seL4_UserContext context;

    victim_fill_like(&other, trial.block);
    victim_context(&other, &context);
    /* In a Wait it may have come to block meanwhile. */
    CHECK_OK(seL4_TCB_WriteRegisters(trial.caller.tcb, trial.waits, 0, ABI_REG_COUNT, &context));
    trial.other_block = &other;
}

static void given_registers(void)
{
    if (stop_call(write_registers) && TAKE(trial.queue, trial.requests)) {
        VICTIM_RUNS(trial.other_block);
        CHECK(trial.block->called == 0 || !is_exact());
    }
}

TEST("workers wake: the caller gets new registers: it goes on with them, and its queue is served without the "
     "call")
{
    try_all(given_registers);
}

static void handle_for_ever(void)
{
    seL4_Signal(trial.caller.notification);
}

static void enter_handler(void)
{
    if (stop_call(handle_for_ever)) {
        TAKE(trial.queue, trial.requests);
        CHECK(trial.block->called == 0 || !is_exact());
    }
}

TEST("workers wake: the caller enters a handler that does not return: its queue is served without the call")
{
    try_all(enter_handler);
}

#if CONFIG_MAX_NUM_NODES > 1
static void move_caller(void)
{
    CHECK_OK(seL4_TCB_SetAffinity(trial.caller.tcb, (trial.node + 1) % test_nodes()));
}

static void moved(void)
{
    if (stop_call(move_caller) && TAKE(trial.queue, trial.requests)) {
        check_returns();
    }
}

TEST("workers wake: the caller is moved: the call goes on where it is, and answers once")
{
    try_all(moved);
}
#endif

static void lower_caller(void)
{
    CHECK_OK(seL4_TCB_SetPriority(trial.caller.tcb, SELF, LOWEST + 1));
    seL4_Signal(bystander_go());
}

static void lowered(void)
{
    if (stop_call(lower_caller) && AWAIT(BELOW) && TAKE(trial.queue, trial.requests)) {
        check_returns();
    }
}

TEST("workers wake: the caller becomes less important: so does its queue, and the call answers once")
{
    try_all(lowered);
}

static void delete_caller(void)
{
    CHECK_OK(seL4_CNode_Delete(CNODE, trial.caller.tcb, DEPTH));
}

static void deleted(void)
{
    if (!stop_call(delete_caller) || !BELOW_RUNS()) {
        return;
    }
    unsigned before = answers(trial.queue);
    seL4_Word turns = trial.block->turns;
    CHECK_EQUAL(wake(trial.queue), seL4_IllegalOperation);
    let_run(5 * MILLISECOND);
    CHECK_EQUAL(answers(trial.queue), before);
    CHECK_EQUAL(trial.block->turns, turns);
}

TEST("workers wake: the caller is deleted: nothing more of its queue is served, and others run")
{
    try_all(deleted);
}

static void reset_queue(void)
{
    CHECK_OK(INVOKE(trial.queue->cap, REL4_LABEL_QUEUE_RESET, .length = 0).error);
}

static void reset(void)
{
    if (!stop_call(reset_queue)) {
        return;
    }
    check_returns();
    rel4_queue_restart(trial.queue);
    put_many(trial.queue, 20);
    rel4_queue_publish(trial.queue);
    wake(trial.queue);
    TAKE(trial.queue, 20);
}

TEST("workers wake: the queue is reset: the call answers once, and the queue serves again")
{
    try_all(reset);
}

static void detach_queue(void)
{
    CHECK_OK(INVOKE(trial.queue->cap, REL4_LABEL_QUEUE_DETACH, .length = 0).error);
}

static void detach(void)
{
    trial.then = seL4_IllegalOperation;
    if (is_exact() && stop_call(detach_queue)) {
        check_returns();
    }
}

TEST("workers wake: the queue is detached: the call finds it so")
{
    try_all(detach);
}

/* ---- In its own ring, and somebody else's ---- */

static void wait_for_go(void *go)
{
    for (;;) {
        seL4_Wait(*(seL4_CPtr *)go, NULL);
    }
}

TEST("workers wake: a Wake in the queue's own ring answers 0, and what is around it is served once")
{
    static seL4_CPtr go;

    for (unsigned blocks = 0; blocks <= 1; blocks++) {
        test_reset();
        begin();
        go = test_object(seL4_NotificationObject, 0);
        struct rel4_queue *queue = queue_new(start(wait_for_go, &go, HIGH, 0)->tcb, 6, REL4_POLICY_CALL);
        for (unsigned i = 0; i < 20; i++) {
            put_many(queue, 1);
            PUT(queue, queue->cap, REL4_LABEL_QUEUE_WAKE, .length = 0);
        }
        let_run(MILLISECOND / 2);
        rel4_queue_publish(queue);
        if (blocks) {
            seL4_Signal(go);
        } else {
            wake(queue);
        }
        TAKE(queue, 40);
        let_run(MILLISECOND);
        CHECK_EQUAL(answers(queue), 0);
        CHECK_OK(wake(queue));
        CHECK_EQUAL(rel4_queue_room(queue), 64);
    }
}

static struct {
    struct rel4_queue *queue;
    volatile unsigned answered; /* when the call has returned */
    seL4_CPtr returned;
} other;

static void wake_other(void *unused)
{
    wake(other.queue);
    other.answered = answers(other.queue);
    seL4_Signal(other.returned);
}

/* The queue of a thread of one priority is woken by a thread of another. No hart idles. */
static void wake_between(seL4_Word owner_priority, seL4_Word waker_priority)
{
    test_reset();
    begin();
    occupy_harts_but(test_nodes());
    other.returned = teller(FIRST);
    other.queue = queue_new(start(sleep_for_ever, NULL, owner_priority, 0)->tcb, 6, REL4_POLICY_CALL);
    let_run(MILLISECOND / 2);
    put_many(other.queue, 32);
    rel4_queue_publish(other.queue);
    start(wake_other, NULL, waker_priority, 0);
    AWAIT(FIRST);
}

TEST("workers wake: the queue of a more important thread is served before the call returns")
{
    wake_between(HIGH, MIDDLE);
    CHECK_EQUAL(other.answered, 32);
    TAKE(other.queue, 32);
}

TEST("workers wake: the queue of a less important or equal thread is served after the call has returned")
{
    wake_between(MIDDLE, HIGH);
    CHECK_EQUAL(other.answered, 0);
    TAKE(other.queue, 32);
    wake_between(HIGH, HIGH);
    CHECK_EQUAL(other.answered, 0);
    TAKE(other.queue, 32);
}

TEST("workers wake: the queue of a thread on another hart is served there, when that runs what is less "
     "important")
{
    for (unsigned spins = 0; spins <= 1 && test_nodes() > 1; spins++) {
        static struct spinner above;

        test_reset();
        begin();
        occupy_harts_but(test_nodes());
        spinner_start(&above, HIGHER, 1);
        struct rel4_queue *queue =
            queue_new(start(sleep_for_ever, NULL, MIDDLE, 1)->tcb, 6, REL4_POLICY_CALL);
        let_run(MILLISECOND / 2);
        if (spins) {
            spinner_spin(&above);
        }
        put_many(queue, 32);
        rel4_queue_publish(queue);
        CHECK(rel4_queue_must_wake(queue));
        CHECK_OK(wake(queue));
        if (spins) {
            let_run(5 * MILLISECOND);
            CHECK_EQUAL(answers(queue), 0);
            spinner_stop(&above);
        }
        CHECK(answered_within(queue, 32, ticks(2)));
        TAKE(queue, 32);
    }
}

/* ---- A hart that was called is not there yet ---- */

static struct spinner above;

static void wake_twice(void *unused)
{
    rel4_queue_publish(other.queue);
    spinner_go(&above);
    wake(other.queue);
    for (volatile unsigned i = 0; i < 1000; i++) {
    }
    wake(other.queue);
    other.answered = answers(other.queue);
    seL4_Signal(other.returned);
}

TEST("workers wake: a second call takes the queue back from a hart that was called and does something else")
{
    if (test_nodes() != 2) {
        return; /* with more of them, another one may have begun */
    }
    for (unsigned round = 0; round < SOAK_OR(200, 10) && !test_has_failed(); round++) {
        test_reset();
        begin();
        other.returned = teller(FIRST);
        spinner_start(&above, HIGHER, 1);
        struct test_thread *owner = make(wake_twice, NULL, HIGH, 0);
        other.queue = queue_new(owner->tcb, 6, REL4_POLICY_CALL);
        put_many(other.queue, 32);
        let_run(MILLISECOND / 2);
        test_thread_start(owner);
        AWAIT(FIRST);
        CHECK_EQUAL(other.answered, 32);
        TAKE(other.queue, 32);
        spinner_stop(&above);
    }
}
