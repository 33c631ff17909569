/*
 * 1.8 Capability transfer: what may travel, what is unwrapped, where it goes and when it stops.
 */
#include "actor.h"

#define BAD_POINTER 0xdead000000000001

/* What the receiver's caps_or_badges hold before a message. */
#define OLD 0x01d01d

static seL4_CPtr endpoint, slot;
static struct actor sender, receiver;

static void set_receive_slot(struct actor *actor, seL4_CPtr cnode, seL4_Word index, seL4_Word depth)
{
    actor->buffer->receiveCNode = cnode;
    actor->buffer->receiveIndex = index;
    actor->buffer->receiveDepth = depth;
}

static void set_up(void)
{
    endpoint = test_object(seL4_EndpointObject, 0);
    sender = actor_new();
    receiver = actor_new();
    slot = test_slot();
    set_receive_slot(&receiver, seL4_CapInitThreadCNode, slot, 64);
}

static void list(seL4_CPtr first, seL4_CPtr second, seL4_CPtr third)
{
    const seL4_CPtr caps[] = { first, second, third };

    for (unsigned i = 0; i < 3; i++) {
        sender.buffer->caps_or_badges[i] = caps[i];
        receiver.buffer->caps_or_badges[i] = OLD + i;
    }
}

/* Sends count capabilities of the list; whoever comes first, the outcome must be the same. Checks the two
 * fields of the info word. */
static void send_through(seL4_CPtr cap, seL4_Word count, seL4_Word delivered, seL4_Word unwrapped)
{
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_SEND, cap, info(1, count, 1));
    CHECK_DONE(&sender);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(1, delivered, 1) | unwrapped << 9);
}

static void send_queued(seL4_CPtr cap, seL4_Word count, seL4_Word delivered, seL4_Word unwrapped)
{
    actor_start(&sender, SYS_SEND, cap, info(1, count, 1));
    CHECK_WAITS(&sender);
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&sender);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(1, delivered, 1) | unwrapped << 9);
}

static seL4_CPtr frame(void)
{
    return test_object(seL4_RISCV_4K_Page, 0);
}

static seL4_CPtr same(seL4_Word badge)
{
    return test_mint(endpoint, seL4_AllRights, badge);
}

TEST("1.8 Precondition: without Grant no capability travels, the message does")
{
    set_up();
    list(frame(), same(4), 0);
    send_through(test_mint(endpoint, seL4_CapRights_new(1, 0, 1, 1), 0), 2, 0, 0);
    send_queued(test_mint(endpoint, seL4_CapRights_new(1, 0, 1, 1), 0), 2, 0, 0);
    CHECK(!test_slot_used(slot));
    CHECK_EQUAL(receiver.buffer->caps_or_badges[1], OLD + 1);
}

TEST("1.8 Precondition: without a buffer that the kernel may write, nothing is received")
{
    set_up();
    list(same(4), frame(), 0);
    CHECK_OK(seL4_TCB_SetIPCBuffer(receiver.tcb, (seL4_Word)receiver.buffer,
                                   test_mint(receiver.thread->buffer_frame, seL4_CanRead, 0)));
    send_through(endpoint, 2, 0, 0);
    CHECK(!test_slot_used(slot));
    CHECK_EQUAL(receiver.buffer->caps_or_badges[0], OLD);
}

TEST("1.8 Sender list: a lookup that fails at delivery empties the whole list")
{
    set_up();
    seL4_CPtr cnode = test_object(seL4_CapTableObject, 1), root = test_slot(), inner = test_slot();
    /* The sender's CSpace goes through a CNode that disappears while it waits. */
    CHECK_OK(seL4_CNode_Mint(seL4_CapInitThreadCNode, inner, 64, seL4_CapInitThreadCNode,
                             seL4_CapInitThreadCNode, 64, seL4_AllRights,
                             seL4_CNode_CapData_new(0, 51).words[0]));
    CHECK_OK(seL4_CNode_Copy(cnode, 0, 1, seL4_CapInitThreadCNode, inner, 64, seL4_AllRights));
    CHECK_OK(seL4_CNode_Mint(seL4_CapInitThreadCNode, root, 64, seL4_CapInitThreadCNode, cnode, 64,
                             seL4_AllRights, seL4_CNode_CapData_new(0, 0).words[0]));
    CHECK_OK(seL4_TCB_SetSpace(sender.tcb, sender.fault_handler, root, 0, seL4_CapInitThreadVSpace, 0));
    seL4_CPtr second = frame();
    list(same(4), second, 0);
    actor_start(&sender, SYS_SEND, endpoint, info(1, 2, 1));
    CHECK_WAITS(&sender);
    CHECK_OK(seL4_CNode_Delete(cnode, 0, 1));
    CHECK_OK(seL4_CNode_Mint(cnode, 0, 1, seL4_CapInitThreadCNode, seL4_CapInitThreadCNode, 64,
                             seL4_AllRights, seL4_CNode_CapData_new(1, 51).words[0]));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 1));
    CHECK(!test_slot_used(slot));
    CHECK_EQUAL(receiver.buffer->caps_or_badges[0], OLD);
    CHECK_EQUAL(receiver.got.a2, sender.set.a2);
}

TEST("1.8 Sender list: what the slots hold at delivery counts, not at sending")
{
    set_up();
    seL4_CPtr cap = same(4);
    list(cap, 0, 0);
    actor_start(&sender, SYS_SEND, endpoint, info(1, 1, 1));
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, cap, 64));
    CHECK_OK(seL4_CNode_Mint(seL4_CapInitThreadCNode, cap, 64, seL4_CapInitThreadCNode, endpoint, 64,
                             seL4_AllRights, 5));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(1, 1, 1) | 1 << 9);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[0], 5);
}

TEST("1.8 Unwrap: a capability to the message's own endpoint arrives as its badge")
{
    set_up();
    list(same(0x8000000000000001), 0, 0);
    send_through(endpoint, 1, 1, 1);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[0], 0x8000000000000001);
    CHECK(!test_slot_used(slot));
    receiver.buffer->caps_or_badges[0] = OLD;
    send_queued(endpoint, 1, 1, 1);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[0], 0x8000000000000001);
}

TEST("1.8 Unwrap: rights of the unwrapped capability do not matter, and three can be unwrapped")
{
    set_up();
    list(test_mint(endpoint, seL4_NoRights, 7), endpoint, test_mint(endpoint, seL4_CanRead, 9));
    send_through(endpoint, 3, 3, 7);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[0], 7);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[1], 0);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[2], 9);
}

TEST("1.8 Unwrap: it needs no receive slot")
{
    set_up();
    set_receive_slot(&receiver, BAD_POINTER, 0, 0);
    list(same(3), 0, 0);
    send_through(endpoint, 1, 1, 1);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[0], 3);
}

TEST("1.8 Unwrap: a capability to another endpoint is not unwrapped but transferred")
{
    set_up();
    list(test_mint(test_object(seL4_EndpointObject, 0), seL4_AllRights, 5), 0, 0);
    send_through(endpoint, 1, 1, 0);
    CHECK(test_slot_used(slot));
    CHECK_EQUAL(receiver.buffer->caps_or_badges[0], OLD);
}

TEST("1.8 Transfer: the capability arrives in the receive slot and the sender keeps its own")
{
    seL4_RISCV_Page_GetAddress_t sent, got;

    set_up();
    seL4_CPtr page = frame();
    list(page, 0, 0);
    send_through(endpoint, 1, 1, 0);
    sent = seL4_RISCV_Page_GetAddress(page);
    got = seL4_RISCV_Page_GetAddress(slot);
    CHECK_OK(got.error);
    CHECK_EQUAL(got.paddr, sent.paddr);
}

TEST("1.8 Transfer: the copy is a child of the sender's original, so revoking that deletes it")
{
    set_up();
    seL4_CPtr page = frame();
    list(page, 0, 0);
    send_through(endpoint, 1, 1, 0);
    CHECK(test_slot_used(slot));
    CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, page, 64));
    CHECK(!test_slot_used(slot));
}

TEST("1.8 Transfer: rights and badge are those of the sender's capability")
{
    seL4_Word badge;

    set_up();
    seL4_CPtr other = test_object(seL4_EndpointObject, 0);
    list(test_mint(other, seL4_CanWrite, 0x77), 0, 0);
    send_through(endpoint, 1, 1, 0);
    actor_start(&sender, SYS_SEND, slot, info(1, 0, 0));
    CHECK_WAITS(&sender);
    seL4_Recv(other, &badge);
    CHECK_EQUAL(badge, 0x77);
    actor_start(&sender, SYS_RECV, slot, 0);
    CHECK_FAULTED(&sender);
}

TEST("1.8 Transfer: a mapped page arrives unmapped")
{
    set_up();
    seL4_CPtr page = frame();
    CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, page, 0x2000000000, seL4_AllRights, 0));
    list(page, 0, 0);
    send_through(endpoint, 1, 1, 0);
    CHECK_OK(seL4_RISCV_Page_Map(slot, seL4_CapInitThreadVSpace, 0x2000001000, seL4_AllRights, 0));
    *(volatile seL4_Word *)0x2000000000 = 42;
    CHECK_EQUAL(*(volatile seL4_Word *)0x2000001000, 42);
}

TEST("1.8 Transfer: only one real capability per message; it stops at the second")
{
    set_up();
    list(frame(), frame(), 0);
    send_through(endpoint, 2, 1, 0);
    CHECK(test_slot_used(slot));
}

TEST("1.8 Stop: an unwrappable capability behind the stop is not looked at")
{
    set_up();
    list(frame(), frame(), same(9));
    send_through(endpoint, 3, 1, 0);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[2], OLD + 2);
}

TEST("1.8 Stop: a null capability")
{
    set_up();
    list(same(1), seL4_CapNull, same(2));
    send_through(endpoint, 3, 1, 1);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[0], 1);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[2], OLD + 2);
}

TEST("1.8 Stop: capabilities that cannot be derived")
{
    set_up();
    list(seL4_CapIRQControl, same(1), 0);
    send_through(endpoint, 2, 0, 0);
    list(test_arena, 0, 0); /* an untyped with children */
    send_through(endpoint, 1, 0, 0);
    list(test_object(seL4_RISCV_PageTableObject, 0), 0, 0); /* unmapped */
    send_through(endpoint, 1, 0, 0);
    CHECK(!test_slot_used(slot));
}

TEST("1.8 Receive slot: an occupied one is no slot, silently")
{
    set_up();
    CHECK_OK(seL4_CNode_Copy(seL4_CapInitThreadCNode, slot, 64, seL4_CapInitThreadCNode, endpoint, 64,
                             seL4_AllRights));
    list(same(1), frame(), 0);
    send_through(endpoint, 2, 1, 1);
}

TEST("1.8 Receive slot: one that does not resolve is no slot, silently")
{
    set_up();
    list(frame(), 0, 0);
    set_receive_slot(&receiver, BAD_POINTER, slot, 64); /* no such CNode */
    send_through(endpoint, 1, 0, 0);
    set_receive_slot(&receiver, endpoint, slot, 64); /* not a CNode */
    send_through(endpoint, 1, 0, 0);
    set_receive_slot(&receiver, seL4_CapNull, slot, 64);
    send_through(endpoint, 1, 0, 0);
    set_receive_slot(&receiver, seL4_CapInitThreadCNode, slot, 63); /* depth mismatch */
    send_through(endpoint, 1, 0, 0);
    set_receive_slot(&receiver, seL4_CapInitThreadCNode, BAD_POINTER, 64); /* guard mismatch */
    send_through(endpoint, 1, 0, 0);
    set_receive_slot(&receiver, seL4_CapInitThreadCNode, slot, 64);
    send_through(endpoint, 1, 1, 0);
}

TEST("1.8 Receive slot: it is what the buffer says at delivery")
{
    set_up();
    seL4_CPtr later = test_slot();
    list(frame(), 0, 0);
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    set_receive_slot(&receiver, seL4_CapInitThreadCNode, later, 64);
    actor_start(&sender, SYS_SEND, endpoint, info(1, 1, 1));
    CHECK_DONE(&receiver);
    CHECK(test_slot_used(later));
    CHECK(!test_slot_used(slot));
}

TEST("1.8 Slots not unwrapped: caps_or_badges of the receiver keep their content")
{
    set_up();
    list(frame(), same(6), 0);
    send_through(endpoint, 2, 2, 2);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[0], OLD);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[1], 6);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[2], OLD + 2);
}

/* The sender calls, the receiver answers with the sender's list. */
static seL4_Word reply_with_list(seL4_Word count)
{
    set_receive_slot(&sender, seL4_CapInitThreadCNode, slot, 64);
    for (unsigned i = 0; i < 3; i++) {
        receiver.buffer->caps_or_badges[i] = sender.buffer->caps_or_badges[i];
    }
    actor_start(&sender, SYS_CALL, endpoint, info(1, 0, 0));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    actor_start(&receiver, SYS_REPLY_RECV, endpoint, info(2, count, 0));
    CHECK_DONE(&sender);
    return sender.got.a1;
}

TEST("1.8 Replies: never unwrap; a capability to the endpoint of the call is transferred")
{
    set_up();
    list(same(7), 0, 0);
    CHECK_EQUAL(reply_with_list(1), info(2, 1, 0));
    CHECK(test_slot_used(slot));
    CHECK_EQUAL(sender.buffer->caps_or_badges[0], receiver.buffer->caps_or_badges[0]);
}

TEST("1.8 Replies: one capability, then it stops")
{
    set_up();
    list(same(7), same(8), 0);
    CHECK_EQUAL(reply_with_list(2), info(2, 1, 0));
}

TEST("1.8 Observed: (same endpoint, frame, frame) gives extraCaps 2, capsUnwrapped 1")
{
    set_up();
    list(same(1), frame(), frame());
    send_through(endpoint, 3, 2, 1);
    CHECK(test_slot_used(slot));
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, 64));
    send_queued(endpoint, 3, 2, 1);
}

TEST("1.8 Observed: (frame, same endpoint, same endpoint) gives extraCaps 3, capsUnwrapped 6")
{
    set_up();
    list(frame(), same(1), same(2));
    send_through(endpoint, 3, 3, 6);
    CHECK(test_slot_used(slot));
    CHECK_EQUAL(receiver.buffer->caps_or_badges[1], 1);
    CHECK_EQUAL(receiver.buffer->caps_or_badges[2], 2);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, 64));
    send_queued(endpoint, 3, 3, 6);
}

TEST("1.8 Observed: the same lists through Call and through NBSend")
{
    set_up();
    list(frame(), same(1), same(2));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_CALL, endpoint, info(1, 3, 0));
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(1, 3, 0) | 6 << 9);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, 64));
    list(same(1), frame(), frame());
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_NB_SEND, endpoint, info(1, 3, 0));
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(1, 2, 0) | 1 << 9);
}
