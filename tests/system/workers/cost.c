/*
 * What queues cost those who have none: a queue that waits and is less important nothing, and its own thread,
 * when it calls and replies, next to nothing.
 */
#include "printers.h"

#define ROUND_TRIPS       4000
#define PER_CENT_MORE     1
#define INSTRUCTIONS_MORE 20

static seL4_CPtr endpoint, measured;
static volatile seL4_Word counts;

static void serve(void *unused)
{
    seL4_Word badge;

    seL4_Recv(endpoint, &badge);
    for (;;) {
        seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, 0), &badge);
    }
}

static void call(void *unused)
{
    for (;;) {
        seL4_Word from = now();
        for (unsigned i = 0; i < ROUND_TRIPS; i++) {
            seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
        }
        counts = now() - from;
        seL4_Signal(measured);
        seL4_Wait(never, NULL);
    }
}

/* Whose queue there is, if any. */
enum owner {
    NOBODY,
    CLIENT,
    SERVER,
    LESS_IMPORTANT, /* with requests that wait */
};

static void make_caller(struct test_thread **server, struct test_thread **client)
{
    endpoint = test_object(seL4_EndpointObject, 0);
    measured = teller(FIRST);
    *server = start(serve, NULL, HIGHER, 0);
    *client = make(call, NULL, HIGH, 0);
}

/* Has the caller measure. Returns instructions, or 0 if something went wrong. */
static seL4_Word let_call(struct test_thread *client)
{
    test_thread_start(client);
    return AWAIT(FIRST) ? counts * 100 / instruction_nanoseconds() : 0;
}

/* Instructions of ROUND_TRIPS round trips between two threads, or 0 if something went wrong. A less important
 * thread is ready all the time. */
static seL4_Word measure(enum owner owner, seL4_Word policy, bool owner_spins)
{
    static seL4_Word ignored;
    struct rel4_queue *queue = NULL;
    struct test_thread *server, *client;

    test_reset();
    begin();
    occupy(0);
    make_caller(&server, &client);
    if (owner == CLIENT || owner == SERVER) {
        queue = queue_new(owner == CLIENT ? client->tcb : server->tcb, 5, policy);
    } else if (owner == LESS_IMPORTANT) {
        struct test_thread *other = start(owner_spins ? count : sleep_for_ever, &ignored, LOWEST, 0);
        queue = queue_new(other->tcb, 5, policy);
    }
    let_run(MILLISECOND); /* the server waits for calls, and the owner does what it does */
    if (owner == LESS_IMPORTANT) {
        put_many(queue, 32);
        rel4_queue_publish(queue);
        CHECK(rel4_queue_must_wake(queue));
        CHECK_OK(wake(queue));
    }
    seL4_Word instructions = let_call(client);
    if (instructions && owner == LESS_IMPORTANT) {
        CHECK_EQUAL(answers(queue), 0); /* it did wait */
        TAKE(queue, 32);
    }
    return instructions;
}

/* The same, while a less important thread is in the middle of a string on the console. */
static seL4_Word measure_beside_holder(void)
{
    struct test_thread *server, *client;
    seL4_Word instructions = 0;

    begin_case("holder-cost");
    make_caller(&server, &client);
    if (hold(new_thread('P', HOLDER_LINES, MIDDLE, 0))) {
        instructions = let_call(client);
        CHECK(!has_printed(holder));
        await_holder();
    }
    end_case("P");
    return instructions;
}

TEST("workers cost: beside a less important queue that waits, Call and ReplyRecv take one per cent more at "
     "most")
{
    if (!on_instruction_clock() || test_nodes() > 1) {
        return;
    }
    seL4_Word without = measure(NOBODY, 0, false);
    for (seL4_Word policy = REL4_POLICY_CALL; policy <= REL4_POLICY_TICK; policy++) {
        for (unsigned spins = 0; spins <= 1; spins++) {
            seL4_Word with = measure(LESS_IMPORTANT, policy, spins);
            test_note("%lu instructions without, %lu beside a queue of policy %lu whose owner %s",
                      without / ROUND_TRIPS, with / ROUND_TRIPS, policy, spins ? "is ready" : "waits");
            CHECK(with > 0 && with * 100 <= without * (100 + PER_CENT_MORE));
        }
    }
}

TEST("workers cost: beside a less important thread that has the console, they take one per cent more at most")
{
    if (!on_instruction_clock() || test_nodes() > 1) {
        return;
    }
    seL4_Word without = measure(NOBODY, 0, false), with = measure_beside_holder();
    test_note("%lu instructions without, %lu beside the holder", without / ROUND_TRIPS, with / ROUND_TRIPS);
    CHECK(with > 0 && with * 100 <= without * (100 + PER_CENT_MORE));
}

TEST("workers cost: with an empty queue, a round trip takes the caller or the server 20 instructions more at "
     "most")
{
    if (!on_instruction_clock() || test_nodes() > 1 || test_debug_kernel()) {
        return;
    }
    seL4_Word without = measure(NOBODY, 0, false);
    for (enum owner owner = CLIENT; owner <= SERVER; owner++) {
        seL4_Word with = measure(owner, REL4_POLICY_CALL, false);
        test_note("%lu instructions without, %lu with a queue of the %s", without / ROUND_TRIPS,
                  with / ROUND_TRIPS, owner == CLIENT ? "caller" : "server");
        CHECK(with > 0 && with <= without + (seL4_Word)ROUND_TRIPS * INSTRUCTIONS_MORE);
    }
}
