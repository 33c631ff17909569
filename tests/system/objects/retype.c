/*
 * What Retype makes: sizes and places of objects, what is in them, and how an untyped keeps its books.
 */
#include "objects.h"

#include <string.h>

#include <sel4/runtime.h>

/* An untyped of exactly the size takes one object and not two; one of half the size takes none. */
static void check_size(seL4_Word type, seL4_Word size_argument, seL4_Word bits)
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, bits);

    EXPECT(invoke(untyped, retype_message(type, size_argument, 2048, 2)), NOT_ENOUGH_MEMORY(1ul << bits));
    make(untyped, type, size_argument);
    CHECK_EQUAL(free_bytes(untyped), 0);
    if (bits > seL4_MinUntypedBits) {
        seL4_CPtr half = test_object(seL4_UntypedObject, bits - 1);
        EXPECT(invoke(half, retype_message(type, size_argument, test_slot(), 1)),
               NOT_ENOUGH_MEMORY(1ul << (bits - 1)));
    }
}

/* Behind something small, an object begins at the next multiple of its size. */
static void check_alignment(seL4_Word type, seL4_Word size_argument, seL4_Word bits)
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, bits + 2);
    seL4_Word size = 1ul << bits;

    make(untyped, seL4_EndpointObject, 0);
    make(untyped, type, size_argument);
    CHECK_EQUAL(free_bytes(untyped), 2 * size);
    make(untyped, seL4_EndpointObject, 0);
    make(untyped, type, size_argument);
    CHECK_EQUAL(free_bytes(untyped), 0);
}

TEST("2.1 row 0: an untyped has the size that was asked for, and its alignment")
{
    for (seL4_Word bits = seL4_MinUntypedBits; bits <= 20; bits++) {
        check_size(seL4_UntypedObject, bits, bits);
    }
    check_alignment(seL4_UntypedObject, 4, 4);
    check_alignment(seL4_UntypedObject, 16, 16);
}

TEST("2.1 row 0: the largest untyped has 2^38 bytes")
{
    seL4_CPtr all = device_untyped(38);
    seL4_CPtr untyped = make(all, seL4_UntypedObject, 38);

    EXPECT(invoke(untyped, retype_message(seL4_UntypedObject, 38, 2048, 2)), NOT_ENOUGH_MEMORY(1ul << 38));
    CHECK_EQUAL(free_bytes(all), 0);
    make(untyped, seL4_UntypedObject, 38);
}

TEST("2.1 row 1: a TCB has 2^11 bytes, aligned")
{
    check_size(seL4_TCBObject, 0, 11);
    check_alignment(seL4_TCBObject, 0, 11);
}

TEST("2.1 row 2: an endpoint has 2^4 bytes, aligned")
{
    check_size(seL4_EndpointObject, 0, 4);
    check_alignment(seL4_EndpointObject, 0, 4);
}

TEST("2.1 row 3: a notification has 2^5 bytes, aligned")
{
    check_size(seL4_NotificationObject, 0, 5);
    check_alignment(seL4_NotificationObject, 0, 5);
}

TEST("2.1 row 4: a CNode has 2^5 bytes for each slot, aligned")
{
    for (seL4_Word radix = 1; radix <= 15; radix++) {
        check_size(seL4_CapTableObject, radix, radix + 5);
    }
    check_alignment(seL4_CapTableObject, 1, 6);
    check_alignment(seL4_CapTableObject, 8, 13);
}

TEST("2.1 row 5: a giga page has 2^30 bytes, aligned")
{
    seL4_CPtr untyped = new_device_untyped(31);
    seL4_CPtr page = make(untyped, seL4_RISCV_Giga_Page, 0);

    CHECK_EQUAL(free_bytes(untyped), 1ul << 30);
    CHECK_EQUAL(page_address(page) % (1ul << 30), 0);
    EXPECT(invoke(untyped, retype_message(seL4_RISCV_Giga_Page, 0, 2048, 2)), NOT_ENOUGH_MEMORY(1ul << 30));
}

TEST("2.1 row 6: a 4K page has 2^12 bytes, aligned")
{
    check_size(seL4_RISCV_4K_Page, 0, 12);
    check_alignment(seL4_RISCV_4K_Page, 0, 12);
    CHECK_EQUAL(page_address(test_object(seL4_RISCV_4K_Page, 0)) % 4096, 0);
}

TEST("2.1 row 7: a mega page has 2^21 bytes, aligned")
{
    check_size(seL4_RISCV_Mega_Page, 0, 21);
    CHECK_EQUAL(page_address(test_object(seL4_RISCV_Mega_Page, 0)) % (1ul << 21), 0);
}

TEST("2.1 row 8: a page table has 2^12 bytes, aligned")
{
    check_size(seL4_RISCV_PageTableObject, 0, 12);
    check_alignment(seL4_RISCV_PageTableObject, 0, 12);
}

TEST("4.11 placement: capabilities go to consecutive slots by ascending address")
{
    seL4_CPtr node = new_cnode(8);
    seL4_CPtr slot = test_slot();
    seL4_Word first = 0;

    CHECK_OK(seL4_Untyped_Retype(test_arena, seL4_RISCV_4K_Page, 0, node, 0, 0, 100, 20));
    for (seL4_Word i = 0; i < 256; i++) {
        CHECK_EQUAL(is_empty_in(node, i, 8), i < 100 || i >= 120);
    }
    for (seL4_Word i = 0; i < 20; i++) {
        CHECK_OK(seL4_CNode_Move(ROOT, slot, DEPTH, node, 100 + i, 8));
        first = i ? first : page_address(slot);
        CHECK_EQUAL(page_address(slot), first + 4096 * i);
        CHECK_OK(delete_cap(slot));
    }
}

TEST("4.11 placement: untypeds of one Retype lie side by side in slot order")
{
    seL4_CPtr slots[4];
    seL4_Word address[4];

    for (unsigned i = 0; i < 4; i++) {
        slots[i] = test_slot();
    }
    CHECK_OK(seL4_Untyped_Retype(test_arena, seL4_UntypedObject, 14, ROOT, 0, 0, slots[0], 4));
    for (unsigned i = 4; i-- > 0;) {
        address[i] = page_address(make(slots[i], seL4_RISCV_4K_Page, 0));
    }
    for (unsigned i = 1; i < 4; i++) {
        CHECK_EQUAL(address[i], address[0] + (i << 14));
    }
}

TEST("4.11 window: 256 objects at once")
{
    seL4_CPtr node = new_cnode(8);

    CHECK_OK(seL4_Untyped_Retype(test_arena, seL4_EndpointObject, 0, node, 0, 0, 0, 256));
    for (seL4_Word i = 0; i < 256; i++) {
        CHECK(!is_empty_in(node, i, 8));
    }
}

TEST("4.11 destination: with depth 0 the root's own CNode, whatever the index")
{
    seL4_CPtr node = guarded(new_cnode(4), 0x123, 20);

    EXPECT(invoke(test_arena, retype_into(node, ~0ul, 0, 9, 1)), SUCCESS);
    CHECK(!is_empty_in(node, 0x1239, 24));
}

TEST("4.11 destination: with a depth the CNode in the slot, whatever its guard")
{
    seL4_CPtr outer = new_cnode(4);
    seL4_CPtr inner = new_cnode(3);

    put_copy(outer, 5, 4, guarded(inner, 0x3ff, 10));
    EXPECT(invoke(test_arena, retype_into(outer, 5, 4, 6, 1)), SUCCESS);
    CHECK(!is_empty_in(inner, 6, 3));
    EXPECT(invoke(test_arena, retype_into(ROOT, inner, 64, 7, 1)), SUCCESS);
    CHECK(!is_empty_in(inner, 7, 3));
}

TEST("4.11 destination: a CNode two levels down is found through guards")
{
    seL4_CPtr outer = new_cnode(4);
    seL4_CPtr middle = new_cnode(3);
    seL4_CPtr inner = new_cnode(2);

    put_copy(middle, 6, 3, inner);
    put_copy(outer, 2, 4, guarded(middle, 1, 2));
    EXPECT(invoke(test_arena, retype_into(outer, 2 << 5 | 1 << 3 | 6, 9, 3, 1)), SUCCESS);
    CHECK(!is_empty_in(inner, 3, 2));
}

TEST("4.11 alignment and free index: objects start at the free index, rounded up")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 15);
    seL4_Word first = page_address(make(untyped, seL4_RISCV_4K_Page, 0));

    CHECK_EQUAL(free_bytes(untyped), 7 * PAGE);
    make(untyped, seL4_EndpointObject, 0);
    CHECK_EQUAL(free_bytes(untyped), 7 * PAGE - 16);
    CHECK_EQUAL(page_address(make(untyped, seL4_RISCV_4K_Page, 0)), first + 2 * PAGE);
    CHECK_EQUAL(free_bytes(untyped), 5 * PAGE);
    make(untyped, seL4_NotificationObject, 0);
    make(untyped, seL4_EndpointObject, 0);
    CHECK_EQUAL(free_bytes(untyped), 5 * PAGE - 48);
    make(untyped, seL4_TCBObject, 0);
    CHECK_EQUAL(free_bytes(untyped), 4 * PAGE);
}

TEST("4.11 freeing single objects does not lower the free index")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 14);
    seL4_CPtr first = make(untyped, seL4_RISCV_4K_Page, 0);
    seL4_Word address = page_address(first);
    seL4_CPtr second = make(untyped, seL4_RISCV_4K_Page, 0);

    CHECK_OK(delete_cap(second));
    CHECK_EQUAL(free_bytes(untyped), 2 * PAGE);
    CHECK_EQUAL(page_address(make(untyped, seL4_RISCV_4K_Page, 0)), address + 2 * PAGE);
    CHECK_OK(delete_cap(first));
    CHECK_EQUAL(free_bytes(untyped), 4096);
}

TEST("4.11 an untyped without children starts again at its beginning")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 14);
    seL4_CPtr first = make(untyped, seL4_RISCV_4K_Page, 0);
    seL4_Word address = page_address(first);
    seL4_CPtr second = make(untyped, seL4_RISCV_4K_Page, 0);

    CHECK_OK(delete_cap(first));
    CHECK_OK(delete_cap(second));
    CHECK_EQUAL(free_bytes(untyped), 4 * PAGE);
    CHECK_EQUAL(page_address(make(untyped, seL4_RISCV_4K_Page, 0)), address);
    CHECK_EQUAL(free_bytes(untyped), 3 * PAGE);
}

TEST("4.11 revoking an untyped lets it start again")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 13);
    seL4_CPtr page = make(untyped, seL4_RISCV_4K_Page, 0);
    seL4_CPtr endpoint = make(untyped, seL4_EndpointObject, 0);

    CHECK_OK(revoke_cap(untyped));
    CHECK(is_empty(page));
    CHECK(is_empty(endpoint));
    CHECK_EQUAL(free_bytes(untyped), 8192);
}

TEST("4.11 a copy of an object keeps its untyped's memory in use")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr endpoint = make(untyped, seL4_EndpointObject, 0);
    seL4_CPtr copy = badged(endpoint, 7);

    CHECK_OK(delete_cap(endpoint));
    CHECK_EQUAL(free_bytes(untyped), 4096 - 16);
    CHECK_OK(delete_cap(copy));
    CHECK_EQUAL(free_bytes(untyped), 4096);
}

static void check_zero(const void *memory, size_t bytes)
{
    const seL4_Word *words = memory;

    for (size_t i = 0; i < bytes / sizeof(*words); i++) {
        if (words[i]) {
            test_fail(__FILE__, __LINE__, "byte %lu of new memory is not zero", i * sizeof(*words));
            return;
        }
    }
}

/* Fills an untyped's memory with ones through a page, and gives the page back. */
static seL4_CPtr dirty_untyped(void)
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr page = make(untyped, seL4_RISCV_4K_Page, 0);

    memset(map(page, MAP_ADDRESS), 0xff, 4096);
    CHECK_OK(delete_cap(page));
    return untyped;
}

TEST("4.11 contents: memory that is used again is zero in a new page")
{
    seL4_CPtr page = make(dirty_untyped(), seL4_RISCV_4K_Page, 0);

    check_zero(map(page, MAP_ADDRESS), 4096);
    CHECK_OK(seL4_RISCV_Page_Unmap(page));
}

TEST("4.11 contents: the whole region up to the old free index is zeroed")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 17);
    seL4_CPtr pages[32];

    for (unsigned i = 0; i < 32; i++) {
        pages[i] = make(untyped, seL4_RISCV_4K_Page, 0);
        memset(map(pages[i], MAP_ADDRESS + i * PAGE), 0xff, 4096);
    }
    CHECK_OK(revoke_cap(untyped));
    for (unsigned i = 0; i < 32; i++) {
        pages[i] = make(untyped, seL4_RISCV_4K_Page, 0);
        check_zero(map(pages[i], MAP_ADDRESS + i * PAGE), 4096);
    }
}

TEST("4.11 contents: memory given through a smaller untyped is zeroed by the larger one")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 14);
    seL4_CPtr page = make(make(untyped, seL4_UntypedObject, 13), seL4_RISCV_4K_Page, 0);
    seL4_Word address = page_address(page);

    memset(map(page, MAP_ADDRESS), 0xff, 4096);
    CHECK_OK(revoke_cap(untyped));
    page = make(untyped, seL4_RISCV_4K_Page, 0);
    CHECK_EQUAL(page_address(page), address);
    check_zero(map(page, MAP_ADDRESS), 4096);
}

TEST("4.11 contents: a mega page is zero throughout")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 21);
    seL4_Word address = MAP_ADDRESS + (1ul << 22);
    seL4_CPtr page = make(untyped, seL4_RISCV_Mega_Page, 0);

    memset(map(page, address), 0xff, 1ul << 21);
    CHECK_OK(delete_cap(page));
    check_zero(map(make(untyped, seL4_RISCV_Mega_Page, 0), address), 1ul << 21);
}

TEST("4.11 new TCB: all registers are zero, whatever was in its memory")
{
    seL4_CPtr tcb = make(dirty_untyped(), seL4_TCBObject, 0);
    seL4_UserContext registers;

    memset(&registers, 0xff, sizeof(registers));
    CHECK_OK(seL4_TCB_ReadRegisters(tcb, false, 0, 32, &registers));
    check_zero(&registers, sizeof(registers));
}

TEST("4.11 new TCB: it has no bound notification, maximum priority 0 and no FPU flag")
{
    seL4_CPtr tcb = make(dirty_untyped(), seL4_TCBObject, 0);

    CHECK_ERROR(seL4_TCB_UnbindNotification(tcb), seL4_IllegalOperation);
    CHECK_ERROR(seL4_TCB_SetPriority(tcb, tcb, 1), seL4_RangeError);
    CHECK_MR(0, 0);
    CHECK_MR(1, 0);
    seL4_TCB_SetFlags_t flags = seL4_TCB_SetFlags(tcb, 0, 0);
    CHECK_OK(flags.error);
    CHECK_EQUAL(flags.flags, 0);
}

TEST("4.11 new CNode: every slot is empty and there is no guard, whatever was in its memory")
{
    seL4_CPtr node = make(dirty_untyped(), seL4_CapTableObject, 7);

    for (seL4_Word i = 0; i < 128; i++) {
        CHECK(is_empty_in(node, i, 7));
    }
}

TEST("4.11 new notification: idle, badge 0 and all rights")
{
    seL4_CPtr notification = make(dirty_untyped(), seL4_NotificationObject, 0);
    seL4_Word badge = 1;

    seL4_Poll(notification, &badge);
    CHECK_EQUAL(badge, 0);
    seL4_Signal(notification);
    seL4_Signal(badged(notification, 4));
    seL4_Poll(notification, &badge);
    CHECK_EQUAL(badge, 4);
}

TEST("4.11 new endpoint: idle and all rights")
{
    seL4_CPtr endpoint = make(dirty_untyped(), seL4_EndpointObject, 0);
    seL4_Word badge = 1;

    seL4_NBRecv(endpoint, &badge);
    CHECK_EQUAL(badge, 0);
    CHECK_OK(seL4_CNode_CancelBadgedSends(ROOT, endpoint, DEPTH));
}

TEST("4.11 new page table: unmapped, and no entry is valid")
{
    seL4_CPtr table = make(dirty_untyped(), seL4_RISCV_PageTableObject, 0);
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);
    seL4_Word vaddr = MAP_ADDRESS + (1ul << 24);

    CHECK_ERROR(seL4_CNode_Copy(ROOT, test_slot(), DEPTH, ROOT, table, DEPTH, seL4_AllRights),
                seL4_IllegalOperation);
    map(test_object(seL4_RISCV_4K_Page, 0), MAP_ADDRESS); /* the upper table */
    CHECK_OK(seL4_RISCV_PageTable_Map(table, seL4_CapInitThreadVSpace, vaddr, 0));
    for (seL4_Word i = 0; i < 512; i++) {
        CHECK_OK(seL4_RISCV_Page_Map(page, seL4_CapInitThreadVSpace, vaddr + i * PAGE, seL4_ReadWrite, 0));
        CHECK_OK(seL4_RISCV_Page_Unmap(page));
    }
}

TEST("4.11 new page: read-write and unmapped")
{
    seL4_CPtr page = test_object(seL4_RISCV_4K_Page, 0);

    CHECK_OK(seL4_RISCV_Page_Unmap(page));
    volatile seL4_Word *memory = map(page, MAP_ADDRESS + 4096);
    *memory = 5;
    CHECK_EQUAL(*memory, 5);
}

TEST("4.11 new untyped: everything is free")
{
    CHECK_EQUAL(free_bytes(test_object(seL4_UntypedObject, 9)), 512);
}

TEST("4.11 device untyped: the free index goes on and starts again like any other")
{
    seL4_CPtr untyped = new_device_untyped(14);
    seL4_CPtr first = make(untyped, seL4_RISCV_4K_Page, 0);
    seL4_Word address = page_address(first);
    seL4_CPtr small = make(untyped, seL4_UntypedObject, 4);

    CHECK_EQUAL(free_bytes(untyped), 3 * PAGE - 16);
    seL4_CPtr second = make(untyped, seL4_RISCV_4K_Page, 0);
    CHECK_EQUAL(page_address(second), address + 2 * PAGE);
    CHECK_OK(delete_cap(first));
    CHECK_OK(delete_cap(small));
    CHECK_OK(delete_cap(second));
    CHECK_EQUAL(free_bytes(untyped), 4 * PAGE);
    CHECK_EQUAL(page_address(make(untyped, seL4_RISCV_4K_Page, 0)), address);
}

TEST("4.11 device untyped: pages have the addresses that BootInfo tells")
{
    seL4_CPtr untyped = device_untyped(30);
    seL4_Word address = test_bootinfo->untypedList[untyped - test_bootinfo->untyped.start].paddr;

    CHECK(is_childless(untyped));
    CHECK_EQUAL(page_address(make(untyped, seL4_RISCV_4K_Page, 0)), address);
    CHECK_EQUAL(page_address(make(untyped, seL4_RISCV_Mega_Page, 0)), address + (1ul << 21));
}

TEST("4.11 boot untypeds: childless, so all of each is free")
{
    for (seL4_Word i = 0; i < test_bootinfo->untyped.end - test_bootinfo->untyped.start; i++) {
        const seL4_UntypedDesc *desc = &test_bootinfo->untypedList[i];
        seL4_CPtr untyped = test_bootinfo->untyped.start + i;
        if (desc->sizeBits < 38 && is_childless(untyped)) {
            CHECK_EQUAL(free_bytes(untyped), 1ul << desc->sizeBits);
        }
    }
}

TEST("4.11 memory of another program's past is gone: pages of boot untypeds are zero")
{
    for (seL4_Word i = 0; i < test_bootinfo->untyped.end - test_bootinfo->untyped.start; i++) {
        const seL4_UntypedDesc *desc = &test_bootinfo->untypedList[i];
        seL4_CPtr untyped = test_bootinfo->untyped.start + i;
        if (!desc->isDevice && desc->sizeBits >= 12 && desc->sizeBits <= 16 && is_childless(untyped)) {
            seL4_CPtr page = make(untyped, seL4_RISCV_4K_Page, 0);
            check_zero(map(page, MAP_ADDRESS), 4096);
            CHECK_OK(delete_cap(page));
        }
    }
}
