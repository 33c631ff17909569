/*
 * Thousands of threads that wait in one queue.
 */
#include "latency.h"

#define WAITERS    4096
#define MEMORY     24
#define CNODE_BITS 13

extern const char latency_repeat[];

static seL4_CPtr memory, cnode;

/* Threads that make one system call on a capability, above the priority of the test: they have run, and wait,
 * when this returns. */
static void start_waiters(long number, const seL4_CPtr caps[2])
{
    seL4_CPtr tcb = test_slot();

    memory = big_memory(MEMORY);
    cnode = test_slot();
    CHECK_OK(seL4_Untyped_Retype(memory, seL4_CapTableObject, CNODE_BITS, CNODE, 0, 0, cnode, 1));
    for (seL4_Word i = 0; i < WAITERS; i++) {
        seL4_UserContext regs = { .pc = (seL4_Word)latency_repeat,
                                  .a0 = caps[i % 2],
                                  .a7 = (seL4_Word)number };
        CHECK_OK(seL4_Untyped_Retype(memory, seL4_TCBObject, 0, CNODE, 0, 0, tcb, 1));
        CHECK_OK(seL4_TCB_Configure(tcb, 0, CNODE, 0, seL4_CapInitThreadVSpace, 0, 0, 0));
        CHECK_OK(seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, TEST_PRIORITY + 1));
        CHECK_OK(seL4_TCB_WriteRegisters(tcb, true, 0, sizeof(regs) / sizeof(seL4_Word), &regs));
        CHECK_OK(seL4_CNode_Move(cnode, i, CNODE_BITS, CNODE, tcb, DEPTH));
    }
}

/* The badges in the order of the queue: count times one of a, then of b. */
static void check_order(seL4_CPtr endpoint, seL4_Word a, seL4_Word b)
{
    for (seL4_Word i = 0; i < WAITERS; i++) {
        seL4_Word badge = 0;
        seL4_NBRecv(endpoint, &badge);
        CHECK_EQUAL(badge, i < WAITERS / 2 ? a : b);
        if (badge != (i < WAITERS / 2 ? a : b)) {
            return;
        }
    }
}

TEST("latency: CancelBadgedSends with 4096 senders: those with the badge send again, behind the others")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr one = test_mint(endpoint, seL4_AllRights, 1), two = test_mint(endpoint, seL4_AllRights, 2);

    start_waiters(SYS_SEND, (seL4_CPtr[]){ one, two });
    CHECK_OK(seL4_CNode_CancelBadgedSends(CNODE, one, DEPTH));
    /* The threads are more important and would send again at once after each receive. */
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY + 2));
    check_order(endpoint, 2, 1);
    CHECK_OK(seL4_CNode_Revoke(CNODE, memory, DEPTH));
    big_reset();
}

TEST("latency: deleting an endpoint with 4096 senders, and its memory with all the threads")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    /* Their calls fault then, without a handler; so they are made unimportant and never repeat them. */
    start_waiters(SYS_SEND, (seL4_CPtr[]){ endpoint, endpoint });
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY + 2));
    delete_cap(endpoint);
    delete_cap(cnode);
    big_reset();
}

TEST("latency: deleting a notification with 4096 waiting threads")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);

    start_waiters(SYS_RECV, (seL4_CPtr[]){ notification, notification });
    CHECK_OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, TEST_PRIORITY + 2));
    delete_cap(notification);
    delete_cap(cnode);
    big_reset();
}
