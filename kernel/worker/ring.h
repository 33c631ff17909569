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

#define MANY 4 /* words; few requests have more */

/* The place in the queue's copy for the words of answers to REL4_REPEAT. Such a request is shorter. */
#define COPY_OF_RESULTS (2 * ITEM_SIZE)

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

static inline uint32_t call_header(struct call call)
{
    return (uint32_t)(call.cookie_and_header >> 32);
}

/* Everything that makes a request special: flags but for REL4_QUIET, bits that must be 0, and labels from
 * 0x800 on, with REL4_LABEL_NOP among them. */
#define SPECIAL_BITS ((word_t)((0x7fu << 25 & ~REL4_QUIET) | 0xfu << 12 | 0x800u) << 32)

_Static_assert(REL4_LABEL_NOP & 0x800, "it is special");

/* Returns whether something must be done for a request beside looking up, decoding and performing: it has
 * flags, is no call, or comes from a queue that may not make all calls. */
static inline bool call_is_special(const struct async_queue *queue, struct call call)
{
    return (call.cookie_and_header & SPECIAL_BITS) != 0 || queue->is_restricted;
}

/* The place of the next item or unit has to be looked up. */
static inline bool cursor_at_end(const struct ring_cursor *cursor)
{
    return unlikely(user_words_equal(cursor->place, cursor->end));
}

/* Returns the index of the first request that is not done. */
static inline uint32_t ring_request_consumer(const struct async_queue *queue)
{
    return ring_cursor_index(&queue->requests, ITEM_SIZE) - queue->more_items;
}

static inline uint32_t ring_response_producer(const struct async_queue *queue)
{
    return ring_cursor_index(&queue->responses, UNIT_SIZE);
}

/* Returns both, as the user is to see them. */
static inline uint64_t ring_progress(const struct async_queue *queue)
{
    return rel4_ring_pair(ring_request_consumer(queue), ring_response_producer(queue));
}

/* Move a cursor on that is at the end of a frame or of the ring. */
void ring_find_request(struct async_queue *queue);
void ring_find_response(struct async_queue *queue);

/* Moves behind the request at hand: it is done. */
static inline void ring_pass_request(struct async_queue *queue)
{
    queue->requests.place = user_words_from(queue->requests.place, ITEM_SIZE);
}

/* Returns the unit where the cursor is, and moves the cursor on. */
static inline struct user_words ring_pass_unit(struct async_queue *queue)
{
    struct user_words unit = queue->responses.place;

    queue->responses.place = user_words_from(unit, UNIT_SIZE);
    return unit;
}

/* Stores words of the header, from one of REL4_HEADER_ on, that the user acts upon, after all fences that are
 * owed. */
static inline void ring_publish_word(struct async_queue *queue, word_t offset, uint64_t value)
{
    if (!MUTANT(PAY_LATER)) {
        tlb_batch_pay();
    }
    user_ring_publish(async_queue_header(queue, offset), 0, value);
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

/* Reads the user's indices. */
static inline uint64_t ring_peer(const struct async_queue *queue)
{
    return user_ring_peer(async_queue_header(queue, REL4_HEADER_REQUESTER), 0);
}

/*
 * Sets queue->ahead: up to there the worker needs no index, because each request has room for its answer, and
 * no cursor comes to its end. served: calls of this run so far; indices: the user's. Returns RUNNING if that
 * is one request at least, else the next state of the queue.
 */
enum queue_state ring_set_ahead(struct async_queue *queue, word_t served, uint64_t indices);

/* The same, after reading how many requests there are. */
static inline enum queue_state ring_peek_ahead(struct async_queue *queue, word_t served)
{
    uint32_t consumed = ring_cursor_index(&queue->requests, ITEM_SIZE);
    uint64_t indices = queue->request_producer;

    queue->more_items = 0;
    if (indices == consumed) {
        indices = ring_peer(queue);
        if (likely((uint32_t)indices == consumed)) {
            return QUEUE_IDLE;
        }
    }
    return ring_set_ahead(queue, served, indices);
}

/* Makes the worker read the indices again behind the request at hand. */
static inline void ring_forget_ahead(struct async_queue *queue)
{
    queue->ahead = user_words_from(queue->requests.place, ITEM_SIZE);
}

/* The rest of ring_fetch() for requests that are special, or do not fit into one item. */
enum queue_state ring_fetch_rest(struct async_queue *queue, struct call call);

/* Copies the next request, which exists. The cursor passes it when it is done. special: see
 * call_is_special(). Returns RUNNING, or else the next state of the queue. */
static ALWAYS_INLINE enum queue_state ring_fetch(struct async_queue *queue, struct call *call, bool *special)
{
    struct user_words item = queue->requests.place;

    call->cookie_and_header = user_load(item, ITEM_COOKIE_AND_HEADER);
    call->pointer = user_load(item, ITEM_CAP);
    *special = call_is_special(queue, *call);
    if (unlikely(*special)) {
        return ring_fetch_rest(queue, *call);
    }
    unsigned words = call_words(*call) + call_extras(*call);
    if (words) {
        copy_words(queue, 0, item, ITEM_WORDS, ITEM_WORDS + MANY);
        if (words > MANY) {
            copy_words(queue, 0, item, ITEM_WORDS + MANY, ITEM_SIZE);
            if (words > REL4_ITEM_WORDS) {
                return ring_fetch_rest(queue, *call);
            }
        }
    }
    return QUEUE_RUNNING;
}

/* The only request without flags whose answer may take more than REL4_ANSWER_UNITS. */
static inline bool reads_registers(struct call call)
{
    _Static_assert(LABEL_TCB_READ_REGISTERS < ABI_LABEL_FIRST_SHIFTED, "the same for all programs");
    return unlikely(call_label(call) == LABEL_TCB_READ_REGISTERS) && call_words(call) > 1;
}

/* Returns RUNNING if there is room for the longest answer to a request, else the next state of the queue. */
enum queue_state ring_make_room(struct async_queue *queue, struct call call);

/*
 * ---- Special requests: special.c ----
 */

/* Checks and notes what the flags of a request say, which is in the queue's copy. Returns RUNNING, or
 * FAULTED. */
enum queue_state special_begin(struct async_queue *queue, struct call call);

/* Returns the units of the longest answer to a request. */
unsigned special_answer_units(const struct async_queue *queue, struct call call);

/* Returns the data of a request that has REL4_DATA. */
word_t special_data(const struct async_queue *queue, struct call call);

/* Returns the error that a request is answered with instead of being begun, or ERR_NONE. */
word_t special_refusal(const struct async_queue *queue, struct call call);

/* A call of a special request was done. Returns whether it was not the last one of the request. Then the
 * queue's copy has the words of the next one, and repeat.pointer is to be added to the capability pointer.
 * Keeps the words of the answer for the end. */
bool special_has_next(struct async_queue *queue, struct call call, word_t error, struct result *result);

/*
 * ---- Answers ----
 */

/* The rest of ring_answer(). */
void ring_answer_words(struct async_queue *queue, struct call call, word_t error,
                       const struct result *result);

/* Writes the answer to the request at hand, which is done; the user sees it when it is published. */
static inline void ring_answer(struct async_queue *queue, struct call call, bool special, word_t error,
                               const struct result *result)
{
    if (unlikely(special | error | result->length)) {
        ring_answer_words(queue, call, error, result);
    } else if (!(call.cookie_and_header & (word_t)REL4_QUIET << 32)) {
        user_store(ring_pass_unit(queue), 0, call.cookie_and_header & ~((word_t)~0xfffu << 32));
    }
    queue->outcome = (uint8_t)error;
    ring_pass_request(queue);
}

/* Signals the queue's notification. */
void ring_signal(struct async_queue *queue);

/* Pays the fences that are owed, and publishes both indices of the kernel. Returns true if the user has not
 * been told of something. */
static inline bool ring_publish(struct async_queue *queue)
{
    uint64_t progress = ring_progress(queue);

    if (queue->told == progress) {
        return false;
    }
    ring_publish_word(queue, REL4_HEADER_SERVER, progress);
    return true;
}

/* Tells the user of progress that is published: wakes it if it sleeps. */
static inline void ring_tell_progress(struct async_queue *queue, uint64_t progress)
{
    queue->told = progress;
    if (user_ring_must_wake(async_queue_header(queue, REL4_HEADER_REQUESTER_STATE), 0)) {
        ring_signal(queue);
    }
}

/* The same of all that is published. */
static inline void ring_tell(struct async_queue *queue)
{
    ring_tell_progress(queue, ring_progress(queue));
}

/* Publishes, and tells the user of what it has not been told of. */
static inline void ring_hand_over(struct async_queue *queue)
{
    uint64_t progress = ring_progress(queue);

    if (queue->told != progress) {
        ring_publish_word(queue, REL4_HEADER_SERVER, progress);
        ring_tell_progress(queue, progress);
    }
}

/* Remembers the index that changes when there is something to do again; see ring_has_news(). */
static inline void ring_expect_news(struct async_queue *queue, enum queue_state state)
{
    queue->news.indices = async_queue_header(queue, REL4_HEADER_REQUESTER);
    if (state == QUEUE_FULL) {
        queue->news.shift = 32;
        queue->news.known = queue->response_limit - (uint32_t)bit(queue->response_bits);
    } else {
        queue->news.shift = 0;
        queue->news.known = queue->request_producer;
    }
}

/* The user has changed the index that a queue which is idle, full or watched waits for. */
static inline bool ring_has_news(const struct async_queue *queue)
{
    return user_words_exist(queue->news.indices) && ring_news_exist(queue->news);
}

static inline void ring_no_news(struct async_queue *queue)
{
    queue->news.indices = user_words_none();
}

/* Puts the worker to sleep, because there is no request (IDLE) or no room (FULL), unless the user has changed
 * that meanwhile. Returns state, or WAITING if the worker goes on. */
static inline enum queue_state ring_fall_asleep(struct async_queue *queue, enum queue_state state)
{
    struct user_words server_state = async_queue_header(queue, REL4_HEADER_SERVER_STATE);

    ring_expect_news(queue, state);
    user_ring_sleep(server_state, 0);
    if (!MUTANT(SLEEP_UNCHECKED) && ring_news_exist(queue->news) && user_ring_stay(server_state, 0)) {
        ring_no_news(queue);
        return QUEUE_WAITING;
    }
    return state;
}

/* The worker runs, or an idle hart watches the ring: the user need not wake it. */
static inline void ring_stay_awake(struct async_queue *queue)
{
    user_ring_stay(async_queue_header(queue, REL4_HEADER_SERVER_STATE), 0);
}

/* Returns how many requests are published and not served; at most a ring's length. */
uint32_t ring_requests(const struct async_queue *queue);
