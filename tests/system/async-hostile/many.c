/*
 * Many queues, and threads that do not stay where or what they are while their requests are served.
 */
#include "queue.h"

#include <rel4/rel4.h>

#define CNODE    seL4_CapInitThreadCNode
#define REQUESTS SOAK_OR(200000u, test_nodes() > 1 ? 1000u : 5000u)
#define CHILDREN 100000u
#define RADIX    17

/* A thread with a queue, that sends so many requests and checks the answers. */
struct client {
    struct queue *queue;
    struct test_thread *thread;
    volatile uint32_t received;
    volatile bool wrong, done;
    bool sleeps;
};
static struct client clients[QUEUES];

static void wait_for_signal(const struct queue *queue)
{
    uint32_t *state = queue_word(queue, REL4_HEADER_REQUESTER_STATE);

    rel4_ring_sleep(state);
    if (index_peer(queue_word(queue, REL4_HEADER_RESPONSE_PRODUCER)) == queue->consumed ||
        !rel4_ring_stay(state)) {
        seL4_Wait(queue->notification, NULL);
    }
}

static void run_client(void *arg)
{
    struct client *client = arg;
    struct queue *queue = client->queue;
    uint32_t sent = 0;

    while (client->received < REQUESTS) {
        while (sent < REQUESTS && queue_room(queue)) {
            queue_put(queue, sent++, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
        }
        queue_go(queue);
        struct response response;
        while ((response = queue_take(queue)).came) {
            client->wrong |= response.cookie != client->received || response.error || response.length != 1;
            client->received++;
        }
        if (client->sleeps && client->received < sent) {
            wait_for_signal(queue);
        } else {
            hostile_pause();
        }
    }
    client->done = true;
}

static struct client *client_new(unsigned i, seL4_Word priority, seL4_Word node)
{
    struct client *client = &clients[i];

    client->thread = test_thread_create(run_client, client, priority, 0);
    client->queue = queue_new(client->thread->tcb, 5, 6);
    client->received = 0;
    client->wrong = client->done = false;
    client->sleeps = i & 1;
    test_thread_set_node(client->thread, node);
    return client;
}

static void lower_test(void)
{
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY - 5));
}

static void serve(unsigned count, seL4_Word nodes)
{
    lower_test();
    for (unsigned i = 0; i < count; i++) {
        client_new(i, HOSTILE_PRIORITY - i % 3, i % nodes);
    }
    for (unsigned i = 0; i < count; i++) {
        test_thread_start(clients[i].thread);
    }
    for (unsigned i = 0; i < count; i++) {
        WAIT_FOR(clients[i].done);
        CHECK(!clients[i].wrong);
    }
}

TEST("async many: two queues at once, on one hart and on all")
{
    serve(2, 1);
    test_reset();
    serve(2, test_nodes());
}

TEST("async many: eight queues of three priorities at once, more than there are idle harts")
{
    serve(QUEUES, test_nodes());
}

TEST("async many: a client is moved from hart to hart all the time, and misses nothing")
{
    lower_test();
    for (unsigned i = 0; i < 2; i++) {
        client_new(i, HOSTILE_PRIORITY, 0);
        test_thread_start(clients[i].thread);
    }
    for (seL4_Word turn = 0; !(clients[0].done && clients[1].done) && turn < SPINS; turn++) {
        test_thread_set_node(clients[0].thread, turn % test_nodes());
        test_thread_set_node(clients[1].thread, turn / 3 % test_nodes());
        hostile_pause();
    }
    CHECK(clients[0].done && clients[1].done);
    CHECK(!clients[0].wrong && !clients[1].wrong);
}

/* ---- Interrupted at every item ---- */

static volatile seL4_Word urgent_runs;
static seL4_CPtr urgent_notification;

static void be_urgent(void *arg)
{
    for (;;) {
        seL4_Wait(urgent_notification, NULL);
        urgent_runs++;
    }
}

static void signal_urgent(void *arg)
{
    for (;;) {
        seL4_Signal(urgent_notification);
        hostile_pause();
    }
}

TEST("async many: a worker that is interrupted at every item loses none")
{
    lower_test();
    urgent_notification = test_object(seL4_NotificationObject, 0);
    urgent_runs = 0;
    test_thread_start(test_thread_create(be_urgent, NULL, HOSTILE_PRIORITY + 1, 0));
    struct test_thread *noise = test_thread_create(signal_urgent, NULL, HOSTILE_PRIORITY - 5, 0);
    test_thread_set_node(noise, test_nodes() - 1);
    test_thread_start(noise);
    struct queue *queue = queue_new(seL4_CapInitThreadTCB, 6, 6);
    uint32_t sent = 0, received = 0;
    while (received < REQUESTS) {
        while (sent < REQUESTS && queue_room(queue)) {
            if (sent % 2) {
                queue_put(queue, sent++, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
            } else {
                queue_put(queue, sent++, urgent_notification, 0, &(struct arguments){ 0 });
            }
        }
        queue_go(queue);
        struct response response = queue_wait(queue);
        CHECK_EQUAL(response.cookie, received);
        CHECK_EQUAL(response.error, seL4_NoError);
        CHECK_EQUAL(response.length, received % 2);
        if (++received && !response.came) {
            break;
        }
    }
    CHECK(urgent_runs > 0);
}

struct children {
    seL4_CPtr endpoint, cnode; /* their parent, and where they are */
};

/* They take half of the memory, so what else is needed comes first. */
static struct children children_new(void)
{
    return (struct children){ test_object(seL4_EndpointObject, 0), test_object(seL4_CapTableObject, RADIX) };
}

static void children_make(const struct children *children)
{
    for (seL4_Word i = 0; children->cnode && i < CHILDREN; i++) {
        CHECK_OK(seL4_CNode_Copy(children->cnode, i, RADIX, CNODE, children->endpoint, seL4_WordBits,
                                 seL4_AllRights));
    }
}

/* With a fast host, a revoke may be over within a time slice, and nobody else has had a turn. */
#define REVOKES 20

/* Revokes the children of an endpoint by a request. */
static void revoke_children(struct queue *queue, seL4_CPtr endpoint)
{
    queue_put(queue, 1, CNODE, CNodeRevoke,
              &(struct arguments){ .length = 2, .words = { endpoint, seL4_WordBits } });
    queue_go(queue);
}

TEST("async many: a revoke of many children in one queue, and traffic in another meanwhile")
{
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY));
    struct client *client = client_new(0, HOSTILE_PRIORITY, 0);
    struct queue *queue = queue_new(seL4_CapInitThreadTCB, 5, 6);
    struct children children = children_new();
    uint32_t beside = 0;

    test_thread_start(client->thread);
    WAIT_FOR(client->received > 0);
    for (unsigned i = 0; i < REVOKES && !beside && !client->done; i++) {
        children_make(&children);
        uint32_t before = client->received;
        revoke_children(queue, children.endpoint);
        struct response response = queue_wait(queue);
        CHECK_RESPONSE(&response, 1, seL4_NoError);
        beside = client->received - before;
    }
    test_note("%u answers beside a revoke of %u children", beside, CHILDREN);
    /* With other harts, how much the host lets this one run decides. */
    CHECK(rel4_harts_of(test_bootinfo) > 1 || beside || client->done);
    WAIT_FOR(client->done);
    CHECK(!client->wrong);
}

static volatile bool revoking;
static volatile seL4_Word seen_revoking;

static void watch(void *arg)
{
    for (;;) {
        seen_revoking += revoking;
    }
}

TEST("async many: a thread of the same priority gets its time slices while a queue revokes many children")
{
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY));
    struct queue *queue = queue_new(seL4_CapInitThreadTCB, 5, 6);
    struct test_thread *watcher = test_thread_create(watch, NULL, HOSTILE_PRIORITY, 0);
    struct children children = children_new();

    seen_revoking = 0;
    test_thread_start(watcher);
    for (unsigned i = 0; i < REVOKES && seen_revoking <= 10000; i++) {
        struct response response;

        children_make(&children);
        revoking = true;
        revoke_children(queue, children.endpoint);
        while (!(response = queue_take(queue)).came) {
        }
        revoking = false;
        CHECK_RESPONSE(&response, 1, seL4_NoError);
    }
    /* About as many turns as there are in a tick or more. */
    test_note("%lu turns beside a revoke of %u children", seen_revoking, CHILDREN);
    CHECK(rel4_harts_of(test_bootinfo) > 1 || seen_revoking > 10000);
}

#if CONFIG_MAX_NUM_NODES > 1
static seL4_CPtr wakes[CONFIG_MAX_NUM_NODES];

/* Wakes a more important thread on each hart but the first, its own among them. */
static void wake_always(void *arg)
{
    for (;;) {
        ++*(volatile seL4_Word *)arg;
        for (seL4_Word node = 1; node < test_nodes(); node++) {
            seL4_Signal(wakes[node]);
        }
    }
}

static void wake_up(void *arg)
{
    for (;;) {
        seL4_Wait(*(seL4_CPtr *)arg, NULL);
    }
}

static void yield_always(void *arg)
{
    for (;;) {
        seL4_Yield();
    }
}

TEST("async many: a thread that is moved away while its hart serves the request for that goes on elsewhere")
{
    struct queue *queue = queue_new(seL4_CapInitThreadTCB, 5, 6);
    seL4_CPtr answered = test_object(seL4_NotificationObject, 0);
    seL4_CPtr marker = test_mint(answered, seL4_AllRights, 1);
    static volatile seL4_Word turns;
    struct test_thread *moved = test_thread_create(wake_always, (void *)&turns, HOSTILE_PRIORITY, 0);

    for (seL4_Word node = 1; node < test_nodes(); node++) {
        struct test_thread *waking, *busy;

        wakes[node] = test_object(seL4_NotificationObject, 0);
        waking = test_thread_create(wake_up, &wakes[node], HOSTILE_PRIORITY + 1, 0);
        test_thread_set_node(waking, node);
        test_thread_start(waking);
        /* The kernel lock is waited for there all the time. */
        busy = test_thread_create(yield_always, NULL, HOSTILE_PRIORITY - 1, 0);
        test_thread_set_node(busy, node);
        test_thread_start(busy);
    }
    test_thread_start(moved);
    for (uint32_t i = 0; i < SOAK_OR(20000, 1000); i++) {
        seL4_Word before;

        queue_put(queue, 2 * i, moved->tcb, TCBSetAffinity,
                  &(struct arguments){ .length = 1, .words = { i % test_nodes() } });
        queue_put(queue, 2 * i + 1, marker, 0, &(struct arguments){ 0 });
        queue_publish(queue);
        /* Blocking is the wake: what is current then is the thread that moves, if it is on this hart. */
        seL4_Wait(answered, NULL);
        CHECK_OK(queue_wait(queue).error);
        CHECK_OK(queue_wait(queue).error);
        before = turns;
        if (i % test_nodes()) {
            WAIT_FOR(turns != before);
        }
    }
    CHECK_OK(seL4_TCB_Suspend(moved->tcb));
}
#endif

/* ---- Requests against the thread that makes them ---- */

TEST("async many: a thread that suspends itself by a request is served again when it is resumed")
{
    lower_test();
    struct actor actor = actor_new();
    seL4_CPtr never = test_object(seL4_EndpointObject, 0);

    actor_start(&actor, SYS_RECV, never, 0);
    struct queue *queue = queue_new(actor.tcb, 5, 6);
    for (uint32_t i = 0; i < 30; i++) {
        if (i == 10) {
            queue_put(queue, i, actor.tcb, TCBSuspend, &(struct arguments){ 0 });
        } else {
            queue_put(queue, i, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
        }
    }
    queue_go(queue);
    for (uint32_t i = 0; i <= 10; i++) {
        struct response response = queue_wait(queue);
        CHECK_EQUAL(response.cookie, i);
        CHECK_EQUAL(response.error, seL4_NoError);
    }
    for (unsigned i = 0; i < 100; i++) {
        queue_invoke(queue, REL4_LABEL_QUEUE_WAKE);
        hostile_pause();
    }
    CHECK(!queue_take(queue).came);
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    for (uint32_t i = 11; i < 30; i++) {
        struct response response = queue_wait(queue);
        CHECK_EQUAL(response.cookie, i);
    }
}

TEST("async many: a thread that deletes itself by a request is gone, with its queue's work")
{
    for (unsigned round = 0; round < 20; round++) {
        lower_test();
        struct actor actor = actor_new();
        seL4_CPtr never = test_object(seL4_EndpointObject, 0);
        seL4_CPtr marker = test_mint(test_object(seL4_NotificationObject, 0), seL4_AllRights, 1);
        seL4_Word badge;
        actor_start(&actor, SYS_RECV, never, 0);
        struct queue *queue = queue_new(actor.tcb, 5, 6);
        for (uint32_t i = 0; i < round; i++) {
            queue_put(queue, i, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
        }
        queue_put(queue, round, CNODE, CNodeDelete,
                  &(struct arguments){ .length = 2, .words = { actor.tcb, 64 } });
        queue_put(queue, round + 1, marker, 0, &(struct arguments){ 0 });
        queue_go(queue);
        /* As with a system call, nobody repeats a deletion that is interrupted after the thread has stopped.
         */
        WAIT_FOR(queue_invoke(queue, REL4_LABEL_QUEUE_WAKE).error == seL4_IllegalOperation);
        CHECK_OK(seL4_CNode_Delete(CNODE, actor.tcb, seL4_WordBits));
        for (unsigned i = 0; i < 50; i++) {
            queue_invoke(queue, REL4_LABEL_QUEUE_WAKE);
            hostile_pause();
        }
        seL4_Poll(marker, &badge);
        CHECK_EQUAL(badge, 0);
        test_check_memory_is_whole();
    }
}

/* ---- What a worker leaves behind on the hart where it ran ---- */

static volatile seL4_Word counts[8];

static void count(void *arg)
{
    for (;;) {
        ++*(volatile seL4_Word *)arg;
    }
}

/* Requests of the kinds that touch the caller's state when they are system calls. */
static void put_mixture(struct queue *queue, uint32_t cookie, seL4_CPtr frame, seL4_CPtr slot)
{
    switch (cookie % 6) {
    case 0:
        queue_put(queue, cookie, frame, RISCVPageMap,
                  &(struct arguments){ .length = 3,
                                       .words = { (seL4_Word)queue->memory + 0x100000, 3, 1 },
                                       .extras = 1,
                                       .caps = { seL4_CapInitThreadVSpace } });
        break;
    case 1:
        queue_put(queue, cookie, frame, RISCVPageUnmap, &(struct arguments){ 0 });
        break;
    case 2:
        queue_put(queue, cookie, CNODE, CNodeMint,
                  &(struct arguments){ .length = 6,
                                       .words = { slot, 64, queue->notification, 64, 15, 5 },
                                       .extras = 1,
                                       .caps = { CNODE } });
        break;
    case 3:
        queue_put(queue, cookie, CNODE, CNodeRevoke,
                  &(struct arguments){ .length = 2, .words = { slot, 64 } });
        break;
    case 4:
        queue_put(queue, cookie, CNODE, CNodeDelete,
                  &(struct arguments){ .length = 2, .words = { slot, 64 } });
        break;
    default:
        queue_put(queue, cookie, 1ul << 40, RISCVPageUnmap, &(struct arguments){ 0 });
        break;
    }
}

TEST("async many: after a worker ran on idle harts, threads of priority 0 share those as before")
{
    struct queue *queue = queue_new(seL4_CapInitThreadTCB, 5, 6);
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0), slot = test_slot();
    uint32_t received = 0;

    /* Everybody waits; the queue is served by whoever is idle, or because this thread blocks. */
    for (uint32_t i = 0; i < 600; i++) {
        put_mixture(queue, i, frame, slot);
        if (i % 24 != 23) {
            continue;
        }
        queue_go(queue);
        while (received <= i) {
            struct response response = queue_take(queue);
            if (!response.came) {
                wait_for_signal(queue);
                continue;
            }
            received++;
            CHECK_EQUAL(response.error, response.cookie % 6 == 5 ? seL4_FailedLookup : seL4_NoError);
        }
    }
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, 0));
    for (seL4_Word node = 0; node < test_nodes() && node < 4; node++) {
        for (unsigned i = 0; i < 2; i++) {
            volatile seL4_Word *counter = &counts[node * 2 + i];
            *counter = 0;
            struct test_thread *thread = test_thread_create(count, (void *)counter, 0, 0);
            test_thread_set_node(thread, node);
            test_thread_start(thread);
        }
    }
    for (seL4_Word i = 0; i < 2 * test_nodes() && i < 8; i++) {
        WAIT_FOR(counts[i] > 100000);
    }
}
