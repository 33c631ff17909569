/*
 * Control over threads that run on another hart: they stop when they are told to, wherever they are.
 */
#include "smp.h"

#define ROUNDS SOAK_OR(3000, 150)

static seL4_CPtr notification, endpoint;

TEST("smp: threads run on all harts at the same time")
{
    seL4_Word nodes = test_nodes();

    for (seL4_Word node = 1; node < nodes; node++) {
        test_thread_start(smp_counting((unsigned)node, node));
    }
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned node = 1; node < nodes; node++) {
            smp_wait_progress(node);
        }
    }
}

TEST("smp: Suspend stops a thread that spins on another hart, Resume lets it go on")
{
    struct test_thread *thread = smp_counting(0, test_nodes() - 1);

    test_thread_start(thread);
    for (unsigned round = 0; round < ROUNDS; round++) {
        smp_wait_progress(0);
        CHECK_OK(seL4_TCB_Suspend(thread->tcb));
        seL4_Word value = smp_counters[0].value;
        if (round % 16 == 0) {
            smp_check_stopped(0);
        }
        CHECK_EQUAL(smp_counters[0].value, value);
        CHECK_OK(seL4_TCB_Resume(thread->tcb));
    }
}

/* Every call is counted before and after; they may never differ by more than the one that is under way. */
static void call_and_count(void *arg)
{
    for (;;) {
        smp_counters[0].value++;
        seL4_Signal(notification);
        smp_counters[1].value++;
        seL4_Word badge = 7;
        seL4_NBRecv(endpoint, &badge);
        smp_counters[2].value += badge != 0;
        seL4_Yield();
    }
}

TEST("smp: Suspend and Resume of a thread that makes system calls on another hart repeat and lose none")
{
    notification = test_object(seL4_NotificationObject, 0);
    endpoint = test_object(seL4_EndpointObject, 0);
    smp_counters[0].value = smp_counters[1].value = smp_counters[2].value = 0;
    struct test_thread *thread = smp_thread(call_and_count, NULL, test_nodes() - 1);
    test_thread_start(thread);
    for (unsigned round = 0; round < ROUNDS; round++) {
        smp_wait_progress(0);
        CHECK_OK(seL4_TCB_Suspend(thread->tcb));
        seL4_Word before = smp_counters[0].value, behind = smp_counters[1].value;
        CHECK(before == behind || before == behind + 1);
        CHECK_EQUAL(smp_counters[0].value, before);
        CHECK_OK(seL4_TCB_Resume(thread->tcb));
    }
    CHECK_EQUAL(smp_counters[2].value, 0);
}

TEST("smp: Suspend and Resume of a thread that faults on another hart")
{
    struct actor actor = actor_new();
    seL4_Word badge;

    test_thread_set_node(actor.thread, test_nodes() - 1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        actor.set.a0 = 0x3456789000 + round * 8ul;
        actor_run(&actor, actor_load);
        if (round % 3) {
            CHECK_OK(seL4_TCB_Suspend(actor.tcb));
            CHECK_OK(seL4_TCB_Resume(actor.tcb));
        }
        seL4_Recv(actor.faults, &badge);
        /* Suspended while its fault waited, it may send the record of it once more; the words are the same.
         */
        CHECK_EQUAL(seL4_GetMR(1), 0x3456789000 + round * 8ul);
    }
}

TEST("smp: SetPriority of a thread that runs on another hart takes effect there")
{
    struct test_thread *first = smp_counting(0, test_nodes() - 1);
    struct test_thread *second = smp_counting(1, test_nodes() - 1);

    if (test_nodes() < 2) {
        return;
    }
    test_thread_start(first);
    test_thread_start(second);
    for (unsigned round = 0; round < ROUNDS / 10; round++) {
        CHECK_OK(seL4_TCB_SetPriority(first->tcb, seL4_CapInitThreadTCB, SMP_PRIORITY - 1));
        smp_wait_progress(1);
        smp_check_stopped(0);
        CHECK_OK(seL4_TCB_SetPriority(first->tcb, seL4_CapInitThreadTCB, SMP_PRIORITY + 1));
        smp_wait_progress(0);
        smp_check_stopped(1);
    }
}

TEST("smp: ReadRegisters of a thread that spins on another hart sees it move")
{
    struct actor actor = actor_new();
    seL4_Word last = 0;

    test_thread_set_node(actor.thread, test_nodes() - 1);
    if (test_nodes() < 2) {
        return;
    }
    actor.set.a0 = 0;
    actor_run(&actor, actor_spin);
    /* Each look stops the thread; on a busy host it may take many until it has moved at all. */
    for (seL4_Word round = 0; round < ROUNDS || (last == 0 && round < 10000000); round++) {
        actor_read(&actor);
        CHECK(actor.got.a0 >= last);
        CHECK(actor.got.pc == (seL4_Word)actor_spin || actor.got.pc == (seL4_Word)actor_spin + 4);
        CHECK_EQUAL(actor.got.s11, actor.set.s11);
        last = actor.got.a0;
    }
    CHECK(last > 0);
}

TEST("smp: WriteRegisters of a thread that spins on another hart moves it, with all its registers")
{
    struct actor actor = actor_new();

    test_thread_set_node(actor.thread, test_nodes() - 1);
    if (test_nodes() < 2) {
        return;
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        actor.set.a0 = round;
        actor_run(&actor, actor_spin);
        actor_fill(&actor);
        actor.set.pc = (seL4_Word)actor_done;
        CHECK_OK(seL4_TCB_WriteRegisters(actor.tcb, false, 0, ABI_REG_COUNT, &actor.set));
        CHECK_EQUAL(actor_wait(&actor), ACTOR_DONE);
        CHECK_KEPT(&actor, 0);
    }
}

TEST("smp: SetTLSBase and CopyRegisters of a thread that spins on another hart")
{
    struct actor actor = actor_new(), source = actor_new();

    test_thread_set_node(actor.thread, test_nodes() - 1);
    if (test_nodes() < 2) {
        return;
    }
    source.set.pc = (seL4_Word)actor_done;
    CHECK_OK(seL4_TCB_WriteRegisters(source.tcb, false, 0, ABI_REG_COUNT, &source.set));
    for (unsigned round = 0; round < ROUNDS; round++) {
        actor_run(&actor, actor_spin);
        CHECK_OK(seL4_TCB_SetTLSBase(actor.tcb, 0x1234 + round));
        actor_read(&actor);
        CHECK_EQUAL(actor.got.tp, 0x1234 + round);
        CHECK_OK(seL4_TCB_CopyRegisters(actor.tcb, source.tcb, false, false, true, false, 0));
        CHECK_EQUAL(actor_wait(&actor), ACTOR_DONE);
        CHECK_EQUAL(actor.got.tp, 0x1234 + round);
        CHECK_EQUAL(actor.got.s11, source.set.s11);
    }
}

TEST("smp: SetFlags takes floating point away from a thread that uses it on another hart")
{
    struct actor actor = actor_new();

    test_thread_set_node(actor.thread, test_nodes() - 1);
    for (unsigned round = 0; round < ROUNDS / 10; round++) {
        CHECK_OK(seL4_TCB_SetFlags(actor.tcb, 1, 0).error);
        actor_run(&actor, actor_float);
        actor_wait(&actor);
        CHECK_EQUAL(actor.words[2], 3);
        CHECK_OK(seL4_TCB_SetFlags(actor.tcb, 0, 1).error);
        actor_run(&actor, actor_float);
        actor_wait(&actor);
        CHECK_EQUAL(actor.words[2], 2);
    }
}

TEST("smp: SetAffinity moves a spinning thread over all harts, and it goes on")
{
    struct test_thread *thread = smp_counting(0, test_nodes() - 1);

    if (test_nodes() < 2) {
        return;
    }
    test_thread_start(thread);
    for (unsigned round = 0; round < ROUNDS; round++) {
        /* On node 0 it would not run while this thread does. */
        test_thread_set_node(thread, 1 + round % (test_nodes() - 1));
        smp_wait_progress(0);
    }
    test_thread_set_node(thread, 0);
    smp_check_stopped(0);
}

static void hop(void *arg)
{
#if CONFIG_MAX_NUM_NODES > 1
    struct test_thread *self = *(struct test_thread **)arg;

    for (unsigned round = 0; round < ROUNDS; round++) {
        seL4_Word sum = round;
        smp_counters[1].value += seL4_TCB_SetAffinity(self->tcb, round % test_nodes()) != seL4_NoError;
        smp_counters[0].value += sum == round;
    }
#endif
    seL4_Signal(notification);
}

TEST("smp: a thread that moves itself from hart to hart arrives and goes on")
{
    static struct test_thread *thread;

    notification = test_object(seL4_NotificationObject, 0);
    smp_counters[0].value = smp_counters[1].value = 0;
    thread = smp_thread(hop, &thread, 0);
    test_thread_start(thread);
    seL4_Wait(notification, NULL);
#if CONFIG_MAX_NUM_NODES > 1
    CHECK_EQUAL(smp_counters[0].value, ROUNDS);
    CHECK_EQUAL(smp_counters[1].value, 0);
#endif
}

TEST("smp: deleting a thread that spins on another hart stops it at once")
{
    for (unsigned round = 0; round < ROUNDS / 3; round++) {
        struct test_thread *thread = smp_counting(0, test_nodes() - 1);
        test_thread_start(thread);
        if (round % 2) {
            smp_wait_progress(0);
        }
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, thread->tcb, seL4_WordBits));
        smp_check_stopped(0);
        test_reset();
    }
}

TEST("smp: deleting a thread that makes system calls on another hart")
{
    for (unsigned round = 0; round < ROUNDS / 3; round++) {
        notification = test_object(seL4_NotificationObject, 0);
        endpoint = test_object(seL4_EndpointObject, 0);
        struct test_thread *thread = smp_thread(call_and_count, NULL, test_nodes() - 1);
        test_thread_start(thread);
        if (round % 2) {
            smp_wait_progress(0);
        }
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, thread->tcb, seL4_WordBits));
        smp_check_stopped(0);
        test_reset();
    }
}

TEST("smp: SetSpace of a thread that runs on another hart: its next system call uses the new CSpace")
{
    seL4_CPtr cnode = test_object(seL4_CapTableObject, 4);
    seL4_CPtr root = test_mint(cnode, seL4_AllRights, seL4_CNode_CapData_new(0, 60).words[0]);

    for (unsigned round = 0; round < ROUNDS / 10; round++) {
        notification = test_object(seL4_NotificationObject, 0);
        endpoint = test_object(seL4_EndpointObject, 0);
        struct test_thread *thread = smp_thread(call_and_count, NULL, test_nodes() - 1);
        test_thread_start(thread);
        smp_wait_progress(0);
        CHECK_OK(seL4_TCB_SetSpace(thread->tcb, 0, root, 0, seL4_CapInitThreadVSpace, 0));
        /* Its pointers lead nowhere now: a fault that nobody handles, one more count away at most. */
        seL4_Word before = smp_counters[0].value;
        for (volatile unsigned spin = 0; spin < 20000; spin++) {
        }
        CHECK(smp_counters[0].value <= before + 1);
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, thread->tcb, seL4_WordBits));
        if (round % 4 == 3) {
            test_reset();
            cnode = test_object(seL4_CapTableObject, 4);
            root = test_mint(cnode, seL4_AllRights, seL4_CNode_CapData_new(0, 60).words[0]);
        }
    }
}
