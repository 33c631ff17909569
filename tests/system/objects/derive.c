/*
 * Copies: which capabilities can have some, and what badges and guards they get.
 */
#include "objects.h"

#include <sel4/runtime.h>

static struct answer copy(seL4_CPtr source)
{
    return invoke(ROOT, transfer_message(CNodeCopy, test_slot(), source));
}

static struct answer mint(seL4_CPtr target, seL4_CPtr source, seL4_Word rights, seL4_Word data)
{
    struct message message = transfer_message(CNodeMint, target, source);

    message.word[4] = rights;
    message.word[5] = data;
    return invoke(ROOT, message);
}

static struct answer mutate(seL4_CPtr target, seL4_CPtr source, seL4_Word data)
{
    struct message message = transfer_message(CNodeMutate, target, source);

    message.word[4] = data;
    return invoke(ROOT, message);
}

TEST("4.3 derivation: interrupt control cannot be copied, but moved")
{
    seL4_CPtr slot = test_slot();

    EXPECT(copy(seL4_CapIRQControl), ILLEGAL_OPERATION);
    EXPECT(mint(test_slot(), seL4_CapIRQControl, ALL, 0), ILLEGAL_OPERATION);
    CHECK_OK(move_to(slot, seL4_CapIRQControl));
    EXPECT(copy(slot), ILLEGAL_OPERATION);
    CHECK_OK(move_to(seL4_CapIRQControl, slot));
}

/* Receives a call from another thread and saves its reply capability. */
static seL4_CPtr saved_caller(struct probe *probe)
{
    seL4_CPtr slot = test_slot();

    *probe = (struct probe)CALL_PROBE(test_object(seL4_EndpointObject, 0));
    probe_run(probe, 0);
    seL4_Recv(probe->in.badge, NULL);
    EXPECT(invoke(ROOT, slot_message(CNodeSaveCaller, slot, DEPTH)), SUCCESS);
    CHECK(!is_empty(slot));
    return slot;
}

static struct probe caller;

TEST("4.3 derivation: a reply capability cannot be copied or minted")
{
    seL4_CPtr reply = saved_caller(&caller);

    EXPECT(copy(reply), ILLEGAL_OPERATION);
    EXPECT(mint(test_slot(), reply, ALL, 0), ILLEGAL_OPERATION);
    CHECK(!is_empty(reply));
    CHECK(!caller.returned);
}

TEST("4.3 derivation: a reply capability can be moved, mutated and rotated, and then answers")
{
    seL4_CPtr reply = saved_caller(&caller);
    seL4_CPtr moved = test_slot();
    seL4_CPtr mutated = test_slot();
    seL4_CPtr rotated = test_slot();
    seL4_CPtr other = new_cnode(4);

    CHECK_OK(move_to(moved, reply));
    EXPECT(mutate(mutated, moved, 123), SUCCESS);
    EXPECT(invoke(ROOT, rotate_message(rotated, mutated, other)), SUCCESS);
    EXPECT(invoke(ROOT, rotate_message(rotated, mutated, rotated)), SUCCESS);
    CHECK(!caller.returned);
    seL4_Send(mutated, seL4_MessageInfo_new(17, 0, 0, 0));
    CHECK(caller.returned);
    CHECK_EQUAL(caller.out.info, 17 << 12);
    CHECK(is_empty(mutated));
}

TEST("4.3 derivation: deleting a saved reply capability leaves the caller without an answer")
{
    seL4_CPtr reply = saved_caller(&caller);

    CHECK_OK(delete_cap(reply));
    CHECK(is_empty(reply));
    CHECK(!caller.returned);
}

TEST("4.6 SaveCaller: only the first one gets the capability")
{
    seL4_CPtr slot = test_slot();

    saved_caller(&caller);
    EXPECT(invoke(ROOT, slot_message(CNodeSaveCaller, slot, DEPTH)), SUCCESS);
    CHECK(is_empty(slot));
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    CHECK(!caller.returned);
}

TEST("4.3 derivation: an untyped without children gives the same, one with children revoke first")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);

    EXPECT(copy(untyped), SUCCESS);
    EXPECT(copy(untyped), REVOKE_FIRST);
    CHECK_OK(revoke_cap(untyped));
    make(untyped, seL4_EndpointObject, 0);
    EXPECT(copy(untyped), REVOKE_FIRST);
    EXPECT(mint(test_slot(), untyped, ALL, 0), REVOKE_FIRST);
}

TEST("4.3 derivation: a page table can be copied when it is mapped, and only then")
{
    seL4_CPtr table = test_object(seL4_RISCV_PageTableObject, 0);
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);

    map(page, MAP_ADDRESS);
    EXPECT(copy(table), ILLEGAL_OPERATION);
    CHECK_OK(seL4_RISCV_PageTable_Map(table, seL4_CapInitThreadVSpace, MAP_ADDRESS + (1ul << 25), 0));
    seL4_CPtr duplicate = copy_of(table);
    CHECK_ERROR(seL4_RISCV_PageTable_Map(duplicate, seL4_CapInitThreadVSpace, MAP_ADDRESS, 0),
                seL4_InvalidCapability);
    CHECK_OK(delete_cap(duplicate));
    CHECK_OK(seL4_RISCV_PageTable_Unmap(table));
    EXPECT(copy(table), ILLEGAL_OPERATION);
}

TEST("4.3 derivation: a page table can be copied when it has an ASID")
{
    seL4_CPtr table = test_object(seL4_RISCV_PageTableObject, 0);

    CHECK_OK(seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, table));
    EXPECT(copy(table), SUCCESS);
    EXPECT(mint(test_slot(), table, 0, ~0ul), SUCCESS);
}

TEST("4.3 derivation: a copy of a page starts unmapped")
{
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);
    volatile seL4_Word *first = map(page, MAP_ADDRESS);
    volatile seL4_Word *second = map(copy_of(page), MAP_ADDRESS + 4096);

    *first = 77;
    CHECK_EQUAL(*second, 77);
}

TEST("4.3 derivation: everything else is copied as it is")
{
    seL4_CPtr handler = test_slot();
    seL4_CPtr pool = test_slot();

    CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, 90, ROOT, handler, DEPTH));
    CHECK_OK(seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, test_object(seL4_UntypedObject, 12), ROOT,
                                             pool, DEPTH));
    seL4_CPtr sources[] = {
        test_object(seL4_EndpointObject, 0),
        test_object(seL4_NotificationObject, 0),
        test_object(seL4_TCBObject, 0),
        new_cnode(4),
        handler,
        pool,
        seL4_CapDomain,
        seL4_CapASIDControl,
    };
    for (unsigned i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        EXPECT(copy(sources[i]), SUCCESS);
        EXPECT(mint(test_slot(), sources[i], ALL, 0), SUCCESS);
    }
}

TEST("4.3 derivation: a copy of a CNode has the same slots and the same guard")
{
    seL4_CPtr node = new_cnode(4);
    seL4_CPtr twin = copy_of(guarded(node, 5, 3));

    put_copy(node, 7, 4, node);
    CHECK(!is_empty_in(twin, 5 << 4 | 7, 7));
}

TEST("2.2 badges: all 64 bits arrive")
{
    static const seL4_Word badges[] = { 1, 1ul << 63, ~0ul, 0x123456789abcdef0 };
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);

    for (unsigned i = 0; i < 4; i++) {
        EXPECT(call(badged(notification, badges[i])), SUCCESS);
        CHECK_EQUAL(poll(notification), badges[i]);
    }
}

TEST("2.2 CNode data: 6 bits of guard size, then the guard, of which only so many bits are kept")
{
    seL4_CPtr node = new_cnode(4);
    seL4_CPtr wide = guarded(node, ~0ul, 3);
    seL4_CPtr none = guarded(node, ~0ul, 0);

    EXPECT(invoke(wide, slot_message(CNodeDelete, 0, 7)), GUARD_MISMATCH(DESTINATION, 7, 7, 3));
    put_copy(none, 3, 4, node);
    CHECK(!is_empty_in(wide, 7 << 4 | 3, 7));
}

TEST("4.5 data: minting an unbadged endpoint or notification with 0 leaves it unbadged")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr unbadged = test_slot();
    seL4_CPtr endpoint = test_slot();

    EXPECT(mint(unbadged, notification, ALL, 0), SUCCESS);
    EXPECT(mint(test_slot(), unbadged, ALL, 4), SUCCESS);
    EXPECT(mint(endpoint, test_object(seL4_EndpointObject, 0), ALL, 0), SUCCESS);
    EXPECT(mint(test_slot(), endpoint, ALL, 4), SUCCESS);
}

TEST("4.5 data: what is badged cannot be minted again, not even with the same badge or 0")
{
    seL4_CPtr caps[] = { badged(test_object(seL4_EndpointObject, 0), 4),
                         badged(test_object(seL4_NotificationObject, 0), 4) };

    for (unsigned i = 0; i < 2; i++) {
        EXPECT(mint(test_slot(), caps[i], ALL, 5), ILLEGAL_OPERATION);
        EXPECT(mint(test_slot(), caps[i], ALL, 4), ILLEGAL_OPERATION);
        EXPECT(mint(test_slot(), caps[i], ALL, 0), ILLEGAL_OPERATION);
        EXPECT(copy(caps[i]), SUCCESS);
    }
}

TEST("4.5 data: endpoints and notifications cannot be mutated, whatever badge and data")
{
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr caps[] = { endpoint, notification, badged(endpoint, 4), badged(notification, 4) };

    for (unsigned i = 0; i < 4; i++) {
        EXPECT(mutate(test_slot(), caps[i], 0), ILLEGAL_OPERATION);
        EXPECT(mutate(test_slot(), caps[i], 4), ILLEGAL_OPERATION);
        EXPECT(mutate(test_slot(), caps[i], 5), ILLEGAL_OPERATION);
    }
}

TEST("4.5 data: Move leaves the badge alone")
{
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr slot = test_slot();

    CHECK_OK(move_to(slot, badged(notification, 6)));
    EXPECT(call(slot), SUCCESS);
    CHECK_EQUAL(poll(notification), 6);
}

TEST("4.5 data: a CNode's guard may be set by Mint and Mutate, again and again")
{
    seL4_CPtr node = new_cnode(4);
    seL4_CPtr minted = guarded(node, 5, 3);
    seL4_CPtr again = guarded(minted, 9, 4);
    seL4_CPtr mutated = test_slot();

    EXPECT(invoke(minted, slot_message(CNodeDelete, 0, 7)), GUARD_MISMATCH(DESTINATION, 7, 5, 3));
    EXPECT(invoke(again, slot_message(CNodeDelete, 0, 8)), GUARD_MISMATCH(DESTINATION, 8, 9, 4));
    EXPECT(mutate(mutated, again, seL4_CNode_CapData_new(2, 2).words[0]), SUCCESS);
    EXPECT(invoke(mutated, slot_message(CNodeDelete, 0, 6)), GUARD_MISMATCH(DESTINATION, 6, 2, 2));
    EXPECT(invoke(minted, slot_message(CNodeDelete, 0, 7)), GUARD_MISMATCH(DESTINATION, 7, 5, 3));
}

TEST("4.5 data: a CNode minted or mutated with 0 has no guard, Copy and Move keep it")
{
    seL4_CPtr node = guarded(new_cnode(4), 5, 3);
    seL4_CPtr minted = test_slot();
    seL4_CPtr mutated = test_slot();
    seL4_CPtr moved = test_slot();

    EXPECT(mint(minted, node, ALL, 0), SUCCESS);
    CHECK(is_empty_in(minted, 0, 4));
    CHECK_OK(move_to(moved, node));
    CHECK(is_empty_in(moved, 5 << 4, 7));
    EXPECT(mutate(mutated, moved, 0), SUCCESS);
    CHECK(is_empty_in(mutated, 0, 4));
}

TEST("4.5 data: guard and radix may have 64 bits together and no more")
{
    for (seL4_Word radix = 6; radix <= 12; radix++) {
        seL4_CPtr node = new_cnode(radix);
        EXPECT(mint(test_slot(), node, ALL, 64 - radix), SUCCESS);
        EXPECT(mint(test_slot(), node, ALL, 64 - radix + 1), ILLEGAL_OPERATION);
        EXPECT(mint(test_slot(), node, ALL, 63), ILLEGAL_OPERATION);
        EXPECT(mutate(test_slot(), node, 64 - radix + 1), ILLEGAL_OPERATION);
        EXPECT(mutate(test_slot(), node, 64 - radix), SUCCESS);
    }
}

TEST("4.5 data: other capabilities ignore it")
{
    seL4_CPtr caps[] = { test_object(seL4_TCBObject, 0), test_object(seL4_UntypedObject, 12),
                         test_object(seL4_RISCV_4K_Page, 0) };

    for (unsigned i = 0; i < 3; i++) {
        EXPECT(mint(test_slot(), caps[i], ALL, ~0ul), SUCCESS);
        EXPECT(mutate(test_slot(), caps[i], ~0ul), SUCCESS);
    }
}
