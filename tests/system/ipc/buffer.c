/*
 * 1.4 IPC buffer: where its fields are, which memory it is, and what happens without one.
 */
#include <string.h>

#include "actor.h"

#define WINDOW 0x2000000000

static seL4_CPtr endpoint;
static struct actor sender, receiver;

static void set_up(void)
{
    endpoint = test_object(seL4_EndpointObject, 0);
    sender = actor_new();
    receiver = actor_new();
}

/* A new frame, mapped where the test can see it. */
static seL4_CPtr visible_frame(seL4_Word type, seL4_Word vaddr)
{
    seL4_CPtr frame = test_object(type, 0);

    CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, frame, vaddr, seL4_AllRights, 0));
    return frame;
}

/* A capability to an actor's buffer frame with fewer rights, installed as its buffer. */
static void limit_buffer(struct actor *actor, seL4_CapRights_t rights)
{
    seL4_CPtr frame = test_mint(actor->thread->buffer_frame, rights, 0);

    CHECK_OK(seL4_TCB_SetIPCBuffer(actor->tcb, (seL4_Word)actor->buffer, frame));
}

static void send(seL4_Word extra_caps, seL4_Word length)
{
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_SEND, endpoint, info(1, extra_caps, length));
    CHECK_DONE(&sender);
    CHECK_DONE(&receiver);
}

TEST("1.4 tag: the kernel neither reads nor writes it")
{
    set_up();
    sender.buffer->tag.words[0] = 0x1111;
    receiver.buffer->tag.words[0] = 0x2222;
    send(0, 120);
    CHECK_EQUAL(sender.buffer->tag.words[0], 0x1111);
    CHECK_EQUAL(receiver.buffer->tag.words[0], 0x2222);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 120));
}

TEST("1.4 msg: word i is at offset 8 + 8 * i")
{
    set_up();
    send(0, 120);
    for (unsigned i = 4; i < 120; i++) {
        seL4_Word word;
        memcpy(&word, (const char *)receiver.buffer + 8 + 8ul * i, sizeof(word));
        CHECK_EQUAL(word, 0x3300000000000000 | sender.tcb << 32 | i);
    }
}

TEST("1.4 userData: offset 968, never touched")
{
    set_up();
    ((seL4_Word *)receiver.buffer)[968 / 8] = 0x1234;
    send(3, 120);
    CHECK_EQUAL(((seL4_Word *)receiver.buffer)[968 / 8], 0x1234);
    CHECK_EQUAL(receiver.buffer->userData, 0x1234);
}

TEST("1.4 caps_or_badges: offset 976 names capabilities to send, and gets badges of unwrapped ones")
{
    set_up();
    for (unsigned i = 0; i < 3; i++) {
        ((seL4_Word *)sender.buffer)[976 / 8 + i] = test_mint(endpoint, seL4_AllRights, 50 + i);
    }
    send(3, 0);
    CHECK_EQUAL(receiver.got.a1, info(1, 3, 0) | 7 << 9);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQUAL(((seL4_Word *)receiver.buffer)[976 / 8 + i], 50 + i);
    }
}

TEST("1.4 receiveCNode, receiveIndex, receiveDepth: offsets 1000, 1008 and 1016 name the receive slot")
{
    seL4_CPtr slot;

    set_up();
    slot = test_slot();
    ((seL4_Word *)receiver.buffer)[1000 / 8] = seL4_CapInitThreadCNode;
    ((seL4_Word *)receiver.buffer)[1008 / 8] = slot;
    ((seL4_Word *)receiver.buffer)[1016 / 8] = 64;
    sender.buffer->caps_or_badges[0] = test_object(seL4_EndpointObject, 0);
    send(1, 0);
    CHECK_EQUAL(receiver.got.a1, info(1, 1, 0));
    CHECK(test_slot_used(slot));
}

TEST("1.4 receiveDepth: 1 to 64 bits of the index are used, other depths are no slot")
{
    static const struct {
        seL4_Word depth, caps;
    } cases[] = { { 0, 0 }, { 1, 1 }, { 65, 0 }, { ~0ul, 0 }, { 1ul << 32 | 1, 0 } };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up();
        seL4_CPtr cnode = test_object(seL4_CapTableObject, 1);
        receiver.buffer->receiveCNode = cnode;
        receiver.buffer->receiveIndex = 1;
        receiver.buffer->receiveDepth = cases[i].depth;
        sender.buffer->caps_or_badges[0] = test_object(seL4_EndpointObject, 0);
        /* The root CNode holds a capability to a CNode, so a pointer of 64 bits to it goes on into it. */
        CHECK_OK(seL4_TCB_SetSpace(receiver.tcb, receiver.fault_handler, seL4_CapInitThreadCNode, 0,
                                   seL4_CapInitThreadVSpace, 0));
        send(1, 0);
        CHECK_EQUAL(receiver.got.a1, info(1, cases[i].caps, 0));
        test_reset();
    }
}

TEST("1.4 Size and required alignment: a buffer lies at any multiple of 1024 in its page")
{
    for (unsigned offset = 0; offset < 4096; offset += 1024) {
        set_up();
        seL4_CPtr frame = visible_frame(seL4_RISCV_4K_Page, WINDOW);
        CHECK_OK(seL4_TCB_SetIPCBuffer(receiver.tcb, WINDOW + offset, frame));
        send(0, 120);
        for (unsigned i = 0; i < 4096 / 8; i++) {
            unsigned word = i - offset / 8;
            seL4_Word expected =
                word >= 5 && word < 121 ? 0x3300000000000000 | sender.tcb << 32 | (word - 1) : 0;
            CHECK_EQUAL(((seL4_Word *)WINDOW)[i], expected);
        }
        test_reset();
    }
}

TEST("1.4 Backing: the frame counts, not whether or where it is mapped")
{
    set_up();
    seL4_CPtr frame = visible_frame(seL4_RISCV_4K_Page, WINDOW);
    CHECK_OK(seL4_TCB_SetIPCBuffer(receiver.tcb, 0x123456c00, frame));
    send(0, 5);
    CHECK_EQUAL(((seL4_Word *)WINDOW)[0xc00 / 8 + 5], sender.buffer->msg[4]);
    CHECK_OK(seL4_RISCV_Page_Unmap(frame));
    send(0, 120);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 120));
}

TEST("1.4 Backing: a large page serves, at its offset modulo 2 MiB")
{
    set_up();
    seL4_CPtr frame = visible_frame(seL4_RISCV_Mega_Page, WINDOW + 0x200000);
    CHECK_OK(seL4_TCB_SetIPCBuffer(receiver.tcb, WINDOW + 0x3ffc00, frame));
    send(0, 120);
    CHECK_EQUAL(((seL4_Word *)(WINDOW + 0x3ffc00))[5], sender.buffer->msg[4]);
    CHECK_EQUAL(((seL4_Word *)(WINDOW + 0x3ffc00))[120], sender.buffer->msg[119]);
}

TEST("1.4 Backing: a deleted frame is no buffer any more")
{
    set_up();
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);
    CHECK_OK(seL4_TCB_SetIPCBuffer(receiver.tcb, WINDOW, frame));
    send(0, 8);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 8));
    CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, frame, 64));
    send(0, 8);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 4));
}

TEST("1.4 Needed rights, sending: read-only is enough")
{
    set_up();
    limit_buffer(&sender, seL4_CanRead);
    send(0, 9);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 9));
    CHECK_EQUAL(receiver.buffer->msg[8], sender.buffer->msg[8]);
}

TEST("1.4 Needed rights, receiving: read-only is not enough")
{
    set_up();
    limit_buffer(&receiver, seL4_CanRead);
    send(0, 9);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 4));
    CHECK_EQUAL(receiver.buffer->msg[8], 0x3300000000000000 | receiver.tcb << 32 | 8);
}

TEST("1.4 Needed rights: write-only is kernel-only and serves neither side")
{
    set_up();
    limit_buffer(&sender, seL4_CanWrite);
    send(0, 9);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 4));
    set_up();
    limit_buffer(&receiver, seL4_CanWrite);
    send(0, 9);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 4));
}

TEST("1.4 Buffer missing, sending: extra capabilities are ignored, length is at most 4")
{
    set_up();
    CHECK_OK(seL4_TCB_SetIPCBuffer(sender.tcb, 0, 0));
    sender.buffer->caps_or_badges[0] = test_mint(endpoint, seL4_AllRights, 5);
    send(1, 20);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 4));
    CHECK_KEPT(&receiver, ACTOR_ALL);
    sender.buffer->caps_or_badges[0] = ~0ul;
    send(3, 20);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 4));
}

TEST("1.4 Buffer missing, receiving: no capabilities are received, length is at most 4")
{
    set_up();
    CHECK_OK(seL4_TCB_SetIPCBuffer(receiver.tcb, 0, 0));
    sender.buffer->caps_or_badges[0] = test_mint(endpoint, seL4_AllRights, 5);
    send(1, 20);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 4));
    send(1, 2);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 2));
}

TEST("1.4 Buffer missing, invoking: a message that needs more than 4 words is truncated")
{
    set_up();
    CHECK_OK(seL4_TCB_SetIPCBuffer(sender.tcb, 0, 0));
    actor_start_with(&sender, SYS_CALL, test_arena, info(UntypedRetype, 1, 6), 0, 0, 0, 0);
    CHECK_DONE(&sender);
    CHECK_EQUAL(sender.got.a1, info(seL4_TruncatedMessage, 0, 0));
}

TEST("1.4 Buffer missing, answered by the kernel: the length is cut to 4")
{
    set_up();
    CHECK_OK(seL4_TCB_SetIPCBuffer(sender.tcb, 0, 0));
    actor_start_with(&sender, SYS_CALL, receiver.tcb, info(TCBReadRegisters, 0, 2), 0, 32, 0, 0);
    CHECK_DONE(&sender);
    CHECK_EQUAL(sender.got.a1, info(0, 0, 4));
}
