/*
 * 2.9 and 5.3: domains and their schedule. The number of domains and of schedule entries is found out by
 * asking; what needs several domains is skipped where there is one.
 *
 * No test here waits for time to pass: a domain that should end ends itself, or the schedule leaves it while
 * the test waits for a notification.
 */
#include "answer.h"

#define DOMAIN  seL4_CapDomain
#define FOREVER (LIBSEL4_BIT(56) - 1)

static seL4_CPtr tcb, signal;
static volatile seL4_Word runs[4];

static struct answer set(seL4_Word domain, seL4_CPtr thread)
{
    return INVOKE(DOMAIN, DomainSetSet, .length = 1, .words = { domain }, .extras = 1, .caps = { thread });
}

static struct answer schedule(seL4_Word index, seL4_Word domain, seL4_Word duration)
{
    return INVOKE(DOMAIN, DomainScheduleConfigure, .length = 3, .words = { index, domain, duration });
}

static struct answer start_at(seL4_Word index)
{
    return INVOKE(DOMAIN, DomainScheduleSetStart, .length = 1, .words = { index });
}

static seL4_Word domains(void)
{
    return schedule(0, ~0ul, 0).words[1] + 1;
}

static seL4_Word entries(void)
{
    return start_at(~0ul).words[1] + 1;
}

/* As at boot. Entry 0 may be the start entry, so it is written first and the start then moved there. */
static void restore(void)
{
    CHECK_ANSWER(schedule(0, 0, FOREVER), seL4_NoError);
    CHECK_ANSWER(start_at(0), seL4_NoError);
    for (seL4_Word i = 1; i < entries() - 1; i++) {
        CHECK_ANSWER(schedule(i, 0, 0), seL4_NoError);
    }
}

static bool several_domains(void)
{
    for (int i = 0; i < 4; i++) {
        runs[i] = 0;
    }
    signal = test_object(seL4_NotificationObject, 0);
    return domains() > 1;
}

TEST("2.9 DomainSet Set: no word is a truncated message")
{
    tcb = test_object(seL4_TCBObject, 0);
    CHECK_ANSWER(INVOKE(DOMAIN, DomainSetSet, .length = 0, .extras = 1, .caps = { tcb }),
                 seL4_TruncatedMessage);
}

TEST("2.9 DomainSet Set: a domain that does not exist is an invalid argument 0")
{
    tcb = test_object(seL4_TCBObject, 0);
    CHECK_ANSWER(set(domains(), tcb), seL4_InvalidArgument, 0);
    CHECK_ANSWER(set(256, tcb), seL4_InvalidArgument, 0);
    CHECK_ANSWER(set(LIBSEL4_BIT(32), tcb), seL4_InvalidArgument, 0);
    CHECK_ANSWER(set(~0ul, tcb), seL4_InvalidArgument, 0);
}

TEST("2.9 DomainSet Set: no capability is a truncated message")
{
    CHECK_ANSWER(INVOKE(DOMAIN, DomainSetSet, .length = 1, .words = { 0 }), seL4_TruncatedMessage);
}

TEST("2.9 DomainSet Set: a capability that is not a TCB is an invalid argument 1")
{
    CHECK_ANSWER(set(0, seL4_CapInitThreadCNode), seL4_InvalidArgument, 1);
    CHECK_ANSWER(set(0, seL4_CapNull), seL4_InvalidArgument, 1);
}

TEST("2.9 DomainSet Set order: the domain is looked at before the capability")
{
    CHECK_ANSWER(INVOKE(DOMAIN, DomainSetSet, .length = 1, .words = { 255 }), seL4_InvalidArgument, 0);
    CHECK_ANSWER(set(255, seL4_CapNull), seL4_InvalidArgument, 0);
}

TEST("2.9 DomainSet Set: every existing domain is accepted")
{
    tcb = test_object(seL4_TCBObject, 0);
    for (seL4_Word domain = 0; domain < domains(); domain++) {
        CHECK_ANSWER(set(domain, tcb), seL4_NoError);
    }
}

TEST("2.9 DomainSet ScheduleConfigure: fewer than 3 words are a truncated message")
{
    CHECK_ANSWER(INVOKE(DOMAIN, DomainScheduleConfigure, .length = 2, .words = { ~0ul, 0, 0 }),
                 seL4_TruncatedMessage);
}

TEST("2.9 DomainSet ScheduleConfigure: an index behind the last but one entry is a range error 0..L-2")
{
    CHECK_EQUAL(entries(), domains() == 1 ? 2 : 100);
    CHECK_ANSWER(schedule(entries() - 1, 0, 1), seL4_RangeError, 0, entries() - 2);
    CHECK_ANSWER(schedule(~0ul, 0, 1), seL4_RangeError, 0, entries() - 2);
    CHECK_ANSWER(schedule(LIBSEL4_BIT(32), 0, 1), seL4_RangeError, 0, entries() - 2);
}

TEST("2.9 DomainSet ScheduleConfigure: a domain that does not exist is a range error 0..NUM_DOMAINS-1")
{
    CHECK_ANSWER(schedule(0, domains(), 1), seL4_RangeError, 0, domains() - 1);
    CHECK_ANSWER(schedule(0, ~0ul, 1), seL4_RangeError, 0, domains() - 1);
    CHECK_ANSWER(schedule(0, LIBSEL4_BIT(32), 1), seL4_RangeError, 0, domains() - 1);
}

TEST("2.9 DomainSet ScheduleConfigure: a duration from 2^56 on is an invalid argument 2")
{
    CHECK_ANSWER(schedule(0, 0, LIBSEL4_BIT(56)), seL4_InvalidArgument, 2);
    CHECK_ANSWER(schedule(0, 0, ~0ul), seL4_InvalidArgument, 2);
    CHECK_ANSWER(schedule(0, 0, LIBSEL4_BIT(56) - 1), seL4_NoError);
}

TEST("2.9 DomainSet ScheduleConfigure: duration 0 with a domain other than 0 is an invalid argument 1")
{
    if (several_domains()) {
        CHECK_ANSWER(schedule(1, 1, 0), seL4_InvalidArgument, 1);
        CHECK_ANSWER(schedule(0, 1, 0), seL4_InvalidArgument, 1);
    }
}

TEST("2.9 DomainSet ScheduleConfigure: duration 0 for the start entry is an invalid argument 2")
{
    CHECK_ANSWER(schedule(0, 0, 0), seL4_InvalidArgument, 2);
    if (several_domains()) {
        CHECK_ANSWER(schedule(3, 0, FOREVER), seL4_NoError);
        CHECK_ANSWER(start_at(3), seL4_NoError);
        CHECK_ANSWER(schedule(3, 0, 0), seL4_InvalidArgument, 2);
        CHECK_ANSWER(schedule(0, 0, 0), seL4_NoError);
        restore();
    }
}

TEST("2.9 DomainSet ScheduleConfigure order: index, domain, duration")
{
    CHECK_ANSWER(schedule(entries(), 255, ~0ul), seL4_RangeError, 0, entries() - 2);
    CHECK_ANSWER(schedule(0, 255, ~0ul), seL4_RangeError, 0, domains() - 1);
    CHECK_ANSWER(schedule(0, 255, 0), seL4_RangeError, 0, domains() - 1);
}

TEST("2.9 DomainSet ScheduleSetStart: no word is a truncated message")
{
    CHECK_ANSWER(INVOKE(DOMAIN, DomainScheduleSetStart, .length = 0, .words = { ~0ul }),
                 seL4_TruncatedMessage);
}

TEST("2.9 DomainSet ScheduleSetStart: an index behind the last entry is a range error 0..L-1")
{
    CHECK_ANSWER(start_at(entries()), seL4_RangeError, 0, entries() - 1);
    CHECK_ANSWER(start_at(~0ul), seL4_RangeError, 0, entries() - 1);
}

TEST("2.9 DomainSet ScheduleSetStart: an end marker is an invalid argument 0")
{
    CHECK_ANSWER(start_at(1), seL4_InvalidArgument, 0);
    CHECK_ANSWER(start_at(entries() - 1), seL4_InvalidArgument, 0);
    CHECK_ANSWER(start_at(0), seL4_NoError);
}

TEST("5.3 the domain capability can be copied and the copy works")
{
    seL4_CPtr copy = test_mint(DOMAIN, seL4_NoRights, 0);

    CHECK_ANSWER(INVOKE(copy, DomainScheduleSetStart, .length = 1, .words = { 0 }), seL4_NoError);
}

TEST("5.3 a build with several domains has one node")
{
    CHECK(domains() == 1 || test_nodes() == 1);
}

/* Runs in a domain whose turn never ends by itself, and ends it. */
static void count_and_go_back(void *arg)
{
    for (;;) {
        runs[(seL4_Word)arg]++;
        start_at(0);
    }
}

static struct test_thread *thread_in(seL4_Word domain, void (*entry)(void *), seL4_Word priority)
{
    struct test_thread *thread = test_thread_create(entry, (void *)domain, priority, 0);

    CHECK_ANSWER(set(domain, thread->tcb), seL4_NoError);
    test_thread_start(thread);
    return thread;
}

TEST("5.3 ScheduleSetStart switches to the entry's domain at once, and there and back again")
{
    if (several_domains()) {
        thread_in(1, count_and_go_back, 1);
        thread_in(2, count_and_go_back, 1);
        CHECK_ANSWER(schedule(4, 1, FOREVER), seL4_NoError);
        CHECK_ANSWER(schedule(5, 2, FOREVER), seL4_NoError);
        for (seL4_Word i = 1; i <= 5; i++) {
            CHECK_ANSWER(start_at(4), seL4_NoError);
            CHECK_EQUAL(runs[1], i);
            CHECK_EQUAL(runs[2], i - 1);
            CHECK_ANSWER(start_at(5), seL4_NoError);
            CHECK_EQUAL(runs[2], i);
        }
        restore();
    }
}

static void count(void *arg)
{
    runs[(seL4_Word)arg]++;
}

TEST("5.3 DomainSet Set: a thread runs only while its domain is current, whatever its priority")
{
    if (several_domains()) {
        struct test_thread *thread = thread_in(1, count, 255);

        CHECK_EQUAL(runs[1], 0);
        seL4_Yield();
        CHECK_EQUAL(runs[1], 0);
        CHECK_ANSWER(set(2, thread->tcb), seL4_NoError);
        CHECK_EQUAL(runs[1], 0);
        CHECK_ANSWER(set(0, thread->tcb), seL4_NoError);
        CHECK_EQUAL(runs[1], 1);
    }
}

/* Takes part in a conversation with the test, each in its own domain. */
static seL4_CPtr answer_signal[4];

static void converse(void *arg)
{
    seL4_Word domain = (seL4_Word)arg;

    for (;;) {
        seL4_Wait(answer_signal[domain], NULL);
        runs[domain]++;
        seL4_Signal(signal);
    }
}

TEST("5.3 the schedule goes round by itself: threads of all its domains run, in a domain outside none")
{
    if (several_domains()) {
        for (seL4_Word domain = 1; domain < 4; domain++) {
            answer_signal[domain] = test_object(seL4_NotificationObject, 0);
            thread_in(domain, converse, TEST_PRIORITY);
        }
        CHECK_ANSWER(schedule(0, 0, 1), seL4_NoError);
        CHECK_ANSWER(schedule(1, 1, 1), seL4_NoError);
        CHECK_ANSWER(schedule(2, 2, 2), seL4_NoError);
        CHECK_ANSWER(start_at(0), seL4_NoError);
        for (seL4_Word i = 0; i < 5; i++) {
            for (seL4_Word domain = 1; domain < 3; domain++) {
                seL4_Signal(answer_signal[domain]);
                seL4_Wait(signal, NULL);
                CHECK_EQUAL(runs[domain], i + 1);
            }
            seL4_Signal(answer_signal[3]);
        }
        CHECK_EQUAL(runs[3], 0);
        restore();
    }
}

TEST("5.3 at an end marker the schedule goes on with the start entry, not with entry 0")
{
    if (several_domains()) {
        for (seL4_Word domain = 1; domain < 4; domain++) {
            answer_signal[domain] = test_object(seL4_NotificationObject, 0);
            thread_in(domain, converse, TEST_PRIORITY);
        }
        /* Entry 0 is domain 3, which must never come; then an end marker; then what counts. */
        CHECK_ANSWER(schedule(2, 0, 1), seL4_NoError);
        CHECK_ANSWER(schedule(3, 1, 1), seL4_NoError);
        CHECK_ANSWER(start_at(2), seL4_NoError);
        CHECK_ANSWER(schedule(0, 3, FOREVER), seL4_NoError);
        seL4_Signal(answer_signal[3]);
        for (seL4_Word i = 0; i < 5; i++) {
            seL4_Signal(answer_signal[1]);
            seL4_Wait(signal, NULL);
            CHECK_EQUAL(runs[1], i + 1);
        }
        CHECK_EQUAL(runs[3], 0);
        restore();
    }
}

static void spin(void *arg)
{
    for (;;) {
        runs[(seL4_Word)arg]++;
    }
}

TEST("5.3 a domain whose threads never stop loses the hart when its time is up")
{
    if (several_domains()) {
        thread_in(1, spin, 255);
        CHECK_ANSWER(schedule(1, 1, 1), seL4_NoError);
        CHECK_ANSWER(schedule(0, 0, 1), seL4_NoError);
        CHECK_ANSWER(start_at(0), seL4_NoError);
        while (runs[1] == 0) {
            seL4_Yield();
        }
        restore();
    }
}

static seL4_CPtr new_tcb;

static void create_tcb(void *arg)
{
    new_tcb = test_object(seL4_TCBObject, 0);
    start_at(0);
    seL4_Wait(answer_signal[1], NULL);
}

TEST("5.3 a new TCB is in the domain that is current at its creation")
{
    if (several_domains()) {
        seL4_UserContext regs = { 0 };
        struct test_thread *model = test_thread_create(count_and_go_back, (void *)2, TEST_PRIORITY, 0);

        answer_signal[1] = test_object(seL4_NotificationObject, 0);
        thread_in(1, create_tcb, TEST_PRIORITY);
        CHECK_ANSWER(schedule(1, 1, FOREVER), seL4_NoError);
        CHECK_ANSWER(start_at(1), seL4_NoError);
        CHECK_OK(seL4_TCB_ReadRegisters(model->tcb, false, 0, 32, &regs));
        CHECK_OK(seL4_TCB_Configure(new_tcb, 0, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace, 0,
                                    (seL4_Word)model->buffer, model->buffer_frame));
        CHECK_OK(seL4_TCB_SetPriority(new_tcb, seL4_CapInitThreadTCB, 255));
        CHECK_OK(seL4_TCB_WriteRegisters(new_tcb, true, 0, 32, &regs));
        CHECK_EQUAL(runs[2], 0);
        CHECK_ANSWER(start_at(1), seL4_NoError);
        CHECK_EQUAL(runs[2], 1);
        restore();
    }
}

TEST("5.3 DomainSet Set: the caller can leave the current domain and comes back with it")
{
    if (several_domains()) {
        CHECK_ANSWER(schedule(1, 1, 1), seL4_NoError);
        CHECK_ANSWER(schedule(0, 0, 1), seL4_NoError);
        CHECK_ANSWER(start_at(0), seL4_NoError);
        CHECK_ANSWER(set(1, seL4_CapInitThreadTCB), seL4_NoError);
        CHECK_ANSWER(set(0, seL4_CapInitThreadTCB), seL4_NoError);
        restore();
    }
}

TEST("5.3 with one domain the schedule changes nothing")
{
    if (!several_domains()) {
        CHECK_ANSWER(schedule(0, 0, 1), seL4_NoError);
        CHECK_ANSWER(start_at(0), seL4_NoError);
        test_thread_start(test_thread_create(count, (void *)1, TEST_PRIORITY + 1, 0));
        CHECK_EQUAL(runs[1], 1);
        restore();
    }
}
