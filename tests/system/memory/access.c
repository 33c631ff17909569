/*
 * 6.4: what a mapping allows, for each right of the capability, each right asked for, and ExecuteNever; tried
 * out by loads, stores and jumps.
 */
#include "memory.h"

#include <string.h>

static const char *const with_execute[] = { "x", "x", "rx", "rwx" };
static const char *const without_execute[] = { "", "", "r", "rw" };

/* Write without read, and no right at all, are for the kernel only. */
static seL4_Word effective(seL4_Word rights)
{
    return rights & RIGHTS_READ ? rights : RIGHTS_NONE;
}

/* Maps capabilities of the given rights with all combinations of rights and attributes. */
static void check_row(seL4_Word cap_rights)
{
    seL4_CPtr page = new_page();
    seL4_CPtr cap = test_mint(page, (seL4_CapRights_t){ { cap_rights } }, 0);

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION + PAGE_4K), seL4_NoError);
    write_return(REGION + PAGE_4K);
    for (seL4_Word rights = RIGHTS_NONE; rights <= RIGHTS_READ_WRITE; rights++) {
        seL4_Word allowed = effective(cap_rights) & effective(rights);

        CHECK_ANSWER(map_page_as(cap, VSPACE, REGION, rights, 0), seL4_NoError);
        CHECK_ACCESS(REGION, with_execute[allowed]);
        CHECK_ANSWER(map_page_as(cap, VSPACE, REGION, rights, seL4_RISCV_ExecuteNever), seL4_NoError);
        CHECK_ACCESS(REGION, without_execute[allowed]);
    }
}

TEST("6.4 access: a read-write capability gives what is asked for")
{
    check_row(RIGHTS_READ_WRITE);
}

TEST("6.4 access: a read-only capability never gives write access")
{
    check_row(RIGHTS_READ);
}

TEST("6.4 access: a write-only capability is kernel-only: execution at most")
{
    check_row(RIGHTS_WRITE);
}

TEST("6.4 access: a capability without rights is kernel-only: execution at most")
{
    check_row(RIGHTS_NONE);
}

TEST("6.4 access: rights never come back by copying")
{
    seL4_CPtr page = new_page();
    seL4_CPtr readable = test_mint(page, seL4_CanRead, 0), none = test_mint(page, seL4_CanWrite, 0);

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION + PAGE_4K), seL4_NoError);
    write_return(REGION + PAGE_4K);
    CHECK_ANSWER(map_page(test_mint(readable, seL4_AllRights, 0), VSPACE, REGION), seL4_NoError);
    CHECK_ACCESS(REGION, "rx");
    CHECK_ANSWER(map_page(test_mint(none, seL4_AllRights, 0), VSPACE, REGION + 2 * PAGE_4K), seL4_NoError);
    CHECK_ACCESS(REGION + 2 * PAGE_4K, "x");
}

TEST("6.4 access: bits of the rights word above Read and Write do not matter")
{
    seL4_CPtr page = new_page();

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page_as(page, VSPACE, REGION, ~(seL4_Word)RIGHTS_WRITE, seL4_RISCV_ExecuteNever),
                 seL4_NoError);
    CHECK_ACCESS(REGION, "r");
    CHECK_ANSWER(map_page_as(page, VSPACE, REGION, ~(seL4_Word)RIGHTS_READ, seL4_RISCV_ExecuteNever),
                 seL4_NoError);
    CHECK_ACCESS(REGION, "");
}

TEST("6.4 access: attribute bits above ExecuteNever do not matter")
{
    seL4_CPtr page = new_page();

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page_as(page, VSPACE, REGION, RIGHTS_READ_WRITE, ~(seL4_Word)1), seL4_NoError);
    write_return(REGION);
    CHECK_ACCESS(REGION, "rwx");
    CHECK_ANSWER(map_page_as(page, VSPACE, REGION, RIGHTS_READ_WRITE, ~0ul), seL4_NoError);
    CHECK_ACCESS(REGION, "rw");
}

TEST("6.4 kernel-only with ExecuteNever: the entry stays invalid, but the capability counts as mapped")
{
    seL4_CPtr page = new_page();

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page_as(page, VSPACE, REGION, RIGHTS_NONE, seL4_RISCV_ExecuteNever), seL4_NoError);
    CHECK_ACCESS(REGION, "");
    CHECK_ANSWER(map_page(page, VSPACE, REGION + PAGE_4K), seL4_InvalidArgument, 0);
    /* So another page can take the place. */
    CHECK_ANSWER(map_page(new_page(), VSPACE, REGION), seL4_NoError);
    CHECK_OK(seL4_RISCV_Page_Unmap(page));
    CHECK_EQUAL(try_load(REGION), 0);
}

TEST("6.4 access: a 2 MiB page gives the same, at its first and last bytes")
{
    seL4_CPtr page = test_object(seL4_RISCV_Mega_Page, 0);
    seL4_Word last = REGION + PAGE_MEGA - 16;

    add_tables(VSPACE, REGION, seL4_LargePageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    write_return(REGION);
    write_return(last);
    CHECK_ACCESS(REGION, "rwx");
    CHECK_ACCESS(last, "rwx");
    CHECK_ANSWER(map_page_as(page, VSPACE, REGION, RIGHTS_READ, seL4_RISCV_ExecuteNever), seL4_NoError);
    CHECK_ACCESS(REGION, "r");
    CHECK_ACCESS(last, "r");
    CHECK_ANSWER(map_page_as(page, VSPACE, REGION, RIGHTS_NONE, 0), seL4_NoError);
    CHECK_ACCESS(last, "x");
    CHECK_OK(seL4_RISCV_Page_Unmap(page));
    CHECK_ACCESS(REGION, "");
    CHECK_ACCESS(last, "");
}

TEST("6.2 the first access to a fresh mapping faults neither for reading nor for writing: A and D are set")
{
    add_tables(VSPACE, REGION, seL4_PageBits);
    for (seL4_Word i = 0; i < 16; i++) {
        CHECK_ANSWER(map_page(new_page(), VSPACE, REGION + i * PAGE_4K), seL4_NoError);
        CHECK_EQUAL(i % 2 ? try_store(REGION + i * PAGE_4K, i) : try_load(REGION + i * PAGE_4K), 0);
    }
}

TEST("4.11 pages from memory are zero")
{
    seL4_CPtr page = test_object(seL4_RISCV_Mega_Page, 0);
    seL4_Word sum = 0;

    add_tables(VSPACE, REGION, seL4_LargePageBits);
    CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
    for (seL4_Word i = 0; i < PAGE_MEGA; i += sizeof(seL4_Word)) {
        sum |= *(volatile seL4_Word *)(REGION + i);
    }
    CHECK_EQUAL(sum, 0);
}

static volatile bool stop;
static volatile seL4_Word reads;
static seL4_CPtr faults;

static void read_forever(void *arg)
{
    while (!stop) {
        (void)*(volatile seL4_Word *)arg;
        reads++;
    }
}

TEST("6.4 Page Unmap: takes the page away from threads that are using it on other harts")
{
    faults = test_object(seL4_EndpointObject, 0);
    add_tables(VSPACE, REGION, seL4_PageBits);
    stop = false;
    for (seL4_Word node = 1; node < test_nodes(); node++) {
        seL4_CPtr page = new_page();
        struct test_thread *thread = test_thread_create(read_forever, (void *)REGION, TEST_PRIORITY, faults);

        reads = 0;
        CHECK_ANSWER(map_page(page, VSPACE, REGION), seL4_NoError);
        test_thread_set_node(thread, node);
        test_thread_start(thread);
        while (reads == 0) {
        }
        CHECK_OK(seL4_RISCV_Page_Unmap(page));
        CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_Recv(faults, NULL)), seL4_Fault_VMFault);
        CHECK_EQUAL(seL4_GetMR(seL4_VMFault_Addr), REGION);
        CHECK_EQUAL(seL4_GetMR(seL4_VMFault_FSR), 5);
    }
}

/* Counts in a0[0] for ever: addi a2, a2, 1; sd a2, 0(a0); j back to the start. */
static const unsigned count_code[] = { 0x00160613, 0x00c53023, 0xff9ff06f };

static void nothing(void *arg)
{
}

TEST("6.1 revoking the root of an address space stops a thread that runs in it, on whichever hart")
{
    seL4_CPtr vspace = new_vspace(), code = new_page(), data = new_page(),
              faults = test_object(seL4_EndpointObject, 0);
    struct test_thread *thread = test_thread_create(nothing, NULL, TEST_PRIORITY - 1, faults);
    seL4_UserContext registers = { .pc = REGION, .a0 = REGION + PAGE_4K };
    volatile seL4_Word *counter = (void *)(REGION + PAGE_4K);

    add_tables(VSPACE, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(code, VSPACE, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(data, VSPACE, REGION + PAGE_4K), seL4_NoError);
    memcpy((void *)REGION, count_code, sizeof(count_code));
    add_tables(vspace, REGION, seL4_PageBits);
    CHECK_ANSWER(map_page(test_mint(code, seL4_AllRights, 0), vspace, REGION), seL4_NoError);
    CHECK_ANSWER(map_page(test_mint(data, seL4_AllRights, 0), vspace, REGION + PAGE_4K), seL4_NoError);
    test_thread_set_node(thread, test_nodes() - 1);
    CHECK_OK(seL4_TCB_SetSpace(thread->tcb, faults, seL4_CapInitThreadCNode, 0, vspace, 0));
    CHECK_OK(seL4_TCB_WriteRegisters(thread->tcb, true, 0, 32, &registers));
    if (test_nodes() > 1) {
        while (*counter < 1000) {
        }
    }
    CHECK_OK(seL4_CNode_Revoke(seL4_CapInitThreadCNode, vspace, seL4_WordBits));
    CHECK_EQUAL(seL4_MessageInfo_get_label(seL4_Recv(faults, NULL)), seL4_Fault_VMFault);
    CHECK_EQUAL(seL4_GetMR(seL4_VMFault_PrefetchFault), 1);
}
