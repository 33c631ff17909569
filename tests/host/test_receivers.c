/*
 * Which harts the controller's wake line interrupts, whatever receivers do.
 */
#include "build.h"
#include "cap/delete.h"
#include "ipc/receiver.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HARTS     4
#define RECEIVERS 6
#define SOURCE    12

static struct slot *threads[RECEIVERS];
static struct slot *notifications[RECEIVERS];

static void make(unsigned i)
{
    threads[i] = build_thread();
    notifications[i] = build_notification();
    notification_bind(cap_object(notifications[i]->cap), thread_of(threads[i]));
}

static void start(unsigned backend, bool extended)
{
    build_reset();
    uintr_backend = backend;
    uintc.extended = extended;
    uintc.wake_source = extended ? SOURCE : 0;
    harts_online = HARTS;
    for (unsigned id = 0; id < HARTS; id++) {
        harts_table[id].id = id;
        if (id) {
            harts_table[id].current = &idle_thread;
        }
    }
    for (unsigned i = 0; i < RECEIVERS; i++) {
        make(i);
    }
}

static void start_with_line(void)
{
    start(REL4_UINTR_HARDWARE, true);
}

static void begin(unsigned i)
{
    assert_int_equal(
        invoke(threads[i], REL4_LABEL_TCB_REGISTER_RECEIVER, words(0x1000, 0), extras(notifications[i])),
        ERR_NONE);
}

static void end(unsigned i)
{
    assert_int_equal(invoke(threads[i], REL4_LABEL_TCB_UNREGISTER_RECEIVER, words(), extras()), ERR_NONE);
}

static void move(unsigned i, unsigned hart)
{
    assert_int_equal(invoke(threads[i], LABEL_TCB_SET_AFFINITY, words(hart), extras()), ERR_NONE);
}

static void the_line_interrupts_the_harts_of_receivers(void **state)
{
    start_with_line();
    assert_int_equal(host_machine.wake_harts, 0);
    move(0, 2);
    assert_int_equal(host_machine.wake_harts, 0); /* no receiver yet */
    begin(0);
    assert_int_equal(host_machine.wake_harts, 1 << 2);
    begin(1);
    assert_int_equal(host_machine.wake_harts, 1 << 2 | 1 << 0);
    move(0, 3);
    assert_int_equal(host_machine.wake_harts, 1 << 3 | 1 << 0);
    move(0, 0);
    assert_int_equal(host_machine.wake_harts, 1 << 0);
    end(1);
    assert_int_equal(host_machine.wake_harts, 1 << 0);
    end(0);
    assert_int_equal(host_machine.wake_harts, 0);
}

static void the_line_is_changed_for_the_first_and_the_last_receiver_of_a_hart_only(void **state)
{
    start_with_line();
    for (unsigned i = 0; i < RECEIVERS; i++) {
        begin(i);
        move(i, 0);
    }
    assert_int_equal(host_machine.irq_changes, 1);
    for (unsigned i = 0; i < RECEIVERS; i++) {
        end(i);
    }
    assert_int_equal(host_machine.irq_changes, 2);
    assert_int_equal(host_machine.wake_harts, 0);
}

static void every_end_of_a_receiver_takes_it_off_its_hart(void **state)
{
    start_with_line();
    for (unsigned i = 0; i < 4; i++) {
        begin(i);
        move(i, 1 + i % 3);
        assert_int_equal(host_machine.wake_harts, bit(1 + i % 3));
        switch (i) {
        case 0:
            end(i);
            break;
        case 1:
            assert_int_equal(invoke(threads[i], LABEL_TCB_UNBIND_NOTIFICATION, words(), extras()), ERR_NONE);
            break;
        case 2:
            assert_int_equal(slot_delete(threads[i]), DONE);
            break;
        default:
            assert_int_equal(slot_delete(notifications[i]), DONE);
            break;
        }
        assert_int_equal(host_machine.wake_harts, 0);
    }
}

static void without_the_line_or_a_slot_no_hart_is_interrupted(void **state)
{
    for (unsigned way = 0; way < 2; way++) {
        start(way ? REL4_UINTR_EMULATED : REL4_UINTR_HARDWARE, way);
        begin(0);
        move(0, 1);
        end(0);
        assert_int_equal(host_machine.irq_changes, 0);
    }
    start_with_line();
    for (unsigned i = 0; i < ARRAY_SIZE(uintc_used); i++) {
        uintc_used[i] = ~0ul;
    }
    begin(0);
    move(0, 1);
    end(0);
    assert_int_equal(host_machine.irq_changes, 0);
}

static void random_changes_leave_the_line_where_the_receivers_are(void **state)
{
    uint64_t seed = 5;

    start_with_line();
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = random_below(&seed, RECEIVERS);
        host_step = step;
        switch (random_below(&seed, 8)) {
        case 0:
        case 1:
            if (thread_of(threads[i])->uintr.receiver) {
                end(i);
            } else {
                begin(i);
            }
            break;
        case 2:
            if (step % 16 == 0) {
                assert_int_equal(slot_delete(random_below(&seed, 2) ? threads[i] : notifications[i]), DONE);
                make(i);
            }
            break;
        default:
            move(i, random_below(&seed, HARTS));
            break;
        }
        word_t expected = 0;
        for (unsigned t = 0; t < RECEIVERS; t++) {
            if (thread_of(threads[t])->uintr.receiver) {
                expected |= bit(thread_of(threads[t])->hart->id);
            }
        }
        check(host_machine.wake_harts == expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_line_interrupts_the_harts_of_receivers, host_teardown),
        cmocka_unit_test_teardown(the_line_is_changed_for_the_first_and_the_last_receiver_of_a_hart_only,
                                  host_teardown),
        cmocka_unit_test_teardown(every_end_of_a_receiver_takes_it_off_its_hart, host_teardown),
        cmocka_unit_test_teardown(without_the_line_or_a_slot_no_hart_is_interrupted, host_teardown),
        cmocka_unit_test_teardown(random_changes_leave_the_line_where_the_receivers_are, host_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
