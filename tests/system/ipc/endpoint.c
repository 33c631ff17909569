/*
 * 1.6 Endpoint invocation: rights, queueing, what is delivered, and who may be answered.
 */
#include "actor.h"

#define SENDERS 4

static seL4_CPtr endpoint;
static struct actor sender, receiver;

static void set_up(void)
{
    endpoint = test_object(seL4_EndpointObject, 0);
    sender = actor_new();
    receiver = actor_new();
}

TEST("1.6 Write right: Call without it answers invalid capability 0")
{
    set_up();
    actor_start(&sender, SYS_CALL, test_mint(endpoint, seL4_NoWrite, 0), info(1, 0, 4));
    CHECK_DONE(&sender);
    CHECK_EQUAL(sender.got.a0, 0);
    CHECK_EQUAL(sender.got.a1, info(seL4_InvalidCapability, 0, 1));
    CHECK_EQUAL(sender.got.a2, 0);
    CHECK_KEPT(&sender, ACTOR_INFO | ACTOR_A2);
}

TEST("1.6 Write right: Send and NBSend without it deliver nothing and say nothing")
{
    set_up();
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_SEND, test_mint(endpoint, seL4_NoWrite, 0), info(1, 0, 4));
    CHECK_DONE(&sender);
    CHECK_KEPT(&sender, 0);
    actor_start(&sender, SYS_NB_SEND, test_mint(endpoint, seL4_NoWrite, 0), info(1, 0, 4));
    CHECK_DONE(&sender);
    CHECK_KEPT(&sender, 0);
    CHECK_WAITS(&receiver);
}

TEST("1.6 Write right: it alone is enough for Send")
{
    set_up();
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_SEND, test_mint(endpoint, seL4_CanWrite, 3), info(1, 0, 4));
    CHECK_DONE(&sender);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a0, 3);
}

TEST("1.6 receiver waiting: the longest-waiting receiver gets the message")
{
    struct actor receivers[SENDERS];

    set_up();
    for (unsigned i = 0; i < SENDERS; i++) {
        receivers[i] = actor_new();
        actor_start(&receivers[i], SYS_RECV, endpoint, 0);
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        actor_start(&sender, i % 2 ? SYS_SEND : SYS_NB_SEND, endpoint, info(i, 0, 0));
        CHECK_DONE(&sender);
        for (unsigned j = i + 1; j < SENDERS; j++) {
            CHECK_WAITS(&receivers[j]);
        }
        CHECK_DONE(&receivers[i]);
        CHECK_EQUAL(receivers[i].got.a1, info(i, 0, 0));
    }
}

TEST("1.6 none waiting: Send and Call block the caller")
{
    set_up();
    actor_start(&sender, SYS_SEND, endpoint, info(1, 0, 0));
    CHECK_WAITS(&sender);
    CHECK_EQUAL(sender.got.pc, (seL4_Word)actor_ecall);
    actor_start(&sender, SYS_CALL, endpoint, info(1, 0, 0));
    CHECK_WAITS(&sender);
    CHECK_EQUAL(sender.got.pc, (seL4_Word)actor_ecall);
}

TEST("1.6 none waiting: NBSend drops the message without a sign")
{
    set_up();
    actor_start(&sender, SYS_NB_SEND, endpoint, info(1, 0, 4));
    CHECK_DONE(&sender);
    CHECK_KEPT(&sender, 0);
    actor_start(&receiver, SYS_NB_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a0, 0);
}

TEST("1.6 Queue order: first come, first served, whatever the priorities")
{
    static const seL4_Word priorities[SENDERS] = { 105, 130, 101, 120 };
    struct actor senders[SENDERS];

    set_up();
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = actor_new_at(priorities[i]);
        actor_start(&senders[i], i % 2 ? SYS_CALL : SYS_SEND, endpoint, info(i, 0, 0));
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        actor_start(&receiver, SYS_RECV, endpoint, 0);
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a1, info(i, 0, 0));
    }
}

TEST("1.6 Queue order: a sender that is taken out of the middle leaves the others in order")
{
    struct actor senders[SENDERS];

    set_up();
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = actor_new();
        actor_start(&senders[i], SYS_SEND, endpoint, info(i, 0, 0));
    }
    CHECK_OK(seL4_TCB_Suspend(senders[1].tcb));
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, senders[3].tcb, 64));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(0, 0, 0));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(2, 0, 0));
    actor_start(&receiver, SYS_NB_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a0, 0);
}

TEST("1.6 Badge delivered: that of the capability that the sender used, all 64 bits")
{
    static const seL4_Word badges[] = { 0, 1, 0x8000000000000000, ~0ul, 0x123456789abcdef0 };

    for (unsigned i = 0; i < sizeof(badges) / sizeof(badges[0]); i++) {
        set_up();
        seL4_CPtr badged = test_mint(endpoint, seL4_AllRights, badges[i]);
        actor_start(&sender, SYS_SEND, badged, info(1, 0, 0));
        actor_start(&receiver, SYS_RECV, endpoint, ~0ul);
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a0, badges[i]);
        actor_start(&receiver, SYS_RECV, endpoint, ~0ul);
        actor_start(&sender, SYS_CALL, badged, info(1, 0, 5));
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a0, badges[i]);
        test_reset();
    }
}

TEST("1.6 Badge delivered: the badge of a queued sender stays when its capability is deleted")
{
    set_up();
    seL4_CPtr badged = test_mint(endpoint, seL4_AllRights, 99);
    actor_start(&sender, SYS_SEND, badged, info(1, 0, 0));
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, badged, 64));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a0, 99);
}

/* Calls with these rights and tells whether the reply arrives. */
static bool call_is_answered(seL4_CapRights_t rights, bool receiver_first, seL4_Word length)
{
    set_up();
    seL4_CPtr cap = test_mint(endpoint, rights, 1);
    if (receiver_first) {
        actor_start(&receiver, SYS_RECV, endpoint, 0);
        CHECK_WAITS(&receiver);
        actor_start(&sender, SYS_CALL, cap, info(1, 0, length));
    } else {
        actor_start(&sender, SYS_CALL, cap, info(1, 0, length));
        actor_start(&receiver, SYS_RECV, endpoint, 0);
    }
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, length));
    CHECK_WAITS(&sender);
    actor_start(&receiver, SYS_REPLY, 0, info(2, 0, length));
    CHECK_DONE(&receiver);
    bool answered = actor_look(&sender) == ACTOR_DONE;
    test_reset();
    return answered;
}

TEST("1.6 Call with Grant: the caller is answered")
{
    seL4_CapRights_t rights = seL4_CapRights_new(0, 1, 0, 1);

    CHECK(call_is_answered(rights, true, 2));
    CHECK(call_is_answered(rights, false, 2));
    CHECK(call_is_answered(rights, true, 10));
}

TEST("1.6 Call with GrantReply: the caller is answered")
{
    seL4_CapRights_t rights = seL4_CapRights_new(1, 0, 0, 1);

    CHECK(call_is_answered(rights, true, 2));
    CHECK(call_is_answered(rights, false, 2));
    CHECK(call_is_answered(rights, true, 10));
}

TEST("1.6 Call with neither right: the message is delivered and the caller is never answered")
{
    CHECK(!call_is_answered(seL4_ReadWrite, true, 2));
    CHECK(!call_is_answered(seL4_ReadWrite, false, 2));
    CHECK(!call_is_answered(seL4_CanWrite, true, 10));
}

TEST("1.6 Call with neither right: the caller is Inactive, and Resume repeats its call")
{
    set_up();
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_CALL, test_mint(endpoint, seL4_ReadWrite, 0), info(1, 0, 1));
    CHECK_DONE(&receiver);
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_WAITS(&receiver);
    CHECK_OK(seL4_TCB_Resume(sender.tcb));
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 1));
}

/* Whether a reply may carry a capability, if the receiver's endpoint capability has these rights. */
static bool reply_carries(seL4_CapRights_t rights, bool receiver_first)
{
    set_up();
    seL4_CPtr receive_from = test_mint(endpoint, rights, 0), slot = test_slot();
    sender.buffer->receiveCNode = seL4_CapInitThreadCNode;
    sender.buffer->receiveIndex = slot;
    sender.buffer->receiveDepth = 64;
    receiver.buffer->caps_or_badges[0] = test_object(seL4_EndpointObject, 0);
    if (receiver_first) {
        actor_start(&receiver, SYS_RECV, receive_from, 0);
    }
    actor_start(&sender, SYS_CALL, endpoint, info(1, 0, 1));
    if (!receiver_first) {
        actor_start(&receiver, SYS_RECV, receive_from, 0);
    }
    CHECK_DONE(&receiver);
    actor_start(&receiver, SYS_REPLY, 0, info(1, 1, 1));
    CHECK_DONE(&sender);
    bool carried = test_slot_used(slot);
    CHECK_EQUAL(sender.got.a1, info(1, carried, 1));
    test_reset();
    return carried;
}

TEST("1.6 Reply cap right: replies carry capabilities if the receiver's endpoint had Grant")
{
    CHECK(reply_carries(seL4_AllRights, true));
    CHECK(reply_carries(seL4_AllRights, false));
    CHECK(reply_carries(seL4_CapRights_new(0, 1, 1, 0), true));
    CHECK(reply_carries(seL4_CapRights_new(0, 1, 1, 0), false));
}

TEST("1.6 Reply cap right: replies carry no capabilities if the receiver's endpoint lacked Grant")
{
    CHECK(!reply_carries(seL4_CanRead, true));
    CHECK(!reply_carries(seL4_CanRead, false));
    CHECK(!reply_carries(seL4_CapRights_new(1, 0, 1, 1), true));
    CHECK(!reply_carries(seL4_CapRights_new(1, 0, 1, 1), false));
}

TEST("1.6 Reply cap right: it counts when the receive starts, not when the call comes")
{
    set_up();
    seL4_CPtr receive_from = test_mint(endpoint, seL4_AllRights, 0), slot = test_slot();
    sender.buffer->receiveCNode = seL4_CapInitThreadCNode;
    sender.buffer->receiveIndex = slot;
    sender.buffer->receiveDepth = 64;
    receiver.buffer->caps_or_badges[0] = test_object(seL4_EndpointObject, 0);
    actor_start(&receiver, SYS_RECV, receive_from, 0);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, receive_from, 64));
    actor_start(&sender, SYS_CALL, endpoint, info(1, 0, 1));
    CHECK_DONE(&receiver);
    actor_start(&receiver, SYS_REPLY, 0, info(1, 1, 1));
    CHECK_DONE(&sender);
    CHECK(test_slot_used(slot));
}

TEST("1.6 Message words: words 4 and up arrive only if both sides have usable buffers")
{
    for (unsigned without = 0; without < 4; without++) {
        set_up();
        if (without & 1) {
            CHECK_OK(seL4_TCB_SetIPCBuffer(sender.tcb, 0, 0));
        }
        if (without & 2) {
            CHECK_OK(seL4_TCB_SetIPCBuffer(receiver.tcb, 0, 0));
        }
        actor_start(&receiver, SYS_RECV, endpoint, 0);
        actor_start(&sender, SYS_CALL, endpoint, info(5, 0, 9));
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a1, info(5, 0, without ? 4 : 9));
        CHECK_EQUAL(receiver.got.a5, sender.set.a5);
        CHECK_EQUAL(receiver.buffer->msg[8],
                    0x3300000000000000 | (without ? receiver.tcb : sender.tcb) << 32 | 8);
        test_reset();
    }
}

TEST("1.6 Info delivered: the sender's label, with the number of words that were copied")
{
    set_up();
    actor_start(&sender, SYS_SEND, endpoint, info(0xabcdef012345, 0, 127));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(0xabcdef012345, 0, 120));
}
