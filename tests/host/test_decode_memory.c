/*
 * What invocations of ASID control and pools, page tables and frames refuse, in the order in which they do.
 */
#include "arch/asid.h"
#include "build.h"
#include "cap/delete.h"
#include "thread/switch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOTHING words()

static struct slot *control;
static struct slot *pool;
static struct slot *root;  /* an address space */
static struct slot *table; /* in no address space yet */
static struct slot *frame;
static struct slot *endpoint;
static struct slot *cnode;

static int prepare(void **state)
{
    build_reset();
    control = build_root(cap_make(CAP_ASID_CONTROL, 0));
    cnode = build_cnode(1);
    root = build_page_table();
    table = build_page_table();
    frame = build_frame();
    endpoint = build_endpoint();
    check(invoke(control, LABEL_ASID_CONTROL_MAKE_POOL, words(0, 1), extras(build_untyped(12), cnode)) ==
          ERR_NONE);
    pool = slots_of(cnode);
    check(invoke(pool, LABEL_ASID_POOL_ASSIGN, words(), extras(root)) == ERR_NONE);
    return 0;
}

static void pools_are_refused_in_order(void **state)
{
    word_t label = LABEL_ASID_CONTROL_MAKE_POOL;

    struct slot *memory = build_untyped(12);
    struct slot *device = build_root(cap_make_untyped(bit(31), 12, true, 0));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, control, LABEL_ASID_POOL_ASSIGN, words(), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, control, label, words(0), extras(memory, cnode));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, control, label, words(0, 65), extras(memory));
    refuses(ERR_INVALID_CAPABILITY, words(1), control, label, words(0, 65), extras(endpoint, endpoint));
    refuses(ERR_INVALID_CAPABILITY, words(1), control, label, words(0, 65),
            extras(build_untyped(13), endpoint));
    refuses(ERR_INVALID_CAPABILITY, words(1), control, label, words(0, 65), extras(device, endpoint));
    refuses(ERR_RANGE, words(1, 64), control, label, words(0, 65), extras(memory, cnode));
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_INVALID_ROOT), control, label, words(0, 65),
            extras(memory, endpoint));
    refuses(ERR_DELETE_FIRST, NOTHING, control, label, words(0, 1), extras(memory, cnode));
    build_copy(memory);
    refuses(ERR_REVOKE_FIRST, NOTHING, control, label, words(0, 65), extras(memory, endpoint));
    for (unsigned i = 0; i < ABI_ASID_POOLS; i++) {
        asid_pools[i] = cap_object(pool->cap);
    }
    refuses(ERR_DELETE_FIRST, NOTHING, control, label, words(0, 65), extras(endpoint, endpoint));
}

static void numbers_are_refused_in_order(void **state)
{
    word_t label = LABEL_ASID_POOL_ASSIGN;

    refuses(ERR_ILLEGAL_OPERATION, NOTHING, pool, LABEL_ASID_CONTROL_MAKE_POOL, words(), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, pool, label, words(), extras());
    refuses(ERR_INVALID_CAPABILITY, words(1), pool, label, words(), extras(endpoint));
    refuses(ERR_INVALID_CAPABILITY, words(1), pool, label, words(), extras(root));
    struct asid_pool *entries = asid_pools[0];
    asid_pools[0] = NULL;
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_INVALID_ROOT), pool, label, words(), extras(table));
    asid_pools[0] = host_take(bit(12));
    refuses(ERR_INVALID_CAPABILITY, words(0), pool, label, words(), extras(table));
    asid_pools[0] = entries;
    for (unsigned i = 1; i < ABI_ASIDS_PER_POOL; i++) {
        entries->entries[i] = ptr_to_phys(cap_object(root->cap));
    }
    refuses(ERR_DELETE_FIRST, NOTHING, pool, label, words(), extras(table));
    entries->entries[ABI_ASIDS_PER_POOL - 1] = 0;
    assert_int_equal(invoke(pool, label, words(), extras(table)), ERR_NONE);
    assert_int_equal(cap_mapped_asid(table->cap), ABI_ASIDS_PER_POOL - 1);
}

static void number_zero_is_never_given(void **state)
{
    assert_int_equal(cap_mapped_asid(root->cap), 1);
    assert_int_equal(((struct asid_pool *)cap_object(pool->cap))->entries[0], 0);
}

static void tables_are_refused_in_order(void **state)
{
    word_t label = LABEL_PAGE_TABLE_MAP;

    refuses(ERR_ILLEGAL_OPERATION, NOTHING, table, LABEL_PAGE_MAP, words(), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, table, label, words(0), extras(root));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, table, label, words(0, 0), extras());
    refuses(ERR_INVALID_CAPABILITY, words(0), root, label, words(~0ul, 0), extras(endpoint));
    refuses(ERR_INVALID_CAPABILITY, words(1), table, label, words(~0ul, 0), extras(endpoint));
    refuses(ERR_INVALID_CAPABILITY, words(1), table, label, words(~0ul, 0), extras(build_page_table()));
    refuses(ERR_INVALID_ARGUMENT, words(0), table, label, words(ABI_USER_TOP, 0), extras(root));
    struct slot *stale = build_page_table();
    stale->cap = page_table_set_mapped(stale->cap, 0xffff, 0);
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_INVALID_ROOT), table, label, words(0, 0), extras(stale));
    stale->cap = page_table_set_mapped(stale->cap, 1, 0);
    refuses(ERR_INVALID_CAPABILITY, words(1), table, label, words(0, 0), extras(stale));
    refuses(ERR_REVOKE_FIRST, NOTHING, root, LABEL_PAGE_TABLE_UNMAP, words(), extras());
    assert_int_equal(invoke(table, label, words(0x40201fff, 0), extras(root)), ERR_NONE);
    assert_int_equal(cap_mapped_vaddr(table->cap), 0x40000000);
    struct slot *copy = build_copy(table);
    refuses(ERR_REVOKE_FIRST, NOTHING, table, LABEL_PAGE_TABLE_UNMAP, words(), extras());
    assert_int_equal(slot_delete(copy), DONE);
    struct slot *leaf = build_page_table();
    assert_int_equal(invoke(leaf, label, words(0x40200000, 0), extras(root)), ERR_NONE);
    refuses(ERR_DELETE_FIRST, NOTHING, build_page_table(), label, words(0x40200000, 0), extras(root));
    assert_int_equal(invoke(table, LABEL_PAGE_TABLE_UNMAP, words(), extras()), ERR_NONE);
    assert_false(page_table_is_mapped(table->cap));
}

static void map_tables(word_t vaddr)
{
    check(invoke(build_page_table(), LABEL_PAGE_TABLE_MAP, words(vaddr, 0), extras(root)) == ERR_NONE);
    check(invoke(build_page_table(), LABEL_PAGE_TABLE_MAP, words(vaddr, 0), extras(root)) == ERR_NONE);
}

static void frames_are_refused_in_order(void **state)
{
    word_t label = LABEL_PAGE_MAP;

    refuses(ERR_ILLEGAL_OPERATION, NOTHING, frame, LABEL_PAGE_TABLE_MAP, words(), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, frame, label, words(1, 3), extras(root));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, frame, label, words(1, 3, 0), extras());
    refuses(ERR_INVALID_CAPABILITY, words(1), frame, label, words(~0ul, 3, 0), extras(endpoint));
    refuses(ERR_INVALID_CAPABILITY, words(1), frame, label, words(~0ul, 3, 0), extras(table));
    struct slot *stale = build_page_table();
    stale->cap = page_table_set_mapped(stale->cap, 77, 0);
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_INVALID_ROOT), frame, label, words(~0ul, 3, 0), extras(stale));
    stale->cap = page_table_set_mapped(stale->cap, 1, 0);
    refuses(ERR_INVALID_CAPABILITY, words(1), frame, label, words(~0ul, 3, 0), extras(stale));
    refuses(ERR_INVALID_ARGUMENT, words(0), frame, label, words(~0ul, 3, 0), extras(root));
    refuses(ERR_INVALID_ARGUMENT, words(0), frame, label, words(ABI_USER_TOP - 4095, 3, 0), extras(root));
    refuses(ERR_ALIGNMENT, NOTHING, frame, label, words(0x1800, 3, 0), extras(root));
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_MISSING_CAPABILITY, 30), frame, label, words(0x1000, 3, 0),
            extras(root));
    map_tables(0x1000);
    struct slot *mega = build_root(cap_make_frame(bit(31), FRAME_2M, FRAME_READ_WRITE, true));
    struct slot *giga = build_root(cap_make_frame(bit(31), FRAME_1G, FRAME_READ_WRITE, true));
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_MISSING_CAPABILITY, 12), mega, label, words(0, 3, 0),
            extras(root));
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_MISSING_CAPABILITY, 21), frame, label, words(0x200000, 3, 0),
            extras(root));
    refuses(ERR_ALIGNMENT, NOTHING, giga, label, words(0x200000, 3, 0), extras(root));
    assert_int_equal(invoke(mega, label, words(0x200000, 3, 0), extras(root)), ERR_NONE);
    assert_int_equal(invoke(giga, label, words(0x40000000, 3, 0), extras(root)), ERR_NONE);
}

static void a_mapped_frame_is_mapped_again_only_where_it_is(void **state)
{
    word_t label = LABEL_PAGE_MAP;

    map_tables(0x1000);
    struct slot *other = build_page_table();
    assert_int_equal(invoke(pool, LABEL_ASID_POOL_ASSIGN, words(), extras(other)), ERR_NONE);
    assert_int_equal(invoke(frame, label, words(0x1000, 3, 0), extras(root)), ERR_NONE);
    refuses(ERR_INVALID_ARGUMENT, words(0), frame, label, words(0x2000, 3, 0), extras(root));
    refuses(ERR_DELETE_FIRST, NOTHING, build_frame(), label, words(0x1000, 3, 0), extras(root));
    struct slot *giga = build_root(cap_make_frame(bit(31), FRAME_1G, FRAME_READ_WRITE, true));
    assert_int_equal(invoke(giga, label, words(0x40000000, 3, 0), extras(root)), ERR_NONE);
    refuses(ERR_INVALID_CAPABILITY, words(1), giga, label, words(0x40000000, 3, 0), extras(other));
    assert_int_equal(host_machine.page_flushes, 0);
    assert_int_equal(invoke(frame, label, words(0x1000, ABI_RIGHT_READ, 0), extras(root)), ERR_NONE);
    assert_int_equal(host_machine.page_flushes, 1);
}

/* The last capability of each takes away what it gave. */
static void what_is_deleted_leaves_the_address_space(void **state)
{
    map_tables(0x1000);
    assert_int_equal(invoke(frame, LABEL_PAGE_MAP, words(0x1000, 3, 0), extras(root)), ERR_NONE);
    assert_int_equal(slot_delete(frame), DONE);
    assert_int_equal(host_machine.page_flushes, 1);
    assert_int_equal(slot_delete(root), DONE);
    assert_int_equal(host_machine.asid_flushes, 1);
    assert_null(asid_root(1));
    assert_int_equal(invoke(pool, LABEL_ASID_POOL_ASSIGN, words(), extras(table)), ERR_NONE);
    assert_int_equal(cap_mapped_asid(table->cap), 1);
    assert_int_equal(slot_delete(pool), DONE);
    assert_null(asid_pools[0]);
    refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_INVALID_ROOT), build_frame(), LABEL_PAGE_MAP, words(0, 3, 0),
            extras(table));
}

/* A hart returns to an address space without looking at the pool, but only while it exists. */
static void harts_forget_an_address_space_that_ends(void **state)
{
    struct slot *other = build_page_table();
    static struct tcb running;
    struct tcb *thread = &running;

    asids_work = true;
    harts_online = 2;
    assert_int_equal(invoke(pool, LABEL_ASID_POOL_ASSIGN, words(), extras(other)), ERR_NONE);
    for (unsigned id = 0; id < 2; id++) {
        harts_table[id].id = id;
        host_hart = &harts_table[id];
        thread->slots[TCB_VSPACE].cap = other->cap;
        thread_load_vspace(host_hart, thread);
        word_t space = host_hart->arch.space;
        thread->slots[TCB_VSPACE].cap = root->cap;
        thread_load_vspace(host_hart, thread);
        assert_true(thread_load_recent_vspace(host_hart, thread));
        thread->slots[TCB_VSPACE].cap = other->cap;
        assert_true(thread_load_recent_vspace(host_hart, thread));
        assert_int_equal(host_hart->arch.space, space);
        /* Nobody is in either of them when they end. */
        vm_activate_kernel();
    }
    assert_int_equal(asid_harts(cap_mapped_asid(other->cap)), 3);
    asid_release(cap_mapped_asid(other->cap));
    for (unsigned id = 0; id < 2; id++) {
        host_hart = &harts_table[id];
        thread->slots[TCB_VSPACE].cap = other->cap;
        assert_false(thread_load_recent_vspace(host_hart, thread));
        thread->slots[TCB_VSPACE].cap = root->cap;
        assert_true(thread_load_recent_vspace(host_hart, thread));
    }
    asids_work = false;
}

/* A hart that has left an address space is flushed once more, and then not before it comes back. */
static void harts_that_have_left_an_address_space_forget_it(void **state)
{
    static struct tcb running;
    struct tcb *thread = &running;
    word_t asid = cap_mapped_asid(root->cap);

    asids_work = true;
    harts_online = 2;
    thread->slots[TCB_VSPACE].cap = root->cap;
    for (unsigned id = 0; id < 2; id++) {
        harts_table[id].id = id;
        host_hart = &harts_table[id];
        thread_load_vspace(host_hart, thread);
    }
    assert_int_equal(asid_harts(asid), 3);
    assert_int_equal(asid_dismiss(3, asid), 0);
    assert_int_equal(asid_harts(asid), 3);
    vm_activate_kernel();
    assert_int_equal(asid_dismiss(1, asid), 0);
    assert_int_equal(asid_dismiss(3, asid), 2);
    assert_int_equal(asid_harts(asid), 1);
    assert_false(thread_load_recent_vspace(host_hart, thread));
    /* When it comes back, it forgets what it may have kept. */
    unsigned flushes = host_machine.asid_flushes;
    thread_load_vspace(host_hart, thread);
    assert_int_equal(asid_harts(asid), 3);
    assert_int_equal(host_machine.asid_flushes, flushes + 1);
    assert_int_equal(asid_dismiss(3, asid + 1), 0);
    vm_activate_kernel();
    host_hart = &harts_table[0];
    asids_work = false;
}

static void a_crowded_pool_is_deleted_in_steps(void **state)
{
    unsigned interruptions = 0;

    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(invoke(pool, LABEL_ASID_POOL_ASSIGN, words(), extras(build_page_table())), ERR_NONE);
    }
    host_preempt_every(1);
    while (slot_delete(pool) == AGAIN) {
        interruptions++;
    }
    assert_true(interruptions >= 5);
    assert_int_equal(host_machine.asid_flushes, 101);
    assert_null(asid_pools[0]);
}

#define test(name) cmocka_unit_test_setup(name, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(pools_are_refused_in_order),
        test(numbers_are_refused_in_order),
        test(number_zero_is_never_given),
        test(tables_are_refused_in_order),
        test(frames_are_refused_in_order),
        test(a_mapped_frame_is_mapped_again_only_where_it_is),
        test(what_is_deleted_leaves_the_address_space),
        test(harts_forget_an_address_space_that_ends),
        test(harts_that_have_left_an_address_space_forget_it),
        test(a_crowded_pool_is_deleted_in_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
