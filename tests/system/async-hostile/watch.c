/*
 * A hart that watches a queue need not be woken for it. So it must not forget the queue when it gets other
 * work, however much that is.
 */
#include "queue.h"

#include <rel4/rel4.h>

#define OWN_QUEUES 6
#define PIECE_BITS 16 /* clearing that much takes longer than writing the request for it */

static struct queue *watched, *own[OWN_QUEUES];
static seL4_CPtr pieces[OWN_QUEUES], slots[OWN_QUEUES];

static void sleep_for_ever(void *arg)
{
    for (;;) {
        seL4_Wait((seL4_CPtr)arg, NULL);
    }
}

static void spin(void *arg)
{
    (void)arg;
    for (;;) {
    }
}

static struct test_thread *start(void (*entry)(void *), seL4_Word priority, seL4_Word node)
{
    struct test_thread *thread =
        test_thread_create(entry, (void *)test_object(seL4_NotificationObject, 0), priority, 0);

    test_thread_set_node(thread, node);
    test_thread_start(thread);
    return thread;
}

static void put_simple(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        queue_put(watched, i, watched->frames, RISCVPageGetAddress, &(struct arguments){ 0 });
    }
}

/* Answers that have come. */
static uint32_t take_all(struct queue *queue)
{
    uint32_t before = queue->consumed;

    queue->consumed = rel4_ring_peer(queue_word(queue, REL4_HEADER_RESPONSE_PRODUCER));
    rel4_ring_publish(queue_word(queue, REL4_HEADER_RESPONSE_CONSUMER), queue->consumed);
    return queue->consumed - before;
}

/* Long requests, as many as there is room for. */
static void fill(unsigned i)
{
    while (queue_room(own[i]) >= 3) {
        queue_put(own[i], 0, pieces[i], UntypedRetype,
                  &(struct arguments){ .length = 6,
                                       .words = { seL4_UntypedObject, PIECE_BITS, 0, 0, slots[i], 1 },
                                       .extras = 1,
                                       .caps = { seL4_CapInitThreadCNode } });
        queue_put(own[i], 0, seL4_CapInitThreadCNode, CNodeDelete,
                  &(struct arguments){ .length = 2, .words = { slots[i], seL4_WordBits } });
    }
    queue_publish(own[i]);
}

/* A batch that is worth looking for the next, several times: so the hart learns that it comes at once. */
static void have_it_watched(void)
{
    for (unsigned round = 0; round < 20; round++) {
        put_simple(17);
        queue_go(watched);
        for (uint32_t answers = 0; answers < 17;) {
            answers += take_all(watched);
        }
    }
}

/* While hart 1 serves its own queues, which never run dry: how many of their requests until the watched
 * queue's is served, which nobody has been woken for? At most as many as said. */
static uint32_t serve_until_answered(uint32_t most)
{
    uint32_t served = 0;

    while (!take_all(watched) && served < most) {
        for (unsigned i = 0; i < OWN_QUEUES; i++) {
            served += take_all(own[i]);
            fill(i);
            queue_kick(own[i]);
        }
    }
    return served;
}

TEST("async watch: a hart that gets work of its own without end does not keep others' queues")
{
    if (test_nodes() < 2) {
        return;
    }
    watched = queue_prepare(start(sleep_for_ever, HOSTILE_PRIORITY, 0)->tcb, 8, 10, REL4_POLICY_TICK);
    CHECK_OK(queue_invoke(watched, REL4_LABEL_QUEUE_START).error);
    for (unsigned i = 0; i < OWN_QUEUES; i++) {
        own[i] = queue_new(start(sleep_for_ever, 1, 1)->tcb, 8, 10);
        pieces[i] = test_object(seL4_UntypedObject, PIECE_BITS);
        slots[i] = test_slot();
    }
    for (seL4_Word node = 2; node < test_nodes(); node++) {
        start(spin, 1, node);
    }
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, HOSTILE_PRIORITY - 1));
    for (unsigned tries = 0, hits = 0; tries < SOAK_OR(2000, 200) && hits < 4; tries++) {
        for (unsigned i = 0; i < OWN_QUEUES; i++) {
            fill(i);
        }
        have_it_watched();
        for (unsigned i = 0; i < OWN_QUEUES; i++) {
            queue_kick(own[i]);
        }
        put_simple(1);
        queue_publish(watched);
        if (rel4_ring_must_wake(queue_word(watched, REL4_HEADER_KERNEL_STATE))) {
            queue_invoke(watched, REL4_LABEL_QUEUE_WAKE);
            WAIT_FOR(take_all(watched));
        } else {
            /* What is in the rings may be served while the host runs nothing but hart 1. */
            CHECK(serve_until_answered(20000) <= 2 * OWN_QUEUES * 256);
            hits++;
        }
        for (unsigned i = 0; i < OWN_QUEUES; i++) {
            WAIT_FOR((take_all(own[i]), queue_room(own[i]) == 256));
        }
    }
}
