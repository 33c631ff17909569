/*
 * The errors of the CNode operations except Rotate, row by row and in their order.
 */
#include "objects.h"

static const seL4_Word transfers[] = { CNodeCopy, CNodeMint, CNodeMove, CNodeMutate };

#define FOR_EACH_TRANSFER(label)                                         \
    for (unsigned label##_index = 0; label##_index < 4; label##_index++) \
        for (seL4_Word label = transfers[label##_index], label##_once = 1; label##_once; label##_once = 0)

TEST("2.7 CNode row 1: labels outside Revoke to SaveCaller are illegal operations")
{
    struct message message = slot_message(0, test_slot(), DEPTH);

    for (seL4_Word label = 0; label < nArchInvocationLabels + 10; label++) {
        if (label < CNodeRevoke || label > CNodeSaveCaller) {
            message.label = label;
            EXPECT(invoke(ROOT, message), ILLEGAL_OPERATION);
        }
    }
    message.label = (1ul << 52) - 1;
    EXPECT(invoke(ROOT, message), ILLEGAL_OPERATION);
    message.label = 1ul << 32 | CNodeDelete;
    EXPECT(invoke(ROOT, message), ILLEGAL_OPERATION);
}

TEST("2.7 CNode row 1 goes before row 2: wrong label and no message")
{
    EXPECT(invoke(ROOT, (struct message){ .label = UntypedRetype }), ILLEGAL_OPERATION);
    EXPECT(invoke(ROOT, (struct message){ .label = CNodeSaveCaller + 1 }), ILLEGAL_OPERATION);
}

TEST("2.7 CNode row 2: every operation needs two words")
{
    for (seL4_Word label = CNodeRevoke; label <= CNodeSaveCaller; label++) {
        struct message message = slot_message(label, test_slot(), DEPTH);
        message.length = 0;
        EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
        message.length = 1;
        EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
    }
}

TEST("2.7 CNode row 2 goes before row 3: one word, and a lookup that would fail")
{
    for (seL4_Word label = CNodeRevoke; label <= CNodeSaveCaller; label++) {
        struct message message = slot_message(label, ~0ul, DEPTH);
        message.length = 1;
        EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
    }
}

TEST("2.7 CNode row 3: every operation looks its target up")
{
    seL4_CPtr node = new_cnode(4);

    for (seL4_Word label = CNodeRevoke; label <= CNodeSaveCaller; label++) {
        EXPECT(invoke(ROOT, slot_message(label, 1, 0)), RANGE(1, 64));
        EXPECT(invoke(ROOT, slot_message(label, 1, 65)), RANGE(1, 64));
        EXPECT(invoke(ROOT, slot_message(label, 1, ~0ul)), RANGE(1, 64));
        EXPECT(invoke(ROOT, slot_message(label, 1ul << 20, 64)), GUARD_MISMATCH(DESTINATION, 64, 0, 52));
        EXPECT(invoke(ROOT, slot_message(label, 1, 60)), DEPTH_MISMATCH(DESTINATION, 60, 64));
        EXPECT(invoke(node, slot_message(label, 0, 10)), DEPTH_MISMATCH(DESTINATION, 6, 0));
    }
}

TEST("2.7 CNode row 3 goes before row 4: failed lookup and a truncated message")
{
    FOR_EACH_TRANSFER(label)
    {
        EXPECT(invoke(ROOT, slot_message(label, 1, 65)), RANGE(1, 64));
        EXPECT(invoke(ROOT, slot_message(label, 1, 63)), DEPTH_MISMATCH(DESTINATION, 63, 64));
    }
}

TEST("2.7 CNode row 4: Copy, Mint, Move and Mutate need four words")
{
    FOR_EACH_TRANSFER(label)
    {
        struct message message = transfer_message(label, test_slot(), test_arena);
        for (message.length = 2; message.length < 4; message.length++) {
            EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
        }
    }
}

TEST("2.7 CNode row 4: Copy, Mint, Move and Mutate need an extra capability")
{
    FOR_EACH_TRANSFER(label)
    {
        struct message message = transfer_message(label, test_slot(), test_arena);
        message.caps = 0;
        EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
    }
}

TEST("2.7 CNode row 4 goes before row 5: truncated, and the target is in use")
{
    FOR_EACH_TRANSFER(label)
    {
        struct message message = transfer_message(label, test_arena, test_arena);
        message.length = 3;
        EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
        message.length = 8;
        message.caps = 0;
        EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
    }
}

TEST("2.7 CNode row 5: the target must be empty")
{
    seL4_CPtr source = test_object(seL4_EndpointObject, 0);
    seL4_CPtr target = test_object(seL4_EndpointObject, 0);

    FOR_EACH_TRANSFER(label)
    {
        EXPECT(invoke(ROOT, transfer_message(label, target, source)), DELETE_FIRST);
        EXPECT(invoke(ROOT, transfer_message(label, source, source)), DELETE_FIRST);
    }
}

TEST("2.7 CNode row 5 goes before row 6: target in use, and the source lookup fails")
{
    FOR_EACH_TRANSFER(label)
    {
        struct message message = transfer_message(label, test_arena, 1);
        message.word[3] = 65;
        EXPECT(invoke(ROOT, message), DELETE_FIRST);
        message.cap[0] = seL4_CapNull;
        EXPECT(invoke(ROOT, message), DELETE_FIRST);
    }
}

TEST("2.7 CNode row 6: the source lookup fails as a source")
{
    seL4_CPtr node = new_cnode(4);

    FOR_EACH_TRANSFER(label)
    {
        struct message message = transfer_message(label, test_slot(), 1);
        message.word[3] = 0;
        EXPECT(invoke(ROOT, message), RANGE(1, 64));
        message.word[3] = 65;
        EXPECT(invoke(ROOT, message), RANGE(1, 64));
        message.word[3] = 63;
        EXPECT(invoke(ROOT, message), DEPTH_MISMATCH(SOURCE, 63, 64));
        message.word[2] = ~0ul;
        EXPECT(invoke(ROOT, message), GUARD_MISMATCH(SOURCE, 63, 0, 52));
        message.cap[0] = node;
        EXPECT(invoke(ROOT, message), DEPTH_MISMATCH(SOURCE, 59, 0));
        message.cap[0] = test_arena;
        EXPECT(invoke(ROOT, message), INVALID_ROOT(SOURCE));
        message.cap[0] = seL4_CapNull;
        EXPECT(invoke(ROOT, message), INVALID_ROOT(SOURCE));
    }
}

TEST("2.7 CNode row 6 goes before row 8: source lookup fails, and a word is missing")
{
    static const seL4_Word labels[] = { CNodeCopy, CNodeMint, CNodeMutate };

    for (unsigned i = 0; i < 3; i++) {
        struct message message = transfer_message(labels[i], test_slot(), 1);
        message.length = 4;
        message.word[3] = 65;
        EXPECT(invoke(ROOT, message), RANGE(1, 64));
    }
}

TEST("2.7 CNode row 7: an empty source is a missing capability, with the source's depth")
{
    seL4_CPtr node = new_cnode(4);

    FOR_EACH_TRANSFER(label)
    {
        struct message message = transfer_message(label, test_slot(), test_slot());
        EXPECT(invoke(ROOT, message), MISSING_CAPABILITY(SOURCE, 64));
        message.word[2] = 3;
        message.word[3] = 4;
        message.cap[0] = node;
        EXPECT(invoke(ROOT, message), MISSING_CAPABILITY(SOURCE, 4));
    }
}

TEST("2.7 CNode row 7: an empty slot moved onto itself is a missing capability")
{
    seL4_CPtr slot = test_slot();

    FOR_EACH_TRANSFER(label)
    {
        EXPECT(invoke(ROOT, transfer_message(label, slot, slot)), MISSING_CAPABILITY(SOURCE, 64));
    }
}

TEST("2.7 CNode row 7 goes before row 8: empty source, and a word is missing")
{
    static const seL4_Word labels[] = { CNodeCopy, CNodeMint, CNodeMutate };

    for (unsigned i = 0; i < 3; i++) {
        struct message message = transfer_message(labels[i], test_slot(), test_slot());
        message.length = 4;
        EXPECT(invoke(ROOT, message), MISSING_CAPABILITY(SOURCE, 64));
    }
}

TEST("2.7 CNode row 8: Copy and Mutate need five words")
{
    seL4_CPtr source = new_cnode(4);
    seL4_CPtr target = test_slot();

    for (int i = 0; i < 2; i++) {
        struct message message = transfer_message(i ? CNodeMutate : CNodeCopy, target, source);
        message.length = 4;
        EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
        message.length = 5;
        EXPECT(invoke(ROOT, message), SUCCESS);
        CHECK_OK(delete_cap(target));
    }
}

TEST("2.7 CNode row 8: Mint needs six words")
{
    struct message message = transfer_message(CNodeMint, test_slot(), new_cnode(4));

    message.length = 4;
    EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
    message.length = 5;
    EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
    message.length = 6;
    EXPECT(invoke(ROOT, message), SUCCESS);
}

TEST("2.7 CNode row 8: Move needs four words and no more")
{
    EXPECT(invoke(ROOT, transfer_message(CNodeMove, test_slot(), new_cnode(4))), SUCCESS);
}

TEST("2.7 CNode row 8 goes before row 9: a word is missing, and the source cannot be copied")
{
    struct message message = transfer_message(CNodeCopy, test_slot(), seL4_CapIRQControl);

    message.length = 4;
    EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
    message.label = CNodeMint;
    message.length = 5;
    EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
    message.word[2] = test_arena;
    EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
}

TEST("2.7 CNode row 8 goes before row 10: Mutate without its data, and an endpoint")
{
    struct message message = transfer_message(CNodeMutate, test_slot(), test_object(seL4_EndpointObject, 0));

    message.length = 4;
    EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
}

TEST("2.7 CNode row 9: what cannot be derived cannot be copied or minted")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr table = test_object(seL4_RISCV_PageTableObject, 0);

    make(untyped, seL4_EndpointObject, 0);
    EXPECT(invoke(ROOT, transfer_message(CNodeCopy, test_slot(), untyped)), REVOKE_FIRST);
    EXPECT(invoke(ROOT, transfer_message(CNodeMint, test_slot(), untyped)), REVOKE_FIRST);
    EXPECT(invoke(ROOT, transfer_message(CNodeCopy, test_slot(), table)), ILLEGAL_OPERATION);
    EXPECT(invoke(ROOT, transfer_message(CNodeMint, test_slot(), table)), ILLEGAL_OPERATION);
    EXPECT(invoke(ROOT, transfer_message(CNodeMove, test_slot(), untyped)), SUCCESS);
    EXPECT(invoke(ROOT, transfer_message(CNodeMutate, test_slot(), table)), SUCCESS);
}

TEST("2.7 CNode row 10: a capability that would become null is an illegal operation")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    struct message message = transfer_message(CNodeMint, test_slot(), badged(endpoint, 3));

    message.word[5] = 3;
    EXPECT(invoke(ROOT, message), ILLEGAL_OPERATION);
    EXPECT(invoke(ROOT, transfer_message(CNodeMutate, test_slot(), endpoint)), ILLEGAL_OPERATION);
    message = transfer_message(CNodeMutate, test_slot(), new_cnode(10));
    message.word[4] = 55;
    EXPECT(invoke(ROOT, message), ILLEGAL_OPERATION);
    EXPECT(invoke(ROOT, transfer_message(CNodeCopy, test_slot(), seL4_CapIRQControl)), ILLEGAL_OPERATION);
}

TEST("2.7 CNode: a call that fails changes neither slot")
{
    seL4_CPtr target = test_slot();
    seL4_CPtr endpoint = badged(test_object(seL4_EndpointObject, 0), 5);

    EXPECT(invoke(ROOT, transfer_message(CNodeMint, target, endpoint)), ILLEGAL_OPERATION);
    EXPECT(invoke(ROOT, transfer_message(CNodeMutate, target, endpoint)), ILLEGAL_OPERATION);
    CHECK(is_empty(target));
    CHECK(!is_empty(endpoint));
}

TEST("2.7 CNode row 4s: SaveCaller needs an empty target")
{
    EXPECT(invoke(ROOT, slot_message(CNodeSaveCaller, test_arena, DEPTH)), DELETE_FIRST);
}

TEST("2.7 CNode: SaveCaller without a caller succeeds and leaves the slot empty")
{
    seL4_CPtr slot = test_slot();

    EXPECT(invoke(ROOT, slot_message(CNodeSaveCaller, slot, DEPTH)), SUCCESS);
    CHECK(is_empty(slot));
}

TEST("2.7 CNode row 4c: CancelBadgedSends needs an endpoint with all four rights")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    for (seL4_Word rights = 0; rights <= ALL; rights++) {
        seL4_CPtr copy = test_mint(endpoint, (seL4_CapRights_t){ { rights } }, rights);
        if (rights == ALL) {
            EXPECT(invoke(ROOT, slot_message(CNodeCancelBadgedSends, copy, DEPTH)), SUCCESS);
        } else {
            EXPECT(invoke(ROOT, slot_message(CNodeCancelBadgedSends, copy, DEPTH)), ILLEGAL_OPERATION);
        }
    }
}

TEST("2.7 CNode row 4c: CancelBadgedSends refuses other objects and empty slots")
{
    seL4_CPtr others[] = { test_object(seL4_NotificationObject, 0), test_arena, seL4_CapInitThreadTCB, ROOT,
                           test_slot() };

    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        EXPECT(invoke(ROOT, slot_message(CNodeCancelBadgedSends, others[i], DEPTH)), ILLEGAL_OPERATION);
    }
}

TEST("2.7 CNode: Delete and Revoke of an empty slot succeed")
{
    EXPECT(invoke(ROOT, slot_message(CNodeDelete, test_slot(), DEPTH)), SUCCESS);
    EXPECT(invoke(ROOT, slot_message(CNodeRevoke, test_slot(), DEPTH)), SUCCESS);
}

TEST("2.7 CNode: extra words and capabilities are ignored")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    struct message message = slot_message(CNodeDelete, endpoint, DEPTH);

    message.length = 8;
    message.caps = 3;
    message.cap[0] = message.cap[1] = message.cap[2] = seL4_CapNull;
    EXPECT(invoke(ROOT, message), SUCCESS);
    CHECK(is_empty(endpoint));
}
