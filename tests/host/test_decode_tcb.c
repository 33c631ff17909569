/*
 * What invocations of threads, interrupts and domains refuse, in the order in which they do.
 */
#include "build.h"
#include "cap/delete.h"
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "object/irq.h"
#include "thread/domain.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOTHING words()

static struct slot *thread;
static struct slot *self; /* names the caller */
static struct slot *endpoint;
static struct slot *notification;
static struct slot *empty;

static int prepare(void **state)
{
    build_reset();
    irq_init(ABI_IRQ_LAST_DEVICE, ABI_IRQ_MAX_SMP);
    thread = build_thread();
    self = build_root(cap_make_object(CAP_TCB, caller, 0));
    endpoint = build_endpoint();
    notification = build_notification();
    empty = build_slot();
    return 0;
}

static void registers_are_refused_in_order(void **state)
{
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, LABEL_CNODE_COPY, words(), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, self, LABEL_TCB_READ_REGISTERS, words(0), extras());
    refuses(ERR_RANGE, words(1, 32), self, LABEL_TCB_READ_REGISTERS, words(0, 0), extras());
    refuses(ERR_RANGE, words(1, 32), self, LABEL_TCB_READ_REGISTERS, words(0, 33), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, self, LABEL_TCB_READ_REGISTERS, words(1, 32), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, self, LABEL_TCB_WRITE_REGISTERS, words(1), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, self, LABEL_TCB_WRITE_REGISTERS, words(1, 2, 0), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, self, LABEL_TCB_WRITE_REGISTERS, words(1, ~0ul, 0), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, self, LABEL_TCB_WRITE_REGISTERS, words(1, 1, 0), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, self, LABEL_TCB_COPY_REGISTERS, words(), extras(thread));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, self, LABEL_TCB_COPY_REGISTERS, words(15), extras());
    refuses(ERR_INVALID_CAPABILITY, words(1), self, LABEL_TCB_COPY_REGISTERS, words(15), extras(endpoint));
    refuses(ERR_INVALID_CAPABILITY, words(1), self, LABEL_TCB_COPY_REGISTERS, words(15), extras(empty));
}

static void priorities_are_bounded_by_the_authority(void **state)
{
    static const word_t labels[] = { LABEL_TCB_SET_PRIORITY, LABEL_TCB_SET_MC_PRIORITY };

    caller->max_priority = 100;
    for (unsigned i = 0; i < ARRAY_SIZE(labels); i++) {
        refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, labels[i], words(), extras(self));
        refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, labels[i], words(255), extras());
        refuses(ERR_INVALID_CAPABILITY, words(1), thread, labels[i], words(255), extras(endpoint));
        refuses(ERR_RANGE, words(0, 100), thread, labels[i], words(101), extras(self));
        refuses(ERR_RANGE, words(0, 100), thread, labels[i], words(bit(32) + 1), extras(self));
        assert_int_equal(invoke(thread, labels[i], words(100), extras(self)), ERR_NONE);
    }
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, LABEL_TCB_SET_SCHED_PARAMS, words(1), extras(self));
    refuses(ERR_INVALID_CAPABILITY, words(1), thread, LABEL_TCB_SET_SCHED_PARAMS, words(999, 999),
            extras(empty));
    refuses(ERR_RANGE, words(0, 100), thread, LABEL_TCB_SET_SCHED_PARAMS, words(101, 1), extras(self));
    refuses(ERR_RANGE, words(0, 100), thread, LABEL_TCB_SET_SCHED_PARAMS, words(1, 101), extras(self));
    assert_int_equal(thread_of(thread)->priority, 100);
    assert_int_equal(thread_of(thread)->max_priority, 100);
}

static void only_a_free_notification_is_bound_to_a_free_thread(void **state)
{
    word_t label = LABEL_TCB_BIND_NOTIFICATION;

    struct notification *object = cap_object(notification->cap);
    struct slot *waiter = build_thread();
    struct slot *write_only = build_slot();
    slot_insert(write_only, cap_mask_rights(notification->cap, ABI_RIGHT_WRITE), notification);
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, LABEL_TCB_UNBIND_NOTIFICATION, words(), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, label, words(), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(), extras(endpoint));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(), extras(write_only));
    notification_receive(thread_of(waiter), object, true);
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(), extras(notification));
    ipc_cancel_some(&object->queue);
    assert_int_equal(invoke(thread, label, words(), extras(notification)), ERR_NONE);
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(), extras(build_notification()));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, waiter, label, words(), extras(notification));
}

static void small_settings_need_their_words(void **state)
{
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, LABEL_TCB_SET_AFFINITY, words(), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, LABEL_TCB_SET_AFFINITY, words(1), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, LABEL_TCB_SET_AFFINITY, words(~0ul), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, LABEL_TCB_SET_TLS_BASE, words(), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, LABEL_TCB_SET_FLAGS, words(1), extras());
    assert_int_equal(invoke(thread, LABEL_TCB_SET_FLAGS, words(0, ~0ul), extras()), ERR_NONE);
    assert_int_equal(result.words[0], ABI_TCB_FLAG_FPU_DISABLED);
}

static struct slot *mapped_root(void)
{
    struct slot *root = build_page_table();

    root->cap = page_table_set_mapped(root->cap, 1, 0);
    return root;
}

static void a_buffer_must_be_an_aligned_frame(void **state)
{
    word_t label = LABEL_TCB_SET_IPC_BUFFER;

    struct slot *frame = build_frame();
    struct slot *device = build_root(cap_make_frame(bit(31), FRAME_4K, FRAME_READ_WRITE, true));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, label, words(), extras(frame));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, label, words(0), extras());
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(1), extras(endpoint));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(1), extras(empty));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(1), extras(device));
    refuses(ERR_ALIGNMENT, NOTHING, thread, label, words(0x1200), extras(frame));
    assert_int_equal(invoke(thread, label, words(0x1400), extras(frame)), ERR_NONE);
    assert_int_equal(thread_of(thread)->ipc_buffer, 0x1400);
    assert_int_equal(invoke(thread, label, words(0), extras(empty)), ERR_NONE);
    assert_true(slot_is_empty(&thread_of(thread)->slots[TCB_BUFFER]));
}

static void a_thread_needs_a_cnode_and_an_address_space(void **state)
{
    word_t label = LABEL_TCB_SET_SPACE;

    struct slot *cnode = build_cnode(3);
    struct slot *vspace = mapped_root();
    struct slot *table = build_page_table();
    struct slot *split = build_untyped(12);
    build_copy(split);
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, label, words(0, 0), extras(cnode, vspace));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, label, words(0, 0, 0), extras(cnode));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(0, 0, 0), extras(endpoint, vspace));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(0, 0, 0), extras(empty, vspace));
    refuses(ERR_REVOKE_FIRST, NOTHING, thread, label, words(0, 0, 0), extras(split, vspace));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(0, 62, 0), extras(cnode, vspace));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(0, 0, 0), extras(cnode, table));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(0, 0, 0), extras(cnode, endpoint));
    assert_int_equal(invoke(thread, label, words(7, 61, 0), extras(cnode, vspace)), ERR_NONE);
    assert_int_equal(cnode_guard_size(thread_of(thread)->slots[TCB_CSPACE].cap), 61);
    assert_int_equal(slot_delete(cnode), DONE);
    struct slot *other = build_cnode(3);
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(0, 0, 0), extras(other, vspace));
}

static void configure_checks_the_buffer_first(void **state)
{
    word_t label = LABEL_TCB_CONFIGURE;

    struct slot *cnode = build_cnode(3);
    struct slot *frame = build_frame();
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, label, words(0, 0, 0),
            extras(cnode, mapped_root(), frame));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, thread, label, words(0, 0, 0, 1), extras(cnode, frame));
    refuses(ERR_ALIGNMENT, NOTHING, thread, label, words(0, 0, 0, 1), extras(endpoint, endpoint, frame));
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, label, words(0, 0, 0, 1024),
            extras(endpoint, endpoint, frame));
    assert_int_equal(invoke(thread, label, words(0, 0, 0, 1024), extras(cnode, mapped_root(), frame)),
                     ERR_NONE);
}

/* The first words of zombies look like the addresses of objects, and may look the same. */
static void a_zombie_is_not_replaced_whatever_stands_beside_it(void **state)
{
    struct slot *zombie = &thread_of(thread)->slots[TCB_CSPACE];
    slot_insert_root(zombie, cap_make_object(CAP_ZOMBIE, cap_object(endpoint->cap), 0));
    struct slot *neighbour = build_slot();
    slot_insert(neighbour, zombie->cap, zombie);
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, thread, LABEL_TCB_SET_SPACE, words(0, 0, 0),
            extras(build_cnode(3), mapped_root()));
}

static void interrupts_are_refused_in_order(void **state)
{
    static const word_t get[] = { LABEL_IRQ_CONTROL_GET, LABEL_IRQ_CONTROL_GET_TRIGGER };

    struct slot *control = build_root(cap_make(CAP_IRQ_CONTROL, 0));
    struct slot *cnode = build_cnode(1);
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, control, LABEL_IRQ_HANDLER_ACK, words(), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, control, get[0], words(0, 0), extras(cnode));
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, control, get[1], words(0, 0, 0), extras(cnode));
    refuses(ERR_RANGE, words(1, 98), control, get[0], words(0, 0, 65), extras(endpoint));
    refuses(ERR_RANGE, words(1, 98), control, get[0], words(99, 0, 65), extras(endpoint));
    refuses(ERR_REVOKE_FIRST, NOTHING, control, get[0], words(96, 0, 65), extras(endpoint));
    for (unsigned i = 0; i < 2; i++) {
        refuses(ERR_TRUNCATED_MESSAGE, NOTHING, control, get[i], words(5, 0, 0, 0), extras());
        refuses(ERR_FAILED_LOOKUP, words(0, LOOKUP_INVALID_ROOT), control, get[i], words(5, 1, 1, 1),
                extras(endpoint));
    }
    refuses(ERR_RANGE, words(1, 64), control, get[0], words(5, 0, 65), extras(cnode));
    assert_int_equal(invoke(control, get[1], words(5, 1, 0, 1), extras(cnode)), ERR_NONE);
    refuses(ERR_REVOKE_FIRST, NOTHING, control, get[0], words(5, 0, 1), extras(cnode));
    refuses(ERR_DELETE_FIRST, NOTHING, control, get[0], words(6, 0, 1), extras(cnode));
    struct slot *handler = slots_of(cnode);
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, handler, get[0], words(), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, handler, LABEL_IRQ_HANDLER_SET_NOTIFICATION, words(), extras());
    refuses(ERR_INVALID_CAPABILITY, words(0), handler, LABEL_IRQ_HANDLER_SET_NOTIFICATION, words(),
            extras(endpoint));
    notification->cap = cap_mask_rights(notification->cap, ABI_RIGHT_READ);
    refuses(ERR_INVALID_CAPABILITY, words(0), handler, LABEL_IRQ_HANDLER_SET_NOTIFICATION, words(),
            extras(notification));
    assert_int_equal(slot_delete(handler), DONE);
    assert_int_equal(host_machine.irq_disabled, 5);
}

static void domains_are_refused_in_order(void **state)
{
    struct slot *domain = build_root(cap_make(CAP_DOMAIN, 0));
    word_t last = DOMAIN_SCHEDULE_ENTRIES - 1;
    refuses(ERR_ILLEGAL_OPERATION, NOTHING, domain, LABEL_TCB_SUSPEND, words(), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, domain, LABEL_DOMAIN_SET, words(), extras(thread));
    refuses(ERR_INVALID_ARGUMENT, words(0), domain, LABEL_DOMAIN_SET, words(REL4_NUM_DOMAINS), extras());
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, domain, LABEL_DOMAIN_SET, words(0), extras());
    refuses(ERR_INVALID_ARGUMENT, words(1), domain, LABEL_DOMAIN_SET, words(0), extras(endpoint));
    word_t label = LABEL_DOMAIN_SCHEDULE_CONFIGURE;
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, domain, label, words(last, 9), extras());
    refuses(ERR_RANGE, words(0, last - 1), domain, label, words(last, 9, 0), extras());
    refuses(ERR_RANGE, words(0, REL4_NUM_DOMAINS - 1), domain, label, words(0, REL4_NUM_DOMAINS, bit(56)),
            extras());
    refuses(ERR_INVALID_ARGUMENT, words(2), domain, label, words(0, 0, bit(56)), extras());
    refuses(ERR_INVALID_ARGUMENT, words(2), domain, label, words(0, 0, 0), extras());
    label = LABEL_DOMAIN_SCHEDULE_SET_START;
    refuses(ERR_TRUNCATED_MESSAGE, NOTHING, domain, label, words(), extras());
    refuses(ERR_RANGE, words(0, last), domain, label, words(last + 1), extras());
    refuses(ERR_INVALID_ARGUMENT, words(0), domain, label, words(last), extras());
}

#define test(name) cmocka_unit_test_setup(name, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(registers_are_refused_in_order),
        test(priorities_are_bounded_by_the_authority),
        test(only_a_free_notification_is_bound_to_a_free_thread),
        test(small_settings_need_their_words),
        test(a_buffer_must_be_an_aligned_frame),
        test(a_thread_needs_a_cnode_and_an_address_space),
        test(configure_checks_the_buffer_first),
        test(a_zombie_is_not_replaced_whatever_stands_beside_it),
        test(interrupts_are_refused_in_order),
        test(domains_are_refused_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
