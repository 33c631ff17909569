/*
 * Naming slots: (index, depth) arguments in all the places that take them, and capability pointers of threads
 * with CSpaces of several levels.
 */
#include "objects.h"

/* The places where a slot is looked up in a CNode that the caller names. */
enum place {
    RETYPE_NODE,
    TRANSFER_SOURCE,
    ROTATE_SOURCE,
    ROTATE_PIVOT,
    IRQ_TARGET,
    PLACES
};

static struct answer look_up_at(enum place place, seL4_CPtr root, seL4_Word index, seL4_Word depth)
{
    struct message message;

    switch (place) {
    case RETYPE_NODE:
        message = retype_into(root, index, depth, 0, 0);
        return invoke(test_arena, message);
    case TRANSFER_SOURCE:
        message = transfer_message(CNodeCopy, test_slot(), 0);
        message.word[2] = index;
        message.word[3] = depth;
        message.cap[0] = root;
        return invoke(ROOT, message);
    case ROTATE_SOURCE:
        message = rotate_message(test_slot(), ROOT, 0);
        message.word[6] = index;
        message.word[7] = depth;
        message.cap[1] = root;
        return invoke(ROOT, message);
    case ROTATE_PIVOT:
        message = rotate_message(test_slot(), 0, ROOT);
        message.word[3] = index;
        message.word[4] = depth;
        message.cap[0] = root;
        return invoke(ROOT, message);
    default:
        message = (struct message){
            .label = IRQIssueIRQHandler,
            .length = 3,
            .word = { 95, index, depth },
            .caps = 1,
            .cap = { root },
        };
        return invoke(seL4_CapIRQControl, message);
    }
}

static seL4_Word side_of(enum place place)
{
    return place == TRANSFER_SOURCE || place == ROTATE_SOURCE || place == ROTATE_PIVOT ? SOURCE : DESTINATION;
}

/* In every place, and as the target of operations on the CNode itself. side is which lookup it is. */
#define EXPECT_EVERYWHERE(root, index, depth, ...)                                      \
    do {                                                                                \
        for (enum place place = 0; place < PLACES; place++) {                           \
            seL4_Word side __attribute__((unused)) = side_of(place);                    \
            EXPECT(look_up_at(place, root, index, depth), __VA_ARGS__);                 \
        }                                                                               \
        seL4_Word side __attribute__((unused)) = DESTINATION;                           \
        EXPECT(invoke(root, slot_message(CNodeDelete, index, depth)), __VA_ARGS__);     \
        EXPECT(invoke(root, slot_message(CNodeSaveCaller, index, depth)), __VA_ARGS__); \
    } while (0)

/*
 * outer, 4 bits, no guard: 1 endpoint, 2 inner.
 * inner, 3 bits, guard 2 of 2 bits: 5 endpoint.
 */
static seL4_CPtr two_levels(void)
{
    seL4_CPtr outer = new_cnode(4);
    seL4_CPtr inner = guarded(new_cnode(3), 2, 2);

    put(outer, 1, 4, test_object(seL4_EndpointObject, 0));
    put(inner, 2 << 3 | 5, 5, test_object(seL4_EndpointObject, 0));
    put(outer, 2, 4, inner);
    return outer;
}

TEST("4.2 row 1: a root that is no CNode is an invalid root, for sources and destinations")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr wrong[] = { notification, seL4_CapNull, test_arena, seL4_CapInitThreadTCB };

    for (unsigned i = 0; i < 4; i++) {
        for (enum place place = 0; place < PLACES; place++) {
            EXPECT(look_up_at(place, wrong[i], 1, 64), INVALID_ROOT(side_of(place)));
        }
    }
}

TEST("4.2 row 1 goes before row 2: no CNode and a bad depth")
{
    for (enum place place = 0; place < PLACES; place++) {
        EXPECT(look_up_at(place, test_arena, 1, 65), INVALID_ROOT(side_of(place)));
        if (place != RETYPE_NODE) {
            EXPECT(look_up_at(place, test_arena, 1, 0), INVALID_ROOT(side_of(place)));
        }
    }
}

TEST("4.2 row 2: depth 0 is out of range")
{
    for (enum place place = TRANSFER_SOURCE; place < PLACES; place++) {
        EXPECT(look_up_at(place, ROOT, 1, 0), RANGE(1, 64));
    }
    EXPECT(invoke(ROOT, slot_message(CNodeDelete, test_slot(), 0)), RANGE(1, 64));
}

TEST("4.2 row 2: depths above 64 are out of range, all 64 bits of them count")
{
    EXPECT_EVERYWHERE(ROOT, 1, 65, RANGE(1, 64));
    EXPECT_EVERYWHERE(ROOT, 1, 0x100 + 64, RANGE(1, 64));
    EXPECT_EVERYWHERE(ROOT, 1, (1ul << 32) + 64, RANGE(1, 64));
    EXPECT_EVERYWHERE(ROOT, 1, ~0ul, RANGE(1, 64));
}

TEST("4.2 row 2 goes before row 3: bad depth and a wrong guard")
{
    EXPECT_EVERYWHERE(ROOT, ~0ul, 65, RANGE(1, 64));
}

TEST("4.2 row 3: another guard is a guard mismatch")
{
    EXPECT_EVERYWHERE(ROOT, 1ul << 12, 64, GUARD_MISMATCH(side, 64, 0, 52));
    EXPECT_EVERYWHERE(ROOT, 1ul << 63, 64, GUARD_MISMATCH(side, 64, 0, 52));
    EXPECT_EVERYWHERE(ROOT, 1ul << 62, 63, GUARD_MISMATCH(side, 63, 0, 52));
}

TEST("4.2 row 3: a guard longer than the depth is a guard mismatch")
{
    EXPECT_EVERYWHERE(ROOT, 0, 51, GUARD_MISMATCH(side, 51, 0, 52));
    EXPECT_EVERYWHERE(ROOT, 0, 1, GUARD_MISMATCH(side, 1, 0, 52));
}

TEST("4.2 row 3: a fitting guard, but too few bits for the radix, is a depth mismatch")
{
    EXPECT_EVERYWHERE(ROOT, 0, 52, DEPTH_MISMATCH(side, 52, 64));
    EXPECT_EVERYWHERE(ROOT, 0, 63, DEPTH_MISMATCH(side, 63, 64));
    EXPECT_EVERYWHERE(new_cnode(4), 0, 3, DEPTH_MISMATCH(side, 3, 4));
}

TEST("4.2 row 3: the guard is compared before the depth")
{
    EXPECT_EVERYWHERE(ROOT, 1ul << 52, 53, GUARD_MISMATCH(side, 53, 0, 52));
}

TEST("4.2 row 3: a mismatch in the second CNode tells its guard and the bits left there")
{
    seL4_CPtr outer = two_levels();

    EXPECT_EVERYWHERE(outer, 2 << 5 | 1 << 3 | 5, 9, GUARD_MISMATCH(side, 5, 2, 2));
    EXPECT_EVERYWHERE(outer, 2 << 1, 5, GUARD_MISMATCH(side, 1, 2, 2));
    EXPECT_EVERYWHERE(outer, 2 << 4 | 2 << 2, 8, DEPTH_MISMATCH(side, 4, 5));
    EXPECT_EVERYWHERE(outer, 2 << 2 | 2, 6, DEPTH_MISMATCH(side, 2, 5));
}

TEST("4.2 row 3: only the low depth bits of the index count")
{
    seL4_CPtr outer = two_levels();

    CHECK(!is_empty_in(outer, ~0ul << 4 | 1, 4));
    CHECK(is_empty_in(outer, ~0ul << 4 | 3, 4));
    CHECK(!is_empty_in(outer, ~0ul << 9 | 2 << 5 | 2 << 3 | 5, 9));
}

TEST("4.2 row 3: resolution starts with the guard of the given root itself")
{
    seL4_CPtr node = new_cnode(4);
    seL4_CPtr root = guarded(node, 0x2b, 6);

    put_copy(node, 7, 4, node);
    CHECK(!is_empty_in(root, 0x2b7, 10));
    EXPECT_EVERYWHERE(root, 7, 10, GUARD_MISMATCH(side, 10, 0x2b, 6));
    EXPECT_EVERYWHERE(root, 0x2b, 6, DEPTH_MISMATCH(side, 6, 10));
}

TEST("4.2 row 3: a guard may fill all bits that the radix leaves")
{
    seL4_CPtr node = new_cnode(6);
    seL4_Word guard = 0x2aaaaaaaaaaaaaa;
    seL4_CPtr root = guarded(node, guard, 58);

    put_copy(node, 33, 6, node);
    CHECK(!is_empty_in(root, guard << 6 | 33, 64));
    EXPECT_EVERYWHERE(root, 33, 64, GUARD_MISMATCH(side, 64, guard, 58));
}

TEST("4.2 row 4: bits left over at a capability that is no CNode, or at nothing, are a depth mismatch")
{
    seL4_CPtr outer = two_levels();

    EXPECT_EVERYWHERE(outer, 1 << 1, 5, DEPTH_MISMATCH(side, 1, 0));
    EXPECT_EVERYWHERE(outer, 1ul << 60, 64, DEPTH_MISMATCH(side, 60, 0));
    EXPECT_EVERYWHERE(outer, 0, 9, DEPTH_MISMATCH(side, 5, 0));
    EXPECT_EVERYWHERE(outer, (2 << 5 | 2 << 3 | 5) << 7, 16, DEPTH_MISMATCH(side, 7, 0));
    EXPECT_EVERYWHERE(outer, (2 << 5 | 2 << 3 | 4) << 7, 16, DEPTH_MISMATCH(side, 7, 0));
}

TEST("4.2 a slot that holds a CNode is named by the depth that ends exactly there")
{
    seL4_CPtr outer = two_levels();
    seL4_CPtr slot = test_slot();

    CHECK_OK(seL4_CNode_Copy(ROOT, slot, DEPTH, outer, 2, 4, seL4_AllRights));
    CHECK(!is_empty_in(slot, 2 << 3 | 5, 5));
    CHECK_OK(seL4_CNode_Delete(outer, 2, 4));
    CHECK(is_empty_in(outer, 2, 4));
}

TEST("4.2 a CNode in itself takes as many levels as the depth has bits")
{
    seL4_CPtr node = new_cnode(2);

    put_copy(node, 3, 2, node);
    CHECK(is_empty_in(node, ~0ul << 2 | 1, 64));
    CHECK(!is_empty_in(node, ~0ul, 64));
    EXPECT_EVERYWHERE(node, ~0ul, 63, DEPTH_MISMATCH(side, 1, 2));
}

/*
 * A CSpace for probes, with pointers of 64 bits:
 *
 *   top, 4 bits, guard 9 of 4 bits   1 fault endpoint, 2 middle, 3 notification
 *   middle, 4 bits, guard 0xa5 of 8  5 notification, 6 inner
 *   inner, 4 bits, guard of 58 bits  never fits
 */
#define TOP(slot)    (9ul << 60 | (seL4_Word)(slot) << 56)
#define MIDDLE(slot) (TOP(2) | 0xa5ul << 48 | (seL4_Word)(slot) << 44)
#define LONG_GUARD   0x155555555555555

static seL4_CPtr fault_ep, notification;

static seL4_CPtr probe_cspace(void)
{
    seL4_CPtr top_node = new_cnode(4);
    seL4_CPtr middle_node = new_cnode(4);

    fault_ep = test_object(seL4_EndpointObject, 0);
    notification = test_object(seL4_NotificationObject, 0);
    put_copy(middle_node, 5, 4, badged(notification, 2));
    put(middle_node, 6, 4, guarded(new_cnode(4), LONG_GUARD, 58));
    put_copy(top_node, 1, 4, fault_ep);
    put(top_node, 2, 4, guarded(middle_node, 0xa5, 8));
    put_copy(top_node, 3, 4, badged(notification, 1));
    return guarded(top_node, 9, 4);
}

/* Makes one call in that CSpace. extra: its only extra capability, if it has one. */
static void probe_in_cspace(struct probe *probe, seL4_Word extra)
{
    struct test_thread *thread = probe_create(probe, 0);

    CHECK_OK(seL4_TCB_SetSpace(thread->tcb, TOP(1), probe_cspace(), 0, seL4_CapInitThreadVSpace, 0));
    thread->buffer->caps_or_badges[0] = extra;
    test_thread_start(thread);
}

/* The probe's fault. */
static void check_cap_fault(seL4_Word pointer, bool receiving, unsigned failure_words,
                            const seL4_Word *failure)
{
    seL4_MessageInfo_t info = seL4_NBRecv(fault_ep, NULL);

    CHECK_EQUAL(seL4_MessageInfo_get_label(info), seL4_Fault_CapFault);
    CHECK_EQUAL(seL4_MessageInfo_get_length(info), 3 + failure_words);
    CHECK_EQUAL(seL4_GetMR(seL4_CapFault_Addr), pointer);
    CHECK_EQUAL(seL4_GetMR(seL4_CapFault_InRecvPhase), receiving);
    for (unsigned i = 0; i < failure_words; i++) {
        CHECK_EQUAL(seL4_GetMR(3 + (int)i), failure[i]);
    }
}

#define CHECK_CAP_FAULT(pointer, receiving, ...)                                                  \
    check_cap_fault(pointer, receiving, sizeof((seL4_Word[]){ __VA_ARGS__ }) / sizeof(seL4_Word), \
                    (const seL4_Word[]){ __VA_ARGS__ })

/* The probe did its call and nothing went wrong. */
static void check_returned(const struct probe *probe)
{
    CHECK(probe->returned);
    CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_NBRecv(fault_ep, NULL)), seL4_Fault_UserException);
}

static void check_signalled(seL4_Word badge)
{
    seL4_Word got = 0;

    seL4_Poll(notification, &got);
    CHECK_EQUAL(got, badge);
}

#define SEND_TO(pointer)                                               \
    {                                                                  \
        .number = (seL4_Word)seL4_SysSend, .in = {.badge = (pointer) } \
    }

TEST("4.1 a pointer is resolved through two CNodes and their guards")
{
    static struct probe probe = SEND_TO(MIDDLE(5));

    probe_in_cspace(&probe, 0);
    check_signalled(2);
    check_returned(&probe);
}

TEST("4.1 bits left over at a capability that is no CNode are ignored")
{
    static struct probe probe = SEND_TO(TOP(3) | 0xdeadbeef);

    probe_in_cspace(&probe, 0);
    check_signalled(1);
    check_returned(&probe);
}

TEST("4.1 bits left over at an empty slot are ignored: Call finds an empty slot")
{
    static struct probe probe = CALL_PROBE(TOP(7) | 12345);

    probe_in_cspace(&probe, 0);
    check_returned(&probe);
    CHECK_EQUAL(probe.out.badge, 0);
    CHECK_EQUAL(probe.out.info, seL4_InvalidCapability << 12 | 1);
    CHECK_EQUAL(probe.out.mr0, 0);
}

TEST("4.1 an empty slot resolves: Send does nothing")
{
    static struct probe probe = SEND_TO(MIDDLE(1));

    probe_in_cspace(&probe, 0);
    check_returned(&probe);
}

TEST("4.1 check 1: a wrong guard in the first CNode faults with all bits left")
{
    static struct probe probe = SEND_TO(8ul << 60);

    probe_in_cspace(&probe, 0);
    CHECK_CAP_FAULT(8ul << 60, false, seL4_GuardMismatch, 64, 9, 4);
    CHECK(!probe.returned);
}

TEST("4.1 check 1: a wrong guard in the second CNode faults with the bits left there")
{
    static struct probe probe = SEND_TO(TOP(2) | 0xa4ul << 48);

    probe_in_cspace(&probe, 0);
    CHECK_CAP_FAULT(TOP(2) | 0xa4ul << 48, false, seL4_GuardMismatch, 56, 0xa5, 8);
}

TEST("4.1 check 1: a guard longer than the bits left is a guard mismatch")
{
    static struct probe probe = SEND_TO(MIDDLE(6));

    probe_in_cspace(&probe, 0);
    CHECK_CAP_FAULT(MIDDLE(6), false, seL4_GuardMismatch, 44, LONG_GUARD, 58);
}

TEST("4.1 check 2: guard and radix longer than the bits left are a depth mismatch")
{
    static struct probe probe = SEND_TO(0xful << 60 | 0x3fful << 2);
    seL4_CPtr top_node = new_cnode(4);
    struct test_thread *thread = probe_create(&probe, 0);

    fault_ep = test_object(seL4_EndpointObject, 0);
    put_copy(top_node, 1, 4, fault_ep);
    put(top_node, 15, 4, guarded(new_cnode(4), 0x3fful, 58));
    CHECK_OK(seL4_TCB_SetSpace(thread->tcb, 1ul << 60, top_node, 0, seL4_CapInitThreadVSpace, 0));
    test_thread_start(thread);
    CHECK_CAP_FAULT(0xful << 60 | 0x3fful << 2, false, seL4_DepthMismatch, 60, 62);
}

TEST("4.1 an extra capability that does not resolve faults with its own pointer")
{
    static struct probe probe = { .number = (seL4_Word)seL4_SysCall,
                                  .in = { .badge = TOP(3), .info = 1 << 7 } };

    probe_in_cspace(&probe, 1ul << 62);
    CHECK_CAP_FAULT(1ul << 62, false, seL4_GuardMismatch, 64, 9, 4);
    check_signalled(0);
}

TEST("4.1 the invoked capability is resolved before the extra ones")
{
    static struct probe probe = { .number = (seL4_Word)seL4_SysCall, .in = { .badge = 7, .info = 1 << 7 } };

    probe_in_cspace(&probe, 1ul << 62);
    CHECK_CAP_FAULT(7, false, seL4_GuardMismatch, 64, 9, 4);
}

TEST("4.1 extra capabilities are resolved before the invoked slot is found empty")
{
    static struct probe probe = { .number = (seL4_Word)seL4_SysCall,
                                  .in = { .badge = TOP(7), .info = 1 << 7 } };

    probe_in_cspace(&probe, MIDDLE(6));
    CHECK_CAP_FAULT(MIDDLE(6), false, seL4_GuardMismatch, 44, LONG_GUARD, 58);
}

TEST("4.1 receiving resolves the same way and says so in the fault")
{
    static struct probe probe = { .number = (seL4_Word)seL4_SysRecv, .in = { .badge = TOP(2) } };

    probe_in_cspace(&probe, 0);
    CHECK_CAP_FAULT(TOP(2), true, seL4_GuardMismatch, 56, 0xa5, 8);
}

TEST("4.1 receiving from an empty slot with bits left over is a missing capability")
{
    static struct probe probe = { .number = (seL4_Word)seL4_SysNBRecv, .in = { .badge = TOP(7) | 99 } };

    probe_in_cspace(&probe, 0);
    CHECK_CAP_FAULT(TOP(7) | 99, true, seL4_MissingCapability, 0);
}

TEST("4.1 a non-blocking send through a pointer that does not resolve is dropped")
{
    static struct probe probe = { .number = (seL4_Word)seL4_SysNBSend, .in = { .badge = 1 } };

    probe_in_cspace(&probe, 0);
    check_returned(&probe);
}

TEST("4.1 a root that is no CNode resolves nothing: the thread stops")
{
    static struct probe probe = CALL_PROBE(seL4_CapInitThreadTCB);
    seL4_CPtr node = new_cnode_from(test_object(seL4_UntypedObject, 12), 4);
    struct test_thread *thread = probe_create(&probe, 0);

    CHECK_OK(seL4_TCB_SetSpace(thread->tcb, 0, node, 0, seL4_CapInitThreadVSpace, 0));
    CHECK_OK(revoke_cap(node));
    CHECK_OK(delete_cap(node));
    test_thread_start(thread);
    CHECK(!probe.returned);
}
