/*
 * The console: who has it, who waits for it and in which order, and all ways to lose it.
 */
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "ipc/receiver.h"
#include "object/console_turn.h"
#include "ring.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define THREADS 6

static struct tcb *threads[THREADS];

/* Threads of these priorities that run, so to speak: in system calls. */
static void build_threads(const unsigned priorities[THREADS])
{
    open_queue(5, 6);
    host_hart->pending.any = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = thread_of(build_thread());
        threads[i]->priority = (uint16_t)priorities[i];
        threads[i]->state = THREAD_RESTART;
    }
}

static void build_equal_threads(void)
{
    build_threads((const unsigned[]){ 5, 5, 5, 5, 5, 5 });
}

static bool take(unsigned i)
{
    return console_take(&threads[i]->ready);
}

static void leave(unsigned i)
{
    console_leave(&threads[i]->ready);
}

static bool has(unsigned i)
{
    return console_holder == &threads[i]->ready;
}

static bool waits(unsigned i)
{
    return threads[i]->state == THREAD_BLOCKED_ON_CONSOLE;
}

/* It was woken, and has it. */
static bool has_turn(unsigned i)
{
    return has(i) && !waits(i);
}

/* Takes a thread that was woken out of the ready queues: it repeats its call. */
static void goes_on(unsigned i)
{
    assert_int_equal(threads[i]->state, THREAD_RESTART);
    sched_dequeue(threads[i]);
    host_hart->pending.any = 0;
    assert_true(take(i));
}

static void goes_on_and_leaves(unsigned i)
{
    goes_on(i);
    leave(i);
}

static void who_lets_it_go_wakes_the_most_important_and_of_these_the_first(void **state)
{
    static const unsigned order[] = { 4, 1, 3, 2, 5 };

    build_threads((const unsigned[]){ 9, 5, 4, 5, 6, 4 });
    assert_true(take(0));
    for (unsigned i = 1; i < THREADS; i++) {
        assert_false(take(i));
        assert_true(waits(i));
    }
    leave(0);
    for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
        for (unsigned k = i; k < ARRAY_SIZE(order); k++) {
            assert_int_equal(waits(order[k]), k != i);
        }
        assert_true(has(order[i]));
        goes_on_and_leaves(order[i]);
    }
    assert_null(console_holder);
    assert_int_equal(console_waiters[0].summary, 0);
}

static void who_is_more_important_than_the_holder_comes_in_between(void **state)
{
    build_threads((const unsigned[]){ 5, 5, 6, 7, 6, 8 });
    assert_true(take(0));
    assert_false(take(1));
    assert_true(take(2));
    assert_true(take(3));
    assert_false(take(4));
    /* The preempted ones repeat their calls, and wait until those before them are done. */
    assert_false(take(2));
    assert_false(take(0));
    leave(3);
    assert_true(has_turn(2));
    goes_on_and_leaves(2);
    /* One that waits is more important than the first of all, who comes before its equals. */
    assert_true(has_turn(4) && waits(0) && waits(1));
    goes_on_and_leaves(4);
    assert_true(has_turn(0) && waits(1));
    goes_on_and_leaves(0);
    assert_true(has_turn(1));
}

static void a_thread_that_is_stopped_has_it_no_longer_and_waits_no_longer(void **state)
{
    build_equal_threads();
    assert_true(take(0));
    assert_false(take(1));
    assert_false(take(2));
    thread_suspend(threads[1]);
    assert_int_equal(threads[1]->state, THREAD_INACTIVE);
    thread_suspend(threads[0]);
    assert_true(has_turn(2));
    thread_suspend(threads[2]);
    assert_null(console_holder);
}

static void a_thread_that_waits_is_woken_by_nothing_but_its_turn(void **state)
{
    build_equal_threads();
    struct notification *bound = cap_object(own(NOTIFICATION)->cap);
    notification_bind(bound, threads[1]);
    assert_true(take(0));
    assert_false(take(1));
    notification_signal(bound, 1);
    assert_true(waits(1));
    leave(0);
    assert_true(has(1));
}

static void a_new_priority_moves_who_waits_and_one_above_the_holder_has_it(void **state)
{
    build_threads((const unsigned[]){ 5, 3, 4, 5, 5, 5 });
    assert_true(take(0));
    assert_false(take(1));
    assert_false(take(2));
    sched_set_priority(threads[1], 5);
    assert_true(waits(1) && waits(2));
    sched_set_priority(threads[2], 6);
    assert_true(has_turn(2));
    goes_on_and_leaves(2);
    assert_true(has(0));
    leave(0);
    assert_true(has_turn(1));
}

static void whoever_is_more_important_is_before_those_who_had_it(void **state)
{
    build_threads((const unsigned[]){ 2, 8, 5, 5, 5, 5 });
    assert_true(take(0));
    assert_true(take(1));
    assert_false(take(0));
    assert_false(take(2));
    leave(1);
    assert_true(has_turn(2) && waits(0));
    goes_on_and_leaves(2);
    assert_true(has_turn(0));
    goes_on_and_leaves(0);
    assert_null(console_holder);
}

static void a_holder_that_becomes_less_important_than_whom_it_preempted_waits_for_that(void **state)
{
    for (unsigned waiting = 0; waiting < 2; waiting++) {
        build_threads((const unsigned[]){ 5, 8, 5, 5, 5, 5 });
        assert_true(take(0));
        assert_true(take(1));
        if (waiting) {
            assert_false(take(0));
        }
        sched_set_priority(threads[1], 2);
        if (waiting) {
            goes_on(0);
        } else {
            assert_true(take(0));
        }
        assert_false(take(1));
        leave(0);
        assert_true(has_turn(1));
        goes_on_and_leaves(1);
        assert_null(console_holder);
        assert_int_equal(console_waiters[0].summary, 0);
    }
}

/* ---- Losing it ---- */

static void the_repetition_of_the_call_has_it_and_another_call_does_not(void **state)
{
    static const unsigned registers[] = { ABI_REG_PC, ABI_REG_A0, ABI_REG_A0 + 1, ABI_REG_A2, ABI_REG_A7 };

    for (unsigned i = 0; i <= ARRAY_SIZE(registers); i++) {
        build_equal_threads();
        assert_true(take(0));
        assert_false(take(1));
        threads[0]->context.regs[ABI_REG_A2] = 64; /* so much is out */
        threads[0]->context.regs[ABI_REG_A7] = (word_t)SYS_CALL;
        console_preempted(&threads[0]->ready);
        if (i < ARRAY_SIZE(registers)) {
            threads[0]->context.regs[registers[i]] += 8;
        }
        console_check_call(threads[0]);
        assert_int_equal(has(0), i == ARRAY_SIZE(registers));
        assert_int_equal(waits(1), has(0));
        console_check_call(threads[1]);
        assert_int_equal(waits(1), has(0));
    }
}

/* The bits of a capability pointer behind those that a CNode takes are the caller's, so it could meet any
 * digest of the registers that can be undone, as this one: each is added and multiplied. */
static void a_call_with_the_same_digest_is_no_repetition(void **state)
{
    const word_t factor = 0x9e3779b97f4a7c15ul;
    word_t inverse = 1;

    for (unsigned i = 0; i < 6; i++) {
        inverse *= 2 - factor * inverse;
    }
    build_equal_threads();
    assert_true(take(0));
    assert_false(take(1));
    word_t *regs = threads[0]->context.regs;
    regs[ABI_REG_A2] = 952 | 64 << 16;
    regs[ABI_REG_A7] = (word_t)SYS_CALL;
    console_preempted(&threads[0]->ready);
    word_t first = regs[ABI_REG_PC] * factor;
    word_t third = (((first ^ regs[ABI_REG_A0]) * factor) ^ regs[ABI_REG_A0 + 1]) * factor ^ regs[ABI_REG_A2];
    regs[ABI_REG_A2] = 952; /* nothing is out */
    regs[ABI_REG_A0] = (((third ^ regs[ABI_REG_A2]) * inverse) ^ regs[ABI_REG_A0 + 1]) * inverse ^ first;
    console_check_call(threads[0]);
    assert_true(has_turn(1));
}

static void who_goes_to_a_handler_of_user_interrupts_loses_it(void **state)
{
    for (unsigned pending = 0; pending < 2; pending++) {
        build_threads((const unsigned[]){ 5, 5, 5, 5, 5, 5 });
        struct notification *bound = cap_object(own(NOTIFICATION)->cap);
        uintr_backend = REL4_UINTR_EMULATED;
        notification_bind(bound, threads[0]);
        receiver_register(threads[0], 0x1000, 0x2000);
        assert_true(take(0));
        assert_false(take(1));
        if (pending) {
            notification_signal(bound, 1);
        }
        uintr_prepare_return(host_hart, threads[0]);
        assert_int_equal(threads[0]->context.next_pc == 0x1000, pending);
        assert_int_equal(has(1), pending);
    }
}

static void new_registers_end_the_call_of_who_has_it_and_of_who_waits(void **state)
{
    for (unsigned resumes = 0; resumes < 2; resumes++) {
        for (unsigned waits = 0; waits < 2; waits++) {
            build_equal_threads();
            struct tcb *target = thread_of(own(OTHER_THREAD));
            target->priority = 5;
            target->state = THREAD_RESTART;
            assert_true(!waits || take(0));
            assert_int_equal(console_take(&target->ready), !waits);
            assert_int_equal(
                invoke(own(OTHER_THREAD), LABEL_TCB_WRITE_REGISTERS, words(resumes, 1, 0x1000), extras()),
                ERR_NONE);
            assert_int_equal(target->state, THREAD_RESTART);
            assert_int_equal(target->ready.queued || host_hart->candidate == target, waits);
            assert_ptr_equal(console_holder, waits ? &threads[0]->ready : NULL);
            assert_int_equal(console_waiters[0].summary, 0);
        }
    }
}

static void ticks(unsigned count)
{
    while (count--) {
        console_tick(host_hart);
    }
}

/* It has the console, and is preempted by another, who runs. */
static void be_preempted_by(unsigned other)
{
    sched_dequeue(threads[0]);
    sched_enqueue_tail(threads[0]);
    host_hart->current = threads[other];
}

static void who_is_ready_while_more_important_ones_run_for_a_slice_loses_it_if_somebody_waits(void **state)
{
    build_threads((const unsigned[]){ 5, 5, 6, 5, 5, 5 });
    assert_true(take(0));
    be_preempted_by(2);
    ticks(3 * TIME_SLICE_TICKS);
    assert_true(has(0));
    assert_false(take(1));
    ticks(TIME_SLICE_TICKS - 1);
    /* It runs, and goes on. */
    sched_dequeue(threads[0]);
    assert_true(take(0));
    be_preempted_by(2);
    ticks(TIME_SLICE_TICKS - 2);
    /* It runs, and does not go on. */
    sched_dequeue(threads[0]);
    ticks(1);
    /* A change of another's priority is no progress of it. */
    console_begin_change(threads[4]);
    console_end_change(threads[4]);
    assert_true(has(0) && waits(1));
    /* Other harts' ticks have nothing to do with that. */
    console_tick(&harts_table[1]);
    assert_true(has(0) && waits(1));
    ticks(1);
    assert_true(has_turn(1));
}

static void who_is_ready_while_equals_run_for_four_slices_loses_it_if_somebody_waits(void **state)
{
    build_threads((const unsigned[]){ 5, 5, 6, 5, 5, 5 });
    assert_true(take(0));
    assert_false(take(1));
    be_preempted_by(3);
    for (unsigned i = 1; i < 4 * TIME_SLICE_TICKS; i++) {
        ticks(1);
        /* Whoever puts it behind its equals again. */
        sched_set_priority(threads[0], 5);
        be_preempted_by(3);
        assert_true(has(0) && waits(1));
    }
    ticks(1);
    assert_true(has_turn(1));
}

/* Others, that are more important, come in between whenever there is a tick. */
static void who_does_not_go_on_below_others_loses_it_if_somebody_waits(void **state)
{
    build_threads((const unsigned[]){ 5, 5, 6, 5, 5, 5 });
    assert_true(take(0));
    be_preempted_by(2);
    assert_false(take(1));
    for (unsigned i = 0; i < TIME_SLICE_TICKS; i++) {
        assert_true(take(2));
        ticks(1);
        leave(2);
        assert_int_equal(has_turn(1), i == TIME_SLICE_TICKS - 1);
    }
}

static void who_is_moved_again_and_again_between_ticks_loses_it(void **state)
{
    build_threads((const unsigned[]){ 5, 5, 5, 5, 5, 5 });
    harts_online = 2;
    assert_true(take(0));
    assert_false(take(1));
    sched_enqueue_tail(threads[0]);
    for (unsigned i = 1; i <= TIME_SLICE_TICKS; i++) {
        assert_true(has(0));
        sched_set_hart(threads[0], &harts_table[i % 2]);
    }
    assert_true(has_turn(1));
}

/* ---- Workers ---- */

#define LENGTH 200

/* 200 characters, and another request behind it. */
static void put_print(void)
{
    struct rel4_item *item = request_at(produced);

    put(7, rel4_header(REL4_LABEL_QUEUE_PUT_STRING, 0, 1 + LENGTH / 8, 0), OWN_QUEUE, words(LENGTH));
    for (unsigned i = 1; i < REL4_ITEM_WORDS; i++) {
        item->words[i] = 0x7878787878787878;
    }
    for (unsigned i = 1; i < rel4_items_for(1 + LENGTH / 8); i++) {
        for (unsigned k = 0; k < REL4_MORE_WORDS; k++) {
            ((word_t *)request_at(produced))[k] = 0x7878787878787878;
        }
        produced++;
    }
    put_simple(8);
    *header(REL4_HEADER_REQUEST_PRODUCER) = produced;
}

/* Serves it, and so the worker prints. */
static void begin_print(enum rel4_place place)
{
    put_print();
    wake();
    serve(place);
}

/* So that it goes on before it loses it again, however many they are. */
static void who_gets_it_is_the_first_of_its_equals(void **state)
{
    for (unsigned is_worker = 0; is_worker < 2; is_worker++) {
        build_threads((const unsigned[]){ 5, 5, 5, 5, 5, 5 });
        assert_true(take(0));
        if (is_worker) {
            sched_set_priority(owner, 5);
            begin_print(REL4_PLACE_BLOCK);
            assert_int_equal(queue->state, QUEUE_BLOCKED);
        } else {
            assert_false(take(1));
        }
        host_hart->current = threads[2];
        sched_enqueue_tail(threads[3]);
        sched_enqueue_tail(threads[4]);
        leave(0);
        assert_ptr_equal(host_hart->ready[0].head[5], is_worker ? &owner->worker : &threads[1]->ready);
        assert_null(host_hart->candidate);
    }
}

static void a_worker_waits_and_goes_on_with_the_same_request(void **state)
{
    for (unsigned place = 0; place < REL4_PLACES; place++) {
        build_equal_threads();
        assert_true(take(0));
        begin_print((enum rel4_place)place);
        assert_int_equal(queue->state, QUEUE_BLOCKED);
        assert_false(owner->worker.queued);
        assert_int_equal(host_machine.printed, 0);
        assert_int_equal(answers(), 0);
        /* A wake call does not help. */
        wake();
        assert_int_equal(queue->state, QUEUE_BLOCKED);
        leave(0);
        assert_int_equal(queue->state, QUEUE_WAITING);
        assert_true(owner->worker.queued);
        assert_ptr_equal(console_holder, &owner->worker);
        serve((enum rel4_place)place);
        assert_int_equal(host_machine.printed, LENGTH);
        check_answer(7, ERR_NONE, 0);
        /* The run ends behind what has had the console. */
        serve((enum rel4_place)place);
        check_served(8);
        assert_null(console_holder);
    }
}

static void a_worker_whose_owner_becomes_more_important_than_the_holder_has_it_at_once(void **state)
{
    build_equal_threads();
    assert_true(take(0));
    begin_print(REL4_PLACE_BLOCK);
    assert_int_equal(queue->state, QUEUE_BLOCKED);
    sched_set_priority(owner, 6);
    assert_ptr_equal(console_holder, &owner->worker);
    assert_int_equal(queue->state, QUEUE_WAITING);
    assert_ptr_equal(host_hart->ready[0].head[6], &owner->worker);
    assert_ptr_equal(owner->worker.next, &owner->worker);
    serve(REL4_PLACE_BLOCK);
    check_answer(7, ERR_NONE, 0);
    assert_true(has(0));
}

static void a_worker_that_is_preempted_prints_everything_once(void **state)
{
    build_equal_threads();
    put_print();
    host_preempt_every(1);
    wake();
    for (unsigned out = 64; out < LENGTH; out += 64) {
        serve(REL4_PLACE_BLOCK);
        assert_int_equal(host_machine.printed, out);
        assert_ptr_equal(console_holder, &owner->worker);
        assert_int_equal(queue->state, QUEUE_WAITING);
    }
    serve(REL4_PLACE_BLOCK);
    assert_int_equal(host_machine.printed, LENGTH);
    check_answer(7, ERR_NONE, 0);
}

/* How much is out is in the message while the call is interrupted, and not when it is done. */
static void a_thread_that_makes_the_same_call_again_prints_everything_again(void **state)
{
    word_t message[1 + LENGTH / 8] = { LENGTH };
    struct request request = {
        .label = REL4_LABEL_QUEUE_PUT_STRING,
        .length = ARRAY_SIZE(message),
        .first = message,
        .words = { message },
    };

    build_threads((const unsigned[]){ 5, 5, 5, 5, 5, 5 });
    request.thread = threads[0];
    request.slot = queue_slot;
    request.cap = queue_slot->cap;
    host_preempt_every(1);
    for (unsigned call = 1; call <= 2; call++) {
        for (unsigned out = 64; out < LENGTH; out += 64) {
            assert_int_equal(request_serve(&request, &result, &progress), ERR_NONE);
            assert_int_equal(progress, AGAIN);
            assert_int_equal(host_machine.printed, (call - 1) * LENGTH + out);
            assert_true(message[0] != LENGTH && has(0));
        }
        assert_int_equal(request_serve(&request, &result, &progress), ERR_NONE);
        assert_int_equal(progress, DONE);
        assert_int_equal(host_machine.printed, call * LENGTH);
        assert_true(message[0] == LENGTH && !console_holder);
    }
}

static void whatever_ends_the_request_lets_the_console_go(void **state)
{
    for (unsigned way = 0; way < 4; way++) {
        for (unsigned blocked = 0; blocked < 2; blocked++) {
            build_equal_threads();
            assert_true(!blocked || take(0));
            host_preempt_every(1);
            begin_print(REL4_PLACE_BLOCK);
            assert_int_equal(queue->state, blocked ? QUEUE_BLOCKED : QUEUE_WAITING);
            switch (way) {
            case 0:
                thread_suspend(owner);
                assert_int_equal(queue->state, QUEUE_WAITING);
                break;
            case 1:
                reset_queue();
                break;
            case 2:
                async_queue_stop(queue);
                break;
            default:
                assert_int_equal(invoke(queue_slot, REL4_LABEL_QUEUE_DETACH, words(), extras()), ERR_NONE);
                break;
            }
            assert_false(owner->worker.queued);
            assert_ptr_equal(console_holder, blocked ? &threads[0]->ready : NULL);
            assert_int_equal(console_waiters[0].summary, 0);
        }
    }
}

static void a_string_goes_on_where_it_stopped_also_for_who_was_stopped_in_between(void **state)
{
    build_equal_threads();
    host_preempt_every(1);
    begin_print(REL4_PLACE_BLOCK);
    thread_suspend(owner);
    host_preempt_never();
    thread_resume(owner);
    serve(REL4_PLACE_BLOCK);
    assert_int_equal(host_machine.printed, LENGTH);
    check_answer(7, ERR_NONE, 0);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_teardown(test, close_queue)
    const struct CMUnitTest tests[] = {
        EACH(who_lets_it_go_wakes_the_most_important_and_of_these_the_first),
        EACH(who_is_more_important_than_the_holder_comes_in_between),
        EACH(a_thread_that_is_stopped_has_it_no_longer_and_waits_no_longer),
        EACH(a_thread_that_waits_is_woken_by_nothing_but_its_turn),
        EACH(a_new_priority_moves_who_waits_and_one_above_the_holder_has_it),
        EACH(whoever_is_more_important_is_before_those_who_had_it),
        EACH(a_holder_that_becomes_less_important_than_whom_it_preempted_waits_for_that),
        EACH(the_repetition_of_the_call_has_it_and_another_call_does_not),
        EACH(a_call_with_the_same_digest_is_no_repetition),
        EACH(who_goes_to_a_handler_of_user_interrupts_loses_it),
        EACH(new_registers_end_the_call_of_who_has_it_and_of_who_waits),
        EACH(who_is_ready_while_more_important_ones_run_for_a_slice_loses_it_if_somebody_waits),
        EACH(who_is_ready_while_equals_run_for_four_slices_loses_it_if_somebody_waits),
        EACH(who_gets_it_is_the_first_of_its_equals),
        EACH(who_does_not_go_on_below_others_loses_it_if_somebody_waits),
        EACH(who_is_moved_again_and_again_between_ticks_loses_it),
        EACH(a_worker_waits_and_goes_on_with_the_same_request),
        EACH(a_worker_whose_owner_becomes_more_important_than_the_holder_has_it_at_once),
        EACH(a_worker_that_is_preempted_prints_everything_once),
        EACH(a_thread_that_makes_the_same_call_again_prints_everything_again),
        EACH(whatever_ends_the_request_lets_the_console_go),
        EACH(a_string_goes_on_where_it_stopped_also_for_who_was_stopped_in_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
