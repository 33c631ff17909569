/*
 * Choosing on one hart, and a second one that idles; see placement.h.
 */
#include "placement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct tcb *other;
struct hart *const home = &harts_table[0], *const helper = &harts_table[1];

bool is_wanted(void)
{
    return true;
}

void run_owner(void)
{
    sched_dequeue(owner);
    owner->state = THREAD_RESTART;
    home->current = owner;
}

void open_queue_of_priority(unsigned priority)
{
    open_queue(5, 6);
    host_hart->locks = true;
    owner->max_priority = 255;
    sched_set_priority(owner, priority);
    other = thread_of(own(OTHER_THREAD));
    other->max_priority = 255;
    host_hart->current = &idle_thread;
    caller->state = THREAD_INACTIVE;
    host_hart->pending.any = 0;
}

void make_ready(struct tcb *tcb, unsigned priority)
{
    tcb->priority = (uint16_t)priority;
    tcb->state = THREAD_RUNNING;
    sched_enqueue_tail(tcb);
}

struct tcb *choose(void)
{
    host_hart->pending.reschedule = true;
    struct tcb *next = sched_choose(host_hart);

    host_hart->current = next;
    return host_hart->serving ? host_hart->serving : next;
}

void serve_in_turn(void)
{
    assert_ptr_equal(choose(), owner);
    assert_ptr_equal(host_hart->current, &idle_thread);
    placement_serve(host_hart);
    assert_null(host_hart->serving);
}

void put_change(enum change change)
{
    switch (change) {
    case CHANGE_STATE:
        put(0, rel4_header(LABEL_TCB_SUSPEND, 0, 0, 0), OWN_THREAD, words());
        break;
    case CHANGE_HART:
        put(0, rel4_header(LABEL_TCB_SET_AFFINITY, 0, 1, 0), OWN_THREAD, words(1));
        break;
    default:
        put(0, rel4_header(LABEL_TCB_SET_PRIORITY, 0, 1, 1), OWN_THREAD, words(3, OWN_THREAD));
        break;
    }
    put_batch(1);
}

void check_place(const struct hart *hart, unsigned priority)
{
    for (unsigned id = 0; id < harts_online; id++) {
        bool there = &harts_table[id] == hart;
        assert_int_equal(queue_highest(&harts_table[id].ready[0]), there ? (int)priority : -1);
        assert_int_equal(queue_highest(&harts_table[id].waiting[0]), there ? (int)priority : -1);
    }
}

void open_for_two(void)
{
    open_queue(8, 9);
    harts_online = 2;
    home->locks = helper->locks = true;
    home->pending.any = 0;
}

void be(struct hart *hart)
{
    host_hart = hart;
}

void idle(void)
{
    be(helper);
    helper->current = &idle_thread;
    placement_idle(helper);
    if (helper->serving) {
        placement_serve(helper);
    }
    helper->pending.any = 0;
    be(home);
}

void sleep_helper(void)
{
    idle_harts = bit(helper->id);
}

struct tcb *let_wait(struct hart *hart, unsigned priority, enum worker_place place)
{
    struct tcb *rival = thread_of(build_thread());

    rival->hart = hart;
    rival->priority = (uint16_t)priority;
    rival->state = THREAD_BLOCKED_ON_REPLY;
    rival->worker.is_worker = true;
    worker_enqueue(rival, place);
    return rival;
}

void check_waits_at_home(void)
{
    assert_int_equal(queue->state, QUEUE_WAITING);
    assert_true(owner->worker.queued);
    assert_null(helper->idle.kept);
    assert_null(helper->serving);
    assert_int_equal(queue_highest(&home->ready[0]), owner->priority);
}
