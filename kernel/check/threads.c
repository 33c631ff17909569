/*
 * Threads and workers are where their state says they are: a thread that can run is queued once, or runs; one
 * that waits is in the queue of what it waits for; a worker that waits is ready, or delayed, at the hart,
 * priority and domain of its owner; whatever points to a thread means one that exists.
 */
#include "check/internal.h"
#include "ipc/endpoint.h"
#include "ipc/notification.h"
#include "object/async_queue.h"
#include "object/console_turn.h"
#include "thread/ready_queue.h"

static bool is_thread(const struct tcb *thread)
{
    return is_found(&found.threads, thread);
}

/* Notes that a thread was met in a queue. A second time is an error, which also ends loops. */
static void meet(const struct tcb *thread, const void *where)
{
    require(is_thread(thread), "a queue holds threads that exist", where);
    require(set_add(&found.queued, ptr_to_phys(thread)), "a thread is in one queue, once", thread);
}

/* A list of a queue by priorities. */
struct list {
    const struct hart *hart;
    unsigned domain, priority;
};

/* Checks the lists of a queue by priorities, and visits each of their members. */
static void check_lists(const struct ready_queue *queue, const struct hart *hart, unsigned domain,
                        void (*visit)(struct schedulable *s, struct list list))
{
    for (unsigned i = 0; i < NUM_PRIORITIES; i++) {
        struct schedulable *head = queue->head[i], *s = head;
        bool is_marked = queue->bitmap[bitmap_word(i)] & bitmap_bit(i);
        require(is_marked == (head != NULL), "the bitmap marks the lists that are not empty",
                &queue->head[i]);
        while (s) {
            require(check_pointer(s, sizeof(*s), 3) && s->next && s->next->prev == s,
                    "lists by priority are linked both ways", &queue->head[i]);
            visit(s, (struct list){ hart, domain, i });
            s = s->next == head ? NULL : s->next;
        }
    }
    for (unsigned i = 0; i < ARRAY_SIZE(queue->bitmap); i++) {
        require((queue->summary >> i & 1) == (queue->bitmap[i] != 0), "the summary marks words with bits",
                &queue->summary);
    }
}

static bool belongs_into(struct list list, const struct tcb *thread)
{
    return is_thread(thread) && thread->hart == list.hart && thread->domain == list.domain &&
           thread->priority == list.priority;
}

/* Workers that were met in a ready queue or among the delayed, and in the list of those that wait. */
static word_t ready_workers, waiting_workers;

static void visit_ready(struct schedulable *s, struct list list)
{
    if (s->is_worker) {
        require(s->queued && belongs_into(list, schedulable_owner(s)),
                "a worker is ready at its owner's hart, domain and priority", s);
        ready_workers++;
    } else {
        const struct tcb *thread = schedulable_thread(s);
        meet(thread, s);
        require(s->queued && thread_is_runnable(thread), "a ready thread can run", thread);
        require(belongs_into(list, thread), "a ready thread is in the list of its hart, domain and priority",
                thread);
    }
}

static void visit_waiting(struct schedulable *s, struct list list)
{
    const struct tcb *owner = schedulable_of_waiting(s);

    require(belongs_into(list, owner), "a worker waits at its owner's hart, domain and priority", s);
    require(owner->worker.queued && owner->async_queue, "only workers of queues wait", owner);
    waiting_workers++;
}

static void check_hart(const struct hart *hart)
{
    const struct tcb *current = hart->current;

    require(current == &idle_thread || (is_thread(current) && current->hart == hart),
            "a hart runs a thread of its own that exists", hart);
    require(!hart->candidate, "no hart has a candidate when the kernel is entered", hart);
    require(!hart->fpu_owner || is_thread(hart->fpu_owner),
            "floating-point registers belong to a thread that exists", hart);
    for (unsigned domain = 0; domain < REL4_NUM_DOMAINS; domain++) {
        check_lists(&hart->ready[domain], hart, domain, visit_ready);
        check_lists(&hart->delayed[domain], hart, domain, visit_ready);
        check_lists(&hart->waiting[domain], hart, domain, visit_waiting);
    }
}

/* Checks the queue of an endpoint or notification. waiting: the state of its threads, by the state of the
 * queue.
 */
static void check_wait_queue(const struct wait_queue *queue, const enum thread_state *waiting)
{
    enum thread_state expected = waiting[wait_state(queue)];
    const struct tcb *last = NULL;

    for (const struct tcb *thread = wait_head(queue); thread; thread = thread->queue_next) {
        meet(thread, queue);
        require(thread->queue_prev == last, "queues are linked both ways", thread);
        require(thread->blocked_on == queue && thread->state == expected,
                "a thread in a queue waits for it in the way that the queue says", thread);
        last = thread;
    }
    require(queue->tail == last, "a queue knows its last thread", queue);
    require((last != NULL) == (expected != THREAD_INACTIVE), "a queue's state says whether threads wait",
            queue);
}

static void check_endpoint(const struct endpoint *endpoint)
{
    static const enum thread_state waiting[] = {
        [ENDPOINT_IDLE] = THREAD_INACTIVE,
        [ENDPOINT_SENDING] = THREAD_BLOCKED_ON_SEND,
        [ENDPOINT_RECEIVING] = THREAD_BLOCKED_ON_RECEIVE,
        [ENDPOINT_CANCELLING] = THREAD_BLOCKED_ON_SEND,
    };

    _Static_assert(ARRAY_SIZE(waiting) == WAIT_STATE_MASK + 1, "an endpoint has a state");
    check_wait_queue(&endpoint->queue, waiting);
    require(wait_state(&endpoint->queue) != ENDPOINT_CANCELLING ||
                wait_head(&endpoint->queue)->queue_pass->queue == &endpoint->queue,
            "the first in an endpoint whose senders are cancelled knows how far that is", endpoint);
}

static void check_notification(const struct notification *notification)
{
    static const enum thread_state waiting[] = {
        [NOTIFICATION_IDLE] = THREAD_INACTIVE,
        [NOTIFICATION_WAITING] = THREAD_BLOCKED_ON_NOTIFICATION,
        [NOTIFICATION_ACTIVE] = THREAD_INACTIVE,
    };

    require(wait_state(&notification->queue) < ARRAY_SIZE(waiting), "a notification has a state",
            notification);
    check_wait_queue(&notification->queue, waiting);
    require(!notification->bound ||
                (is_thread(notification->bound) && notification->bound->bound == notification),
            "a notification is bound to a thread that knows it", notification);
}

static bool is_on_hart(const struct hart *hart)
{
    return hart >= harts_table && hart < harts_table + harts_online &&
           ((word_t)hart - (word_t)harts_table) % sizeof(*hart) == 0;
}

/* Checks that a thread is where its state says, when all queues have been gone through. */
static void check_place(const struct tcb *thread)
{
    bool met = set_has(&found.queued, ptr_to_phys(thread));
    bool chosen = thread->hart->current == thread;

    require(thread->fault.type == FAULT_NONE || thread->state == THREAD_BLOCKED_ON_SEND ||
                thread->state == THREAD_BLOCKED_ON_REPLY,
            "a thread with a fault waits to report it, or for the answer", thread);
    switch (thread->state) {
    case THREAD_RUNNING:
    case THREAD_RESTART:
        require(met == thread->ready.queued && met != chosen, "a thread that can run is queued, or runs",
                thread);
        return;
    case THREAD_BLOCKED_ON_SEND:
    case THREAD_BLOCKED_ON_RECEIVE:
    case THREAD_BLOCKED_ON_NOTIFICATION:
        require(met, "a thread that waits is in a queue", thread);
        break;
    case THREAD_INACTIVE:
    case THREAD_BLOCKED_ON_REPLY:
    case THREAD_BLOCKED_ON_CONSOLE:
        require(!met, "a thread that does not wait in a queue is in none", thread);
        break;
    default:
        require(false, "a thread has a state", thread);
    }
    require(!thread->ready.queued, "a thread that cannot run is not ready", thread);
}

/* Checks the types of the capabilities in a TCB; each may be replaced by a zombie. */
static void check_own_slots(const struct tcb *thread)
{
    static const enum cap_type expected[TCB_SLOTS] = {
        [TCB_CSPACE] = CAP_CNODE,
        [TCB_VSPACE] = CAP_PAGE_TABLE,
        [TCB_CALLER] = CAP_REPLY,
        [TCB_BUFFER] = CAP_FRAME,
    };

    for (unsigned i = 0; i < TCB_SLOTS; i++) {
        enum cap_type type = cap_type(thread->slots[i].cap);
        require(type == CAP_NULL || type == CAP_ZOMBIE || type == expected[i],
                "a thread's own capabilities are of their types", &thread->slots[i]);
    }
}

static void check_thread(const struct tcb *thread)
{
    const struct slot *reply = thread->reply_slot;

    require(is_on_hart(thread->hart) && thread->priority < NUM_PRIORITIES &&
                thread->domain < REL4_NUM_DOMAINS,
            "a thread has a hart, a priority and a domain", thread);
    require(!thread->fpu_hart || is_on_hart(thread->fpu_hart), "a thread used floating point on a hart",
            thread);
    check_place(thread);
    require(!reply || thread->state == THREAD_BLOCKED_ON_REPLY,
            "only a thread that waits for a reply knows a reply capability", thread);
    require(!reply ||
                (check_is_cap(reply) && cap_is(reply->cap, CAP_REPLY) && cap_object(reply->cap) == thread),
            "a caller knows the capability that answers it", thread);
    require(!thread->bound || (is_found(&found.objects, thread->bound) && thread->bound->bound == thread),
            "a thread is bound to a notification that knows it", thread);
    check_own_slots(thread);
}

/* Threads and workers that were met among those that wait for the console. */
static word_t console_waiting;

static void visit_console_waiter(struct schedulable *s, struct list list)
{
    const struct tcb *thread = s->is_worker ? schedulable_owner(s) : schedulable_thread(s);

    require(is_thread(thread) && !s->queued && thread->priority == list.priority &&
                domain_index(thread) == list.domain &&
                (s->is_worker ? thread->async_queue && thread->async_queue->state == QUEUE_BLOCKED
                              : thread->state == THREAD_BLOCKED_ON_CONSOLE),
            "what waits for the console is blocked", s);
    console_waiting++;
}

/* Threads and workers that wait for the console, and only they, are in its queue. */
static void check_console(void)
{
    word_t blocked = 0, held = 0;

    console_waiting = 0;
    for (unsigned domain = 0; domain < REL4_NUM_DOMAINS; domain++) {
        check_lists(&console_waiters[domain], NULL, domain, visit_console_waiter);
    }
    const struct schedulable *above = NULL;
    for (struct schedulable *s = console_holder; s; above = s, s = s->below) {
        const struct tcb *thread = s->is_worker ? schedulable_owner(s) : schedulable_thread(s);
        require(is_thread(thread) && s->has_console && s->above == above,
                "the console is held by threads that exist, each once", s);
        held++;
    }
    for_each_found(struct tcb, thread, &found.threads) {
        held -= thread->ready.has_console + thread->worker.has_console;
        blocked += thread->state == THREAD_BLOCKED_ON_CONSOLE;
        blocked += thread->async_queue && thread->async_queue->state == QUEUE_BLOCKED;
    }
    require(!held, "every holder of the console is in the chain", NULL);
    require(console_waiting == blocked && (console_holder || !blocked),
            "what is blocked on the console waits for it, and it has a holder", NULL);
}

void check_threads(void)
{
    word_t queued_workers = 0;

    ready_workers = waiting_workers = 0;
    for_each_hart(hart) {
        check_hart(hart);
    }
    for_each_object(slot, CAP_ENDPOINT) {
        check_endpoint(cap_object(slot->cap));
    }
    for_each_object(slot, CAP_NOTIFICATION) {
        check_notification(cap_object(slot->cap));
    }
    for_each_found(struct tcb, thread, &found.threads) {
        check_thread(thread);
        queued_workers += thread->worker.queued;
    }
    require(waiting_workers == queued_workers && ready_workers == queued_workers,
            "a worker that waits is in both of its lists, once", NULL);
    check_console();
}
