/*
 * Choosing the hart that serves a queue, and the queue that a hart serves.
 */
#include "thread/work.h"

#include "thread/ready_queue.h"
#include "thread/scheduler.h"

word_t idle_harts;

static struct ready_links *links_of_work(struct tcb *thread)
{
    return &thread->work;
}

static __attribute__((noinline)) void insert_in(struct ready_queue *queue, struct tcb *thread)
{
    thread->work_in = queue;
    queue_insert(queue, thread, links_of_work, false);
}

static inline void insert(struct tcb *thread, struct hart *hart, enum work_list list)
{
    if (list == WORK_ANY_TIME && domain_is_current(thread)) {
        hart->pending |= PENDING_WORK;
    }
    insert_in(&hart->work[domain_index(thread)].lists[list], thread);
}

bool work_queue(struct tcb *thread)
{
    struct hart *hart = thread->hart;
    enum work_list list = WORK_ANY_TIME;
    bool wakes = false;

    if (thread->work_in) {
        return false;
    }
    if (thread->work_retry) {
        thread->work_retry = false;
        list = WORK_RETRY;
    } else if (idle_harts) {
        /* Nobody else chooses this one, too, before it has looked for work. */
        hart = &harts_table[lowest_bit(idle_harts)];
        idle_harts &= idle_harts - 1;
        this_hart()->pending |= bit(hart->id);
        wakes = true;
    } else if (thread->work_at_tick) {
        list = WORK_AT_TICK;
    } else if (hart != this_hart()) {
        sched_interrupt_hart_of(thread);
    }
    insert(thread, hart, list);
    return wakes;
}

/* It waits, and an idle hart comes back for it. */
static bool is_kept(const struct tcb *thread)
{
    for (unsigned id = 0; thread->work_in && id < harts_online; id++) {
        if (harts_table[id].kept == thread) {
            return true;
        }
    }
    return false;
}

void work_queue_here(struct tcb *thread)
{
    if (!is_kept(thread)) {
        work_dequeue(thread);
        insert(thread, this_hart(), WORK_ANY_TIME);
    }
}

void work_keep(struct tcb *thread)
{
    if (thread->work_retry) {
        work_queue(thread);
    } else {
        insert(thread, this_hart(), WORK_ANY_TIME);
        this_hart()->kept = thread;
    }
}

bool work_dequeue(struct tcb *thread)
{
    struct ready_queue *queue = thread->work_in;

    if (!queue) {
        return false;
    }
    thread->work_in = NULL;
    queue_remove(queue, thread, links_of_work);
    return true;
}

static struct tcb *take(struct ready_queue *queue)
{
    struct tcb *thread = queue->head[queue_highest(queue)];

    work_dequeue(thread);
    return thread;
}

/* The hart has come back, to serve one queue, or NULL for none. If that is not the one that it has kept, the
 * answers of this are not left for later any more. */
static void end_keeping(struct hart *hart, const struct tcb *taken)
{
    struct tcb *kept = hart->kept;

    hart->kept = NULL;
    if (kept && kept != taken) {
        worker_tell(kept);
    }
}

void work_hand_over(struct hart *hart)
{
    struct tcb *kept = hart->kept;

    end_keeping(hart, NULL);
    while (idle_harts && work_waits(hart)) {
        work_queue(take(&hart->work[current_domain].lists[WORK_ANY_TIME]));
    }
    /* Its owner may have blocked meanwhile, on a hart that does less important things than this one. */
    if (kept && kept->hart != hart && kept->work_in == &hart->work[domain_index(kept)].lists[WORK_ANY_TIME]) {
        work_dequeue(kept);
        work_queue(kept);
    }
}

/* The better of two queues; the first if they are equal. */
static struct ready_queue *better(struct ready_queue *a, struct ready_queue *b)
{
    return queue_highest(b) > queue_highest(a) ? b : a;
}

struct tcb *work_take_waiting(struct hart *hart, int priority)
{
    struct ready_queue *lists = hart->work[current_domain].lists;
    struct ready_queue *best = &lists[WORK_ANY_TIME];

    if (hart->pending & PENDING_TICK) {
        best = better(best, better(&lists[WORK_AT_TICK], &lists[WORK_RETRY]));
    }
    return best->summary && queue_highest(best) >= priority ? take(best) : NULL;
}

struct tcb *work_take_any(void)
{
    struct hart *hart = this_hart();
    struct ready_queue *best = &hart->work[current_domain].lists[WORK_ANY_TIME];

    for (unsigned id = 0; id < harts_online; id++) {
        struct ready_queue *lists = harts_table[id].work[current_domain].lists;
        if (&harts_table[id] == hart || !harts_table[id].kept) {
            best = better(best, better(&lists[WORK_ANY_TIME], &lists[WORK_AT_TICK]));
        }
    }
    struct tcb *thread = best->summary ? take(best) : NULL;
    end_keeping(hart, thread);
    return thread;
}
