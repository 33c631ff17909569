/*
 * What each invocation of a queue refuses, in the order of its checks (docs/async.md).
 */
#include "rings.h"

#define CNODE seL4_CapInitThreadCNode
#define TCB   seL4_CapInitThreadTCB

static struct answer bind(seL4_CPtr queue, seL4_Word requests, seL4_Word responses, seL4_Word policy,
                          seL4_CPtr tcb, seL4_CPtr notification)
{
    return INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = 7,
                  .words = { requests, responses, policy, REL4_INTERFACE_VERSION, 0, ~0ul, ~0ul },
                  .extras = 2, .caps = { tcb, notification });
}

static struct answer add(seL4_CPtr queue, seL4_Word position, seL4_Word count, seL4_Word slot)
{
    return INVOKE(queue, REL4_LABEL_QUEUE_ADD_FRAMES, .length = 3, .words = { position, count, slot },
                  .extras = 1, .caps = { CNODE });
}

static struct answer plain(seL4_CPtr queue, seL4_Word label)
{
    return INVOKE(queue, label, .length = 0);
}

TEST("Retype makes queues of 2^0 to 2^8 frame slots, and no larger ones")
{
    for (seL4_Word bits = 0; bits <= REL4_QUEUE_MAX_SIZE_BITS; bits++) {
        seL4_CPtr queue = test_object(REL4_TYPE_ASYNC_QUEUE, bits);
        CHECK(queue != seL4_CapNull);
        CHECK_ANSWER(bind(queue, 5, 6, 0, TCB, test_object(seL4_NotificationObject, 0)), seL4_NoError);
        CHECK_ANSWER(add(queue, 1ul << bits, 1, 0), seL4_RangeError, 0, (1ul << bits) - 1);
        CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_DETACH), seL4_NoError);
    }
    CHECK_ANSWER(INVOKE(test_arena, UntypedRetype, .length = 6,
                        .words = { REL4_TYPE_ASYNC_QUEUE, 9, 0, 0, test_slot(), 1 }, .extras = 1,
                        .caps = { CNODE }),
                 seL4_RangeError, 0, 8);
    CHECK_ANSWER(INVOKE(test_arena, UntypedRetype, .length = 6,
                        .words = { REL4_TYPE_ASYNC_QUEUE, 64, 0, 0, test_slot(), 1 }, .extras = 1,
                        .caps = { CNODE }),
                 seL4_RangeError, 0, 38);
}

TEST("Bind refuses in order: message, version, thread, notification, sizes, policy, header, state")
{
    seL4_CPtr queue = test_object(REL4_TYPE_ASYNC_QUEUE, 1);
    seL4_CPtr other = test_object(REL4_TYPE_ASYNC_QUEUE, 1);
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr receive_only = test_mint(notification, seL4_CanRead, 0);

    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = 2, .extras = 2, .caps = { queue, queue }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = 3, .extras = 1, .caps = { TCB }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = 3, .extras = 2, .caps = { queue, queue }),
                 seL4_RangeError, 2, 2);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = 7, .words = { 5, 6, 0, 1 }, .extras = 2,
                        .caps = { queue, queue }),
                 seL4_RangeError, 2, 2);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = 6, .words = { 5, 6, 0, 2 }, .extras = 2,
                        .caps = { queue, queue }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(bind(queue, 4, 4, 9, queue, queue), seL4_InvalidCapability, 1);
    CHECK_ANSWER(bind(queue, 4, 4, 9, TCB, queue), seL4_InvalidCapability, 2);
    CHECK_ANSWER(bind(queue, 4, 4, 9, TCB, receive_only), seL4_InvalidCapability, 2);
    CHECK_ANSWER(bind(queue, 4, 5, 9, TCB, notification), seL4_RangeError, 5, 12);
    CHECK_ANSWER(bind(queue, 13, 6, 9, TCB, notification), seL4_RangeError, 5, 12);
    CHECK_ANSWER(bind(queue, 5, 5, 9, TCB, notification), seL4_RangeError, 6, 14);
    CHECK_ANSWER(bind(queue, 5, 15, 9, TCB, notification), seL4_RangeError, 6, 14);
    CHECK_ANSWER(bind(queue, 5, ~0ul, 9, TCB, notification), seL4_RangeError, 6, 14);
    CHECK_ANSWER(bind(queue, 5, 6, 2, TCB, notification), seL4_InvalidArgument, 2);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = 7, .words = { 5, 6, 0, 2, 3585 }, .extras = 2,
                        .caps = { TCB, notification }),
                 seL4_RangeError, 0, 3584);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_BIND, .length = 7, .words = { 5, 6, 0, 2, 3520 + 8 },
                        .extras = 2, .caps = { TCB, notification }),
                 seL4_AlignmentError);
    CHECK_ANSWER(bind(queue, 5, 6, 0, TCB, notification), seL4_NoError);
    CHECK_ANSWER(bind(queue, 5, 6, 0, TCB, notification), seL4_IllegalOperation);
    CHECK_ANSWER(bind(other, 5, 6, 0, TCB, notification), seL4_IllegalOperation);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_DETACH), seL4_NoError);
    CHECK_ANSWER(bind(other, 5, 6, 0, TCB, notification), seL4_NoError);
    CHECK_ANSWER(plain(other, REL4_LABEL_QUEUE_DETACH), seL4_NoError);
}

TEST("AddFrames refuses in order: message, CNode, positions, slots, state, then frame by frame")
{
    seL4_CPtr queue = test_object(REL4_TYPE_ASYNC_QUEUE, 3);
    seL4_CPtr first = test_object(seL4_RISCV_4K_Page, 0);
    seL4_CPtr table = test_object(seL4_RISCV_PageTableObject, 0);
    seL4_CPtr mega = test_object(seL4_RISCV_Mega_Page, 0);
    seL4_CPtr read_only = test_mint(first, seL4_CanRead, 0);
    seL4_CPtr empty = test_slot();
    seL4_Word slots = 1ul << test_bootinfo->initThreadCNodeSizeBits;

    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_ADD_FRAMES, .length = 2, .extras = 1, .caps = { CNODE }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_ADD_FRAMES, .length = 3), seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_ADD_FRAMES, .length = 3, .words = { 9, 9, slots },
                        .extras = 1, .caps = { TCB }),
                 seL4_InvalidCapability, 1);
    CHECK_ANSWER(add(queue, 8, 9, slots), seL4_RangeError, 0, 7);
    CHECK_ANSWER(add(queue, ~0ul, 9, slots), seL4_RangeError, 0, 7);
    CHECK_ANSWER(add(queue, 6, 0, slots), seL4_RangeError, 1, 2);
    CHECK_ANSWER(add(queue, 6, 3, slots), seL4_RangeError, 1, 2);
    CHECK_ANSWER(add(queue, 6, ~0ul, slots), seL4_RangeError, 1, 2);
    CHECK_ANSWER(add(queue, 6, 2, slots), seL4_RangeError, 0, slots - 1);
    CHECK_ANSWER(add(queue, 6, 2, slots - 1), seL4_RangeError, 1, 1);
    CHECK_ANSWER(add(queue, 0, 1, first), seL4_IllegalOperation);
    CHECK_ANSWER(bind(queue, 5, 6, 0, TCB, test_object(seL4_NotificationObject, 0)), seL4_NoError);
    CHECK_ANSWER(add(queue, 0, 1, empty), seL4_InvalidCapability, 2);
    CHECK_ANSWER(add(queue, 0, 1, table), seL4_InvalidCapability, 2);
    CHECK_ANSWER(add(queue, 0, 1, read_only), seL4_InvalidCapability, 2);
    CHECK_ANSWER(add(queue, 0, 2, first), seL4_InvalidCapability, 3);
    CHECK_ANSWER(add(queue, 0, 1, first), seL4_NoError);
    CHECK_ANSWER(add(queue, 0, 1, first), seL4_DeleteFirst);
    CHECK_ANSWER(add(queue, 1, 1, mega), seL4_InvalidCapability, 2);

    seL4_CPtr biggest = test_object(REL4_TYPE_ASYNC_QUEUE, 8);
    CHECK_ANSWER(add(biggest, 0, 129, first), seL4_RangeError, 1, 128);
    CHECK_ANSWER(add(biggest, 200, 57, first), seL4_RangeError, 1, 56);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_DETACH), seL4_NoError);
}

TEST("Start wants a bound queue with frames for all of it")
{
    seL4_CPtr queue = test_object(REL4_TYPE_ASYNC_QUEUE, 2);
    seL4_CPtr first = test_object(seL4_RISCV_4K_Page, 0);

    CHECK_EQUAL(test_object(seL4_RISCV_4K_Page, 0), first + 1);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_START), seL4_IllegalOperation);
    CHECK_ANSWER(bind(queue, 6, 6, 0, TCB, test_object(seL4_NotificationObject, 0)), seL4_NoError);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_START), seL4_NotEnoughMemory, 0x1600);
    CHECK_ANSWER(add(queue, 1, 1, first), seL4_NoError);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_START), seL4_NotEnoughMemory, 0x1600);
    CHECK_ANSWER(add(queue, 0, 1, first + 1), seL4_NoError);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_START), seL4_NoError);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_START), seL4_IllegalOperation);
    CHECK_ANSWER(add(queue, 2, 1, first), seL4_IllegalOperation);
}

TEST("Wake and Reset want a started queue, Detach a bound one; a label that is not is illegal")
{
    seL4_CPtr queue = test_object(REL4_TYPE_ASYNC_QUEUE, 2);

    for (seL4_Word label = REL4_LABEL_QUEUE_WAKE; label <= REL4_LABEL_QUEUE_DETACH; label++) {
        CHECK_ANSWER(plain(queue, label), seL4_IllegalOperation);
    }
    CHECK_ANSWER(bind(queue, 5, 6, 0, TCB, test_object(seL4_NotificationObject, 0)), seL4_NoError);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_WAKE), seL4_IllegalOperation);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_RESET), seL4_IllegalOperation);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_PUT_STRING + 1), seL4_IllegalOperation);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_DETACH), seL4_NoError);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_DETACH), seL4_IllegalOperation);
}

TEST("PutChar and PutString refuse in order: message, length, words")
{
    seL4_CPtr queue = test_object(REL4_TYPE_ASYNC_QUEUE, 0);

    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_PUT_CHAR), seL4_TruncatedMessage);
    CHECK_ANSWER(plain(queue, REL4_LABEL_QUEUE_PUT_STRING), seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_PUT_STRING, .length = 1, .words = { 953 }), seL4_RangeError,
                 0, 952);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_PUT_STRING, .length = 2, .words = { 9 }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_PUT_STRING, .length = 1, .words = { 0 }), seL4_NoError);
    CHECK_ANSWER(INVOKE(queue, REL4_LABEL_QUEUE_PUT_CHAR, .length = 1, .words = { '#' }), seL4_NoError);
    CHECK_ANSWER(
        INVOKE(queue, REL4_LABEL_QUEUE_PUT_STRING, .length = 3, .words = { 10, 0x74732061206e6920, 0x0a72 }),
        seL4_NoError);
}

/* The same call through both doors. */
static void check_same(struct rings *rings, seL4_CPtr cap, seL4_Word label, const struct arguments *arguments)
{
    struct answer ring = rings_invoke(rings, cap, label, arguments);
    struct answer call = invoke(cap, label, arguments);

    if (ring.error != call.error || ring.length != call.length) {
        test_fail(__FILE__, __LINE__,
                  "label 0x%lx of 0x%lx: error %lu with %lu words, by system call %lu with %lu", label, cap,
                  ring.error, ring.length, call.error, call.length);
        return;
    }
    for (seL4_Word i = 0; i < call.length && i < 6; i++) {
        CHECK_EQUAL(ring.words[i], call.words[i]);
    }
}

TEST("every invocation answers in a ring as by system call: short messages and bad arguments to all objects")
{
    struct rings rings = rings_small();
    struct test_thread *thread = test_thread_create(NULL, NULL, TEST_PRIORITY - 1, seL4_CapNull);
    const seL4_CPtr caps[] = {
        test_object(seL4_UntypedObject, 12),
        thread->tcb,
        test_object(seL4_CapTableObject, 4),
        test_object(seL4_RISCV_4K_Page, 0),
        test_object(seL4_RISCV_PageTableObject, 0),
        seL4_CapIRQControl,
        seL4_CapASIDControl,
        seL4_CapInitThreadASIDPool,
        seL4_CapDomain,
        test_object(REL4_TYPE_ASYNC_QUEUE, 0),
        test_object(REL4_TYPE_SENDER_TABLE, 0),
        test_slot(),
    };

    for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
        for (seL4_Word label = 0; label < 64; label++) {
            struct arguments bad = {
                .length = 3, .words = { ~0ul, 99, 1ul << 40 }, .extras = 1, .caps = { seL4_CapInitThreadTCB }
            };
            if (label == TCBResume || label == TCBCopyRegisters) {
                continue;
            }
            check_same(&rings, caps[i], label, &(struct arguments){ .length = 0 });
            check_same(&rings, caps[i], label, &(struct arguments){ .length = 2, .words = { 0, 99 } });
            check_same(&rings, caps[i], label, &bad);
        }
        for (seL4_Word label = REL4_LABEL_QUEUE_BIND; label < REL4_LABEL_QUEUE_PUT_CHAR; label++) {
            check_same(&rings, caps[i], label, &(struct arguments){ .length = 0 });
        }
    }
}
