/*
 * The rings as the kernel sees them: the cases that are rare.
 *
 * Indices and the fault word are published after all TLB fences that earlier requests owe, because a user who
 * sees them may rely on what these requests have done.
 */
#include "worker/ring.h"

#include "arch/tlb.h"
#include "ipc/notification.h"

/* Moves a cursor that is at its end to the next frame of its ring, or to the beginning. ring: the offset of
 * the ring in the shared memory; length: of the ring; bytes: of what it consists of. */
static void find_place(const struct async_queue *queue, struct ring_cursor *cursor, word_t ring,
                       word_t length, unsigned bytes)
{
    word_t index = cursor->end_index & (length - 1);
    word_t offset = ring + index * bytes;
    word_t in_frame = offset & mask(queue->frame_bits);
    word_t left = min_word(length - index, (bit(queue->frame_bits) - in_frame) / bytes);

    cursor->place = async_queue_line(queue, offset);
    cursor->end = user_words_from(cursor->place, (unsigned)(left * bytes / sizeof(word_t)));
    cursor->end_index += (uint32_t)left;
}

HOT void ring_find_request(struct async_queue *queue)
{
    find_place(queue, &queue->requests, async_queue_requests(queue), bit(queue->request_bits),
               REL4_ITEM_BYTES);
}

HOT void ring_find_response(struct async_queue *queue)
{
    find_place(queue, &queue->responses, async_queue_responses(queue), bit(queue->response_bits),
               REL4_UNIT_BYTES);
}

enum queue_state ring_fault(struct async_queue *queue, enum rel4_ring_fault reason)
{
    /* A user that sees the reason has seen all answers. */
    ring_publish(queue);
    ring_publish_word(queue, REL4_HEADER_FAULT, reason);
    return QUEUE_FAULTED;
}

/* Takes over the user's indices, or returns why they are impossible. consumed, produced: the kernel's. */
static ALWAYS_INLINE enum rel4_ring_fault accept(struct async_queue *queue, uint64_t indices,
                                                 uint32_t consumed, uint32_t produced)
{
    uint32_t producer = (uint32_t)indices, consumer = (uint32_t)(indices >> 32);
    uint32_t length = 1u << queue->response_bits;

    /* Not beyond the ring, and never back. */
    if (unlikely(producer - consumed > 1u << queue->request_bits ||
                 producer - consumed < queue->request_producer - consumed)) {
        return REL4_FAULT_REQUEST_INDEX;
    }
    if (unlikely(produced - consumer > length)) {
        return REL4_FAULT_RESPONSE_INDEX;
    }
    queue->request_producer = producer;
    queue->response_limit = consumer + length;
    return REL4_FAULT_NONE;
}

/* Returns RUNNING if there are so many units of room, else the next state of the queue. */
static enum queue_state peek_room(struct async_queue *queue, unsigned units)
{
    uint32_t produced = ring_response_producer(queue);

    if (queue->response_limit - produced >= units) {
        return QUEUE_RUNNING;
    }
    enum rel4_ring_fault fault = accept(queue, ring_peer(queue), ring_request_consumer(queue), produced);
    if (fault) {
        return ring_fault(queue, fault);
    }
    return queue->response_limit - produced >= units ? QUEUE_RUNNING : QUEUE_FULL;
}

/* How many requests the worker needs no index for. left: in the budget and in the ring. 0: it has to look for
 * room, or for a place. */
static ALWAYS_INLINE word_t find_ahead(const struct async_queue *queue, word_t left)
{
    word_t units = ring_cursor_left(&queue->responses, UNIT_SIZE);
    word_t room = queue->response_limit - queue->responses.end_index + (uint32_t)units;

    if (unlikely(room < REL4_ANSWER_UNITS)) {
        return 0;
    }
    left = min_word(left, room - (REL4_ANSWER_UNITS - 1));
    left = min_word(left, units);
    return min_word(left, ring_cursor_left(&queue->requests, ITEM_SIZE));
}

static enum queue_state set_ahead(struct async_queue *queue, word_t ahead)
{
    queue->ahead = user_words_from(queue->requests.place, (unsigned)ahead * ITEM_SIZE);
    return QUEUE_RUNNING;
}

/* The general case of ring_set_ahead(). */
static HOT APART enum queue_state set_ahead_slow(struct async_queue *queue, word_t left)
{
    enum queue_state state = peek_room(queue, REL4_ANSWER_UNITS);

    if (state != QUEUE_RUNNING) {
        return state;
    }
    if (cursor_at_end(&queue->requests)) {
        ring_find_request(queue);
    }
    if (cursor_at_end(&queue->responses)) {
        ring_find_response(queue);
    }
    return set_ahead(queue, find_ahead(queue, left));
}

HOT enum queue_state ring_set_ahead(struct async_queue *queue, word_t served, uint64_t indices)
{
    uint32_t consumed = ring_cursor_index(&queue->requests, ITEM_SIZE);

    if (likely((uint32_t)indices != queue->request_producer)) {
        enum rel4_ring_fault fault = accept(queue, indices, consumed, ring_response_producer(queue));
        if (unlikely(fault)) {
            return ring_fault(queue, fault);
        }
    }
    if (unlikely(served >= queue->budget)) {
        return QUEUE_WAITING;
    }
    word_t left = min_word(queue->budget - served, queue->request_producer - consumed);
    word_t ahead = find_ahead(queue, left);
    return likely(ahead) ? set_ahead(queue, ahead) : set_ahead_slow(queue, left);
}

enum queue_state ring_fetch_rest(struct async_queue *queue, struct call call)
{
    unsigned words = call_words(call) + call_extras(call) + rel4_flag_words(call_header(call));
    uint32_t items = rel4_items_for(words);

    if (call_words(call) > REL4_MAX_WORDS) {
        return ring_fault(queue, REL4_FAULT_TOO_LONG);
    }
    if (items > queue->request_producer - ring_request_consumer(queue)) {
        return ring_fault(queue, REL4_FAULT_INCOMPLETE);
    }
    copy_words(queue, 0, queue->requests.place, ITEM_WORDS, ITEM_SIZE);
    for (uint32_t i = 1; i < items; i++) {
        ring_pass_request(queue);
        if (cursor_at_end(&queue->requests)) {
            ring_find_request(queue);
        }
        queue->more_items++;
        copy_words(queue, i, queue->requests.place, 0, ITEM_SIZE);
        ring_forget_ahead(queue);
    }
    return call_is_special(queue, call) ? special_begin(queue, call) : QUEUE_RUNNING;
}

enum queue_state ring_make_room(struct async_queue *queue, struct call call)
{
    return peek_room(queue, special_answer_units(queue, call));
}

/* The place for the next word of an answer: in a unit, or behind it. */
struct writer {
    struct user_words unit;
    unsigned place;
};

static void write_word(struct async_queue *queue, struct writer *writer, word_t word)
{
    if (writer->place == UNIT_SIZE) {
        if (cursor_at_end(&queue->responses)) {
            ring_find_response(queue);
        }
        *writer = (struct writer){ ring_pass_unit(queue), 0 };
        ring_forget_ahead(queue);
    }
    user_store(writer->unit, writer->place++, word);
}

void ring_answer_words(struct async_queue *queue, struct call call, word_t error, const struct result *result)
{
    uint32_t flags = call_header(call);
    bool is_repeated = flags & REL4_REPEAT && error < REL4_ERROR_SKIPPED;
    unsigned kept = is_repeated ? queue->repeat.result_words : 0;

    if (!error && flags & REL4_QUIET) {
        return;
    }
    struct writer writer = { ring_pass_unit(queue), 1 };
    word_t header = rel4_header((unsigned)call_label(call), (unsigned)error,
                                kept + result->length + (is_repeated && error), 0) |
                    (flags & REL4_DATA);
    user_store(writer.unit, ITEM_COOKIE_AND_HEADER, (uint32_t)call.cookie_and_header | header << 32);
    if (flags & REL4_DATA) {
        write_word(queue, &writer, special_data(queue, call));
    }
    for (unsigned i = 0; i < kept; i++) {
        write_word(queue, &writer, queue->copy[COPY_OF_RESULTS + i]);
    }
    for (unsigned i = 0; i < result->length; i++) {
        write_word(queue, &writer, result->words[i]);
    }
    if (is_repeated && error) {
        write_word(queue, &writer, queue->repeat.done);
    }
}

void ring_signal(struct async_queue *queue)
{
    struct cap cap = queue->notification.cap;

    if (cap_is(cap, CAP_NOTIFICATION)) {
        queue_count(queue, &queue->statistics.signals, 1);
        notification_signal(cap_object(cap), cap_badge(cap));
    }
}

uint32_t ring_requests(const struct async_queue *queue)
{
    uint64_t indices = user_ring_peer(async_queue_header(queue, REL4_HEADER_REQUESTER), 0);

    return (uint32_t)min_word((uint32_t)indices - ring_request_consumer(queue), bit(queue->request_bits));
}
