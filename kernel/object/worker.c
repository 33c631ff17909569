/*
 * The worker: takes requests from a queue's ring, serves them through the same door as system calls, and
 * answers.
 *
 * What is in the rings is written by an attacker. An item is copied once, and then only the copy is looked at;
 * an index that makes no sense ends the service of the queue. A request is begun only when there is room for
 * its longest answer. After each request everything may be different: the queue may be gone, its thread
 * stopped, something more important ready to run.
 */
#include "arch/riscv64/tlb.h"
#include "ipc/notification.h"
#include "lib/bits.h"
#include "object/async_queue.h"
#include "object/request.h"
#include "thread/kernel.h"
#include "thread/work.h"

/* The first words of an item. */
enum {
    ITEM_COOKIE_AND_HEADER,
    ITEM_CAP,
    ITEM_WORDS
};

#define ITEM_SIZE REL4_MORE_WORDS

static uint32_t header_of(const struct async_queue *queue)
{
    return (uint32_t)(queue->copy[ITEM_COOKIE_AND_HEADER] >> 32);
}

static struct user_words item_at(const struct async_queue *queue, word_t ring, unsigned bits, uint32_t index)
{
    return async_queue_line(queue, ring + ((word_t)(index & (uint32_t)mask(bits)) * REL4_ITEM_BYTES));
}

static struct user_words request_item(const struct async_queue *queue, uint32_t index)
{
    return item_at(queue, REL4_RINGS, queue->request_bits, index);
}

static struct user_words response_item(const struct async_queue *queue, uint32_t index)
{
    return item_at(queue, REL4_RINGS + (REL4_ITEM_BYTES << queue->request_bits), queue->response_bits, index);
}

void worker_count(struct async_queue *queue, word_t *counter, word_t more)
{
    *counter += more;
    user_store(async_queue_line(queue, REL4_HEADER_STATISTICS),
               (unsigned)(counter - (word_t *)&queue->statistics), *counter);
}

/* It is served no more, and the user learns why. */
static enum queue_state fault(struct async_queue *queue, enum rel4_ring_fault reason)
{
    user_ring_publish(async_queue_line(queue, REL4_HEADER_FAULT), 0, reason);
    return QUEUE_FAULTED;
}

/* Copies the next request, if there is one. RUNNING if so, else what becomes of the queue. */
static enum queue_state fetch(struct async_queue *queue)
{
    if (queue->request_producer == queue->request_consumer) {
        queue->request_producer = user_ring_peer(async_queue_line(queue, REL4_HEADER_REQUEST_PRODUCER), 0);
        if (queue->request_producer - queue->request_consumer > bit(queue->request_bits)) {
            return fault(queue, REL4_FAULT_REQUEST_INDEX);
        }
    }
    uint32_t available = queue->request_producer - queue->request_consumer;
    uint32_t items = 1;
    for (uint32_t i = 0; i < items; i++) {
        if (i == available) {
            return i ? fault(queue, REL4_FAULT_INCOMPLETE) : QUEUE_IDLE;
        }
        struct user_words item = request_item(queue, queue->request_consumer + i);
        for (unsigned k = 0; k < ITEM_SIZE; k++) {
            queue->copy[i * ITEM_SIZE + k] = user_load(item, k);
        }
        unsigned words = rel4_header_words(header_of(queue));
        if (words > REL4_MAX_WORDS) {
            return fault(queue, REL4_FAULT_TOO_LONG);
        }
        items = rel4_items_for(words + rel4_header_extras(header_of(queue)));
    }
    queue->request_consumer += items;
    queue->holds_request = true;
    return QUEUE_RUNNING;
}

/* Items of the longest answer that the request in hand can have: only registers do not fit into one. */
static unsigned longest_answer(const struct async_queue *queue)
{
    uint32_t header = header_of(queue);

    if (request_label(rel4_header_label(header)) == LABEL_TCB_READ_REGISTERS && rel4_header_words(header) > 1) {
        return rel4_items_for((unsigned)min_word(queue->copy[ITEM_WORDS + 1], ABI_REG_COUNT));
    }
    return 1;
}

static uint32_t room(const struct async_queue *queue)
{
    return (uint32_t)bit(queue->response_bits) - (queue->response_producer - queue->response_consumer);
}

/* Room for so many items in the response ring. RUNNING if there is, else what becomes of the queue. */
static enum queue_state find_room(struct async_queue *queue, unsigned items)
{
    if (likely(room(queue) >= items)) {
        return QUEUE_RUNNING;
    }
    queue->response_consumer = user_ring_peer(async_queue_line(queue, REL4_HEADER_RESPONSE_CONSUMER), 0);
    if (queue->response_producer - queue->response_consumer > bit(queue->response_bits)) {
        return fault(queue, REL4_FAULT_RESPONSE_INDEX);
    }
    return room(queue) >= items ? QUEUE_RUNNING : QUEUE_FULL;
}

static void answer(struct async_queue *queue, word_t error, const struct result *result)
{
    struct user_words item = response_item(queue, queue->response_producer++);
    unsigned words = result->length;
    word_t cookie = queue->copy[ITEM_COOKIE_AND_HEADER] & mask(32);
    word_t header = rel4_header(rel4_header_label(header_of(queue)), (unsigned)error, words, 0);
    unsigned place = ITEM_WORDS;

    user_store(item, ITEM_COOKIE_AND_HEADER, header << 32 | cookie);
    user_store(item, ITEM_CAP, 0);
    for (unsigned i = 0; i < words; i++) {
        if (place == ITEM_SIZE) {
            item = response_item(queue, queue->response_producer++);
            place = 0;
        }
        user_store(item, place++, result->words[i]);
    }
    queue->holds_request = false;
}

/* What is no kernel object: only a notification can be invoked without waiting for anybody. */
static word_t invoke_other(struct cap cap, struct result *result)
{
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

/* Makes the system call that is in the queue's copy, as its thread. */
static word_t make_call(struct async_queue *queue, struct result *result, enum progress *progress)
{
    struct cap root = queue->thread->slots[TCB_CSPACE].cap;
    uint32_t header = header_of(queue);
    struct lookup_failure failure;
    struct request request;

    *progress = DONE;
    request.slot = cap_lookup(root, queue->copy[ITEM_CAP], &failure);
    if (unlikely(!request.slot)) {
        return error_failed_lookup(result, 0, &failure);
    }
    request.first = &queue->copy[ITEM_WORDS];
    request.length = rel4_header_words(header);
    request.words = user_words_none();
    request.extra_count = rel4_header_extras(header);
    for (unsigned i = 0; i < request.extra_count; i++) {
        request.extra[i] = cap_lookup(root, request.first[request.length + i], &failure);
        if (unlikely(!request.extra[i])) {
            return error_failed_lookup(result, 1, &failure);
        }
    }
    request.cap = request.slot->cap;
    if (unlikely(!cap_is_kernel_object(request.cap))) {
        return invoke_other(request.cap, result);
    }
    request.thread = queue->thread;
    request.label = request_label(rel4_header_label(header));
    return request_serve(&request, result, progress);
}

/* Something that does not wait until the end of the ring. A user interrupt of the thread that runs next is none. */
static bool must_stop(const struct hart *hart)
{
    word_t reasons = hart->pending & ~(PENDING_WORK | PENDING_TICK | PENDING_UINTR);

    return reasons || hart->candidate || interrupt_pending() ||
           kernel_lock_contended(hart);
}

/* Returns what becomes of the queue; if it is no longer this thread's, nothing may be done with it. */
static enum queue_state serve(struct async_queue *queue, const struct tcb *thread, word_t *served)
{
    const struct hart *hart = this_hart();
    word_t budget = bit(queue->request_bits);

    while (*served < budget) {
        enum queue_state state = queue->holds_request ? QUEUE_RUNNING : fetch(queue);
        if (state == QUEUE_RUNNING) {
            state = find_room(queue, longest_answer(queue));
        }
        if (state != QUEUE_RUNNING) {
            return state;
        }
        struct result result;
        enum progress progress;
        word_t error = make_call(queue, &result, &progress);
        if (unlikely(thread->async_queue != queue || queue->state != QUEUE_RUNNING)) {
            return QUEUE_STOPPED;
        }
        if (progress == DONE) {
            answer(queue, error, &result);
            ++*served;
        }
        if (unlikely(thread->state == THREAD_INACTIVE)) {
            return QUEUE_SUSPENDED;
        }
        if (unlikely(progress == AGAIN || must_stop(hart))) {
            break;
        }
    }
    return QUEUE_WAITING;
}

/* The user learns that there is something new in the header page. */
static void signal(struct async_queue *queue)
{
    struct cap cap = queue->notification.cap;

    if (cap_is(cap, CAP_NOTIFICATION)) {
        worker_count(queue, &queue->statistics.signals, 1);
        notification_signal(cap_object(cap), cap_badge(cap));
    }
}

void worker_publish(struct async_queue *queue)
{
    if (tlb_batch_close()) {
        worker_count(queue, &queue->statistics.fences, 1);
    }
    user_ring_publish(async_queue_line(queue, REL4_HEADER_REQUEST_CONSUMER), 0, queue->request_consumer);
    if (queue->answered == queue->response_producer) {
        return;
    }
    queue->answered = queue->response_producer;
    user_ring_publish(async_queue_line(queue, REL4_HEADER_RESPONSE_PRODUCER), 0, queue->response_producer);
    if (user_ring_must_wake(async_queue_line(queue, REL4_HEADER_USER_STATE), 0)) {
        signal(queue);
    }
}

/* Nothing can be done, it seems: there is nothing, or no room. If the user has changed that meanwhile and does
 * not wake the worker, it goes on. */
static enum queue_state fall_asleep(struct async_queue *queue, enum queue_state state)
{
    struct user_words kernel_state = async_queue_line(queue, REL4_HEADER_KERNEL_STATE);
    word_t index = state == QUEUE_IDLE ? REL4_HEADER_REQUEST_PRODUCER : REL4_HEADER_RESPONSE_CONSUMER;
    uint32_t known = state == QUEUE_IDLE ? queue->request_producer : queue->response_consumer;

    user_ring_sleep(kernel_state, 0);
    if (user_ring_peer(async_queue_line(queue, index), 0) != known && user_ring_stay(kernel_state, 0)) {
        return QUEUE_WAITING;
    }
    return state;
}

static void count_run(struct async_queue *queue, word_t served, enum rel4_place place)
{
    if (served) {
        struct rel4_queue_statistics *statistics = &queue->statistics;
        worker_count(queue, &statistics->served[place], served);
        worker_count(queue, &statistics->runs[place], 1);
        worker_count(queue, &statistics->batches[highest_bit(served)], 1);
    }
}

void worker_run(struct tcb *thread, enum rel4_place place)
{
    struct async_queue *queue = thread->async_queue;
    word_t served = 0;

    if (thread->state == THREAD_INACTIVE) {
        queue->state = QUEUE_SUSPENDED;
        return;
    }
    queue->state = QUEUE_RUNNING;
    user_ring_stay(async_queue_line(queue, REL4_HEADER_KERNEL_STATE), 0);
    tlb_batch_open();
    enum queue_state state = serve(queue, thread, &served);
    if (state == QUEUE_STOPPED) {
        tlb_batch_close();
        return;
    }
    count_run(queue, served, place);
    worker_publish(queue);
    if (state == QUEUE_FULL) {
        worker_count(queue, &queue->statistics.full, 1);
    }
    if (state == QUEUE_FULL || state == QUEUE_IDLE) {
        state = fall_asleep(queue, state);
    } else if (state == QUEUE_FAULTED) {
        signal(queue);
    }
    queue->state = state;
    if (state == QUEUE_WAITING) {
        work_queue(thread);
    }
}

void worker_blocked(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;

    if (thread->work_at_tick || thread->state == THREAD_INACTIVE || queue->state == QUEUE_FAULTED ||
        !async_queue_is_started(queue)) {
        return;
    }
    if (queue->state != QUEUE_IDLE ||
        user_ring_peer(async_queue_line(queue, REL4_HEADER_REQUEST_PRODUCER), 0) != queue->request_consumer) {
        queue->state = QUEUE_WAITING;
        work_queue_here(thread);
    }
}

void worker_resumed(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;

    if (queue->state == QUEUE_SUSPENDED) {
        queue->state = QUEUE_WAITING;
        work_queue(thread);
    }
}
