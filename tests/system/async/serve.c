/*
 * Requests are served: where, in which order, and with which answers.
 */
#include "rings.h"

#include <rel4/rel4.h>

TEST("a single request is served in the wake call, and answered with its cookie and label")
{
    struct rings rings = rings_small();
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);
    struct answer synchronous = INVOKE(frame, RISCVPageGetAddress, .length = 0);

    CHECK_EQUAL(*header_word(&rings, REL4_HEADER_VERSION), REL4_INTERFACE_VERSION);
    CHECK_EQUAL(*header_word(&rings, REL4_HEADER_VERSION + 4), 5);
    CHECK_EQUAL(*header_word(&rings, REL4_HEADER_VERSION + 8), 6);
    PUT(&rings, 7, frame, RISCVPageGetAddress, .length = 0);
    rings_publish(&rings);
    CHECK_EQUAL(rings_answers(&rings), 0);
    CHECK_OK(rings_wake(&rings));
    struct ring_answer taken = rings_take(&rings);
    CHECK_EQUAL(taken.cookie, 7);
    CHECK_EQUAL(taken.label, RISCVPageGetAddress);
    CHECK_ANSWER(taken.answer, seL4_NoError, synchronous.words[0]);
    CHECK_EQUAL(served_anywhere(&rings), 1);
    CHECK_EQUAL(served(&rings, REL4_PLACE_CALL), 1);
    CHECK_EQUAL(statistics(&rings)->wakes, 1);
    CHECK_EQUAL(index_peer(header_word(&rings, REL4_HEADER_REQUEST_CONSUMER)), 1);
}

TEST("an idle hart serves what is worth waking it, also one that runs no threads")
{
    enum {
        WORTH_WAKING = 16
    };
    struct rings rings = rings_small();
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);
    uint32_t tries = 0;

    if (rel4_harts_of(test_bootinfo) == 1) {
        return;
    }
    /* They are idle as soon as they have booted. */
    do {
        for (uint32_t i = 0; i < WORTH_WAKING; i++) {
            PUT(&rings, i, frame, RISCVPageGetAddress, .length = 0);
        }
        rings_publish(&rings);
        CHECK_OK(rings_wake(&rings));
        for (uint32_t i = 0; i < WORTH_WAKING; i++) {
            struct ring_answer taken = rings_take(&rings);
            CHECK_EQUAL(taken.cookie, i);
        }
    } while (!served(&rings, REL4_PLACE_IDLE) && ++tries < 100000);
    CHECK(served(&rings, REL4_PLACE_IDLE) > 0);
    CHECK_EQUAL(served_anywhere(&rings), (tries + 1) * WORTH_WAKING);
}

TEST("requests are served in order, each seeing what those before it did, also around the ring's end")
{
    struct rings rings = rings_small();
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);
    seL4_Word vaddr = REGION + (1ul << 30);

    rings_add_tables(vaddr);
    for (uint32_t round = 0; round < 50; round++) {
        PUT(&rings, 2 * round, frame, RISCVPageMap, .length = 3, .words = { vaddr, 3, 0 }, .extras = 1,
            .caps = { VSPACE });
        PUT(&rings, 2 * round + 1, frame, RISCVPageUnmap, .length = 0);
        PUT(&rings, 2 * round, frame, RISCVPageMap, .length = 3, .words = { vaddr + PAGE_SIZE, 3, 0 },
            .extras = 1, .caps = { VSPACE });
        PUT(&rings, 2 * round + 1, frame, RISCVPageUnmap, .length = 0);
        rings_publish(&rings);
        CHECK_OK(rings_wake(&rings));
        for (int i = 0; i < 4; i++) {
            struct ring_answer taken = rings_take(&rings);
            CHECK_EQUAL(taken.cookie, 2 * round + i % 2);
            CHECK_ANSWER(taken.answer, seL4_NoError);
        }
    }
    CHECK_EQUAL(served_anywhere(&rings), 200);
}

TEST("a request of full length is read whole, and its answer has all words")
{
    struct rings rings = rings_small();
    struct test_thread *thread = test_thread_create(NULL, NULL, TEST_PRIORITY - 1, seL4_CapNull);
    struct arguments write = { .length = 8,
                               .words = { 0, 32, 0x1000, 0x1001, 0x1002, 0x1003, 0x1004, 0x1005 } };

    /* Longer than struct arguments: the words behind are what is in the ring, which is zero. */
    write.length = 8;
    write.words[1] = 6;
    CHECK_ANSWER(rings_invoke(&rings, thread->tcb, TCBWriteRegisters, &write), seL4_NoError);
    struct answer answer = ASYNC(&rings, thread->tcb, TCBReadRegisters, .length = 2, .words = { 0, 32 });
    CHECK_EQUAL(answer.error, seL4_NoError);
    CHECK_EQUAL(answer.length, 32);
    for (seL4_Word i = 0; i < 6; i++) {
        CHECK_EQUAL(answer.words[i], 0x1000 + i);
    }
}

TEST("a thread that blocks with requests has them served first")
{
    struct rings rings = rings_small();
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);
    seL4_Word badge = 0;

    for (uint32_t i = 0; i < 5; i++) {
        PUT(&rings, i, frame, RISCVPageGetAddress, .length = 0);
    }
    rings_publish(&rings);
    seL4_Wait(rings.notification, &badge);
    CHECK_EQUAL(badge, ANSWER_BADGE);
    for (uint32_t i = 0; i < 5; i++) {
        CHECK_EQUAL(rings_take(&rings).cookie, i);
    }
    CHECK(served(&rings, REL4_PLACE_BLOCK) >= 1); /* a tick in between, and an idle hart takes over */
}

/* Blocks until there is an answer. */
static void wait_for_answer(const struct rings *rings)
{
    uint32_t *state = header_word(rings, REL4_HEADER_REQUESTER_STATE);
    seL4_Word badge;

    while (!rings_answers(rings)) {
        rel4_ring_sleep(state);
        if (!rings_answers(rings)) {
            seL4_Wait(rings->notification, &badge);
        }
        rel4_ring_stay(state);
    }
}

TEST("harts that could serve a queue do not stop one another after every request")
{
    enum {
        BITS = 9,
        COUNT = 1 << BITS,
        ROUNDS = 100
    };
    struct rings rings = rings_new(seL4_CapInitThreadTCB, BITS, BITS, REL4_POLICY_CALL);
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);
    seL4_Word runs = 0;

    /* A hart is woken to serve, and then this one has nothing else to do, either. */
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            PUT(&rings, i, frame, RISCVPageGetAddress, .length = 0);
        }
        rings_publish(&rings);
        CHECK_OK(rings_wake(&rings));
        for (uint32_t i = 0; i < COUNT; i++) {
            wait_for_answer(&rings);
            CHECK_EQUAL(rings_take(&rings).cookie, i);
        }
    }
    for (int i = 0; i < REL4_PLACES; i++) {
        runs += statistics(&rings)->runs[i];
    }
    test_note("%lu runs, %lu signals", runs, statistics(&rings)->signals);
    CHECK_EQUAL(served_anywhere(&rings), ROUNDS * COUNT);
    CHECK(runs < ROUNDS * COUNT / 16);
}

TEST("with the policy of ticks the wake call leaves the requests to a tick, or to an idle hart")
{
    struct rings rings = rings_new(seL4_CapInitThreadTCB, 5, 6, REL4_POLICY_TICK);
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);

    PUT(&rings, 1, frame, RISCVPageGetAddress, .length = 0);
    rings_publish(&rings);
    CHECK_OK(rings_wake(&rings));
    rings_take(&rings);
    CHECK_EQUAL(served(&rings, REL4_PLACE_CALL) + served(&rings, REL4_PLACE_BLOCK), 0);
    CHECK_EQUAL(served(&rings, REL4_PLACE_TICK) + served(&rings, REL4_PLACE_IDLE), 1);
}

TEST("a notification in a ring is signalled; an endpoint is an illegal operation")
{
    struct rings rings = rings_small();
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr badged = test_mint(notification, seL4_AllRights, 5);
    seL4_CPtr receive_only = test_mint(notification, seL4_CanRead, 6);
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_Word badge = 0;

    CHECK_ANSWER(ASYNC(&rings, badged, 0, .length = 0), seL4_NoError);
    seL4_Poll(notification, &badge);
    CHECK_EQUAL(badge, 5);
    CHECK_ANSWER(ASYNC(&rings, receive_only, 0, .length = 0), seL4_InvalidCapability, 0);
    CHECK_ANSWER(ASYNC(&rings, endpoint, 0, .length = 0), seL4_IllegalOperation);
    CHECK_ANSWER(ASYNC(&rings, test_slot(), 0, .length = 0), seL4_InvalidCapability, 0);
}

TEST("a pointer that does not resolve is a failed lookup with its words, and no fault")
{
    struct rings rings = rings_small();
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);
    struct answer answer = ASYNC(&rings, ~0ul, 0, .length = 0);

    CHECK_EQUAL(answer.error, seL4_FailedLookup);
    CHECK_EQUAL(answer.words[0], 0);
    CHECK_EQUAL(answer.words[1], seL4_GuardMismatch);
    answer = ASYNC(&rings, frame, RISCVPageMap, .length = 3, .extras = 1, .caps = { ~0ul });
    CHECK_EQUAL(answer.error, seL4_FailedLookup);
    CHECK_EQUAL(answer.words[0], 1);
    CHECK_EQUAL(answer.words[1], seL4_GuardMismatch);
}
