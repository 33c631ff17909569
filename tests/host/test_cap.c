/*
 * Capability words: every field keeps every value next to every other.
 */
#include "cap/derive.h"
#include "cap/zombie.h"
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Addresses in the window, aligned to 2^bits: the lowest, each bit alone, the highest; then ~0. */
static word_t next_address(word_t phys, unsigned bits)
{
    word_t highest = mask(PHYS_WINDOW_BITS) & ~mask(bits);

    if (phys == highest) {
        return ~0ul;
    }
    if (phys == 0) {
        return bit(bits);
    }
    return phys == bit(PHYS_WINDOW_BITS - 1) ? highest : phys << 1;
}

static const word_t extremes[] = { 0, 1, 0x8000000000000000, ~0ul, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa };

static void rights_and_badges_stand_beside_any_address(void **state)
{
    static const enum cap_type types[] = { CAP_ENDPOINT, CAP_NOTIFICATION, CAP_REPLY };

    for (unsigned t = 0; t < ARRAY_SIZE(types); t++) {
        for (word_t phys = 0; phys != ~0ul; phys = next_address(phys, ABI_ENDPOINT_BITS)) {
            for (word_t rights = 0; rights <= ABI_RIGHTS_ALL; rights++) {
                for (unsigned i = 0; i < ARRAY_SIZE(extremes); i++) {
                    struct cap cap = cap_make_ipc(types[t], phys_to_ptr(phys), rights, extremes[i]);
                    assert_int_equal(cap_type(cap), types[t]);
                    assert_ptr_equal(cap_object(cap), phys_to_ptr(phys));
                    assert_int_equal(cap_rights(cap), rights);
                    assert_int_equal(cap_badge(cap), extremes[i]);
                    for (word_t kept = 0; kept <= ABI_RIGHTS_ALL; kept++) {
                        struct cap masked = cap_mask_rights(cap, kept | ~(word_t)ABI_RIGHTS_ALL);
                        assert_int_equal(cap_rights(masked), rights & kept);
                        assert_ptr_equal(cap_object(masked), phys_to_ptr(phys));
                        assert_int_equal(cap_allows(cap, kept), (rights & kept) != 0);
                    }
                }
            }
        }
    }
}

static void a_capability_without_rights_is_not_null(void **state)
{
    assert_false(cap_is_null(cap_make_ipc(CAP_ENDPOINT, phys_to_ptr(0), 0, 0)));
    assert_true(cap_is_null(cap_null()));
}

static void a_cnode_keeps_radix_and_guard(void **state)
{
    for (word_t phys = 0; phys != ~0ul; phys = next_address(phys, ABI_SLOT_BITS + 1)) {
        for (unsigned radix = 1; radix <= 33; radix++) {
            for (unsigned guard_size = 0; guard_size < 64 && guard_size + radix <= 64; guard_size++) {
                word_t guard = mask(guard_size);
                struct cap cap = cap_make_cnode(phys_to_ptr(phys), radix, guard_size, guard);
                assert_int_equal(cap_type(cap), CAP_CNODE);
                assert_ptr_equal(cap_object(cap), phys_to_ptr(phys));
                assert_int_equal(cnode_radix(cap), radix);
                assert_int_equal(cnode_guard_size(cap), guard_size);
                assert_int_equal(cnode_guard(cap), guard);
                assert_int_equal(cap_is_full_cnode(cap), radix + guard_size == 64);
            }
        }
    }
}

static void untyped_memory_keeps_its_place_size_and_use(void **state)
{
    for (unsigned bits = ABI_MIN_UNTYPED_BITS; bits <= ABI_MAX_UNTYPED_BITS; bits++) {
        const word_t used[] = { 0, 16, bit(bits) - 16, bit(bits) };
        const word_t places[] = { 0, bit(bits), bit(38), mask(39) & ~mask(bits) };
        for (unsigned i = 0; i < ARRAY_SIZE(used) * ARRAY_SIZE(places) * 2; i++) {
            bool device = i & 1;
            word_t place = places[i / 2 % 4];
            struct cap cap = cap_make_untyped(place, bits, device, used[i / 8]);
            assert_int_equal(cap_type(cap), CAP_UNTYPED);
            assert_int_equal(untyped_phys(cap), place);
            assert_int_equal(untyped_size_bits(cap), bits);
            assert_int_equal(untyped_is_device(cap), device);
            assert_int_equal(untyped_used(cap), used[i / 8]);
        }
    }
}

static void a_frame_keeps_everything_beside_its_mapping(void **state)
{
    for (unsigned i = 0; i < 3 * 3 * 2 * 4 * 4; i++) {
        enum frame_size size = (enum frame_size)(i % 3);
        enum frame_rights rights = (enum frame_rights)(i / 3 % 3 + 1);
        bool device = i / 9 % 2;
        const word_t places[] = { 0, bit(frame_size_bits(size)), bit(38),
                                  mask(39) & ~mask(frame_size_bits(size)) };
        const word_t mappings[][2] = {
            { 0, 0 }, { 1, 0 }, { 0xffff, 0x3fffffe000 }, { 0x8000, 0xfffffffff000 }
        };
        word_t place = places[i / 18 % 4];
        struct cap cap = cap_make_frame(place, size, rights, device);
        assert_int_equal(cap_mapped_asid(cap), 0);
        cap.w1 = cap_mapping(mappings[i / 72][0], mappings[i / 72][1]);
        for (unsigned n = 0; n < 2; n++) {
            assert_int_equal(cap_type(cap), CAP_FRAME);
            assert_int_equal(frame_phys(cap), place);
            assert_int_equal(frame_size(cap), size);
            assert_int_equal(frame_is_device(cap), device);
            assert_int_equal(frame_rights(cap), n ? FRAME_KERNEL_ONLY : rights);
            assert_int_equal(cap_mapped_asid(cap), mappings[i / 72][0]);
            assert_int_equal(cap_mapped_vaddr(cap), mappings[i / 72][1]);
            cap = frame_set_rights(cap, FRAME_KERNEL_ONLY);
        }
    }
}

static void a_page_table_keeps_its_mapping(void **state)
{
    for (word_t phys = 0; phys != ~0ul; phys = next_address(phys, ABI_PAGE_TABLE_BITS)) {
        struct cap cap = cap_make_object(CAP_PAGE_TABLE, phys_to_ptr(phys), 0);
        assert_false(page_table_is_mapped(cap));
        cap = page_table_set_mapped(cap, 0xffff, 0x3ffffff000);
        assert_true(page_table_is_mapped(cap) && cap_is_mapped_page_table(cap));
        assert_ptr_equal(cap_object(cap), phys_to_ptr(phys));
        assert_int_equal(cap_mapped_asid(cap), 0xffff);
        assert_int_equal(cap_mapped_vaddr(cap), 0x3ffffff000);
        cap = page_table_set_unmapped(cap);
        assert_false(page_table_is_mapped(cap));
        assert_ptr_equal(cap_object(cap), phys_to_ptr(phys));
        assert_int_equal(cap_type(cap), CAP_PAGE_TABLE);
    }
}

static void a_zombie_counts_far_and_keeps_its_links(void **state)
{
    const word_t counts[] = { 0, 1, mask(31), bit(31), bit(31) + 5, bit(32) + 1, mask(33), bit(33) };

    for (word_t phys = 0; phys != ~0ul; phys = next_address(phys, ABI_SLOT_BITS)) {
        for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
            struct slot root = { .cap = cap_make_object(CAP_ZOMBIE, phys_to_ptr(phys), 0) };
            struct slot *link = phys_to_ptr(mask(PHYS_WINDOW_BITS) & ~mask(ABI_SLOT_BITS));
            root.cap.w0 |= 33ul << ZOMBIE_RADIX_SHIFT;
            zombie_set_count(&root, counts[ARRAY_SIZE(counts) - 1 - i]);
            zombie_set_next(&root, link);
            zombie_set_count(&root, counts[i]);
            assert_true(slot_is_zombie(&root) && zombie_is_head(&root) && !zombie_is_orphan(&root));
            assert_int_equal(zombie_count(&root), counts[i]);
            assert_ptr_equal(zombie_next(&root), link);
            assert_ptr_equal(zombie_slots(&root), phys_to_ptr(phys));
            zombie_set_next(&root, NULL);
            assert_null(zombie_next(&root));
            assert_int_equal(zombie_count(&root), counts[i]);
        }
    }
}

static void an_orphan_knows_its_object_by_where_it_lives(void **state)
{
    host_reset();
    struct slot *slots = host_take(4 * sizeof(struct slot));
    for (unsigned home = 0; home < 2; home++) {
        struct slot *orphan = &slots[home];
        orphan->cap = cap_make(CAP_ZOMBIE, 0);
        orphan->cap.w0 |=
            bit(ZOMBIE_ORPHAN_BIT) | (word_t)home << ZOMBIE_HOME_BIT | 2ul << ZOMBIE_RADIX_SHIFT;
        zombie_set_count(orphan, bit(33));
        assert_true(zombie_is_head(orphan));
        for (word_t phys = 0; phys != ~0ul; phys = next_address(phys, ABI_SLOT_BITS)) {
            zombie_set_prev(orphan, phys_to_ptr(phys));
            zombie_set_next(orphan, phys_to_ptr(phys));
            assert_ptr_equal(zombie_prev(orphan), phys ? phys_to_ptr(phys) : NULL);
            assert_ptr_equal(zombie_next(orphan), phys ? phys_to_ptr(phys) : NULL);
            assert_int_equal(zombie_count(orphan), bit(33));
            assert_ptr_equal(zombie_slots(orphan), slots);
        }
        assert_true(zombie_contains(orphan, &slots[3]) && !zombie_contains(orphan, &slots[4]));
    }
}

static void mint_gives_a_badge_once_and_mutate_never(void **state)
{
    struct cap cap = cap_make_ipc(CAP_ENDPOINT, phys_to_ptr(64), ABI_RIGHTS_ALL, 0);

    assert_int_equal(cap_badge(cap_apply_data(cap, 0, false)), 0);
    assert_int_equal(cap_badge(cap_apply_data(cap, ~0ul, false)), ~0ul);
    assert_true(cap_is_null(cap_apply_data(cap_apply_data(cap, 7, false), 8, false)));
    assert_true(cap_is_null(cap_apply_data(cap, 0, true)));
}

static void a_guard_must_leave_room_for_the_radix(void **state)
{
    struct cap cap = cap_make_cnode(phys_to_ptr(64), 4, 3, 5);

    for (unsigned size = 0; size < 64; size++) {
        struct cap guarded = cap_apply_data(cap, ~mask(6) | size, size % 2);
        assert_int_equal(cap_is_null(guarded), size + 4 > 64);
        if (!cap_is_null(guarded)) {
            assert_int_equal(cnode_guard_size(guarded), size);
            /* The field itself holds 58 bits. */
            assert_int_equal(cnode_guard(guarded), mask(size < 58 ? size : 58));
            assert_int_equal(cnode_radix(guarded), 4);
        }
    }
}

static void frame_rights_are_never_raised(void **state)
{
    for (word_t rights = 0; rights < 16; rights++) {
        bool readable = rights & ABI_RIGHT_READ;
        bool writable = rights & ABI_RIGHT_WRITE;
        assert_int_equal(frame_reduce_rights(FRAME_KERNEL_ONLY, rights), FRAME_KERNEL_ONLY);
        assert_int_equal(frame_reduce_rights(FRAME_READ_ONLY, rights),
                         readable ? FRAME_READ_ONLY : FRAME_KERNEL_ONLY);
        assert_int_equal(frame_reduce_rights(FRAME_READ_WRITE, rights), !readable  ? FRAME_KERNEL_ONLY
                                                                        : writable ? FRAME_READ_WRITE
                                                                                   : FRAME_READ_ONLY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights_and_badges_stand_beside_any_address),
        cmocka_unit_test(a_capability_without_rights_is_not_null),
        cmocka_unit_test(a_cnode_keeps_radix_and_guard),
        cmocka_unit_test(untyped_memory_keeps_its_place_size_and_use),
        cmocka_unit_test(a_frame_keeps_everything_beside_its_mapping),
        cmocka_unit_test(a_page_table_keeps_its_mapping),
        cmocka_unit_test(a_zombie_counts_far_and_keeps_its_links),
        cmocka_unit_test(an_orphan_knows_its_object_by_where_it_lives),
        cmocka_unit_test(mint_gives_a_badge_once_and_mutate_never),
        cmocka_unit_test(a_guard_must_leave_room_for_the_radix),
        cmocka_unit_test(frame_rights_are_never_raised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
