/*
 * The errors of Retype, row by row. Most tests make a call that is wrong in the way of its row, and then the
 * same with the faults of later rows added: the earlier row still wins.
 */
#include "objects.h"

#define ENDPOINT seL4_EndpointObject

/* An argument that no row from its own on accepts. */
#define BAD_OFFSET (~0ul)

TEST("2.5 Retype row 1: every other label is an illegal operation")
{
    struct message message = retype_message(ENDPOINT, 0, test_slot(), 1);

    for (seL4_Word label = 0; label < nArchInvocationLabels + 10; label++) {
        if (label != UntypedRetype) {
            message.label = label;
            EXPECT(invoke(test_arena, message), ILLEGAL_OPERATION);
        }
    }
    message.label = (1ul << 52) - 1;
    EXPECT(invoke(test_arena, message), ILLEGAL_OPERATION);
    message.label = 1ul << 32 | UntypedRetype;
    EXPECT(invoke(test_arena, message), ILLEGAL_OPERATION);
}

TEST("2.5 Retype row 1 goes before row 2: wrong label and no message")
{
    EXPECT(invoke(test_arena, (struct message){ .label = CNodeCopy }), ILLEGAL_OPERATION);
}

TEST("2.5 Retype row 2: fewer than 6 words are truncated")
{
    struct message message = retype_message(ENDPOINT, 0, test_slot(), 1);

    for (message.length = 0; message.length < 6; message.length++) {
        EXPECT(invoke(test_arena, message), TRUNCATED_MESSAGE);
    }
    message.length = 6;
    EXPECT(invoke(test_arena, message), SUCCESS);
}

TEST("2.5 Retype row 2: no extra capability is truncated")
{
    struct message message = retype_message(ENDPOINT, 0, test_slot(), 1);

    message.caps = 0;
    EXPECT(invoke(test_arena, message), TRUNCATED_MESSAGE);
}

TEST("2.5 Retype row 2: more words and capabilities than needed are fine")
{
    struct message message = retype_message(ENDPOINT, 0, test_slot(), 1);

    message.length = seL4_MsgMaxLength;
    message.caps = 3;
    EXPECT(invoke(test_arena, message), SUCCESS);
}

TEST("2.5 Retype row 2 goes before row 3: truncated and a wrong type")
{
    struct message message = retype_message(9, 64, BAD_OFFSET, 0);

    message.length = 5;
    EXPECT(invoke(test_arena, message), TRUNCATED_MESSAGE);
    message.length = 6;
    message.caps = 0;
    EXPECT(invoke(test_arena, message), TRUNCATED_MESSAGE);
}

TEST("2.5 Retype row 3: types from 9 on are invalid argument 0")
{
    static const seL4_Word types[] = { 9, 10, 255, 256, seL4_RISCV_Tera_Page, 1ul << 32, 1ul << 63, ~0ul };

    for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        EXPECT(invoke(test_arena, retype_message(types[i], 12, test_slot(), 1)), INVALID_ARGUMENT(0));
    }
}

TEST("2.5 Retype row 3 goes before row 4: wrong type and size 64")
{
    EXPECT(invoke(test_arena, retype_message(9, 64, BAD_OFFSET, 0)), INVALID_ARGUMENT(0));
}

TEST("2.5 Retype row 4: size 64 or more is out of range for every type, even where it is ignored")
{
    for (seL4_Word type = 0; type < seL4_ObjectTypeCount; type++) {
        EXPECT(invoke(test_arena, retype_message(type, 64, test_slot(), 1)), RANGE(0, 38));
        EXPECT(invoke(test_arena, retype_message(type, 1ul << 32, test_slot(), 1)), RANGE(0, 38));
        EXPECT(invoke(test_arena, retype_message(type, ~0ul, test_slot(), 1)), RANGE(0, 38));
        EXPECT(invoke(test_arena, retype_message(type, ~0ul - 4, test_slot(), 1)), RANGE(0, 38));
    }
}

TEST("2.5 Retype row 4: size 63 is fine where it is ignored")
{
    for (seL4_Word type = seL4_TCBObject; type <= seL4_NotificationObject; type++) {
        EXPECT(invoke(test_arena, retype_message(type, 63, test_slot(), 1)), SUCCESS);
    }
    EXPECT(invoke(test_arena, retype_message(seL4_RISCV_4K_Page, 63, test_slot(), 1)), SUCCESS);
    EXPECT(invoke(test_arena, retype_message(seL4_RISCV_PageTableObject, 63, test_slot(), 1)), SUCCESS);
}

TEST("2.5 Retype row 4: an untyped above 2^38 bytes is out of range, one of 2^38 is not")
{
    EXPECT(invoke(test_arena, retype_message(seL4_UntypedObject, 39, test_slot(), 1)), RANGE(0, 38));
    EXPECT(invoke(test_arena, retype_message(seL4_UntypedObject, 63, test_slot(), 1)), RANGE(0, 38));
    EXPECT(invoke(test_arena, retype_message(seL4_UntypedObject, 38, test_slot(), 1)),
           NOT_ENOUGH_MEMORY(free_bytes(test_arena)));
}

TEST("2.5 Retype row 4: a CNode of 2^34 slots is out of range, one of 2^33 is not")
{
    EXPECT(invoke(test_arena, retype_message(seL4_CapTableObject, 34, test_slot(), 1)), RANGE(0, 38));
    EXPECT(invoke(test_arena, retype_message(seL4_CapTableObject, 63, test_slot(), 1)), RANGE(0, 38));
    EXPECT(invoke(test_arena, retype_message(seL4_CapTableObject, 33, test_slot(), 1)),
           NOT_ENOUGH_MEMORY(free_bytes(test_arena)));
}

TEST("2.5 Retype row 4 goes before row 7: size 64 and a lookup that fails")
{
    struct message message = retype_into(ROOT, 0, 65, BAD_OFFSET, 0);

    message.word[1] = 64;
    EXPECT(invoke(test_arena, message), RANGE(0, 38));
}

TEST("2.5 Retype row 5: a CNode of one slot is invalid argument 1")
{
    EXPECT(invoke(test_arena, retype_message(seL4_CapTableObject, 0, test_slot(), 1)), INVALID_ARGUMENT(1));
}

TEST("2.5 Retype row 5 goes before row 7: one slot and a lookup that fails")
{
    struct message message = retype_into(ROOT, 0, 65, BAD_OFFSET, 0);

    message.word[0] = seL4_CapTableObject;
    EXPECT(invoke(test_arena, message), INVALID_ARGUMENT(1));
}

TEST("2.5 Retype row 6: an untyped below 16 bytes is invalid argument 1")
{
    for (seL4_Word bits = 0; bits < seL4_MinUntypedBits; bits++) {
        EXPECT(invoke(test_arena, retype_message(seL4_UntypedObject, bits, test_slot(), 1)),
               INVALID_ARGUMENT(1));
    }
    EXPECT(invoke(test_arena, retype_message(seL4_UntypedObject, seL4_MinUntypedBits, test_slot(), 1)),
           SUCCESS);
}

TEST("2.5 Retype row 6 goes before row 7: 8 bytes and a lookup that fails")
{
    struct message message = retype_into(ROOT, 0, 65, BAD_OFFSET, 0);

    message.word[0] = seL4_UntypedObject;
    message.word[1] = 3;
    EXPECT(invoke(test_arena, message), INVALID_ARGUMENT(1));
}

TEST("2.5 Retype row 7: a root that is no CNode is an invalid root, if there is a depth")
{
    seL4_CPtr endpoint = test_object(ENDPOINT, 0);

    EXPECT(invoke(test_arena, retype_into(endpoint, 0, 64, 0, 1)), INVALID_ROOT(DESTINATION));
    EXPECT(invoke(test_arena, retype_into(seL4_CapNull, 0, 1, 0, 1)), INVALID_ROOT(DESTINATION));
}

TEST("2.5 Retype row 7: a depth above 64 is out of range")
{
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 65, 0, 1)), RANGE(1, 64));
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 256 + 64, 0, 1)), RANGE(1, 64));
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 1ul << 32, 0, 1)), RANGE(1, 64));
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, ~0ul, 0, 1)), RANGE(1, 64));
}

TEST("2.5 Retype row 7: guard and depth mismatches name the destination")
{
    EXPECT(invoke(test_arena, retype_into(ROOT, 1ul << 63, 64, 0, 1)),
           GUARD_MISMATCH(DESTINATION, 64, 0, 52));
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 51, 0, 1)), GUARD_MISMATCH(DESTINATION, 51, 0, 52));
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 63, 0, 1)), DEPTH_MISMATCH(DESTINATION, 63, 64));
}

TEST("2.5 Retype row 7: bits left over at a non-CNode are a depth mismatch")
{
    seL4_CPtr node = new_cnode(4);

    EXPECT(invoke(test_arena, retype_into(node, 0, 7, 0, 1)), DEPTH_MISMATCH(DESTINATION, 3, 0));
}

TEST("2.5 Retype row 7 goes before row 9: failed lookup, bad offset and no objects")
{
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 65, BAD_OFFSET, 0)), RANGE(1, 64));
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 63, BAD_OFFSET, 0)), DEPTH_MISMATCH(DESTINATION, 63, 64));
}

TEST("2.5 Retype row 8: with depth 0 the root itself must be a CNode")
{
    seL4_CPtr endpoint = test_object(ENDPOINT, 0);

    EXPECT(invoke(test_arena, retype_into(endpoint, 0, 0, 0, 1)), MISSING_CAPABILITY(DESTINATION, 0));
    EXPECT(invoke(test_arena, retype_into(seL4_CapNull, 0, 0, 0, 1)), MISSING_CAPABILITY(DESTINATION, 0));
    EXPECT(invoke(test_arena, retype_into(test_arena, 7, 0, 0, 1)), MISSING_CAPABILITY(DESTINATION, 0));
}

TEST("2.5 Retype row 8: with a depth the capability found must be a CNode")
{
    seL4_CPtr endpoint = test_object(ENDPOINT, 0);
    seL4_CPtr node = new_cnode(4);

    EXPECT(invoke(test_arena, retype_into(ROOT, endpoint, 64, 0, 1)), MISSING_CAPABILITY(DESTINATION, 64));
    EXPECT(invoke(test_arena, retype_into(ROOT, test_slot(), 64, 0, 1)), MISSING_CAPABILITY(DESTINATION, 64));
    EXPECT(invoke(test_arena, retype_into(node, 3, 4, 0, 1)), MISSING_CAPABILITY(DESTINATION, 4));
}

TEST("2.5 Retype row 8 goes before row 9: no CNode and a bad offset")
{
    EXPECT(invoke(test_arena, retype_into(seL4_CapInitThreadTCB, 0, 0, BAD_OFFSET, 0)),
           MISSING_CAPABILITY(DESTINATION, 0));
}

TEST("2.5 Retype row 9: the offset must be a slot of the destination")
{
    seL4_CPtr node = new_cnode(4);

    EXPECT(invoke(test_arena, retype_into(node, 0, 0, 16, 1)), RANGE(0, 15));
    EXPECT(invoke(test_arena, retype_into(node, 0, 0, ~0ul, 1)), RANGE(0, 15));
    EXPECT(invoke(test_arena, retype_into(ROOT, node, 64, 1ul << 63, 1)), RANGE(0, 15));
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 0, 4096, 1)), RANGE(0, 4095));
    EXPECT(invoke(test_arena, retype_into(node, 0, 0, 15, 1)), SUCCESS);
}

TEST("2.5 Retype row 9 goes before row 10: bad offset and no objects")
{
    EXPECT(invoke(test_arena, retype_into(new_cnode(1), 0, 0, 2, 0)), RANGE(0, 1));
}

TEST("2.5 Retype row 10: no objects, or more than 256, are out of range")
{
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 0, 2048, 0)), RANGE(1, 256));
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 0, 2048, 257)), RANGE(1, 256));
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 0, 2048, 1ul << 32 | 1)), RANGE(1, 256));
    EXPECT(invoke(test_arena, retype_into(ROOT, 0, 0, 2048, ~0ul)), RANGE(1, 256));
}

TEST("2.5 Retype row 10 goes before row 11: 257 objects into 16 slots")
{
    EXPECT(invoke(test_arena, retype_into(new_cnode(4), 0, 0, 0, 257)), RANGE(1, 256));
}

TEST("2.5 Retype row 11: the objects must fit behind the offset")
{
    seL4_CPtr node = new_cnode(4);

    EXPECT(invoke(test_arena, retype_into(node, 0, 0, 0, 17)), RANGE(1, 16));
    EXPECT(invoke(test_arena, retype_into(node, 0, 0, 12, 5)), RANGE(1, 4));
    EXPECT(invoke(test_arena, retype_into(node, 0, 0, 15, 256)), RANGE(1, 1));
    EXPECT(invoke(test_arena, retype_into(node, 0, 0, 12, 4)), SUCCESS);
}

TEST("2.5 Retype row 11 goes before row 12: too many, and the slots are in use")
{
    seL4_CPtr node = new_cnode(1);

    EXPECT(invoke(test_arena, retype_into(node, 0, 0, 0, 2)), SUCCESS);
    EXPECT(invoke(test_arena, retype_into(node, 0, 0, 0, 3)), RANGE(1, 2));
}

TEST("2.5 Retype row 12: one slot in use, wherever in the window, stops everything")
{
    for (seL4_Word used = 2; used < 6; used++) {
        seL4_CPtr node = new_cnode(3);
        put_copy(node, used, 3, node);
        EXPECT(invoke(test_arena, retype_into(node, 0, 0, 2, 4)), DELETE_FIRST);
        for (seL4_Word slot = 0; slot < 8; slot++) {
            CHECK_EQUAL(is_empty_in(node, slot, 3), slot != used);
        }
        EXPECT(invoke(test_arena, retype_into(node, 0, 0, 0, 2)), SUCCESS);
        EXPECT(invoke(test_arena, retype_into(node, 0, 0, 6, 2)), SUCCESS);
    }
}

TEST("2.5 Retype row 12 goes before row 13: slot in use and no memory")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr used = make(untyped, seL4_RISCV_4K_Page, 0);

    EXPECT(invoke(untyped, retype_message(ENDPOINT, 0, used, 1)), DELETE_FIRST);
    EXPECT(invoke(untyped, retype_message(ENDPOINT, 0, test_slot(), 1)), NOT_ENOUGH_MEMORY(0));
}

TEST("2.5 Retype row 13: the error tells the bytes that are free")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);

    EXPECT(invoke(untyped, retype_message(seL4_UntypedObject, 13, test_slot(), 1)), NOT_ENOUGH_MEMORY(4096));
    EXPECT(invoke(untyped, retype_message(seL4_RISCV_4K_Page, 0, 2048, 2)), NOT_ENOUGH_MEMORY(4096));
    make(untyped, ENDPOINT, 0);
    EXPECT(invoke(untyped, retype_message(seL4_RISCV_4K_Page, 0, test_slot(), 1)),
           NOT_ENOUGH_MEMORY(4096 - 16));
    make(untyped, seL4_UntypedObject, 11);
    EXPECT(invoke(untyped, retype_message(seL4_UntypedObject, 5, test_slot(), 1)), NOT_ENOUGH_MEMORY(0));
}

TEST("2.5 Retype row 13: free bytes count from the free index, before alignment")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);

    make(untyped, ENDPOINT, 0);
    EXPECT(invoke(untyped, retype_message(seL4_UntypedObject, 11, 2048, 2)), NOT_ENOUGH_MEMORY(4096 - 16));
    EXPECT(invoke(untyped, retype_message(seL4_UntypedObject, 10, 2048, 4)), NOT_ENOUGH_MEMORY(4096 - 16));
    EXPECT(invoke(untyped, retype_message(seL4_UntypedObject, 10, 2048, 3)), SUCCESS);
    for (seL4_CPtr slot = 2048; slot < 2051; slot++) {
        CHECK_OK(delete_cap(slot));
    }
}

TEST("2.5 Retype row 13: a failed Retype leaves slots and free index alone")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr slot = test_slot();

    make(untyped, ENDPOINT, 0);
    EXPECT(invoke(untyped, retype_message(seL4_RISCV_4K_Page, 0, slot, 1)), NOT_ENOUGH_MEMORY(4080));
    CHECK(is_empty(slot));
    CHECK_EQUAL(free_bytes(untyped), 4080);
}

TEST("2.5 Retype row 13 goes before row 14: device memory, full, and an endpoint")
{
    seL4_CPtr untyped = new_device_untyped(12);

    make(untyped, seL4_RISCV_4K_Page, 0);
    EXPECT(invoke(untyped, retype_message(ENDPOINT, 0, test_slot(), 1)), NOT_ENOUGH_MEMORY(0));
}

TEST("2.5 Retype row 14: of device memory only pages and untypeds can be made")
{
    seL4_CPtr untyped = new_device_untyped(23);

    for (seL4_Word type = 0; type < seL4_ObjectTypeCount; type++) {
        if (type == seL4_UntypedObject || type == seL4_RISCV_4K_Page || type == seL4_RISCV_Mega_Page) {
            EXPECT(invoke(untyped, retype_message(type, 12, test_slot(), 1)), SUCCESS);
        } else if (type != seL4_RISCV_Giga_Page) {
            EXPECT(invoke(untyped, retype_message(type, 4, test_slot(), 1)), INVALID_ARGUMENT(1));
        }
    }
}

TEST("2.5 Retype row 14: untypeds made of device memory are device memory, too")
{
    seL4_CPtr child = make(new_device_untyped(13), seL4_UntypedObject, 12);

    EXPECT(invoke(child, retype_message(ENDPOINT, 0, test_slot(), 1)), INVALID_ARGUMENT(1));
    EXPECT(invoke(child, retype_message(seL4_RISCV_4K_Page, 0, test_slot(), 1)), SUCCESS);
}

TEST("2.5 Retype row 14 comes last: device memory, an endpoint and a used slot")
{
    EXPECT(invoke(new_device_untyped(12), retype_message(ENDPOINT, 0, test_arena, 1)), DELETE_FIRST);
}
