/*
 * Mappings that go away while another hart uses them: the thread there must fault, and must never see, or
 * change, what the memory becomes afterwards.
 */
#include <string.h>

#include "smp.h"

#define ROUNDS SOAK_OR(1000, 24)

#define MINE   0x2000000000 /* the page as the test sees it */
#define THEIRS 0x2000400000 /* as the victim does, in a table of its own */
#define BEFORE 0x600d
#define AFTER  0xbad

extern const char victim_load[], victim_load_end[], victim_store[];

static volatile seL4_Word *const mine = (volatile seL4_Word *)MINE;
static struct actor victim;
static seL4_CPtr page, their_page, their_table;

static bool alone(void)
{
    return test_nodes() < 2;
}

/* One page, seen by the test and by the victim. */
static void set_up(seL4_Word node)
{
    page = test_object(seL4_RISCV_4K_Page, 0);
    their_page = test_mint(page, seL4_AllRights, 0);
    their_table = test_object(seL4_RISCV_PageTableObject, 0);
    CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, page, MINE, seL4_AllRights, 0));
    CHECK_OK(seL4_RISCV_PageTable_Map(their_table, seL4_CapInitThreadVSpace, THEIRS, 0));
    CHECK_OK(seL4_RISCV_Page_Map(their_page, seL4_CapInitThreadVSpace, THEIRS, seL4_AllRights, 0));
    *mine = BEFORE;
    victim = actor_new();
    test_thread_set_node(victim.thread, node);
    victim.set.a0 = THEIRS;
    victim.set.a2 = 0;
    victim.set.a3 = BEFORE;
}

static void run_until_busy(const char *code)
{
    actor_run(&victim, code);
    seL4_Word spins = 0;
    do {
        /* Each look stops the other hart for a while, so it gets some time in between. */
        for (volatile unsigned pause = 0; pause < 2000; pause++) {
        }
        actor_read(&victim);
    } while (victim.got.a2 < 100 && ++spins < 10000000);
    CHECK(victim.got.a2 >= 100);
}

/* The mapping has gone: the memory gets a new content, and the victim must have made this fault. */
static void check_faults(seL4_Word status)
{
    *mine = AFTER;
    CHECK_EQUAL(actor_wait(&victim), ACTOR_FAULTED);
    CHECK_EQUAL(victim.label, seL4_Fault_VMFault);
    CHECK_EQUAL(victim.words[1], THEIRS);
    CHECK_EQUAL(victim.words[3], status);
    CHECK(victim.got.a1 != AFTER);
    CHECK_EQUAL(*mine, AFTER);
}

/* Takes the mapping away in some way, on every other hart in turn, under a reader and under a writer. */
static void check_loss(seL4_Error (*take)(void))
{
    for (unsigned round = 0; round < ROUNDS && !alone(); round++) {
        set_up(1 + round % (test_nodes() - 1));
        run_until_busy(round % 2 ? victim_store : victim_load);
        CHECK_OK(take());
        check_faults(round % 2 ? 7 : 5);
        test_reset();
    }
}

static seL4_Error unmap_page(void)
{
    return seL4_RISCV_Page_Unmap(their_page);
}

TEST("tlb: after Page Unmap the thread on another hart faults and never sees the page again")
{
    check_loss(unmap_page);
}

static seL4_Error delete_page(void)
{
    return seL4_CNode_Delete(seL4_CapInitThreadCNode, their_page, seL4_WordBits);
}

TEST("tlb: after deleting the page's capability")
{
    check_loss(delete_page);
}

static seL4_Error revoke_page(void)
{
    return seL4_CNode_Revoke(seL4_CapInitThreadCNode, page, seL4_WordBits);
}

TEST("tlb: after revoking the page from which the mapped copy was made")
{
    check_loss(revoke_page);
}

static seL4_Error unmap_table(void)
{
    return seL4_RISCV_PageTable_Unmap(their_table);
}

TEST("tlb: after PageTable Unmap")
{
    check_loss(unmap_table);
}

static seL4_Error delete_table(void)
{
    return seL4_CNode_Delete(seL4_CapInitThreadCNode, their_table, seL4_WordBits);
}

TEST("tlb: after deleting the page table")
{
    check_loss(delete_table);
}

TEST("tlb: after Unmap and Map of another page the thread uses the new page")
{
    for (unsigned round = 0; round < ROUNDS && !alone(); round++) {
        set_up(1 + round % (test_nodes() - 1));
        seL4_CPtr other = test_object(seL4_RISCV_4K_Page, 0);
        run_until_busy(victim_store);
        CHECK_OK(unmap_page());
        CHECK_OK(seL4_RISCV_Page_Map(other, seL4_CapInitThreadVSpace, THEIRS, seL4_AllRights, 0));
        *mine = AFTER;
        /* It may have faulted in between, then it repeats the store. */
        seL4_Word badge;
        seL4_NBRecv(victim.faults, &badge);
        if (badge) {
            seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
        }
        seL4_Word first, spins = 0;
        actor_read(&victim);
        first = victim.got.a2;
        do {
            actor_read(&victim);
            seL4_NBRecv(victim.faults, &badge);
            if (badge) {
                seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
            }
        } while (victim.got.a2 < first + 100 && ++spins < 100000000);
        CHECK_EQUAL(*mine, AFTER);
        CHECK(((volatile seL4_Word *)THEIRS)[0] >= first);
        test_reset();
    }
}

TEST("tlb: after Map with fewer rights a writer on another hart faults, a reader goes on")
{
    for (unsigned round = 0; round < ROUNDS && !alone(); round++) {
        set_up(1 + round % (test_nodes() - 1));
        run_until_busy(victim_store);
        CHECK_OK(seL4_RISCV_Page_Map(their_page, seL4_CapInitThreadVSpace, THEIRS, seL4_CanRead, 0));
        check_faults(7);
        *mine = BEFORE;
        victim.set.a2 = 0;
        run_until_busy(victim_load);
        CHECK_OK(seL4_RISCV_Page_Map(their_page, seL4_CapInitThreadVSpace, THEIRS, seL4_NoRights, 0));
        check_faults(5);
        test_reset();
    }
}

TEST("tlb: a new mapping serves a thread that faults on another hart")
{
    for (unsigned round = 0; round < ROUNDS && !alone(); round++) {
        set_up(1 + round % (test_nodes() - 1));
        CHECK_OK(seL4_RISCV_Page_Unmap(their_page));
        actor_run(&victim, victim_load);
        CHECK_EQUAL(actor_wait(&victim), ACTOR_FAULTED);
        CHECK_OK(seL4_RISCV_Page_Map(their_page, seL4_CapInitThreadVSpace, THEIRS, seL4_AllRights, 0));
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
        *mine = AFTER;
        /* It reads AFTER at some time and stops at its breakpoint. */
        CHECK_EQUAL(actor_wait(&victim), ACTOR_FAULTED);
        CHECK_EQUAL(victim.label, seL4_Fault_UserException);
        CHECK_EQUAL(victim.got.a1, AFTER);
        test_reset();
    }
}

/* The victim in an address space of its own, with a copy of its code at CODE. */
#define CODE 0x10000000
#define DATA 0x10001000

static seL4_CPtr vspace, tables[2], code_page;

static void set_up_vspace(seL4_Word node, seL4_CPtr asid_pool)
{
    page = test_object(seL4_RISCV_4K_Page, 0);
    their_page = test_mint(page, seL4_AllRights, 0);
    CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, page, MINE, seL4_AllRights, 0));
    code_page = test_object(seL4_RISCV_4K_Page, 0);
    CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, code_page, MINE + 0x1000, seL4_AllRights, 0));
    memcpy((void *)(MINE + 0x1000), victim_load,
           (size_t)((seL4_Word)victim_load_end - (seL4_Word)victim_load));
    __asm__ volatile("fence.i");
    vspace = test_object(seL4_RISCV_PageTableObject, 0);
    CHECK_OK(seL4_RISCV_ASIDPool_Assign(asid_pool, vspace));
    for (unsigned i = 0; i < 2; i++) {
        tables[i] = test_object(seL4_RISCV_PageTableObject, 0);
        CHECK_OK(seL4_RISCV_PageTable_Map(tables[i], vspace, CODE, 0));
    }
    CHECK_OK(seL4_RISCV_Page_Map(test_mint(code_page, seL4_AllRights, 0), vspace, CODE, seL4_AllRights, 0));
    CHECK_OK(seL4_RISCV_Page_Map(their_page, vspace, DATA, seL4_AllRights, 0));
    *mine = BEFORE;
    victim = actor_new();
    CHECK_OK(seL4_TCB_SetSpace(victim.tcb, victim.fault_handler, seL4_CapInitThreadCNode, 0, vspace, 0));
    test_thread_set_node(victim.thread, node);
    victim.set.a0 = DATA;
    victim.set.a2 = 0;
    victim.set.a3 = BEFORE;
}

/* The whole address space goes: the thread faults, at its code or its data. */
static void check_space_lost(void)
{
    *mine = AFTER;
    CHECK_EQUAL(actor_wait(&victim), ACTOR_FAULTED);
    CHECK_EQUAL(victim.label, seL4_Fault_VMFault);
    CHECK(victim.got.a1 != AFTER);
}

TEST("tlb: deleting the VSpace root under a thread that runs in it on another hart")
{
    for (unsigned round = 0; round < ROUNDS && !alone(); round++) {
        set_up_vspace(1 + round % (test_nodes() - 1), seL4_CapInitThreadASIDPool);
        run_until_busy((const char *)CODE);
        /* The thread has a copy of the capability: only revoking removes the last one. */
        CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, vspace, seL4_WordBits));
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, vspace, seL4_WordBits));
        check_space_lost();
        test_reset();
    }
}

TEST("tlb: deleting the page tables of a VSpace under a thread on another hart")
{
    for (unsigned round = 0; round < ROUNDS && !alone(); round++) {
        set_up_vspace(1 + round % (test_nodes() - 1), seL4_CapInitThreadASIDPool);
        run_until_busy((const char *)CODE);
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, tables[round % 2], seL4_WordBits));
        check_space_lost();
        test_reset();
    }
}

TEST("tlb: deleting the ASID pool under a thread that runs in one of its address spaces on another hart")
{
    for (unsigned round = 0; round < ROUNDS && !alone(); round++) {
        seL4_CPtr untyped = test_object(seL4_UntypedObject, 12), pool = test_slot();
        CHECK_OK(seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, untyped, seL4_CapInitThreadCNode, pool,
                                                 seL4_WordBits));
        set_up_vspace(1 + round % (test_nodes() - 1), pool);
        run_until_busy((const char *)CODE);
        CHECK_OK(seL4_CNode_Delete(seL4_CapInitThreadCNode, pool, seL4_WordBits));
        check_space_lost();
        test_reset();
    }
}

TEST("tlb: a thread gets another VSpace while it runs on another hart")
{
    for (unsigned round = 0; round < ROUNDS && !alone(); round++) {
        set_up_vspace(1 + round % (test_nodes() - 1), seL4_CapInitThreadASIDPool);
        run_until_busy((const char *)CODE);
        CHECK_OK(seL4_TCB_SetSpace(victim.tcb, victim.fault_handler, seL4_CapInitThreadCNode, 0,
                                   seL4_CapInitThreadVSpace, 0));
        check_space_lost();
        CHECK(victim.words[0] >= CODE && victim.words[0] < CODE + 0x1000);
        test_reset();
    }
}
