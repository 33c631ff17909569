/*
 * Which interrupt controller each hart gets from the device tree, and which number there: with APLICs, with
 * IMSICs behind them, and with trees that are wrong.
 */
#include "boot/platform.h"
#include "host.h"
#include "tree.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Phandles: of the harts' own controllers, HART + i, and of the IMSICs. */
#define HART    10
#define IMSICS  50
#define MACHINE 51

/* A machine of four harts, and what the tree says of it. 0: not there. */
struct machine {
    uint32_t aplic_size, sources, msi_parent;
    uint32_t targets[8];        /* of the APLIC of supervisor level */
    uint32_t indices[4];        /* of these, as numbers that are given */
    uint32_t second_targets[8]; /* of another APLIC, if there is one */
    bool has_imsics;
    const char *status;
    uint32_t identities, guest_bits, hart_bits, group_bits, group_shift;
    uint32_t file_targets[8];
    uint32_t files[4]; /* start and size of two regions */
};

static const struct machine direct = {
    .aplic_size = 0x8000,
    .sources = 96,
    .targets = { HART, 9, HART + 1, 9, HART + 2, 9, HART + 3, 9 },
};

static const struct machine messages = {
    .aplic_size = 0x4000,
    .sources = 96,
    .msi_parent = IMSICS,
    .has_imsics = true,
    .identities = 255,
    .file_targets = { HART + 3, 9, HART + 2, 9, HART + 1, 9, HART, 9 },
    .files = { 0x28000000, 0x4000 },
};

static void put_if(struct tree *tree, const char *name, uint32_t value)
{
    if (value) {
        TREE_PUT_CELLS(tree, name, value);
    }
}

/* The pairs up to the first 0. */
static void put_targets(struct tree *tree, const uint32_t targets[8])
{
    size_t count = 0;

    while (count < 8 && targets[count]) {
        count++;
    }
    if (count) {
        tree_put_cells(tree, "interrupts-extended", targets, count);
    }
}

static void put_harts(struct tree *tree)
{
    tree_begin_node(tree, "cpus");
    TREE_PUT_CELLS(tree, "#address-cells", 1);
    TREE_PUT_CELLS(tree, "timebase-frequency", 10000000);
    for (uint32_t i = 0; i < 4; i++) {
        tree_begin_node(tree, "cpu");
        TREE_PUT_CELLS(tree, "reg", i);
        tree_begin_node(tree, "interrupt-controller");
        TREE_PUT_CELLS(tree, "phandle", HART + i);
        tree_end_node(tree);
        tree_end_node(tree);
    }
    tree_end_node(tree);
}

static void put_aplic(struct tree *tree, const struct machine *machine, uint32_t start,
                      const uint32_t targets[8], uint32_t msi_parent)
{
    tree_begin_node(tree, "aplic");
    tree_put_string(tree, "compatible", "riscv,aplic");
    TREE_PUT_CELLS(tree, "reg", start, machine->aplic_size);
    put_if(tree, "riscv,num-sources", machine->sources);
    put_if(tree, "msi-parent", msi_parent);
    put_targets(tree, targets);
    if (machine->indices[0]) {
        tree_put_cells(tree, "riscv,hart-indexes", machine->indices, 4);
    }
    if (machine->status) {
        tree_put_string(tree, "status", machine->status);
    }
    tree_end_node(tree);
}

static void put_imsics(struct tree *tree, const struct machine *machine, uint32_t phandle,
                       const uint32_t targets[8], const uint32_t files[4])
{
    tree_begin_node(tree, "imsics");
    tree_put_string(tree, "compatible", "riscv,imsics");
    TREE_PUT_CELLS(tree, "phandle", phandle);
    tree_put_cells(tree, "reg", files, files[2] ? 4 : 2);
    put_if(tree, "riscv,num-ids", machine->identities);
    put_if(tree, "riscv,guest-index-bits", machine->guest_bits);
    put_if(tree, "riscv,hart-index-bits", machine->hart_bits);
    put_if(tree, "riscv,group-index-bits", machine->group_bits);
    put_if(tree, "riscv,group-index-shift", machine->group_shift);
    put_targets(tree, targets);
    tree_end_node(tree);
}

/* The machine level is there, too, in front of what is to be found. */
static void put_controllers(struct tree *tree, const struct machine *machine)
{
    static const uint32_t of_machine[8] = { HART, 11, HART + 1, 11, HART + 2, 11, HART + 3, 11 };
    static const uint32_t none[8];

    put_aplic(tree, machine, 0xc000000, machine->has_imsics ? none : of_machine,
              machine->has_imsics ? MACHINE : 0);
    put_aplic(tree, machine, 0xd000000, machine->targets, machine->msi_parent);
    if (machine->second_targets[0]) {
        put_aplic(tree, machine, 0xd800000, machine->second_targets, machine->msi_parent);
    }
    if (machine->has_imsics) {
        put_imsics(tree, machine, MACHINE, of_machine, (uint32_t[4]){ 0x24000000, 0x4000 });
        put_imsics(tree, machine, IMSICS, machine->file_targets, machine->files);
    }
}

static uint8_t *make_tree(const struct machine *machine)
{
    struct tree tree = { 0 };

    tree_begin_node(&tree, "");
    TREE_PUT_CELLS(&tree, "#address-cells", 1);
    TREE_PUT_CELLS(&tree, "#size-cells", 1);
    put_harts(&tree);
    put_controllers(&tree, machine);
    tree_begin_node(&tree, "memory");
    TREE_PUT_CELLS(&tree, "reg", 0x80000000, 0x10000000);
    tree_end_node(&tree);
    tree_end_node(&tree);
    return tree_finish(&tree, 0x80000000, 0x1000);
}

static struct platform platform;

static const char *find(const struct machine *machine)
{
    uint8_t *blob = make_tree(machine);
    struct fdt fdt;

    assert_true(fdt_open(&fdt, blob));
    platform_read(&platform, &fdt, 0);
    assert_int_equal(platform.hart_count, 4);
    const char *missing = controllers_connect(&platform, 4);
    free(blob);
    return missing;
}

static void expect(struct machine machine, word_t last_source, word_t aplic, const word_t indices[4])
{
    assert_null(find(&machine));
    assert_int_equal(platform.controllers.last_source, last_source);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(platform.harts[i].interrupts.controller->region.start, aplic);
        assert_int_equal(platform.harts[i].interrupts.context, indices[i]);
    }
}

static void expect_none(struct machine machine, const char *why)
{
    const char *missing = find(&machine);

    assert_non_null(missing);
    assert_non_null(strstr(missing, why));
    for (unsigned i = 0; i < 4; i++) {
        assert_null(platform.harts[i].interrupts.controller);
    }
}

/* A usual machine with one member changed. */
#define WITH(usual, member, ...)                                                                      \
    ({                                                                                                \
        struct machine machine_ = usual;                                                              \
        memcpy(&machine_.member, &(__typeof__(machine_.member))__VA_ARGS__, sizeof(machine_.member)); \
        machine_;                                                                                     \
    })

static void an_aplic_interrupts_its_harts(void **state)
{
    struct machine two = WITH(direct, targets, { HART + 1, 9, HART, 9 });

    expect(direct, 96, 0xd000000, (word_t[]){ 0, 1, 2, 3 });
    assert_int_equal(platform.controllers.last_identity, 0);
    expect(WITH(direct, targets, { HART + 2, 9, HART, 9, HART + 3, 9, HART + 1, 9 }), 96, 0xd000000,
           (word_t[]){ 1, 3, 0, 2 });
    expect(WITH(direct, indices, { 8, 6, 4, 2 }), 96, 0xd000000, (word_t[]){ 8, 6, 4, 2 });
    expect(WITH(direct, sources, { 1023 }), 1023, 0xd000000, (word_t[]){ 0, 1, 2, 3 });
    memcpy(two.second_targets, (uint32_t[8]){ HART + 2, 9, HART + 3, 9 }, sizeof(two.second_targets));
    assert_null(find(&two));
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(platform.harts[i].interrupts.controller->region.start,
                         i < 2 ? 0xd000000 : 0xd800000);
        assert_int_equal(platform.harts[i].interrupts.context, i == 0 || i == 3);
    }
}

static void an_aplic_that_is_wrong_is_not_used(void **state)
{
    expect_none(WITH(direct, sources, { 0 }), "riscv,num-sources");
    expect_none(WITH(direct, sources, { 1024 }), "riscv,num-sources");
    expect_none(WITH(direct, targets, { HART, 9, HART + 1, 9, HART + 2, 9 }), "no APLIC");
    expect_none(WITH(direct, targets, { HART, 9, HART + 1, 9, HART + 2, 9, HART + 3, 10 }), "no APLIC");
    expect_none(WITH(direct, targets, { 0 }), "no APLIC");
    expect_none(WITH(direct, status, { "disabled" }), "no interrupt controller");
    expect_none(WITH(direct, aplic_size, { 0x4060 }), "no APLIC"); /* has registers of three harts */
    expect(WITH(direct, aplic_size, { 0x4080 }), 96, 0xd000000, (word_t[]){ 0, 1, 2, 3 });
    expect_none(WITH(direct, indices, { 0x1ff, 0x200, 1, 1 }), "no APLIC");
    expect_none(WITH(direct, indices, { 1, 2, 3, 0xffffffff }), "no APLIC");
    expect_none(WITH(direct, aplic_size, { 0 }), "no interrupt controller");
}

static void messages_go_to_the_file_of_the_hart(void **state)
{
    struct machine groups = messages, several = messages;

    expect(messages, 96, 0xd000000, (word_t[]){ 3, 2, 1, 0 });
    assert_int_equal(platform.controllers.last_identity, 255);
    expect(WITH(messages, identities, { 63 }), 63, 0xd000000, (word_t[]){ 3, 2, 1, 0 });
    expect(WITH(messages, files, { 0x28004000, 0x4000 }), 96, 0xd000000, (word_t[]){ 3, 2, 1, 0 });
    expect(WITH(messages, hart_bits, { 3 }), 96, 0xd000000, (word_t[]){ 3, 2, 1, 0 });
    struct machine guests = WITH(messages, files, { 0x28000000, 0x20000 });
    guests.guest_bits = 3;
    expect(guests, 96, 0xd000000, (word_t[]){ 3, 2, 1, 0 });
    /* The second region is that of group 1. */
    memcpy(groups.files, (uint32_t[4]){ 0x28000000, 0x2000, 0x29000000, 0x2000 }, sizeof(groups.files));
    groups.hart_bits = 1;
    groups.group_bits = 1;
    expect(groups, 96, 0xd000000, (word_t[]){ 3, 2, 1, 0 });
    groups.hart_bits = 4;
    groups.group_shift = 24;
    expect(groups, 96, 0xd000000, (word_t[]){ 0x11, 0x10, 1, 0 });
    /* Of several, the first in memory sends. */
    memcpy(several.second_targets, (uint32_t[8]){ HART, 9 }, sizeof(several.second_targets));
    expect(several, 96, 0xd000000, (word_t[]){ 3, 2, 1, 0 });
}

static void imsics_that_are_wrong_are_not_used(void **state)
{
    expect_none(WITH(messages, identities, { 0 }), "riscv,num-ids");
    expect_none(WITH(messages, identities, { 2048 }), "riscv,num-ids");
    expect_none(WITH(messages, sources, { 0 }), "riscv,num-sources");
    expect_none(WITH(messages, aplic_size, { 0x3ff8 }), "too few registers");
    expect_none(WITH(messages, file_targets, { HART, 9, HART + 1, 9, HART + 2, 9 }), "without an IMSIC");
    expect_none(WITH(messages, files, { 0x28000000, 0x3fff }), "without an IMSIC");
    expect_none(WITH(messages, files, { 0x28000000, 0 }), "no APLIC");
    expect_none(WITH(messages, guest_bits, { 8 }), "cannot be");
    expect_none(WITH(messages, guest_bits, { 0xffffffff }), "cannot be");
    expect_none(WITH(messages, hart_bits, { 16 }), "cannot be");
    expect_none(WITH(messages, group_bits, { 8 }), "cannot be");
    expect_none(WITH(messages, group_shift, { 56 }), "cannot be");
    expect_none(WITH(messages, group_shift, { 0xffffffff }), "cannot be");
    expect_none(WITH(messages, msi_parent, { MACHINE }), "no APLIC");
    expect_none(WITH(messages, msi_parent, { 0 }), "no APLIC");
    struct machine far = WITH(messages, files, { 0x29000000, 0x4000 });
    far.hart_bits = 14;
    far.group_bits = 1;
    expect_none(far, "without an IMSIC"); /* number 0x4000 is too large for a target */
}

static void nobody_else_gets_the_controllers(void **state)
{
    static const word_t starts[] = { 0xc000000, 0xd000000, 0x24000000, 0x28000000 };

    assert_null(find(&messages));
    for (unsigned i = 0; i < 4; i++) {
        assert_true(regions_contain(&platform.kernel_devices, region_at(starts[i], 0x4000)));
    }
    struct machine disabled = WITH(direct, status, { "disabled" });
    assert_non_null(find(&disabled));
    assert_true(regions_contain(&platform.kernel_devices, region_at(0xc000000, 0x8000)));
    assert_true(regions_contain(&platform.kernel_devices, region_at(0xd000000, 0x8000)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_aplic_interrupts_its_harts),
        cmocka_unit_test(an_aplic_that_is_wrong_is_not_used),
        cmocka_unit_test(messages_go_to_the_file_of_the_hart),
        cmocka_unit_test(imsics_that_are_wrong_are_not_used),
        cmocka_unit_test(nobody_else_gets_the_controllers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
