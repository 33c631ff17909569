/*
 * 1.2 API system call numbers: what each call takes and gives. 1.3 Message info word.
 */
#include "actor.h"

static seL4_CPtr endpoint;
static struct actor sender, receiver;

static void set_up(void)
{
    endpoint = test_object(seL4_EndpointObject, 0);
    sender = actor_new();
    receiver = actor_new();
}

static void check_registers(const struct actor *from, const struct actor *to, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        CHECK_EQUAL(actor_word(&to->got, i), actor_word(&from->set, i));
    }
}

/* Delivers a message with this info word and returns the one that arrives. */
static seL4_Word transmitted(seL4_Word sent)
{
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_SEND, endpoint, sent);
    CHECK_DONE(&sender);
    CHECK_DONE(&receiver);
    return receiver.got.a1;
}

TEST("1.2 -1 Call: the reply gives badge 0, the replier's info word and registers")
{
    set_up();
    actor_start(&sender, SYS_CALL, test_mint(endpoint, seL4_AllRights, 77), info(0x123456789, 0, 4));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a0, 77);
    CHECK_EQUAL(receiver.got.a1, info(0x123456789, 0, 4));
    check_registers(&sender, &receiver, 4);
    actor_start(&receiver, SYS_REPLY, 0, info(0xfedcba987, 0, 3));
    CHECK_DONE(&sender);
    CHECK_EQUAL(sender.got.a0, 0);
    CHECK_EQUAL(sender.got.a1, info(0xfedcba987, 0, 3));
    check_registers(&receiver, &sender, 3);
    CHECK_EQUAL(sender.got.a5, sender.set.a5);
}

TEST("1.2 -1 Call: a kernel answer has badge 0, label 0 and the length of its results")
{
    struct actor actor = actor_new();

    actor_start(&actor, SYS_CALL, actor.thread->buffer_frame, info(RISCVPageGetAddress, 0, 0));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a0, 0);
    CHECK_EQUAL(actor.got.a1, info(0, 0, 1));
}

TEST("1.2 -2 ReplyRecv: replies with a1 to a5 and then receives from a0")
{
    struct actor next;

    set_up();
    next = actor_new();
    actor_start(&sender, SYS_CALL, endpoint, info(0, 0, 0));
    actor_start(&next, SYS_SEND, test_mint(endpoint, seL4_AllRights, 5), info(9, 0, 4));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    actor_start(&receiver, SYS_REPLY_RECV, endpoint, info(8, 0, 4));
    CHECK_DONE(&receiver);
    CHECK_DONE(&sender);
    CHECK_EQUAL(sender.got.a1, info(8, 0, 4));
    check_registers(&receiver, &sender, 4);
    CHECK_EQUAL(receiver.got.a0, 5);
    CHECK_EQUAL(receiver.got.a1, info(9, 0, 4));
    check_registers(&next, &receiver, 4);
    CHECK_DONE(&next);
}

TEST("1.2 -3 Send: a message goes through with its badge, label and words")
{
    set_up();
    actor_start(&sender, SYS_SEND, test_mint(endpoint, seL4_AllRights, ~0ul), info(0xfffffffffffff, 0, 4));
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a0, ~0ul);
    CHECK_EQUAL(receiver.got.a1, info(0xfffffffffffff, 0, 4));
    check_registers(&sender, &receiver, 4);
    CHECK_DONE(&sender);
}

TEST("1.2 -4 NBSend: a message goes through to a receiver that waits")
{
    set_up();
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_NB_SEND, test_mint(endpoint, seL4_AllRights, 6), info(4, 0, 2));
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a0, 6);
    CHECK_EQUAL(receiver.got.a1, info(4, 0, 2));
    check_registers(&sender, &receiver, 2);
}

TEST("1.2 -5 Recv: the arguments a1 to a5 are ignored")
{
    set_up();
    actor_start(&receiver, SYS_RECV, endpoint, ~0ul);
    CHECK_WAITS(&receiver);
    actor_start(&sender, SYS_SEND, endpoint, info(3, 0, 1));
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(3, 0, 1));
    CHECK_KEPT(&receiver, ACTOR_INFO | ACTOR_A2);
}

TEST("1.2 -6 Reply: a0 is ignored")
{
    set_up();
    actor_start(&sender, SYS_CALL, endpoint, 0);
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    actor_start(&receiver, SYS_REPLY, ~0ul, info(5, 0, 1));
    CHECK_DONE(&receiver);
    CHECK_DONE(&sender);
    CHECK_EQUAL(sender.got.a1, info(5, 0, 1));
    check_registers(&receiver, &sender, 1);
}

TEST("1.2 -7 Yield: all arguments are ignored")
{
    struct actor actor = actor_new();

    actor_start(&actor, SYS_YIELD, ~0ul, ~0ul);
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
}

TEST("1.2 -8 NBRecv: takes a message that is there, as Recv does")
{
    set_up();
    actor_start(&sender, SYS_SEND, test_mint(endpoint, seL4_AllRights, 6), info(4, 0, 2));
    actor_start(&receiver, SYS_NB_RECV, endpoint, ~0ul);
    CHECK_DONE(&receiver);
    CHECK_DONE(&sender);
    CHECK_EQUAL(receiver.got.a0, 6);
    CHECK_EQUAL(receiver.got.a1, info(4, 0, 2));
    check_registers(&sender, &receiver, 2);
    CHECK_KEPT(&receiver, ACTOR_INFO | ACTOR_A2 | ACTOR_A3);
}

TEST("1.2 Signal: is Send with message info 0, whatever a2 to a5 hold")
{
    struct actor actor = actor_new();
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_Word word = 0;

    actor_start(&actor, SYS_SEND, test_mint(notification, seL4_AllRights, 0x40), 0);
    CHECK_DONE(&actor);
    CHECK_KEPT(&actor, 0);
    seL4_Wait(notification, &word);
    CHECK_EQUAL(word, 0x40);
}

TEST("1.2 Poll: is NBRecv; gives the word, then 0")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_Word word = 1;

    seL4_Signal(test_mint(notification, seL4_AllRights, 0x40));
    seL4_Poll(notification, &word);
    CHECK_EQUAL(word, 0x40);
    seL4_Poll(notification, &word);
    CHECK_EQUAL(word, 0);
}

TEST("1.2 Library convention: the kernel neither reads nor writes words 0 to 3 of a buffer")
{
    set_up();
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_SEND, endpoint, info(0, 0, 120));
    CHECK_DONE(&receiver);
    check_registers(&sender, &receiver, 4);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQUAL(receiver.buffer->msg[i], 0x3300000000000000 | receiver.tcb << 32 | i);
        CHECK_EQUAL(sender.buffer->msg[i], 0x3300000000000000 | sender.tcb << 32 | i);
    }
    CHECK_EQUAL(receiver.buffer->msg[4], sender.buffer->msg[4]);
}

TEST("1.3 length: every value up to 120 arrives as it is, and so do the words")
{
    set_up();
    for (seL4_Word length = 0; length <= 120; length++) {
        CHECK_EQUAL(transmitted(info(0, 0, length)), info(0, 0, length));
        for (unsigned i = 0; i < length && i < 4; i++) {
            CHECK_EQUAL(actor_word(&receiver.got, i), actor_word(&sender.set, i));
        }
        for (unsigned i = 4; i < 120; i++) {
            const struct actor *expected = i < length ? &sender : &receiver;
            CHECK_EQUAL(receiver.buffer->msg[i], 0x3300000000000000 | expected->tcb << 32 | i);
        }
    }
}

TEST("1.3 length: values above 120 count as 120")
{
    set_up();
    for (seL4_Word length = 121; length <= 127; length++) {
        CHECK_EQUAL(transmitted(info(7, 0, length)), info(7, 0, 120));
        CHECK_EQUAL(receiver.buffer->msg[119], sender.buffer->msg[119]);
        CHECK_EQUAL(receiver.buffer->userData, 0);
        CHECK_EQUAL(receiver.buffer->caps_or_badges[0], 0);
    }
}

TEST("1.3 length: a reply's length above 120 counts as 120")
{
    set_up();
    actor_start(&sender, SYS_CALL, endpoint, 0);
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    CHECK_DONE(&receiver);
    actor_start(&receiver, SYS_REPLY, 0, info(1, 0, 127));
    CHECK_DONE(&sender);
    CHECK_EQUAL(sender.got.a1, info(1, 0, 120));
    CHECK_EQUAL(sender.buffer->msg[119], receiver.buffer->msg[119]);
}

TEST("1.3 extraCaps: all four values are accepted; empty slots and no receive slot deliver 0")
{
    set_up();
    for (seL4_Word caps = 0; caps <= 3; caps++) {
        CHECK_EQUAL(transmitted(info(1, caps, 1)), info(1, 0, 1));
    }
}

TEST("1.3 capsUnwrapped: it is ignored on input and comes out 0")
{
    set_up();
    for (seL4_Word bits = 0; bits < 8; bits++) {
        CHECK_EQUAL(transmitted(info(1, 0, 1) | bits << 9), info(1, 0, 1));
        CHECK_EQUAL(transmitted(info(1, 0, 5) | bits << 9), info(1, 0, 5));
    }
}

TEST("1.3 capsUnwrapped: it is ignored and cleared in Call and ReplyRecv, too")
{
    set_up();
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_CALL, endpoint, info(1, 0, 2) | 7 << 9);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, info(1, 0, 2));
    actor_start(&receiver, SYS_REPLY_RECV, endpoint, info(2, 0, 1) | 5 << 9);
    CHECK_DONE(&sender);
    CHECK_EQUAL(sender.got.a1, info(2, 0, 1));
}

TEST("1.3 label: all 52 bits go through, in Send, Call and ReplyRecv")
{
    set_up();
    for (unsigned bit = 0; bit < 52; bit++) {
        CHECK_EQUAL(transmitted(info(1ul << bit, 0, 0)), info(1ul << bit, 0, 0));
    }
    CHECK_EQUAL(transmitted(~0xffful), ~0xffful);
    actor_start(&receiver, SYS_RECV, endpoint, 0);
    actor_start(&sender, SYS_CALL, endpoint, ~0xffful);
    CHECK_DONE(&receiver);
    CHECK_EQUAL(receiver.got.a1, ~0xffful);
    actor_start(&receiver, SYS_REPLY_RECV, endpoint, ~0xffful | 1);
    CHECK_DONE(&sender);
    CHECK_EQUAL(sender.got.a1, ~0xffful | 1);
}

TEST("1.3 label: an invocation label with a bit above 32 is another label")
{
    struct actor actor = actor_new();

    actor_start(&actor, SYS_CALL, actor.thread->buffer_frame, info(RISCVPageGetAddress | 1ul << 32, 0, 0));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a1, info(seL4_IllegalOperation, 0, 0));
    actor_start(&actor, SYS_CALL, actor.thread->buffer_frame, info(RISCVPageGetAddress | 1ul << 51, 0, 0));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a1, info(seL4_IllegalOperation, 0, 0));
}
