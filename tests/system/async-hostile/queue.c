/*
 * Queues and rings, as docs/async.md describes them, by hand.
 */
#include "queue.h"

#include <string.h>

#define VIEWS      0x3000000000ul
#define VIEW_BYTES 0x200000ul

static struct queue queues[QUEUES];
static unsigned queues_used;

unsigned queue_pages(unsigned request_bits, unsigned response_bits)
{
    seL4_Word bytes =
        REL4_HEADER_BYTES + (REL4_ITEM_BYTES << request_bits) + (REL4_UNIT_BYTES << response_bits);

    return (unsigned)((bytes + 4095) / 4096);
}

seL4_CPtr queue_frames(unsigned count, char *memory)
{
    seL4_CPtr first = seL4_CapNull;

    for (unsigned i = 0; i < count; i++) {
        seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0);
        first = i ? first : frame;
        CHECK_OK(simple_map_page(seL4_CapInitThreadVSpace, frame, (seL4_Word)memory + i * 4096ul,
                                 seL4_ReadWrite, seL4_RISCV_ExecuteNever));
    }
    return first;
}

struct queue *queue_prepare(seL4_CPtr tcb, unsigned request_bits, unsigned response_bits, seL4_Word policy)
{
    /* The queues of the last test are gone with its memory. */
    unsigned i = queues_used++ % QUEUES;
    struct queue *queue = &queues[i];
    unsigned frame_bits = 0;

    memset(queue, 0, sizeof(*queue));
    queue->request_bits = request_bits;
    queue->response_bits = response_bits;
    queue->pages = queue_pages(request_bits, response_bits);
    while (1u << frame_bits < queue->pages) {
        frame_bits++;
    }
    queue->memory = (char *)(VIEWS + i * VIEW_BYTES);
    queue->cap = queue_object(frame_bits);
    queue->notification = test_object(seL4_NotificationObject, 0);
    queue->reply = test_mint(queue->notification, seL4_AllRights, QUEUE_BADGE);
    queue->frames = queue_frames(queue->pages, queue->memory);
    CHECK_OK(INVOKE(queue->cap, REL4_LABEL_QUEUE_BIND, .length = 7,
                    .words = { request_bits, response_bits, policy, REL4_INTERFACE_VERSION, 0, ~0ul, ~0ul },
                    .extras = 2, .caps = { tcb, queue->reply })
                 .error);
    CHECK_OK(INVOKE(queue->cap, REL4_LABEL_QUEUE_ADD_FRAMES, .length = 3,
                    .words = { 0, queue->pages, queue->frames }, .extras = 1,
                    .caps = { seL4_CapInitThreadCNode })
                 .error);
    return queue;
}

struct queue *queue_new(seL4_CPtr tcb, unsigned request_bits, unsigned response_bits)
{
    struct queue *queue = queue_prepare(tcb, request_bits, response_bits, REL4_POLICY_CALL);

    CHECK_OK(queue_invoke(queue, REL4_LABEL_QUEUE_START).error);
    return queue;
}

struct rel4_item *queue_request(const struct queue *queue, uint32_t index)
{
    return (struct rel4_item *)(queue->memory + REL4_HEADER_BYTES) +
           (index & ((1u << queue->request_bits) - 1));
}

struct rel4_unit *queue_response(const struct queue *queue, uint32_t index)
{
    char *ring = queue->memory + REL4_HEADER_BYTES + ((seL4_Word)REL4_ITEM_BYTES << queue->request_bits);

    return (struct rel4_unit *)ring + (index & ((1u << queue->response_bits) - 1));
}

unsigned queue_room(const struct queue *queue)
{
    return (1u << queue->request_bits) -
           (queue->produced - index_peer(queue_word(queue, REL4_HEADER_REQUEST_CONSUMER)));
}

void queue_put_words(struct queue *queue, uint32_t cookie, seL4_CPtr cap, uint32_t header,
                     const seL4_Word *words, unsigned count)
{
    struct rel4_item *item = queue_request(queue, queue->produced++);

    item->cookie = cookie;
    item->header = header;
    item->cap = cap;
    for (unsigned i = 0; i < count; i++) {
        if (i < REL4_ITEM_WORDS) {
            item->words[i] = words[i];
            continue;
        }
        unsigned place = (i - REL4_ITEM_WORDS) % REL4_MORE_WORDS;
        if (place == 0) {
            item = queue_request(queue, queue->produced++);
        }
        ((uint64_t *)item)[place] = words[i];
    }
}

void queue_put(struct queue *queue, uint32_t cookie, seL4_CPtr cap, seL4_Word label,
               const struct arguments *arguments)
{
    seL4_Word words[8 + REL4_MAX_EXTRAS];
    unsigned count = 0;

    for (unsigned i = 0; i < arguments->length; i++) {
        words[count++] = arguments->words[i];
    }
    for (unsigned i = 0; i < arguments->extras; i++) {
        words[count++] = arguments->caps[i];
    }
    queue_put_words(queue, cookie, cap,
                    rel4_header((unsigned)label, 0, (unsigned)arguments->length, (unsigned)arguments->extras),
                    words, count);
}

void queue_publish(const struct queue *queue)
{
    index_publish(queue_word(queue, REL4_HEADER_REQUEST_PRODUCER), queue->produced);
}

void queue_kick(const struct queue *queue)
{
    if (rel4_ring_must_wake(queue_word(queue, REL4_HEADER_SERVER_STATE))) {
        CHECK_OK(queue_invoke(queue, REL4_LABEL_QUEUE_WAKE).error);
    }
}

void queue_go(const struct queue *queue)
{
    queue_publish(queue);
    queue_kick(queue);
}

void queue_reset(struct queue *queue)
{
    CHECK_OK(queue_invoke(queue, REL4_LABEL_QUEUE_RESET).error);
    queue->produced = queue->consumed = 0;
}

struct response queue_take(struct queue *queue)
{
    struct response response = { 0 };
    uint32_t available = index_peer(queue_word(queue, REL4_HEADER_RESPONSE_PRODUCER)) - queue->consumed;

    if (available == 0) {
        return response;
    }
    const struct rel4_unit *unit = queue_response(queue, queue->consumed);
    unsigned first = unit->header & REL4_DATA ? 1 : 0;
    response.came = true;
    response.cookie = unit->cookie;
    response.error = rel4_header_error(unit->header);
    response.length = rel4_header_words(unit->header);
    response.data = first ? unit->word : 0;
    unsigned units = rel4_units_for((unsigned)response.length + first);
    CHECK(units <= available);
    for (unsigned i = 0; i < response.length; i++) {
        unsigned place = i + first + 1;
        response.words[i] = ((uint64_t *)queue_response(queue, queue->consumed + place / 2))[place % 2];
    }
    queue->consumed += units;
    index_publish(queue_word(queue, REL4_HEADER_RESPONSE_CONSUMER), queue->consumed);
    /* The worker may have stopped for room. */
    queue_kick(queue);
    return response;
}

struct response queue_wait(struct queue *queue)
{
    struct response response;

    WAIT_FOR((response = queue_take(queue)).came);
    return response;
}

struct response queue_call(struct queue *queue, uint32_t cookie, seL4_CPtr cap, seL4_Word label,
                           const struct arguments *arguments)
{
    queue_put(queue, cookie, cap, label, arguments);
    queue_go(queue);
    return queue_wait(queue);
}

void queue_check_works(struct queue *queue)
{
    static uint32_t cookie = 0xc00c1e00;
    struct response response =
        queue_call(queue, ++cookie, queue->frames, RISCVPageGetAddress, &(struct arguments){ 0 });

    CHECK_RESPONSE(&response, cookie, seL4_NoError, address_of(queue->frames));
}

void response_check(const char *file, int line, const struct response *response, uint32_t cookie,
                    seL4_Word error, unsigned length, const seL4_Word *words)
{
    if (!response->came) {
        test_fail(file, line, "no response with cookie 0x%x", cookie);
        return;
    }
    if (response->cookie != cookie || response->error != error || response->length != length) {
        test_fail(file, line,
                  "cookie 0x%x, error %lu with %lu words, expected cookie 0x%x, error %lu with %u words",
                  response->cookie, response->error, response->length, cookie, error, length);
        return;
    }
    for (unsigned i = 0; i < length; i++) {
        if (response->words[i] != words[i]) {
            test_fail(file, line, "error %lu: word %u is 0x%lx, expected 0x%lx", error, i, response->words[i],
                      words[i]);
        }
    }
}

seL4_Word address_of(seL4_CPtr frame)
{
    seL4_RISCV_Page_GetAddress_t result = seL4_RISCV_Page_GetAddress(frame);

    CHECK_OK(result.error);
    return result.paddr;
}

seL4_Word hostile_random(seL4_Word *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

uint32_t hostile_index(seL4_Word *state, uint32_t right, uint32_t length)
{
    seL4_Word dice = hostile_random(state);

    switch (dice >> 32 & 7) {
    case 0:
        return right + 1;
    case 1:
        return right - 1;
    case 2:
        return right + length;
    case 3:
        return right + length + 1;
    case 4:
        return right - length;
    case 5:
        return right ^ 1u << (dice >> 40 & 31);
    case 6:
        return right ^ 0x80000000;
    default:
        return (uint32_t)dice;
    }
}

void hostile_pause(void)
{
    seL4_Yield();
    for (volatile unsigned i = 0; test_nodes() > 1 && i < 2000; i++) {
    }
}
