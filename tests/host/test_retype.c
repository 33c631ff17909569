/*
 * Retype: where objects come to lie, what is left, and how memory comes back.
 */
#include "build.h"
#include "cap/delete.h"
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "random.h"
#include "thread/scheduler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RETYPE LABEL_UNTYPED_RETYPE

static const struct {
    word_t type;
    unsigned argument;
    unsigned bits;
    enum cap_type cap;
} objects[] = {
    { ABI_TYPE_UNTYPED, 4, 4, CAP_UNTYPED },
    { ABI_TYPE_UNTYPED, 13, 13, CAP_UNTYPED },
    { ABI_TYPE_TCB, 0, 11, CAP_TCB },
    { ABI_TYPE_ENDPOINT, 63, 4, CAP_ENDPOINT },
    { ABI_TYPE_NOTIFICATION, 0, 5, CAP_NOTIFICATION },
    { ABI_TYPE_CNODE, 1, 6, CAP_CNODE },
    { ABI_TYPE_CNODE, 6, 11, CAP_CNODE },
    { ABI_TYPE_4K_PAGE, 0, 12, CAP_FRAME },
    { ABI_TYPE_PAGE_TABLE, 0, 12, CAP_PAGE_TABLE },
};

static word_t place_of(struct cap cap)
{
    return cap_is(cap, CAP_UNTYPED) ? untyped_phys(cap)
           : cap_is(cap, CAP_FRAME) ? frame_phys(cap)
                                    : ptr_to_phys(cap_object(cap));
}

static word_t retype(struct slot *untyped, unsigned i, struct slot *cnode, unsigned offset, unsigned count)
{
    return invoke(untyped, RETYPE, words(objects[i].type, objects[i].argument, 0, 0, offset, count),
                  extras(cnode));
}

static void every_object_has_its_size_and_lies_in_order(void **state)
{
    for (unsigned i = 0; i < ARRAY_SIZE(objects); i++) {
        build_reset();
        struct slot *untyped = build_untyped(16);
        struct slot *cnode = build_cnode(4);
        assert_int_equal(retype(untyped, i, cnode, 3, 4), ERR_NONE);
        assert_int_equal(progress, DONE);
        for (unsigned n = 0; n < 4; n++) {
            struct slot *slot = &slots_of(cnode)[3 + n];
            assert_int_equal(cap_type(slot->cap), objects[i].cap);
            assert_int_equal(place_of(slot->cap), untyped_phys(untyped->cap) + n * bit(objects[i].bits));
            assert_int_equal(slot->next & SLOT_MARKS, SLOT_REVOCABLE | SLOT_FIRST_BADGED);
            assert_true(slot_is_descendant(untyped, slot));
            assert_ptr_equal(slot->prev, n == 3 ? untyped : slot + 1);
        }
        assert_int_equal(untyped_used(untyped->cap), 4 * bit(objects[i].bits));
    }
}

/* Also of a type that is not in the list above. Else its memory would be given away again. */
static void whatever_can_be_made_is_below_its_untyped_and_keeps_its_memory(void **state)
{
    unsigned made = 0;

    for (word_t type = 0; type < 256; type++) {
        for (word_t argument = 0; argument <= 4; argument += 4) {
            build_reset();
            struct slot *untyped = build_untyped(16);
            struct slot *cnode = build_cnode(4);
            struct words message = words(type, argument, 0, 0, 3, 1);
            if (invoke(untyped, RETYPE, message, extras(cnode)) != ERR_NONE) {
                continue;
            }
            made++;
            assert_true(slot_is_descendant(untyped, &slots_of(cnode)[3]));
            assert_true(slot_has_children(untyped));
            word_t used = untyped_used(untyped->cap);
            assert_int_equal(invoke(untyped, RETYPE, words(type, argument, 0, 0, 4, 1), extras(cnode)),
                             ERR_NONE);
            assert_int_equal(untyped_used(untyped->cap), 2 * used);
        }
    }
    assert_true(made > ARRAY_SIZE(objects));
}

static void objects_are_aligned_to_their_size(void **state)
{
    uint64_t seed = 5;

    for (host_seed = 1; host_seed < 300; host_seed++) {
        build_reset();
        struct slot *untyped = build_untyped(16);
        struct slot *cnode = build_cnode(6);
        word_t end = 0;
        for (unsigned n = 0; n < 60; n++) {
            unsigned i = random_below(&seed, ARRAY_SIZE(objects));
            word_t size = bit(objects[i].bits);
            word_t start = (end + size - 1) / size * size;
            bool fits = bit(16) - end >= size;
            check(retype(untyped, i, cnode, n, 1) == (fits ? ERR_NONE : ERR_NOT_ENOUGH_MEMORY));
            if (fits) {
                check(place_of(slots_of(cnode)[n].cap) == untyped_phys(untyped->cap) + start);
                end = start + size;
                check(end <= bit(16));
            } else {
                check(result.length == 1 && result.words[0] == bit(16) - end);
            }
            check(untyped_used(untyped->cap) == end);
        }
    }
    host_seed = 0;
}

static void new_objects_are_in_their_first_state(void **state)
{
    build_reset();
    struct slot *untyped = build_untyped(16);
    struct slot *cnode = build_cnode(4);
    struct slot *made = slots_of(cnode);
    for (unsigned i = 0; i < ARRAY_SIZE(objects); i++) {
        assert_int_equal(retype(untyped, i, cnode, i, 1), ERR_NONE);
    }
    assert_int_equal(untyped_used(made[0].cap), 0);
    assert_false(untyped_is_device(made[0].cap));
    const struct tcb *thread = thread_of(&made[2]);
    assert_int_equal(thread->state, THREAD_INACTIVE);
    assert_int_equal(thread->slice, TIME_SLICE_TICKS);
    assert_ptr_equal(thread->hart, host_hart);
    assert_int_equal(cap_rights(made[3].cap), ABI_RIGHTS_ALL);
    assert_int_equal(cap_badge(made[3].cap), 0);
    assert_true(cap_allows(made[4].cap, ABI_RIGHT_READ) && cap_allows(made[4].cap, ABI_RIGHT_WRITE));
    assert_int_equal(cnode_radix(made[6].cap), 6);
    assert_int_equal(cnode_guard_size(made[6].cap), 0);
    assert_int_equal(frame_rights(made[7].cap), FRAME_READ_WRITE);
    assert_int_equal(cap_mapped_asid(made[7].cap), 0);
    assert_false(page_table_is_mapped(made[8].cap));
}

static bool is_clear(word_t phys, word_t bytes)
{
    const char *memory = phys_to_ptr(phys);

    return memory[0] == 0 && memcmp(memory, memory + 1, bytes - 1) == 0;
}

static void memory_is_cleared_before_it_is_given_away_again(void **state)
{
    for (word_t chunk = 0; chunk < 2; chunk++) {
        build_reset();
        struct slot *untyped = build_untyped(14);
        struct slot *cnode = build_cnode(2);
        word_t phys = untyped_phys(untyped->cap);
        untyped->cap.w1 = bit(14) - 16 * chunk;
        memset(phys_to_ptr(phys), 0xa5, bit(14));
        host_preempt_every(1);
        unsigned interruptions = 0;
        while (retype(untyped, 7, cnode, 0, 1) == ERR_NONE && progress == AGAIN) {
            word_t used = untyped_used(untyped->cap);
            assert_true(slot_is_empty(&slots_of(cnode)[0]) && used > 0 && used < bit(14));
            assert_true(is_clear(phys + used, bit(14) - 16 * chunk - used));
            assert_int_equal(*(unsigned char *)phys_to_ptr(phys + used - 1), 0xa5);
            interruptions++;
        }
        assert_int_equal(interruptions, 15);
        assert_int_equal(untyped_used(untyped->cap), bit(12));
        assert_true(is_clear(phys, bit(14) - 16 * chunk));
    }
}

static void memory_comes_back_only_when_all_of_it_is_unused(void **state)
{
    build_reset();
    struct slot *untyped = build_untyped(13);
    struct slot *cnode = build_cnode(2);
    struct slot *made = slots_of(cnode);
    assert_int_equal(retype(untyped, 7, cnode, 0, 2), ERR_NONE);
    assert_int_equal(slot_delete(&made[0]), DONE);
    refuses(ERR_NOT_ENOUGH_MEMORY, words(0), untyped, RETYPE, words(ABI_TYPE_ENDPOINT, 0, 0, 0, 0, 1),
            extras(cnode));
    assert_int_equal(slot_delete(&made[1]), DONE);
    assert_int_equal(retype(untyped, 7, cnode, 0, 2), ERR_NONE);
}

static void device_memory_is_never_touched(void **state)
{
    /* There is no memory at these addresses, so touching it would be the end. */
    const word_t places[] = { bit(31), bit(38) };

    for (unsigned i = 0; i < 2; i++) {
        build_reset();
        struct slot *untyped = build_root(cap_make_untyped(places[i], 30, true, 0));
        struct slot *cnode = build_cnode(2);
        assert_int_equal(invoke(untyped, RETYPE, words(ABI_TYPE_MEGA_PAGE, 0, 0, 0, 0, 2), extras(cnode)),
                         ERR_NONE);
        const struct slot *made = slots_of(cnode);
        assert_true(frame_is_device(made[0].cap) && frame_is_device(made[1].cap));
        assert_int_equal(frame_phys(made[1].cap), places[i] + bit(21));
        assert_int_equal(slot_revoke(untyped), DONE);
        assert_int_equal(invoke(untyped, RETYPE, words(ABI_TYPE_UNTYPED, 29, 0, 0, 0, 2), extras(cnode)),
                         ERR_NONE);
        assert_true(untyped_is_device(made[0].cap));
        assert_int_equal(untyped_phys(made[1].cap), places[i] + bit(29));
        assert_int_equal(slot_revoke(untyped), DONE);
        assert_int_equal(invoke(untyped, RETYPE, words(ABI_TYPE_GIGA_PAGE, 0, 0, 0, 0, 1), extras(cnode)),
                         ERR_NONE);
        assert_int_equal(frame_size(made[0].cap), FRAME_1G);
        refuses(ERR_NOT_ENOUGH_MEMORY, words(0), untyped, RETYPE, words(ABI_TYPE_4K_PAGE, 0, 0, 0, 1, 1),
                extras(cnode));
    }
}

static void the_largest_untyped_can_be_divided(void **state)
{
    build_reset();
    struct slot *untyped = build_root(cap_make_untyped(0, ABI_MAX_UNTYPED_BITS, true, 0));
    struct slot *cnode = build_cnode(8);
    assert_int_equal(invoke(untyped, RETYPE, words(ABI_TYPE_GIGA_PAGE, 0, 0, 0, 0, 256), extras(cnode)),
                     ERR_NONE);
    assert_int_equal(frame_phys(slots_of(cnode)[255].cap), 255 * bit(30));
    assert_int_equal(untyped_used(untyped->cap), bit(38));
}

static void objects_are_put_where_index_and_depth_say(void **state)
{
    build_reset();
    struct slot *untyped = build_untyped(12);
    struct slot *root = build_cnode(3);
    struct slot *inner = build_cnode(3);
    slot_insert(&slots_of(root)[5], inner->cap, inner);
    assert_int_equal(invoke(untyped, RETYPE, words(ABI_TYPE_ENDPOINT, 0, 5, 3, 7, 1), extras(root)),
                     ERR_NONE);
    assert_true(cap_is(slots_of(inner)[7].cap, CAP_ENDPOINT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_object_has_its_size_and_lies_in_order),
        cmocka_unit_test(whatever_can_be_made_is_below_its_untyped_and_keeps_its_memory),
        cmocka_unit_test_teardown(objects_are_aligned_to_their_size, host_teardown),
        cmocka_unit_test(new_objects_are_in_their_first_state),
        cmocka_unit_test(memory_is_cleared_before_it_is_given_away_again),
        cmocka_unit_test(memory_comes_back_only_when_all_of_it_is_unused),
        cmocka_unit_test(device_memory_is_never_touched),
        cmocka_unit_test(the_largest_untyped_can_be_divided),
        cmocka_unit_test(objects_are_put_where_index_and_depth_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
