/*
 * What an unprivileged program cannot do to others (SECURITY.md).
 */
#include "test.h"

#define CNODE    seL4_CapInitThreadCNode
#define DEPTH    seL4_WordBits
#define CHILDREN 100000
#define RADIX    17

/* A Revoke may be over before another hart, or the next time slice, gets to run on this host; then there is
 * another. */
#define ROUNDS 100

static seL4_CPtr endpoint, children, spare;

/* Which of the long operations goes on, from 1; 0 if none does. How often others ran in the middle of one. */
static volatile unsigned revoking;
static volatile unsigned seen;

/* An endpoint, and a CNode for its children, which takes the second half of the arena, so what else a test
 * needs comes first. */
static void prepare(void)
{
    revoking = 0;
    seen = 0;
    spare = test_slot();
    endpoint = test_object(seL4_EndpointObject, 0);
    children = test_object(seL4_CapTableObject, RADIX);
}

/* Revokes all of many children, until others have run so often in the middle of it. */
static void revoke_until_seen(unsigned times)
{
    for (unsigned round = 1; round <= ROUNDS && seen < times; round++) {
        for (seL4_Word i = 0; children && i < CHILDREN; i++) {
            CHECK_OK(seL4_CNode_Copy(children, i, RADIX, CNODE, endpoint, DEPTH, seL4_AllRights));
        }
        revoking = round;
        CHECK_OK(seL4_CNode_Revoke(CNODE, endpoint, DEPTH));
        revoking = 0;
    }
    CHECK(seen >= times);
}

/* On the hart that revokes. */
static bool is_there(seL4_Word child)
{
    if (seL4_CNode_Move(CNODE, spare, DEPTH, children, child, RADIX)) {
        return false;
    }
    CHECK_OK(seL4_CNode_Move(children, child, RADIX, CNODE, spare, DEPTH));
    return true;
}

/* The child that was made last goes first. */
static void look(void)
{
    unsigned round = revoking;

    seen += round && !is_there(CHILDREN - 1) && is_there(0) && revoking == round;
}

static void watch(void *arg)
{
    for (;;) {
        look();
        seL4_Yield();
    }
}

TEST("robustness: a thread of the same priority gets its time slices while another revokes 100000 children")
{
    struct test_thread *thread = test_thread_create(watch, NULL, TEST_PRIORITY, 0);

    prepare();
    test_thread_start(thread);
    revoke_until_seen(1);
}

static seL4_CPtr notification;
static volatile seL4_Word awake;

static void wait_for_signals(void *arg)
{
    for (;;) {
        seL4_Wait(notification, NULL);
        awake++;
        look();
    }
}

/* From another hart: one signal after the other, each when the one before has arrived. */
static void send_signals(void *arg)
{
    for (;;) {
        seL4_Word before = awake;
        seL4_Signal(notification);
        while (awake == before) {
        }
    }
}

TEST("robustness: a more important thread is woken from another hart while its own hart revokes 100000 "
     "children")
{
    if (test_nodes() == 1) {
        test_note("needs a second hart");
        return;
    }
    notification = test_object(seL4_NotificationObject, 0);
    test_thread_start(test_thread_create(wait_for_signals, NULL, TEST_PRIORITY + 1, 0));
    struct test_thread *sender = test_thread_create(send_signals, NULL, TEST_PRIORITY, 0);
    test_thread_set_node(sender, 1);
    prepare();
    test_thread_start(sender);
    revoke_until_seen(10);
}

static void fault(void *arg)
{
    *(volatile seL4_Word *)arg = 1;
}

/* That the kernel reports only the first of them is seen on the console: tests/boot/prints.t. */
TEST("robustness: a thread that faults again and again without a handler only stops itself")
{
    struct test_thread *thread = test_thread_create(fault, (void *)16, TEST_PRIORITY + 1, 0);

    for (unsigned i = 0; i < 100; i++) {
        test_thread_start(thread);
    }
}
