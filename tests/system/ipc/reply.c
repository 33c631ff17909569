/*
 * 1.9 Reply and reply capabilities.
 */
#include "actor.h"

static seL4_CPtr endpoint, slot;
static struct actor caller, server;

static void set_up(void)
{
    endpoint = test_object(seL4_EndpointObject, 0);
    slot = test_slot();
    caller = actor_new();
    server = actor_new();
}

/* The caller's call is received by the server, whose reply capability goes into the slot. */
static void save_caller(void)
{
    actor_start(&caller, SYS_CALL, endpoint, info(1, 0, 0));
    actor_start(&server, SYS_RECV, endpoint, 0);
    CHECK_DONE(&server);
    actor_start_with(&server, SYS_CALL, seL4_CapInitThreadCNode, info(CNodeSaveCaller, 0, 2), slot, 64, 0, 0);
    CHECK_DONE(&server);
    CHECK_EQUAL(server.got.a1, 0);
    CHECK(test_slot_used(slot));
}

TEST("1.9 Reply, caller slot empty: nothing happens")
{
    set_up();
    actor_start(&server, SYS_REPLY, 0, info(1, 3, 120));
    CHECK_DONE(&server);
    CHECK_KEPT(&server, 0);
}

TEST("1.9 Reply to a Call: the caller resumes behind its ecall with a0 = 0 and the message")
{
    set_up();
    actor_start(&caller, SYS_CALL, endpoint, info(1, 0, 0));
    actor_start(&server, SYS_RECV, endpoint, 0);
    CHECK_DONE(&server);
    actor_start(&server, SYS_REPLY, 0, info(7, 0, 6));
    CHECK_DONE(&server);
    CHECK_DONE(&caller);
    CHECK_EQUAL(caller.got.a0, 0);
    CHECK_EQUAL(caller.got.a1, info(7, 0, 6));
    CHECK_EQUAL(caller.got.a5, server.set.a5);
    CHECK_EQUAL(caller.buffer->msg[5], server.buffer->msg[5]);
    CHECK_KEPT(&caller, ACTOR_ALL);
}

TEST("1.9 Reply: only the first one counts")
{
    set_up();
    actor_start(&caller, SYS_CALL, endpoint, info(1, 0, 0));
    actor_start(&server, SYS_RECV, endpoint, 0);
    CHECK_DONE(&server);
    actor_start(&server, SYS_REPLY, 0, info(7, 0, 0));
    CHECK_DONE(&server);
    actor_start(&caller, SYS_RECV, endpoint, 0);
    actor_start(&server, SYS_REPLY, 0, info(8, 0, 0));
    CHECK_DONE(&server);
    CHECK_EQUAL(actor_look(&caller), ACTOR_WAITS);
}

TEST("1.9 Reply: a server that was suspended in between, and whose registers were written, can still answer")
{
    set_up();
    actor_start(&caller, SYS_CALL, endpoint, info(1, 0, 0));
    actor_start(&server, SYS_RECV, endpoint, 0);
    CHECK_DONE(&server);
    CHECK_OK(seL4_TCB_Suspend(server.tcb));
    CHECK_EQUAL(actor_look(&caller), ACTOR_WAITS);
    actor_start(&server, SYS_REPLY, 0, info(7, 0, 1));
    CHECK_DONE(&server);
    CHECK_DONE(&caller);
    CHECK_EQUAL(caller.got.a1, info(7, 0, 1));
}

TEST("1.9 Saved reply cap: Send performs the reply and the capability disappears")
{
    set_up();
    save_caller();
    actor_start(&server, SYS_SEND, slot, info(7, 0, 4));
    CHECK_DONE(&server);
    CHECK_KEPT(&server, 0);
    CHECK_DONE(&caller);
    CHECK_EQUAL(caller.got.a0, 0);
    CHECK_EQUAL(caller.got.a1, info(7, 0, 4));
    CHECK_EQUAL(caller.got.a5, server.set.a5);
    CHECK(!test_slot_used(slot));
}

TEST("1.9 Saved reply cap: NBSend performs the reply and the capability disappears")
{
    set_up();
    save_caller();
    actor_start(&server, SYS_NB_SEND, slot, info(7, 0, 5));
    CHECK_DONE(&server);
    CHECK_KEPT(&server, 0);
    CHECK_DONE(&caller);
    CHECK_EQUAL(caller.got.a1, info(7, 0, 5));
    CHECK_EQUAL(caller.buffer->msg[4], server.buffer->msg[4]);
    CHECK(!test_slot_used(slot));
}

TEST("1.9 Saved reply cap: Call performs the reply and gets the empty success answer")
{
    set_up();
    save_caller();
    actor_start(&server, SYS_CALL, slot, info(7, 0, 1));
    CHECK_DONE(&server);
    CHECK_EQUAL(server.got.a0, 0);
    CHECK_EQUAL(server.got.a1, 0);
    CHECK_KEPT(&server, ACTOR_INFO);
    CHECK_DONE(&caller);
    CHECK_EQUAL(caller.got.a1, info(7, 0, 1));
    CHECK(!test_slot_used(slot));
}

TEST("1.9 Saved reply cap: the caller slot is empty after SaveCaller")
{
    set_up();
    save_caller();
    actor_start(&server, SYS_REPLY, 0, info(7, 0, 0));
    CHECK_DONE(&server);
    CHECK_WAITS(&caller);
}

TEST("1.9 Saved reply cap: it outlives further receives, and many can be held")
{
    struct actor callers[3];
    seL4_CPtr slots[3];

    set_up();
    for (unsigned i = 0; i < 3; i++) {
        callers[i] = caller = actor_new();
        slots[i] = slot = test_slot();
        save_caller();
    }
    for (unsigned i = 3; i-- > 0;) {
        actor_start(&server, SYS_SEND, slots[i], info(i, 0, 0));
        CHECK_DONE(&server);
        CHECK_DONE(&callers[i]);
        CHECK_EQUAL(callers[i].got.a1, info(i, 0, 0));
    }
}

TEST("1.9 Saved reply cap: whoever has it may reply, also another thread")
{
    struct actor other;

    set_up();
    other = actor_new();
    save_caller();
    actor_start(&other, SYS_SEND, slot, info(7, 0, 4));
    CHECK_DONE(&other);
    CHECK_DONE(&caller);
    CHECK_EQUAL(caller.got.a5, other.set.a5);
}

TEST("1.9 Copy and Mint of a reply cap: illegal operation")
{
    set_up();
    save_caller();
    CHECK_ERROR(seL4_CNode_Copy(seL4_CapInitThreadCNode, test_slot(), 64, seL4_CapInitThreadCNode, slot, 64,
                                seL4_AllRights),
                seL4_IllegalOperation);
    CHECK_ERROR(seL4_CNode_Mint(seL4_CapInitThreadCNode, test_slot(), 64, seL4_CapInitThreadCNode, slot, 64,
                                seL4_AllRights, 0),
                seL4_IllegalOperation);
    CHECK(test_slot_used(slot));
}

TEST("1.9 Move, Mutate and Rotate of a reply cap are allowed, and it still works")
{
    seL4_CPtr second = test_slot(), third = test_slot(), fourth = test_slot();

    set_up();
    save_caller();
    CHECK_OK(seL4_CNode_Move(seL4_CapInitThreadCNode, second, 64, seL4_CapInitThreadCNode, slot, 64));
    CHECK_OK(seL4_CNode_Mutate(seL4_CapInitThreadCNode, third, 64, seL4_CapInitThreadCNode, second, 64, 0));
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);
    CHECK_OK(seL4_CNode_Rotate(seL4_CapInitThreadCNode, fourth, 64, 0, seL4_CapInitThreadCNode, third, 64, 0,
                               seL4_CapInitThreadCNode, frame, 64));
    CHECK(!test_slot_used(slot));
    CHECK(!test_slot_used(second));
    CHECK_OK(seL4_RISCV_Page_GetAddress(third).error);
    actor_start(&server, SYS_SEND, fourth, info(9, 0, 0));
    CHECK_DONE(&server);
    CHECK_DONE(&caller);
    CHECK_EQUAL(caller.got.a1, info(9, 0, 0));
    CHECK(!test_slot_used(fourth));
}

TEST("1.9 Caller suspended: its saved reply cap vanishes")
{
    set_up();
    save_caller();
    CHECK_OK(seL4_TCB_Suspend(caller.tcb));
    CHECK(!test_slot_used(slot));
}

TEST("1.9 Caller deleted: its saved reply cap vanishes")
{
    set_up();
    save_caller();
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, caller.tcb, 64));
    CHECK(!test_slot_used(slot));
}

TEST("1.9 Caller resumed: its saved reply cap vanishes and it calls again")
{
    set_up();
    save_caller();
    CHECK_OK(seL4_TCB_Resume(caller.tcb));
    CHECK(!test_slot_used(slot));
    actor_start(&server, SYS_RECV, endpoint, 0);
    CHECK_DONE(&server);
    CHECK_EQUAL(server.got.a1, info(1, 0, 0));
}

TEST("1.9 Caller unblocked: a reply cap in the caller slot vanishes, too")
{
    set_up();
    actor_start(&caller, SYS_CALL, endpoint, info(1, 0, 0));
    actor_start(&server, SYS_RECV, endpoint, 0);
    CHECK_DONE(&server);
    CHECK_OK(seL4_TCB_Suspend(caller.tcb));
    actor_start_with(&server, SYS_CALL, seL4_CapInitThreadCNode, info(CNodeSaveCaller, 0, 2), slot, 64, 0, 0);
    CHECK_DONE(&server);
    CHECK_EQUAL(server.got.a1, 0);
    CHECK(!test_slot_used(slot));
}

TEST("1.9 Server deleted: the caller stays blocked until somebody resumes it")
{
    set_up();
    actor_start(&caller, SYS_CALL, endpoint, info(1, 0, 0));
    actor_start(&server, SYS_RECV, endpoint, 0);
    CHECK_DONE(&server);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, server.tcb, 64));
    CHECK_WAITS(&caller);
    CHECK_OK(seL4_TCB_Resume(caller.tcb));
    seL4_Word badge;
    CHECK_EQUAL(seL4_Recv(endpoint, &badge).words[0], info(1, 0, 0));
}
