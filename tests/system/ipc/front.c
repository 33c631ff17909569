/*
 * 1.5 Call, Send and NBSend: the common front end, in the order of its steps.
 */
#include "actor.h"

/* A pointer that does not resolve: the root CNode's guard is 0. */
#define BAD_POINTER 0xdead000000000001

static struct actor actor;

static seL4_Word call(seL4_CPtr pointer, seL4_Word word)
{
    actor_start(&actor, SYS_CALL, pointer, word);
    return actor_look(&actor);
}

static void check_bad_pointer_fault(seL4_Word pointer)
{
    CHECK_EQUAL(actor.label, seL4_Fault_CapFault);
    CHECK_EQUAL(actor.length, 7);
    CHECK_EQUAL(actor.words[0], (seL4_Word)actor_ecall);
    CHECK_EQUAL(actor.words[1], pointer);
    CHECK_EQUAL(actor.words[2], 0);
    CHECK_EQUAL(actor.words[3], 4);
    CHECK_EQUAL(actor.words[4], 64);
    CHECK_EQUAL(actor.words[5], 0);
    CHECK_EQUAL(actor.words[6], 52);
}

TEST("1.5 step 1, Call: a pointer that does not resolve is a send-phase capability fault")
{
    actor = actor_new();
    CHECK_EQUAL(call(BAD_POINTER, 0), ACTOR_FAULTED);
    check_bad_pointer_fault(BAD_POINTER);
}

TEST("1.5 step 1, Send: a pointer that does not resolve is a send-phase capability fault")
{
    actor = actor_new();
    actor_start(&actor, SYS_SEND, BAD_POINTER, 0);
    CHECK_FAULTED(&actor);
    check_bad_pointer_fault(BAD_POINTER);
}

TEST("1.5 step 1, NBSend: a pointer that does not resolve is ignored")
{
    actor = actor_new();
    actor_start(&actor, SYS_NB_SEND, BAD_POINTER, info(1, 0, 4));
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
}

TEST("1.5 step 2, Call and Send: an extra capability that does not resolve is a fault at its pointer")
{
    static const long numbers[] = { SYS_CALL, SYS_SEND };
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    actor = actor_new();

    for (unsigned n = 0; n < 2; n++) {
        for (unsigned bad = 0; bad < 3; bad++) {
            for (unsigned i = 0; i < 3; i++) {
                actor.buffer->caps_or_badges[i] = i == bad ? BAD_POINTER + i : endpoint;
            }
            actor_start(&actor, numbers[n], endpoint, info(1, 3, 0));
            CHECK_FAULTED(&actor);
            check_bad_pointer_fault(BAD_POINTER + bad);
        }
    }
}

TEST("1.5 step 2, NBSend: an extra capability that does not resolve drops the message")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    struct actor receiver = actor_new();
    actor = actor_new();

    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor.buffer->caps_or_badges[0] = BAD_POINTER;
    actor_start(&actor, SYS_NB_SEND, endpoint, info(1, 1, 0));
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
    CHECK_WAITS(&receiver);
}

TEST("1.5 step 2: without a usable buffer extra capabilities are not looked at")
{
    actor = actor_new();
    actor.buffer->caps_or_badges[0] = BAD_POINTER;
    CHECK_OK(seL4_TCB_SetIPCBuffer(actor.tcb, 0, 0));
    CHECK_EQUAL(call(test_object(seL4_EndpointObject, 0), info(1, 1, 0)), ACTOR_WAITS);
    CHECK_EQUAL(call(actor.thread->buffer_frame, info(RISCVPageGetAddress, 1, 0)), ACTOR_DONE);
    CHECK_EQUAL(actor.got.a1, info(0, 0, 1));
}

TEST("1.5 steps 1 before 2: the invoked pointer's fault comes before an extra capability's")
{
    actor = actor_new();
    actor.buffer->caps_or_badges[0] = BAD_POINTER + 1;
    CHECK_EQUAL(call(BAD_POINTER, info(1, 1, 0)), ACTOR_FAULTED);
    check_bad_pointer_fault(BAD_POINTER);
}

TEST("1.5 steps 2 before 3: an extra capability's fault comes before the answer for an empty slot")
{
    actor = actor_new();
    actor.buffer->caps_or_badges[0] = BAD_POINTER;
    CHECK_EQUAL(call(seL4_CapNull, info(1, 1, 0)), ACTOR_FAULTED);
    check_bad_pointer_fault(BAD_POINTER);
}

TEST("1.5 step 3, Call: an empty slot answers invalid capability 0")
{
    actor = actor_new();
    CHECK_EQUAL(call(seL4_CapNull, info(1, 0, 4)), ACTOR_DONE);
    CHECK_EQUAL(actor.got.a0, 0);
    CHECK_EQUAL(actor.got.a1, info(seL4_InvalidCapability, 0, 1));
    CHECK_EQUAL(actor.got.a2, 0);
    CHECK_KEPT(&actor, ACTOR_INFO | ACTOR_A2);
}

TEST("1.5 step 3, Send and NBSend: an empty slot is ignored")
{
    actor = actor_new();
    actor_start(&actor, SYS_SEND, seL4_CapNull, info(1, 0, 4));
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
    actor_start(&actor, SYS_NB_SEND, seL4_CapNull, info(1, 0, 4));
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
}

TEST("1.5 step 4, Call: a decode error is the label of the answer")
{
    actor = actor_new();
    CHECK_EQUAL(call(test_arena, info(UntypedRetype, 0, 4)), ACTOR_DONE);
    CHECK_EQUAL(actor.got.a0, 0);
    CHECK_EQUAL(actor.got.a1, info(seL4_TruncatedMessage, 0, 0));
    CHECK_KEPT(&actor, ACTOR_INFO);
}

TEST("1.5 step 4, Send and NBSend: a decode error is not told")
{
    actor = actor_new();
    actor_start(&actor, SYS_SEND, test_arena, info(UntypedRetype, 0, 4));
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
    actor_start(&actor, SYS_NB_SEND, test_arena, info(UntypedRetype, 0, 4));
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
}

/* Sets another thread's thread pointer with the given system call. */
static void set_tls_base(long number, seL4_Word value)
{
    struct actor target = actor_new();

    actor = actor_new();
    actor_start_with(&actor, number, target.tcb, info(TCBSetTLSBase, 0, 1), value, 0, 0, 0);
    CHECK_DONE(&actor);
    actor_read(&target);
    CHECK_EQUAL(target.got.tp, value);
}

TEST("1.5 step 5, Call: success on a kernel object is answered with label 0, length 0, badge 0")
{
    set_tls_base(SYS_CALL, 0x1234);
    CHECK_EQUAL(actor.got.a0, 0);
    CHECK_EQUAL(actor.got.a1, 0);
    CHECK_KEPT(&actor, ACTOR_INFO);
}

TEST("1.5 step 5, Send: the operation is done without an answer")
{
    set_tls_base(SYS_SEND, 0x1235);
    CHECK_KEPT(&actor, 0);
}

TEST("1.5 step 5, NBSend: the operation is done without an answer")
{
    set_tls_base(SYS_NB_SEND, 0x1236);
    CHECK_KEPT(&actor, 0);
}

TEST("1.5 Kernel answer: words 4 and up are in the buffer, as many as the length says, and no more")
{
    struct actor target = actor_new();

    actor = actor_new();
    for (unsigned count = 1; count <= 32; count++) {
        actor_start_with(&actor, SYS_CALL, target.tcb, info(TCBReadRegisters, 0, 2), 0, count, 0, 0);
        CHECK_DONE(&actor);
        CHECK_EQUAL(actor.got.a1, info(0, 0, count));
        actor_read(&target);
        const seL4_Word *words = (const seL4_Word *)&target.got;
        for (unsigned i = 0; i < count; i++) {
            CHECK_EQUAL(i < 4 ? actor_word(&actor.got, i) : actor.buffer->msg[i], words[i]);
        }
        CHECK_EQUAL(actor.buffer->msg[count < 4 ? 4 : count],
                    0x3300000000000000 | actor.tcb << 32 | (count < 4 ? 4 : count));
    }
}

TEST("1.5 Preempted long operations: revoking 4000 capabilities while ticks come returns once, complete")
{
    seL4_CPtr cnode = test_object(seL4_CapTableObject, 12), root = test_slot();
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    CHECK_OK(seL4_CNode_Mint(seL4_CapInitThreadCNode, root, 64, seL4_CapInitThreadCNode, cnode, 64,
                             seL4_AllRights, seL4_CNode_CapData_new(0, 52).words[0]));
    actor = actor_new();
    for (unsigned round = 0; round < SOAK_OR(20, 2); round++) {
        for (seL4_Word i = 0; i < 4000; i++) {
            CHECK_OK(seL4_CNode_Copy(cnode, i, 12, seL4_CapInitThreadCNode, endpoint, 64, seL4_AllRights));
        }
        actor_start_with(&actor, SYS_CALL, seL4_CapInitThreadCNode, info(CNodeRevoke, 0, 2), endpoint, 64, 0,
                         0);
        CHECK_DONE(&actor);
        CHECK_EQUAL(actor.got.a1, 0);
        CHECK_KEPT(&actor, ACTOR_INFO);
        for (seL4_Word i = 0; i < 4000; i++) {
            CHECK_EQUAL(seL4_CNode_Move(cnode, i, 12, seL4_CapInitThreadCNode, seL4_CapNull, 64),
                        seL4_FailedLookup);
        }
    }
}
