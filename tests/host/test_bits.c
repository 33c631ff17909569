/*
 * Finding bits, and the arithmetic that everything rests on.
 */
#include "lib/bits.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_single_bit_is_found_from_both_ends(void **state)
{
    for (unsigned n = 0; n < WORD_BITS; n++) {
        assert_int_equal(lowest_bit(bit(n)), n);
        assert_int_equal(highest_bit(bit(n)), n);
        assert_int_equal(lowest_bit(~0ul << n), n);
        assert_int_equal(highest_bit(~0ul >> n), WORD_BITS - 1 - n);
    }
}

static void other_bits_do_not_matter(void **state)
{
    uint64_t seed = 1;

    for (unsigned i = 0; i < 100000; i++) {
        word_t value = (word_t)random_below(&seed, ~0u) << 32 | random_below(&seed, ~0u) | bit(i % WORD_BITS);
        unsigned lowest = 0;
        unsigned highest = WORD_BITS - 1;
        while (!(value >> lowest & 1)) {
            lowest++;
        }
        while (!(value >> highest & 1)) {
            highest--;
        }
        assert_int_equal(lowest_bit(value), lowest);
        assert_int_equal(highest_bit(value), highest);
    }
}

static void masks_and_alignment_cover_the_whole_word(void **state)
{
    assert_int_equal(mask(0), 0);
    assert_int_equal(mask(63), 0x7ffffffffffffffful);
    assert_int_equal(align_down(0x12345678, 12), 0x12345000);
    assert_int_equal(align_up(0x12345678, 12), 0x12346000);
    assert_int_equal(align_up(0x12345000, 12), 0x12345000);
    assert_int_equal(align_up(~0ul, 12), 0);
    assert_true(is_aligned(0, 63) && is_aligned(bit(63), 63) && !is_aligned(bit(62), 63));
    assert_int_equal(min_word(1, ~0ul), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_single_bit_is_found_from_both_ends),
        cmocka_unit_test(other_bits_do_not_matter),
        cmocka_unit_test(masks_and_alignment_cover_the_whole_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
