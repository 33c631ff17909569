/*
 * 7.6: the initial CSpace, slot by slot. What a slot holds is found out from the labels that it understands.
 */
#include "tree.h"

/* A page of address space that is free: the start code has unmapped it. */
extern char __stack_guard[];

static void check_kind(seL4_CPtr slot, enum cap_kind kind)
{
    enum cap_kind found = identify(slot);

    if (found != kind) {
        test_fail(__FILE__, __LINE__, "slot %lu is of kind %d, expected %d", slot, found, kind);
    }
}

TEST("7.6 slot 0: empty")
{
    check_kind(0, KIND_NULL);
}

TEST("7.6 slot 1: the TCB of this very thread")
{
    check_kind(1, KIND_TCB);
    CHECK_ANSWER(INVOKE(1, TCBReadRegisters, .length = 2, .words = { 0, 1 }), seL4_IllegalOperation);
}

TEST("7.6 slot 2: the root CNode, 2^12 slots behind a guard of 52 zeroes")
{
    check_kind(2, KIND_CNODE);
    CHECK_ANSWER(INVOKE(2, CNodeDelete, .length = 2, .words = { 0, 63 }), seL4_FailedLookup, 0,
                 seL4_DepthMismatch, 63, 64);
    CHECK_ANSWER(INVOKE(2, CNodeDelete, .length = 2, .words = { LIBSEL4_BIT(63), 64 }), seL4_FailedLookup, 0,
                 seL4_GuardMismatch, 64, 0, 52);
    CHECK_ANSWER(INVOKE(2, CNodeDelete, .length = 2, .words = { 4096, 64 }), seL4_FailedLookup, 0,
                 seL4_GuardMismatch, 64, 0, 52);
    CHECK_ANSWER(INVOKE(2, CNodeDelete, .length = 2, .words = { 4095, 64 }), seL4_NoError);
}

TEST("7.6 slot 3: the VSpace root")
{
    check_kind(3, KIND_PAGE_TABLE);
    CHECK_ANSWER(INVOKE(3, RISCVPageTableUnmap, .length = 0), seL4_RevokeFirst);
}

TEST("7.6 slot 4: IRQ control")
{
    check_kind(4, KIND_IRQ_CONTROL);
}

TEST("7.6 slot 5: ASID control")
{
    check_kind(5, KIND_ASID_CONTROL);
}

TEST("7.6 slot 6: the initial ASID pool")
{
    check_kind(6, KIND_ASID_POOL);
}

TEST("7.6 slots 7 and 8, IO ports and IO space: empty")
{
    check_kind(7, KIND_NULL);
    check_kind(8, KIND_NULL);
}

/* A frame of 4 KiB with all rights: a copy of it can be mapped to read and write. */
static void check_frame(seL4_CPtr slot)
{
    seL4_CPtr copy = test_mint(slot, seL4_AllRights, 0);

    check_kind(slot, KIND_PAGE);
    CHECK_OK(
        seL4_RISCV_Page_Map(copy, seL4_CapInitThreadVSpace, (seL4_Word)__stack_guard, seL4_ReadWrite, 0));
    char first = *(volatile char *)__stack_guard;
    *(volatile char *)__stack_guard = (char)~first;
    *(volatile char *)__stack_guard = first;
    CHECK_OK(seL4_RISCV_Page_Unmap(copy));
}

TEST("7.6 slot 9: the BootInfo frame, read-write, of 4 KiB")
{
    check_frame(9);
}

TEST("7.6 slot 10: the IPC buffer frame, read-write, of 4 KiB")
{
    check_frame(10);
}

TEST("7.6 slot 11: domains")
{
    check_kind(11, KIND_DOMAIN);
}

TEST("7.6 slots 12 to 15, SMMU, scheduling context and SMC: empty")
{
    for (seL4_CPtr slot = 12; slot < 16; slot++) {
        check_kind(slot, KIND_NULL);
    }
}

TEST("7.6 userImagePaging slots: mapped page tables, none of them the root")
{
    for (seL4_CPtr slot = test_bootinfo->userImagePaging.start; slot < test_bootinfo->userImagePaging.end;
         slot++) {
        check_kind(slot, KIND_PAGE_TABLE);
        CHECK_ANSWER(
            INVOKE(slot, RISCVPageTableMap, .length = 2, .extras = 1, .caps = { seL4_CapInitThreadVSpace }),
            seL4_InvalidCapability, 0);
        CHECK_ANSWER(INVOKE(test_object(seL4_RISCV_PageTableObject, 0), RISCVPageTableMap, .length = 2,
                            .extras = 1, .caps = { slot }),
                     seL4_InvalidCapability, 1);
    }
}

TEST("7.6 extraBIPages and userImageFrames slots: frames")
{
    for (seL4_CPtr slot = test_bootinfo->extraBIPages.start; slot < test_bootinfo->userImageFrames.end;
         slot++) {
        check_kind(slot, KIND_PAGE);
    }
    check_frame(test_bootinfo->extraBIPages.start);
    check_frame(test_bootinfo->userImageFrames.start);
}

TEST("7.6 untyped slots: untypeds")
{
    for (seL4_CPtr slot = test_bootinfo->untyped.start; slot < test_bootinfo->untyped.end; slot++) {
        check_kind(slot, KIND_UNTYPED);
    }
}

TEST("7.6 empty slots: empty, those that the test program has not used, and the last one")
{
    seL4_CPtr middle = (test_bootinfo->empty.start + test_bootinfo->empty.end) / 2;

    for (seL4_CPtr slot = middle; slot < middle + 64; slot++) {
        check_kind(slot, KIND_NULL);
    }
    check_kind(test_bootinfo->empty.end - 1, KIND_NULL);
}

TEST("4.8 the initial capabilities are no descendants: revoking one takes none of the others")
{
    /* Everything that the program itself runs on would be gone otherwise. */
    CHECK_OK(seL4_CNode_Revoke(2, seL4_CapInitThreadASIDPool, seL4_WordBits));
    CHECK_OK(seL4_CNode_Revoke(2, seL4_CapBootInfoFrame, seL4_WordBits));
    CHECK_OK(seL4_CNode_Revoke(2, test_bootinfo->userImagePaging.start, seL4_WordBits));
    CHECK_OK(seL4_CNode_Revoke(2, test_bootinfo->userImageFrames.start, seL4_WordBits));
    for (seL4_CPtr slot = test_bootinfo->userImagePaging.start; slot < test_bootinfo->userImageFrames.end;
         slot++) {
        CHECK(identify(slot) != KIND_NULL);
    }
}
