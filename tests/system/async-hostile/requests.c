/*
 * Requests that no synchronous call could make: pointers that do not resolve, endpoints, header words that do
 * not exist, strings of every length.
 */
#include "queue.h"

#include <string.h>

#define CHAR_WORDS ((REL4_MAX_WORDS - 1) * 8ul)

static struct queue *queue;

static void set_up(void)
{
    queue = queue_new(seL4_CapInitThreadTCB, 6, 6);
}

TEST("async requests: a pointer of 64 bits is looked up with all of them")
{
    set_up();
    seL4_CPtr frame = queue->frames;

    for (unsigned bit = 24; bit < 64; bit++) {
        struct response response =
            queue_call(queue, bit, frame | 1ul << bit, RISCVPageGetAddress, &(struct arguments){ 0 });
        CHECK_EQUAL(response.error, seL4_FailedLookup);
        CHECK_EQUAL(response.words[0], 0);
        CHECK_EQUAL(response.words[1], seL4_GuardMismatch);
        response = queue_call(queue, bit, frame, RISCVPageMap,
                              &(struct arguments){ .length = 3,
                                                   .words = { 0x40000000, 3, 0 },
                                                   .extras = 1,
                                                   .caps = { 1ul << bit | seL4_CapInitThreadVSpace } });
        CHECK_EQUAL(response.error, seL4_FailedLookup);
        CHECK_EQUAL(response.words[0], 1);
        CHECK_EQUAL(response.words[1], seL4_GuardMismatch);
        CHECK_EQUAL(response.length, 5);
    }
    queue_check_works(queue);
}

TEST("async requests: addresses and badges are words of 64 bits, too")
{
    set_up();
    seL4_CPtr frame = test_object(seL4_RISCV_4K_Page, 0), slot = test_slot();
    struct response response;

    for (unsigned bit = 39; bit < 64; bit++) {
        response = queue_call(queue, bit, frame, RISCVPageMap,
                              &(struct arguments){ .length = 3,
                                                   .words = { (seL4_Word)queue->memory | 1ul << bit, 3, 0 },
                                                   .extras = 1,
                                                   .caps = { seL4_CapInitThreadVSpace } });
        CHECK_RESPONSE(&response, bit, seL4_InvalidArgument, 0);
    }
    response = queue_call(queue, 1, seL4_CapInitThreadCNode, CNodeMint,
                          &(struct arguments){ .length = 6,
                                               .words = { slot, 64, queue->notification, 64,
                                                          seL4_AllRights.words[0], 0x8000000100010001 },
                                               .extras = 1,
                                               .caps = { seL4_CapInitThreadCNode } });
    CHECK_RESPONSE(&response, 1, seL4_NoError);
    seL4_Word badge = 0;
    seL4_Poll(queue->notification, &badge);
    seL4_Signal(slot);
    seL4_Poll(queue->notification, &badge);
    CHECK_EQUAL(badge, 0x8000000100010001);
}

TEST("async requests: an endpoint is no object for a ring, a notification is signalled")
{
    set_up();
    seL4_CPtr endpoint = test_object(seL4_EndpointObject, 0);
    seL4_CPtr notification = test_object(seL4_NotificationObject, 0);
    seL4_CPtr badged = test_mint(notification, seL4_CanWrite, 0x123);
    seL4_CPtr silent = test_mint(notification, seL4_CanRead, 0);
    seL4_Word badge;

    for (seL4_Word label = 0; label < 50; label++) {
        struct response response =
            queue_call(queue, (uint32_t)label, endpoint, label, &(struct arguments){ .length = 1 });
        CHECK_RESPONSE(&response, (uint32_t)label, seL4_IllegalOperation);
        response = queue_call(queue, (uint32_t)label, badged, label, &(struct arguments){ .length = 1 });
        CHECK_EQUAL(response.error, seL4_NoError);
        seL4_Poll(notification, &badge);
        CHECK_EQUAL(badge, 0x123);
        response = queue_call(queue, (uint32_t)label, silent, label, &(struct arguments){ .length = 1 });
        CHECK(response.error != seL4_NoError);
        seL4_Poll(notification, &badge);
        CHECK_EQUAL(badge, 0);
    }
}

TEST("async requests: labels that do not exist are illegal, whatever the other bits of the header are")
{
    set_up();
    for (unsigned label = 0; label < 4096; label++) {
        if (label >= RISCVPageMap && label <= RISCVPageGetAddress) {
            continue;
        }
        struct response response = queue_call(queue, label, queue->frames, label, &(struct arguments){ 0 });
        CHECK_RESPONSE(&response, label,
                       label == REL4_LABEL_NOP ? REL4_ERROR_CANCELLED : seL4_IllegalOperation);
    }
}

TEST("async requests: an error in a request, or an unused bit of its header, is a fault of the queue")
{
    set_up();

    for (unsigned bit = 0; bit < 7; bit++) {
        uint32_t extra = bit < 3 ? 1u << (29 + bit) : 1u << (12 + bit - 3);
        queue_put_words(queue, bit, queue->frames, rel4_header(RISCVPageGetAddress, 0, 0, 0) | extra, NULL,
                        0);
        queue_go(queue);
        WAIT_FOR(index_peer(queue_word(queue, REL4_HEADER_FAULT)) == REL4_FAULT_FLAGS);
        CHECK(!queue_take(queue).came);
        queue_reset(queue);
        queue_check_works(queue);
    }
}

static struct response put_string(seL4_Word length, unsigned words)
{
    static seL4_Word message[128];
    char *text = (char *)&message[1];

    memset(text, '.', sizeof(message) - 8);
    if (length >= 1 && length <= CHAR_WORDS) {
        text[length - 1] = '\n';
    }
    message[0] = length;
    queue_put_words(queue, (uint32_t)length, queue->cap,
                    rel4_header(REL4_LABEL_QUEUE_PUT_STRING, 0, words, 0), message, words);
    queue_go(queue);
    return queue_wait(queue);
}

TEST("async requests: PutString takes every length up to 952 bytes")
{
    set_up();
    for (seL4_Word length = 0; length <= CHAR_WORDS; length++) {
        struct response response = put_string(length, 1 + (unsigned)(length + 7) / 8);
        CHECK_RESPONSE(&response, (uint32_t)length, seL4_NoError);
    }
}

TEST("async requests: PutString takes no length that its words do not have")
{
    static const seL4_Word lengths[] = { CHAR_WORDS + 1, 65535,      65536,     0x7fffffff,
                                         0x80000000,     0xffffffff, 1ul << 32, (1ul << 32) + 8,
                                         1ul << 63,      -8ul,       -1ul };

    set_up();
    for (unsigned words = 0; words <= REL4_MAX_WORDS; words++) {
        seL4_Word bytes = words ? (words - 1) * 8 : 0;
        struct response response = put_string(bytes + 1, words);
        CHECK(response.error != seL4_NoError);
        for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            response = put_string(lengths[i], words);
            CHECK(response.error != seL4_NoError);
        }
    }
    queue_check_works(queue);
}

TEST("async requests: PutString of fewer bytes than there are words prints those")
{
    set_up();
    struct response response = put_string(1, REL4_MAX_WORDS);
    CHECK_RESPONSE(&response, 1, seL4_NoError);
    response = put_string(0, REL4_MAX_WORDS);
    CHECK_RESPONSE(&response, 0, seL4_NoError);
}

TEST("async requests: PutChar takes a word, and prints one byte of it")
{
    set_up();
    for (unsigned i = 0; i < 64; i++) {
        struct response response =
            queue_call(queue, i, queue->cap, REL4_LABEL_QUEUE_PUT_CHAR,
                       &(struct arguments){ .length = 1, .words = { ~0xfful | '\n' } });
        CHECK_RESPONSE(&response, i, seL4_NoError);
    }
    struct response response =
        queue_call(queue, 1, queue->cap, REL4_LABEL_QUEUE_PUT_CHAR, &(struct arguments){ 0 });
    CHECK_RESPONSE(&response, 1, seL4_TruncatedMessage);
}

TEST("async requests: a queue's own invocations come through its own ring")
{
    set_up();
    for (seL4_Word label = REL4_LABEL_QUEUE_BIND; label <= REL4_LABEL_QUEUE_WAKE; label++) {
        struct response response =
            queue_call(queue, 1, queue->cap, label,
                       &(struct arguments){ .length = 3,
                                            .words = { 5, 5, 0 },
                                            .extras = 2,
                                            .caps = { seL4_CapInitThreadTCB, queue->reply } });
        CHECK_EQUAL(response.error != seL4_NoError, label != REL4_LABEL_QUEUE_WAKE);
    }
    queue_check_works(queue);
}

TEST("async requests: Reset and Detach of a queue are refused in its own ring")
{
    set_up();
    for (seL4_Word label = REL4_LABEL_QUEUE_RESET; label <= REL4_LABEL_QUEUE_DETACH; label++) {
        struct response response = queue_call(queue, 1, queue->cap, label, &(struct arguments){ 0 });
        CHECK_RESPONSE(&response, 1, seL4_IllegalOperation);
    }
    queue_check_works(queue);
}

TEST("async requests: a queue that is deleted by a request in it ends there, and serves no more")
{
    for (unsigned i = 0; i < 2; i++) {
        set_up();
        seL4_CPtr beyond = test_mint(test_object(seL4_NotificationObject, 0), seL4_AllRights, 1);
        /* The same with the memory of the rings: the answers so far are the last. */
        seL4_CPtr target = i ? queue->frames + queue->pages - 1 : queue->cap;
        seL4_Word badge;
        queue_check_works(queue);
        queue_put(queue, 1, seL4_CapInitThreadCNode, i ? CNodeRevoke : CNodeDelete,
                  &(struct arguments){ .length = 2, .words = { target, seL4_WordBits } });
        queue_put(queue, 2, beyond, 0, &(struct arguments){ 0 });
        queue_publish(queue);
        queue_invoke(queue, REL4_LABEL_QUEUE_WAKE);
        for (unsigned n = 0; n < 100; n++) {
            hostile_pause();
        }
        CHECK(index_peer(queue_word(queue, REL4_HEADER_RESPONSE_PRODUCER)) - queue->consumed <= 1);
        seL4_Poll(beyond, &badge);
        CHECK_EQUAL(badge, 0);
        CHECK_EQUAL(queue_invoke(queue, REL4_LABEL_QUEUE_WAKE).error != seL4_NoError, true);
        test_check_memory_is_whole();
    }
}
