/*
 * The test runner itself and the simplest things: if these fail, nothing else says much.
 */
#include "test.h"

static seL4_CPtr done;

static void signal_done(void *arg)
{
    seL4_Signal(*(seL4_CPtr *)arg);
}

TEST("an object can be made, and its slot identifies as used")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    CHECK_ERROR(
        seL4_Untyped_Retype(test_arena, seL4_EndpointObject, 0, seL4_CapInitThreadCNode, 0, 0, endpoint, 1),
        seL4_DeleteFirst);
}

TEST("a thread runs and signals")
{
    done = test_object(seL4_NotificationObject, 0);
    test_thread_start(test_thread_create(signal_done, &done, TEST_PRIORITY, 0));
    seL4_Wait(done, NULL);
}

TEST("a thread on the last hart runs and signals")
{
    done = test_object(seL4_NotificationObject, 0);
    struct test_thread *thread = test_thread_create(signal_done, &done, TEST_PRIORITY, 0);
    test_thread_set_node(thread, test_nodes() - 1);
    test_thread_start(thread);
    seL4_Wait(done, NULL);
}
