/*
 * Rotate: its errors row by row, and what it does.
 */
#include "objects.h"

static seL4_CPtr target, pivot, source;

/* A call that works: an empty target, and CNodes in the other two slots. */
static struct message good_message(void)
{
    target = test_slot();
    pivot = new_cnode(4);
    source = new_cnode(5);
    return rotate_message(target, pivot, source);
}

/* The CNode in the slot has 2^radix slots. */
static void check_radix(seL4_CPtr slot, seL4_Word radix)
{
    EXPECT(invoke(slot, slot_message(CNodeDelete, 0, 1)), DEPTH_MISMATCH(DESTINATION, 1, radix));
}

TEST("2.7 Rotate row 4r: Rotate needs eight words")
{
    struct message message = good_message();

    for (message.length = 2; message.length < 8; message.length++) {
        EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
    }
    EXPECT(invoke(ROOT, message), SUCCESS);
}

TEST("2.7 Rotate row 4r: Rotate needs two extra capabilities")
{
    struct message message = good_message();

    for (message.caps = 0; message.caps < 2; message.caps++) {
        EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
    }
    EXPECT(invoke(ROOT, message), SUCCESS);
}

TEST("2.7 Rotate row 3 goes before row 4r: failed target lookup and a truncated message")
{
    struct message message = good_message();

    message.word[1] = 65;
    message.length = 7;
    EXPECT(invoke(ROOT, message), RANGE(1, 64));
}

TEST("2.7 Rotate row 4r goes before row 5r: truncated, and the source lookup fails")
{
    struct message message = good_message();

    message.word[7] = 65;
    message.length = 7;
    EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
}

TEST("2.7 Rotate row 4r goes before row 7r: truncated, and the target is in use")
{
    struct message message = rotate_message(test_arena, pivot, source);

    message.length = 7;
    EXPECT(invoke(ROOT, message), TRUNCATED_MESSAGE);
}

TEST("2.7 Rotate row 5r: source and pivot lookups both fail as sources")
{
    struct message message = good_message();

    message.word[6] = 1;
    message.word[7] = 63;
    EXPECT(invoke(ROOT, message), DEPTH_MISMATCH(SOURCE, 63, 64));
    message.cap[1] = test_arena;
    EXPECT(invoke(ROOT, message), INVALID_ROOT(SOURCE));
    message = rotate_message(target, pivot, source);
    message.word[3] = 1;
    message.word[4] = 62;
    EXPECT(invoke(ROOT, message), DEPTH_MISMATCH(SOURCE, 62, 64));
    message.cap[0] = test_arena;
    EXPECT(invoke(ROOT, message), INVALID_ROOT(SOURCE));
}

TEST("2.7 Rotate row 5r: the source is looked up before the pivot")
{
    struct message message = good_message();

    message.word[6] = message.word[3] = 1;
    message.word[7] = 63;
    message.word[4] = 62;
    EXPECT(invoke(ROOT, message), DEPTH_MISMATCH(SOURCE, 63, 64));
    message.word[7] = 65;
    EXPECT(invoke(ROOT, message), RANGE(1, 64));
}

TEST("2.7 Rotate row 5r goes before row 7r: pivot lookup fails, and the target is in use")
{
    struct message message = rotate_message(test_arena, test_slot(), test_slot());

    message.word[4] = 0;
    EXPECT(invoke(ROOT, message), RANGE(1, 64));
}

TEST("2.7 Rotate row 6r: the pivot must be another slot than source and target")
{
    good_message();
    EXPECT(invoke(ROOT, rotate_message(target, source, source)), ILLEGAL_OPERATION);
    EXPECT(invoke(ROOT, rotate_message(pivot, pivot, source)), ILLEGAL_OPERATION);
    EXPECT(invoke(ROOT, rotate_message(pivot, pivot, pivot)), ILLEGAL_OPERATION);
}

TEST("2.7 Rotate row 6r: a slot is the same slot by whatever path")
{
    good_message();
    seL4_CPtr alias = guarded(ROOT, 1, 20);
    struct message message = rotate_message(target, 1ul << 12 | source, source);

    message.word[4] = 32;
    message.cap[0] = alias;
    EXPECT(invoke(ROOT, message), ILLEGAL_OPERATION);
}

TEST("2.7 Rotate row 6r goes before row 7r: pivot is the source, and the target is in use")
{
    EXPECT(invoke(ROOT, rotate_message(test_arena, ROOT, ROOT)), ILLEGAL_OPERATION);
}

TEST("2.7 Rotate row 6r goes before rows 8r and 9r: pivot is the source, and both are empty")
{
    seL4_CPtr empty = test_slot();

    EXPECT(invoke(ROOT, rotate_message(test_slot(), empty, empty)), ILLEGAL_OPERATION);
}

TEST("2.7 Rotate row 7r: a target that is not the source must be empty")
{
    good_message();
    EXPECT(invoke(ROOT, rotate_message(test_arena, pivot, source)), DELETE_FIRST);
}

TEST("2.7 Rotate row 7r goes before rows 8r and 9r: target in use, source and pivot empty")
{
    EXPECT(invoke(ROOT, rotate_message(test_arena, test_slot(), test_slot())), DELETE_FIRST);
}

TEST("2.7 Rotate row 8r: an empty source is a missing source, with its depth")
{
    struct message message = good_message();

    message.word[6] = 3;
    message.word[7] = 5;
    message.cap[1] = source;
    EXPECT(invoke(ROOT, message), MISSING_CAPABILITY(SOURCE, 5));
    EXPECT(invoke(ROOT, rotate_message(target, pivot, test_slot())), MISSING_CAPABILITY(SOURCE, 64));
}

TEST("2.7 Rotate row 8r: an empty slot that is source and target is a missing source")
{
    good_message();
    EXPECT(invoke(ROOT, rotate_message(target, pivot, target)), MISSING_CAPABILITY(SOURCE, 64));
}

TEST("2.7 Rotate row 8r goes before row 9r: source and pivot empty")
{
    good_message();
    EXPECT(invoke(ROOT, rotate_message(target, test_slot(), test_slot())), MISSING_CAPABILITY(SOURCE, 64));
}

TEST("2.7 Rotate row 9r: an empty pivot is a missing destination, with its depth")
{
    struct message message = good_message();

    message.word[3] = 3;
    message.word[4] = 4;
    message.cap[0] = pivot;
    EXPECT(invoke(ROOT, message), MISSING_CAPABILITY(DESTINATION, 4));
    EXPECT(invoke(ROOT, rotate_message(target, test_slot(), source)), MISSING_CAPABILITY(DESTINATION, 64));
}

TEST("2.7 Rotate row 9r goes before row 10r: pivot empty, and the source cannot get data")
{
    good_message();
    EXPECT(invoke(ROOT, rotate_message(target, test_slot(), test_object(seL4_EndpointObject, 0))),
           MISSING_CAPABILITY(DESTINATION, 64));
}

TEST("2.7 Rotate row 10r: neither capability may become null")
{
    struct message message = good_message();
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    EXPECT(invoke(ROOT, rotate_message(target, pivot, endpoint)), ILLEGAL_OPERATION);
    EXPECT(invoke(ROOT, rotate_message(target, endpoint, source)), ILLEGAL_OPERATION);
    EXPECT(invoke(ROOT, rotate_message(endpoint, pivot, endpoint)), ILLEGAL_OPERATION);
    message.word[2] = 61; /* pivot: guard of 61 bits and 4 */
    EXPECT(invoke(ROOT, message), ILLEGAL_OPERATION);
    message.word[2] = 0;
    message.word[5] = 60; /* source: guard of 60 bits and 5 */
    EXPECT(invoke(ROOT, message), ILLEGAL_OPERATION);
    message.word[5] = 59;
    EXPECT(invoke(ROOT, message), SUCCESS);
}

TEST("4.6 Rotate: the pivot goes to the target, the source to the pivot, and the source is empty")
{
    EXPECT(invoke(ROOT, good_message()), SUCCESS);
    check_radix(target, 4);
    check_radix(pivot, 5);
    CHECK(is_empty(source));
}

TEST("4.6 Rotate: word 2 is the data of the pivot's capability, word 5 that of the source's")
{
    struct message message = good_message();

    message.word[2] = seL4_CNode_CapData_new(1, 3).words[0];
    message.word[5] = seL4_CNode_CapData_new(2, 6).words[0];
    EXPECT(invoke(ROOT, message), SUCCESS);
    EXPECT(invoke(target, slot_message(CNodeDelete, 0, 7)), GUARD_MISMATCH(DESTINATION, 7, 1, 3));
    EXPECT(invoke(pivot, slot_message(CNodeDelete, 0, 11)), GUARD_MISMATCH(DESTINATION, 11, 2, 6));
}

TEST("4.6 Rotate: when the source is the target, it and the pivot change places")
{
    good_message();
    EXPECT(invoke(ROOT, rotate_message(source, pivot, source)), SUCCESS);
    check_radix(source, 4);
    check_radix(pivot, 5);
}

TEST("4.6 Rotate: data goes the right way in an exchange, too")
{
    good_message();
    struct message message = rotate_message(source, pivot, source);

    message.word[2] = seL4_CNode_CapData_new(1, 3).words[0];
    message.word[5] = seL4_CNode_CapData_new(2, 6).words[0];
    EXPECT(invoke(ROOT, message), SUCCESS);
    EXPECT(invoke(source, slot_message(CNodeDelete, 0, 7)), GUARD_MISMATCH(DESTINATION, 7, 1, 3));
    EXPECT(invoke(pivot, slot_message(CNodeDelete, 0, 11)), GUARD_MISMATCH(DESTINATION, 11, 2, 6));
}

TEST("4.6 Rotate: slots of three CNodes at three depths")
{
    seL4_CPtr first = new_cnode(2);
    seL4_CPtr second = new_cnode(3);
    seL4_CPtr third = new_cnode(4);

    put(second, 5, 3, new_cnode(6));
    put(third, 9, 4, new_cnode(7));
    CHECK_OK(seL4_CNode_Rotate(first, 1, 2, 0, second, 5, 3, 0, third, 9, 4));
    CHECK(is_empty_in(third, 9, 4));
    CHECK_OK(seL4_CNode_Move(ROOT, target = test_slot(), DEPTH, first, 1, 2));
    CHECK_OK(seL4_CNode_Move(ROOT, pivot = test_slot(), DEPTH, second, 5, 3));
    check_radix(target, 6);
    check_radix(pivot, 7);
}

TEST("4.6 Rotate: capabilities keep their places in the derivation tree")
{
    good_message();
    seL4_CPtr pivot_copy = copy_of(pivot);
    seL4_CPtr source_copy = copy_of(source);

    EXPECT(invoke(ROOT, rotate_message(target, pivot, source)), SUCCESS);
    CHECK_OK(revoke_cap(target));
    CHECK(is_empty(pivot_copy));
    CHECK(!is_empty(source_copy));
    CHECK(!is_empty(pivot));
    CHECK_OK(revoke_cap(pivot));
    CHECK(is_empty(source_copy));
}

TEST("4.6 Rotate: an exchange of a capability with its own copy exchanges parent and child")
{
    seL4_CPtr parent = test_object(seL4_RISCV_4K_Page, 0);
    seL4_CPtr child = copy_of(parent);

    EXPECT(invoke(ROOT, rotate_message(parent, child, parent)), SUCCESS);
    CHECK_OK(revoke_cap(parent));
    CHECK(!is_empty(child));
    CHECK(!is_empty(parent));
    CHECK_OK(revoke_cap(child));
    CHECK(!is_empty(child));
    CHECK(is_empty(parent));
}

TEST("4.6 Rotate: an exchange the other way round does the same")
{
    seL4_CPtr parent = test_object(seL4_RISCV_4K_Page, 0);
    seL4_CPtr child = copy_of(parent);
    seL4_CPtr other = copy_of(parent);

    EXPECT(invoke(ROOT, rotate_message(other, parent, other)), SUCCESS);
    CHECK_OK(revoke_cap(parent));
    CHECK(!is_empty(child));
    CHECK_OK(revoke_cap(other));
    CHECK(is_empty(child));
    CHECK(is_empty(parent));
    CHECK(!is_empty(other));
}

TEST("4.6 Rotate: an untyped keeps its children through an exchange")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr other = test_object(seL4_UntypedObject, 13);
    seL4_CPtr endpoint = make(untyped, seL4_EndpointObject, 0);

    EXPECT(invoke(ROOT, rotate_message(untyped, other, untyped)), SUCCESS);
    CHECK_EQUAL(free_bytes(other), 4096 - 16);
    CHECK_EQUAL(free_bytes(untyped), 8192);
    CHECK_OK(revoke_cap(other));
    CHECK(is_empty(endpoint));
}

TEST("4.6 Rotate: an untyped and an object made from it can change places")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr page = make(untyped, seL4_RISCV_4K_Page, 0);

    EXPECT(invoke(ROOT, rotate_message(untyped, page, untyped)), SUCCESS);
    page_address(untyped);
    CHECK_EQUAL(free_bytes(page), 0);
    CHECK_OK(revoke_cap(page));
    CHECK(is_empty(untyped));
}
