/*
 * Calls of more than one item, calls whose answer has words, and calls by trap.
 */
#include "executor.h"

#include <rel4/async.h>
#include <sel4/runtime.h>

#include <string.h>

/* Stores the answer of a system call for rel4_error_word(), and in reply if that is not null. */
static void keep_answer(struct rel4_executor *executor, const struct sel4_registers *answer, int error,
                        struct rel4_response *reply)
{
    const seL4_Word words[4] = { answer->mr0, answer->mr1, answer->mr2, answer->mr3 };

    /* Without an executor, rel4_error_word() reads the IPC buffer. */
    if (error && executor->count) {
        memcpy(executor->current->error_words, words, sizeof(words));
        executor->current->error_words[4] = seL4_GetMR(4);
    }
    if (!reply) {
        return;
    }
    reply->word_count = (unsigned)seL4_MessageInfo_get_length((seL4_MessageInfo_t){ { answer->info } });
    for (unsigned i = 0; i < reply->word_count && i < reply->capacity; i++) {
        reply->words[i] = i < 4 ? words[i] : seL4_GetMR((int)i);
    }
}

/*
 * Makes a call by trap. Message words from 4 on, and the capabilities, are in the IPC buffer. Calls that must
 * go through the ring fail if the queue is faulted.
 */
static int trap(seL4_CPtr cap, seL4_Word label, unsigned words, unsigned extras, const seL4_Word first[4],
                struct rel4_response *reply)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct sel4_registers answer;

    if (executor->faulted && executor->mode != REL4_SYNC && executor->current != &executor->main) {
        return REL4_FAULTED;
    }
    int error =
        (int)sel4_invoke_reply(cap, label, extras, words, first[0], first[1], first[2], first[3], &answer);
    if (executor->count) {
        executor->stats.by_trap++;
    }
    if (error || reply) {
        keep_answer(executor, &answer, error, reply);
    }
    return error;
}

/* The rest of rel4_call(), for calls by trap. */
static int __attribute__((noinline))
call_by_trap(seL4_CPtr cap, seL4_Word label, unsigned word_count, const seL4_Word *words,
             unsigned extra_count, const seL4_CPtr *extras, struct rel4_response *reply)
{
    seL4_Word first[4] = { 0 };

    for (unsigned i = 0; i < extra_count; i++) {
        seL4_SetCap((int)i, extras[i]);
    }
    for (unsigned i = 0; i < word_count; i++) {
        if (i < 4) {
            first[i] = words[i];
        } else {
            seL4_SetMR((int)i, words[i]);
        }
    }
    return trap(cap, label, word_count, extra_count, first, reply);
}

/* The rest of rel4_call_slowly(), for calls that wait for room in the ring, and fail if it is faulted. */
static int __attribute__((noinline)) call_later(seL4_CPtr cap, seL4_MessageInfo_t info, seL4_Word word0,
                                                seL4_Word word1, seL4_Word word2, seL4_Word word3)
{
    struct rel4_executor *executor = rel4_executor_self;
    const seL4_Word all[4] = { word0, word1, word2, word3 };
    seL4_Word label = seL4_MessageInfo_get_label(info);
    unsigned words = (unsigned)seL4_MessageInfo_get_length(info);
    unsigned extras = (unsigned)seL4_MessageInfo_get_extraCaps(info);

    if (!rel4_make_room(executor, 1)) {
        return call_by_trap(cap, label, words, all, extras, all + words, NULL);
    }
    struct rel4_item *item = rel4_begin(executor, rel4_header((unsigned)label, 0, words, extras), cap);
    memcpy(item->words, all, sizeof(all));
    return rel4_submit(executor);
}

/* The rest of rel4_call_slowly(), for calls that the kernel refused. The arguments are the answer's
 * registers. */
static int __attribute__((noinline))
refused(seL4_Word badge, seL4_Word info, seL4_Word word0, seL4_Word word1, seL4_Word word2, seL4_Word word3)
{
    const struct sel4_registers answer = { badge, info, word0, word1, word2, word3 };
    int error = (int)(info >> ABI_INFO_LABEL_SHIFT);

    seL4_SetMR(0, word0);
    seL4_SetMR(1, word1);
    seL4_SetMR(2, word2);
    seL4_SetMR(3, word3);
    keep_answer(rel4_executor_self, &answer, error, NULL);
    return error;
}

int rel4_call_slowly(seL4_CPtr cap, seL4_MessageInfo_t info, seL4_Word word0, seL4_Word word1,
                     seL4_Word word2, seL4_Word word3)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct sel4_registers r = { cap, info.words[0], word0, word1, word2, word3 };

    if (executor->faulted || !executor_traps(executor)) {
        return call_later(cap, info, word0, word1, word2, word3);
    }
    r = sel4_trap_call(seL4_SysCall, r);
    if (executor->count) {
        executor->stats.by_trap++;
    }
    if (__builtin_expect(r.info >> ABI_INFO_LABEL_SHIFT != seL4_NoError, 0)) {
        return refused(r.badge, r.info, r.mr0, r.mr1, r.mr2, r.mr3);
    }
    return seL4_NoError;
}

int rel4_call(seL4_CPtr cap, seL4_Word label, unsigned word_count, const seL4_Word *words,
              unsigned extra_count, const seL4_CPtr *extras, struct rel4_response *reply)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct rel4_queue *queue = &executor->queue;
    unsigned items = rel4_items_for(word_count + extra_count);

    if (word_count > REL4_MAX_WORDS || extra_count > REL4_MAX_EXTRAS || label > REL4_MAX_LABEL) {
        return seL4_InvalidArgument;
    }
    if (reply) {
        reply->word_count = 0;
    }
    if (queue->request_limit - queue->request_producer < items && !rel4_make_room(executor, items)) {
        return call_by_trap(cap, label, word_count, words, extra_count, extras, reply);
    }
    return executor_request(executor,
                            &(struct rel4_request){ .cap = cap,
                                                    .label = label,
                                                    .word_count = word_count,
                                                    .extra_count = extra_count,
                                                    .words = words,
                                                    .extras = extras },
                            reply);
}

seL4_Word rel4_error_word(unsigned i)
{
    const struct rel4_executor *executor = rel4_executor_self;

    if (i >= REL4_ERROR_WORDS) {
        return 0;
    }
    return executor->count ? executor->current->error_words[i] : seL4_GetMR((int)i);
}

int rel4_page_get_address(seL4_CPtr frame, seL4_Word *paddr)
{
    seL4_Word address = 0;
    struct rel4_response reply = { .words = &address, .capacity = 1 };
    int error = rel4_call(frame, RISCVPageGetAddress, 0, NULL, 0, NULL, &reply);

    if (!error) {
        *paddr = address;
    }
    return error;
}

int rel4_untyped_retype(seL4_CPtr untyped, seL4_Word type, seL4_Word size_bits, seL4_CPtr root,
                        seL4_Word node_index, seL4_Word node_depth, seL4_Word node_offset,
                        seL4_Word num_objects)
{
    const seL4_Word words[] = { type, size_bits, node_index, node_depth, node_offset, num_objects };

    return rel4_call(untyped, UntypedRetype, 6, words, 1, &root, NULL);
}

/* Returns message word i of a PutString: the length, then the bytes. */
static seL4_Word string_word(const char *bytes, size_t length, unsigned i)
{
    size_t start = (i - 1) * sizeof(seL4_Word);
    seL4_Word word = 0;

    if (i == 0) {
        return length;
    }
    memcpy(&word, bytes + start, length - start < sizeof(word) ? length - start : sizeof(word));
    return word;
}

/* Makes one PutString. Its words are written into the ring directly, as stacks of coroutines are small. */
static int put_piece(seL4_CPtr queue, const char *bytes, size_t length)
{
    struct rel4_executor *executor = rel4_executor_self;
    struct rel4_queue *ring = &executor->queue;
    unsigned words = 1 + (unsigned)((length + sizeof(seL4_Word) - 1) / sizeof(seL4_Word));
    unsigned items = rel4_items_for(words);
    seL4_Word first[4] = { 0 };

    if (rel4_make_room(executor, items)) {
        seL4_Word index = ring->request_producer;
        struct rel4_item *item = &ring->requests[index & ring->request_mask];

        item->cookie = rel4_await(executor);
        item->header = rel4_header(REL4_LABEL_QUEUE_PUT_STRING, 0, words, 0);
        item->cap = queue;
        for (unsigned i = 0; i < words; i++) {
            *rel4_request_word(ring, index, i) = string_word(bytes, length, i);
        }
        return executor_submit(executor, items);
    }
    for (unsigned i = 0; i < words; i++) {
        if (i < 4) {
            first[i] = string_word(bytes, length, i);
        } else {
            seL4_SetMR((int)i, string_word(bytes, length, i));
        }
    }
    return trap(queue, REL4_LABEL_QUEUE_PUT_STRING, words, 0, first, NULL);
}

/* Returns how many bytes one PutString takes: up to the end of a line, if there is one. */
static size_t piece_of(const char *bytes, size_t length)
{
    if (length <= REL4_PUT_STRING_MAX) {
        return length;
    }
    for (size_t end = REL4_PUT_STRING_MAX; end > 0; end--) {
        if (bytes[end - 1] == '\n') {
            return end;
        }
    }
    return REL4_PUT_STRING_MAX;
}

int rel4_put_bytes(seL4_CPtr queue, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t piece = piece_of(bytes, length);
        int error = put_piece(queue, bytes, piece);

        if (error) {
            return error;
        }
        bytes += piece;
        length -= piece;
    }
    return seL4_NoError;
}

int rel4_put_string(seL4_CPtr queue, const char *string)
{
    return rel4_put_bytes(queue, string, strlen(string));
}

const char *rel4_error_name(int error)
{
    switch (error) {
    case REL4_FAULTED:
        return "FAULTED";
    case REL4_CANCELLED:
        return "CANCELLED";
    case REL4_STUCK:
        return "STUCK";
    default:
        return sel4_error_name(error);
    }
}
