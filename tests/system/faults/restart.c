/*
 * 3.7 Restart rules: where a thread goes on.
 */
#include "actor.h"

#define UNMAPPED 0x3456789000

static seL4_CPtr endpoint;
static struct actor actor, partner;

static void set_up(void)
{
    endpoint = test_object(seL4_EndpointObject, 0);
    actor = actor_new();
    partner = actor_new();
}

/* The next message on the endpoint is the actor's, sent anew. */
static void check_sent(seL4_Word label)
{
    seL4_Word badge;

    CHECK_EQUAL(seL4_NBRecv(endpoint, &badge).words[0], info(label, 0, 2));
    CHECK_EQUAL(seL4_GetMR(1), actor.set.a3);
}

TEST("3.7 restart: normal return is behind the ecall")
{
    set_up();
    actor_start(&actor, SYS_YIELD, 0, 0);
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.pc, (seL4_Word)actor_ecall + 4);
}

TEST("3.7 restart: Resume of a thread blocked in Send repeats the ecall")
{
    set_up();
    actor_start(&actor, SYS_SEND, endpoint, info(7, 0, 2));
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    CHECK_WAITS(&actor);
    check_sent(7);
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
}

TEST("3.7 restart: Resume of a thread blocked in Recv repeats the ecall")
{
    set_up();
    actor_start(&actor, SYS_RECV, endpoint, 0);
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    CHECK_WAITS(&actor);
    seL4_Send(endpoint, seL4_MessageInfo_new(5, 0, 0, 0));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a1, info(5, 0, 0));
}

TEST("3.7 restart: Resume of a thread that waits for a notification repeats the ecall, behind other waiters")
{
    set_up();
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    actor_start(&actor, SYS_RECV, notification, 0);
    actor_start(&partner, SYS_RECV, notification, 0);
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    seL4_Signal(notification);
    CHECK_WAITS(&actor);
    CHECK_DONE(&partner);
    seL4_Signal(notification);
    CHECK_DONE(&actor);
}

TEST("3.7 restart: deleting the endpoint repeats the ecalls of its senders, which then find an empty slot")
{
    set_up();
    actor_start(&actor, SYS_CALL, endpoint, info(7, 0, 2));
    actor_start(&partner, SYS_SEND, endpoint, info(7, 0, 2));
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, endpoint, 64));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a1, info(seL4_InvalidCapability, 0, 1));
    CHECK_DONE(&partner);
    CHECK_KEPT(&partner, 0);
}

TEST("3.7 restart: deleting the endpoint repeats the ecalls of its receivers, which then fault")
{
    set_up();
    actor_start(&actor, SYS_RECV, endpoint, 0);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, endpoint, 64));
    CHECK_FAULTED(&actor);
    CHECK_EQUAL(actor.label, 1);
    CHECK_EQUAL(actor.words[1], endpoint);
    CHECK_EQUAL(actor.words[2], 1);
    CHECK_EQUAL(actor.words[3], 2);
}

TEST("3.7 restart: deleting one of several capabilities to an endpoint disturbs nobody")
{
    set_up();
    seL4_CPtr copy = test_mint(endpoint, seL4_AllRights, 0);
    actor_start(&actor, SYS_RECV, endpoint, 0);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, endpoint, 64));
    CHECK_WAITS(&actor);
    seL4_Send(copy, seL4_MessageInfo_new(5, 0, 0, 0));
    CHECK_DONE(&actor);
}

TEST("3.7 restart: final deletion of a notification repeats the ecalls of its waiters")
{
    set_up();
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    actor_start(&actor, SYS_RECV, notification, 0);
    actor_start(&partner, SYS_RECV, notification, 0);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, notification, 64));
    CHECK_FAULTED(&actor);
    CHECK_EQUAL(actor.words[1], notification);
    CHECK_FAULTED(&partner);
}

TEST("3.7 restart: final deletion of an endpoint with 14 threads lets all of them go on")
{
    struct actor actors[14];

    endpoint = test_object(seL4_EndpointObject, 0);
    for (unsigned i = 0; i < 14; i++) {
        actors[i] = actor_new();
        actor_start(&actors[i], SYS_SEND, endpoint, 0);
    }
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, endpoint, 64));
    for (unsigned i = 0; i < 14; i++) {
        CHECK_DONE(&actors[i]);
    }
}

TEST("3.7 restart: CancelBadgedSends repeats the ecalls of exactly the senders with the badge")
{
    set_up();
    seL4_CPtr one = test_mint(endpoint, seL4_AllRights, 1), two = test_mint(endpoint, seL4_AllRights, 2);
    seL4_Word badge;
    actor_start(&actor, SYS_SEND, one, info(1, 0, 2));
    actor_start(&partner, SYS_SEND, two, info(2, 0, 2));
    CHECK_OK(seL4_CNode_CancelBadgedSends(seL4_CapInitThreadCNode, one, 64));
    /* The first one sent again and is now behind the second. */
    CHECK_EQUAL(seL4_NBRecv(endpoint, &badge).words[0], info(2, 0, 2));
    CHECK_EQUAL(badge, 2);
    CHECK_EQUAL(seL4_NBRecv(endpoint, &badge).words[0], info(1, 0, 2));
    CHECK_EQUAL(badge, 1);
    CHECK_DONE(&actor);
    CHECK_DONE(&partner);
}

static volatile seL4_Word count;

static void count_up(void *arg)
{
    for (;;) {
        count++;
    }
}

TEST("3.7 restart: Suspend of a running thread, later Resume, goes on where it was interrupted")
{
    struct test_thread *thread = test_thread_create(count_up, NULL, TEST_PRIORITY, 0);
    seL4_UserContext before = { 0 }, after = { 0 };

    count = 0;
    test_thread_start(thread);
    while (count < 1000) {
        seL4_Yield();
    }
    CHECK_OK(seL4_TCB_Suspend(thread->tcb));
    CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, false, 0, 32, &before));
    seL4_Word stopped = count;
    seL4_Yield();
    CHECK_EQUAL(count, stopped);
    CHECK_OK(seL4_TCB_ReadRegisters(thread->tcb, false, 0, 32, &after));
    CHECK_EQUAL(after.pc, before.pc);
    CHECK_OK(seL4_TCB_Resume(thread->tcb));
    while (count < stopped + 1000) {
        seL4_Yield();
    }
}

static seL4_CPtr signalled;

static void signal_and_count(void *arg)
{
    seL4_Signal(signalled);
    count++;
    seL4_Signal(signalled);
    count++;
    for (;;) {
        seL4_Yield();
    }
}

TEST("3.7 restart: Suspend behind a completed ecall, later Resume, does not repeat the ecall")
{
    struct test_thread *thread = test_thread_create(signal_and_count, NULL, TEST_PRIORITY - 1, 0);
    seL4_Word word;

    count = 0;
    signalled = test_object(seL4_NotificationObject, 0);
    test_thread_start(thread);
    for (seL4_Word i = 1; i <= 2; i++) {
        /* The signal switches here at once; the other one has not gone on. */
        seL4_Wait(signalled, NULL);
        CHECK_OK(seL4_TCB_Suspend(thread->tcb));
        CHECK_EQUAL(count, i - 1);
        CHECK_OK(seL4_TCB_Resume(thread->tcb));
    }
    seL4_Poll(signalled, &word);
    CHECK_EQUAL(word, 0);
    while (count < 2) {
        CHECK_OK(seL4_TCB_SetPriority(thread->tcb, seL4_CapInitThreadTCB, TEST_PRIORITY));
        seL4_Yield();
    }
    CHECK_EQUAL(count, 2);
}

TEST("3.7 restart: Suspend of a thread blocked in Send, later Resume, repeats the ecall")
{
    set_up();
    actor_start(&actor, SYS_SEND, endpoint, info(7, 0, 2));
    CHECK_OK(seL4_TCB_Suspend(actor.tcb));
    CHECK_WAITS(&actor);
    CHECK_EQUAL(actor.got.pc, (seL4_Word)actor_ecall);
    seL4_Word badge;
    seL4_NBRecv(endpoint, &badge);
    CHECK_EQUAL(badge, 0);
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    check_sent(7);
    CHECK_DONE(&actor);
}

TEST("3.7 restart: Suspend of a thread blocked in Recv, later Resume, repeats the ecall")
{
    set_up();
    actor_start(&actor, SYS_RECV, endpoint, 0);
    CHECK_OK(seL4_TCB_Suspend(actor.tcb));
    seL4_NBSend(endpoint, seL4_MessageInfo_new(4, 0, 0, 0));
    CHECK_WAITS(&actor);
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    seL4_NBSend(endpoint, seL4_MessageInfo_new(5, 0, 0, 0));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a1, info(5, 0, 0));
}

TEST("3.7 restart: Suspend of a thread blocked on reply, later Resume, calls again")
{
    set_up();
    actor_start(&actor, SYS_CALL, endpoint, info(7, 0, 2));
    check_sent(7);
    CHECK_OK(seL4_TCB_Suspend(actor.tcb));
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    check_sent(7);
    seL4_Reply(seL4_MessageInfo_new(3, 0, 0, 0));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a1, info(3, 0, 0));
}

TEST("3.7 restart: a thread that suspends itself suspends itself again after Resume")
{
    set_up();
    for (unsigned i = 0; i < 3; i++) {
        if (i == 0) {
            actor_start(&actor, SYS_CALL, actor.tcb, info(TCBSuspend, 0, 0));
        } else {
            CHECK_OK(seL4_TCB_Resume(actor.tcb));
        }
        CHECK_WAITS(&actor);
        CHECK_EQUAL(actor.got.pc, (seL4_Word)actor_ecall);
    }
}

TEST("3.7 restart: WriteRegisters decides where a stopped thread goes on")
{
    set_up();
    actor_start(&actor, SYS_RECV, endpoint, 0);
    CHECK_OK(seL4_TCB_Suspend(actor.tcb));
    actor_fill(&actor);
    actor_run(&actor, actor_done);
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
}

TEST("3.7 restart: WriteRegisters of a thread that is blocked takes effect when it is resumed")
{
    set_up();
    actor_start(&actor, SYS_RECV, endpoint, 0);
    actor.set.pc = (seL4_Word)actor_done;
    CHECK_OK(seL4_TCB_WriteRegisters(actor.tcb, false, 0, 1, &actor.set));
    CHECK_WAITS(&actor);
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    CHECK_DONE(&actor);
}

TEST("3.7 restart: CopyRegisters with frame registers decides where the target goes on")
{
    set_up();
    partner.set.pc = (seL4_Word)actor_illegal;
    CHECK_OK(seL4_TCB_WriteRegisters(partner.tcb, false, 0, 32, &partner.set));
    actor_start(&actor, SYS_RECV, endpoint, 0);
    CHECK_OK(seL4_TCB_CopyRegisters(actor.tcb, partner.tcb, false, false, true, false, 0));
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    CHECK_FAULTED(&actor);
    CHECK_EQUAL(actor.words[0], (seL4_Word)actor_illegal);
    CHECK_EQUAL(actor.got.s5, partner.set.s5);
    CHECK_EQUAL(actor.got.t5, actor.set.t5);
}

TEST("3.7 restart: Resume of a thread blocked on reply destroys the reply cap and repeats the ecall")
{
    seL4_CPtr slot = test_slot();

    set_up();
    actor_start(&actor, SYS_CALL, endpoint, info(7, 0, 2));
    check_sent(7);
    CHECK_OK(seL4_CNode_SaveCaller(seL4_CapInitThreadCNode, slot, 64));
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    CHECK(!test_slot_used(slot));
    check_sent(7);
}

TEST("3.7 restart: Resume of a thread blocked on a fault reply clears the fault and repeats the instruction")
{
    seL4_CPtr slot = test_slot(), page = test_object(seL4_RISCV_4K_Page, 0);

    set_up();
    actor.set.a0 = 0x2000000000;
    actor_run(&actor, actor_load);
    CHECK_FAULTED(&actor);
    CHECK_OK(seL4_CNode_SaveCaller(seL4_CapInitThreadCNode, slot, 64));
    CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, page, 0x2000000000, seL4_AllRights, 0));
    CHECK_OK(seL4_TCB_Resume(actor.tcb));
    CHECK(!test_slot_used(slot));
    CHECK_FAULTED(&actor);
    CHECK_EQUAL(actor.label, 3); /* the breakpoint: the load has succeeded, and no fault is left */
    actor_start(&actor, SYS_SEND, endpoint, info(7, 0, 2));
    check_sent(7);
}

TEST("3.7 restart: Resume of a running thread does nothing")
{
    struct test_thread *thread = test_thread_create(count_up, NULL, TEST_PRIORITY, 0);

    count = 0;
    test_thread_start(thread);
    for (unsigned i = 0; i < 100; i++) {
        CHECK_OK(seL4_TCB_Resume(thread->tcb));
        seL4_Yield();
    }
    seL4_Word before = count;
    while (count == before) {
        seL4_Yield();
    }
}

TEST("3.7 restart: a preempted Delete of a large CNode is repeated until it is complete")
{
    set_up();
    seL4_CPtr cnode = test_object(seL4_CapTableObject, 12);
    for (seL4_Word i = 0; i < 4096; i++) {
        CHECK_OK(seL4_CNode_Copy(cnode, i, 12, seL4_CapInitThreadCNode, endpoint, 64, seL4_AllRights));
    }
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, endpoint, 64));
    actor_start_with(&actor, SYS_CALL, seL4_CapInitThreadCNode, info(CNodeDelete, 0, 2), cnode, 64, 0, 0);
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a1, 0);
    CHECK_KEPT(&actor, ACTOR_INFO);
    CHECK(!test_slot_used(cnode));
}
