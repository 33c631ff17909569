/*
 * Serving the requests of a ring, one after the other, as system calls are served (object/request.h).
 *
 * After each request everything may be different: the queue may be gone, its owner stopped, moved or gone, or
 * something more important ready to run.
 */
#include "worker/serve.h"

#include "arch/processor.h"
#include "arch/tlb.h"
#include "ipc/notification.h"
#include "lib/bits.h"
#include "lib/mutant.h"
#include "object/console_turn.h"
#include "thread/kernel.h"
#include "thread/scheduler.h"
#include "worker/ring.h"

/* Invokes something that is no kernel object. Only notifications can be: all others would have the worker
 * wait for another thread. If the request has the console, because another capability stood there when it
 * began, it loses it. */
static word_t invoke_other(struct tcb *thread, struct cap cap, struct result *result)
{
    console_leave(&thread->worker);
    result->length = 0;
    if (!cap_is_ipc_object(cap)) {
        return error_invalid_capability(result, 0);
    }
    if (!cap_is(cap, CAP_NOTIFICATION)) {
        return ERR_ILLEGAL_OPERATION;
    }
    if (!cap_allows(cap, ABI_RIGHT_WRITE)) {
        return error_invalid_capability(result, 0);
    }
    notification_signal(cap_object(cap), cap_badge(cap));
    return ERR_NONE;
}

/* Makes the system call that a request asks for. The members of request that are the same for all requests of
 * the queue are set already. */
static inline word_t make_call(const struct async_queue *queue, struct call call, bool up, struct tcb *thread,
                               struct request *request, struct result *result, enum progress *progress)
{
    struct cap root = thread->slots[TCB_CSPACE].cap;
    unsigned words = call_words(call), extras = call_extras(call);
    struct lookup_failure failure;

    *progress = DONE;
    request->slot = cap_lookup(root, call.pointer, &failure);
    if (unlikely(!request->slot)) {
        return error_failed_lookup(result, 0, &failure);
    }
#pragma GCC unroll 3
    for (unsigned i = 0; i < REL4_MAX_EXTRAS; i++) {
        if (i == extras) {
            break;
        }
        request->extra[i] = cap_lookup(root, queue->copy[ITEM_WORDS + words + i], &failure);
        if (unlikely(!request->extra[i])) {
            return error_failed_lookup(result, 1, &failure);
        }
    }
    request->cap = request->slot->cap;
    if (unlikely(!cap_is_kernel_object(request->cap))) {
        return invoke_other(thread, request->cap, result);
    }
    request->length = words;
    request->extra_count = extras;
    request->label = request_label(call_label(call), up);
    return request_serve(request, result, progress);
}

/* A thread woke in this batch. Returns true if it is to run now; otherwise queues it, and the batch goes on.
 */
static COLD bool candidate_runs(struct hart *hart)
{
    struct tcb *candidate = hart->candidate;
    int running = sched_running_priority(hart);

    if ((int)candidate->priority > running) {
        return true;
    }
    hart->candidate = NULL;
    hart->pending.candidate = false;
    ready_insert(candidate, (int)candidate->priority < running);
    return false;
}

/* Something comes before the next request. A user interrupt for the current thread does not. */
static inline bool must_stop(void)
{
    struct hart *hart = this_hart();

    return (hart->pending.urgent && !MUTANT(NEVER_STOP)) || interrupt_pending() ||
           kernel_lock_contended(hart) || (unlikely(hart->candidate != NULL) && candidate_runs(hart));
}

/* The part of "no thread is current but the one that runs" (docs/async.md) that is cheap to check at every
 * request; kernel/check/ checks the rest. */
static inline void assert_no_other_is_current(const struct async_queue *queue, const struct tcb *owner)
{
    const struct hart *hart = this_hart();

    assert(hart->serving == owner && queue->thread == owner && owner->async_queue == queue);
    assert(hart->current == &idle_thread || hart->current == owner);
    assert(!owner->worker.queued && owner->state != THREAD_INACTIVE);
    assert(!(owner->ready.queued && hart->current == owner));
    assert(!hart->candidate || (!hart->candidate->ready.queued && hart->candidate != hart->current));
}

/* Stops before the request at hand is answered, and keeps it in the queue. */
static enum queue_state hold(struct async_queue *queue, struct call call, enum queue_state state)
{
    queue->copy[ITEM_COOKIE_AND_HEADER] = call.cookie_and_header;
    queue->copy[ITEM_CAP] = call.pointer;
    queue->holds_request = true;
    return state;
}

/* Takes the request that the queue has kept, or else the next one of the ring. Returns RUNNING if there is
 * one, else the next state of the queue. */
static inline enum queue_state first_request(struct async_queue *queue, struct call *call, bool *special)
{
    if (unlikely(queue->holds_request)) {
        queue->holds_request = false;
        *call = (struct call){ queue->copy[ITEM_COOKIE_AND_HEADER], queue->copy[ITEM_CAP] };
        *special = call_is_special(queue, *call);
        ring_forget_ahead(queue);
        return QUEUE_RUNNING;
    }
    enum queue_state state = ring_peek_ahead(queue, 0);
    return state == QUEUE_RUNNING ? ring_fetch(queue, call, special) : state;
}

/* The budget of this run is spent, or something else comes before the next call of a request. */
static bool must_stop_between_calls(const struct async_queue *queue, const struct tcb *thread, word_t served)
{
    return served >= queue->budget || (thread->state == THREAD_INACTIVE && !MUTANT(SERVE_INACTIVE)) ||
           must_stop();
}

/* Serves requests, and returns the next state of the queue. STOPPED: the queue must not be touched any more.
 */
static ALWAYS_INLINE enum queue_state serve(struct async_queue *queue, struct tcb *thread, word_t *served)
{
    bool up = abi_up;
    struct call call;
    bool special;
    enum queue_state state = first_request(queue, &call, &special);
    struct request request; /* these members are the same for all requests, make_call() sets the others */

    request.thread = thread;
    request.first = &queue->copy[ITEM_WORDS];
    request.words = user_words_none();
    while (state == QUEUE_RUNNING) {
        struct result result;
        word_t error;
        if (unlikely(special)) {
            error = special_refusal(queue, call);
            if (error) {
                result.length = 0;
                goto answer;
            }
        }
        if ((unlikely(special) || reads_registers(call)) &&
            (state = ring_make_room(queue, call)) != QUEUE_RUNNING) {
            return state == QUEUE_FULL ? hold(queue, call, state) : state;
        }
        for (;;) {
            enum progress progress;
            assert_no_other_is_current(queue, thread);
            error = make_call(queue, call, up, thread, &request, &result, &progress);
            /* A request that takes the queue from its owner stops it; one that waits for the console blocks
             * it. */
            if (unlikely(queue->state != QUEUE_RUNNING)) {
                return queue->state == QUEUE_BLOCKED ? hold(queue, call, QUEUE_BLOCKED) : QUEUE_STOPPED;
            }
            if (unlikely(progress != DONE)) {
                return hold(queue, call, QUEUE_WAITING);
            }
            if (likely(!special) || !special_has_next(queue, call, error, &result)) {
                break;
            }
            call.pointer += queue->repeat.pointer;
            if (must_stop_between_calls(queue, thread, ++*served)) {
                return hold(queue, call, QUEUE_WAITING);
            }
        }
    answer:
        ring_answer(queue, call, special, error, &result);
        ++*served;
        if (unlikely(thread->state == THREAD_INACTIVE) && !MUTANT(SERVE_INACTIVE)) {
            queue->more_items = 0;
            return QUEUE_WAITING;
        }
        if (unlikely(user_words_equal(queue->requests.place, queue->ahead))) {
            state = ring_peek_ahead(queue, *served);
            if (state != QUEUE_RUNNING) {
                return state;
            }
        }
        if (unlikely(must_stop())) {
            return QUEUE_WAITING;
        }
        state = ring_fetch(queue, &call, &special);
    }
    return state;
}

static inline void count_run(struct async_queue *queue, word_t served, enum rel4_place place)
{
    assert(served <= queue->budget);
    if (served) {
        struct rel4_queue_statistics *statistics = &queue->statistics;
        queue_count(queue, &statistics->served[place], served);
        queue_count(queue, &statistics->runs[place], 1);
        queue_count(queue, &statistics->batches[highest_bit(served)], 1);
    }
}

/* Recursion ends here: worker_run() serves no request that runs a worker. A Wake does that only for the queue
 * of the thread that makes the call, and that queue is running. */
HOT_LOOP enum queue_state worker_run(struct async_queue *queue, struct tcb *owner, enum rel4_place place,
                                     uint32_t budget, word_t *total)
{
    word_t served = 0;

    queue->state = QUEUE_RUNNING;
    /* If the worker has the console, the request that the queue has kept ends before anything else. */
    queue->budget = unlikely(owner->worker.has_console) ? 1 : budget;
    ring_no_news(queue);
    ring_stay_awake(queue);
    tlb_batch_open();
    enum queue_state state = serve(queue, owner, &served);
    bool fenced = tlb_batch_close();
    if (unlikely(state == QUEUE_STOPPED)) {
        return state;
    }
    if (unlikely(owner->worker.has_console) && !queue->holds_request) {
        console_leave(&owner->worker);
    }
    if (fenced) {
        queue_count(queue, &queue->statistics.fences, 1);
    }
    count_run(queue, served, place);
    *total = served;
    return state;
}
