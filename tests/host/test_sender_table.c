/*
 * Sender tables: their entries in the derivation tree, in whatever way the capabilities around them change.
 */
#include "build.h"
#include "cap/delete.h"
#include "cap/derive.h"
#include "ipc/receiver.h"
#include "object/sender_table.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ENTRIES REL4_SENDER_TABLE_ENTRIES
#define TABLES  2
#define CAPS    16

static struct slot *notification;
static struct slot *thread;
static struct slot *tables[TABLES];
static char *memory[TABLES]; /* of the tables */

/* Which capability each entry was made from; NULL if it does not exist. */
static struct slot nobody; /* in the place of an owner, while two are exchanged */
static struct slot *owners[TABLES][ENTRIES];

static struct slot *build_table(void)
{
    return build_root(cap_make_object(CAP_SENDER_TABLE, host_take(bit(REL4_SENDER_TABLE_BITS)), 0));
}

/* The slots of a table stand behind its page. */
static struct slot *entry_slot(unsigned table, unsigned index)
{
    return (struct slot *)(memory[table] + 4096) + index;
}

static void start(void)
{
    build_reset();
    memset(owners, 0, sizeof(owners));
    uintr_backend = REL4_UINTR_EMULATED;
    thread = build_thread();
    notification = build_notification();
    for (unsigned i = 0; i < TABLES; i++) {
        tables[i] = build_table();
        memory[i] = cap_object(tables[i]->cap);
    }
    notification_bind(cap_object(notification->cap), thread_of(thread));
    assert_int_equal(invoke(thread, REL4_LABEL_TCB_REGISTER_RECEIVER, words(0x1000, 0), extras(notification)),
                     ERR_NONE);
}

static struct slot *mint(struct slot *source, word_t badge)
{
    struct slot *slot = build_slot();

    slot_insert(slot, cap_apply_data(source->cap, badge, false), source);
    return slot;
}

static unsigned add(unsigned table, struct slot *owner)
{
    assert_int_equal(invoke(tables[table], REL4_LABEL_SENDER_TABLE_ADD, words(), extras(owner)), ERR_NONE);
    unsigned index = (unsigned)result.own[0];
    assert_true(index < ENTRIES && !owners[table][index]);
    owners[table][index] = owner;
    return index;
}

static bool is_entry(const struct slot *slot)
{
    return slot && cap_is(slot->cap, CAP_SENDER_ENTRY);
}

/* The ends of a group name each other. */
static void check_group(const struct slot *first)
{
    const struct slot *last = first;

    while (is_entry(slot_next(last))) {
        last = slot_next(last);
    }
    assert_ptr_equal(window_ptr(first->cap.w1), last);
    assert_ptr_equal(window_ptr(last->cap.w1), first);
}

/* Everything that exists is what the model says, and where. */
static void check_entries(void)
{
    const struct tcb *receiver = thread_of(thread);
    unsigned expected = 0, listed = 0;

    for (unsigned t = 0; t < TABLES; t++) {
        for (unsigned i = 0; i < ENTRIES; i++) {
            const struct slot *slot = entry_slot(t, i);
            assert_int_equal(is_entry(slot), owners[t][i] != NULL);
            if (!owners[t][i]) {
                continue;
            }
            expected++;
            const struct slot *owner = slot;
            while (is_entry(owner)) {
                assert_ptr_equal(slot_next(owner->prev), owner);
                owner = owner->prev;
            }
            assert_ptr_equal(owner, owners[t][i]);
            assert_true(slot_has_children(owner) && slot_is_descendant(owner, slot));
            if (slot->prev == owner) {
                check_group(slot);
            }
        }
    }
    /* The list of the receiver: links are behind the slots of each table. */
    for (const struct slot *e = receiver->uintr.entries; e; listed++) {
        assert_true(is_entry(e) && listed < expected);
        const char *base = (const char *)align_down((word_t)e, REL4_SENDER_TABLE_BITS);
        word_t index = (word_t)(e - (const struct slot *)(base + 4096));
        e = *(struct slot *const *)(base + 4096 + ENTRIES * sizeof(struct slot) + index * 16);
    }
    assert_int_equal(listed, expected);
}

/* What was made from capabilities that are gone is gone. */
static void forget_orphans(void)
{
    for (unsigned t = 0; t < TABLES; t++) {
        for (unsigned i = 0; i < ENTRIES; i++) {
            if (owners[t][i] && slot_is_empty(owners[t][i])) {
                owners[t][i] = NULL;
            }
        }
    }
}

static void forget(const struct slot *owner)
{
    for (unsigned t = 0; t < TABLES; t++) {
        for (unsigned i = 0; i < ENTRIES; i++) {
            if (owners[t][i] == owner) {
                owners[t][i] = NULL;
            }
        }
    }
}

static void rename_owner(const struct slot *from, struct slot *to)
{
    for (unsigned t = 0; t < TABLES; t++) {
        for (unsigned i = 0; i < ENTRIES; i++) {
            if (owners[t][i] == from) {
                owners[t][i] = to;
            }
        }
    }
}

static void copies_stand_behind_the_entries_of_their_source(void **state)
{
    start();
    struct slot *a = mint(notification, 1);
    for (unsigned i = 0; i < 3; i++) {
        add(0, a);
    }
    struct slot *b = build_copy(a);
    add(1, b);
    struct slot *c = build_copy(a);
    check_entries();
    assert_ptr_equal(entry_slot(0, 0), slot_next(slot_next(slot_next(a)))); /* the newest comes first */
    assert_ptr_equal(slot_next(entry_slot(0, 0)), c);
    assert_ptr_equal(slot_next(c), b);
}

static void an_entry_is_a_child_of_a_copy_that_cannot_have_others(void **state)
{
    start();
    struct slot *a = mint(notification, 1);
    struct slot *b = build_copy(a);
    add(0, b);
    assert_false(b->next & SLOT_REVOCABLE);
    assert_true(slot_has_children(b));
    assert_int_equal(slot_revoke(b), DONE);
    assert_false(slot_has_children(b));
    forget(b);
    check_entries();
    assert_false(slot_is_empty(b));
}

static void deleting_a_capability_clears_its_entries_and_no_others(void **state)
{
    start();
    struct slot *a = mint(notification, 1);
    struct slot *b = build_copy(a);
    add(0, a);
    add(0, b);
    add(1, a);
    assert_false(slot_is_last(a) || slot_is_last(b) || slot_is_last(notification));
    assert_int_equal(slot_delete(a), DONE);
    forget(a);
    check_entries();
    assert_true(thread_of(thread)->uintr.receiver);
}

static void entries_do_not_keep_an_object_and_do_not_end_it(void **state)
{
    start();
    struct slot *a = mint(notification, 1);
    add(0, a);
    assert_int_equal(slot_delete(notification), DONE);
    assert_true(thread_of(thread)->uintr.receiver);
    check_entries();
    assert_int_equal(slot_delete(a), DONE);
    forget(a);
    check_entries();
    assert_false(thread_of(thread)->uintr.receiver || thread_of(thread)->uintr.user);
    assert_null(thread_of(thread)->bound);
}

static void every_end_clears_full_tables_in_pieces(void **state)
{
    for (unsigned end = 0; end < 4; end++) {
        start();
        struct slot *a = mint(notification, bit(63));
        for (unsigned i = 0; i < ENTRIES; i++) {
            add(0, a);
        }
        refuses(ERR_NOT_ENOUGH_MEMORY, words(0), tables[0], REL4_LABEL_SENDER_TABLE_ADD, words(), extras(a));
        host_preempt_every(1);
        struct slot *victim = end == 0 ? a : end == 1 ? tables[0] : end == 2 ? thread : notification;
        unsigned attempts = 1;
        if (end == 3) {
            attempts += invoke_until_done(thread, REL4_LABEL_TCB_UNREGISTER_RECEIVER, words(), extras());
        } else {
            while (slot_delete(victim) == AGAIN) {
                attempts++;
            }
        }
        host_preempt_never();
        assert_in_range(attempts, ENTRIES / ENTRIES_PER_BATCH, ENTRIES);
        memset(owners, 0, sizeof(owners));
        if (end != 2) {
            check_entries();
        }
    }
}

static void random_changes_leave_every_entry_with_its_owner(void **state)
{
    struct slot *caps[CAPS];
    uint64_t seed = 11;

    start();
    for (unsigned i = 0; i < CAPS; i++) {
        caps[i] = build_slot();
    }
    for (unsigned step = 0; step < 20000; step++) {
        struct slot *a = caps[random_below(&seed, CAPS)];
        struct slot *b = caps[random_below(&seed, CAPS)];
        unsigned table = random_below(&seed, TABLES);
        unsigned index = random_below(&seed, 12);
        host_step = step;
        if (slot_is_empty(a)) {
            struct slot *source = slot_is_empty(b) ? notification : b;
            struct cap cap = source->cap;
            if (source == notification) {
                cap = cap_apply_data(cap, bit(random_below(&seed, 64)), false);
            }
            slot_insert(a, cap, source);
            continue;
        }
        switch (random_below(&seed, 8)) {
        case 0:
            assert_int_equal(slot_delete(a), DONE);
            break;
        case 1:
            assert_int_equal(slot_revoke(a), DONE);
            forget(a);
            break;
        case 2:
            if (slot_is_empty(b)) {
                slot_move(b, a->cap, a);
                rename_owner(a, b);
            } else if (a != b) {
                slot_swap(a, a->cap, b, b->cap);
                rename_owner(a, &nobody);
                rename_owner(b, a);
                rename_owner(&nobody, b);
            }
            break;
        case 3:
            if (owners[table][index]) {
                assert_int_equal(
                    invoke(tables[table], REL4_LABEL_SENDER_TABLE_REMOVE, words(index), extras()), ERR_NONE);
                owners[table][index] = NULL;
            }
            break;
        default:
            if (thread_of(thread)->uintr.receiver) {
                add(table, a);
            }
            break;
        }
        forget_orphans();
        check_entries();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(copies_stand_behind_the_entries_of_their_source, host_teardown),
        cmocka_unit_test_teardown(an_entry_is_a_child_of_a_copy_that_cannot_have_others, host_teardown),
        cmocka_unit_test_teardown(deleting_a_capability_clears_its_entries_and_no_others, host_teardown),
        cmocka_unit_test_teardown(entries_do_not_keep_an_object_and_do_not_end_it, host_teardown),
        cmocka_unit_test_teardown(every_end_clears_full_tables_in_pieces, host_teardown),
        cmocka_unit_test_teardown(random_changes_leave_every_entry_with_its_owner, host_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
