/*
 * Requests go into one ring, answers come out of the other. Threads that share the memory can overwrite the
 * kernel's indices, so each index is checked before it is used.
 */
#include <rel4/queue.h>

void rel4_queue_attach(struct rel4_queue *queue, void *memory, unsigned request_bits, unsigned response_bits)
{
    struct rel4_item *rings = (struct rel4_item *)((char *)memory + REL4_RINGS);

    queue->requests = rings;
    queue->responses = rings + ((uint32_t)1 << request_bits);
    queue->header = memory;
    queue->request_mask = ((seL4_Word)1 << request_bits) - 1;
    queue->response_mask = ((seL4_Word)1 << response_bits) - 1;
    rel4_queue_restart(queue);
}

void rel4_queue_restart(struct rel4_queue *queue)
{
    queue->request_producer = queue->request_limit = queue->request_published = 0;
    queue->response_consumer = 0;
    queue->broken = false;
}

uint32_t rel4_queue_room(struct rel4_queue *queue)
{
    uint32_t consumer = rel4_ring_peer(rel4_queue_header(queue, REL4_HEADER_REQUEST_CONSUMER));
    uint32_t used = (uint32_t)queue->request_producer - consumer;
    uint32_t size = (uint32_t)queue->request_mask + 1;

    if (used > size) {
        queue->broken = true;
        return 0;
    }
    return size - used;
}

void rel4_queue_write(struct rel4_queue *queue, const struct rel4_request *request)
{
    unsigned words = request->word_count, left = words + request->extra_count, room = REL4_ITEM_WORDS;
    seL4_Word index = queue->request_producer;
    struct rel4_item *item = &queue->requests[index & queue->request_mask];
    const seL4_Word *from = words ? request->words : request->extras;
    uint64_t *to = item->words;

    item->cookie = request->cookie;
    item->header = rel4_header((unsigned)request->label, 0, words, request->extra_count);
    item->cap = request->cap;
    /* Copy the words, then the capabilities, item by item. */
    while (left) {
        unsigned count = words ? words : left;

        if (!room) {
            to = (uint64_t *)&queue->requests[++index & queue->request_mask];
            room = REL4_MORE_WORDS;
        }
        if (count > room) {
            count = room;
        }
        room -= count;
        left -= count;
        for (const seL4_Word *end = from + count; from < end; from++) {
            *to++ = *from;
        }
        if (words && !(words -= count)) {
            from = request->extras;
        }
    }
}

bool rel4_queue_put(struct rel4_queue *queue, const struct rel4_request *request)
{
    unsigned items = rel4_items_for(request->word_count + request->extra_count);

    if (request->word_count > REL4_MAX_WORDS || request->extra_count > REL4_MAX_EXTRAS ||
        request->label > REL4_MAX_LABEL || items > rel4_queue_room(queue)) {
        return false;
    }
    rel4_queue_write(queue, request);
    queue->request_producer += items;
    return true;
}

bool rel4_queue_take(struct rel4_queue *queue, struct rel4_response *response)
{
    seL4_Word index = queue->response_consumer;
    uint32_t pending = rel4_queue_pending(queue);
    const struct rel4_item *item = &queue->responses[index & queue->response_mask];

    if (!pending) {
        return false;
    }
    unsigned words = rel4_header_words(item->header);
    unsigned items = rel4_items_for(words);
    if (items > pending) {
        queue->broken = true;
        return false;
    }
    response->cookie = item->cookie;
    response->error = rel4_header_error(item->header);
    response->badge = item->cap;
    response->word_count = words;
    for (unsigned i = 0; i < words && i < response->capacity; i++) {
        response->words[i] = *rel4_ring_word(queue->responses, queue->response_mask, index, i);
    }
    queue->response_consumer = index + items;
    return true;
}
