/*
 * The derivation tree: links, marks, who descends from whom, and which capability is the last.
 */
#include "build.h"
#include "cap/derive.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define assert_list(...) assert_list_((struct slot *const[]){ __VA_ARGS__, NULL })

static void assert_list_(struct slot *const *slots)
{
    struct slot *prev = NULL;

    for (; *slots; prev = *slots++) {
        assert_ptr_equal((*slots)->prev, prev);
        assert_ptr_equal(slot_next(*slots), slots[1]);
    }
}

static unsigned marks(const struct slot *slot)
{
    return slot->next & SLOT_MARKS;
}

static struct slot *mint(struct slot *source, word_t badge)
{
    struct slot *slot = build_slot();

    slot_insert(slot, cap_apply_data(source->cap, badge, false), source);
    return slot;
}

static void a_copy_stands_directly_behind_its_source(void **state)
{
    build_reset();
    struct slot *a = build_endpoint();
    struct slot *b = build_copy(a);
    struct slot *c = build_copy(a);
    struct slot *d = build_copy(b);
    assert_list(a, c, b, d);
    slot_remove(b);
    assert_list(a, c, d);
    slot_remove(a);
    assert_list(c, d);
    slot_remove(d);
    assert_list(c);
    assert_true(slot_is_empty(a) && a->next == 0);
}

static void a_moved_capability_keeps_its_place(void **state)
{
    build_reset();
    struct slot *a = build_endpoint();
    struct slot *c = build_copy(a);
    struct slot *b = build_copy(a);
    struct slot *to = build_slot();
    slot_move(to, b->cap, b);
    assert_list(a, to, c);
    assert_true(slot_is_empty(b) && b->next == 0 && !b->prev);
    slot_move(b, a->cap, a);
    assert_list(b, to, c);
    assert_int_equal(marks(b), SLOT_REVOCABLE | SLOT_FIRST_BADGED);
    slot_move(a, c->cap, c);
    assert_list(b, to, a);
}

static void exchanged_capabilities_take_each_others_places(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned j = 0; j < 4; j++) {
            struct slot *slots[5] = { 0 };
            build_reset();
            slots[0] = build_notification();
            for (unsigned n = 3; n > 0; n--) {
                slots[n] = mint(slots[0], n);
            }
            if (i == j) {
                continue;
            }
            slot_swap(slots[i], slots[i]->cap, slots[j], slots[j]->cap);
            assert_int_equal(cap_badge(slots[i]->cap), j);
            assert_int_equal(cap_badge(slots[j]->cap), i);
            struct slot *old = slots[i];
            slots[i] = slots[j];
            slots[j] = old;
            assert_list_(slots);
        }
    }
}

static void capabilities_of_different_trees_are_exchanged(void **state)
{
    build_reset();
    struct slot *a = build_endpoint();
    struct slot *b = build_copy(a);
    struct slot *x = build_cnode(1);
    struct slot *y = build_copy(x);
    slot_swap(b, b->cap, x, x->cap);
    assert_list(a, x);
    assert_list(b, y);
    assert_true(cap_is(b->cap, CAP_CNODE) && cap_is(x->cap, CAP_ENDPOINT));
    assert_int_equal(marks(b), SLOT_REVOCABLE | SLOT_FIRST_BADGED);
    assert_int_equal(marks(x), 0);
}

static void random_surgery_keeps_the_list_in_order(void **state)
{
    enum {
        SLOTS = 24
    };
    struct slot *order[SLOTS + 1] = { 0 };
    struct slot *all[SLOTS];
    unsigned length = 1;
    uint64_t seed = 3;

    build_reset();
    order[0] = build_endpoint();
    all[0] = order[0];
    for (unsigned i = 1; i < SLOTS; i++) {
        all[i] = build_slot();
    }
    for (unsigned step = 0; step < 100000; step++) {
        unsigned at = random_below(&seed, length);
        struct slot *other = all[random_below(&seed, SLOTS)];
        unsigned other_at = 0;
        while (other_at < length && order[other_at] != other) {
            other_at++;
        }
        if (other_at < length && other != order[at]) {
            slot_swap(order[at], order[at]->cap, other, other->cap);
            order[other_at] = order[at];
            order[at] = other;
        } else if (other_at == length && random_below(&seed, 2)) {
            slot_move(other, order[at]->cap, order[at]);
            order[at] = other;
        } else if (other_at == length) {
            slot_insert(other, order[at]->cap, order[at]);
            memmove(&order[at + 2], &order[at + 1], (length - at - 1) * sizeof(struct slot *));
            order[at + 1] = other;
            length++;
        } else if (length > 1) {
            slot_remove(other);
            length--;
            memmove(&order[at], &order[at + 1], (length - at) * sizeof(struct slot *));
        }
        order[length] = NULL;
        assert_list_(order);
    }
}

static void the_next_in_line_inherits_the_mark_of_the_first_badge(void **state)
{
    build_reset();
    struct slot *original = build_endpoint();
    struct slot *first = mint(original, 5);
    struct slot *second = build_copy(first);
    assert_int_equal(marks(first), SLOT_REVOCABLE | SLOT_FIRST_BADGED);
    assert_int_equal(marks(second), 0);
    struct slot *before = mint(original, 5);
    assert_list(original, before, first, second);
    assert_false(slot_is_descendant(before, first));
    slot_remove(first);
    assert_int_equal(marks(second), SLOT_FIRST_BADGED);
    assert_false(slot_is_descendant(before, second));
    slot_remove(original);
    assert_int_equal(marks(before), SLOT_REVOCABLE | SLOT_FIRST_BADGED);
}

static void an_original_endpoint_has_all_copies_and_badges_below_it(void **state)
{
    build_reset();
    struct slot *original = build_endpoint();
    struct slot *copy = build_copy(original);
    struct slot *minted = mint(original, 7);
    struct slot *copy_of_minted = build_copy(minted);
    struct slot *other = mint(original, 8);
    assert_true(slot_is_descendant(original, copy) && slot_is_descendant(original, minted));
    assert_true(slot_is_descendant(original, copy_of_minted) && slot_is_descendant(original, other));
    assert_true(slot_is_descendant(minted, copy_of_minted));
    assert_false(slot_is_descendant(minted, copy) || slot_is_descendant(other, minted));
    assert_false(slot_is_descendant(copy, minted) || slot_has_children(copy));
    assert_true(slot_has_children(original) && slot_has_children(minted) && !slot_has_children(other));
}

static void originals_have_their_copies_below_them_and_copies_have_nothing(void **state)
{
    for (unsigned i = 0; i < 5; i++) {
        build_reset();
        struct slot *original = i == 0   ? build_cnode(2)
                                : i == 1 ? build_thread()
                                : i == 2 ? build_page_table()
                                : i == 3 ? build_frame()
                                         : build_notification();
        struct slot *copy = build_copy(original);
        struct slot *copy_of_copy = build_copy(copy);
        assert_true(slot_is_descendant(original, copy) && slot_is_descendant(original, copy_of_copy));
        assert_false(slot_is_descendant(copy, copy_of_copy) || slot_has_children(copy));
        assert_false(slot_is_last(original) || slot_is_last(copy) || slot_is_last(copy_of_copy));
        slot_remove(copy_of_copy);
        assert_false(slot_is_last(original) || slot_is_last(copy));
        slot_remove(original);
        assert_true(slot_is_last(copy));
    }
}

static void untyped_memory_has_below_it_what_lies_inside(void **state)
{
    build_reset();
    struct slot *untyped = build_untyped(16);
    word_t phys = untyped_phys(untyped->cap);
    struct slot *inside = build_slot();
    struct slot *table = build_slot();
    slot_insert_created(inside, 1, cap_make_untyped(phys + bit(15), 15, false, 0), 0, untyped);
    slot_insert_created(table, 1, cap_make_object(CAP_PAGE_TABLE, phys_to_ptr(phys + bit(15) + bit(12)), 0),
                        0, inside);
    assert_list(untyped, inside, table);
    assert_true(slot_is_descendant(untyped, inside) && slot_is_descendant(untyped, table));
    assert_true(slot_is_descendant(inside, table));
    struct slot *outside = build_untyped(16);
    assert_false(slot_is_descendant(untyped, outside) || slot_is_descendant(inside, untyped));
    assert_true(slot_is_last(untyped) && slot_is_last(inside));
    const struct cap others[] = { cap_make(CAP_IRQ_CONTROL, 0), cap_make(CAP_IRQ_HANDLER, 1),
                                  cap_make(CAP_DOMAIN, 0), cap_make(CAP_ASID_CONTROL, 0) };
    for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
        assert_false(slot_is_descendant(untyped, build_root(others[i])));
    }
}

static void a_copy_of_untyped_memory_is_its_child_and_the_source_is_full(void **state)
{
    struct cap derived;

    build_reset();
    struct slot *untyped = build_untyped(12);
    assert_int_equal(cap_derive(untyped, untyped->cap, &derived), ERR_NONE);
    struct slot *copy = build_copy(untyped);
    assert_int_equal(untyped_used(untyped->cap), bit(12));
    assert_int_equal(untyped_used(copy->cap), 0);
    assert_true(slot_is_descendant(untyped, copy));
    assert_int_equal(cap_derive(untyped, untyped->cap, &derived), ERR_REVOKE_FIRST);
}

static void control_of_interrupts_has_all_handlers_below_it(void **state)
{
    struct cap derived;

    build_reset();
    struct slot *control = build_root(cap_make(CAP_IRQ_CONTROL, 0));
    struct slot *handler = build_slot();
    slot_insert(handler, cap_make(CAP_IRQ_HANDLER, 9), control);
    struct slot *other = build_slot();
    slot_insert(other, cap_make(CAP_IRQ_HANDLER, 8), control);
    struct slot *copy = build_copy(handler);
    assert_true(slot_is_descendant(control, handler) && slot_is_descendant(control, other));
    assert_true(slot_is_descendant(handler, copy) && !slot_is_descendant(other, handler));
    assert_true(slot_is_last(other) && !slot_is_last(handler) && !slot_is_last(copy));
    assert_int_equal(cap_derive(control, control->cap, &derived), ERR_NONE);
    assert_true(cap_is_null(derived));
}

static void frames_are_the_same_if_place_and_size_are(void **state)
{
    struct cap cap = cap_make_frame(0, FRAME_4K, FRAME_READ_WRITE, false);
    struct cap mapped = cap;

    mapped.w1 = cap_mapping(3, 0x1000);
    assert_true(cap_same_object(cap, mapped));
    assert_true(cap_same_object(cap, frame_set_rights(cap, FRAME_READ_ONLY)));
    assert_false(cap_same_object(cap, cap_make_frame(0, FRAME_2M, FRAME_READ_WRITE, false)));
    assert_false(cap_same_object(cap, cap_make_frame(0x1000, FRAME_4K, FRAME_READ_WRITE, false)));
    assert_false(cap_same_object(cap, cap_make_frame(0, FRAME_4K, FRAME_READ_WRITE, true)));
}

static void what_cannot_be_copied_derives_to_nothing(void **state)
{
    struct cap derived = { 1, 1 };

    build_reset();
    const struct cap caps[] = { cap_null(), cap_make(CAP_IRQ_CONTROL, 0), cap_make(CAP_ZOMBIE, 1),
                                cap_make_ipc(CAP_REPLY, caller, ABI_RIGHT_GRANT, 0) };
    for (unsigned i = 0; i < ARRAY_SIZE(caps); i++) {
        const struct slot slot = { .cap = caps[i] };
        assert_int_equal(cap_derive(&slot, caps[i], &derived), ERR_NONE);
        assert_true(cap_is_null(derived));
    }
    struct slot *table = build_page_table();
    assert_int_equal(cap_derive(table, table->cap, &derived), ERR_ILLEGAL_OPERATION);
    table->cap = page_table_set_mapped(table->cap, 1, 0x200000);
    assert_int_equal(cap_derive(table, table->cap, &derived), ERR_NONE);
    assert_memory_equal(&derived, &table->cap, sizeof(derived));
    struct slot *frame = build_frame();
    frame->cap.w1 = cap_mapping(1, 0x1000);
    assert_int_equal(cap_derive(frame, frame->cap, &derived), ERR_NONE);
    assert_int_equal(derived.w1, 0);
    assert_int_equal(derived.w0, frame->cap.w0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_stands_directly_behind_its_source),
        cmocka_unit_test(a_moved_capability_keeps_its_place),
        cmocka_unit_test(exchanged_capabilities_take_each_others_places),
        cmocka_unit_test(capabilities_of_different_trees_are_exchanged),
        cmocka_unit_test(random_surgery_keeps_the_list_in_order),
        cmocka_unit_test(the_next_in_line_inherits_the_mark_of_the_first_badge),
        cmocka_unit_test(an_original_endpoint_has_all_copies_and_badges_below_it),
        cmocka_unit_test(originals_have_their_copies_below_them_and_copies_have_nothing),
        cmocka_unit_test(untyped_memory_has_below_it_what_lies_inside),
        cmocka_unit_test(a_copy_of_untyped_memory_is_its_child_and_the_source_is_full),
        cmocka_unit_test(control_of_interrupts_has_all_handlers_below_it),
        cmocka_unit_test(frames_are_the_same_if_place_and_size_are),
        cmocka_unit_test(what_cannot_be_copied_derives_to_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
