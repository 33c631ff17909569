/*
 * 2.10 and 6.5: ASID control and ASID pools.
 */
#include "memory.h"

#define CNODE seL4_CapInitThreadCNode

static struct answer make_pool(seL4_CPtr untyped, seL4_CPtr root, seL4_CPtr index, seL4_Word depth)
{
    return INVOKE(seL4_CapASIDControl, RISCVASIDControlMakePool, .length = 2, .words = { index, depth },
                  .extras = 2, .caps = { untyped, root });
}

static seL4_CPtr pool_untyped(void)
{
    return test_object(seL4_UntypedObject, seL4_ASIDPoolBits);
}

static seL4_CPtr new_pool(void)
{
    seL4_CPtr slot = test_slot();

    CHECK_ANSWER(make_pool(pool_untyped(), CNODE, slot, seL4_WordBits), seL4_NoError);
    return slot;
}

static struct answer assign(seL4_CPtr pool, seL4_CPtr table)
{
    return INVOKE(pool, RISCVASIDPoolAssign, .length = 0, .extras = 1, .caps = { table });
}

static void delete_cap(seL4_CPtr cap)
{
    CHECK_OK(seL4_CNode_Delete(CNODE, cap, seL4_WordBits));
}

/* Takes what pools there are left; returns how many. */
static seL4_Word take_all_pools(seL4_CPtr *first)
{
    seL4_Word count = 0;

    for (;;) {
        seL4_CPtr slot = test_slot();
        struct answer answer = make_pool(pool_untyped(), CNODE, slot, seL4_WordBits);

        if (answer.error) {
            CHECK_ANSWER(answer, seL4_DeleteFirst);
            return count;
        }
        if (count++ == 0) {
            *first = slot;
        }
    }
}

TEST("2.10 ASIDControl MakePool: fewer than 2 words or 2 capabilities are a truncated message")
{
    seL4_CPtr untyped = pool_untyped(), slot = test_slot();

    CHECK_ANSWER(INVOKE(seL4_CapASIDControl, RISCVASIDControlMakePool, .length = 1, .words = { slot, 64 },
                        .extras = 2, .caps = { untyped, CNODE }),
                 seL4_TruncatedMessage);
    CHECK_ANSWER(INVOKE(seL4_CapASIDControl, RISCVASIDControlMakePool, .length = 2, .words = { slot, 64 },
                        .extras = 1, .caps = { untyped, CNODE }),
                 seL4_TruncatedMessage);
}

TEST("2.10 ASIDControl MakePool: when all 128 pools exist, delete first, whatever else is wrong")
{
    seL4_CPtr first;

    CHECK_EQUAL(take_all_pools(&first), 127);
    CHECK_ANSWER(make_pool(seL4_CapNull, seL4_CapNull, 0, 0), seL4_DeleteFirst);
    CHECK_ANSWER(INVOKE(seL4_CapASIDControl, RISCVASIDControlMakePool, .length = 1, .extras = 2),
                 seL4_TruncatedMessage);
}

TEST("6.5 ASIDControl MakePool: a deleted pool's number can be taken again, by the lowest free number")
{
    seL4_CPtr first;

    take_all_pools(&first);
    delete_cap(first + 1); /* slots alternate with those of the untypeds */
    delete_cap(first);
    seL4_CPtr pool = new_pool();
    CHECK_ANSWER(assign(pool, new_table()), seL4_NoError);
}

TEST("2.10 ASIDControl MakePool: what is no untyped of exactly 4 KiB of memory is an invalid capability 1")
{
    seL4_CPtr slot = test_slot();

    CHECK_ANSWER(make_pool(seL4_CapNull, CNODE, slot, seL4_WordBits), seL4_InvalidCapability, 1);
    CHECK_ANSWER(make_pool(CNODE, CNODE, slot, seL4_WordBits), seL4_InvalidCapability, 1);
    CHECK_ANSWER(make_pool(new_page(), CNODE, slot, seL4_WordBits), seL4_InvalidCapability, 1);
    CHECK_ANSWER(make_pool(test_object(seL4_UntypedObject, 11), CNODE, slot, seL4_WordBits),
                 seL4_InvalidCapability, 1);
    CHECK_ANSWER(make_pool(test_object(seL4_UntypedObject, 13), CNODE, slot, seL4_WordBits),
                 seL4_InvalidCapability, 1);
}

/* Splits a 4 KiB untyped off device memory that nobody else uses. Null if there is none. */
static seL4_CPtr device_untyped(void)
{
    for (seL4_Word i = 0; i < test_bootinfo->untyped.end - test_bootinfo->untyped.start; i++) {
        const seL4_UntypedDesc *desc = &test_bootinfo->untypedList[i];

        if (desc->isDevice && desc->sizeBits >= seL4_HugePageBits) {
            seL4_CPtr slot = test_slot();
            CHECK_OK(seL4_Untyped_Retype(test_bootinfo->untyped.start + i, seL4_UntypedObject, 12, CNODE, 0,
                                         0, slot, 1));
            return slot;
        }
    }
    return seL4_CapNull;
}

TEST("2.10 ASIDControl MakePool: a device untyped is an invalid capability 1")
{
    seL4_CPtr device = device_untyped();

    CHECK(device != seL4_CapNull);
    CHECK_ANSWER(make_pool(device, CNODE, test_slot(), seL4_WordBits), seL4_InvalidCapability, 1);
}

TEST("2.10 ASIDControl MakePool: an untyped with children is told to revoke first")
{
    seL4_CPtr untyped = pool_untyped();

    CHECK_OK(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, 0, 0, test_slot(), 1));
    CHECK_ANSWER(make_pool(untyped, CNODE, test_slot(), seL4_WordBits), seL4_RevokeFirst);
    CHECK_ANSWER(make_pool(untyped, seL4_CapNull, 0, 0), seL4_RevokeFirst);
}

TEST("2.10 ASIDControl MakePool: the destination's lookup errors")
{
    seL4_CPtr untyped = pool_untyped(), slot = test_slot();
    seL4_Word radix = test_bootinfo->initThreadCNodeSizeBits, guard = seL4_WordBits - radix;

    CHECK_ANSWER(make_pool(untyped, seL4_CapNull, slot, 64), seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_ANSWER(make_pool(untyped, seL4_CapDomain, slot, 64), seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_ANSWER(make_pool(untyped, CNODE, slot, 0), seL4_RangeError, 1, 64);
    CHECK_ANSWER(make_pool(untyped, CNODE, slot, 65), seL4_RangeError, 1, 64);
    CHECK_ANSWER(make_pool(untyped, CNODE, 0, 63), seL4_FailedLookup, 0, seL4_DepthMismatch, 63, 64);
    CHECK_ANSWER(make_pool(untyped, CNODE, slot | LIBSEL4_BIT(60), 64), seL4_FailedLookup, 0,
                 seL4_GuardMismatch, 64, 0, guard);
}

TEST("2.10 ASIDControl MakePool: an occupied destination is told to delete first")
{
    seL4_CPtr untyped = pool_untyped();

    CHECK_ANSWER(make_pool(untyped, CNODE, untyped, seL4_WordBits), seL4_DeleteFirst);
}

TEST("6.5 ASIDControl MakePool: consumes the untyped; the pool is its child")
{
    seL4_CPtr untyped = pool_untyped(), slot = test_slot();

    CHECK_ANSWER(make_pool(untyped, CNODE, slot, seL4_WordBits), seL4_NoError);
    CHECK_EQUAL(identify(slot), KIND_ASID_POOL);
    CHECK_ANSWER(make_pool(untyped, CNODE, test_slot(), seL4_WordBits), seL4_RevokeFirst);
    CHECK_ERROR(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, CNODE, 0, 0, test_slot(), 1),
                seL4_NotEnoughMemory);
    CHECK_MR(0, 0);
    CHECK_OK(seL4_CNode_Revoke(CNODE, untyped, seL4_WordBits));
    CHECK_EQUAL(identify(slot), KIND_NULL);
    CHECK_ANSWER(make_pool(untyped, CNODE, slot, seL4_WordBits), seL4_NoError);
}

TEST("2.10 ASIDPool Assign: no capability is a truncated message")
{
    CHECK_ANSWER(INVOKE(seL4_CapInitThreadASIDPool, RISCVASIDPoolAssign, .length = 1), seL4_TruncatedMessage);
}

TEST("2.10 ASIDPool Assign: what is no page table is an invalid capability 1")
{
    CHECK_ANSWER(assign(seL4_CapInitThreadASIDPool, seL4_CapNull), seL4_InvalidCapability, 1);
    CHECK_ANSWER(assign(seL4_CapInitThreadASIDPool, new_page()), seL4_InvalidCapability, 1);
}

TEST("2.10 ASIDPool Assign: a table that is mapped or assigned is an invalid capability 1")
{
    seL4_CPtr root = new_table();

    CHECK_ANSWER(assign(seL4_CapInitThreadASIDPool, root), seL4_NoError);
    CHECK_ANSWER(assign(seL4_CapInitThreadASIDPool, root), seL4_InvalidCapability, 1);
    CHECK_ANSWER(assign(new_pool(), root), seL4_InvalidCapability, 1);
    CHECK_ANSWER(assign(seL4_CapInitThreadASIDPool, VSPACE), seL4_InvalidCapability, 1);
    CHECK_ANSWER(assign(seL4_CapInitThreadASIDPool, add_tables(VSPACE, REGION, seL4_LargePageBits)),
                 seL4_InvalidCapability, 1);
}

TEST("6.5 ASIDPool Assign: a new pool has 512 numbers, then delete first, after the table's check")
{
    seL4_CPtr pool = new_pool(), table = new_table(), last = seL4_CapNull;

    for (int i = 0; i < 512; i++) {
        last = new_table();
        CHECK_ANSWER(assign(pool, last), seL4_NoError);
    }
    CHECK_ANSWER(assign(pool, table), seL4_DeleteFirst);
    CHECK_ANSWER(assign(pool, last), seL4_InvalidCapability, 1);
    /* A root's number is free again when its last capability goes. */
    delete_cap(last);
    CHECK_ANSWER(assign(pool, table), seL4_NoError);
}

TEST("6.5 ASIDPool Assign: the initial pool has 510 numbers left: 0 is never used, 1 is the root task's")
{
    seL4_Word count = 0;

    while (assign(seL4_CapInitThreadASIDPool, new_table()).error == seL4_NoError) {
        count++;
    }
    CHECK_EQUAL(count, 510);
    CHECK_ANSWER(assign(seL4_CapInitThreadASIDPool, new_table()), seL4_DeleteFirst);
}

TEST("6.5 a root stays one until its last capability is deleted")
{
    seL4_CPtr root = new_vspace(), copy = test_mint(root, seL4_AllRights, 0);

    add_tables(root, REGION, seL4_PageBits);
    delete_cap(root);
    CHECK_ANSWER(map_page(new_page(), copy, REGION), seL4_NoError);
    CHECK_ANSWER(INVOKE(copy, RISCVPageTableUnmap, .length = 0), seL4_RevokeFirst);
}

/* A root in pool, with the probing code at REGION and a page behind it. */
static seL4_CPtr page;
static seL4_CPtr new_space(seL4_CPtr pool)
{
    seL4_CPtr root = new_table();

    CHECK_ANSWER(assign(pool, root), seL4_NoError);
    add_tables(root, REGION, seL4_PageBits);
    map_probe(root, REGION);
    page = new_page();
    CHECK_ANSWER(map_page(page, root, REGION + PAGE_4K), seL4_NoError);
    return root;
}

TEST("6.1 an address space of its own shares nothing with others but what is mapped in both")
{
    seL4_CPtr root = new_space(seL4_CapInitThreadASIDPool);

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(test_mint(page, seL4_AllRights, 0), VSPACE, REGION + 2 * PAGE_4K), seL4_NoError);
    *(volatile seL4_Word *)(REGION + 2 * PAGE_4K) = 0xfeed;
    CHECK_EQUAL(try_load_in(root, REGION, REGION + PAGE_4K), 0);
    CHECK_EQUAL(loaded_value, 0xfeed);
    CHECK_EQUAL(try_load_in(root, REGION, REGION + 2 * PAGE_4K), 5);
    CHECK_EQUAL(try_load_in(root, REGION, (seL4_Word)test_bootinfo), 5);
    CHECK_EQUAL(try_load_in(root, REGION, 0xffffffff80200000), 5);
}

TEST("6.1 a hart that comes back to any of many address spaces finds that one's pages")
{
    enum {
        SPACES = 40
    };
    seL4_CPtr roots[SPACES];

    add_tables(VSPACE, REGION, seL4_PageBits);
    for (seL4_Word i = 0; i < SPACES; i++) {
        seL4_Word here = REGION + (2 + i) * PAGE_4K;
        roots[i] = new_space(seL4_CapInitThreadASIDPool);
        CHECK_ANSWER(map_page(test_mint(page, seL4_AllRights, 0), VSPACE, here), seL4_NoError);
        *(volatile seL4_Word *)here = i;
    }
    for (seL4_Word step = 1; step < SPACES; step += 3) {
        for (seL4_Word i = 0, space = 0; i < SPACES; i++, space = (space + step) % SPACES) {
            CHECK_EQUAL(try_load_in(roots[space], REGION, REGION + PAGE_4K), 0);
            CHECK_EQUAL(loaded_value, space);
        }
    }
}

TEST("6.5 a deleted pool's address spaces stop working, and page calls that name them fail: InvalidRoot")
{
    seL4_CPtr pool = new_pool(), root = new_space(pool);

    CHECK_EQUAL(try_load_in(root, REGION, REGION + PAGE_4K), 0);
    delete_cap(pool);
    CHECK_EQUAL(try_load_in(root, REGION, REGION + PAGE_4K), 1);
    CHECK_ANSWER(map_page(new_page(), root, REGION + 2 * PAGE_4K), seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_ANSWER(map_table(new_table(), root, REGION + PAGE_MEGA), seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_OK(seL4_RISCV_Page_Unmap(page));
    /* The table still counts as assigned. */
    CHECK_ANSWER(assign(seL4_CapInitThreadASIDPool, root), seL4_InvalidCapability, 1);
}

TEST("6.5 while a copy of a pool's capability exists, the pool does")
{
    seL4_CPtr pool = new_pool(), root = new_space(pool), copy = test_mint(pool, seL4_AllRights, 0);

    delete_cap(pool);
    CHECK_EQUAL(try_load_in(root, REGION, REGION + PAGE_4K), 0);
    CHECK_ANSWER(assign(copy, new_table()), seL4_NoError);
    delete_cap(copy);
    CHECK_EQUAL(try_load_in(root, REGION, REGION + PAGE_4K), 1);
}

TEST("6.5 a pool with many address spaces is deleted completely")
{
    seL4_CPtr pool = new_pool(), first = new_table(), last = first;

    CHECK_ANSWER(assign(pool, first), seL4_NoError);
    for (int i = 1; i < 200; i++) {
        last = new_table();
        CHECK_ANSWER(assign(pool, last), seL4_NoError);
    }
    delete_cap(pool);
    CHECK_ANSWER(map_table(new_table(), first, REGION), seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_ANSWER(map_table(new_table(), last, REGION), seL4_FailedLookup, 0, seL4_InvalidRoot);
}

TEST("2.10 a root of a deleted pool whose number was given to another pool does not become its root")
{
    seL4_CPtr pool = new_pool(), root = new_space(pool);

    delete_cap(pool);
    pool = new_pool();
    CHECK_ANSWER(map_page(new_page(), root, REGION), seL4_FailedLookup, 0, seL4_InvalidRoot);
    CHECK_ANSWER(assign(pool, new_table()), seL4_NoError);
    /* Its old number is now that of the new root. */
    CHECK_ANSWER(map_page(new_page(), root, REGION), seL4_InvalidCapability, 1);
    CHECK_ANSWER(map_table(new_table(), root, REGION), seL4_InvalidCapability, 1);
    CHECK_EQUAL(try_load_in(root, REGION, REGION + PAGE_4K), 1);
    /* What the old capabilities still say must not touch the new address space. */
    CHECK_OK(seL4_RISCV_Page_Unmap(page));
    delete_cap(root);
    CHECK_ANSWER(map_page(new_page(), root, REGION), seL4_InvalidCapability, 1);
}

TEST("6.5 a pool that is deleted under running threads stops them on every hart, and they fault")
{
    static const unsigned loop = 0x0000006f; /* j . */
    static const seL4_Word code = REGION + PAGE_4K;

    for (seL4_Word node = 0; node < test_nodes(); node++) {
        seL4_CPtr pool = new_pool(), root = new_space(pool), faults = test_object(seL4_EndpointObject, 0);
        seL4_CPtr tcb = test_object(seL4_TCBObject, 0);
        seL4_UserContext regs = { .pc = code };

        add_tables(VSPACE, REGION + node * PAGE_GIGA, seL4_PageBits);
        CHECK_ANSWER(map_page(test_mint(page, seL4_AllRights, 0), VSPACE, REGION + node * PAGE_GIGA),
                     seL4_NoError);
        *(volatile unsigned *)(REGION + node * PAGE_GIGA) = loop;
        CHECK_OK(seL4_TCB_Configure(tcb, faults, CNODE, 0, root, 0, 0, 0));
        CHECK_OK(seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, TEST_PRIORITY, TEST_PRIORITY));
#if CONFIG_MAX_NUM_NODES > 1
        CHECK_OK(seL4_TCB_SetAffinity(tcb, node));
#endif
        CHECK_OK(seL4_TCB_WriteRegisters(tcb, true, 0, ABI_REG_COUNT, &regs));
        seL4_Yield();
        delete_cap(pool);
        CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_Recv(faults, NULL)), seL4_Fault_VMFault);
        CHECK_EQUAL(seL4_GetMR(seL4_VMFault_Addr), code);
        CHECK_EQUAL(seL4_GetMR(seL4_VMFault_FSR), 1);
    }
}
