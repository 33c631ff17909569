/*
 * The rules, checked against what the kernel's structures say, not by its own checker: that is asked now and
 * then, too.
 */
#include "simulation/rules.h"

#include "check/check.h"
#include "host.h"
#include "object/console_turn.h"
#include "simulation/harts.h"
#include "simulation/users.h"
#include "thread/domain.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"
#include "worker/ring.h"

#include <string.h>

#define CHECK_INTERVAL 200 /* of everything */

/* Threads first, and then their workers. */
#define KINDS (2 * THREADS_MAX)

static unsigned number_of(const struct tcb *tcb)
{
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        if (users[i].tcb == tcb) {
            check(users[i].exists);
            return i;
        }
    }
    panic("%p is no thread", (const void *)tcb);
}

static unsigned number_of_schedulable(struct schedulable *s)
{
    return s->is_worker ? THREADS_MAX + number_of(schedulable_owner(s)) : number_of(schedulable_thread(s));
}

/*
 * ---- Places ----
 */

/* How often each was met: in ready queues, among the delayed, and among those that other harts look for. */
static struct {
    unsigned ready[KINDS], delayed[THREADS_MAX], waiting[THREADS_MAX], current[THREADS_MAX];
} met;

static void meet_list(struct schedulable *head, const struct hart *hart, unsigned domain, unsigned priority,
                      unsigned which)
{
    struct schedulable *s = head;

    do {
        unsigned kind =
            which == 2 ? THREADS_MAX + number_of(schedulable_of_waiting(s)) : number_of_schedulable(s);
        const struct tcb *tcb = users[kind % THREADS_MAX].tcb;
        check(tcb->hart == hart && domain_index(tcb) == domain && tcb->priority == priority);
        check(s->next->prev == s);
        if (which == 0) {
            met.ready[kind]++;
        } else {
            check(kind >= THREADS_MAX);
            (which == 1 ? met.delayed : met.waiting)[kind - THREADS_MAX]++;
        }
        s = s->next;
    } while (s != head);
}

static void meet_queue(const struct ready_queue *queue, const struct hart *hart, unsigned domain,
                       unsigned which)
{
    for (unsigned word = 0; word < ARRAY_SIZE(queue->bitmap); word++) {
        check((queue->summary >> word & 1) == (queue->bitmap[word] != 0));
        for (word_t bits = queue->bitmap[word]; bits; bits &= bits - 1) {
            unsigned priority = NUM_PRIORITIES - 1 - (word * WORD_BITS + (unsigned)__builtin_ctzl(bits));
            check(queue->head[priority]);
            meet_list(queue->head[priority], hart, domain, priority, which);
        }
    }
}

static void meet_hart(const struct hart *hart)
{
    const struct tcb *current = hart->current;

    check(!hart->serving);
    if (hart->candidate) {
        /* It has something to run, and lets others in before. */
        check(current == &idle_thread && hart->candidate->hart == hart && !hart->candidate->ready.queued);
        met.current[number_of(hart->candidate)]++;
    }
    if (current != &idle_thread) {
        check(current->hart == hart && thread_is_runnable(current));
        met.current[number_of(current)]++;
    }
    for (unsigned domain = 0; domain < REL4_NUM_DOMAINS; domain++) {
        meet_queue(&hart->ready[domain], hart, domain, 0);
        meet_queue(&hart->delayed[domain], hart, domain, 1);
        meet_queue(&hart->waiting[domain], hart, domain, 2);
    }
}

/* Each thread that can run is in one place, each worker that can, at its home; and nobody else is anywhere.
 */
static void check_places(void)
{
    memset(&met, 0, sizeof(met));
    for (unsigned id = 0; id < harts_online; id++) {
        meet_hart(&harts_table[id]);
    }
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        const struct tcb *tcb = users[i].tcb;
        if (!users[i].exists) {
            continue;
        }
        const struct async_queue *queue = tcb->async_queue;
        bool waits = queue && queue->state == QUEUE_WAITING && tcb->state != THREAD_INACTIVE;
        check(met.ready[i] + met.current[i] == thread_is_runnable(tcb));
        check(met.ready[i] == tcb->ready.queued);
        check(met.ready[THREADS_MAX + i] + met.delayed[i] == waits);
        check(met.waiting[i] == waits && tcb->worker.queued == waits);
        check(!met.delayed[i] || (queue && queue->at_tick));
    }
}

/* The best that is ready on a hart runs there, or the hart comes for it. */
static void check_progress(void)
{
    for (unsigned id = 0; id < harts_online && REL4_NUM_DOMAINS == 1; id++) {
        const struct hart *hart = &harts_table[id];
        bool idle = hart->current == &idle_thread;
        int running = idle ? -1 : hart->current->priority;
        check(sched_highest(hart) <= running || harts_is_on_its_way(hart) || (idle && !harts_sleeps(hart)));
    }
}

static void check_queues_told(void)
{
    for (unsigned i = 0; i < ring_count; i++) {
        const struct async_queue *queue = user_rings[i].queue;
        if (user_rings[i].exists && async_queue_is_started(queue)) {
            check(queue->state != QUEUE_FAULTED && queue->state != QUEUE_RUNNING);
            check(queue->state == QUEUE_WAITING || queue->state == QUEUE_KEPT ||
                  queue->told == ring_progress(queue));
        }
    }
}

/*
 * ---- The console ----
 */

/* Those that waited at the last look, in order; and those who have it, or had it before others came in
 * between. */
static unsigned waiters[KINDS], waiter_count;
static bool in_chain[KINDS];

static bool is_blocked(unsigned kind)
{
    const struct user *user = &users[kind % THREADS_MAX];

    if (!user->exists) {
        return false;
    }
    if (kind < THREADS_MAX) {
        return user->tcb->state == THREAD_BLOCKED_ON_CONSOLE;
    }
    return user->tcb->async_queue && user->tcb->async_queue->state == QUEUE_BLOCKED;
}

static unsigned priority_of(unsigned kind)
{
    return users[kind % THREADS_MAX].tcb->priority;
}

/* Where it was in the line at the last look; KINDS if it was not. */
static unsigned place_of(unsigned kind)
{
    for (unsigned i = 0; i < waiter_count; i++) {
        if (waiters[i] == kind) {
            return i;
        }
    }
    return KINDS;
}

/* It has the console now, and waited at the last look: nobody who waits still was before it. */
static void check_was_first(unsigned kind)
{
    for (unsigned i = 0; i < place_of(kind); i++) {
        const struct tcb *before = users[waiters[i] % THREADS_MAX].tcb,
                         *first = users[kind % THREADS_MAX].tcb;
        check(!is_blocked(waiters[i]) || before->domain != first->domain ||
              before->priority < first->priority || before == first);
    }
}

/* The most important first, and then in order: who was there at the last look is before who was not, unless
 * requests were served meanwhile, which may have given somebody another place. */
static void look_at_line(bool in_order)
{
    unsigned line[KINDS], count = 0;

    for (unsigned domain = 0; domain < REL4_NUM_DOMAINS; domain++) {
        for (int priority = NUM_PRIORITIES - 1; priority >= 0; priority--) {
            struct schedulable *head = console_waiters[domain].head[priority], *s = head;
            bool is_new = false;
            while (s) {
                unsigned kind = number_of_schedulable(s);
                check(count < KINDS && is_blocked(kind) && priority_of(kind) == (unsigned)priority);
                check(domain_index(users[kind % THREADS_MAX].tcb) == domain);
                check(!is_new || place_of(kind) == KINDS || !in_order);
                is_new = place_of(kind) == KINDS;
                line[count++] = kind;
                s = s->next == head ? NULL : s->next;
            }
        }
    }
    waiter_count = count;
    memcpy(waiters, line, count * sizeof(line[0]));
}

static void follow_console(void)
{
    unsigned holder = console_holder ? number_of_schedulable(console_holder) : KINDS, blocked = 0;

    if (holder != KINDS && !is_blocked(holder) && !in_chain[holder] && place_of(holder) != KINDS) {
        check_was_first(holder);
    }
    look_at_line(!host_hart->serving);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        in_chain[kind] = false;
        blocked += is_blocked(kind);
    }
    check(blocked == waiter_count);
    for (struct schedulable *s = console_holder; s; s = s->below) {
        in_chain[number_of_schedulable(s)] = true;
    }
}

static void check_console(void)
{
    if (!console_holder) {
        check(!waiter_count);
        return;
    }
    unsigned holder = number_of_schedulable(console_holder);
    check(!is_blocked(holder) && users[holder % THREADS_MAX].tcb->state != THREAD_INACTIVE);
    /* Where there are domains, a tick may have to come first. */
    check(!waiter_count || priority_of(waiters[0]) <= priority_of(holder) || REL4_NUM_DOMAINS > 1);
    for (unsigned kind = 0; kind < THREADS_MAX; kind++) {
        check(!in_chain[kind] || thread_is_runnable(users[kind].tcb) || is_blocked(kind));
    }
}

/*
 * ---- Time ----
 */

static unsigned slices[THREADS_MAX], lives[THREADS_MAX];

/* The tick that a hart is about to charge: whom, whether that is a worker, and who was ready before. */
static const struct hart *ticking;
static unsigned charged;
static bool worker_ran, was_ready[KINDS]; /* as important, on the same hart */
static word_t runs_before;

/* Requests are served in them. */
static word_t count_runs(void)
{
    word_t runs = 0;

    for (unsigned i = 0; i < ring_count; i++) {
        for (unsigned place = 0; place < REL4_PLACES && user_rings[i].exists; place++) {
            runs += user_rings[i].queue->statistics.runs[place];
        }
    }
    return runs;
}

static const struct tcb *running_of(const struct hart *hart)
{
    if (hart->serving) {
        return hart->serving->hart == hart ? hart->serving : NULL;
    }
    return thread_is_runnable(hart->current) ? hart->current : NULL;
}

/* Thread and worker are behind all that were ready, the one that has run behind the other; but not a worker
 * that another hart has kept, and that the home takes back. */
static void check_is_last(unsigned x)
{
    const struct tcb *tcb = users[x].tcb;
    struct schedulable *head = tcb->hart->ready[domain_index(tcb)].head[tcb->priority], *s = head;
    unsigned ran = worker_ran ? THREADS_MAX + x : x, rested = worker_ran ? x : THREADS_MAX + x;
    bool met_ran = false, met_rested = false;

    while (s) {
        unsigned kind = number_of_schedulable(s);
        check(!met_ran || !was_ready[kind]);
        check(!met_rested || kind == ran || !was_ready[kind]);
        met_ran |= kind == ran;
        met_rested |= kind == rested && was_ready[kind];
        s = s->next == head ? NULL : s->next;
    }
}

/* A slice is used up by ticks of those who run, and by nothing else, and filled up when it ends. */
static void follow_time(void)
{
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        unsigned slice = users[i].exists ? users[i].tcb->slice : 0;
        if (lives[i] != users[i].lives || !slice) {
            lives[i] = users[i].lives;
            slices[i] = slice;
        }
        if (ticking && i == charged) {
            check(slice == (slices[i] == 1 ? TIME_SLICE_TICKS : slices[i] - 1));
            /* If another run has begun since, anything may have happened. */
            if (slices[i] == 1 && !ticking->serving && count_runs() == runs_before) {
                check_is_last(i);
            }
        } else {
            check(slice == slices[i]);
        }
        slices[i] = slice;
    }
    ticking = NULL;
}

void hart_ticks(const struct hart *hart)
{
    const struct tcb *running = running_of(hart);

    check(!ticking);
    follow_time();
    ticking = hart;
    charged = running ? number_of(running) : THREADS_MAX;
    worker_ran = hart->serving;
    runs_before = count_runs();
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        const struct tcb *tcb = users[i].tcb;
        bool is_equal = users[i].exists && running && tcb->hart == hart &&
                        tcb->priority == running->priority && domain_index(tcb) == domain_index(running);
        was_ready[i] = is_equal && tcb->ready.queued;
        was_ready[THREADS_MAX + i] = is_equal && tcb->worker.queued;
    }
}

/*
 * ---- Between requests ----
 */

/* A hart that serves should stop before the next request. */
static struct {
    const struct tcb *owner;
    uint32_t consumer;
} stops[HARTS_MAX];

static int best_waiting(void)
{
    int best = -1;

    for (unsigned id = 0; id < harts_online; id++) {
        int here = queue_highest(&harts_table[id].waiting[current_domain]);
        best = here > best ? here : best;
    }
    return best;
}

static bool should_stop(const struct hart *hart, const struct tcb *owner)
{
    if (!domain_is_current(owner)) {
        return true;
    }
    if (owner->hart != hart) {
        return hart->candidate || hart->ready[current_domain].summary || best_waiting() > owner->priority;
    }
    return sched_highest(hart) > owner->priority ||
           (hart->candidate && hart->candidate->priority > owner->priority);
}

static void check_between(const struct hart *hart)
{
    const struct tcb *owner = hart->serving;

    if (!owner || !hart->tlb_batch.open) {
        stops[hart->id].owner = NULL;
        return;
    }
    uint32_t consumer = ring_request_consumer(owner->async_queue);
    number_of(owner);
    check(hart->current == &idle_thread || (hart->current == owner && !owner->ready.queued));
    check(!owner->worker.queued);
    check(stops[hart->id].owner != owner || stops[hart->id].consumer == consumer);
    stops[hart->id].owner = NULL;
    /* What another hart has queued here comes with an interrupt, which may be on its way. */
    if (should_stop(hart, owner) && !harts_are_sending()) {
        stops[hart->id].owner = owner;
        stops[hart->id].consumer = consumer;
    }
}

/*
 * ---- When ----
 */

static unsigned entries;

void rules_begin(void)
{
    memset(lives, 0, sizeof(lives));
    memset(stops, 0, sizeof(stops));
    memset(in_chain, 0, sizeof(in_chain));
    waiter_count = 0;
    ticking = NULL;
    entries = 0;
}

static void check_unlocked(void)
{
    users_notice_deaths();
    check_places();
    check_progress();
    check_queues_told();
    check_console();
    if (++entries % CHECK_INTERVAL == 0) {
        check_everything();
    }
}

void hart_looks(const struct hart *hart)
{
    follow_time();
    follow_console();
    check_between(hart);
    if (harts_lock_is_idle() && !harts_are_sending()) {
        check_unlocked();
    }
}

void hart_has_left(const struct hart *hart)
{
    stops[hart->id].owner = NULL;
    follow_time();
    follow_console();
    if (harts_lock_is_idle() && !harts_are_sending()) {
        check_unlocked();
    }
}
