/*
 * The short way through the kernel and the long one must give the same. The same conversation is held with
 * everything that decides between the two: number of words, extra capabilities, priorities, other harts.
 */
#include "actor.h"

#define ROUNDS SOAK_OR(2000, 50)

static seL4_CPtr endpoint, badged, result;
static seL4_Word extra_caps, length;
static seL4_Word client_errors, server_errors;

static seL4_Word word(seL4_Word round, seL4_Word i)
{
    return round * 0x10001 + i;
}

/* Answers each call with its words plus one, and counts what is not as it should be. */
static void serve(void *arg)
{
    seL4_Word badge;
    seL4_MessageInfo_t message = seL4_Recv(endpoint, &badge);

    for (seL4_Word round = 0;; round++) {
        server_errors += badge != 0x1234 || message.words[0] != info(round, 0, length);
        for (seL4_Word i = 0; i < length; i++) {
            server_errors += seL4_GetMR((int)i) != word(round, i);
            seL4_SetMR((int)i, seL4_GetMR((int)i) + 1);
        }
        message = seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(round + 1, 0, extra_caps, length), &badge);
    }
}

static void ask(void *arg)
{
    for (seL4_Word round = 0; round < ROUNDS; round++) {
        for (seL4_Word i = 0; i < length; i++) {
            seL4_SetMR((int)i, word(round, i));
        }
        seL4_MessageInfo_t reply = seL4_Call(badged, seL4_MessageInfo_new(round, 0, extra_caps, length));
        client_errors += reply.words[0] != info(round + 1, 0, length);
        for (seL4_Word i = 0; i < length; i++) {
            client_errors += seL4_GetMR((int)i) != word(round, i) + 1;
        }
    }
    seL4_Signal(result);
}

static void converse(seL4_Word client_priority, seL4_Word server_priority, seL4_Word server_node)
{
    static const seL4_Word lengths[] = { 0, 1, 2, 3, 4, 5, 6, 31, 120 };

    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (extra_caps = 0; extra_caps <= 1; extra_caps++) {
            test_reset();
            length = lengths[i];
            client_errors = server_errors = 0;
            endpoint = test_object(seL4_EndpointObject, 0);
            badged = test_mint(endpoint, seL4_AllRights, 0x1234);
            result = test_object(seL4_NotificationObject, 0);
            struct test_thread *server = test_thread_create(serve, NULL, server_priority, 0);
            struct test_thread *client = test_thread_create(ask, NULL, client_priority, 0);
            test_thread_set_node(server, server_node);
            test_thread_start(server);
            test_thread_start(client);
            seL4_Wait(result, NULL);
            CHECK_EQUAL(client_errors, 0);
            CHECK_EQUAL(server_errors, 0);
        }
    }
}

TEST("paths: 0 to 120 words, with and without extra capabilities, server as important as the client")
{
    converse(50, 50, 0);
}

TEST("paths: the same, server more important than the client")
{
    converse(50, 60, 0);
}

TEST("paths: the same, server less important than the client")
{
    converse(60, 50, 0);
}

TEST("paths: the same, client and server more important than the test")
{
    converse(TEST_PRIORITY + 2, TEST_PRIORITY + 1, 0);
}

TEST("paths: the same, server on another hart")
{
    converse(50, 50, test_nodes() - 1);
}

/* A call with four words, received by each way of receiving: every register must be the same. */
TEST("paths: Call is received alike by Recv, ReplyRecv, NBRecv and from the queue")
{
    seL4_UserContext first = { 0 };

    for (seL4_Word words = 4; words <= 5; words++) {
        for (unsigned way = 0; way < 4; way++) {
            endpoint = test_object(seL4_EndpointObject, 0);
            badged = test_mint(endpoint, seL4_AllRights, 0x1234);
            struct actor sender = actor_new(), receiver = actor_new();
            if (way < 2) {
                actor_start(&receiver, way ? SYS_REPLY_RECV : SYS_RECV, endpoint, 0);
            }
            actor_start_with(&sender, SYS_CALL, badged, info(7, 0, words), 10, 11, 12, 13);
            if (way >= 2) {
                actor_start(&receiver, way == 2 ? SYS_NB_RECV : SYS_RECV, endpoint, 0);
            }
            CHECK_DONE(&receiver);
            CHECK_KEPT(&receiver, ACTOR_ALL);
            if (way == 0 && words == 4) {
                first = receiver.got;
            }
            CHECK_EQUAL(receiver.got.a0, first.a0);
            CHECK_EQUAL(receiver.got.a1, info(7, 0, words));
            CHECK_EQUAL(receiver.got.a2, first.a2);
            CHECK_EQUAL(receiver.got.a3, first.a3);
            CHECK_EQUAL(receiver.got.a4, first.a4);
            CHECK_EQUAL(receiver.got.a5, first.a5);
            actor_start_with(&receiver, SYS_REPLY, 0, info(8, 0, words), 20, 21, 22, 23);
            CHECK_DONE(&sender);
            CHECK_EQUAL(sender.got.a0, 0);
            CHECK_EQUAL(sender.got.a1, info(8, 0, words));
            CHECK_EQUAL(sender.got.a2, 20);
            CHECK_EQUAL(sender.got.a5, 23);
            test_reset();
        }
    }
}

TEST("paths: ReplyRecv with an active bound notification replies, then takes the signal")
{
    for (seL4_Word words = 4; words <= 5; words++) {
        endpoint = test_object(seL4_EndpointObject, 0);
        seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
        struct actor sender = actor_new(), receiver = actor_new();
        CHECK_OK(seL4_TCB_BindNotification(receiver.tcb, notification));
        actor_start(&receiver, SYS_RECV, endpoint, 0);
        actor_start(&sender, SYS_CALL, endpoint, info(7, 0, words));
        CHECK_DONE(&receiver);
        seL4_Signal(test_mint(notification, seL4_AllRights, 9));
        actor_start(&receiver, SYS_REPLY_RECV, endpoint, info(8, 0, words));
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a0, 9);
        CHECK_KEPT(&receiver, ACTOR_A0);
        CHECK_DONE(&sender);
        CHECK_EQUAL(sender.got.a1, info(8, 0, words));
        test_reset();
    }
}

TEST("paths: Call to an endpoint where others queue as senders, waits behind them")
{
    for (seL4_Word words = 0; words <= 5; words += 5) {
        endpoint = test_object(seL4_EndpointObject, 0);
        struct actor first = actor_new(), second = actor_new(), receiver = actor_new();
        actor_start(&first, SYS_SEND, endpoint, info(1, 0, words));
        actor_start(&second, SYS_CALL, endpoint, info(2, 0, words));
        actor_start(&receiver, SYS_RECV, endpoint, 0);
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a1, info(1, 0, words));
        actor_start(&receiver, SYS_REPLY_RECV, endpoint, info(3, 0, words));
        CHECK_DONE(&receiver);
        CHECK_EQUAL(receiver.got.a1, info(2, 0, words));
        test_reset();
    }
}
