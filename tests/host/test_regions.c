/*
 * Sets of physical memory, against hand-made cases and against a plain map of pages.
 */
#include "boot/regions.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_regions(const struct regions *set, const struct region *expected, unsigned count)
{
    assert_false(set->overflow);
    assert_int_equal(set->count, count);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(set->list[i].start, expected[i].start);
        assert_int_equal(set->list[i].end, expected[i].end);
    }
}

#define EXPECT(set, ...)                                                       \
    do {                                                                       \
        const struct region expected[] = { __VA_ARGS__ };                      \
        expect_regions(set, expected, sizeof(expected) / sizeof(expected[0])); \
    } while (0)

static void added_ranges_are_sorted_and_merged(void **state)
{
    struct regions set = { 0 };

    regions_add(&set, (struct region){ 60, 70 });
    regions_add(&set, (struct region){ 10, 20 });
    regions_add(&set, (struct region){ 40, 50 });
    EXPECT(&set, { 10, 20 }, { 40, 50 }, { 60, 70 });
    regions_add(&set, (struct region){ 20, 30 }); /* touches */
    EXPECT(&set, { 10, 30 }, { 40, 50 }, { 60, 70 });
    regions_add(&set, (struct region){ 25, 65 }); /* spans */
    EXPECT(&set, { 10, 70 });
    regions_add(&set, (struct region){ 30, 30 }); /* empty */
    regions_add(&set, (struct region){ 90, 80 });
    EXPECT(&set, { 10, 70 });
    assert_int_equal(regions_total(&set), 60);
}

static void removing_cuts_ranges(void **state)
{
    struct regions set = { 0 };

    regions_add(&set, (struct region){ 0, 100 });
    regions_remove(&set, (struct region){ 40, 60 });
    EXPECT(&set, { 0, 40 }, { 60, 100 });
    regions_remove(&set, (struct region){ 40, 60 });
    regions_remove(&set, (struct region){ 20, 10 });
    EXPECT(&set, { 0, 40 }, { 60, 100 });
    regions_remove(&set, (struct region){ 30, 70 });
    EXPECT(&set, { 0, 30 }, { 70, 100 });
    regions_remove(&set, (struct region){ 0, 10 });
    regions_remove(&set, (struct region){ 90, ~(word_t)0 });
    EXPECT(&set, { 10, 30 }, { 70, 90 });
    regions_remove(&set, (struct region){ 0, 200 });
    assert_int_equal(set.count, 0);
}

static void taking_prefers_the_top_and_keeps_the_alignment(void **state)
{
    struct regions set = { 0 };
    word_t start;

    regions_add(&set, (struct region){ 0x1000, 0x9000 });
    regions_add(&set, (struct region){ 0xa000, 0xb800 });
    assert_true(regions_take(&set, 0x1000, 12, &start));
    assert_int_equal(start, 0xa000);
    assert_true(regions_take(&set, 0x4000, 14, &start)); /* 0xa000 and up is too short */
    assert_int_equal(start, 0x4000);
    EXPECT(&set, { 0x1000, 0x4000 }, { 0x8000, 0x9000 }, { 0xb000, 0xb800 });
    assert_false(regions_take(&set, 0x4000, 4, &start));
    assert_false(regions_take(&set, ~(word_t)0, 4, &start));
    assert_true(regions_take(&set, 0x3000, 4, &start)); /* all of a range */
    assert_int_equal(start, 0x1000);
    EXPECT(&set, { 0x8000, 0x9000 }, { 0xb000, 0xb800 });
}

static void a_set_that_is_full_says_so(void **state)
{
    struct regions set = { 0 };

    for (word_t i = 0; i < REGIONS_MAX; i++) {
        regions_add(&set, (struct region){ i * 10, i * 10 + 5 });
    }
    assert_false(set.overflow);
    struct regions full = set;
    regions_add(&set, (struct region){ 1000, 1001 });
    assert_true(set.overflow);
    regions_remove(&full, (struct region){ 1, 2 });
    assert_true(full.overflow);
    assert_int_equal(full.count, REGIONS_MAX);
}

static void the_ends_of_the_address_space_do_not_wrap(void **state)
{
    const word_t top = ~(word_t)0;
    struct region region = region_at(top - 0xfff, 0x2000);

    assert_int_equal(region.end, top);
    region = region_around(region, 12);
    assert_int_equal(region.start, top - 0xfff);
    assert_true(region.end >= region.start);
    region = region_inside_pages((struct region){ top - 5, top });
    assert_true(region.start >= region.end);
    region = region_inside_pages((struct region){ 0x1001, 0x3fff });
    assert_int_equal(region.start, 0x2000);
    assert_int_equal(region.end, 0x3000);
    region = region_around((struct region){ 0x1001, 0x3001 }, 12);
    assert_int_equal(region.start, 0x1000);
    assert_int_equal(region.end, 0x4000);
}

#define PAGES 60 /* at most 30 ranges, so no set overflows */

static void expect_same(const struct regions *set, const bool *pages)
{
    word_t total = 0;

    assert_false(set->overflow);
    for (word_t i = 0; i < PAGES; i++) {
        assert_int_equal(regions_contain(set, (struct region){ i, i + 1 }), pages[i]);
        assert_int_equal(regions_overlap(set, (struct region){ i, i + 1 }), pages[i]);
        if (i + 3 <= PAGES) {
            assert_int_equal(regions_overlap(set, (struct region){ i, i + 3 }),
                             pages[i] || pages[i + 1] || pages[i + 2]);
        }
        total += pages[i];
    }
    assert_int_equal(regions_total(set), total);
    for (unsigned i = 1; i < set->count; i++) {
        assert_true(set->list[i - 1].end < set->list[i].start);
    }
}

static void random_work_agrees_with_a_map_of_pages(void **state)
{
    struct regions set = { 0 };
    bool pages[PAGES] = { false };
    uint64_t seed = 1;

    for (unsigned i = 0; i < 20000; i++) {
        word_t a = random_below(&seed, PAGES + 1);
        word_t b = random_below(&seed, PAGES + 1);
        uint32_t kind = random_below(&seed, 5);
        word_t start;
        if (kind < 2) {
            regions_add(&set, (struct region){ a, b });
        } else if (kind < 4) {
            regions_remove(&set, (struct region){ a, b });
        } else {
            unsigned bits = random_below(&seed, 4);
            b = b % 5 + 1;
            if (!regions_take(&set, b, bits, &start)) {
                continue;
            }
            assert_true(is_aligned(start, bits));
            for (a = start, b += start; a < b; a++) {
                assert_true(pages[a]);
            }
            a = start;
        }
        for (; a < b; a++) {
            pages[a] = kind < 2;
        }
        expect_same(&set, pages);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(added_ranges_are_sorted_and_merged),
        cmocka_unit_test(removing_cuts_ranges),
        cmocka_unit_test(taking_prefers_the_top_and_keeps_the_alignment),
        cmocka_unit_test(a_set_that_is_full_says_so),
        cmocka_unit_test(the_ends_of_the_address_space_do_not_wrap),
        cmocka_unit_test(random_work_agrees_with_a_map_of_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
