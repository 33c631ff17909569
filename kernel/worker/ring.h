/*
 * The rings of a queue as the kernel sees them: finding items, copying requests, writing answers, publishing.
 *
 * The user writes the rings, and may be an attacker. An item is copied once, and only the copy is used; an
 * index that makes no sense ends the service of the queue. A request is begun only when there is room for its
 * longest answer. Words that the user acts upon are published when no fence is owed any more (worker/ring.c).
 *
 * All functions need the kernel lock, and a queue that is started.
 */
#pragma once

#include "arch/tlb.h"
#include "ipc/user_memory.h"
#include "lib/mutant.h"
#include "object/async_queue.h"
#include "object/request.h"

/* The first words of an item. */
enum {
    ITEM_COOKIE_AND_HEADER,
    ITEM_CAP,
    ITEM_WORDS
};

#define ITEM_SIZE REL4_MORE_WORDS /* in words */
#define MANY      4               /* words; few requests have more */

/* The first two words of the request at hand; the others are in the queue's copy. */
struct call {
    word_t cookie_and_header;
    word_t pointer;
};

/* Parts of the header, which is the upper half of the first word. As rel4_header_label() and so on, but with
 * fewer instructions. */
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

/* The place of the next item has to be looked up. */
static inline bool cursor_at_end(const struct ring_cursor *cursor)
{
    return unlikely(user_words_equal(cursor->item, cursor->end));
}

static inline uint32_t ring_request_consumer(const struct async_queue *queue)
{
    return ring_cursor_index(&queue->requests);
}

static inline uint32_t ring_response_producer(const struct async_queue *queue)
{
    return ring_cursor_index(&queue->responses);
}

/* Move a cursor on that is at the end of a frame or of the ring. */
void ring_find_request(struct async_queue *queue);
void ring_find_response(struct async_queue *queue);

/* Returns the item that a cursor is at, and moves the cursor on. */
static inline struct user_words pass_item(struct ring_cursor *cursor)
{
    struct user_words item = cursor->item;

    cursor->item = user_words_from(item, ITEM_SIZE);
    return item;
}

/* Stores a word of the header, one of REL4_HEADER_, that the user acts upon, after all fences that are owed.
 */
static inline void ring_publish_word(struct async_queue *queue, word_t line, uint32_t value)
{
    if (!MUTANT(PAY_LATER)) {
        tlb_batch_pay();
    }
    user_ring_publish(async_queue_header(queue, line), 0, value);
}

/* Stops serving the queue until Reset, and stores the reason for the user. Returns FAULTED. */
enum queue_state ring_fault(struct async_queue *queue, enum rel4_ring_fault reason);

/* Copies the words [from, to) of item i of a request to their place in the queue's copy. */
static ALWAYS_INLINE void copy_words(struct async_queue *queue, uint32_t i, struct user_words item,
                                     unsigned from, unsigned to)
{
    word_t *copy = &queue->copy[(word_t)i * ITEM_SIZE];

#pragma GCC unroll 8
    for (unsigned k = from; k < to; k++) {
        copy[k] = user_load(item, k);
    }
}

/* Reads how much room there is in the response ring. Returns RUNNING if that is at least so many items, else
 * the next state of the queue. */
enum queue_state ring_peek_room(struct async_queue *queue, unsigned items);

/*
 * Sets queue->ahead: up to there the worker needs no index, because each request has an item for its answer,
 * and no cursor comes to its end. most: requests that are there and that the budget allows. Returns RUNNING
 * if that is one request at least, else the next state of the queue.
 */
enum queue_state ring_set_ahead(struct async_queue *queue, word_t most);

/* The same, after reading how many requests there are. served: requests of this run so far. */
static inline enum queue_state ring_peek_ahead(struct async_queue *queue, word_t served)
{
    uint32_t consumer = ring_request_consumer(queue);

    if (queue->request_producer == consumer) {
        uint32_t producer = user_ring_peer(async_queue_header(queue, REL4_HEADER_REQUEST_PRODUCER), 0);
        if (producer == consumer) {
            return QUEUE_IDLE;
        }
        queue->request_producer = producer;
        if (producer - consumer > bit(queue->request_bits)) {
            return ring_fault(queue, REL4_FAULT_REQUEST_INDEX);
        }
    }
    return ring_set_ahead(queue, min_word(queue->budget - served, queue->request_producer - consumer));
}

/* Makes the worker read the indices again before the next request. */
static inline void ring_forget_ahead(struct async_queue *queue)
{
    queue->ahead = queue->requests.item;
}

/* Copies the rest of a request, of so many words and extra capabilities, that does not fit into its first
 * item, where the cursor is. Returns as ring_fetch() does. */
enum queue_state ring_fetch_rest(struct async_queue *queue, unsigned words, unsigned extras);

/* Copies the next request, which exists. Returns RUNNING, or else the next state of the queue. */
static ALWAYS_INLINE enum queue_state ring_fetch(struct async_queue *queue, struct call *call)
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
                return ring_fetch_rest(queue, words - call_extras(*call), call_extras(*call));
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

/* Returns RUNNING if there is room for that answer, else the next state of the queue. */
enum queue_state ring_make_room_for_registers(struct async_queue *queue);

/* Writes the words of an answer into its first item, and into more where they do not fit. */
void ring_answer_words(struct async_queue *queue, struct user_words item, const struct result *result);

/* Writes the answer to a request; the user sees it when it is published. */
static inline void ring_answer(struct async_queue *queue, struct call call, word_t error,
                               const struct result *result)
{
    struct user_words item = pass_item(&queue->responses);
    word_t header = call_label(call);

    if (unlikely(error || result->length)) {
        header |= rel4_header(0, (unsigned)error, result->length, 0);
        ring_answer_words(queue, item, result);
    }
    user_store_halves(item, ITEM_COOKIE_AND_HEADER, call.cookie_and_header, header);
    user_store(item, ITEM_CAP, 0);
}

/* Pays the fences that are owed, and publishes both indices of the kernel; producer is that of the responses.
 * Returns true if there are answers that the user has not been told of. */
static inline bool ring_publish(struct async_queue *queue, uint32_t producer)
{
    ring_publish_word(queue, REL4_HEADER_REQUEST_CONSUMER, ring_request_consumer(queue));
    if (queue->told == producer) {
        return false;
    }
    user_ring_publish(async_queue_header(queue, REL4_HEADER_RESPONSE_PRODUCER), 0, producer);
    return true;
}

/* Signals the queue's notification. */
void ring_signal(struct async_queue *queue);

/* Tells the user of all answers before producer, which are published: wakes it if it sleeps. */
static inline void ring_tell(struct async_queue *queue, uint32_t producer)
{
    queue->told = producer;
    if (user_ring_must_wake(async_queue_header(queue, REL4_HEADER_USER_STATE), 0)) {
        ring_signal(queue);
    }
}

/* Publishes, and tells the user of answers that it has not been told of. */
static inline void ring_hand_over(struct async_queue *queue)
{
    uint32_t producer = ring_response_producer(queue);

    if (ring_publish(queue, producer)) {
        ring_tell(queue, producer);
    }
}

/* Remembers the index that changes when there is something to do again; see ring_has_news(). */
static inline void ring_expect_news(struct async_queue *queue, enum queue_state state)
{
    if (state == QUEUE_FULL) {
        queue->news = async_queue_header(queue, REL4_HEADER_RESPONSE_CONSUMER);
        queue->known = queue->response_limit - (uint32_t)bit(queue->response_bits);
    } else {
        queue->news = async_queue_header(queue, REL4_HEADER_REQUEST_PRODUCER);
        queue->known = queue->request_producer;
    }
}

/* The user has changed the index that a queue which is idle, full or watched waits for. */
static inline bool ring_has_news(const struct async_queue *queue)
{
    return user_words_exist(queue->news) && user_ring_glance(queue->news, 0) != queue->known;
}

static inline void ring_no_news(struct async_queue *queue)
{
    queue->news = user_words_none();
}

/* Puts the worker to sleep, because there is no request (IDLE) or no room (FULL), unless the user has changed
 * that meanwhile. Returns state, or WAITING if the worker goes on. */
static inline enum queue_state ring_fall_asleep(struct async_queue *queue, enum queue_state state)
{
    struct user_words kernel_state = async_queue_header(queue, REL4_HEADER_KERNEL_STATE);

    ring_expect_news(queue, state);
    user_ring_sleep(kernel_state, 0);
    if (!MUTANT(SLEEP_UNCHECKED) && user_ring_glance(queue->news, 0) != queue->known &&
        user_ring_stay(kernel_state, 0)) {
        ring_no_news(queue);
        return QUEUE_WAITING;
    }
    return state;
}

/* The worker runs, or an idle hart watches the ring: the user need not wake it. */
static inline void ring_stay_awake(struct async_queue *queue)
{
    user_ring_stay(async_queue_header(queue, REL4_HEADER_KERNEL_STATE), 0);
}

/* Returns how many requests are published and not served; at most a ring's length. */
uint32_t ring_requests(const struct async_queue *queue);
