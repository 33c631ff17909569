/*
 * Everything that a queue stands on goes away, in every state that the queue can be in: while a thread pumps
 * requests, from another hart, from the queue itself. Afterwards all memory is whole.
 */
#include "queue.h"

#define CNODE  seL4_CapInitThreadCNode
#define ROUNDS SOAK_OR(150, 1) /* of all combinations */

#define CHILD_RADIX 11
#define CHILDREN    (test_nodes() > 1 ? 400u : 2000u)

/* What the queue is doing. */
enum situation {
    IDLE,
    PUBLISHED, /* and nobody has woken it */
    FULL,      /* stopped for room */
    FAULTED,
    AT_TICK, /* woken, and left for the tick */
    TRAFFIC,
    LONG_ITEM, /* in the middle of a revoke */
    SITUATIONS
};

/* What happens to it. */
enum end {
    DELETE_THREAD,
    DELETE_QUEUE,
    REVOKE_QUEUE,
    DELETE_CSPACE,
    DELETE_VSPACE,
    DELETE_FRAME,
    REVOKE_FRAME,
    REVOKE_NOTIFICATION,
    DELETE_NOTIFICATION,
    DETACH,
    RESET,
    SUSPEND,
    SUSPEND_AND_RESUME,
    MOVE, /* to another hart */
    SET_PRIORITY,
    SET_CSPACE,
    REVOKE_ALL,
    ENDS
};

static struct {
    struct queue *queue;
    struct actor owner; /* blocked; with spaces of its own */
    seL4_CPtr cspace, vspace;
    seL4_CPtr victim; /* an endpoint with children */
    seL4_CPtr faults; /* of the pump */
    enum situation situation;
    volatile seL4_Word turns;
    seL4_Word random;
    seL4_CPtr root, frame; /* as the owner knows them */
    seL4_CPtr arena;       /* what everything but the pump is made of */
} it;

/* Pointers in the owner's CSpace, a CNode of four slots without guard bits to spare. */
enum {
    OWN_FRAME,
    OWN_ROOT,
    OWN_TCB,
    OWN_QUEUE
};

static void put_traffic(uint32_t cookie)
{
    if (cookie % 4) {
        queue_put(it.queue, cookie, OWN_FRAME, RISCVPageGetAddress, &(struct arguments){ 0 });
    } else {
        queue_put(it.queue, cookie, OWN_TCB, TCBReadRegisters,
                  &(struct arguments){ .length = 2, .words = { 0, 32 } });
    }
}

static void put_long(uint32_t cookie)
{
    queue_put(it.queue, cookie, OWN_ROOT, CNodeRevoke,
              &(struct arguments){ .length = 2, .words = { it.victim, seL4_WordBits } });
}

/* Requests and answers, until its memory goes; it then stands at a fault. */
static void pump(void *arg)
{
    seL4_Word random = it.random;

    for (uint32_t cookie = 0;; it.turns++) {
        for (seL4_Word n = hostile_random(&random) >> 59; n && queue_room(it.queue); n--) {
            put_traffic(cookie++);
        }
        queue_publish(it.queue);
        queue_invoke(it.queue, REL4_LABEL_QUEUE_WAKE);
        it.queue->consumed = index_peer(queue_word(it.queue, REL4_HEADER_RESPONSE_PRODUCER));
        index_publish(queue_word(it.queue, REL4_HEADER_RESPONSE_CONSUMER), it.queue->consumed);
        hostile_pause();
    }
}

static void wake_once(void *arg)
{
    it.turns++;
    queue_invoke(it.queue, REL4_LABEL_QUEUE_WAKE);
}

/* A thread that waits for ever, with a CSpace and an address space in which there is nothing to run. */
static void make_owner(void)
{
    it.owner = actor_new();
    it.cspace = test_object(seL4_CapTableObject, 2);
    it.vspace = test_object(seL4_RISCV_PageTableObject, 0);
    CHECK_OK(seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, it.vspace));
    actor_start(&it.owner, SYS_RECV, test_object(seL4_EndpointObject, 0), 0);
    CHECK_OK(seL4_TCB_SetSpace(it.owner.tcb, 0, it.cspace,
                               seL4_CNode_CapData_new(0, seL4_WordBits - 2).words[0], it.vspace, 0));
}

static void give_owner(seL4_Word index, seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Copy(it.cspace, index, 2, CNODE, cap, seL4_WordBits, seL4_AllRights));
}

static void make_children(void)
{
    it.victim = test_object(seL4_EndpointObject, 0);
    seL4_CPtr cnode = test_object(seL4_CapTableObject, CHILD_RADIX);
    for (seL4_Word i = 0; cnode && i < CHILDREN; i++) {
        CHECK_OK(seL4_CNode_Copy(cnode, i, CHILD_RADIX, CNODE, it.victim, seL4_WordBits, seL4_AllRights));
    }
}

static void begin(enum situation situation, seL4_Word round)
{
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY));
    it.situation = situation;
    it.turns = 0;
    it.random = round * 2654435761u + 12345;
    make_owner();
    it.queue = queue_prepare(it.owner.tcb, 5, 6, situation == AT_TICK ? REL4_POLICY_TICK : REL4_POLICY_CALL);
    CHECK_OK(queue_invoke(it.queue, REL4_LABEL_QUEUE_START).error);
    give_owner(OWN_FRAME, it.queue->frames);
    give_owner(OWN_ROOT, CNODE);
    give_owner(OWN_TCB, it.owner.tcb);
    give_owner(OWN_QUEUE, it.queue->cap);
    it.faults = test_object(seL4_EndpointObject, 0);
    if (situation == LONG_ITEM) {
        make_children();
    }
    test_thread_set_node(it.owner.thread, hostile_random(&it.random) % test_nodes());
}

static void start(void (*entry)(void *))
{
    struct test_thread *thread = test_thread_create(entry, NULL, HOSTILE_PRIORITY, it.faults);

    test_thread_set_node(thread, hostile_random(&it.random) % test_nodes());
    test_thread_start(thread);
}

/* Brings the queue into the situation. What is put last in the ring is the caller's. */
static void bring_about(void)
{
    switch (it.situation) {
    case IDLE:
        break;
    case PUBLISHED:
    case AT_TICK:
        for (uint32_t i = 0; i < 20; i++) {
            put_traffic(i);
        }
        queue_publish(it.queue);
        if (it.situation == AT_TICK) {
            queue_invoke(it.queue, REL4_LABEL_QUEUE_WAKE);
        }
        break;
    case FULL:
        for (unsigned n = 0; n < 3; n++) {
            for (uint32_t i = 0; queue_room(it.queue); i++) {
                put_traffic(i);
            }
            queue_publish(it.queue);
            queue_invoke(it.queue, REL4_LABEL_QUEUE_WAKE);
            hostile_pause();
        }
        break;
    case FAULTED:
        index_publish(queue_word(it.queue, REL4_HEADER_REQUEST_PRODUCER), 1000);
        queue_invoke(it.queue, REL4_LABEL_QUEUE_WAKE);
        break;
    case TRAFFIC:
        start(pump);
        WAIT_FOR(it.turns > 0);
        break;
    default:
        put_traffic(0);
        put_long(1);
        put_traffic(2);
        queue_publish(it.queue);
        start(wake_once);
        WAIT_FOR(it.turns > 0);
        break;
    }
}

static void delete (seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Delete(CNODE, cap, seL4_WordBits));
}

static void revoke(seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Revoke(CNODE, cap, seL4_WordBits));
}

/* Deletes the object, which others have copies of. */
static void delete_all(seL4_CPtr cap)
{
    revoke(cap);
    delete (cap);
}

static void bring_to(enum end end)
{
    seL4_Word page = hostile_random(&it.random) % it.queue->pages;

    switch (end) {
    case DELETE_THREAD:
        delete_all(it.owner.tcb);
        break;
    case DELETE_QUEUE:
        delete_all(it.queue->cap);
        break;
    case REVOKE_QUEUE:
        revoke(it.queue->cap);
        break;
    case DELETE_CSPACE:
        delete_all(it.cspace);
        break;
    case DELETE_VSPACE:
        delete_all(it.vspace);
        break;
    case DELETE_FRAME:
        delete (it.queue->frames + page);
        break;
    case REVOKE_FRAME:
        revoke(it.queue->frames + page);
        break;
    case REVOKE_NOTIFICATION:
        revoke(it.queue->notification);
        break;
    case DELETE_NOTIFICATION:
        delete_all(it.queue->notification);
        break;
    case DETACH:
        CHECK_OK(queue_invoke(it.queue, REL4_LABEL_QUEUE_DETACH).error);
        break;
    case RESET:
        queue_invoke(it.queue, REL4_LABEL_QUEUE_RESET);
        break;
    case SUSPEND:
        CHECK_OK(seL4_TCB_Suspend(it.owner.tcb));
        break;
    case SUSPEND_AND_RESUME:
        CHECK_OK(seL4_TCB_Suspend(it.owner.tcb));
        CHECK_OK(seL4_TCB_Resume(it.owner.tcb));
        break;
    case MOVE:
        for (seL4_Word i = 0; i < 4; i++) {
            test_thread_set_node(it.owner.thread, i % test_nodes());
        }
        break;
    case SET_PRIORITY:
        CHECK_OK(seL4_TCB_SetPriority(it.owner.tcb, seL4_CapInitThreadTCB, 1));
        break;
    case SET_CSPACE:
        CHECK_OK(seL4_TCB_SetSpace(it.owner.tcb, 0, CNODE, 0, seL4_CapInitThreadVSpace, 0));
        break;
    default:
        revoke(test_arena);
        break;
    }
}

static void let_run(seL4_Word turns)
{
    while (turns--) {
        hostile_pause();
    }
}

TEST("async teardown: in each situation, each thing that the queue needs goes away; all memory is whole then")
{
    seL4_Word round = 1;

    for (unsigned i = 0; i < ROUNDS; i++) {
        for (enum situation situation = 0; situation < SITUATIONS; situation++) {
            for (enum end end = 0; end < ENDS; end++) {
                begin(situation, round++);
                bring_about();
                let_run(hostile_random(&it.random) % 8);
                bring_to(end);
                let_run(hostile_random(&it.random) % 4);
                test_check_memory_is_whole();
            }
        }
    }
}

TEST("async teardown: two things at once, from two harts or in turn")
{
    seL4_Word round = 1000;

    for (unsigned i = 0; i < ROUNDS; i++) {
        for (enum end first = 0; first < REVOKE_ALL; first++) {
            for (enum situation situation = TRAFFIC; situation < SITUATIONS; situation++) {
                begin(situation, round++);
                bring_about();
                /* The queue is served during this, whatever is gone. */
                bring_to(first);
                let_run(hostile_random(&it.random) % 4);
                bring_to(it.random >> 20 & 1 ? DELETE_THREAD : DELETE_QUEUE);
                test_check_memory_is_whole();
            }
        }
    }
}

/* The same as a request of the queue itself, on whatever the owner's CSpace leads to. */
static void put_end(enum end end)
{
    seL4_Word page = hostile_random(&it.random) % it.queue->pages;
    const seL4_CPtr of_end[ENDS] = {
        [DELETE_THREAD] = it.owner.tcb,
        [DELETE_QUEUE] = it.queue->cap,
        [REVOKE_QUEUE] = it.queue->cap,
        [DELETE_CSPACE] = it.cspace,
        [DELETE_VSPACE] = it.vspace,
        [DELETE_FRAME] = it.queue->frames + page,
        [REVOKE_FRAME] = it.queue->frames + page,
        [REVOKE_NOTIFICATION] = it.queue->notification,
        [DELETE_NOTIFICATION] = it.queue->reply,
        [REVOKE_ALL] = test_arena,
    };

    if (end == DETACH || end == RESET) {
        queue_put(it.queue, 99, OWN_QUEUE, end == DETACH ? REL4_LABEL_QUEUE_DETACH : REL4_LABEL_QUEUE_RESET,
                  &(struct arguments){ 0 });
    } else if (end == SUSPEND || end == SUSPEND_AND_RESUME) {
        queue_put(it.queue, 99, OWN_TCB, end == SUSPEND ? TCBSuspend : TCBResume, &(struct arguments){ 0 });
    } else if (of_end[end]) {
        struct arguments where = { .length = 2, .words = { of_end[end], seL4_WordBits } };
        queue_put(it.queue, 98, OWN_ROOT, CNodeRevoke, &where);
        if (end != REVOKE_ALL) {
            queue_put(it.queue, 99, OWN_ROOT, CNodeDelete, &where);
        }
    }
}

TEST("async teardown: each of these as a request of the queue itself, with others before and behind it")
{
    seL4_Word round = 2000;

    for (unsigned i = 0; i < 3 * ROUNDS; i++) {
        for (enum end end = 0; end < ENDS; end++) {
            begin(IDLE, round++);
            for (uint32_t n = hostile_random(&it.random) >> 60; n; n--) {
                put_traffic(n);
            }
            put_end(end);
            for (uint32_t n = 0; n < 4; n++) {
                put_traffic(n);
            }
            queue_publish(it.queue);
            queue_invoke(it.queue, REL4_LABEL_QUEUE_WAKE);
            let_run(4);
            test_check_memory_is_whole();
        }
    }
}
