/*
 * Rings by hand; see rings.h.
 */
#include "rings.h"

void rings_add_tables(seL4_Word vaddr)
{
    for (int level = 0; level < 2; level++) {
        INVOKE(test_object(seL4_RISCV_PageTableObject, 0), RISCVPageTableMap, .length = 2,
               .words = { vaddr, 0 }, .extras = 1, .caps = { VSPACE });
    }
}

seL4_CPtr frames_mapped(seL4_Word vaddr, seL4_Word count)
{
    rings_add_tables(vaddr);
    seL4_CPtr first = test_object(seL4_RISCV_4K_Page, 0);
    for (seL4_Word i = 0; i < count; i++) {
        seL4_CPtr frame = i ? test_object(seL4_RISCV_4K_Page, 0) : first;
        CHECK_EQUAL(frame, first + i);
        CHECK_ANSWER(INVOKE(frame, RISCVPageMap, .length = 3, .words = { vaddr + i * PAGE_SIZE, 3, 0 },
                            .extras = 1, .caps = { VSPACE }),
                     seL4_NoError);
    }
    return first;
}

struct rings rings_new(seL4_CPtr tcb, unsigned request_bits, unsigned response_bits, seL4_Word policy)
{
    seL4_Word bytes = REL4_HEADER_BYTES + ((seL4_Word)REL4_ITEM_BYTES << request_bits) +
                      ((seL4_Word)REL4_UNIT_BYTES << response_bits);
    static seL4_Word next;
    seL4_Word vaddr = REGION + (next++ % 16 << seL4_LargePageBits);
    struct rings rings = {
        .frame_count = (bytes + PAGE_SIZE - 1) / PAGE_SIZE,
        .request_bits = request_bits,
        .response_bits = response_bits,
        .memory = (char *)vaddr,
    };

    rings.frames = frames_mapped(vaddr, rings.frame_count);
    rings.cap = test_object(REL4_TYPE_ASYNC_QUEUE, REL4_QUEUE_MAX_SIZE_BITS);
    rings.notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr signal = test_mint(rings.notification, seL4_AllRights, ANSWER_BADGE);
    CHECK_ANSWER(
        INVOKE(rings.cap, REL4_LABEL_QUEUE_BIND, .length = 7,
               .words = { request_bits, response_bits, policy, REL4_INTERFACE_VERSION, 0, ~0ul, ~0ul },
               .extras = 2, .caps = { tcb, signal }),
        seL4_NoError);
    CHECK_ANSWER(INVOKE(rings.cap, REL4_LABEL_QUEUE_ADD_FRAMES, .length = 3,
                        .words = { 0, rings.frame_count, rings.frames }, .extras = 1,
                        .caps = { seL4_CapInitThreadCNode }),
                 seL4_NoError);
    CHECK_ANSWER(INVOKE(rings.cap, REL4_LABEL_QUEUE_START, .length = 0), seL4_NoError);
    return rings;
}

struct rings rings_small(void)
{
    return rings_new(seL4_CapInitThreadTCB, 5, 6, REL4_POLICY_CALL);
}

static uint64_t *ring_word(char *ring, unsigned bits, uint32_t item, unsigned word)
{
    return (uint64_t *)(ring + (item & ((1ul << bits) - 1)) * REL4_ITEM_BYTES) + word;
}

/* Word i of the message that begins with an item: the first two of the item are something else. */
static uint64_t *message_word(char *ring, unsigned bits, uint32_t item, unsigned i)
{
    return ring_word(ring, bits, item + (i + 2) / 8, (i + 2) % 8);
}

void rings_put(struct rings *rings, uint32_t cookie, seL4_CPtr cap, seL4_Word label,
               const struct arguments *arguments)
{
    char *ring = rings->memory + REL4_HEADER_BYTES;
    uint32_t item = rings->request_producer;
    unsigned words = (unsigned)arguments->length;
    unsigned extras = (unsigned)arguments->extras;

    *ring_word(ring, rings->request_bits, item, 0) =
        (uint64_t)rel4_header((unsigned)label, 0, words, extras) << 32 | cookie;
    *ring_word(ring, rings->request_bits, item, 1) = cap;
    for (unsigned i = 0; i < words + extras; i++) {
        *message_word(ring, rings->request_bits, item, i) =
            i < words ? arguments->words[i] : arguments->caps[i - words];
    }
    rings->request_producer += rel4_items_for(words + extras);
}

void rings_publish(struct rings *rings)
{
    index_publish(header_word(rings, REL4_HEADER_REQUEST_PRODUCER), rings->request_producer);
}

seL4_Error rings_wake(const struct rings *rings)
{
    return INVOKE(rings->cap, REL4_LABEL_QUEUE_WAKE, .length = 0).error;
}

uint32_t rings_answers(const struct rings *rings)
{
    return index_peer(header_word(rings, REL4_HEADER_RESPONSE_PRODUCER)) - rings->response_consumer;
}

struct ring_answer rings_take(struct rings *rings)
{
    char *ring = rings->memory + REL4_HEADER_BYTES + ((uint64_t)REL4_ITEM_BYTES << rings->request_bits);
    uint64_t *words = (uint64_t *)(void *)ring;
    uint32_t mask = (2u << rings->response_bits) - 1, place = 2 * rings->response_consumer;
    struct ring_answer taken = { 0 };

    while (!rings_answers(rings)) {
        seL4_Yield();
    }
    uint64_t first = words[place & mask];
    uint32_t header = (uint32_t)(first >> 32);
    taken.cookie = (uint32_t)first;
    taken.label = rel4_header_label(header);
    taken.answer.error = rel4_header_error(header);
    taken.answer.length = rel4_header_words(header);
    for (unsigned i = 0; i < 6 && i < taken.answer.length; i++) {
        taken.answer.words[i] = words[(place + 1 + i) & mask];
    }
    rings->response_consumer += rel4_units_for((unsigned)taken.answer.length);
    index_publish(header_word(rings, REL4_HEADER_RESPONSE_CONSUMER), rings->response_consumer);
    return taken;
}

struct answer rings_invoke(struct rings *rings, seL4_CPtr cap, seL4_Word label,
                           const struct arguments *arguments)
{
    rings_put(rings, 0xc0ffee, cap, label, arguments);
    rings_publish(rings);
    CHECK_OK(rings_wake(rings));
    struct ring_answer taken = rings_take(rings);
    CHECK_EQUAL(taken.cookie, 0xc0ffee);
    CHECK_EQUAL(taken.label, label);
    return taken.answer;
}

seL4_Word served_anywhere(const struct rings *rings)
{
    seL4_Word sum = 0;

    for (int place = 0; place < REL4_PLACES; place++) {
        sum += statistics(rings)->served[place];
    }
    return sum;
}
