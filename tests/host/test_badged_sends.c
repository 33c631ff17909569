/*
 * CancelBadgedSends, interrupted at every step, while senders come and go.
 */
#include "build.h"
#include "ipc/endpoint.h"
#include "random.h"
#include "thread/scheduler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SENDERS 24
#define OWNERS  3
#define BADGES  3

static struct tcb *senders[SENDERS];
static struct tcb *owners[OWNERS];
static struct slot *endpoint;

/* The queue as it should be: who, and when it was queued. */
static struct entry {
    struct tcb *thread;
    unsigned time;
} model[SENDERS];
static unsigned length;
static unsigned now;

/* What each owner asked for and when; badge 0: nothing. The number is what its call knows of the pass. */
static struct {
    word_t badge;
    unsigned time;
    unsigned calls;
    uint32_t number;
} asked[OWNERS];

static struct wait_queue *queue(void)
{
    return &((struct endpoint *)cap_object(endpoint->cap))->queue;
}

static void build(void)
{
    build_reset();
    endpoint = build_endpoint();
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = thread_of(build_thread());
    }
    for (unsigned i = 0; i < OWNERS; i++) {
        owners[i] = thread_of(build_thread());
    }
    memset(asked, 0, sizeof(asked));
    length = 0;
    host_preempt_every(1);
}

static void start_sending(struct tcb *thread, word_t badge)
{
    sched_dequeue(thread);
    thread->state = THREAD_RUNNING;
    endpoint_send(thread, cap_make_ipc(CAP_ENDPOINT, cap_object(endpoint->cap), ABI_RIGHTS_ALL, badge),
                  SEND_BLOCKING);
    model[length++] = (struct entry){ thread, ++now };
}

static void forget_entry(unsigned i)
{
    length--;
    memmove(&model[i], &model[i + 1], (length - i) * sizeof(model[0]));
}

static void check_queue(void)
{
    struct tcb *thread = wait_head(queue());

    for (unsigned i = 0; i < length; i++) {
        check(thread == model[i].thread);
        check(thread->queue_prev == (i ? model[i - 1].thread : NULL));
        thread = thread->queue_next;
    }
    check(!thread);
    check(length ? (wait_state(queue()) & ENDPOINT_SENDING) != 0 : wait_state(queue()) == 0);
}

static bool is_asked(word_t badge)
{
    for (unsigned i = 0; i < OWNERS; i++) {
        if (asked[i].badge == badge) {
            return true;
        }
    }
    return false;
}

/* Takes those that were woken out of the model. They send again, all of them or at random. */
static void sort_out(uint64_t *seed)
{
    for (unsigned i = 0; i < length;) {
        struct tcb *thread = model[i].thread;
        if (thread->state == THREAD_BLOCKED_ON_SEND) {
            i++;
            continue;
        }
        check(thread->state == THREAD_RESTART && is_asked(thread->send_badge));
        forget_entry(i);
        if (!seed || random_below(seed, 2)) {
            start_sending(thread, thread->send_badge);
        }
    }
}

static enum progress ask(unsigned owner, uint64_t *seed)
{
    enum progress answer = endpoint_cancel_badged(&owners[owner]->pass, cap_object(endpoint->cap),
                                                  asked[owner].badge, &asked[owner].number);

    asked[owner].calls++;
    /* Each call looks at one sender at least: those of the pass before and of its own, once each. */
    check(asked[owner].calls <= 2 * SENDERS + 2);
    sort_out(seed);
    if (answer == DONE) {
        for (unsigned i = 0; i < length; i++) {
            check(model[i].thread->send_badge != asked[owner].badge || model[i].time > asked[owner].time);
        }
        asked[owner].badge = 0;
    }
    return answer;
}

static void begin(unsigned owner, word_t badge)
{
    asked[owner].badge = badge;
    asked[owner].time = now;
    asked[owner].calls = 0;
    asked[owner].number = 0;
}

/* Something happens to the owner between two calls: it makes another one, or the same one anew. */
static void disturb(unsigned owner, uint64_t *seed)
{
    word_t badge = asked[owner].badge;
    uint32_t number = asked[owner].number;

    switch (random_below(seed, 3)) {
    case 0: /* it is stopped, and asks no more */
        badged_pass_forget(&owners[owner]->pass);
        asked[owner].badge = 0;
        break;
    case 1: /* it is stopped, and goes on with the call when it is resumed: that begins anew */
        badged_pass_forget(&owners[owner]->pass);
        begin(owner, badge);
        asked[owner].number = number;
        break;
    default: /* it makes a new call with the same arguments, in a handler perhaps */
        begin(owner, badge);
        break;
    }
}

static void act(uint64_t *seed)
{
    unsigned owner = random_below(seed, OWNERS);
    struct tcb *sender = senders[random_below(seed, SENDERS)];

    switch (random_below(seed, 8)) {
    case 0:
    case 1:
        if (sender->state != THREAD_BLOCKED_ON_SEND) {
            start_sending(sender, 1 + random_below(seed, BADGES));
        }
        break;
    case 2:
        for (unsigned i = 0; i < length; i++) {
            if (model[i].thread == sender || (i == 0 && random_below(seed, 2))) {
                ipc_cancel(model[i].thread);
                forget_entry(i);
                break;
            }
        }
        break;
    case 3:
        if (random_below(seed, 4) == 0 && asked[owner].badge) {
            disturb(owner, seed);
        }
        break;
    default:
        if (!asked[owner].badge) {
            begin(owner, 1 + random_below(seed, BADGES));
        }
        ask(owner, seed);
        break;
    }
}

static void senders_with_the_badge_go_and_the_others_keep_their_order(void **state)
{
    uint64_t seed = 5;

    for (host_seed = 1; host_seed < 300; host_seed++) {
        build();
        for (host_step = 0; host_step < 1000; host_step++) {
            act(&seed);
            check_queue();
        }
    }
    host_seed = 0;
}

static void two_that_interrupt_each_other_both_come_to_an_end(void **state)
{
    build();
    for (unsigned i = 0; i < SENDERS; i++) {
        start_sending(senders[i], 1 + i % BADGES);
    }
    begin(0, 1);
    begin(1, 2);
    for (unsigned turn = 0; asked[0].badge || asked[1].badge; turn++) {
        if (asked[turn % 2].badge) {
            ask(turn % 2, NULL);
            check_queue();
        }
    }
    assert_int_equal(length, SENDERS);
}

static void a_queue_that_disappears_ends_the_pass(void **state)
{
    build();
    for (unsigned i = 0; i < SENDERS; i++) {
        start_sending(senders[i], 1 + i % BADGES);
    }
    begin(0, 3);
    assert_int_equal(ask(0, NULL), AGAIN);
    while (ipc_cancel_some(queue())) {
    }
    assert_int_equal(wait_state(queue()), ENDPOINT_IDLE);
    length = 0;
    assert_int_equal(ask(0, NULL), DONE);
}

/* A call that half of the senders are there for, and that is interrupted. */
static void begin_and_interrupt(void)
{
    build();
    for (unsigned i = 0; i < SENDERS / 2; i++) {
        start_sending(senders[i], 1 + i % BADGES);
    }
    begin(0, 1);
    assert_int_equal(ask(0, NULL), AGAIN);
}

static void a_new_call_with_the_arguments_of_an_interrupted_one_does_all_of_its_work(void **state)
{
    begin_and_interrupt();
    /* These come behind the end of the interrupted one, which looks at no sender twice. */
    struct tcb *last = senders[SENDERS - 1];
    start_sending(last, 1);
    begin(0, 1);
    unsigned before = now;
    while (ask(0, NULL) == AGAIN) {
    }
    for (unsigned i = 0; i < length; i++) {
        assert_true(model[i].thread->send_badge != 1 || model[i].time > before);
    }
}

static void a_call_that_goes_on_after_its_thread_was_stopped_does_all_of_its_work(void **state)
{
    uint32_t number;

    begin_and_interrupt();
    number = asked[0].number;
    thread_suspend(owners[0]);
    start_sending(senders[SENDERS - 1], 1);
    thread_resume(owners[0]);
    /* Its registers still say how far it was. */
    begin(0, 1);
    asked[0].number = number;
    while (ask(0, NULL) == AGAIN) {
    }
}

static void a_call_by_the_ring_and_one_by_trap_do_not_share_what_they_have_done(void **state)
{
    struct badged_pass *by_ring = &owners[1]->pass;
    uint32_t number;

    build();
    for (unsigned i = 0; i < SENDERS; i++) {
        start_sending(senders[i], 1);
    }
    begin(0, 1);
    assert_int_equal(ask(0, NULL), AGAIN);
    /* Whatever another call says of itself: it is not the one that knows the pass. */
    number = asked[0].number;
    assert_int_equal(endpoint_cancel_badged(by_ring, cap_object(endpoint->cap), 1, &number), AGAIN);
    assert_int_equal(number, 0);
    assert_int_not_equal(owners[0]->pass.number, by_ring->number);
    sort_out(NULL);
    while (ask(0, NULL) == AGAIN) {
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(senders_with_the_badge_go_and_the_others_keep_their_order, host_teardown),
        cmocka_unit_test(two_that_interrupt_each_other_both_come_to_an_end),
        cmocka_unit_test(a_queue_that_disappears_ends_the_pass),
        cmocka_unit_test(a_new_call_with_the_arguments_of_an_interrupted_one_does_all_of_its_work),
        cmocka_unit_test(a_call_that_goes_on_after_its_thread_was_stopped_does_all_of_its_work),
        cmocka_unit_test(a_call_by_the_ring_and_one_by_trap_do_not_share_what_they_have_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
