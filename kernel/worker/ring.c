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
 * the ring in the shared memory; bits: log2 of its length. */
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

HOT void ring_find_request(struct async_queue *queue)
{
    find_item(queue, &queue->requests, REL4_RINGS, queue->request_bits);
}

HOT void ring_find_response(struct async_queue *queue)
{
    find_item(queue, &queue->responses, REL4_RINGS + (REL4_ITEM_BYTES << queue->request_bits),
              queue->response_bits);
}

enum queue_state ring_fault(struct async_queue *queue, enum rel4_ring_fault reason)
{
    ring_publish_word(queue, REL4_HEADER_FAULT, reason);
    return QUEUE_FAULTED;
}

HOT enum queue_state ring_peek_room(struct async_queue *queue, unsigned items)
{
    uint32_t length = (uint32_t)bit(queue->response_bits);
    uint32_t consumer = user_ring_peer(async_queue_header(queue, REL4_HEADER_RESPONSE_CONSUMER), 0);

    if (ring_response_producer(queue) - consumer > length) {
        return ring_fault(queue, REL4_FAULT_RESPONSE_INDEX);
    }
    queue->response_limit = consumer + length;
    return queue->response_limit - ring_response_producer(queue) >= items ? QUEUE_RUNNING : QUEUE_FULL;
}

HOT enum queue_state ring_set_ahead(struct async_queue *queue, word_t most)
{
    uint32_t room = queue->response_limit - ring_response_producer(queue);

    if (unlikely(!most)) {
        return QUEUE_WAITING;
    }
    if (!room) {
        enum queue_state state = ring_peek_room(queue, 1);
        if (state != QUEUE_RUNNING) {
            return state;
        }
        room = queue->response_limit - ring_response_producer(queue);
    }
    if (cursor_at_end(&queue->requests)) {
        ring_find_request(queue);
    }
    if (cursor_at_end(&queue->responses)) {
        ring_find_response(queue);
    }
    most = min_word(most, room);
    most = min_word(most, ring_cursor_left(&queue->requests));
    most = min_word(most, ring_cursor_left(&queue->responses));
    queue->ahead = user_words_from(queue->requests.item, (unsigned)most * ITEM_SIZE);
    return QUEUE_RUNNING;
}

enum queue_state ring_fetch_rest(struct async_queue *queue, unsigned words, unsigned extras)
{
    uint32_t items = rel4_items_for(words + extras);

    if (words > REL4_MAX_WORDS) {
        return ring_fault(queue, REL4_FAULT_TOO_LONG);
    }
    if (items > queue->request_producer - ring_request_consumer(queue)) {
        return ring_fault(queue, REL4_FAULT_INCOMPLETE);
    }
    pass_item(&queue->requests);
    for (uint32_t i = 1; i < items; i++) {
        if (cursor_at_end(&queue->requests)) {
            ring_find_request(queue);
        }
        copy_words(queue, i, pass_item(&queue->requests), 0, ITEM_SIZE);
    }
    ring_forget_ahead(queue);
    return QUEUE_RUNNING;
}

enum queue_state ring_make_room_for_registers(struct async_queue *queue)
{
    unsigned registers = (unsigned)min_word(queue->copy[ITEM_WORDS + 1], ABI_REG_COUNT);
    unsigned items = rel4_items_for(registers);

    return queue->response_limit - ring_response_producer(queue) >= items ? QUEUE_RUNNING
                                                                          : ring_peek_room(queue, items);
}

void ring_answer_words(struct async_queue *queue, struct user_words item, const struct result *result)
{
    unsigned place = ITEM_WORDS;

    for (unsigned i = 0; i < result->length; i++) {
        if (place == ITEM_SIZE) {
            if (cursor_at_end(&queue->responses)) {
                ring_find_response(queue);
            }
            item = pass_item(&queue->responses);
            place = 0;
            ring_forget_ahead(queue);
        }
        user_store(item, place++, result->words[i]);
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
    uint32_t producer = user_ring_peer(async_queue_header(queue, REL4_HEADER_REQUEST_PRODUCER), 0);

    return (uint32_t)min_word(producer - ring_request_consumer(queue), bit(queue->request_bits));
}
