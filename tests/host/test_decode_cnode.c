/*
 * What Retype and the CNode operations refuse, in the order in which they do. A refused invocation changes
 * nothing.
 */
#include "build.h"
#include "cap/zombie.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RETYPE  LABEL_UNTYPED_RETYPE
#define NOTHING words()

static struct slot *untyped;
static struct slot *root; /* 16 slots: 0 an endpoint, 1 a CNode of 4, the others empty */
static struct slot *inner;
static struct slot *endpoint;

static int prepare(void **state)
{
    build_reset();
    untyped = build_untyped(12);
    root = build_cnode(4);
    inner = build_cnode(2);
    endpoint = build_endpoint();
    slot_insert(&slots_of(root)[0], endpoint->cap, endpoint);
    slot_insert(&slots_of(root)[1], inner->cap, inner);
    return 0;
}

static void retype_refuses_wrong_arguments_in_order(void **state)
{
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, untyped, LABEL_CNODE_COPY, words(9, 64, 0, 0, 0, 0),
            extras(root));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, untyped, RETYPE, words(9, 64, 0, 65, 16), extras(root));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, untyped, RETYPE, words(9, 64, 0, 65, 16, 0), extras());
    refuses(ERR_INVALID_ARGUMENT, words(0), untyped, RETYPE, words(9, 64, 0, 65, 16, 0), extras(root));
    refuses(ERR_RANGE, words(0, 38), untyped, RETYPE, words(ABI_TYPE_ENDPOINT, 64, 0, 65, 16, 0),
            extras(root));
    refuses(ERR_RANGE, words(0, 38), untyped, RETYPE, words(ABI_TYPE_CNODE, 34, 0, 65, 16, 0), extras(root));
    refuses(ERR_RANGE, words(0, 38), untyped, RETYPE, words(ABI_TYPE_UNTYPED, 39, 0, 65, 16, 0),
            extras(root));
    refuses(ERR_INVALID_ARGUMENT, words(1), untyped, RETYPE, words(ABI_TYPE_CNODE, 0, 0, 65, 16, 0),
            extras(root));
    refuses(ERR_INVALID_ARGUMENT, words(1), untyped, RETYPE, words(ABI_TYPE_UNTYPED, 3, 0, 65, 16, 0),
            extras(root));
}

static void retype_refuses_wrong_destinations_in_order(void **state)
{
    word_t e = ABI_TYPE_ENDPOINT;

    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_INVALID_ROOT), untyped, RETYPE, words(e, 0, 0, 65, 16, 0),
            extras(endpoint));
    refuses(ERR_RANGE, words(1, 64), untyped, RETYPE, words(e, 0, 0, 65, 16, 0), extras(root));
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_DEPTH_MISMATCH, 3, 4), untyped, RETYPE,
            words(e, 0, 0, 3, 16, 0), extras(root));
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_MISSING_CAPABILITY, 4), untyped, RETYPE,
            words(e, 0, 0, 4, 16, 0), extras(root));
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_MISSING_CAPABILITY, 0), untyped, RETYPE,
            words(e, 0, 0, 0, 16, 0), extras(endpoint));
    refuses(ERR_RANGE, words(0, 15), untyped, RETYPE, words(e, 0, 0, 0, 16, 0), extras(root));
    refuses(ERR_RANGE, words(0, 3), untyped, RETYPE, words(e, 0, 1, 4, 4, 0), extras(root));
    refuses(ERR_RANGE, words(1, 256), untyped, RETYPE, words(e, 0, 0, 0, 15, 0), extras(root));
    refuses(ERR_RANGE, words(1, 256), untyped, RETYPE, words(e, 0, 0, 0, 15, 257), extras(root));
    refuses(ERR_RANGE, words(1, 1), untyped, RETYPE, words(e, 0, 0, 0, 15, 2), extras(root));
    refuses(ERR_DELETE_FIRST, NOTHING, untyped, RETYPE, words(ABI_TYPE_GIGA_PAGE, 0, 0, 0, 1, 2),
            extras(root));
}

static void retype_refuses_what_does_not_fit(void **state)
{
    struct slot *device = build_root(cap_make_untyped(bit(38), 12, true, 0));
    refuses(ERR_NOT_ENOUGH_MEMORY, words(bit(12)), untyped, RETYPE, words(ABI_TYPE_TCB, 0, 0, 0, 2, 3),
            extras(root));
    refuses(ERR_NOT_ENOUGH_MEMORY, words(bit(12)), device, RETYPE, words(ABI_TYPE_TCB, 0, 0, 0, 2, 3),
            extras(root));
    for (word_t type = ABI_TYPE_TCB; type <= ABI_TYPE_PAGE_TABLE; type++) {
        if (type <= ABI_TYPE_CNODE || type == ABI_TYPE_PAGE_TABLE) {
            refuses(ERR_INVALID_ARGUMENT, words(1), device, RETYPE, words(type, 1, 0, 0, 2, 1), extras(root));
        }
    }
}

static void every_cnode_operation_refuses_wrong_targets(void **state)
{
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_REVOKE - 1, words(), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_SAVE_CALLER + 1, words(), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, ~0ul, words(), extras());
    for (word_t label = LABEL_CNODE_REVOKE; label <= LABEL_CNODE_SAVE_CALLER; label++) {
        refuses(ERR_TRUNCATED_MESSAGE, NOTHING, root, label, words(2), extras());
        refuses(ERR_RANGE, words(1, 64), root, label, words(2, 0), extras());
        refuses(ERR_RANGE, words(1, 64), root, label, words(2, 65), extras());
        refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_DEPTH_MISMATCH, 3, 4), root, label, words(2, 3), extras());
        refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_DEPTH_MISMATCH, 60, 0), root, label, words(2, 64),
                extras());
    }
}

static void copies_and_moves_are_refused_in_order(void **state)
{
    for (word_t label = LABEL_CNODE_COPY; label <= LABEL_CNODE_MUTATE; label++) {
        refuses(ERR_TRUNCATED_MESSAGE, NOTHING, root, label, words(0, 4, 0), extras(root));
        refuses(ERR_TRUNCATED_MESSAGE, NOTHING, root, label, words(0, 4, 0, 0), extras());
        refuses(ERR_DELETE_FIRST, NOTHING, root, label, words(0, 4, 0, 0), extras(endpoint));
        refuses(ERR_FAILED_LOOKUP, words(1, LOOKUP_INVALID_ROOT), root, label, words(2, 4, 0, 0),
                extras(endpoint));
        refuses(ERR_RANGE, words(1, 64), root, label, words(2, 4, 0, 0), extras(root));
        refuses(ERR_FAILED_LOOKUP, words(1, LOOKUP_DEPTH_MISMATCH, 2, 4), root, label, words(2, 4, 0, 2),
                extras(root));
        refuses(ERR_FAILED_LOOKUP, words(1, LOOKUP_MISSING_CAPABILITY, 4), root, label, words(2, 4, 3, 4),
                extras(root));
        if (label != LABEL_CNODE_MOVE) {
            refuses(ERR_TRUNCATED_MESSAGE, NOTHING, root, label, words(2, 4, 0, 4), extras(root));
        }
    }
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, root, LABEL_CNODE_MINT, words(2, 4, 0, 4, 15), extras(root));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_MUTATE, words(2, 4, 0, 4, 0), extras(root));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_MUTATE, words(2, 4, 1, 4, 63), extras(root));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_MINT, words(2, 4, 1, 4, 0, 63), extras(root));
}

static void what_cannot_be_copied_is_refused(void **state)
{
    struct slot *slots = slots_of(root);
    slots[3].cap = cap_make_ipc(CAP_REPLY, caller, ABI_RIGHT_GRANT, 0);
    slots[4].cap = cap_make(CAP_ZOMBIE, 0);
    slots[4].cap.w0 |= 1ul << ZOMBIE_RADIX_SHIFT;
    slot_insert_root(&slots[5], cap_make(CAP_IRQ_CONTROL, 0));
    slot_insert_root(&slots[6], build_page_table()->cap);
    slot_insert(&slots[7], cap_make_ipc(CAP_ENDPOINT, cap_object(endpoint->cap), 15, 9), endpoint);
    for (unsigned i = 3; i <= 6; i++) {
        refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_COPY, words(2, 4, i, 4, 15), extras(root));
        refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_MINT, words(2, 4, i, 4, 15, 0),
                extras(root));
    }
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_MINT, words(2, 4, 7, 4, 15, 1), extras(root));
    slot_insert_root(&slots[8], untyped->cap);
    slot_insert_created(&slots[9], 1, cap_make_untyped(untyped_phys(untyped->cap), 4, false, 0), 0,
                        &slots[8]);
    refuses(ERR_REVOKE_FIRST, NOTHING, root, LABEL_CNODE_COPY, words(2, 4, 8, 4, 15), extras(root));
    assert_int_equal(invoke(root, LABEL_CNODE_MOVE, words(2, 4, 7, 4), extras(root)), ERR_NONE);
    assert_int_equal(cap_badge(slots[2].cap), 9);
}

static void a_rotation_is_refused_in_order(void **state)
{
    word_t label = LABEL_CNODE_ROTATE;

    struct slot *badged = &slots_of(root)[3];
    slot_insert(badged, cap_make_ipc(CAP_ENDPOINT, cap_object(endpoint->cap), 15, 9), endpoint);
    slot_insert_root(&slots_of(root)[4], cap_make(CAP_DOMAIN, 0));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, root, label, words(2, 4, 0, 0, 0, 0, 0), extras(root, root));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, root, label, words(2, 4, 0, 0, 0, 0, 0, 0), extras(root));
    refuses(ERR_RANGE, words(1, 64), root, label, words(2, 4, 0, 0, 3, 0, 0, 0), extras(root, root));
    refuses(ERR_FAILED_LOOKUP, words(1, LOOKUP_INVALID_ROOT), root, label, words(2, 4, 0, 0, 4, 0, 0, 4),
            extras(endpoint, root));
    refuses(ERR_FAILED_LOOKUP, words(1, LOOKUP_DEPTH_MISMATCH, 3, 4), root, label,
            words(2, 4, 0, 0, 3, 0, 0, 4), extras(root, root));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, label, words(2, 4, 0, 5, 4, 0, 5, 4), extras(root, root));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, label, words(2, 4, 0, 2, 4, 0, 5, 4), extras(root, root));
    refuses(ERR_DELETE_FIRST, NOTHING, root, label, words(1, 4, 0, 2, 4, 0, 5, 4), extras(root, root));
    refuses(ERR_FAILED_LOOKUP, words(1, LOOKUP_MISSING_CAPABILITY, 4), root, label,
            words(2, 4, 0, 6, 4, 0, 5, 4), extras(root, root));
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_MISSING_CAPABILITY, 4), root, label,
            words(2, 4, 0, 6, 4, 0, 1, 4), extras(root, root));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, label, words(2, 4, 0, 3, 4, 0, 4, 4), extras(root, root));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, label, words(2, 4, 0, 4, 4, 0, 3, 4), extras(root, root));
    assert_int_equal(invoke(root, label, words(2, 4, 0, 4, 4, 0, 1, 4), extras(root, root)), ERR_NONE);
    assert_true(cap_is(slots_of(root)[2].cap, CAP_DOMAIN) && cap_is(slots_of(root)[4].cap, CAP_CNODE));
    assert_true(slot_is_empty(&slots_of(root)[1]));
}

static void the_rest_is_refused_by_what_the_slot_holds(void **state)
{
    refuses(ERR_DELETE_FIRST, NOTHING, root, LABEL_CNODE_SAVE_CALLER, words(0, 4), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_CANCEL_BADGED_SENDS, words(1, 4), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_CANCEL_BADGED_SENDS, words(2, 4), extras());
    slots_of(root)[0].cap = cap_mask_rights(endpoint->cap, 14);
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, root, LABEL_CNODE_CANCEL_BADGED_SENDS, words(0, 4), extras());
    assert_int_equal(invoke(root, LABEL_CNODE_SAVE_CALLER, words(2, 4), extras()), ERR_NONE);
    assert_int_equal(invoke(root, LABEL_CNODE_DELETE, words(2, 4), extras()), ERR_NONE);
    assert_int_equal(invoke(root, LABEL_CNODE_REVOKE, words(2, 4), extras()), ERR_NONE);
    assert_true(slot_is_empty(&slots_of(root)[2]));
}

#define test(name) cmocka_unit_test_setup(name, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(retype_refuses_wrong_arguments_in_order), test(retype_refuses_wrong_destinations_in_order),
        test(retype_refuses_what_does_not_fit),        test(every_cnode_operation_refuses_wrong_targets),
        test(copies_and_moves_are_refused_in_order),   test(what_cannot_be_copied_is_refused),
        test(a_rotation_is_refused_in_order),          test(the_rest_is_refused_by_what_the_slot_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
