/*
 * 1.1 Trap convention: which registers a system call writes, and that it leaves all others alone.
 */
#include "actor.h"
#include "fp.h"

static const struct actor *no_message(struct actor *actor)
{
    CHECK_DONE(actor);
    CHECK_KEPT(actor, 0);
    return actor;
}

/* One sender and one receiver that meet at a fresh endpoint. */
static struct {
    seL4_CPtr endpoint;
    struct actor sender, receiver;
} pair;

static void make_pair(void)
{
    pair.endpoint = test_object(seL4_EndpointObject, 0);
    pair.sender = actor_new();
    pair.receiver = actor_new();
}

TEST("1.1 Return address: a system call returns behind its ecall")
{
    struct actor actor = actor_new();

    actor_start(&actor, SYS_YIELD, 0, 0);
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.pc, (seL4_Word)actor_ecall + 4);
}

TEST("1.1 Preserved: Send to a waiting receiver writes no register of the sender")
{
    make_pair();
    actor_start(&pair.receiver, SYS_RECV, pair.endpoint, 0);
    actor_start(&pair.sender, SYS_SEND, pair.endpoint, info(1, 0, 4));
    no_message(&pair.sender);
    CHECK_DONE(&pair.receiver);
}

TEST("1.1 Preserved: Send that had to wait writes no register of the sender")
{
    make_pair();
    actor_start(&pair.sender, SYS_SEND, pair.endpoint, info(1, 0, 4));
    CHECK_WAITS(&pair.sender);
    actor_start(&pair.receiver, SYS_RECV, pair.endpoint, 0);
    no_message(&pair.sender);
}

TEST("1.1 Preserved: NBSend writes no register, received or dropped")
{
    make_pair();
    actor_start(&pair.sender, SYS_NB_SEND, pair.endpoint, info(1, 0, 4));
    no_message(&pair.sender);
    actor_start(&pair.receiver, SYS_RECV, pair.endpoint, 0);
    CHECK_WAITS(&pair.receiver);
    actor_start(&pair.sender, SYS_NB_SEND, pair.endpoint, info(1, 0, 4));
    no_message(&pair.sender);
    CHECK_DONE(&pair.receiver);
}

TEST("1.1 Preserved: Recv writes a0, a1 and the registers of the message, whichever came first")
{
    for (unsigned length = 0; length <= 5; length++) {
        for (int sender_first = 0; sender_first < 2; sender_first++) {
            make_pair();
            if (sender_first) {
                actor_start(&pair.sender, SYS_SEND, pair.endpoint, info(1, 0, length));
            }
            actor_start(&pair.receiver, SYS_RECV, pair.endpoint, 0x1234);
            if (!sender_first) {
                actor_start(&pair.sender, SYS_SEND, pair.endpoint, info(1, 0, length));
            }
            CHECK_DONE(&pair.receiver);
            CHECK_EQUAL(actor_changed(&pair.receiver),
                        ACTOR_INFO | (ACTOR_ALL & ~ACTOR_INFO & ((1ul << (ABI_REG_A0 + 2 + length)) - 1)));
            test_reset();
        }
    }
}

TEST("1.1 Preserved: Call and its reply, through ReplyRecv, for every number of register words")
{
    for (unsigned length = 0; length <= 5; length++) {
        seL4_Word written = ACTOR_INFO | (ACTOR_ALL & ((1ul << (ABI_REG_A0 + 2 + length)) - 1));

        make_pair();
        actor_start(&pair.receiver, SYS_RECV, pair.endpoint, 0);
        actor_start(&pair.sender, SYS_CALL, pair.endpoint, info(1, 0, length));
        CHECK_WAITS(&pair.sender);
        CHECK_DONE(&pair.receiver);
        CHECK_EQUAL(actor_changed(&pair.receiver), written);
        actor_start(&pair.receiver, SYS_REPLY_RECV, pair.endpoint, info(2, 0, length));
        CHECK_WAITS(&pair.receiver);
        CHECK_DONE(&pair.sender);
        CHECK_EQUAL(actor_changed(&pair.sender), written);
        actor_start(&pair.sender, SYS_SEND, pair.endpoint, info(3, 0, length));
        CHECK_DONE(&pair.receiver);
        CHECK_EQUAL(actor_changed(&pair.receiver) & ~ACTOR_ALL, 0);
        test_reset();
    }
}

TEST("1.1 Preserved: Reply writes no register")
{
    make_pair();
    actor_start(&pair.sender, SYS_CALL, pair.endpoint, info(1, 0, 4));
    actor_start(&pair.receiver, SYS_RECV, pair.endpoint, 0);
    CHECK_DONE(&pair.receiver);
    actor_start(&pair.receiver, SYS_REPLY, 0x77, info(1, 0, 4));
    no_message(&pair.receiver);
    CHECK_DONE(&pair.sender);
}

TEST("1.1 Preserved: Yield writes no register")
{
    struct actor actor = actor_new();

    actor_start(&actor, SYS_YIELD, 0x11, 0x22);
    no_message(&actor);
}

TEST("1.1 Preserved: NBRecv with nothing there writes a0 alone")
{
    make_pair();
    actor_start(&pair.receiver, SYS_NB_RECV, pair.endpoint, 0x1234);
    CHECK_DONE(&pair.receiver);
    CHECK_EQUAL(pair.receiver.got.a0, 0);
    CHECK_EQUAL(actor_changed(&pair.receiver), ACTOR_A0);
}

TEST("1.1 Preserved: a kernel object's answer to Call writes a0, a1 and its words alone")
{
    struct actor actor = actor_new();
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);

    actor_start(&actor, SYS_CALL, frame, info(RISCVPageUnmap, 0, 0));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor_changed(&actor), ACTOR_INFO);
    actor_start(&actor, SYS_CALL, frame, info(RISCVPageGetAddress, 0, 0));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor_changed(&actor), ACTOR_INFO | ACTOR_A2);
}

TEST("1.1 Preserved: Recv from a notification writes a0 alone")
{
    struct actor actor = actor_new();
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);

    seL4_Signal(test_mint(notification, seL4_AllRights, 0xbad9e));
    actor_start(&actor, SYS_RECV, notification, 0x1234);
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a0, 0xbad9e);
    CHECK_EQUAL(actor_changed(&actor), ACTOR_A0);
    actor_start(&actor, SYS_RECV, notification, 0x1234);
    CHECK_WAITS(&actor);
    seL4_Signal(test_mint(notification, seL4_AllRights, 0xbad9f));
    CHECK_DONE(&actor);
    CHECK_EQUAL(actor.got.a0, 0xbad9f);
    CHECK_EQUAL(actor_changed(&actor), ACTOR_A0);
}

TEST("1.1 Valid API range: numbers outside -8..-1 that are no debug call make UnknownSyscall faults")
{
    static const long numbers[] = { 0,
                                    1,
                                    2,
                                    100,
                                    -17 - 0x100,
                                    -29,
                                    -30,
                                    0x7fffffffffffffff,
                                    -0x7fffffffffffffff - 1,
                                    0xfffffff8,
                                    0xffffffff,
                                    0xfff8,
                                    1L << 32,
                                    -0x100000000 };

    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct actor actor = actor_new();
        actor_start(&actor, numbers[i], 0, 0);
        CHECK_FAULTED(&actor);
        CHECK_EQUAL(actor.label, seL4_Fault_UnknownSyscall);
        CHECK_EQUAL(actor.words[seL4_UnknownSyscall_Syscall], numbers[i]);
        test_reset();
    }
}

TEST("1.1 Valid API range: every number from -8 to -1 is served")
{
    for (long number = -8; number <= -1; number++) {
        make_pair();
        seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
        seL4_Signal(test_mint(notification, seL4_AllRights, 1));
        actor_start(&pair.sender, number, notification, 0);
        CHECK_DONE(&pair.sender);
        test_reset();
    }
}

/* Other threads use all floating-point registers while one is away in a system call. */
static void spoil_floats(void *arg)
{
    struct fp_block block;

    for (unsigned i = 0; i < 32; i++) {
        block.in[i] = 0xbad0000000000000 | i;
    }
    block.fcsr_in = 0xff;
    block.number = SYS_SEND;
    block.a0 = *(seL4_CPtr *)arg;
    block.a1 = 0;
    fp_across(&block);
}

static struct fp_block mine;

static void keep_floats(void *arg)
{
    for (unsigned i = 0; i < 32; i++) {
        mine.in[i] = 0x4000000000000000 | i << 4;
    }
    mine.fcsr_in = 0x53;
    mine.number = SYS_SEND;
    mine.a0 = *(seL4_CPtr *)arg;
    mine.a1 = 0;
    fp_across(&mine);
}

TEST("1.1 Preserved: floating-point registers and fcsr survive a blocking system call")
{
    static seL4_CPtr endpoint;
    endpoint = test_object(seL4_EndpointObject, 0);
    struct test_thread *keeper = test_thread_create(keep_floats, &endpoint, TEST_PRIORITY + 1, 0);
    struct test_thread *spoiler = test_thread_create(spoil_floats, &endpoint, TEST_PRIORITY + 1, 0);

    test_thread_start(keeper);
    test_thread_start(spoiler);
    seL4_Recv(endpoint, NULL);
    seL4_Recv(endpoint, NULL);
    for (unsigned i = 0; i < 32; i++) {
        CHECK_EQUAL(mine.out[i], mine.in[i]);
    }
    CHECK_EQUAL(mine.fcsr_out, 0x53);
}

TEST("1.1 Preserved: a new thread's floating-point registers and fcsr are 0, whoever used them before")
{
    static struct fp_block block;
    static seL4_CPtr endpoint;
    endpoint = test_object(seL4_EndpointObject, 0);
    test_thread_start(test_thread_create(spoil_floats, &endpoint, TEST_PRIORITY + 1, 0));
    test_thread_start(test_thread_create(fp_read, &block, TEST_PRIORITY + 1, 0));
    seL4_Recv(endpoint, NULL);
    for (unsigned i = 0; i < 32; i++) {
        CHECK_EQUAL(block.out[i], 0);
    }
    CHECK_EQUAL(block.fcsr_out, 0);
}

/* A store of the same value by a thread that ran in between must still spoil the reservation. */
static seL4_Word reserved;

static void store_reserved(void *arg)
{
    for (;;) {
        seL4_Wait(*(seL4_CPtr *)arg, NULL);
        *(volatile seL4_Word *)&reserved = 7;
        seL4_Word old, failed;
        __asm__ volatile("lr.d %0, (%2)\n sc.d %1, %0, (%2)"
                         : "=&r"(old), "=&r"(failed)
                         : "r"(&reserved)
                         : "memory");
    }
}

TEST("1.1 LR/SC reservation: it does not survive a switch to another thread and back")
{
    static seL4_CPtr notification;
    seL4_Word failed;

    reserved = 7;
    notification = test_object(seL4_NotificationObject, 0);
    test_thread_start(test_thread_create(store_reserved, &notification, TEST_PRIORITY + 1, 0));
    register seL4_Word a0 __asm__("a0") = notification;
    register seL4_Word a1 __asm__("a1") = 0;
    register long a7 __asm__("a7") = SYS_SEND;
    __asm__ volatile("lr.d t0, (%1)\n ecall\n sc.d %0, t0, (%1)"
                     : "=&r"(failed)
                     : "r"(&reserved), "r"(a0), "r"(a1), "r"(a7)
                     : "t0", "memory");
    CHECK(failed != 0);
}
