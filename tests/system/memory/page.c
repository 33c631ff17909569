/*
 * 2.10 and 6.4: pages, their errors and what mapping, mapping again and unmapping do. The access that rights
 * and attributes give is in access.c.
 */
#include "memory.h"

TEST("2.10 Page Map: fewer than 3 words or no VSpace are a truncated message")
{
    seL4_CPtr page = new_page();

    CHECK_ANSWER(INVOKE(page, RISCVPageMap, .length = 2, .extras = 1, .caps = { VSPACE }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(page, RISCVPageMap, .length = 3), seL4_TruncatedMessage);
}

TEST("2.10 Page Map: a VSpace that is not a page table, or not mapped, is an invalid capability 1")
{
    CHECK_ANSWER(map_page(new_page(), seL4_CapInitThreadCNode, REGION), seL4_InvalidCapability, 1);
    CHECK_ANSWER(map_page(new_page(), seL4_CapNull, REGION), seL4_InvalidCapability, 1);
    CHECK_ANSWER(map_page(new_page(), new_table(), REGION), seL4_InvalidCapability, 1);
}

static seL4_CPtr pool;

static seL4_CPtr root_in_pool(void)
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, seL4_ASIDPoolBits), root = new_table();

    pool = test_slot();
    CHECK_OK(seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, untyped, seL4_CapInitThreadCNode, pool,
                                             seL4_WordBits));
    CHECK_OK(seL4_RISCV_ASIDPool_Assign(pool, root));
    return root;
}

TEST("2.10 Page Map: a VSpace whose ASID is no longer assigned is a failed lookup, InvalidRoot")
{
    seL4_CPtr root = root_in_pool();

    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, pool, seL4_WordBits));
    CHECK_ANSWER(map_page(new_page(), root, REGION), seL4_FailedLookup, 0, seL4_InvalidRoot);
    /* ... before the address is looked at. */
    CHECK_ANSWER(map_page(new_page(), root, ~0ul), seL4_FailedLookup, 0, seL4_InvalidRoot);
}

TEST("2.10 Page Map: a mapped table that is not its ASID's root is an invalid capability 1")
{
    seL4_CPtr lower = add_tables(VSPACE, REGION, seL4_LargePageBits);

    CHECK_ANSWER(map_page(new_page(), lower, REGION), seL4_InvalidCapability, 1);
    CHECK_ANSWER(map_page(new_page(), lower, ~0ul), seL4_InvalidCapability, 1);
}

TEST("2.10 Page Map: an address whose page would reach the user top is an invalid argument 0")
{
    CHECK_ANSWER(map_page(new_page(), VSPACE, seL4_UserTop), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_page(new_page(), VSPACE, ~0ul & -PAGE_4K), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_page(test_object(seL4_RISCV_Mega_Page, 0), VSPACE, LIBSEL4_BIT(38) - PAGE_MEGA),
                 seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_page(test_object(seL4_RISCV_Mega_Page, 0), VSPACE, ~0ul & -PAGE_MEGA),
                 seL4_InvalidArgument, 0);
}

TEST("2.10 Page Map: an address that is not aligned to the page is an alignment error")
{
    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION + 1), seL4_AlignmentError);
    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION + PAGE_4K / 2), seL4_AlignmentError);
    CHECK_ANSWER(map_page(test_object(seL4_RISCV_Mega_Page, 0), VSPACE, REGION + PAGE_MEGA / 2),
                 seL4_AlignmentError);
}

TEST("2.10 Page Map: where a table is missing, the failed lookup says the level: 30, then 21")
{
    seL4_CPtr page = new_page();

    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_FailedLookup, 0, seL4_MissingCapability, 30);
    CHECK_EQUAL(seL4_MappingFailedLookupLevel(), 30);
    add_tables(VSPACE, REGION, seL4_LargePageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_FailedLookup, 0, seL4_MissingCapability, 21);
    CHECK_EQUAL(seL4_MappingFailedLookupLevel(), SEL4_MAPPING_LOOKUP_NO_PT);
}

TEST("2.10 Page Map: a large page where a table for small ones is gets level 12")
{
    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(test_object(seL4_RISCV_Mega_Page, 0), VSPACE, REGION), seL4_FailedLookup, 0,
                 seL4_MissingCapability, 12);
}

TEST("2.10 Page Map: a small page where a large one is gets level 21")
{
    add_tables(VSPACE, REGION, seL4_LargePageBits);
    CHECK_ANSWER(map_page(test_object(seL4_RISCV_Mega_Page, 0), VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION), seL4_FailedLookup, 0, seL4_MissingCapability, 21);
}

TEST("2.10 Page Map: a capability mapped under another ASID is an invalid capability 1")
{
    seL4_CPtr page = new_page(), other = new_vspace();

    add_tables(VSPACE, REGION, seL4_PageBits);
    add_tables(other, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(page, other, REGION), seL4_InvalidCapability, 1);
    CHECK_ANSWER(map_page(page, other, REGION + PAGE_4K), seL4_InvalidCapability, 1);
}

TEST("2.10 Page Map: a capability mapped at another address is an invalid argument 0")
{
    seL4_CPtr page = new_page();

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(page, VSPACE, REGION + PAGE_4K), seL4_InvalidArgument, 0);
}

TEST("2.10 Page Map: an unmapped capability where something is mapped is told to delete first")
{
    seL4_CPtr page = new_page();

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION), seL4_DeleteFirst);
    CHECK_ANSWER(map_page(test_mint(page, seL4_AllRights, 0), VSPACE, REGION), seL4_DeleteFirst);
}

TEST("2.10 Page Map order: address, alignment, level, other ASID, other address")
{
    seL4_CPtr page = new_page(), other = new_vspace();

    CHECK_ANSWER(map_page(page, VSPACE, seL4_UserTop + 1), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_page(page, VSPACE, REGION + 1), seL4_AlignmentError);
    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(page, other, REGION), seL4_FailedLookup, 0, seL4_MissingCapability, 30);
    CHECK_ANSWER(map_page(page, VSPACE, REGION + PAGE_MEGA), seL4_FailedLookup, 0, seL4_MissingCapability,
                 21);
    CHECK_ANSWER(map_page(page, VSPACE, REGION + 8), seL4_AlignmentError);
    /* Mapped elsewhere wins over the entry being taken. */
    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION + PAGE_4K), seL4_NoError);
    CHECK_ANSWER(map_page(page, VSPACE, REGION + PAGE_4K), seL4_InvalidArgument, 0);
}

TEST("6.4 Page Map: copies start unmapped, and each is one mapping of the same memory")
{
    seL4_CPtr page = new_page();

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(test_mint(page, seL4_AllRights, 0), VSPACE, REGION + PAGE_4K), seL4_NoError);
    *(volatile seL4_Word *)REGION = 0x4711;
    CHECK_EQUAL(*(volatile seL4_Word *)(REGION + PAGE_4K), 0x4711);
}

TEST("6.4 Page Map: a mapped capability may be mapped again there, which replaces rights and attributes")
{
    seL4_CPtr page = new_page();

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    write_return(REGION);
    CHECK_ACCESS(REGION, "rwx");
    CHECK_ANSWER(map_page_as(page, VSPACE, REGION, RIGHTS_READ, 0), seL4_NoError);
    CHECK_ACCESS(REGION, "rx");
    CHECK_ANSWER(map_page_as(page, VSPACE, REGION, RIGHTS_READ, seL4_RISCV_ExecuteNever), seL4_NoError);
    CHECK_ACCESS(REGION, "r");
    CHECK_ANSWER(map_page_as(page, VSPACE, REGION, RIGHTS_READ_WRITE, 0), seL4_NoError);
    CHECK_ACCESS(REGION, "rwx");
}

TEST("6.4 Page Map: mapping again does not check that the entry still holds this page")
{
    seL4_CPtr table = add_tables(VSPACE, REGION, seL4_PageBits), first = new_page(), second = new_page();

    CHECK_ANSWER(map_page(first, VSPACE, REGION), seL4_NoError);
    *(volatile seL4_Word *)REGION = 1;
    CHECK_OK(seL4_RISCV_PageTable_Unmap(table));
    CHECK_ANSWER(map_table(table, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(second, VSPACE, REGION), seL4_NoError);
    *(volatile seL4_Word *)REGION = 2;
    /* Both claim this address now. */
    CHECK_ANSWER(map_page(first, VSPACE, REGION), seL4_NoError);
    CHECK_EQUAL(*(volatile seL4_Word *)REGION, 1);
    CHECK_ANSWER(map_page(second, VSPACE, REGION), seL4_NoError);
    CHECK_EQUAL(*(volatile seL4_Word *)REGION, 2);
}

TEST("6.4 Page Unmap: clears the entry only if it still maps this frame")
{
    seL4_CPtr table = add_tables(VSPACE, REGION, seL4_PageBits), first = new_page(), second = new_page();

    CHECK_ANSWER(map_page(first, VSPACE, REGION), seL4_NoError);
    CHECK_OK(seL4_RISCV_PageTable_Unmap(table));
    CHECK_ANSWER(map_table(table, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(second, VSPACE, REGION), seL4_NoError);
    CHECK_OK(seL4_RISCV_Page_Unmap(first));
    CHECK_EQUAL(try_load(REGION), 0);
    /* It is unmapped nevertheless. */
    CHECK_ANSWER(map_page(first, VSPACE, REGION + PAGE_4K), seL4_NoError);
    CHECK_OK(seL4_RISCV_Page_Unmap(second));
    CHECK_EQUAL(try_load(REGION), 5);
}

TEST("2.10 Page Unmap: has no errors; of a page that is not mapped it succeeds")
{
    CHECK_ANSWER(INVOKE(new_page(), RISCVPageUnmap, .length = 0), seL4_NoError);
    CHECK_ANSWER(INVOKE(new_page(), RISCVPageUnmap, .length = 5, .extras = 1), seL4_NoError);
}

TEST("6.4 Page Unmap: the address faults afterwards and can be mapped again; the memory keeps its contents")
{
    seL4_CPtr page = new_page();

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    *(volatile seL4_Word *)REGION = 0x99;
    CHECK_OK(seL4_RISCV_Page_Unmap(page));
    CHECK_ACCESS(REGION, "");
    CHECK_ANSWER(map_page(page, VSPACE, REGION + PAGE_4K), seL4_NoError);
    CHECK_EQUAL(*(volatile seL4_Word *)(REGION + PAGE_4K), 0x99);
}

TEST("4.10 a page is unmapped when the mapped capability is deleted, though others exist")
{
    seL4_CPtr page = new_page(), copy = test_mint(page, seL4_AllRights, 0);

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(copy, VSPACE, REGION), seL4_NoError);
    CHECK_EQUAL(try_load(REGION), 0);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, copy, seL4_WordBits));
    CHECK_EQUAL(try_load(REGION), 5);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
}

TEST("6.4 a moved capability keeps its mapping")
{
    seL4_CPtr page = new_page(), slot = test_slot();

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    CHECK_OK(seL4_CNode_Move(seL4_CapInitThreadCNode, slot, seL4_WordBits, seL4_CapInitThreadCNode, page,
                             seL4_WordBits));
    CHECK_EQUAL(try_load(REGION), 0);
    CHECK_ANSWER(map_page(slot, VSPACE, REGION + PAGE_4K), seL4_InvalidArgument, 0);
    CHECK_OK(seL4_RISCV_Page_Unmap(slot));
    CHECK_EQUAL(try_load(REGION), 5);
}

TEST("2.10 Page GetAddress: MR0 is the physical address; pages of one untyped follow each other")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 14), first = test_slot();
    seL4_Word base;

    for (int i = 1; i < 4; i++) {
        test_slot();
    }
    CHECK_OK(seL4_Untyped_Retype(untyped, seL4_RISCV_4K_Page, 0, seL4_CapInitThreadCNode, 0, 0, first, 4));
    base = seL4_RISCV_Page_GetAddress(first).paddr;
    CHECK_EQUAL(base % LIBSEL4_BIT(14), 0);
    for (seL4_Word i = 0; i < 4; i++) {
        CHECK_ANSWER(INVOKE(first + i, RISCVPageGetAddress, .length = 0), seL4_NoError, base + i * PAGE_4K);
    }
}

TEST("6.4 Page GetAddress: also of device pages")
{
    static seL4_CPtr device;

    if (!device) {
        device = simple_device_frame(0x10001000);
    }
    CHECK_ANSWER(INVOKE(device, RISCVPageGetAddress, .length = 0), seL4_NoError, 0x10001000);
}
