/*
 * The device tree reader, on a tree that is built here token by token, cut off at every length and damaged in
 * many ways. Trees are handed over in buffers of exactly their size, so the address sanitizer sees every step
 * outside.
 */
#include "boot/fdt.h"

#include "random.h"
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The tree that most tests read; the caller frees it. */
static uint8_t *make_tree(void)
{
    struct tree tree = { 0 };

    tree_begin_node(&tree, "");
    TREE_PUT_CELLS(&tree, "#address-cells", 2);
    tree_begin_node(&tree, "cpus");
    tree_begin_node(&tree, "cpu@0");
    tree_put_string(&tree, "status", "okay");
    tree_end_node(&tree);
    tree_put(&tree, "late", "", 0); /* behind a node, where none belongs */
    tree_end_node(&tree);
    tree_begin_node(&tree, "plic@c000000");
    tree_put(&tree, "compatible", "sifive,plic-1.0.0\0riscv,plic0", 30);
    tree_put(&tree, "reg", "\0\0\0\1\x0c\0\0\0\0\x60", 10);
    tree_end_node(&tree);
    tree_end_node(&tree);
    return tree_finish(&tree, 0x80000000, 0x100001000);
}

static struct fdt open_tree(const uint8_t *tree)
{
    struct fdt fdt;

    assert_true(fdt_open(&fdt, tree));
    return fdt;
}

static void nodes_come_in_the_order_of_the_tree(void **state)
{
    static const struct {
        const char *name;
        unsigned depth;
    } expected[] = { { "", 0 }, { "cpus", 1 }, { "cpu@0", 2 }, { "plic@c000000", 1 } };
    uint8_t *tree = make_tree();
    struct fdt fdt = open_tree(tree);
    struct fdt_node node;
    unsigned count = 0;

    for (bool more = fdt_first_node(&fdt, &node); more; more = fdt_next_node(&fdt, &node)) {
        assert_true(count < 4);
        assert_string_equal(node.name, expected[count].name);
        assert_int_equal(node.depth, expected[count].depth);
        count++;
    }
    assert_int_equal(count, 4);
    free(tree);
}

/* The node of this name. */
static struct fdt_node find(const struct fdt *fdt, const char *name)
{
    struct fdt_node node;

    assert_true(fdt_first_node(fdt, &node));
    while (strcmp(node.name, name) != 0) {
        assert_true(fdt_next_node(fdt, &node));
    }
    return node;
}

static void a_property_belongs_to_its_node_only(void **state)
{
    uint8_t *tree = make_tree();
    struct fdt fdt = open_tree(tree);
    struct fdt_node root = find(&fdt, "");
    struct fdt_node cpus = find(&fdt, "cpus");
    struct fdt_node cpu = find(&fdt, "cpu@0");
    struct fdt_property property;

    assert_true(fdt_get(&fdt, &root, "#address-cells", &property));
    assert_int_equal(property.size, 4);
    assert_true(fdt_get(&fdt, &cpu, "status", &property));
    assert_memory_equal(property.data, "okay", 5);
    assert_false(fdt_get(&fdt, &root, "status", &property));
    assert_false(fdt_get(&fdt, &cpus, "status", &property));
    assert_false(fdt_get(&fdt, &cpus, "late", &property));
    assert_false(fdt_get(&fdt, &cpu, "statu", &property));
    assert_false(fdt_get(&fdt, &cpu, "status2", &property));
    free(tree);
}

static void strings_are_compared_whole(void **state)
{
    uint8_t *tree = make_tree();
    struct fdt fdt = open_tree(tree);
    struct fdt_node plic = find(&fdt, "plic@c000000");
    struct fdt_property property;

    assert_true(fdt_get(&fdt, &plic, "compatible", &property));
    assert_true(fdt_has_string(&property, "sifive,plic-1.0.0"));
    assert_true(fdt_has_string(&property, "riscv,plic0"));
    assert_false(fdt_has_string(&property, "riscv,plic"));
    assert_false(fdt_has_string(&property, "plic0"));
    property.size--; /* without its NUL it is no string */
    assert_false(fdt_has_string(&property, "riscv,plic0"));
    property.size = 0;
    assert_false(fdt_has_string(&property, ""));
    free(tree);
}

static void numbers_need_all_their_cells(void **state)
{
    uint8_t *tree = make_tree();
    struct fdt fdt = open_tree(tree);
    struct fdt_node plic = find(&fdt, "plic@c000000");
    struct fdt_property reg;
    word_t number;

    assert_true(fdt_get(&fdt, &plic, "reg", &reg));
    assert_true(fdt_number(&reg, 0, 2, &number));
    assert_int_equal(number, 0x10c000000);
    assert_true(fdt_number(&reg, 1, 1, &number));
    assert_int_equal(number, 0x0c000000);
    assert_false(fdt_number(&reg, 2, 1, &number)); /* two bytes only */
    assert_false(fdt_number(&reg, 1, 2, &number));
    assert_false(fdt_number(&reg, 0, 0, &number));
    assert_false(fdt_number(&reg, 0, 3, &number));
    assert_false(fdt_number(&reg, ~0u, 2, &number));
    free(tree);
}

static void reservations_end_at_the_empty_entry(void **state)
{
    uint8_t *tree = make_tree();
    struct fdt fdt = open_tree(tree);
    word_t start, size;

    assert_true(fdt_reservation(&fdt, 0, &start, &size));
    assert_int_equal(start, 0x80000000);
    assert_int_equal(size, 0x100001000);
    assert_false(fdt_reservation(&fdt, 1, &start, &size));
    assert_false(fdt_reservation(&fdt, 0x10000000, &start, &size));
    free(tree);
}

/* Puts a header cell of a fresh tree to a value and opens it. */
static bool opens_with(unsigned cell, uint32_t value)
{
    uint8_t *tree = make_tree();
    struct fdt fdt;

    for (unsigned i = 0; i < 4; i++) {
        tree[4 * cell + i] = (uint8_t)(value >> (24 - 8 * i));
    }
    bool opened = fdt_open(&fdt, tree);
    free(tree);
    return opened;
}

static void wrong_headers_are_refused(void **state)
{
    enum {
        MAGIC,
        SIZE,
        STRUCTURE,
        STRINGS,
        RESERVATIONS,
        VERSION,
        COMPATIBLE,
        HART,
        STRINGS_SIZE,
        STRUCTURE_SIZE
    };

    assert_true(opens_with(HART, 77));
    assert_false(opens_with(MAGIC, 0xedfe0dd0));
    assert_false(opens_with(SIZE, 39));
    assert_false(opens_with(SIZE, 80));
    assert_false(opens_with(STRUCTURE, 42));
    assert_false(opens_with(STRUCTURE, 0xfffffffc));
    assert_false(opens_with(STRINGS, 0xffffffff));
    assert_false(opens_with(VERSION, 16));
    assert_false(opens_with(COMPATIBLE, 18));
    assert_false(opens_with(STRINGS_SIZE, 0xffffffff));
    assert_false(opens_with(STRUCTURE_SIZE, 0xffffffff));
    assert_false(opens_with(STRUCTURE_SIZE, 1000));
}

/* Reads everything that there is, as any user could; returns the number of nodes. */
static unsigned read_everything(const struct fdt *fdt)
{
    struct fdt_node node;
    struct fdt_property property;
    word_t start, size;
    unsigned nodes = 0;

    for (uint32_t i = 0; fdt_reservation(fdt, i, &start, &size); i++) {
        assert_true(i < fdt->size / 16);
    }
    for (bool more = fdt_first_node(fdt, &node); more; more = fdt_next_node(fdt, &node)) {
        assert_true(++nodes <= fdt->size / 4);
        assert_true(strlen(node.name) < fdt->size);
        static const char *const names[] = { "#address-cells", "status", "compatible", "reg", "late", "" };
        for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            if (fdt_get(fdt, &node, names[i], &property)) {
                (void)fdt_has_string(&property, "riscv,plic0");
                (void)fdt_number(&property, 0, 2, &start);
                (void)fdt_number(&property, property.size / 4, 1, &start);
            }
        }
    }
    return nodes;
}

static void a_tree_that_is_cut_off_ends_there(void **state)
{
    uint8_t *tree = make_tree();
    uint32_t full = fdt_total_size(tree);

    for (uint32_t size = FDT_HEADER_SIZE; size < full; size++) {
        /* The header knows that it is shorter; first the strings lose their end, then the structure does. */
        uint8_t *cut = malloc(size);
        struct fdt fdt = { .blob = cut, .size = size, .reservations = 40 };
        assert_non_null(cut);
        memcpy(cut, tree, size);
        struct fdt whole = open_tree(tree);
        fdt.structure = (uint32_t)min_word(whole.structure, size & ~3u);
        fdt.structure_end = (uint32_t)min_word(whole.structure_end, size & ~3u);
        fdt.strings = (uint32_t)min_word(whole.strings, size);
        fdt.strings_end = (uint32_t)min_word(whole.strings_end, size);
        assert_true(read_everything(&fdt) <= 4);
        free(cut);
    }
    free(tree);
}

static void damaged_trees_are_read_inside_their_bounds(void **state)
{
    uint64_t seed = 1;
    unsigned opened = 0;

    for (unsigned i = 0; i < 200000; i++) {
        uint8_t *tree = make_tree();
        uint32_t size = fdt_total_size(tree);
        for (uint32_t n = random_below(&seed, 4) + 1; n > 0; n--) {
            uint32_t at = 8 + random_below(&seed, size - 8); /* magic and size stay */
            tree[at] = (uint8_t)random_below(&seed, random_below(&seed, 2) ? 256 : 10);
        }
        struct fdt fdt;
        if (fdt_open(&fdt, tree)) {
            opened++;
            read_everything(&fdt);
        }
        free(tree);
    }
    assert_true(opened > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_come_in_the_order_of_the_tree),
        cmocka_unit_test(a_property_belongs_to_its_node_only),
        cmocka_unit_test(strings_are_compared_whole),
        cmocka_unit_test(numbers_need_all_their_cells),
        cmocka_unit_test(reservations_end_at_the_empty_entry),
        cmocka_unit_test(wrong_headers_are_refused),
        cmocka_unit_test(a_tree_that_is_cut_off_ends_there),
        cmocka_unit_test(damaged_trees_are_read_inside_their_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
