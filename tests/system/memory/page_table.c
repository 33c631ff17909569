/*
 * 2.10 and 6.3: page tables.
 */
#include "memory.h"

TEST("2.10 PageTable Map: fewer than 2 words or no VSpace are a truncated message")
{
    seL4_CPtr table = new_table();

    CHECK_ANSWER(INVOKE(table, RISCVPageTableMap, .length = 1, .extras = 1, .caps = { VSPACE }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(table, RISCVPageTableMap, .length = 2), seL4_TruncatedMessage);
}

TEST("2.10 PageTable Map: a table that is mapped already is an invalid capability 0")
{
    seL4_CPtr table = add_tables(VSPACE, REGION, seL4_LargePageBits);

    CHECK_ANSWER(map_table(table, VSPACE, REGION + PAGE_GIGA), seL4_InvalidCapability, 0);
    CHECK_ANSWER(map_table(VSPACE, VSPACE, REGION + PAGE_GIGA), seL4_InvalidCapability, 0);
}

TEST("2.10 PageTable Map: a VSpace that is not a page table, or not mapped, is an invalid capability 1")
{
    seL4_CPtr table = new_table();

    CHECK_ANSWER(map_table(table, seL4_CapInitThreadCNode, REGION), seL4_InvalidCapability, 1);
    CHECK_ANSWER(map_table(table, seL4_CapNull, REGION), seL4_InvalidCapability, 1);
    CHECK_ANSWER(map_table(table, new_table(), REGION), seL4_InvalidCapability, 1);
    CHECK_ANSWER(map_table(table, table, REGION), seL4_InvalidCapability, 1);
}

TEST("2.10 PageTable Map: an address from the user top on is an invalid argument 0")
{
    seL4_CPtr table = new_table();

    CHECK_ANSWER(map_table(table, VSPACE, seL4_UserTop), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_table(table, VSPACE, LIBSEL4_BIT(38)), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_table(table, VSPACE, LIBSEL4_BIT(39)), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_table(table, VSPACE, ~0ul), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_table(table, VSPACE, seL4_UserTop - 1), seL4_NoError);
}

/* A root whose pool has gone: its ASID names nothing. */
static seL4_CPtr orphaned_root(void)
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, seL4_ASIDPoolBits), pool = test_slot();
    seL4_CPtr root = new_table();

    CHECK_OK(seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, untyped, seL4_CapInitThreadCNode, pool,
                                             seL4_WordBits));
    CHECK_OK(seL4_RISCV_ASIDPool_Assign(pool, root));
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, pool, seL4_WordBits));
    return root;
}

TEST("2.10 PageTable Map: a VSpace whose ASID is no longer assigned is a failed lookup, InvalidRoot")
{
    CHECK_ANSWER(map_table(new_table(), orphaned_root(), REGION), seL4_FailedLookup, 0, seL4_InvalidRoot);
}

TEST("2.10 PageTable Map: a mapped table that is not its ASID's root is an invalid capability 1")
{
    seL4_CPtr lower = add_tables(VSPACE, REGION, seL4_LargePageBits);

    CHECK_ANSWER(map_table(new_table(), lower, REGION), seL4_InvalidCapability, 1);
}

TEST("2.10 PageTable Map: where both tables are present, another is told to delete first")
{
    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_table(new_table(), VSPACE, REGION), seL4_DeleteFirst);
    CHECK_ANSWER(map_table(new_table(), VSPACE, REGION + PAGE_MEGA - 1), seL4_DeleteFirst);
    CHECK_ANSWER(map_table(new_table(), VSPACE, REGION + PAGE_MEGA), seL4_NoError);
}

TEST("2.10 PageTable Map: where a large page is mapped, a table is told to delete first")
{
    add_tables(VSPACE, REGION, seL4_LargePageBits);
    CHECK_ANSWER(map_page(test_object(seL4_RISCV_Mega_Page, 0), VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_table(new_table(), VSPACE, REGION), seL4_DeleteFirst);
}

TEST("2.10 PageTable Map order: mapped, VSpace, address, ASID, present")
{
    seL4_CPtr lower = add_tables(VSPACE, REGION, seL4_LargePageBits);

    CHECK_ANSWER(map_table(lower, seL4_CapNull, ~0ul), seL4_InvalidCapability, 0);
    CHECK_ANSWER(map_table(new_table(), seL4_CapNull, ~0ul), seL4_InvalidCapability, 1);
    CHECK_ANSWER(map_table(new_table(), lower, ~0ul), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_table(new_table(), orphaned_root(), ~0ul), seL4_InvalidArgument, 0);
}

TEST("6.3 PageTable Map: the address need not be aligned, and attributes are ignored")
{
    for (int i = 0; i < 2; i++) {
        CHECK_ANSWER(INVOKE(new_table(), RISCVPageTableMap, .length = 2,
                            .words = { REGION + 0x12345678 + (seL4_Word)i, ~0ul }, .extras = 1,
                            .caps = { VSPACE }),
                     seL4_NoError);
    }
    CHECK_ANSWER(map_page(new_page(), VSPACE, (REGION + 0x12345678) & -PAGE_4K), seL4_NoError);
    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION), seL4_FailedLookup, 0, seL4_MissingCapability, 21);
}

TEST("6.3 a 4 KiB page needs two tables, a 2 MiB page one, a 1 GiB page none")
{
    seL4_CPtr small = new_page(), mega = test_object(seL4_RISCV_Mega_Page, 0);

    CHECK_ANSWER(map_page(small, VSPACE, REGION), seL4_FailedLookup, 0, seL4_MissingCapability, 30);
    CHECK_ANSWER(map_page(mega, VSPACE, REGION), seL4_FailedLookup, 0, seL4_MissingCapability, 30);
    CHECK_ANSWER(map_table(new_table(), VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(small, VSPACE, REGION), seL4_FailedLookup, 0, seL4_MissingCapability, 21);
    CHECK_ANSWER(map_page(mega, VSPACE, REGION + PAGE_MEGA), seL4_NoError);
    CHECK_ANSWER(map_table(new_table(), VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(small, VSPACE, REGION), seL4_NoError);
    CHECK_ACCESS(REGION + PAGE_MEGA - PAGE_4K, "");
    CHECK_EQUAL(try_load(REGION + 2 * PAGE_MEGA - 8), 0);
}

TEST("2.10 PageTable Unmap: while another capability to the table exists, revoke first")
{
    seL4_CPtr table = add_tables(VSPACE, REGION, seL4_LargePageBits);
    seL4_CPtr copy = test_mint(table, seL4_AllRights, 0);

    CHECK_ANSWER(INVOKE(table, RISCVPageTableUnmap, .length = 0), seL4_RevokeFirst);
    CHECK_ANSWER(INVOKE(copy, RISCVPageTableUnmap, .length = 0), seL4_RevokeFirst);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, table, seL4_WordBits));
    CHECK_ANSWER(INVOKE(copy, RISCVPageTableUnmap, .length = 0), seL4_NoError);
}

TEST("2.10 PageTable Unmap: a VSpace root is told to revoke first")
{
    CHECK_ANSWER(INVOKE(new_vspace(), RISCVPageTableUnmap, .length = 0), seL4_RevokeFirst);
    CHECK_ANSWER(INVOKE(VSPACE, RISCVPageTableUnmap, .length = 0), seL4_RevokeFirst);
}

TEST("6.3 PageTable Unmap: of a table that is not mapped succeeds")
{
    CHECK_ANSWER(INVOKE(new_table(), RISCVPageTableUnmap, .length = 0), seL4_NoError);
}

TEST("6.3 PageTable Unmap: the pages in it are gone, and the table can be mapped elsewhere, empty")
{
    seL4_CPtr table = add_tables(VSPACE, REGION, seL4_PageBits);

    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION), seL4_NoError);
    CHECK_EQUAL(try_load(REGION), 0);
    CHECK_OK(seL4_RISCV_PageTable_Unmap(table));
    CHECK_EQUAL(try_load(REGION), 5);
    CHECK_ANSWER(map_table(table, VSPACE, REGION + PAGE_MEGA), seL4_NoError);
    CHECK_EQUAL(try_load(REGION + PAGE_MEGA), 5);
    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION + PAGE_MEGA), seL4_NoError);
}

TEST("6.3 pages below an unmapped table still count as mapped, and a later Map installs them again")
{
    seL4_CPtr table = add_tables(VSPACE, REGION, seL4_PageBits), page = new_page();

    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    *(volatile seL4_Word *)REGION = 0x1234;
    CHECK_OK(seL4_RISCV_PageTable_Unmap(table));
    CHECK_ANSWER(map_table(table, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(page, VSPACE, REGION + PAGE_4K), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    CHECK_EQUAL(*(volatile seL4_Word *)REGION, 0x1234);
}

TEST("6.3 a page table that is not mapped cannot be copied, a mapped one can")
{
    seL4_CPtr table = new_table(), slot = test_slot();

    CHECK_ERROR(seL4_CNode_Copy(seL4_CapInitThreadCNode, slot, seL4_WordBits, seL4_CapInitThreadCNode, table,
                                seL4_WordBits, seL4_AllRights),
                seL4_IllegalOperation);
    CHECK_ANSWER(map_table(table, VSPACE, REGION), seL4_NoError);
    CHECK_OK(seL4_CNode_Copy(seL4_CapInitThreadCNode, slot, seL4_WordBits, seL4_CapInitThreadCNode, table,
                             seL4_WordBits, seL4_AllRights));
    CHECK_ANSWER(map_table(slot, VSPACE, REGION + PAGE_GIGA), seL4_InvalidCapability, 0);
}

TEST("4.10 deleting the last capability of a table unlinks it, deleting a copy does not")
{
    seL4_CPtr table = add_tables(VSPACE, REGION, seL4_PageBits);
    seL4_CPtr copy = test_mint(table, seL4_AllRights, 0);

    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION), seL4_NoError);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, table, seL4_WordBits));
    CHECK_EQUAL(try_load(REGION), 0);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, copy, seL4_WordBits));
    CHECK_EQUAL(try_load(REGION), 5);
}

TEST("4.10 deleting an upper table takes the lower ones out of reach, and both can go in any order")
{
    seL4_CPtr upper = new_table(), lower = new_table();

    CHECK_ANSWER(map_table(upper, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_table(lower, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION), seL4_NoError);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, upper, seL4_WordBits));
    CHECK_EQUAL(try_load(REGION), 5);
    CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, lower, seL4_WordBits));
    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION), seL4_NoError);
}

TEST("6.1 the kernel's half and the last page below 2^38 are not the user's")
{
    CHECK_EQUAL(try_load(seL4_UserTop), 5);
    CHECK_EQUAL(try_load(0xffffffc000000000), 5);
    CHECK_EQUAL(try_store(0xffffffff80200000, 0), 7);
    CHECK_EQUAL(try_execute(0xffffffff80200000), 1);
    CHECK_EQUAL(try_load(LIBSEL4_BIT(38)), 5);
}

TEST("6.1 the last user page, just below the user top, can be mapped and used")
{
    add_tables(VSPACE, seL4_UserTop - PAGE_4K, seL4_PageBits);
    CHECK_ANSWER(map_page(new_page(), VSPACE, seL4_UserTop - PAGE_4K), seL4_NoError);
    CHECK_EQUAL(try_store(seL4_UserTop - 8, 1), 0);
    CHECK_EQUAL(try_load(seL4_UserTop), 5);
}
