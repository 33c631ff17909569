/*
 * The derivation tree: what Revoke deletes, and what not.
 */
#include "objects.h"

static void check_empty(const seL4_CPtr *slots, unsigned count, bool empty)
{
    for (unsigned i = 0; i < count; i++) {
        CHECK_EQUAL(is_empty(slots[i]), empty);
    }
}

#define CHECK_GONE(...) \
    check_empty((seL4_CPtr[]){ __VA_ARGS__ }, sizeof((seL4_CPtr[]){ __VA_ARGS__ }) / sizeof(seL4_CPtr), true)
#define CHECK_THERE(...) \
    check_empty((seL4_CPtr[]){ __VA_ARGS__ }, sizeof((seL4_CPtr[]){ __VA_ARGS__ }) / sizeof(seL4_CPtr), false)

/* A page table that can be copied. */
static seL4_CPtr new_vspace(void)
{
    seL4_CPtr table = test_object(seL4_RISCV_PageTableObject, 0);

    CHECK_OK(seL4_RISCV_ASIDPool_Assign(seL4_CapInitThreadASIDPool, table));
    return table;
}

static seL4_CPtr new_asid_pool(seL4_CPtr untyped)
{
    seL4_CPtr pool = test_slot();

    CHECK_OK(seL4_RISCV_ASIDControl_MakePool(seL4_CapASIDControl, untyped, ROOT, pool, DEPTH));
    return pool;
}

static seL4_CPtr new_irq_handler(seL4_Word irq)
{
    seL4_CPtr handler = test_slot();

    CHECK_OK(seL4_IRQControl_Get(seL4_CapIRQControl, irq, ROOT, handler, DEPTH));
    return handler;
}

/* Revoking an original removes its copies and their copies, and itself stays; revoking a copy does nothing.
 */
static void check_revoke(seL4_CPtr original)
{
    seL4_CPtr first = copy_of(original);
    seL4_CPtr second = copy_of(first);
    seL4_CPtr third = copy_of(original);

    CHECK_OK(revoke_cap(first));
    CHECK_OK(revoke_cap(second));
    CHECK_OK(revoke_cap(third));
    CHECK_THERE(original, first, second, third);
    CHECK_OK(revoke_cap(original));
    CHECK_GONE(first, second, third);
    CHECK_THERE(original);
}

TEST("4.9 an original CNode: Revoke removes all copies, Revoke on a copy does nothing")
{
    check_revoke(new_cnode(4));
}

TEST("4.9 an original TCB: Revoke removes all copies, Revoke on a copy does nothing")
{
    check_revoke(test_object(seL4_TCBObject, 0));
}

TEST("4.9 an original page: Revoke removes all copies, Revoke on a copy does nothing")
{
    check_revoke(test_object(seL4_RISCV_4K_Page, 0));
    check_revoke(test_object(seL4_RISCV_Mega_Page, 0));
}

TEST("4.9 an original page table: Revoke removes all copies, Revoke on a copy does nothing")
{
    check_revoke(new_vspace());
}

TEST("4.8 an ASID pool is not revocable: Revoke on it or a copy does nothing")
{
    seL4_CPtr pool = new_asid_pool(test_object(seL4_UntypedObject, 12));
    seL4_CPtr first = copy_of(pool);
    seL4_CPtr second = copy_of(first);

    CHECK_OK(revoke_cap(pool));
    CHECK_OK(revoke_cap(first));
    CHECK_THERE(pool, first, second);
}

TEST("4.9 an endpoint or notification: Revoke removes all unbadged copies, on a copy it does nothing")
{
    check_revoke(test_object(seL4_EndpointObject, 0));
    check_revoke(test_object(seL4_NotificationObject, 0));
}

TEST("4.9 an interrupt handler: Revoke removes all copies, Revoke on a copy does nothing")
{
    check_revoke(new_irq_handler(80));
}

TEST("4.8 boot capabilities are revocable: domain, ASID control and pool, BootInfo frame")
{
    check_revoke(seL4_CapDomain);
    check_revoke(seL4_CapASIDControl);
    check_revoke(seL4_CapInitThreadASIDPool);
    check_revoke(seL4_CapBootInfoFrame);
}

TEST("4.8 boot capabilities are roots: revoking one leaves the others alone")
{
    seL4_CPtr domain = copy_of(seL4_CapDomain);
    seL4_CPtr frame = copy_of(seL4_CapBootInfoFrame);

    CHECK_OK(revoke_cap(seL4_CapDomain));
    CHECK_GONE(domain);
    CHECK_THERE(seL4_CapBootInfoFrame, frame, seL4_CapInitThreadTCB, ROOT, seL4_CapInitThreadVSpace);
}

TEST("4.9 interrupt control: Revoke removes all handlers and their copies")
{
    seL4_CPtr first = new_irq_handler(80);
    seL4_CPtr second = new_irq_handler(81);
    seL4_CPtr copy = copy_of(first);

    CHECK_OK(revoke_cap(seL4_CapIRQControl));
    CHECK_GONE(first, second, copy);
    CHECK_THERE(seL4_CapIRQControl);
    new_irq_handler(80);
}

TEST("4.9 an interrupt handler: Revoke leaves other interrupts' handlers alone")
{
    seL4_CPtr first = new_irq_handler(80);
    seL4_CPtr second = new_irq_handler(81);
    seL4_CPtr copy = copy_of(second);

    CHECK_OK(revoke_cap(first));
    CHECK_THERE(first, second, copy);
    CHECK_OK(revoke_cap(second));
    CHECK_GONE(copy);
    CHECK_THERE(first, second);
}

/* What kinds of capability have badges. */
static const seL4_Word badged_types[] = { seL4_EndpointObject, seL4_NotificationObject };

/* Runs its body with original, a new endpoint and then a new notification. */
#define FOR_EACH_ORIGINAL()                                        \
    for (unsigned type_index_ = 0; type_index_ < 2; type_index_++) \
        for (seL4_CPtr original = test_object(badged_types[type_index_], 0); original; original = 0)

TEST("4.9 row 3: revoking the unbadged original removes copies and badged ones")
{
    FOR_EACH_ORIGINAL()
    {
        seL4_CPtr copy = copy_of(original);
        seL4_CPtr one = badged(original, 1);
        seL4_CPtr two = badged(copy, 2);
        seL4_CPtr three = copy_of(two);
        CHECK_OK(revoke_cap(original));
        CHECK_GONE(copy, one, two, three);
        CHECK_THERE(original);
    }
}

TEST("4.9 row 3: revoking the first with a badge removes its copies and nothing else")
{
    FOR_EACH_ORIGINAL()
    {
        seL4_CPtr first = badged(original, 1);
        seL4_CPtr copy = copy_of(first);
        seL4_CPtr copy_of_copy = copy_of(copy);
        seL4_CPtr other = badged(original, 2);
        seL4_CPtr unbadged = copy_of(original);
        CHECK_OK(revoke_cap(first));
        CHECK_GONE(copy, copy_of_copy);
        CHECK_THERE(original, first, other, unbadged);
    }
}

TEST("4.9 row 3: the same badge given twice makes two branches that do not revoke each other")
{
    FOR_EACH_ORIGINAL()
    {
        seL4_CPtr first = badged(original, 1);
        seL4_CPtr second = badged(original, 1);
        seL4_CPtr of_first = copy_of(first);
        seL4_CPtr of_second = copy_of(second);
        CHECK_OK(revoke_cap(second));
        CHECK_GONE(of_second);
        CHECK_THERE(first, of_first, second);
        of_second = copy_of(second);
        CHECK_OK(revoke_cap(first));
        CHECK_GONE(of_first);
        CHECK_THERE(first, second, of_second);
    }
}

TEST("4.9 row 1: a copy with the same badge is not revocable")
{
    FOR_EACH_ORIGINAL()
    {
        seL4_CPtr first = badged(original, 1);
        seL4_CPtr copy = copy_of(first);
        seL4_CPtr copy_of_copy = copy_of(copy);
        CHECK_OK(revoke_cap(copy));
        CHECK_THERE(original, first, copy, copy_of_copy);
    }
}

TEST("4.9 row 1: an unbadged copy is not revocable, but what gets a badge from it is")
{
    FOR_EACH_ORIGINAL()
    {
        seL4_CPtr copy = copy_of(original);
        seL4_CPtr first = badged(copy, 3);
        seL4_CPtr of_first = copy_of(first);
        CHECK_OK(revoke_cap(copy));
        CHECK_THERE(first, of_first);
        CHECK_OK(revoke_cap(first));
        CHECK_GONE(of_first);
        CHECK_THERE(original, copy, first);
    }
}

TEST("4.8 a mint with badge 0 is no branch of its own")
{
    FOR_EACH_ORIGINAL()
    {
        seL4_CPtr mint = badged(original, 0);
        seL4_CPtr copy = copy_of(mint);
        CHECK_OK(revoke_cap(mint));
        CHECK_THERE(copy);
    }
}

TEST("4.8 first-badged: the successor of a deleted first one inherits the mark")
{
    FOR_EACH_ORIGINAL()
    {
        seL4_CPtr first = badged(original, 1);
        seL4_CPtr copy = copy_of(first);
        CHECK_OK(delete_cap(first));
        seL4_CPtr again = badged(original, 1); /* now directly in front of the copy */
        CHECK_OK(revoke_cap(again));
        CHECK_THERE(original, again, copy);
    }
}

TEST("4.8 first-badged: the mark goes on when its heir is deleted, too")
{
    FOR_EACH_ORIGINAL()
    {
        seL4_CPtr first = badged(original, 1);
        seL4_CPtr last = copy_of(first);
        seL4_CPtr middle = copy_of(first);
        CHECK_OK(delete_cap(first));
        CHECK_OK(delete_cap(middle));
        seL4_CPtr again = badged(original, 1);
        CHECK_OK(revoke_cap(again));
        CHECK_THERE(again, last);
    }
}

TEST("4.8 first-badged: an heir has the mark, but is not revocable")
{
    FOR_EACH_ORIGINAL()
    {
        seL4_CPtr first = badged(original, 1);
        seL4_CPtr last = copy_of(first);
        seL4_CPtr heir = copy_of(first);
        CHECK_OK(delete_cap(first));
        CHECK_OK(revoke_cap(heir));
        CHECK_THERE(heir, last);
    }
}

TEST("4.8 first-badged: a deleted branch without copies marks the next branch, which has the mark already")
{
    FOR_EACH_ORIGINAL()
    {
        seL4_CPtr first = badged(original, 1);
        seL4_CPtr of_first = copy_of(first);
        seL4_CPtr second = badged(original, 1);
        CHECK_OK(delete_cap(second));
        CHECK_OK(revoke_cap(first));
        CHECK_GONE(of_first);
        CHECK_THERE(original, first);
    }
}

TEST("4.8 first-badged: Move takes the marks along")
{
    FOR_EACH_ORIGINAL()
    {
        seL4_CPtr first = badged(original, 1);
        seL4_CPtr copy = copy_of(first);
        seL4_CPtr moved = test_slot();
        CHECK_OK(move_to(moved, first));
        seL4_CPtr second = badged(original, 1);
        CHECK_OK(revoke_cap(second));
        CHECK_THERE(moved, copy);
        CHECK_OK(revoke_cap(moved));
        CHECK_GONE(copy);
    }
}

TEST("4.9 deleting the original leaves the copies, which nobody can revoke one from another")
{
    seL4_CPtr original = test_object(seL4_RISCV_4K_Page, 0);
    seL4_CPtr first = copy_of(original);
    seL4_CPtr second = copy_of(first);

    CHECK_OK(delete_cap(original));
    CHECK_OK(revoke_cap(first));
    CHECK_OK(revoke_cap(second));
    CHECK_THERE(first, second);
    CHECK_OK(revoke_cap(test_arena));
    CHECK_GONE(first, second);
}

TEST("4.6 Move: a moved original still revokes its copies, a moved copy is still revoked")
{
    seL4_CPtr original = test_object(seL4_TCBObject, 0);
    seL4_CPtr moved_original = test_slot();
    seL4_CPtr moved_copy = test_slot();
    seL4_CPtr copy = copy_of(original);

    CHECK_OK(move_to(moved_original, original));
    CHECK_OK(move_to(moved_copy, copy));
    CHECK_GONE(original, copy);
    CHECK_OK(revoke_cap(moved_original));
    CHECK_GONE(moved_copy);
    CHECK_THERE(moved_original);
}

TEST("4.6 Mutate: a mutated original still revokes its copies")
{
    seL4_CPtr original = new_cnode(4);
    seL4_CPtr mutated = test_slot();
    seL4_CPtr copy = copy_of(original);

    CHECK_OK(seL4_CNode_Mutate(ROOT, mutated, DEPTH, ROOT, original, DEPTH, 5));
    CHECK_OK(revoke_cap(mutated));
    CHECK_GONE(original, copy);
    CHECK_THERE(mutated);
}

TEST("4.6 Revoke: copies in other CNodes go, too")
{
    seL4_CPtr node = new_cnode(4);
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);

    for (seL4_Word i = 0; i < 16; i++) {
        put_copy(node, i, 4, endpoint);
    }
    CHECK_OK(revoke_cap(endpoint));
    for (seL4_Word i = 0; i < 16; i++) {
        CHECK(is_empty_in(node, i, 4));
    }
}

TEST("4.9 an untyped: Revoke removes objects, smaller untypeds, what is in them, and copies")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 16);
    seL4_CPtr outside = test_object(seL4_EndpointObject, 0);
    seL4_CPtr small = make(untyped, seL4_UntypedObject, 13);
    seL4_CPtr smaller = make(small, seL4_UntypedObject, 12);
    seL4_CPtr page = make(smaller, seL4_RISCV_4K_Page, 0);
    seL4_CPtr endpoint = make(untyped, seL4_EndpointObject, 0);
    seL4_CPtr badge = badged(endpoint, 5);
    seL4_CPtr tcb = make(untyped, seL4_TCBObject, 0);
    seL4_CPtr node = make(untyped, seL4_CapTableObject, 4);
    seL4_CPtr table = make(untyped, seL4_RISCV_PageTableObject, 0);

    CHECK_OK(revoke_cap(untyped));
    CHECK_GONE(small, smaller, page, endpoint, badge, tcb, node, table);
    CHECK_THERE(untyped, outside);
    CHECK_EQUAL(free_bytes(untyped), 1ul << 16);
}

TEST("4.9 an untyped: Revoke of a smaller one leaves its neighbours alone")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 16);
    seL4_CPtr before = make(untyped, seL4_UntypedObject, 12);
    seL4_CPtr small = make(untyped, seL4_UntypedObject, 12);
    seL4_CPtr behind = make(untyped, seL4_UntypedObject, 12);
    seL4_CPtr objects[] = { make(before, seL4_RISCV_4K_Page, 0), make(small, seL4_RISCV_4K_Page, 0),
                            make(behind, seL4_RISCV_4K_Page, 0) };

    CHECK_OK(revoke_cap(small));
    CHECK_GONE(objects[1]);
    CHECK_THERE(before, small, behind, objects[0], objects[2]);
}

TEST("4.9 a copied untyped: the copy is a child, and the source is full until it is gone")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 13);
    seL4_CPtr copy = copy_of(untyped);

    CHECK_EQUAL(free_bytes(untyped), 0);
    EXPECT(invoke(untyped, retype_message(seL4_EndpointObject, 0, test_slot(), 1)), NOT_ENOUGH_MEMORY(0));
    CHECK_EQUAL(free_bytes(copy), 8192);
    CHECK_OK(delete_cap(copy));
    CHECK_EQUAL(free_bytes(untyped), 8192);
}

TEST("4.9 a copied untyped: what the copy makes is removed by revoking the copy, or the source")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 13);
    seL4_CPtr copy = copy_of(untyped);
    seL4_CPtr page = make(copy, seL4_RISCV_4K_Page, 0);

    CHECK_EQUAL(free_bytes(copy), 4096);
    CHECK_OK(revoke_cap(copy));
    CHECK_GONE(page);
    CHECK_THERE(copy);
    page = make(copy, seL4_RISCV_4K_Page, 0);
    CHECK_OK(revoke_cap(untyped));
    CHECK_GONE(copy, page);
    CHECK_EQUAL(free_bytes(untyped), 8192);
}

TEST("4.9 a copied untyped: deleting the copy leaves its objects to the source, which stays full")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 13);
    seL4_CPtr copy = copy_of(untyped);
    seL4_CPtr page = make(copy, seL4_RISCV_4K_Page, 0);

    CHECK_OK(delete_cap(copy));
    CHECK_THERE(page);
    CHECK_EQUAL(free_bytes(untyped), 0);
    CHECK_OK(revoke_cap(untyped));
    CHECK_GONE(page);
    CHECK_EQUAL(free_bytes(untyped), 8192);
}

TEST("4.9 a copied untyped: deleting the source leaves the copy and its objects")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 13);
    seL4_CPtr copy = copy_of(untyped);
    seL4_CPtr page = make(copy, seL4_RISCV_4K_Page, 0);

    CHECK_OK(delete_cap(untyped));
    CHECK_THERE(copy, page);
    CHECK_EQUAL(free_bytes(copy), 4096);
    CHECK_OK(revoke_cap(copy));
    CHECK_GONE(page);
}

TEST("4.8 untypeds are always revocable, copies of copies, too")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 13);
    seL4_CPtr copy = copy_of(untyped);
    seL4_CPtr copy_of_copy = copy_of(copy);
    seL4_CPtr page = make(copy_of_copy, seL4_RISCV_4K_Page, 0);

    CHECK_OK(revoke_cap(copy_of_copy));
    CHECK_GONE(page);
    CHECK_OK(revoke_cap(copy));
    CHECK_GONE(copy_of_copy);
    CHECK_THERE(copy, untyped);
}

TEST("4.9 an ASID pool is a child of its untyped")
{
    seL4_CPtr untyped = test_object(seL4_UntypedObject, 12);
    seL4_CPtr pool = new_asid_pool(untyped);
    seL4_CPtr copy = copy_of(pool);

    CHECK_EQUAL(free_bytes(untyped), 0);
    CHECK_OK(revoke_cap(untyped));
    CHECK_GONE(pool, copy);
    CHECK_EQUAL(free_bytes(untyped), 4096);
}

TEST("4.7 same object: a CNode's capabilities are one object whatever their guards")
{
    seL4_CPtr original = new_cnode(4);
    seL4_CPtr first = guarded(original, 1, 4);
    seL4_CPtr second = guarded(first, 2, 4);

    CHECK_OK(revoke_cap(original));
    CHECK_GONE(first, second);
}

TEST("4.7 same object: pages are one object whatever their rights and mappings")
{
    seL4_CPtr original = test_object(seL4_RISCV_4K_Page, 0);
    seL4_CPtr reading = test_mint(original, seL4_CanRead, 0);
    seL4_CPtr mapped = copy_of(original);

    map(mapped, MAP_ADDRESS);
    map(original, MAP_ADDRESS + 4096);
    CHECK_OK(revoke_cap(original));
    CHECK_GONE(reading, mapped);
}
