/*
 * Queues that fault, stop, start again, and go, with requests in them.
 */
#include "rings.h"

static bool was_signalled(const struct rings *rings)
{
    seL4_Word badge = 0;

    seL4_Poll(rings->notification, &badge);
    return badge == ANSWER_BADGE;
}

static void await_fault(const struct rings *rings, enum rel4_ring_fault reason)
{
    while (!index_peer(header_word(rings, REL4_HEADER_FAULT))) {
        seL4_Yield();
    }
    CHECK_EQUAL(*header_word(rings, REL4_HEADER_FAULT), reason);
}

static void put_nothing(struct rings *rings, uint32_t cookie)
{
    PUT(rings, cookie, seL4_CapInitThreadTCB, InvalidInvocation, .length = 0);
}

static void check_serves(struct rings *rings)
{
    CHECK_ANSWER(ASYNC(rings, seL4_CapInitThreadTCB, InvalidInvocation, .length = 0), seL4_IllegalOperation);
}

static void reset(struct rings *rings)
{
    CHECK_ANSWER(INVOKE(rings->cap, REL4_LABEL_QUEUE_RESET, .length = 0), seL4_NoError);
    rings->request_producer = 0;
    rings->response_consumer = 0;
    CHECK_EQUAL(*header_word(rings, REL4_HEADER_FAULT), 0);
    CHECK_EQUAL(*header_word(rings, REL4_HEADER_REQUEST_CONSUMER), 0);
    CHECK_EQUAL(*header_word(rings, REL4_HEADER_RESPONSE_PRODUCER), 0);
    check_serves(rings);
}

/* An idle hart that watches the ring may find what is in it before it is woken, so that there is nothing left
 * to wake: the answer to Wake is not looked at where a request ends the service. */

TEST("an impossible request index is a fault that is told and signalled, until Reset")
{
    struct rings rings = rings_small();

    check_serves(&rings);
    was_signalled(&rings);
    index_publish(header_word(&rings, REL4_HEADER_REQUEST_PRODUCER), 1 + 33);
    rings_wake(&rings);
    await_fault(&rings, REL4_FAULT_REQUEST_INDEX);
    CHECK(was_signalled(&rings));
    CHECK_EQUAL(rings_answers(&rings), 0);
    CHECK_ERROR(rings_wake(&rings), seL4_IllegalOperation);
    reset(&rings);
}

TEST("an impossible response index is a fault")
{
    struct rings rings = rings_small();

    check_serves(&rings);
    index_publish(header_word(&rings, REL4_HEADER_RESPONSE_CONSUMER), 2);
    put_nothing(&rings, 99);
    rings_publish(&rings);
    rings_wake(&rings);
    await_fault(&rings, REL4_FAULT_RESPONSE_INDEX);
    reset(&rings);
}

TEST("a request that was not published whole, or is too long, is a fault")
{
    struct rings rings = rings_small();

    PUT(&rings, 1, seL4_CapInitThreadTCB, 0, .length = 7);
    rings.request_producer--;
    rings_publish(&rings);
    rings_wake(&rings);
    await_fault(&rings, REL4_FAULT_INCOMPLETE);
    reset(&rings);
    PUT(&rings, 1, seL4_CapInitThreadTCB, 0, .length = 0);
    ((volatile struct rel4_item *)(rings.memory + REL4_HEADER_BYTES))[1].header = rel4_header(0, 0, 121, 0);
    rings_publish(&rings);
    rings_wake(&rings);
    await_fault(&rings, REL4_FAULT_TOO_LONG);
    reset(&rings);
}

TEST("a full response ring stops the worker, loses nothing, and room wakes it")
{
    struct rings rings = rings_new(seL4_CapInitThreadTCB, 6, 6, REL4_POLICY_CALL);

    for (uint32_t i = 0; i < 64; i++) {
        put_nothing(&rings, i);
    }
    rings_publish(&rings);
    CHECK_OK(rings_wake(&rings));
    while (*(volatile uint64_t *)&statistics(&rings)->full == 0) {
        seL4_Yield();
    }
    CHECK_EQUAL(rings_answers(&rings), 64 - REL4_ANSWER_UNITS + 1);
    for (uint32_t i = 0; i < 64; i++) {
        CHECK_EQUAL(rings_take(&rings).cookie, i);
        if (rel4_ring_must_wake(header_word(&rings, REL4_HEADER_SERVER_STATE))) {
            CHECK_OK(rings_wake(&rings));
        }
    }
    CHECK_EQUAL(served_anywhere(&rings), 64);
}

TEST("Detach, and the end of every object that a queue needs, stop it; what is left can be used again")
{
    struct rings rings = rings_small();

    put_nothing(&rings, 1);
    rings_publish(&rings);
    CHECK_ANSWER(INVOKE(rings.cap, REL4_LABEL_QUEUE_DETACH, .length = 0), seL4_NoError);
    CHECK_ERROR(rings_wake(&rings), seL4_IllegalOperation);

    /* A frame: revoking it takes the queue's copy. */
    rings = rings_new(seL4_CapInitThreadTCB, 6, 6, REL4_POLICY_CALL);
    put_nothing(&rings, 1);
    rings_publish(&rings);
    CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, rings.frames + 1, seL4_WordBits));
    CHECK_ERROR(rings_wake(&rings), seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(rings.cap, REL4_LABEL_QUEUE_ADD_FRAMES, .length = 3,
                        .words = { 1, 1, rings.frames + 1 }, .extras = 1,
                        .caps = { seL4_CapInitThreadCNode }),
                 seL4_NoError);
    CHECK_ANSWER(INVOKE(rings.cap, REL4_LABEL_QUEUE_START, .length = 0), seL4_NoError);
    rings.request_producer = 0;
    check_serves(&rings);

    /* The notification: it is served, but nobody is told. */
    CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, rings.notification, seL4_WordBits));
    check_serves(&rings);

    /* The queue itself. */
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, rings.cap, seL4_WordBits));
    CHECK_ERROR(rings_wake(&rings), seL4_InvalidCapability);
}

TEST("a queue whose thread is deleted belongs to nobody, until it is detached and bound again")
{
    struct test_thread *thread = test_thread_create(NULL, NULL, TEST_PRIORITY, seL4_CapNull);
    struct rings rings = rings_new(thread->tcb, 5, 6, REL4_POLICY_CALL);

    put_nothing(&rings, 1);
    rings_publish(&rings);
    CHECK_OK(rings_wake(&rings));
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, thread->tcb, seL4_WordBits));
    CHECK_ERROR(rings_wake(&rings), seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(rings.cap, REL4_LABEL_QUEUE_START, .length = 0), seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(rings.cap, REL4_LABEL_QUEUE_DETACH, .length = 0), seL4_NoError);
    CHECK_ANSWER(INVOKE(rings.cap, REL4_LABEL_QUEUE_BIND, .length = 7,
                        .words = { 5, 6, 0, REL4_INTERFACE_VERSION, 0, ~0ul, ~0ul }, .extras = 2,
                        .caps = { seL4_CapInitThreadTCB, rings.notification }),
                 seL4_NoError);
}

static void do_nothing(void *arg)
{
    for (;;) {
        seL4_Yield();
    }
}

TEST("the queue of a thread that is not running is served when it is resumed")
{
    struct test_thread *thread = test_thread_create(do_nothing, NULL, TEST_PRIORITY, seL4_CapNull);
    struct rings rings = rings_new(thread->tcb, 5, 6, REL4_POLICY_CALL);

    put_nothing(&rings, 1);
    rings_publish(&rings);
    CHECK_OK(rings_wake(&rings));
    for (int i = 0; i < 20; i++) {
        seL4_Yield();
    }
    CHECK_EQUAL(rings_answers(&rings), 0);
    test_thread_start(thread);
    CHECK_EQUAL(rings_take(&rings).cookie, 1);
}

TEST("a request may take away what it came by")
{
    struct rings rings = rings_small();

    /* Its own queue cannot be reset or detached through itself. */
    CHECK_ANSWER(ASYNC(&rings, rings.cap, REL4_LABEL_QUEUE_RESET, .length = 0), seL4_IllegalOperation);
    CHECK_ANSWER(ASYNC(&rings, rings.cap, REL4_LABEL_QUEUE_DETACH, .length = 0), seL4_IllegalOperation);
    CHECK_ANSWER(ASYNC(&rings, rings.cap, REL4_LABEL_QUEUE_WAKE, .length = 0), seL4_NoError);

    /* The frame of its ring goes: what was answered before is there, and nothing after it. */
    put_nothing(&rings, 1);
    PUT(&rings, 2, seL4_CapInitThreadCNode, CNodeRevoke, .length = 2,
        .words = { rings.frames, seL4_WordBits });
    put_nothing(&rings, 3);
    rings_publish(&rings);
    rings_wake(&rings);
    CHECK_EQUAL(rings_take(&rings).cookie, 1);
    while (rings_wake(&rings) != seL4_IllegalOperation) {
        seL4_Yield();
    }
    CHECK_EQUAL(rings_answers(&rings), 0);
    CHECK_ANSWER(INVOKE(rings.cap, REL4_LABEL_QUEUE_DETACH, .length = 0), seL4_NoError);

    /* The queue goes. */
    rings = rings_small();
    PUT(&rings, 2, seL4_CapInitThreadCNode, CNodeDelete, .length = 2, .words = { rings.cap, seL4_WordBits });
    put_nothing(&rings, 3);
    rings_publish(&rings);
    while (rings_wake(&rings) != seL4_InvalidCapability) {
        seL4_Yield();
    }
    CHECK_EQUAL(rings_answers(&rings), 0);
}
