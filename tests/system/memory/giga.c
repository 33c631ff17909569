/*
 * 2.10 and 6.4: pages of 1 GiB. Device memory always has some to map; using one as memory needs a machine
 * with 4 GiB, so that test says when it could not.
 */
#include "memory.h"

/* A page of 1 GiB out of BootInfo's untypeds. Null if there is none. */
static seL4_CPtr giga_page(bool device)
{
    for (seL4_Word i = test_bootinfo->untyped.end - test_bootinfo->untyped.start; i-- > 0;) {
        const seL4_UntypedDesc *desc = &test_bootinfo->untypedList[i];
        seL4_CPtr slot;

        if (desc->isDevice == device && desc->sizeBits >= seL4_HugePageBits) {
            slot = test_slot();
            if (!seL4_Untyped_Retype(test_bootinfo->untyped.start + i, seL4_RISCV_Giga_Page, 0,
                                     seL4_CapInitThreadCNode, 0, 0, slot, 1)) {
                return slot;
            }
        }
    }
    return seL4_CapNull;
}

TEST("2.10 Page Map, 1 GiB: an address whose page would reach the user top is an invalid argument 0")
{
    seL4_CPtr page = giga_page(true);

    CHECK_ANSWER(map_page(page, VSPACE, LIBSEL4_BIT(38) - PAGE_GIGA), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_page(page, VSPACE, LIBSEL4_BIT(38)), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_page(page, VSPACE, ~0ul & -PAGE_GIGA), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_page(page, VSPACE, ~0ul & -PAGE_MEGA), seL4_InvalidArgument, 0);
}

TEST("2.10 Page Map, 1 GiB: an address that is not aligned is an alignment error")
{
    CHECK_ANSWER(map_page(giga_page(true), VSPACE, REGION + PAGE_MEGA), seL4_AlignmentError);
}

TEST("2.10 Page Map, 1 GiB: where a table is, the failed lookup says level 21, or 12 below another")
{
    seL4_CPtr page = giga_page(true);

    add_tables(VSPACE, REGION, seL4_LargePageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_FailedLookup, 0, seL4_MissingCapability, 21);
    add_tables(VSPACE, REGION + PAGE_GIGA, seL4_PageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION + PAGE_GIGA), seL4_FailedLookup, 0, seL4_MissingCapability,
                 12);
}

TEST("6.4 Page Map, 1 GiB: needs no table, takes the place of one, and is told apart by the address")
{
    seL4_CPtr page = giga_page(true);

    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(page, VSPACE, REGION + PAGE_GIGA), seL4_InvalidArgument, 0);
    CHECK_ANSWER(map_page(test_mint(page, seL4_AllRights, 0), VSPACE, REGION), seL4_DeleteFirst);
    CHECK_ANSWER(map_table(new_table(), VSPACE, REGION), seL4_DeleteFirst);
    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION), seL4_FailedLookup, 0, seL4_MissingCapability, 30);
    CHECK_OK(seL4_RISCV_Page_Unmap(page));
    CHECK_ANSWER(map_table(new_table(), VSPACE, REGION), seL4_NoError);
}

TEST("6.4 Page GetAddress, 1 GiB: a multiple of 1 GiB")
{
    struct answer answer = INVOKE(giga_page(true), RISCVPageGetAddress, .length = 0);

    CHECK_ANSWER(answer, seL4_NoError, answer.words[0] & -PAGE_GIGA);
}

TEST("6.4 a page of 1 GiB of memory is zero and gives the access that is asked for, from end to end")
{
    seL4_CPtr page = giga_page(false);
    seL4_Word last = REGION + PAGE_GIGA - 16;

    if (!page) {
        test_note("skipped: no untyped memory of 1 GiB");
        return;
    }
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    for (seL4_Word vaddr = REGION; vaddr < REGION + PAGE_GIGA; vaddr += PAGE_MEGA - 8) {
        CHECK_EQUAL(*(volatile seL4_Word *)vaddr, 0);
        *(volatile seL4_Word *)vaddr = vaddr;
    }
    for (seL4_Word vaddr = REGION; vaddr < REGION + PAGE_GIGA; vaddr += PAGE_MEGA - 8) {
        CHECK_EQUAL(*(volatile seL4_Word *)vaddr, vaddr);
    }
    write_return(REGION);
    write_return(last);
    CHECK_ACCESS(REGION, "rwx");
    CHECK_ACCESS(last, "rwx");
    CHECK_ANSWER(map_page_as(page, VSPACE, REGION, RIGHTS_READ, seL4_RISCV_ExecuteNever), seL4_NoError);
    CHECK_ACCESS(REGION, "r");
    CHECK_ACCESS(last, "r");
    CHECK_OK(seL4_RISCV_Page_Unmap(page));
    CHECK_ACCESS(REGION, "");
    CHECK_ACCESS(last, "");
}
