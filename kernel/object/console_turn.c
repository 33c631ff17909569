/*
 * Turns on the console. The holder is the head of a chain: behind it are those that it displaced, as it was
 * more important. The next one continues when the holder is done.
 */
#include "object/console_turn.h"

#include "lib/mutant.h"
#include "object/async_queue.h"
#include "thread/ready_queue.h"
#include "thread/scheduler.h"
#include "worker/placement.h"

struct schedulable *console_holder;

struct ready_queue console_waiters[REL4_NUM_DOMAINS];

/* Lateness of a holder that does not continue while somebody waits: added at a tick when something more
 * important runs, or when an equal runs; and the bound at which it loses its turn. */
#define LATE_BY_OTHERS 4
#define LATE_BY_EQUALS 1
#define LATE_AT_MOST   (LATE_BY_OTHERS * TIME_SLICE_TICKS)

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

/* Rank for the console: the priority; below all others if the domain is not the current one. */
static int rank(struct schedulable *s)
{
    const struct tcb *owner = owner_of(s);

    return (domain_is_current(owner) ? NUM_PRIORITIES : 0) + owner->priority;
}

static struct ready_queue *waiters_with(const struct tcb *owner)
{
    return &console_waiters[domain_index(owner)];
}

/* Returns the waiter with the highest rank, or NULL. */
static struct schedulable *first_waiter(void)
{
    struct schedulable *first = NULL;

    for (unsigned domain = 0; domain < REL4_NUM_DOMAINS; domain++) {
        int best = queue_highest(&console_waiters[domain]);
        if (best >= 0) {
            struct schedulable *head = console_waiters[domain].head[best];
            head = MUTANT(WAKE_LAST) ? head->prev : head;
            first = first && rank(first) >= rank(head) ? first : head;
        }
    }
    return first;
}

/* Registers that identify a call of a thread. A thread could otherwise keep the console for ever, by
 * repeating a different call. */
static const uint8_t call_places[] = { ABI_REG_PC, ABI_REG_A0, ABI_REG_A0 + 1, ABI_REG_A2, ABI_REG_A7 };

_Static_assert(ARRAY_SIZE(call_places) == CONSOLE_CALL_WORDS, "there is room for all of them");

void console_preempted(struct schedulable *s)
{
    if (!s->is_worker) {
        struct tcb *thread = schedulable_thread(s);
        for (unsigned i = 0; i < ARRAY_SIZE(call_places); i++) {
            thread->console_call[i] = thread->context.regs[call_places[i]];
        }
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
}

/* Makes s the holder and displaces the present one. s may be in the chain already, if it was displaced by a
 * thread whose priority has been lowered since. */
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
    s->late = 0;
    console_preempted(s);
}

static void wake(struct schedulable *s)
{
    struct tcb *thread = owner_of(s);

    queue_remove(waiters_with(thread), s, thread->priority);
    if (s->is_worker) {
        placement_unblocked(thread);
    } else {
        thread->state = THREAD_RESTART;
        sched_wake_at_head(thread);
    }
}

/* Gives the console to the first waiter, if its rank is above the holder's. Otherwise wakes the holder, if
 * that waits for somebody who displaced it. */
static void grant(void)
{
    struct schedulable *first = first_waiter();

    if (!first) {
        return;
    }
    if (!console_holder || rank(first) > rank(console_holder)) {
        push(first);
        wake(first);
    } else if (is_waiting(console_holder) && rank(first) == rank(console_holder)) {
        wake(console_holder);
    }
}

bool console_take(struct schedulable *s)
{
    struct tcb *thread = owner_of(s);

    if (s == console_holder) {
        s->late = 0;
        return true;
    }
    if (!console_holder || rank(s) > rank(console_holder)) {
        push(s);
        return true;
    }
    queue_insert(waiters_with(thread), s, thread->priority, false);
    if (s->is_worker) {
        thread->async_queue->state = QUEUE_BLOCKED;
    } else {
        thread->state = THREAD_BLOCKED_ON_CONSOLE;
    }
    return false;
}

void console_leave_slow(struct schedulable *s)
{
    struct tcb *thread = owner_of(s);
    bool was_first = s == console_holder;

    if ((!s->is_worker || thread->async_queue) && is_waiting(s)) {
        queue_remove(waiters_with(thread), s, thread->priority);
    }
    if (s->has_console) {
        pull(s);
    }
    if (was_first) {
        grant();
    }
}

/* True if, by its registers, the thread repeats the call in which it got the console. */
static bool may_be_repetition(const struct tcb *thread)
{
    word_t number = thread->context.regs[ABI_REG_A7];

    for (unsigned i = 0; i < ARRAY_SIZE(call_places); i++) {
        if (thread->console_call[i] != thread->context.regs[call_places[i]]) {
            return false;
        }
    }
    return number == (word_t)SYS_CALL || number == (word_t)SYS_SEND || number == (word_t)SYS_NB_SEND;
}

void console_watch_call(struct hart *hart)
{
    hart->console_watched = true;
    hart_update_slow(hart);
}

void console_check_call_slow(struct tcb *thread)
{
    struct hart *hart = this_hart();

    hart->console_watched = false;
    hart_update_slow(hart);
    if (thread->ready.has_console && !may_be_repetition(thread) && !MUTANT(PRINT_IN_ANOTHER_CALL)) {
        console_leave_slow(&thread->ready);
    }
}

void console_check_trap_slow(struct tcb *thread)
{
    console_check_call_slow(thread);
    if (thread->ready.has_console) {
        thread->state = THREAD_RESTART; /* so that its call is checked again */
    }
}

static void take_out(struct schedulable *s)
{
    if (is_waiting(s)) {
        queue_remove(waiters_with(owner_of(s)), s, owner_of(s)->priority);
    }
}

static void put_back(struct schedulable *s)
{
    if (is_waiting(s)) {
        queue_insert(waiters_with(owner_of(s)), s, owner_of(s)->priority, false);
    }
}

void console_begin_change(struct tcb *thread)
{
    if (unlikely(console_holder != NULL)) {
        take_out(&thread->ready);
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
        grant();
    }
}

/* Counts a tick in which a holder did not continue its call while somebody waits. */
static void be_late(struct schedulable *holder, unsigned by)
{
    if (!first_waiter()) {
        return;
    }
    holder->late = (uint8_t)(holder->late + by);
    if (holder->late >= LATE_AT_MOST && !MUTANT(PRINT_READY)) {
        console_leave_slow(holder);
    }
}

/* True if s is ready, and nothing more important runs on its hart. */
static bool waits_for_equals(struct schedulable *s)
{
    const struct tcb *owner = owner_of(s);

    return s->queued && domain_is_current(owner) &&
           sched_running_priority(owner->hart) <= (int)owner->priority;
}

/* Counts a tick of a hart for s, if s lives there; or, without a hart, the move of a thread, if s is that
 * thread or its worker. */
static void count_tick(struct schedulable *s, const struct hart *hart, const struct tcb *moved)
{
    const struct tcb *owner = owner_of(s);

    if (hart ? owner->hart == hart : owner == moved) {
        be_late(s, hart && waits_for_equals(s) ? LATE_BY_EQUALS : LATE_BY_OTHERS);
    }
}

/* Counts for the holder, and for the first one that it displaced, unless that waits for the console.
 * Otherwise a thread could keep the console for another one, by displacing it at each tick. Those further
 * down the chain are counted when the ones above them are done. */
static void count_ticks(const struct hart *hart, const struct tcb *moved)
{
    struct schedulable *holder = console_holder, *below = holder->below;

    if (below && !is_waiting(below)) {
        count_tick(below, hart, moved);
    }
    count_tick(holder, hart, moved);
}

void console_moved(const struct tcb *thread)
{
    if (unlikely(console_holder != NULL)) {
        count_ticks(NULL, thread);
    }
}

void console_tick(const struct hart *hart)
{
    if (likely(!console_holder)) {
        return;
    }
    if (REL4_NUM_DOMAINS > 1) {
        grant(); /* the domain may have changed */
    }
    count_ticks(hart, NULL);
}
