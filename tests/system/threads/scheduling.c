/*
 * 2.6 and 5.2, 5.3: priorities, Suspend and Resume, time slices, affinity.
 */
#include "answer.h"

#define TCB seL4_CapInitThreadTCB

static seL4_CPtr endpoint, signal;
static volatile seL4_Word runs;

static void count(void *arg)
{
    runs++;
}

static void prepare(void)
{
    runs = 0;
    endpoint = test_object(seL4_EndpointObject, 0);
    signal = test_mint(test_object(seL4_NotificationObject, 0), seL4_AllRights, 1);
}

/* A TCB that only serves as authority: its maximum controlled priority is mcp, its priority 200. */
static seL4_CPtr authority(seL4_Word mcp)
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_OK(seL4_TCB_SetSchedParams(tcb, TCB, mcp, 200));
    return tcb;
}

static struct answer set_one(seL4_CPtr tcb, seL4_Word label, seL4_CPtr by, seL4_Word value)
{
    return INVOKE(tcb, label, .length = 1, .words = { value }, .extras = 1, .caps = { by });
}

static struct answer set_both(seL4_CPtr tcb, seL4_CPtr by, seL4_Word mcp, seL4_Word priority)
{
    return INVOKE(tcb, TCBSetSchedParams, .length = 2, .words = { mcp, priority }, .extras = 1,
                  .caps = { by });
}

static void check_truncation(seL4_Word label, seL4_Word words)
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_ANSWER(INVOKE(tcb, label, .length = words - 1, .words = { 256, 256 }, .extras = 1, .caps = { tcb }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(tcb, label, .length = words, .words = { 256, 256 }), seL4_TruncatedMessage);
}

static void check_wrong_authority(seL4_Word label)
{
    static const seL4_CPtr wrong[] = { seL4_CapNull, seL4_CapInitThreadCNode, seL4_CapDomain };
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        /* Wins over the value, which is too high for anybody. */
        CHECK_ANSWER(
            INVOKE(tcb, label, .length = 2, .words = { 256, 256 }, .extras = 1, .caps = { wrong[i] }),
            seL4_InvalidCapability, 1);
    }
}

TEST("2.6 TCB SetPriority: no word or no authority are a truncated message")
{
    check_truncation(TCBSetPriority, 1);
}

TEST("2.6 TCB SetPriority: an authority that is not a TCB is an invalid capability 1, before the range")
{
    check_wrong_authority(TCBSetPriority);
}

TEST("2.6 TCB SetPriority: above the authority's maximum is a range error 0..MCP")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0), limited = authority(50);

    CHECK_ANSWER(set_one(tcb, TCBSetPriority, TCB, 256), seL4_RangeError, 0, 255);
    CHECK_ANSWER(set_one(tcb, TCBSetPriority, TCB, ~0ul), seL4_RangeError, 0, 255);
    CHECK_ANSWER(set_one(tcb, TCBSetPriority, TCB, LIBSEL4_BIT(32)), seL4_RangeError, 0, 255);
    CHECK_ANSWER(set_one(tcb, TCBSetPriority, limited, 51), seL4_RangeError, 0, 50);
    CHECK_ANSWER(set_one(tcb, TCBSetPriority, limited, 50), seL4_NoError);
    CHECK_ANSWER(set_one(tcb, TCBSetPriority, TCB, 255), seL4_NoError);
}

TEST("2.6 TCB SetMCPriority: no word or no authority are a truncated message")
{
    check_truncation(TCBSetMCPriority, 1);
}

TEST("2.6 TCB SetMCPriority: an authority that is not a TCB is an invalid capability 1, before the range")
{
    check_wrong_authority(TCBSetMCPriority);
}

TEST("2.6 TCB SetMCPriority: above the authority's maximum is a range error 0..MCP")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0), limited = authority(50);

    CHECK_ANSWER(set_one(tcb, TCBSetMCPriority, TCB, 256), seL4_RangeError, 0, 255);
    CHECK_ANSWER(set_one(tcb, TCBSetMCPriority, limited, 51), seL4_RangeError, 0, 50);
    CHECK_ANSWER(set_one(tcb, TCBSetMCPriority, limited, 50), seL4_NoError);
}

TEST("2.6 TCB SetSchedParams: fewer than 2 words or no authority are a truncated message")
{
    check_truncation(TCBSetSchedParams, 2);
}

TEST("2.6 TCB SetSchedParams: an authority that is not a TCB is an invalid capability 1, before the range")
{
    check_wrong_authority(TCBSetSchedParams);
}

TEST("2.6 TCB SetSchedParams: MCP too high, or priority too high, is a range error 0..MCP of the authority")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0), limited = authority(50);

    CHECK_ANSWER(set_both(tcb, limited, 51, 50), seL4_RangeError, 0, 50);
    CHECK_ANSWER(set_both(tcb, limited, 50, 51), seL4_RangeError, 0, 50);
    CHECK_ANSWER(set_both(tcb, limited, 51, 256), seL4_RangeError, 0, 50);
    CHECK_ANSWER(set_both(tcb, limited, 50, 50), seL4_NoError);
    CHECK_ANSWER(set_both(tcb, limited, 10, 50), seL4_NoError);
    CHECK_ANSWER(set_one(tcb, TCBSetPriority, tcb, 11), seL4_RangeError, 0, 10);
}

TEST("5.2 TCB SetPriority: raising a ready thread above the caller switches at once")
{
    prepare();
    struct test_thread *thread = test_thread_create(count, NULL, TEST_PRIORITY - 50, 0);

    test_thread_start(thread);
    CHECK_EQUAL(runs, 0);
    CHECK_OK(seL4_TCB_SetPriority(thread->tcb, TCB, TEST_PRIORITY + 1));
    CHECK_EQUAL(runs, 1);
}

TEST("5.2 TCB SetPriority: lowering oneself below a ready thread switches at once")
{
    prepare();
    test_thread_start(test_thread_create(count, NULL, TEST_PRIORITY - 50, 0));
    CHECK_EQUAL(runs, 0);
    CHECK_OK(seL4_TCB_SetPriority(TCB, TCB, TEST_PRIORITY - 51));
    CHECK_EQUAL(runs, 1);
}

TEST("5.2 TCB SetMCPriority: an existing priority above the new maximum stays")
{
    prepare();
    struct test_thread *thread = test_thread_create(count, NULL, TEST_PRIORITY + 1, 0);

    CHECK_OK(seL4_TCB_SetMCPriority(thread->tcb, TCB, 10));
    test_thread_start(thread);
    CHECK_EQUAL(runs, 1);
}

TEST("5.2 TCB SetSchedParams: sets the priority")
{
    prepare();
    struct test_thread *thread = test_thread_create(count, NULL, TEST_PRIORITY - 50, 0);

    test_thread_start(thread);
    CHECK_OK(seL4_TCB_SetSchedParams(thread->tcb, TCB, 10, TEST_PRIORITY + 1));
    CHECK_EQUAL(runs, 1);
}

static void receive_and_signal(void *arg)
{
    for (;;) {
        seL4_Recv(endpoint, NULL);
        seL4_Signal(signal);
    }
}

static seL4_Word signalled(void)
{
    seL4_Word badge;

    seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    seL4_Poll(signal, &badge);
    return badge;
}

TEST("5.2 TCB Suspend: takes a blocked thread out of IPC, and Resume repeats its call")
{
    prepare();
    struct test_thread *thread = test_thread_create(receive_and_signal, NULL, TEST_PRIORITY + 1, 0);

    test_thread_start(thread);
    CHECK_EQUAL(signalled(), 1);
    CHECK_OK(seL4_TCB_Suspend(thread->tcb));
    CHECK_EQUAL(signalled(), 0);
    CHECK_OK(seL4_TCB_Suspend(thread->tcb));
    CHECK_OK(seL4_TCB_Resume(thread->tcb));
    CHECK_EQUAL(signalled(), 1);
}

TEST("5.2 TCB Resume: of a thread that waits in IPC makes it wait again")
{
    prepare();
    struct test_thread *thread = test_thread_create(receive_and_signal, NULL, TEST_PRIORITY + 1, 0);

    test_thread_start(thread);
    CHECK_OK(seL4_TCB_Resume(thread->tcb));
    CHECK_EQUAL(signalled(), 1);
}

TEST("5.2 TCB Resume: no effect on a running thread, such as the caller")
{
    CHECK_ANSWER(INVOKE(TCB, TCBResume, .length = 0), seL4_NoError);
}

TEST("2.6 TCB Suspend and Resume: words and capabilities that are not needed do not matter")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);

    CHECK_ANSWER(INVOKE(tcb, TCBSuspend, .length = 8, .extras = 3, .caps = { tcb, 0, tcb }), seL4_NoError);
    CHECK_ANSWER(INVOKE(tcb, TCBResume, .length = 8, .extras = 3, .caps = { tcb, 0, tcb }), seL4_NoError);
}

static struct test_thread *self;

static void suspend_self(void *arg)
{
    seL4_TCB_Suspend(self->tcb);
    runs++;
}

TEST("3.7 a thread that suspends itself suspends itself again when it is resumed")
{
    prepare();
    self = test_thread_create(suspend_self, NULL, TEST_PRIORITY + 1, 0);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(seL4_TCB_Resume(self->tcb));
    }
    CHECK_EQUAL(runs, 0);
}

static volatile seL4_Word turns[3];

/* Waits, without any system call, until the other has started, too. */
static void wait_for_other(void *arg)
{
    seL4_Word me = (seL4_Word)arg;

    turns[me] = 1;
    while (!turns[3 - me]) {
    }
    seL4_Signal(signal);
}

TEST("5.3 slice: threads of equal priority that never give way take turns")
{
    prepare();
    turns[1] = turns[2] = 0;
    test_thread_start(test_thread_create(wait_for_other, (void *)1, TEST_PRIORITY - 1, 0));
    test_thread_start(test_thread_create(wait_for_other, (void *)2, TEST_PRIORITY - 1, 0));
    while (!turns[1] || !turns[2]) {
        seL4_Wait(signal, NULL);
    }
    CHECK(turns[1] && turns[2]);
}

static volatile bool stop;

static void spin(void *arg)
{
    while (!stop) {
        runs++;
    }
}

TEST("5.2 TCB Suspend and Resume: a thread that spins on any hart stops and goes on where it was")
{
    prepare();
    stop = false;
    for (seL4_Word node = 1; node < test_nodes(); node++) {
        struct test_thread *thread = test_thread_create(spin, NULL, TEST_PRIORITY, 0);
        seL4_UserContext regs = { 0 };

        test_thread_set_node(thread, node);
        test_thread_start(thread);
        for (int i = 0; i < 10; i++) {
            seL4_Word before = runs;
            while (runs == before) {
            }
            CHECK_OK(seL4_TCB_Suspend(thread->tcb));
            before = runs;
            CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, false, 0, 32, &regs));
            CHECK_EQUAL(runs, before);
            CHECK_OK(seL4_TCB_Resume(thread->tcb));
        }
        CHECK_OK(seL4_TCB_Suspend(thread->tcb));
    }
}

#if CONFIG_MAX_NUM_NODES > 1
TEST("2.6 TCB SetAffinity: no word is a truncated message")
{
    CHECK_ANSWER(INVOKE(test_object(seL4_TCBObject, 0), TCBSetAffinity, .length = 0), seL4_TruncatedMessage);
}

TEST("2.6 TCB SetAffinity: a core that does not exist is an illegal operation")
{
    seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
    seL4_Word nodes = test_nodes();

    CHECK_ANSWER(INVOKE(tcb, TCBSetAffinity, .length = 1, .words = { nodes }), seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(tcb, TCBSetAffinity, .length = 1, .words = { LIBSEL4_BIT(32) }),
                 seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(tcb, TCBSetAffinity, .length = 1, .words = { ~0ul }), seL4_IllegalOperation);
    CHECK_ANSWER(INVOKE(tcb, TCBSetAffinity, .length = 1, .words = { nodes - 1 }), seL4_NoError);
}

TEST("5.2 TCB SetAffinity: a spinning thread goes round all cores and keeps running")
{
    prepare();
    stop = false;
    struct test_thread *thread = test_thread_create(spin, NULL, TEST_PRIORITY, 0);

    test_thread_start(thread);
    for (seL4_Word i = 0; i < SOAK_OR(1000, 20); i++) {
        seL4_Word before;

        test_thread_set_node(thread, i % test_nodes());
        before = runs;
        while (runs == before) {
            seL4_Yield();
        }
    }
    stop = true;
}

TEST("5.2 TCB SetAffinity: a blocked thread wakes up on its new core")
{
    for (seL4_Word node = 0; node < test_nodes(); node++) {
        prepare();
        struct test_thread *thread = test_thread_create(receive_and_signal, NULL, TEST_PRIORITY + 1, 0);

        test_thread_start(thread);
        test_thread_set_node(thread, node);
        seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
        seL4_Wait(signal, NULL);
    }
}

TEST("5.2 TCB SetAffinity: the caller can move itself")
{
    for (seL4_Word i = 0; i <= test_nodes(); i++) {
        CHECK_OK(seL4_TCB_SetAffinity(TCB, i % test_nodes()));
    }
    CHECK_OK(seL4_TCB_SetAffinity(TCB, 0));
}
#endif
