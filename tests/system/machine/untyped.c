/*
 * 7.7 and 7.2: the memory and the devices that BootInfo lists.
 */
#include "tree.h"

#define INFO     test_bootinfo
#define COUNT    (INFO->untyped.end - INFO->untyped.start)
#define DESC(i)  (&INFO->untypedList[i])
#define START(i) (DESC(i)->paddr)
#define SIZE(i)  LIBSEL4_BIT(DESC(i)->sizeBits)

#define MEGA(bytes) (((bytes) + 0x1fffff) & ~0x1ffffful)

static bool overlaps(seL4_Word i, struct tree_range range)
{
    return START(i) < range.start + range.size && range.start < START(i) + SIZE(i);
}

static bool is_in_device(seL4_Word start, seL4_Word size)
{
    for (seL4_Word i = 0; i < COUNT; i++) {
        if (DESC(i)->isDevice && START(i) <= start && start + size <= START(i) + SIZE(i)) {
            return true;
        }
    }
    return false;
}

TEST("7.7 untypeds: sizes are 2^4 to 2^38, the device flag 0 or 1")
{
    for (seL4_Word i = 0; i < COUNT; i++) {
        CHECK(DESC(i)->sizeBits >= 4 && DESC(i)->sizeBits <= 38);
        CHECK(DESC(i)->isDevice <= 1);
    }
}

TEST("7.7 untypeds: each is naturally aligned")
{
    for (seL4_Word i = 0; i < COUNT; i++) {
        CHECK_EQUAL(START(i) & (SIZE(i) - 1), 0);
    }
}

TEST("7.7 untypeds: no two overlap")
{
    for (seL4_Word i = 0; i < COUNT; i++) {
        for (seL4_Word j = i + 1; j < COUNT; j++) {
            CHECK(!overlaps(i, (struct tree_range){ START(j), SIZE(j) }));
        }
    }
}

TEST("7.7 untypeds: memory lies in the device tree's memory, devices do not")
{
    struct tree_range ram = tree_find("memory@", 0);

    CHECK(ram.size > 0);
    for (seL4_Word i = 0; i < COUNT; i++) {
        bool inside = START(i) >= ram.start && START(i) + SIZE(i) <= ram.start + ram.size;

        CHECK_EQUAL(inside, !DESC(i)->isDevice);
        CHECK_EQUAL(overlaps(i, ram), !DESC(i)->isDevice);
    }
}

/* Newer versions of QEMU have one name for those of AIA. */
static const char *const controllers[] = { "plic@", "aplic@", "imsics@", "interrupt-controller@", "uintc@" };

#define KINDS (sizeof(controllers) / sizeof(controllers[0]))

/* The i-th interrupt controller; false behind the last. */
static bool controller(unsigned i, struct tree_range *range)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        unsigned count = tree_count(controllers[kind]);
        if (i < count) {
            *range = tree_find(controllers[kind], i);
            return true;
        }
        i -= count;
    }
    return false;
}

TEST("7.7 untypeds: nearly all memory is handed out, at most 8 MiB are not")
{
    struct tree_range ram = tree_find("memory@", 0);
    seL4_Word sum = 0;

    for (seL4_Word i = 0; i < COUNT; i++) {
        sum += DESC(i)->isDevice ? 0 : SIZE(i);
    }
    CHECK(sum <= ram.size);
    CHECK(sum + 8 * LIBSEL4_BIT(20) >= ram.size);
}

TEST("7.7 untypeds: devices are everything up to 2^39 but memory and the kernel's own, exactly")
{
    seL4_Word sum = 0, last = 0;
    struct tree_range range;

    for (seL4_Word i = 0; i < COUNT; i++) {
        if (DESC(i)->isDevice) {
            sum += SIZE(i);
            last = START(i) + SIZE(i) > last ? START(i) + SIZE(i) : last;
        }
    }
    CHECK_EQUAL(last, LIBSEL4_BIT(39));
    sum += tree_find("memory@", 0).size + MEGA(tree_find("clint@", 0).size);
    for (unsigned i = 0; controller(i, &range); i++) {
        sum += MEGA(range.size);
    }
    CHECK_EQUAL(sum, LIBSEL4_BIT(39));
}

TEST("7.2 the CLINT is in no untyped")
{
    struct tree_range clint = tree_find("clint@", 0);

    CHECK_EQUAL(clint.start, 0x2000000);
    for (seL4_Word i = 0; i < COUNT; i++) {
        CHECK(!overlaps(i, clint));
    }
}

TEST("7.2 the PLIC, the APLIC of each level and all IMSICs are in no untyped")
{
    struct tree_range range;

    CHECK(controller(0, &range));
    for (unsigned i = 0; controller(i, &range); i++) {
        for (seL4_Word j = 0; j < COUNT; j++) {
            CHECK(!overlaps(j, range));
        }
    }
}

TEST("7.8 the UART, the RTC and the test finisher are in device untypeds")
{
    CHECK(is_in_device(0x10000000, 0x1000));
    CHECK(is_in_device(0x101000, 0x1000));
    CHECK(is_in_device(0x100000, 0x1000));
}

TEST("7.8 the eight virtio-mmio pages are in device untypeds")
{
    CHECK_EQUAL(tree_count("virtio_mmio@"), 8);
    for (unsigned i = 0; i < 8; i++) {
        struct tree_range range = tree_find("virtio_mmio@", i);
        CHECK(is_in_device(range.start, 0x1000));
    }
}

TEST("7.2 what the device tree reserves for the firmware is in no untyped")
{
    unsigned count = tree_count("mmode_resv");

    CHECK(count >= 1);
    for (unsigned j = 0; j < count; j++) {
        struct tree_range reserved = tree_find("mmode_resv", j);
        for (seL4_Word i = 0; i < COUNT; i++) {
            CHECK(!overlaps(i, reserved));
        }
    }
}

TEST("7.7 what the root task was given is in no untyped")
{
    for (seL4_CPtr slot = INFO->extraBIPages.start; slot < INFO->userImageFrames.end; slot++) {
        struct tree_range page = { seL4_RISCV_Page_GetAddress(slot).paddr, 4096 };
        for (seL4_Word i = 0; i < COUNT; i++) {
            CHECK(!overlaps(i, page));
        }
    }
    static const seL4_CPtr frames[] = { seL4_CapBootInfoFrame, seL4_CapInitThreadIPCBuffer };
    for (int j = 0; j < 2; j++) {
        struct tree_range page = { seL4_RISCV_Page_GetAddress(frames[j]).paddr, 4096 };
        for (seL4_Word i = 0; i < COUNT; i++) {
            CHECK(!overlaps(i, page));
        }
    }
}

TEST("7.7 the device flag is true: from a device untyped no kernel object can be made")
{
    seL4_CPtr slot = test_slot();

    for (seL4_Word i = 0; i < COUNT; i++) {
        if (DESC(i)->isDevice) {
            CHECK_ERROR(seL4_Untyped_Retype(INFO->untyped.start + i, seL4_EndpointObject, 0,
                                            seL4_CapInitThreadCNode, 0, 0, slot, 1),
                        seL4_InvalidArgument);
            CHECK_MR(0, 1);
        }
    }
}

TEST("7.7 the addresses are true: a page of a device untyped has the address of its descriptor")
{
    seL4_CPtr slot = test_slot();

    for (seL4_Word i = 0; i < COUNT; i++) {
        /* Devices that programs use are further down; these here nobody has begun to use. */
        if (DESC(i)->isDevice && DESC(i)->sizeBits >= 12 && START(i) >= 0x20000000) {
            CHECK_OK(seL4_Untyped_Retype(INFO->untyped.start + i, seL4_RISCV_4K_Page, 0,
                                         seL4_CapInitThreadCNode, 0, 0, slot, 1));
            CHECK_EQUAL(seL4_RISCV_Page_GetAddress(slot).paddr, START(i));
            CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, seL4_WordBits));
        }
    }
}
