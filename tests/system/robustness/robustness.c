/*
 * What an unprivileged program cannot do to others (docs/robustness.md).
 */
#include "test.h"

#define CNODE    seL4_CapInitThreadCNode
#define DEPTH    seL4_WordBits
#define CHILDREN 100000
#define RADIX    17

static seL4_CPtr endpoint;

/* Set while the long operation goes on; how often others ran meanwhile. */
static volatile bool revoking;
static volatile unsigned seen;

/* An endpoint with many children, in a CNode of their own. It takes the second half of the arena, so what
 * else a test needs comes first. */
static void make_children(void)
{
    endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr cnode = test_object(seL4_CapTableObject, RADIX);
    for (seL4_Word i = 0; cnode && i < CHILDREN; i++) {
        CHECK_OK(seL4_CNode_Copy(cnode, i, RADIX, CNODE, endpoint, DEPTH, seL4_AllRights));
    }
}

static void revoke(void)
{
    seen = 0;
    revoking = true;
    CHECK_OK(seL4_CNode_Revoke(CNODE, endpoint, DEPTH));
    revoking = false;
}

static void watch(void *arg)
{
    (void)arg;
    for (;;) {
        if (revoking) {
            seen++;
            seL4_Yield();
        }
    }
}

TEST("robustness: a thread of the same priority gets its time slices while another revokes 100000 children")
{
    test_thread_start(test_thread_create(watch, NULL, TEST_PRIORITY, 0));
    make_children();
    revoke();
    CHECK(seen > 0);
}

static seL4_CPtr notification;
static volatile seL4_Word awake;

static void wait_for_signals(void *arg)
{
    (void)arg;
    for (;;) {
        seL4_Wait(notification, NULL);
        awake++;
        seen += revoking;
    }
}

/* From another hart: one signal after the other, each when the one before has arrived. */
static void send_signals(void *arg)
{
    (void)arg;
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
    make_children();
    test_thread_start(sender);
    while (awake < 10) {
    }
    revoke();
    CHECK(seen > 10);
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
