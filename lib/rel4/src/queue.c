/*
 * Requests go into one ring, answers come out of the other. Threads that share the memory can overwrite the
 * kernel's indices, so each index is checked before it is used.
 */
#include <rel4/queue.h>

void rel4_queue_attach(struct rel4_queue *queue, void *header, unsigned request_bits, unsigned response_bits)
{
    char *rings = (char *)header + REL4_HEADER_BYTES;

    queue->requests = (struct rel4_item *)rings;
    queue->responses = (struct rel4_unit *)(rings + ((seL4_Word)REL4_ITEM_BYTES << request_bits));
    queue->header = header;
    queue->request_mask = ((seL4_Word)1 << request_bits) - 1;
    queue->response_mask = ((seL4_Word)1 << response_bits) - 1;
    rel4_queue_restart(queue);
}

void rel4_queue_restart(struct rel4_queue *queue)
{
    queue->request_producer = queue->request_limit = queue->request_published = 0;
    queue->response_consumer = queue->answers_end = 0;
    queue->broken = false;
}

uint32_t rel4_queue_room(struct rel4_queue *queue)
{
    uint32_t used = (uint32_t)queue->request_producer - rel4_queue_done(queue);
    uint32_t size = (uint32_t)queue->request_mask + 1;

    if (used > size) {
        queue->broken = true;
        return 0;
    }
    return size - used;
}

/* Where the words of a request go. */
struct writer {
    const struct rel4_queue *queue;
    seL4_Word index; /* of the item */
    uint64_t *next;
    unsigned room; /* in the item */
};

static void write_words(struct writer *writer, const seL4_Word *from, unsigned count)
{
    for (const seL4_Word *end = from + count; from < end; from++) {
        if (!writer->room) {
            writer->next =
                (uint64_t *)&writer->queue->requests[++writer->index & writer->queue->request_mask];
            writer->room = REL4_MORE_WORDS;
        }
        writer->room--;
        *writer->next++ = *from;
    }
}

void rel4_queue_write(struct rel4_queue *queue, const struct rel4_request *request)
{
    struct rel4_item *item = &queue->requests[queue->request_producer & queue->request_mask];
    struct writer writer = { queue, queue->request_producer, item->words, REL4_ITEM_WORDS };

    item->cookie = request->cookie;
    item->header =
        rel4_header((unsigned)request->label, 0, request->word_count, request->extra_count) | request->flags;
    item->cap = request->cap;
    write_words(&writer, request->words, request->word_count);
    write_words(&writer, request->extras, request->extra_count);
    if (__builtin_expect(request->flags & REL4_REPEAT, 0)) {
        write_words(&writer, (const seL4_Word[]){ request->step, request->repeat }, 2);
    }
    if (__builtin_expect(request->flags & REL4_DATA, 0)) {
        write_words(&writer, &request->data, 1);
    }
}

bool rel4_queue_put(struct rel4_queue *queue, const struct rel4_request *request)
{
    unsigned items = rel4_request_items(request);

    if (queue->request_limit - queue->request_producer < items) {
        queue->request_limit = queue->request_producer + rel4_queue_room(queue);
    }
    if (request->word_count > REL4_MAX_WORDS || request->extra_count > REL4_MAX_EXTRAS ||
        request->label > REL4_MAX_LABEL || queue->request_limit - queue->request_producer < items) {
        return false;
    }
    rel4_queue_write(queue, request);
    queue->request_producer += items;
    return true;
}

bool rel4_queue_cancel(struct rel4_queue *queue, seL4_Word index)
{
    const struct rel4_item *item = &queue->requests[index & queue->request_mask];

    if ((int32_t)(rel4_queue_done(queue) - (uint32_t)index) > 0) {
        return false;
    }
    uint32_t header = item->header | REL4_LABEL_NOP;
    __atomic_store_n((uint64_t *)(uintptr_t)item, item->cookie | (uint64_t)header << 32, __ATOMIC_RELAXED);
    return true;
}

bool rel4_queue_take(struct rel4_queue *queue, struct rel4_response *response)
{
    seL4_Word index = queue->response_consumer;

    if (queue->answers_end == index) {
        queue->answers_end = index + rel4_queue_pending(queue);
        if (queue->answers_end == index) {
            return false;
        }
    }
    const struct rel4_unit *unit = &queue->responses[index & queue->response_mask];
    uint32_t header = unit->header;
    unsigned words = rel4_header_words(header), first = header & REL4_DATA ? 1 : 0;
    unsigned units = rel4_units_for(words + first);
    if (units > queue->answers_end - index) {
        queue->broken = true;
        return false;
    }
    response->cookie = unit->cookie;
    response->error = rel4_header_error(header);
    response->data = first ? unit->word : 0;
    response->word_count = words;
    for (unsigned i = 0; i < words && i < response->capacity; i++) {
        response->words[i] = *rel4_answer_word(queue, index, first + i);
    }
    queue->response_consumer = index + units;
    return true;
}
