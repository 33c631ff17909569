/*
 * Memory: clearing it, making many objects, address spaces and ASID pools.
 */
#include "latency.h"

#define REGION 0x2000000000ul

static seL4_CPtr slots_for(unsigned count)
{
    seL4_CPtr first = test_slot();

    for (unsigned i = 1; i < count; i++) {
        test_slot();
    }
    return first;
}

TEST("latency: Retype that clears 1 GiB, or what the machine has")
{
    seL4_CPtr untyped = seL4_CapNull, slot = test_slot();
    seL4_Word largest = 0;

    for (seL4_Word i = test_bootinfo->untyped.start; i < test_bootinfo->untyped.end; i++) {
        const seL4_UntypedDesc *desc = &test_bootinfo->untypedList[i - test_bootinfo->untyped.start];
        if (!desc->isDevice && desc->sizeBits > largest) {
            untyped = i;
            largest = desc->sizeBits;
        }
    }
    /* The second time, the memory has been given away before, so it is cleared. */
    for (unsigned i = 0; i < 2; i++) {
        seL4_Word type = largest >= seL4_HugePageBits ? seL4_RISCV_Giga_Page : seL4_UntypedObject;
        CHECK_OK(seL4_Untyped_Retype(untyped, type, largest, CNODE, 0, 0, slot, 1));
        delete_cap(slot);
    }
}

TEST("latency: Retype of 256 objects of each kind, in new and in used memory")
{
    static const struct {
        seL4_Word type, bits;
    } kinds[] = {
        { seL4_TCBObject, 0 },      { seL4_EndpointObject, 0 }, { seL4_NotificationObject, 0 },
        { seL4_CapTableObject, 1 }, { seL4_RISCV_4K_Page, 0 },  { seL4_RISCV_PageTableObject, 0 },
        { seL4_UntypedObject, 4 },
    };
    seL4_CPtr memory = big_memory(21), slots = slots_for(256);

    for (unsigned i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
        seL4_Word kind = i / 2;
        CHECK_OK(seL4_Untyped_Retype(memory, kinds[kind].type, kinds[kind].bits, CNODE, 0, 0, slots, 256));
        CHECK_OK(seL4_CNode_Revoke(CNODE, memory, DEPTH));
    }
    big_reset();
}

/* Maps as many tables as a page needs. */
static void map_page(seL4_CPtr vspace, seL4_CPtr page, seL4_Word vaddr, seL4_CPtr tables)
{
    while (seL4_RISCV_Page_Map(page, vspace, vaddr, seL4_AllRights, seL4_RISCV_Default_VMAttributes)) {
        seL4_CPtr table = test_slot();
        CHECK_OK(seL4_Untyped_Retype(tables, seL4_RISCV_PageTableObject, 0, CNODE, 0, 0, table, 1));
        CHECK_OK(seL4_RISCV_PageTable_Map(table, vspace, vaddr, seL4_RISCV_Default_VMAttributes));
    }
}

/* 4096 pages in an address space, with their capabilities in a CNode of their own. */
static void fill_vspace(seL4_CPtr vspace, seL4_CPtr memory, seL4_CPtr cnode, seL4_CPtr tables)
{
    seL4_CPtr page = test_slot();

    for (seL4_Word i = 0; i < 4096; i++) {
        if (i % 256 == 0) {
            CHECK_OK(seL4_Untyped_Retype(memory, seL4_RISCV_4K_Page, 0, CNODE, cnode, DEPTH, i, 256));
        }
        CHECK_OK(seL4_CNode_Move(CNODE, page, DEPTH, cnode, i, 12));
        map_page(vspace, page, REGION + i * 4096, tables);
        CHECK_OK(seL4_CNode_Move(cnode, i, 12, CNODE, page, DEPTH));
    }
}

TEST("latency: unmapping and deleting 4096 pages that other harts may use, by deleting their CNode")
{
    seL4_CPtr memory = big_memory(24), cnode = test_object(seL4_CapTableObject, 12);
    seL4_CPtr tables = big_memory(17);

    occupy_other_harts();
    fill_vspace(seL4_CapInitThreadVSpace, memory, cnode, tables);
    delete_cap(cnode);
    big_reset();
}

TEST("latency: deleting an address space of 4096 pages, then its pages and tables")
{
    seL4_CPtr memory = big_memory(24), cnode = test_object(seL4_CapTableObject, 12);
    seL4_CPtr tables = big_memory(17), vspace = test_object(seL4_RISCV_PageTableObject, 0);

    CHECK_OK(seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, vspace));
    fill_vspace(vspace, memory, cnode, tables);
    delete_cap(vspace);
    CHECK_OK(seL4_CNode_Revoke(CNODE, tables, DEPTH));
    CHECK_OK(seL4_CNode_Revoke(CNODE, memory, DEPTH));
    big_reset();
}

TEST("latency: PageTable Unmap clears the table, and other harts forget it")
{
    seL4_CPtr tables = big_memory(17), page = test_object(seL4_RISCV_4K_Page, 0), table = test_slot();

    occupy_other_harts();
    map_page(seL4_CapInitThreadVSpace, page, REGION, tables);
    CHECK_OK(seL4_Untyped_Retype(tables, seL4_RISCV_PageTableObject, 0, CNODE, 0, 0, table, 1));
    CHECK_OK(seL4_RISCV_PageTable_Map(table, seL4_CapInitThreadVSpace, REGION + LIBSEL4_BIT(21),
                                      seL4_RISCV_Default_VMAttributes));
    CHECK_OK(seL4_RISCV_PageTable_Unmap(table));
    CHECK_OK(seL4_RISCV_Page_Unmap(page));
    big_reset();
}

static seL4_CPtr make_pool(seL4_CPtr memory)
{
    seL4_CPtr untyped = test_slot(), pool = test_slot();

    CHECK_OK(seL4_Untyped_Retype(memory, seL4_UntypedObject, seL4_ASIDPoolBits, CNODE, 0, 0, untyped, 1));
    CHECK_OK(seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, untyped, CNODE, pool, DEPTH));
    return pool;
}

TEST("latency: deleting a full ASID pool, and a hundred empty ones")
{
    seL4_CPtr memory = big_memory(23), pool = make_pool(memory);

    for (unsigned i = 0; i < 512; i++) {
        seL4_CPtr root = test_slot();
        CHECK_OK(seL4_Untyped_Retype(memory, seL4_RISCV_PageTableObject, 0, CNODE, 0, 0, root, 1));
        CHECK_OK(seL4_RISCV_ASIDPool_Assign(pool, root));
    }
    delete_cap(pool);
    CHECK_OK(seL4_CNode_Revoke(CNODE, memory, DEPTH));
    for (unsigned i = 0; i < 100; i++) {
        make_pool(memory);
    }
    CHECK_OK(seL4_CNode_Revoke(CNODE, memory, DEPTH));
    big_reset();
}
