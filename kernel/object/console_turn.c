/*
 * The turn on the console. The holder is the first of a chain: behind it is who had the console when it came
 * in between, and has it again when it is done.
 */
#include "object/console_turn.h"

#include "lib/mutant.h"
#include "object/async_queue.h"
#include "thread/ready_queue.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

struct schedulable *console_holder;

struct ready_queue console_waiters;

static struct tcb *owner_of(struct schedulable *s)
{
    return s->is_worker ? schedulable_owner(s) : schedulable_thread(s);
}

static bool is_waiting(struct schedulable *s)
{
    const struct tcb *thread = owner_of(s);

    return s->is_worker ? thread->async_queue->state == QUEUE_BLOCKED
                        : thread->state == THREAD_BLOCKED_ON_CONSOLE;
}

/* A hart with threads that have the console looks at each system call. */
static void count_on_hart(struct schedulable *s, unsigned change)
{
    if (!s->is_worker) {
        struct hart *hart = owner_of(s)->hart;
        hart->console_held += change;
        hart_update_slow(hart);
    }
}

/* What tells the call of a thread from others that it makes. */
static word_t call_digest(const struct tcb *thread)
{
    static const uint8_t places[] = { ABI_REG_PC, ABI_REG_A0, ABI_REG_A0 + 1, ABI_REG_A2, ABI_REG_A7 };
    word_t digest = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        digest = (digest ^ thread->context.regs[places[i]]) * 0x9e3779b97f4a7c15ul;
    }
    return digest;
}

void console_preempted(struct schedulable *s)
{
    if (!s->is_worker) {
        struct tcb *thread = schedulable_thread(s);
        thread->console_call = call_digest(thread);
    }
}

static void pull(struct schedulable *s)
{
    s->has_console = false;
    if (s->above) {
        s->above->below = s->below;
    } else {
        console_holder = s->below;
    }
    if (s->below) {
        s->below->above = s->above;
    }
    count_on_hart(s, -1u);
}

/* It has the console, before whoever has it now. It may have had it before somebody came in between, who is
 * less important by now. */
static void push(struct schedulable *s)
{
    if (s->has_console) {
        pull(s);
    }
    s->has_console = true;
    s->above = NULL;
    s->below = console_holder;
    if (console_holder) {
        console_holder->above = s;
    }
    console_holder = s;
    s->idle_ticks = 0;
    console_preempted(s);
    count_on_hart(s, 1);
}

static void wake(struct schedulable *s)
{
    struct tcb *thread = owner_of(s);

    queue_remove(&console_waiters, s, thread->priority);
    if (s->is_worker) {
        placement_unblocked(thread);
    } else {
        thread->state = THREAD_RESTART;
        sched_wake(thread);
    }
}

/* Gives the console to the first who waits, if nobody as important has it; or back to who has it, if that one
 * waits for somebody who came in between. */
static void grant(void)
{
    int best = queue_highest(&console_waiters);
    int holder = console_holder ? (int)owner_of(console_holder)->priority : -1;

    if (console_holder && is_waiting(console_holder) && best == holder) {
        wake(console_holder);
    } else if (best > holder) {
        struct schedulable *first =
            MUTANT(WAKE_LAST) ? console_waiters.head[best]->prev : console_waiters.head[best];
        push(first);
        wake(first);
    }
}

bool console_take(struct schedulable *s)
{
    struct tcb *thread = owner_of(s);

    if (s == console_holder) {
        s->idle_ticks = 0;
        return true;
    }
    if (!console_holder || thread->priority > owner_of(console_holder)->priority) {
        push(s);
        return true;
    }
    queue_insert(&console_waiters, s, thread->priority, false);
    if (s->is_worker) {
        thread->async_queue->state = QUEUE_BLOCKED;
    } else {
        thread->state = THREAD_BLOCKED_ON_CONSOLE;
    }
    return false;
}

void console_leave_slow(struct schedulable *s)
{
    const struct tcb *thread = owner_of(s);
    bool was_first = s == console_holder;

    if ((!s->is_worker || thread->async_queue) && is_waiting(s)) {
        queue_remove(&console_waiters, s, thread->priority);
    }
    if (s->has_console) {
        pull(s);
    }
    if (was_first) {
        grant();
    }
}

/* The digest may be that of another call, if somebody wants that; but then it is one that ends soon. */
static bool may_be_repetition(const struct tcb *thread)
{
    word_t number = thread->context.regs[ABI_REG_A7];

    return thread->console_call == call_digest(thread) &&
           (number == (word_t)SYS_CALL || number == (word_t)SYS_SEND || number == (word_t)SYS_NB_SEND);
}

void console_check_call_slow(struct tcb *thread)
{
    if (thread->ready.has_console && !may_be_repetition(thread) && !MUTANT(PRINT_IN_ANOTHER_CALL)) {
        console_leave_slow(&thread->ready);
    }
}

static void take_out(struct schedulable *s)
{
    if (is_waiting(s)) {
        queue_remove(&console_waiters, s, owner_of(s)->priority);
    }
}

static void put_back(struct schedulable *s)
{
    if (is_waiting(s)) {
        queue_insert(&console_waiters, s, owner_of(s)->priority, false);
    }
}

void console_begin_change(struct tcb *thread)
{
    if (unlikely(console_holder != NULL)) {
        take_out(&thread->ready);
        if (thread->ready.has_console) {
            count_on_hart(&thread->ready, -1u);
        }
        if (thread->async_queue) {
            take_out(&thread->worker);
        }
    }
}

void console_end_change(struct tcb *thread)
{
    if (unlikely(console_holder != NULL)) {
        put_back(&thread->ready);
        if (thread->async_queue) {
            put_back(&thread->worker);
        }
        if (thread->ready.has_console) {
            count_on_hart(&thread->ready, 1);
        }
        grant();
    }
}

/* The holder did not go on with its call, for a tick. */
static void count_idle_tick(struct schedulable *holder)
{
    if (console_waiters.summary && ++holder->idle_ticks >= TIME_SLICE_TICKS && !MUTANT(PRINT_READY)) {
        console_leave_slow(holder);
    }
}

void console_moved(const struct tcb *thread)
{
    struct schedulable *s = console_holder;

    if (unlikely(s != NULL) && owner_of(s) == thread) {
        count_idle_tick(s);
    }
}

/* It waits for equals, which make room for it when their slices end. */
static bool waits_for_equals(struct schedulable *s)
{
    const struct tcb *owner = owner_of(s);

    return s->queued && domain_is_current(owner) &&
           sched_running_priority(owner->hart) <= (int)owner->priority;
}

void console_tick(const struct hart *hart)
{
    struct schedulable *s = console_holder;

    /* A thread that runs has to go on with its call. */
    if (unlikely(s != NULL) && owner_of(s)->hart == hart && !waits_for_equals(s)) {
        count_idle_tick(s);
    }
}
