/*
 * The worker: takes requests from a queue's ring, serves them through the same door as system calls, and
 * answers.
 *
 * What is in the rings is written by an attacker. An item is copied once, and then only the copy is looked
 * at; an index that makes no sense ends the service of the queue. A request is begun only when there is room
 * for its longest answer. After each request everything may be different: the queue may be gone, its thread
 * stopped, something more important ready to run.
 */
#include "arch/riscv64/timer.h"
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

#define ITEM_SIZE REL4_MORE_WORDS /* in words */
#define MANY      4               /* words, which few requests have more of */

_Static_assert(REL4_MAX_HARTS == MAX_HARTS, "each hart has its place in the statistics");

/* How often an idle hart looks for more, at most: a look that finds something doubles it, up to this, and a
 * sleep halves it, or doubles it if a wake call follows within the time of so many looks. */
#define LOOKS_MAX 128

/* Requests after which an idle hart hands over its answers, so that a thread that looks has something to go
 * on with meanwhile. */
#define IDLE_BUDGET 64

/* About that time, in counts of the time counter: an eighth of a millisecond. */
static inline word_t time_of_looks(void)
{
    return counts_per_tick / 16;
}

/* The first two words of the request in hand; those behind are in the queue's copy. */
struct call {
    word_t cookie_and_header;
    word_t pointer;
};

/* Parts of the header, which is the upper half of the first word; as rel4_header_label() and so on, but
 * shorter in machine words. */
static inline word_t call_label(struct call call)
{
    return call.cookie_and_header >> 32 & 0xfff;
}

static inline unsigned call_words(struct call call)
{
    return call.cookie_and_header >> (32 + 16) & 0x7f;
}

static inline unsigned call_extras(struct call call)
{
    return call.cookie_and_header >> (32 + 23) & 3;
}

/* No item is left before the next one has to be looked up. */
static inline bool cursor_at_end(const struct ring_cursor *cursor)
{
    return unlikely(user_words_equal(cursor->item, cursor->end));
}

static inline uint32_t request_consumer(const struct async_queue *queue)
{
    return ring_cursor_index(&queue->requests);
}

static inline uint32_t response_producer(const struct async_queue *queue)
{
    return ring_cursor_index(&queue->responses);
}

/* Moves a cursor that is at its end on to the next frame, or to the beginning, of a ring at an offset. */
static void find_item(const struct async_queue *queue, struct ring_cursor *cursor, word_t ring, unsigned bits)
{
    word_t item = cursor->end_index & mask(bits);
    word_t offset = ring + item * REL4_ITEM_BYTES;
    word_t in_frame = offset & mask(queue->frame_bits);
    word_t left = min_word(bit(bits) - item, (bit(queue->frame_bits) - in_frame) / REL4_ITEM_BYTES);

    cursor->item = async_queue_line(queue, offset);
    cursor->end = user_words_from(cursor->item, (unsigned)left * ITEM_SIZE);
    cursor->end_index += (uint32_t)left;
}

static __attribute__((noinline)) void find_request(struct async_queue *queue)
{
    find_item(queue, &queue->requests, REL4_RINGS, queue->request_bits);
}

static __attribute__((noinline)) void find_response(struct async_queue *queue)
{
    find_item(queue, &queue->responses, REL4_RINGS + (REL4_ITEM_BYTES << queue->request_bits),
              queue->response_bits);
}

/* The item that a cursor is at; it moves on. */
static inline struct user_words pass_item(struct ring_cursor *cursor)
{
    struct user_words item = cursor->item;

    cursor->item = user_words_from(item, ITEM_SIZE);
    return item;
}

/* It is served no more, and the user learns why. */
static enum queue_state fault(struct async_queue *queue, enum rel4_ring_fault reason)
{
    user_ring_publish(async_queue_header(queue, REL4_HEADER_FAULT), 0, reason);
    return QUEUE_FAULTED;
}

/* Words of an item, from one up to another, into their place in the copy. */
static inline __attribute__((always_inline)) void
copy_words(struct async_queue *queue, uint32_t i, struct user_words item, unsigned from, unsigned to)
{
    word_t *copy = &queue->copy[(word_t)i * ITEM_SIZE];

#pragma GCC unroll 8
    for (unsigned k = from; k < to; k++) {
        copy[k] = user_load(item, k);
    }
}

/* Finds out how much room there is now. RUNNING if that is as many items as are needed, else what becomes of
 * the queue. */
static enum queue_state look_for_room(struct async_queue *queue, unsigned items)
{
    uint32_t length = (uint32_t)bit(queue->response_bits);
    uint32_t consumer = user_ring_peer(async_queue_header(queue, REL4_HEADER_RESPONSE_CONSUMER), 0);

    if (response_producer(queue) - consumer > length) {
        return fault(queue, REL4_FAULT_RESPONSE_INDEX);
    }
    queue->response_limit = consumer + length;
    return queue->response_limit - response_producer(queue) >= items ? QUEUE_RUNNING : QUEUE_FULL;
}

/*
 * Looks how far the worker can go by the items alone, and keeps that in the queue: for each of the requests,
 * which are there, is an item for its answer, and all are in one frame. most: what is available and the
 * budget allows. RUNNING if it is one request at least, else what becomes of the queue.
 */
static __attribute__((noinline)) enum queue_state look_at_both(struct async_queue *queue, word_t most)
{
    uint32_t room = queue->response_limit - response_producer(queue);

    if (unlikely(!most)) {
        return QUEUE_WAITING;
    }
    if (!room) {
        enum queue_state state = look_for_room(queue, 1);
        if (state != QUEUE_RUNNING) {
            return state;
        }
        room = queue->response_limit - response_producer(queue);
    }
    if (cursor_at_end(&queue->requests)) {
        find_request(queue);
    }
    if (cursor_at_end(&queue->responses)) {
        find_response(queue);
    }
    most = min_word(most, room);
    most = min_word(most, ring_cursor_left(&queue->requests));
    most = min_word(most, ring_cursor_left(&queue->responses));
    queue->ahead = user_words_from(queue->requests.item, (unsigned)most * ITEM_SIZE);
    return QUEUE_RUNNING;
}

/* The same, after a look whether there are more requests. served: in this run. */
static inline enum queue_state look_ahead(struct async_queue *queue, word_t served)
{
    uint32_t consumer = request_consumer(queue);

    if (queue->request_producer == consumer) {
        uint32_t producer = user_ring_peer(async_queue_header(queue, REL4_HEADER_REQUEST_PRODUCER), 0);
        if (producer == consumer) {
            return QUEUE_IDLE;
        }
        queue->request_producer = producer;
        if (producer - consumer > bit(queue->request_bits)) {
            return fault(queue, REL4_FAULT_REQUEST_INDEX);
        }
    }
    return look_at_both(queue, min_word(queue->budget - served, queue->request_producer - consumer));
}

/* What was found by the last look ahead holds no longer. */
static inline void look_again(struct async_queue *queue)
{
    queue->ahead = queue->requests.item;
}

/* The rest of a request that does not fit into its first item, where the cursor is. */
static enum queue_state fetch_rest(struct async_queue *queue, struct call call)
{
    uint32_t items = rel4_items_for(call_words(call) + call_extras(call));

    if (call_words(call) > REL4_MAX_WORDS) {
        return fault(queue, REL4_FAULT_TOO_LONG);
    }
    if (items > queue->request_producer - request_consumer(queue)) {
        return fault(queue, REL4_FAULT_INCOMPLETE);
    }
    pass_item(&queue->requests);
    for (uint32_t i = 1; i < items; i++) {
        if (cursor_at_end(&queue->requests)) {
            find_request(queue);
        }
        copy_words(queue, i, pass_item(&queue->requests), 0, ITEM_SIZE);
    }
    look_again(queue);
    return QUEUE_RUNNING;
}

/* Copies the next request, which is there. RUNNING, or else what becomes of the queue. */
static inline __attribute__((always_inline)) enum queue_state fetch(struct async_queue *queue,
                                                                    struct call *call)
{
    struct user_words item = queue->requests.item;

    call->cookie_and_header = user_load(item, ITEM_COOKIE_AND_HEADER);
    call->pointer = user_load(item, ITEM_CAP);
    unsigned words = call_words(*call) + call_extras(*call);
    if (words) {
        copy_words(queue, 0, item, ITEM_WORDS, ITEM_WORDS + MANY);
        if (words > MANY) {
            copy_words(queue, 0, item, ITEM_WORDS + MANY, ITEM_SIZE);
            if (words > REL4_ITEM_WORDS) {
                return fetch_rest(queue, *call);
            }
        }
    }
    pass_item(&queue->requests);
    return QUEUE_RUNNING;
}

/* The only request whose answer may not fit into one item. */
static inline bool reads_registers(struct call call)
{
    _Static_assert(LABEL_TCB_READ_REGISTERS < ABI_LABEL_FIRST_SHIFTED, "the same for all programs");
    return unlikely(call_label(call) == LABEL_TCB_READ_REGISTERS) && call_words(call) > 1;
}

/* RUNNING if there is room for that answer, else what becomes of the queue. */
static __attribute__((noinline)) enum queue_state make_room_for_registers(struct async_queue *queue)
{
    unsigned registers = (unsigned)min_word(queue->copy[ITEM_WORDS + 1], ABI_REG_COUNT);
    unsigned items = rel4_items_for(registers);

    return queue->response_limit - response_producer(queue) >= items ? QUEUE_RUNNING
                                                                     : look_for_room(queue, items);
}

/* The words of an answer, its first item, and those behind that. */
static __attribute__((noinline)) void answer_words(struct async_queue *queue, struct user_words item,
                                                   const struct result *result)
{
    unsigned place = ITEM_WORDS;

    for (unsigned i = 0; i < result->length; i++) {
        if (place == ITEM_SIZE) {
            if (cursor_at_end(&queue->responses)) {
                find_response(queue);
            }
            item = pass_item(&queue->responses);
            place = 0;
            look_again(queue);
        }
        user_store(item, place++, result->words[i]);
    }
}

static inline void answer(struct async_queue *queue, struct call call, word_t error,
                          const struct result *result)
{
    struct user_words item = pass_item(&queue->responses);
    word_t header = call_label(call); /* it and the cookie as they came */

    if (unlikely(error || result->length)) {
        header |= rel4_header(0, (unsigned)error, result->length, 0);
        answer_words(queue, item, result);
    }
    user_store_halves(item, ITEM_COOKIE_AND_HEADER, call.cookie_and_header, header);
    user_store(item, ITEM_CAP, 0);
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

/* Makes the system call that a request asks for. What is the same for all requests of the queue is in request
 * already. */
static inline word_t make_call(const struct async_queue *queue, struct call call, bool up,
                               const struct tcb *thread, struct request *request, struct result *result,
                               enum progress *progress)
{
    struct cap root = thread->slots[TCB_CSPACE].cap;
    unsigned words = call_words(call), extras = call_extras(call);
    struct lookup_failure failure;

    *progress = DONE;
    request->slot = cap_lookup(root, call.pointer, &failure);
    if (unlikely(!request->slot)) {
        return error_failed_lookup(result, 0, &failure);
    }
    request->length = words;
    request->extra_count = extras;
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
        return invoke_other(request->cap, result);
    }
    request->label = request_label(call_label(call), up);
    return request_serve(request, result, progress);
}

/* Something that does not wait until the end of the ring. A user interrupt of the thread that runs next is
 * none. */
static inline bool must_stop(void)
{
    const struct hart *hart = this_hart();
    return hart->pending << PENDING_NOT_URGENT_BITS || hart->candidate || interrupt_pending() ||
           kernel_lock_contended(hart);
}

/* Stops before the request in hand is answered; the queue keeps it. */
static enum queue_state hold(struct async_queue *queue, struct call call, enum queue_state state)
{
    queue->copy[ITEM_COOKIE_AND_HEADER] = call.cookie_and_header;
    queue->copy[ITEM_CAP] = call.pointer;
    queue->holds_request = true;
    return state;
}

/* The request that the queue has kept, or else the next one. RUNNING if there is one, else what becomes of
 * the queue. */
static inline enum queue_state first_request(struct async_queue *queue, struct call *call)
{
    if (unlikely(queue->holds_request)) {
        queue->holds_request = false;
        *call = (struct call){ queue->copy[ITEM_COOKIE_AND_HEADER], queue->copy[ITEM_CAP] };
        look_again(queue);
        return QUEUE_RUNNING;
    }
    enum queue_state state = look_ahead(queue, 0);
    return state == QUEUE_RUNNING ? fetch(queue, call) : state;
}

/* Returns what becomes of the queue; if it is no longer this thread's, nothing may be done with it. */
static inline enum queue_state serve(struct async_queue *queue, struct tcb *thread, word_t *served)
{
    bool up = abi_up;
    struct call call;
    enum queue_state state = first_request(queue, &call);
    struct request request; /* what is the same for all of them, and the rest by make_call() */

    request.thread = thread;
    request.first = &queue->copy[ITEM_WORDS];
    request.words = user_words_none();
    while (state == QUEUE_RUNNING) {
        if (reads_registers(call) && (state = make_room_for_registers(queue)) != QUEUE_RUNNING) {
            return hold(queue, call, state);
        }
        struct result result;
        enum progress progress;
        word_t error = make_call(queue, call, up, thread, &request, &result, &progress);
        /* What takes the queue from its thread stops it. */
        if (unlikely(queue->state != QUEUE_RUNNING)) {
            return QUEUE_STOPPED;
        }
        if (unlikely(progress != DONE)) {
            return hold(queue, call, thread->state == THREAD_INACTIVE ? QUEUE_SUSPENDED : QUEUE_WAITING);
        }
        answer(queue, call, error, &result);
        ++*served;
        if (unlikely(thread->state == THREAD_INACTIVE)) {
            return QUEUE_SUSPENDED;
        }
        if (unlikely(user_words_equal(queue->requests.item, queue->ahead))) {
            state = look_ahead(queue, *served);
            if (state != QUEUE_RUNNING) {
                return state;
            }
        }
        if (unlikely(must_stop())) {
            return QUEUE_WAITING;
        }
        state = fetch(queue, &call);
    }
    return state;
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

/* Pays the fences that this run owes, which comes before its answers. */
static inline void close_batch(struct async_queue *queue)
{
    if (tlb_batch_close()) {
        worker_count(queue, &queue->statistics.fences, 1);
    }
}

/* Hands over what was answered, and tells a user who sleeps, or leaves that to the next time. */
static inline __attribute__((always_inline)) void publish(struct async_queue *queue, bool tells)
{
    uint32_t producer = response_producer(queue);

    user_ring_publish(async_queue_header(queue, REL4_HEADER_REQUEST_CONSUMER), 0, request_consumer(queue));
    if (queue->answered == producer) {
        return;
    }
    user_ring_publish(async_queue_header(queue, REL4_HEADER_RESPONSE_PRODUCER), 0, producer);
    if (!tells) {
        return;
    }
    queue->answered = producer;
    if (user_ring_must_wake(async_queue_header(queue, REL4_HEADER_USER_STATE), 0)) {
        signal(queue);
    }
}

void worker_publish(struct async_queue *queue)
{
    if (queue->state == QUEUE_RUNNING) {
        close_batch(queue);
    }
    publish(queue, true);
}

void worker_tell(const struct tcb *thread)
{
    publish(thread->async_queue, true);
}

/* Nothing can be done, it seems: there is nothing, or no room. If the user has changed that meanwhile and
 * does not wake the worker, it goes on. */
static inline enum queue_state fall_asleep(struct async_queue *queue, enum queue_state state)
{
    struct user_words kernel_state = async_queue_header(queue, REL4_HEADER_KERNEL_STATE);
    word_t index = state == QUEUE_IDLE ? REL4_HEADER_REQUEST_PRODUCER : REL4_HEADER_RESPONSE_CONSUMER;
    uint32_t known = state == QUEUE_IDLE ? queue->request_producer
                                         : queue->response_limit - (uint32_t)bit(queue->response_bits);

    user_ring_sleep(kernel_state, 0);
    if (user_ring_peer(async_queue_header(queue, index), 0) != known && user_ring_stay(kernel_state, 0)) {
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

/*
 * Whether an idle hart goes on with the rest of the batch as soon as it can; then a user who sleeps is told
 * of all of it at once. If it were woken for one answer, it would want the lock to sleep again, which stops
 * this hart behind the next request, and so on. A long operation is not waited for: when that stops a second
 * time, nothing was served meanwhile.
 */
static inline bool comes_back(const struct tcb *thread, enum queue_state state, word_t served,
                              enum rel4_place place)
{
    return state == QUEUE_WAITING && place == REL4_PLACE_IDLE && served && !thread->work_retry;
}

/* All is served, on an idle hart. Returns whether that looks for the next batch: not if it will be served in
 * the wake call, because it is as small as this one. */
static inline bool end_batch(struct async_queue *queue, const struct tcb *thread)
{
    bool was_worth_it = queue->batch >= REQUESTS_WORTH_WAKING || thread->work_at_tick;

    queue->batch = 0;
    return was_worth_it;
}

void worker_run(struct tcb *thread, enum rel4_place place)
{
    struct async_queue *queue = thread->async_queue;
    word_t served = 0, start = place == REL4_PLACE_IDLE ? time_now() : 0;

    if (thread->state == THREAD_INACTIVE) {
        queue->state = QUEUE_SUSPENDED;
        publish(queue, true);
        return;
    }
    queue->state = QUEUE_RUNNING;
    user_ring_stay(async_queue_header(queue, REL4_HEADER_KERNEL_STATE), 0);
    tlb_batch_open();
    queue->budget = place == REL4_PLACE_IDLE ? IDLE_BUDGET : (uint32_t)bit(queue->request_bits);
    enum queue_state state = serve(queue, thread, &served);
    if (state == QUEUE_STOPPED) {
        tlb_batch_close();
        return;
    }
    count_run(queue, served, place);
    close_batch(queue);
    publish(queue, !comes_back(thread, state, served, place));
    if (place == REL4_PLACE_IDLE) {
        worker_count(queue, &queue->statistics.busy[this_hart()->id], time_now() - start);
        queue->batch += (uint32_t)served;
    }
    if (state == QUEUE_FULL) {
        worker_count(queue, &queue->statistics.full, 1);
    }
    if (state == QUEUE_IDLE && place == REL4_PLACE_IDLE && end_batch(queue, thread)) {
        queue->looks = queue->patience;
        this_hart()->watched = thread;
        state = QUEUE_WATCHED;
    } else if (state == QUEUE_FULL || state == QUEUE_IDLE) {
        state = fall_asleep(queue, state);
    } else if (state == QUEUE_FAULTED) {
        signal(queue);
    }
    queue->state = state;
    if (state != QUEUE_WAITING) {
        return;
    }
    if (place == REL4_PLACE_IDLE) {
        work_keep(thread);
    } else {
        work_queue(thread);
    }
}

void worker_run_in_call(struct tcb *thread)
{
    worker_run(thread, REL4_PLACE_CALL);
    if (thread->work_in) {
        this_hart()->pending |= PENDING_SERVED;
    }
}

void worker_end_watch(struct hart *hart)
{
    struct tcb *thread = hart->watched;
    struct async_queue *queue = thread->async_queue;

    hart->watched = NULL;
    if (queue->state != QUEUE_WATCHED) {
        return;
    }
    queue->state = fall_asleep(queue, QUEUE_IDLE);
    queue->slept = time_now();
    if (queue->state == QUEUE_WAITING) {
        work_queue(thread);
    }
}

void worker_woken(struct async_queue *queue)
{
    if (time_now() - queue->slept < time_of_looks()) {
        queue->patience = (uint8_t)min_word(4ul * queue->patience, LOOKS_MAX);
    }
}

void worker_look(struct hart *hart)
{
    struct tcb *thread = hart->watched;
    struct async_queue *queue = thread->async_queue;

    if (queue->state == QUEUE_WATCHED &&
        user_ring_peer(async_queue_header(queue, REL4_HEADER_REQUEST_PRODUCER), 0) !=
            request_consumer(queue)) {
        queue->patience = (uint8_t)min_word(2ul * queue->patience, LOOKS_MAX);
        hart->watched = NULL;
        worker_run(thread, REL4_PLACE_IDLE);
    } else if (queue->state != QUEUE_WATCHED || --queue->looks == 0) {
        queue->patience = queue->patience > 1 ? queue->patience / 2 : 1;
        worker_end_watch(hart);
    }
}

void worker_blocked(struct tcb *thread)
{
    struct async_queue *queue = thread->async_queue;

    if (thread->work_at_tick || thread->state == THREAD_INACTIVE || queue->state == QUEUE_FAULTED ||
        !async_queue_is_started(queue)) {
        return;
    }
    if (queue->state != QUEUE_IDLE || user_ring_peer(async_queue_header(queue, REL4_HEADER_REQUEST_PRODUCER),
                                                     0) != request_consumer(queue)) {
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
