/*
 * A thread blocks with requests in its ring. Wait and Recv, when they would block, have them served first,
 * and only then look for what there is. Every other way of blocking comes first, and then the queue is one
 * more that is ready. What was first shows where a request takes away the very capability that the call
 * names.
 */
#include "workers.h"

#define REQUESTS 20
#define BADGE    0x55

static struct {
    struct rel4_queue *queue;
    seL4_CPtr slot;            /* names what the thread blocks on, until a request changes it */
    seL4_CPtr object, another; /* what it names first, and afterwards */
    seL4_CPtr done, received;
    volatile seL4_Word badge, label;
    volatile unsigned answered; /* when somebody else ran first */
} trial;

/* An object of a type in the slot, and one that the slot can be made to name. No hart idles. */
static void prepare(seL4_Word type)
{
    test_reset();
    begin();
    occupy_harts_but(test_nodes());
    trial.object = test_object(type, 0);
    trial.another = test_mint(test_object(type, 0), seL4_AllRights, BADGE);
    trial.slot = test_mint(trial.object, seL4_AllRights, 0);
    trial.done = teller(FIRST);
    trial.received = teller(SECOND);
    trial.badge = trial.label = 0;
    trial.answered = ~0u;
}

/* Requests, in the middle of them one that takes the slot's capability away. Returns how many there are. */
static unsigned put_requests(bool replaces)
{
    put_many(trial.queue, REQUESTS);
    PUT(trial.queue, CNODE, CNodeDelete, .length = 2, .words = { trial.slot, DEPTH });
    if (replaces) {
        PUT(trial.queue, CNODE, CNodeCopy, .length = 5,
            .words = { trial.slot, DEPTH, trial.another, DEPTH, ABI_RIGHTS_ALL }, .extras = 1,
            .caps = { CNODE });
    }
    put_many(trial.queue, REQUESTS);
    rel4_queue_publish(trial.queue);
    return 2 * REQUESTS + 1 + replaces;
}

/* Lets a thread run that blocks with requests. */
static struct test_thread *prepare_owner(void (*entry)(void *), seL4_Word policy)
{
    struct test_thread *thread = make(entry, NULL, HIGH, 0);

    trial.queue = queue_new(thread->tcb, 6, policy);
    return thread;
}

/* ---- Wait and Recv ---- */

static void receive(void *unused)
{
    seL4_Word badge;

    seL4_Recv(trial.slot, &badge);
    trial.badge = badge;
    seL4_Signal(trial.done);
    seL4_Wait(never, NULL);
}

static void send(void *cap)
{
    seL4_Send(*(seL4_CPtr *)cap, seL4_MessageInfo_new(0, 0, 0, 0));
}

/* The requests change what the slot names, and the new object has a message or a signal. */
static void check_replaced(seL4_Word type)
{
    static seL4_CPtr cap;

    prepare(type);
    cap = trial.another;
    struct test_thread *owner = prepare_owner(receive, REL4_POLICY_CALL);
    start(send, &cap, HIGHER, 0); /* for a notification, that is a signal */
    unsigned requests = put_requests(true);
    test_thread_start(owner);
    if (AWAIT(FIRST)) {
        CHECK_EQUAL(trial.badge, BADGE);
    }
    TAKE(trial.queue, requests);
}

TEST("workers blocking: Wait serves the ring before it blocks, and then waits for what the pointer names now")
{
    check_replaced(seL4_NotificationObject);
}

TEST("workers blocking: Recv serves the ring before it blocks, and then receives from what the pointer names "
     "now")
{
    check_replaced(seL4_EndpointObject);
}

TEST("workers blocking: Wait returns what a request has signalled, and Recv the signal of a bound "
     "notification")
{
    for (unsigned bound = 0; bound <= 1; bound++) {
        prepare(bound ? seL4_EndpointObject : seL4_NotificationObject);
        seL4_CPtr notification = bound ? test_object(seL4_NotificationObject, 0) : trial.object;
        struct test_thread *owner = prepare_owner(receive, REL4_POLICY_CALL);
        if (bound) {
            CHECK_OK(seL4_TCB_BindNotification(owner->tcb, notification));
        }
        put_many(trial.queue, REQUESTS);
        PUT(trial.queue, test_mint(notification, seL4_AllRights, BADGE), 0, .length = 0);
        put_many(trial.queue, REQUESTS);
        rel4_queue_publish(trial.queue);
        test_thread_start(owner);
        if (AWAIT(FIRST)) {
            CHECK_EQUAL(trial.badge, BADGE);
        }
        TAKE(trial.queue, 2 * REQUESTS + 1);
    }
}

static void receive_and_look(void *unused)
{
    seL4_Word badge;

    seL4_Recv(trial.slot, &badge);
    trial.answered = answers(trial.queue);
    trial.badge = badge;
    seL4_Signal(trial.done);
    seL4_Wait(never, NULL);
}

TEST("workers blocking: Wait and Recv that need not block serve nothing")
{
    static seL4_CPtr cap;

    for (unsigned i = 0; i <= 1; i++) {
        prepare(i ? seL4_EndpointObject : seL4_NotificationObject);
        cap = test_mint(trial.object, seL4_AllRights, BADGE);
        struct test_thread *owner = prepare_owner(receive_and_look, REL4_POLICY_CALL);
        start(send, &cap, HIGHER, 0); /* for a notification, that is a signal */
        let_run(MILLISECOND / 2);
        put_many(trial.queue, REQUESTS);
        rel4_queue_publish(trial.queue);
        test_thread_start(owner);
        if (AWAIT(FIRST)) {
            CHECK_EQUAL(trial.badge, BADGE);
            CHECK_EQUAL(trial.answered, 0);
        }
        TAKE(trial.queue, REQUESTS);
    }
}

/* Less important: it runs when the thread has blocked, and notes how much was served by then. */
static void look(void *unused)
{
    trial.answered = answers(trial.queue);
    seL4_Signal(trial.done);
}

/* A loop of a few instructions is interrupted by nothing else, on one hart. */
static void wait_for_tick(void)
{
    for (seL4_Word last = now(), time; time = now(), time - last < 20; last = time) {
    }
}

static void wake_behind_tick_and_receive(void *unused)
{
    wait_for_tick();
    if (rel4_queue_must_wake(trial.queue)) {
        wake(trial.queue);
    }
    receive(unused);
}

TEST("workers blocking: with the policy of ticks Wait serves nothing, and the next tick does")
{
    prepare(seL4_NotificationObject);
    struct test_thread *owner = prepare_owner(wake_behind_tick_and_receive, REL4_POLICY_TICK);
    if (!on_instruction_clock() || test_nodes() > 1) {
        return;
    }
    start(look, NULL, LOW, 0);
    put_many(trial.queue, REQUESTS);
    rel4_queue_publish(trial.queue);
    test_thread_start(owner);
    if (AWAIT(FIRST)) {
        CHECK_EQUAL(trial.answered, 0);
        CHECK(answered_within(trial.queue, REQUESTS, ticks(1)));
    }
    TAKE(trial.queue, REQUESTS);
}

/* ---- Call, Send, ReplyRecv and faults ---- */

#define LABEL 0x1234

static void call(void *unused)
{
    trial.label = seL4_MessageInfo_get_label(seL4_Call(trial.slot, seL4_MessageInfo_new(LABEL, 0, 0, 0)));
    seL4_Signal(trial.done);
    seL4_Wait(never, NULL);
}

/* Receives by a capability of its own, looks how much was served, and replies. */
static void serve(void *unused)
{
    seL4_MessageInfo_t message = seL4_Recv(trial.object, NULL);
    trial.answered = answers(trial.queue);
    seL4_Reply(message);
    seL4_Wait(never, NULL);
}

static void check_call(seL4_Word server_priority, unsigned answered)
{
    prepare(seL4_EndpointObject);
    struct test_thread *owner = prepare_owner(call, REL4_POLICY_CALL);
    start(serve, NULL, server_priority, 0);
    let_run(MILLISECOND / 2); /* it waits */
    unsigned requests = put_requests(false);
    test_thread_start(owner);
    if (AWAIT(FIRST)) {
        CHECK_EQUAL(trial.label, LABEL);
        if (trial.answered != answered) {
            test_fail(__FILE__, __LINE__, "a server of priority %lu sees %u answers, expected %u",
                      server_priority, trial.answered, answered);
        }
    }
    TAKE(trial.queue, requests);
}

TEST("workers blocking: Call takes effect before the ring is served, which comes before a less important "
     "server")
{
    check_call(LOW, 2 * REQUESTS + 1);
}

TEST("workers blocking: Call to a server that is as important or more: that runs before the ring is served")
{
    check_call(HIGH, 0);
    check_call(HIGHER, 0);
}

static volatile unsigned seen_by_equal;

static void look_as_equal(void *unused)
{
    seen_by_equal = answers(trial.queue);
    seL4_Wait(never, NULL);
}

TEST("workers blocking: behind a Call the queue has its turn after its equals that are ready")
{
    prepare(seL4_EndpointObject);
    struct test_thread *owner = prepare_owner(call, REL4_POLICY_CALL);
    start(serve, NULL, LOW, 0);
    let_run(MILLISECOND / 2);
    struct test_thread *equal = make(look_as_equal, NULL, HIGH, 0);
    seen_by_equal = ~0u;
    unsigned requests = put_requests(false);
    /* This thread is more important: the last one resumed is the first to run. */
    test_thread_start(equal);
    test_thread_start(owner);
    if (AWAIT(FIRST)) {
        CHECK_EQUAL(seen_by_equal, 0);
        CHECK_EQUAL(trial.answered, requests);
    }
    TAKE(trial.queue, requests);
}

static void send_labelled(void *unused)
{
    seL4_Send(trial.slot, seL4_MessageInfo_new(LABEL, 0, 0, 0));
    seL4_Signal(trial.done);
    seL4_Wait(never, NULL);
}

static void look_and_receive(void *unused)
{
    trial.answered = answers(trial.queue);
    trial.label = seL4_MessageInfo_get_label(seL4_Recv(trial.object, NULL));
    seL4_Signal(trial.received);
    seL4_Wait(never, NULL);
}

TEST("workers blocking: Send that has to wait takes effect before the ring is served")
{
    prepare(seL4_EndpointObject);
    struct test_thread *owner = prepare_owner(send_labelled, REL4_POLICY_CALL);
    start(look_and_receive, NULL, LOW, 0);
    unsigned requests = put_requests(false);
    test_thread_start(owner);
    if (AWAIT(FIRST | SECOND)) {
        CHECK_EQUAL(trial.label, LABEL);
        CHECK_EQUAL(trial.answered, requests);
    }
    TAKE(trial.queue, requests);
}

static volatile unsigned requests_of_server;

static void reply_and_receive(void *unused)
{
    seL4_MessageInfo_t message = seL4_Recv(trial.slot, NULL);
    requests_of_server = put_requests(false);
    message = seL4_ReplyRecv(trial.slot, message, NULL);
    trial.label = seL4_MessageInfo_get_label(message);
    seL4_Signal(trial.done);
    seL4_Wait(never, NULL);
}

static void call_twice(void *unused)
{
    seL4_Call(trial.object, seL4_MessageInfo_new(LABEL - 1, 0, 0, 0));
    trial.answered = answers(trial.queue);
    seL4_Call(trial.object, seL4_MessageInfo_new(LABEL, 0, 0, 0));
}

TEST("workers blocking: ReplyRecv replies and waits before the ring is served, which comes before a less "
     "important caller")
{
    prepare(seL4_EndpointObject);
    struct test_thread *owner = prepare_owner(reply_and_receive, REL4_POLICY_CALL);
    test_thread_start(owner);
    start(call_twice, NULL, LOW, 0);
    if (AWAIT(FIRST)) {
        CHECK_EQUAL(trial.label, LABEL);
        CHECK_EQUAL(trial.answered, requests_of_server);
    }
    TAKE(trial.queue, requests_of_server);
}

static void fault(void *unused)
{
    __asm__ volatile(".option push\n.option norvc\nebreak\n.option pop");
    seL4_Signal(trial.done);
    seL4_Wait(never, NULL);
}

static void look_and_handle(void *unused)
{
    trial.answered = answers(trial.queue);
    trial.label = seL4_MessageInfo_get_label(seL4_Recv(trial.object, NULL));
    seL4_SetMR(0, seL4_GetMR(0) + 4); /* goes on behind the instruction */
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 1));
    seL4_Wait(never, NULL);
}

TEST("workers blocking: a fault goes to the handler that there was before the ring is served")
{
    prepare(seL4_EndpointObject);
    struct test_thread *owner = prepare_owner(fault, REL4_POLICY_CALL);
    CHECK_OK(seL4_TCB_SetSpace(owner->tcb, trial.slot, CNODE, 0, VSPACE, 0));
    start(look_and_handle, NULL, LOW, 0);
    unsigned requests = put_requests(false);
    test_thread_start(owner);
    if (AWAIT(FIRST)) {
        CHECK_EQUAL(trial.label, seL4_Fault_UserException);
        CHECK_EQUAL(trial.answered, requests);
    }
    TAKE(trial.queue, requests);
}
