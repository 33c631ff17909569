/*
 * What boot takes from the device tree about the console: which UART it is, where that is behind buses, and
 * that nothing else is ever taken for one; and which devices nobody gets. Each tree is a whole machine, of
 * which one thing is changed.
 */
#include "boot/platform.h"
#include "host.h"
#include "tree.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UART     0x10000000
#define MTIME    0x2000000
#define MTIMECMP 0x3000000

/* Entries of a bus's ranges, each of two cells: its own address, the address above it, the size. */
struct ranges {
    uint32_t cells[12];
    size_t count; /* of cells */
    bool none;    /* the property is not there */
};

/* A machine with a UART, and what the tree says of it. NULL and 0: not there. */
struct machine {
    const char *stdout_path;
    const char *alias; /* the path that /aliases gives for "serial0" */
    const char *uart;  /* the node's name */
    const char *compatible;
    size_t compatible_size;
    const char *status;
    uint32_t start_high, start, size;
    uint32_t shift, width, offset;
    struct ranges ranges, outer_ranges; /* of the bus; of another one around it, if there is any entry */
    const char *bus_status, *plic_status, *timer_status;
    const char *timer; /* what the timer is compatible with, if that is not usual */
    bool chosen_is_last;
    uint32_t ram, reserved, plic; /* where else something is */
};

static const struct machine usual = {
    .stdout_path = "/soc/serial@10000000",
    .uart = "serial@10000000",
    .compatible = "ns16550a",
    .start = UART,
    .size = 0x100,
    .ram = 0x80000000,
    .reserved = 0x80000000,
    .plic = 0xc000000,
};

static void put_chosen(struct tree *tree, const struct machine *machine)
{
    tree_begin_node(tree, "chosen");
    if (machine->stdout_path) {
        tree_put_string(tree, "stdout-path", machine->stdout_path);
    }
    tree_end_node(tree);
}

static void put_hart(struct tree *tree)
{
    tree_begin_node(tree, "cpus");
    TREE_PUT_CELLS(tree, "#address-cells", 1);
    TREE_PUT_CELLS(tree, "timebase-frequency", 10000000);
    tree_begin_node(tree, "cpu@0");
    tree_put_string(tree, "riscv,isa", "rv64imac");
    TREE_PUT_CELLS(tree, "reg", 0);
    tree_end_node(tree);
    tree_end_node(tree);
}

static void put_if(struct tree *tree, const char *name, uint32_t value)
{
    if (value) {
        TREE_PUT_CELLS(tree, name, value);
    }
}

static void put_status(struct tree *tree, const char *status)
{
    if (status) {
        tree_put_string(tree, "status", status);
    }
}

static void put_uart(struct tree *tree, const struct machine *machine)
{
    const char *compatible = machine->compatible;

    tree_begin_node(tree, machine->uart);
    tree_put(tree, "compatible", compatible,
             machine->compatible_size ? machine->compatible_size : strlen(compatible) + 1);
    TREE_PUT_CELLS(tree, "reg", machine->start_high, machine->start, 0, machine->size);
    put_status(tree, machine->status);
    put_if(tree, "reg-shift", machine->shift);
    put_if(tree, "reg-io-width", machine->width);
    put_if(tree, "reg-offset", machine->offset);
    tree_end_node(tree);
}

static void begin_bus(struct tree *tree, const char *name, const struct ranges *ranges)
{
    tree_begin_node(tree, name);
    TREE_PUT_CELLS(tree, "#address-cells", 2);
    TREE_PUT_CELLS(tree, "#size-cells", 2);
    if (!ranges->none) {
        tree_put_cells(tree, "ranges", ranges->cells, ranges->count);
    }
}

static void put_bus(struct tree *tree, const struct machine *machine)
{
    if (machine->outer_ranges.count) {
        begin_bus(tree, "outer", &machine->outer_ranges);
    }
    begin_bus(tree, "soc", &machine->ranges);
    put_status(tree, machine->bus_status);
    tree_begin_node(tree, "interrupt-controller@c000000");
    tree_put_string(tree, "compatible", "riscv,plic0");
    TREE_PUT_CELLS(tree, "reg", 0, machine->plic, 0, 0x600000);
    TREE_PUT_CELLS(tree, "riscv,ndev", 95);
    put_status(tree, machine->plic_status);
    tree_end_node(tree);
    tree_begin_node(tree, "timer");
    tree_put_string(tree, "compatible", machine->timer ? machine->timer : "riscv,aclint-mtimer");
    TREE_PUT_CELLS(tree, "reg", 0, MTIME, 0, 8, 0, MTIMECMP, 0, 0x40);
    put_status(tree, machine->timer_status);
    tree_end_node(tree);
    put_uart(tree, machine);
    tree_end_node(tree);
    if (machine->outer_ranges.count) {
        tree_end_node(tree);
    }
}

static uint8_t *make_tree(const struct machine *machine)
{
    struct tree tree = { 0 };

    tree_begin_node(&tree, "");
    TREE_PUT_CELLS(&tree, "#address-cells", 2);
    TREE_PUT_CELLS(&tree, "#size-cells", 2);
    if (!machine->chosen_is_last) {
        put_chosen(&tree, machine);
    }
    if (machine->alias) {
        tree_begin_node(&tree, "aliases");
        tree_put_string(&tree, "serial0", machine->alias);
        tree_end_node(&tree);
    }
    put_hart(&tree);
    put_bus(&tree, machine);
    tree_begin_node(&tree, "memory@80000000");
    TREE_PUT_CELLS(&tree, "reg", 0, machine->ram, 0, 0x10000000);
    tree_end_node(&tree);
    if (machine->chosen_is_last) {
        put_chosen(&tree, machine);
    }
    tree_end_node(&tree);
    return tree_finish(&tree, machine->reserved, 0x1000);
}

static struct platform read_machine(const struct machine *machine)
{
    uint8_t *blob = make_tree(machine);
    struct platform platform;
    struct fdt fdt;

    assert_true(fdt_open(&fdt, blob));
    platform_read(&platform, &fdt, 0);
    free(blob);
    return platform;
}

static struct platform expect_uart_at(const struct machine *machine, uint64_t start)
{
    struct platform platform = read_machine(machine);

    assert_int_equal(platform.uart.start, start);
    assert_int_equal(platform.uart.end, start + machine->size);
    return platform;
}

static void expect_uart(struct machine machine, unsigned shift, unsigned width)
{
    struct platform platform = expect_uart_at(&machine, machine.start);

    assert_int_equal(platform.uart_shift, shift);
    assert_int_equal(platform.uart_width, width);
    /* It is not the kernel's alone. */
    assert_false(regions_overlap(&platform.kernel_devices, platform.uart));
}

static void expect_none(struct machine machine)
{
    assert_int_equal(read_machine(&machine).uart.end, 0);
}

/* The usual machine with one member changed. */
#define WITH(member, value)              \
    ({                                   \
        struct machine machine_ = usual; \
        machine_.member = (value);       \
        machine_;                        \
    })

static void the_path_of_the_console_is_followed(void **state)
{
    expect_uart(usual, 0, 1);
    expect_uart(WITH(chosen_is_last, true), 0, 1);
    expect_uart(WITH(stdout_path, "/soc/serial@10000000:115200n8"), 0, 1);
    expect_uart(WITH(stdout_path, "/soc/serial"), 0, 1);
    expect_uart(WITH(stdout_path, "/soc/serial:"), 0, 1);
    expect_none(WITH(stdout_path, NULL));
    static const char *const wrong[] = {
        "",
        ":115200",
        "/",
        "//",
        "/soc",
        "/soc/",
        "/soc/serial@10000000/",
        "/soc//serial@10000000",
        "/serial@10000000",
        "/soc/serial@1000000",
        "/soc/serial@100000000",
        "/soc/seria",
        "/soc/serial@10000000/serial@10000000",
        "/soc@0/serial@10000000",
        "/so/serial@10000000",
        "soc/serial@10000000",
        "serial0",
        "/cpus/cpu@0",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        expect_none(WITH(stdout_path, wrong[i]));
    }
}

static void an_alias_stands_for_a_path(void **state)
{
    struct machine machine = WITH(alias, "/soc/serial@10000000");

    machine.stdout_path = "serial0";
    expect_uart(machine, 0, 1);
    machine.stdout_path = "serial0:115200n8";
    expect_uart(machine, 0, 1);
    machine.chosen_is_last = true;
    expect_uart(machine, 0, 1);
    static const char *const wrong[] = {
        "serial",
        "serial1",
        "serial00",
        "serial0/",
        "a-name-of-exactly-31-characters",
        "a-name-of-more-than-31-characters",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        machine.stdout_path = wrong[i];
        expect_none(machine);
    }
    machine.stdout_path = "serial0";
    machine.alias = "serial0"; /* an alias of an alias is none */
    expect_none(machine);
    machine.alias = "";
    expect_none(machine);
}

static void only_a_uart_that_the_kernel_knows_is_driven(void **state)
{
    struct machine machine = WITH(compatible, "vendor,uart\0ns16550a");

    machine.compatible_size = 21;
    expect_uart(machine, 0, 1);
    expect_uart(WITH(compatible, "ns16550"), 0, 1);
    expect_none(WITH(compatible, "ns16550b"));
    expect_none(WITH(compatible, "ns1655"));
    expect_none(WITH(compatible, "sifive,uart0"));
    expect_uart(WITH(status, "okay"), 0, 1);
    expect_none(WITH(status, "disabled"));
    expect_none(WITH(status, ""));
    expect_none(WITH(offset, 0x100));
}

static void registers_are_where_the_tree_says_and_inside(void **state)
{
    struct machine machine = usual;

    expect_uart(WITH(width, 1), 0, 1);
    expect_uart(WITH(shift, 2), 2, 1);
    machine.shift = 2;
    machine.width = 4;
    expect_uart(machine, 2, 4);
    machine.size = 24;
    expect_uart(machine, 2, 4);
    machine.size = 23;
    expect_none(machine);
    machine.size = 0;
    expect_none(machine);
    expect_uart(WITH(size, 6), 0, 1);
    expect_none(WITH(size, 5));
    expect_none(WITH(width, 4)); /* words that would not be aligned */
    expect_none(WITH(width, 2));
    expect_none(WITH(width, 8));
    expect_none(WITH(shift, 5));
    expect_none(WITH(shift, 64));
    expect_none(WITH(shift, 0xffffffff));
    expect_none(WITH(start, UART + 1));
    expect_none(WITH(start_high, 0x40)); /* not in the physical window */
    machine = WITH(start_high, 0x3f);
    machine.start = 0x80000000 - 0xf8; /* across its end */
    expect_none(machine);
    expect_none(WITH(start_high, 0xffffffff));
}

#define RANGES(...)                                                                \
    {                                                                              \
        .cells = { __VA_ARGS__ }, .count = sizeof((uint32_t[]){ __VA_ARGS__ }) / 4 \
    }

static void buses_translate_addresses(void **state)
{
    struct machine machine = usual;

    machine.ranges.none = true;
    expect_none(machine);
    machine = usual;
    machine.start = 0x1000;
    machine.ranges = (struct ranges)RANGES(0, 0x1000, 0, UART, 0, 0x100);
    expect_uart_at(&machine, UART);
    machine.size = 0x101; /* more than the range has */
    expect_none(machine);
    machine.size = 0x100;
    machine.start = 0xfff;
    expect_none(machine);
    machine.start = 0x1000;
    machine.ranges = (struct ranges)RANGES(0, 0, 0, 0x20000000, 0, 0x800, 0, 0x1000, 0, UART, 0, 0x1000);
    expect_uart_at(&machine, UART);
    machine.ranges.count--; /* the second entry is cut off */
    expect_none(machine);
    machine.ranges = (struct ranges)RANGES(0, 0x1000, 0x40, 0, 0, 0x100); /* out of the physical window */
    expect_none(machine);
    machine.ranges = (struct ranges)RANGES(0, 0, 0xffffffff, 0xfffff008, 1, 0); /* wraps around, to 8 */
    expect_none(machine);
    machine = WITH(outer_ranges, ((struct ranges)RANGES(0, 0x8000, 0, UART, 0, 0x8000)));
    machine.stdout_path = "/outer/soc/serial";
    machine.start = 0x1000;
    machine.ranges = (struct ranges)RANGES(0, 0, 0, 0x8000, 0, 0x2000);
    expect_uart_at(&machine, UART + 0x1000);
    machine.ranges.none = true;
    expect_none(machine);
}

static void nobody_gets_controllers_and_timers(void **state)
{
    static const char *const statuses[] = { NULL, "okay", "disabled", "reserved", "fail", "fail-sss" };

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct machine machine = WITH(timer_status, statuses[i]);
        machine.plic_status = statuses[i];
        struct platform platform = read_machine(&machine);
        assert_true(regions_overlap(&platform.kernel_devices, region_at(MTIME, 8)));
        assert_true(regions_overlap(&platform.kernel_devices, region_at(MTIMECMP, 8)));
        assert_true(regions_overlap(&platform.kernel_devices, region_at(0xc000000, 8)));
        assert_int_equal(platform.controllers.plic_count, i < 2);
    }
}

static void nobody_gets_a_device_of_any_such_kind(void **state)
{
    static const char *const kinds[] = {
        "sifive,clint0",
        "thead,c900-clint",
        "riscv,aclint-mswi",
        "riscv,aclint-sswi",
        "thead,c900-aclint-mswi",
        "thead,c900-aclint-mtimer",
        "thead,c900-aclint-sswi",
        "andestech,plmt0",
        "nuclei,ux900-aclint-mswi",
        "nuclei,ux900-aclint-mtimer",
        "mips,p8700-aclint-sswi",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct machine machine = WITH(timer, kinds[i]);
        struct platform platform = read_machine(&machine);
        assert_true(regions_overlap(&platform.kernel_devices, region_at(MTIME, 8)));
    }
}

/* Neither is all of the timer's 8 bytes and 64 in one of the ranges of a bus. */
static void nobody_gets_a_part_of_them(void **state)
{
    struct machine machine = usual;
    struct platform platform;

    (void)state;
    machine.ranges = (struct ranges)RANGES(0, MTIME, 0x10, 0, 0, 4, 0, MTIME + 4, 0x20, 0, 0, 0x1000000);
    platform = read_machine(&machine);
    assert_true(regions_overlap(&platform.kernel_devices, region_at(0x1000000000, 4)));
    assert_true(regions_overlap(&platform.kernel_devices, region_at(0x2000000000, 4)));
    assert_true(regions_overlap(&platform.kernel_devices, region_at(0x2000fffffc, 4)));
    assert_int_equal(regions_total(&platform.kernel_devices), 3 * 0x200000);

    machine.outer_ranges = (struct ranges)RANGES(0x10, 2, 0, UART, 0, 1, 0x20, 0, 0, UART * 2, 0, 4);
    platform = read_machine(&machine);
    assert_true(regions_overlap(&platform.kernel_devices, region_at(UART, 1)));
    assert_true(regions_overlap(&platform.kernel_devices, region_at(2ul * UART, 4)));
    assert_int_equal(regions_total(&platform.kernel_devices), 2 * 0x200000);

    machine.ranges.none = true;
    platform = read_machine(&machine);
    assert_int_equal(platform.kernel_devices.count, 0);
}

static void what_is_on_a_bus_that_is_off_is_off(void **state)
{
    expect_uart(WITH(bus_status, "okay"), 0, 1);
    expect_none(WITH(bus_status, "disabled"));
    expect_none(WITH(bus_status, "fail-bus"));
    struct machine machine = WITH(bus_status, "disabled");
    assert_int_equal(read_machine(&machine).controllers.plic_count, 0);
}

static void nothing_else_is_taken_for_the_uart(void **state)
{
    expect_none(WITH(ram, UART));
    struct machine machine = WITH(ram, UART - 0x0fffff08); /* ends in the middle of it */
    machine.plic = 0x30000000;
    expect_none(machine);
    expect_uart(WITH(ram, UART + 0x100), 0, 1);
    expect_none(WITH(start, 0x80000000));
    expect_none(WITH(reserved, UART));
    expect_none(WITH(reserved, UART - 0x1000 + 1));
    expect_uart(WITH(reserved, UART - 0x1000), 0, 1);
    expect_none(WITH(plic, UART));
    expect_none(WITH(start, 0xc000000 + 0x1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_path_of_the_console_is_followed),
        cmocka_unit_test(an_alias_stands_for_a_path),
        cmocka_unit_test(only_a_uart_that_the_kernel_knows_is_driven),
        cmocka_unit_test(registers_are_where_the_tree_says_and_inside),
        cmocka_unit_test(nothing_else_is_taken_for_the_uart),
        cmocka_unit_test(buses_translate_addresses),
        cmocka_unit_test(nobody_gets_controllers_and_timers),
        cmocka_unit_test(nobody_gets_a_device_of_any_such_kind),
        cmocka_unit_test(nobody_gets_a_part_of_them),
        cmocka_unit_test(what_is_on_a_bus_that_is_off_is_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
