/*
 * Resolving capability pointers: each failure, and random CSpaces against a resolver that looks at one bit
 * after the other.
 */
#include "build.h"
#include "cap/lookup.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lookup_result found;

static bool look(const struct slot *root, word_t index, unsigned bits)
{
    found = (struct lookup_result){ 0 };
    cap_lookup_bits(root->cap, index, bits, &found);
    return found.slot != NULL;
}

static void assert_failure(word_t type, word_t bits_left, word_t guard, word_t bits_found)
{
    word_t words[4];

    assert_null(found.slot);
    assert_int_equal(found.failure.type, type);
    unsigned count = lookup_failure_words(&found.failure, words);
    assert_int_equal(words[0], type);
    switch (type) {
    case LOOKUP_GUARD_MISMATCH:
        assert_int_equal(count, 4);
        assert_int_equal(words[1], bits_left);
        assert_int_equal(words[2], guard);
        assert_int_equal(words[3], bits_found);
        break;
    case LOOKUP_DEPTH_MISMATCH:
        assert_int_equal(count, 3);
        assert_int_equal(words[1], bits_left);
        assert_int_equal(words[2], bits_found);
        break;
    default:
        assert_int_equal(count, 1);
        break;
    }
}

static void set_guard(struct slot *slot, unsigned size, word_t guard)
{
    slot->cap = cap_make_cnode(cap_object(slot->cap), cnode_radix(slot->cap), size, guard);
}

static void a_root_that_is_no_cnode_is_invalid(void **state)
{
    struct slot empty = { 0 };

    build_reset();
    assert_false(look(&empty, 0, 64));
    assert_failure(LOOKUP_INVALID_ROOT, 0, 0, 0);
    assert_false(look(build_endpoint(), 0, 64));
    assert_failure(LOOKUP_INVALID_ROOT, 0, 0, 0);
}

static void the_guard_is_compared_before_the_depth(void **state)
{
    build_reset();
    struct slot *root = build_cnode(12);
    set_guard(root, 52, 0);
    assert_false(look(root, 0, 63));
    assert_failure(LOOKUP_DEPTH_MISMATCH, 63, 0, 64);
    assert_false(look(root, bit(63), 64));
    assert_failure(LOOKUP_GUARD_MISMATCH, 64, 0, 52);
    set_guard(root, 4, 9);
    assert_false(look(root, 9, 3));
    assert_failure(LOOKUP_GUARD_MISMATCH, 3, 9, 4);
    assert_false(look(root, 9, 4));
    assert_failure(LOOKUP_DEPTH_MISMATCH, 4, 0, 16);
    assert_true(look(root, 9ul << 12 | 5, 16));
    assert_ptr_equal(found.slot, &slots_of(root)[5]);
    assert_int_equal(found.bits_left, 0);
}

static void bits_left_over_are_reported_and_ignored_by_pointers(void **state)
{
    struct lookup_failure failure;

    build_reset();
    struct slot *root = build_cnode(4);
    assert_true(look(root, 0x5fff, 16));
    assert_ptr_equal(found.slot, &slots_of(root)[5]);
    assert_int_equal(found.bits_left, 12);
    assert_ptr_equal(cap_lookup(root->cap, 0x5fffffffffffffff, &failure), &slots_of(root)[5]);
}

static void a_slot_with_a_cnode_is_found_only_where_the_bits_end(void **state)
{
    build_reset();
    struct slot *root = build_cnode(4);
    struct slot *inner = build_cnode(4);
    slot_insert(&slots_of(root)[1], inner->cap, inner);
    assert_true(look(root, 1, 4));
    assert_ptr_equal(found.slot, &slots_of(root)[1]);
    assert_true(look(root, 0x17, 8));
    assert_ptr_equal(found.slot, &slots_of(inner)[7]);
    assert_false(look(root, 2, 5));
    assert_failure(LOOKUP_DEPTH_MISMATCH, 1, 0, 4);
}

static void high_bits_beyond_the_depth_do_not_matter(void **state)
{
    build_reset();
    struct slot *root = build_cnode(4);
    set_guard(root, 4, 3);
    assert_true(look(root, 0xffffffffffffff37, 8));
    assert_ptr_equal(found.slot, &slots_of(root)[7]);
}

/* The reference. Takes one bit from the pointer at a time. */
struct reference {
    struct slot *slot;
    word_t type;
    unsigned left;
    word_t guard;
    unsigned bits_found;
};

static word_t take_bits(word_t index, unsigned *left, unsigned count)
{
    word_t taken = 0;

    while (count--) {
        taken = taken << 1 | (index >> --*left & 1);
    }
    return taken;
}

static struct reference resolve(struct cap cap, word_t index, unsigned left)
{
    struct slot *slot;

    if (cap_type(cap) != CAP_CNODE) {
        return (struct reference){ .type = LOOKUP_INVALID_ROOT };
    }
    do {
        unsigned guard_size = cnode_guard_size(cap);
        unsigned before = left;
        if (guard_size > left || take_bits(index, &left, guard_size) != cnode_guard(cap)) {
            return (struct reference){ NULL, LOOKUP_GUARD_MISMATCH, before, cnode_guard(cap), guard_size };
        }
        if (cnode_radix(cap) > left) {
            return (struct reference){ NULL, LOOKUP_DEPTH_MISMATCH, before, 0,
                                       guard_size + cnode_radix(cap) };
        }
        slot = (struct slot *)cap_object(cap) + take_bits(index, &left, cnode_radix(cap));
        cap = slot->cap;
    } while (cap_type(cap) == CAP_CNODE && left);
    return (struct reference){ .slot = slot, .left = left };
}

#define CNODES 8

/* CNodes with guards that match now and then, in one another's slots. */
static void build_space(uint64_t *seed, struct slot *cnodes[CNODES])
{
    build_reset();
    for (unsigned i = 0; i < CNODES; i++) {
        cnodes[i] = build_cnode(1 + random_below(seed, 5));
        unsigned size = random_below(seed, 4) ? random_below(seed, 4) : random_below(seed, 64 - 5);
        set_guard(cnodes[i], size, random_below(seed, 2) ? 0 : random_below(seed, 8) & mask(size));
    }
    for (unsigned i = 0; i < CNODES; i++) {
        for (unsigned n = 0; n < 1u << cnode_radix(cnodes[i]->cap); n++) {
            if (random_below(seed, 4)) {
                struct slot *source = cnodes[random_below(seed, CNODES)];
                slot_insert(&slots_of(cnodes[i])[n], source->cap, source);
            }
        }
    }
}

static word_t random_index(uint64_t *seed)
{
    word_t index = (word_t)random_below(seed, ~0u) << 33 ^ random_below(seed, ~0u);

    /* Zeros match more guards. */
    return random_below(seed, 2) ? index & (word_t)random_below(seed, ~0u) * 0x100000001 : index;
}

static void random_spaces_resolve_as_bit_by_bit(void **state)
{
    uint64_t seed = 42;
    unsigned successes = 0;

    for (host_seed = 1; host_seed < 1500; host_seed++) {
        struct slot *cnodes[CNODES];
        build_space(&seed, cnodes);
        for (host_step = 0; host_step < 100; host_step++) {
            const struct slot *root = cnodes[random_below(&seed, CNODES)];
            word_t index = random_index(&seed);
            unsigned bits = random_below(&seed, 2) ? 64 : 1 + random_below(&seed, 64);
            struct reference expected = resolve(root->cap, index, bits);
            look(root, index, bits);
            check(found.slot == expected.slot);
            if (found.slot) {
                check(found.bits_left == expected.left);
                successes++;
            } else {
                assert_failure(expected.type, expected.left, expected.guard, expected.bits_found);
            }
            struct lookup_failure failure;
            check(cap_lookup(root->cap, index, &failure) == resolve(root->cap, index, 64).slot);
        }
    }
    host_seed = 0;
    assert_true(successes > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_that_is_no_cnode_is_invalid),
        cmocka_unit_test(the_guard_is_compared_before_the_depth),
        cmocka_unit_test(bits_left_over_are_reported_and_ignored_by_pointers),
        cmocka_unit_test(a_slot_with_a_cnode_is_found_only_where_the_bits_end),
        cmocka_unit_test(high_bits_beyond_the_depth_do_not_matter),
        cmocka_unit_test_teardown(random_spaces_resolve_as_bit_by_bit, host_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
